/*
 * anomaly_finding.h
 *		What was found of lines before, so that nothing is found twice and what is over is closed.
 */
#ifndef HC_STORE_ANOMALY_FINDING_H
#define HC_STORE_ANOMALY_FINDING_H

#include "postgres.h"

#include "store/posting_finding.h"

typedef struct RecordedFinding
{
	int64 finding_id;
	const char *code;
	int32 version;
	int32 knowledge_id; /* 0: none */
	int64 entry_id;
	int64 excess_quantity;
	int64 amount_at_risk;
	const char *observed; /* NULL: nothing */
	bool open;	   /* nobody has judged it yet */
	bool resolved; /* its cause was gone */
} RecordedFinding;

/* The findings of rules over lines of an encounter, those of other sessions that have not committed included; returns their number. */
extern int anomaly_recorded(Piece encounter, RecordedFinding **recorded);

/* Whether one of them is open. */
extern bool anomaly_has_open(Piece encounter);

/* The encounters with open findings of rules over lines, in the order of their bytes, in the current memory context. */
extern char **anomaly_open_encounters(int *count);

/* Closes open findings whose cause is gone. One that another session is changing is left to a later look: nobody waits. */
extern void anomaly_close(const int64 *finding_ids, int count);

/* Brings the figures of an open finding up to what its cause is now. */
extern void anomaly_update(int64 finding_id, const Finding *finding);

/*
 * Keeps other sessions from looking for findings of an encounter, or writing them, until it is unlocked: not for the rest of a transaction, but for the
 * moment between look and write.
 */
extern void anomaly_lock(Piece encounter);
extern void anomaly_unlock(Piece encounter);

#endif
