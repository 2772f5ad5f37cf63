/*
 * progress.h
 *		What a long job of this session is at, where other sessions can see it.
 *
 * It stands in the slot that PostgreSQL keeps for the progress of one command of a backend: no shared memory of ours, nothing to preload. The
 * slot empties itself when the transaction or subtransaction that filled it is rolled back. A nested command of the server that reports itself
 * (CREATE INDEX, COPY, ANALYZE …) takes the slot over.
 */
#ifndef HC_STORE_PROGRESS_H
#define HC_STORE_PROGRESS_H

#include "postgres.h"
#include "datatype/timestamp.h"

/* Bytes of a job, a phase and a subject that are kept; the rest is cut off. */
#define PROGRESS_TEXT 40

/* What one session is at. */
typedef struct ProgressJob
{
	int pid;
	Oid user;
	char job[PROGRESS_TEXT + 1];
	char phase[PROGRESS_TEXT + 1];
	char subject[PROGRESS_TEXT + 1];
	int64 done;
	int64 total; /* -1: not known */
	TimestampTz started;
	TimestampTz phase_started;
} ProgressJob;

/* This session begins a job, such as "allocate", on a subject, such as a month. Names no patient. */
extern void progress_start(const char *job, const char *subject);

/* The job enters a phase of "total" units (-1: not known); no effect without a job. */
extern void progress_phase(const char *phase, int64 total);

/* "done" units of the phase are behind us. Cheap enough for every turn of a loop. */
extern void progress_done(int64 done);

/* The job is over. */
extern void progress_end(void);

/* Calls "put" for each session of this database that is at a job. What is seen is from one moment for the whole transaction, as in pg_stat_activity. */
extern void progress_each(void (*put)(void *context, const ProgressJob *job), void *context);

#endif
