/*
 * progress.c
 *		A job's names and counts in the twenty numbers of the server's progress slot.
 *
 * Names are packed into numbers, five each, so that a low room need not know the jobs of high ones.
 */
#include "postgres.h"

#include "commands/progress.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/timestamp.h"

#include "store/compat.h"
#include "store/progress.h"

/* A value no command of the server has; the server compares it for equality and does nothing else with it. */
#define PROGRESS_COMMAND ((ProgressCommandType) 0x4843)

#define TEXT_SLOTS (PROGRESS_TEXT / (int) sizeof(int64))

enum
{
	SLOT_JOB = 0,
	SLOT_PHASE = SLOT_JOB + TEXT_SLOTS,
	SLOT_SUBJECT = SLOT_PHASE + TEXT_SLOTS,
	SLOT_DONE = SLOT_SUBJECT + TEXT_SLOTS,
	SLOT_TOTAL,
	SLOT_STARTED,
	SLOT_PHASE_STARTED,
	SLOTS
};

StaticAssertDecl(SLOTS <= PGSTAT_NUM_PROGRESS_PARAM, "the server's slot is too small");

/* Cuts a text to what fits, at a whole character, and packs it. */
static void
pack(const char *text, int64 *slots)
{
	char bytes[PROGRESS_TEXT] = {0};

	memcpy(bytes, text, pg_mbcliplen(text, (int) strlen(text), PROGRESS_TEXT));
	memcpy(slots, bytes, PROGRESS_TEXT);
}

static void
unpack(const int64 *slots, char *text)
{
	memcpy(text, slots, PROGRESS_TEXT);
	text[PROGRESS_TEXT] = '\0';
}

void
progress_start(const char *job, const char *subject)
{
	int64 values[SLOTS] = {0};
	int index[SLOTS];

	for (int i = 0; i < SLOTS; i++)
		index[i] = i;
	pack(job, values + SLOT_JOB);
	pack(subject, values + SLOT_SUBJECT);
	values[SLOT_TOTAL] = -1;
	values[SLOT_STARTED] = values[SLOT_PHASE_STARTED] = GetCurrentTimestamp();
	pgstat_progress_start_command(PROGRESS_COMMAND, InvalidOid);
	pgstat_progress_update_multi_param(SLOTS, index, values);
}

/* Whether the slot is still ours: an aborted subtransaction empties it, a nested command takes it. */
static bool
slot_is_ours(void)
{
	return MyBEEntry != NULL && MyBEEntry->st_progress_command == PROGRESS_COMMAND;
}

void
progress_phase(const char *phase, int64 total)
{
	int64 values[TEXT_SLOTS + 3] = {0};
	int index[TEXT_SLOTS + 3];

	if (!slot_is_ours())
		return;
	for (int i = 0; i < TEXT_SLOTS; i++)
		index[i] = SLOT_PHASE + i;
	pack(phase, values);
	index[TEXT_SLOTS] = SLOT_DONE;
	index[TEXT_SLOTS + 1] = SLOT_TOTAL;
	values[TEXT_SLOTS + 1] = total;
	index[TEXT_SLOTS + 2] = SLOT_PHASE_STARTED;
	values[TEXT_SLOTS + 2] = GetCurrentTimestamp();
	pgstat_progress_update_multi_param(TEXT_SLOTS + 3, index, values);
}

void
progress_done(int64 done)
{
	if (slot_is_ours())
		pgstat_progress_update_param(SLOT_DONE, done);
}

void
progress_end(void)
{
	if (slot_is_ours())
		pgstat_progress_end_command();
}

void
progress_each(void (*put)(void *context, const ProgressJob *job), void *context)
{
	int backends = pgstat_fetch_stat_numbackends();

	for (int i = 1; i <= backends; i++)
	{
		LocalPgBackendStatus *local = BACKEND_STATUS(i);
		PgBackendStatus *backend;
		ProgressJob job;

		if (local == NULL)
			continue;
		backend = &local->backendStatus;
		if (backend->st_progress_command != PROGRESS_COMMAND || backend->st_databaseid != MyDatabaseId)
			continue;
		job.pid = backend->st_procpid;
		job.user = backend->st_userid;
		unpack(backend->st_progress_param + SLOT_JOB, job.job);
		unpack(backend->st_progress_param + SLOT_PHASE, job.phase);
		unpack(backend->st_progress_param + SLOT_SUBJECT, job.subject);
		job.done = backend->st_progress_param[SLOT_DONE];
		job.total = backend->st_progress_param[SLOT_TOTAL];
		job.started = backend->st_progress_param[SLOT_STARTED];
		job.phase_started = backend->st_progress_param[SLOT_PHASE_STARTED];
		put(context, &job);
	}
}
