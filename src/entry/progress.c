/*
 * progress.c
 *		What long jobs of all sessions are at, and the calls by which a job written in SQL says so.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "entry/sql.h"
#include "store/progress.h"

static void
put_job(void *context, const ProgressJob *job)
{
	ReturnSetInfo *result = context;
	char *user = GetUserNameFromId(job->user, true);
	Datum values[9];
	bool nulls[9] = {false};

	values[0] = Int32GetDatum(job->pid);
	values[1] = CStringGetTextDatum(user == NULL ? "" : user);
	values[2] = CStringGetTextDatum(job->job);
	values[3] = CStringGetTextDatum(job->subject);
	nulls[4] = job->phase[0] == '\0';
	values[4] = CStringGetTextDatum(job->phase);
	values[5] = Int64GetDatum(job->done);
	nulls[6] = job->total < 0;
	values[6] = Int64GetDatum(job->total);
	values[7] = TimestampTzGetDatum(job->started);
	values[8] = TimestampTzGetDatum(job->phase_started);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

SQL_FUNCTION(hc_progress);

/* _progress(): one row a session of this database that is at a job. */
Datum
hc_progress(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	progress_each(put_job, fcinfo->resultinfo);
	return (Datum) 0;
}

SQL_FUNCTION(hc_progress_start);

/* _progress_start(job, subject): this session begins a job. */
Datum
hc_progress_start(PG_FUNCTION_ARGS)
{
	progress_start(text_to_cstring(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_VOID();
}

SQL_FUNCTION(hc_progress_phase);

/* _progress_phase(phase, total): it enters a phase; a total below zero is not known. */
Datum
hc_progress_phase(PG_FUNCTION_ARGS)
{
	progress_phase(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT64(1));
	PG_RETURN_VOID();
}

SQL_FUNCTION(hc_progress_done);

/* _progress_done(done): so many units of the phase are done. */
Datum
hc_progress_done(PG_FUNCTION_ARGS)
{
	progress_done(PG_GETARG_INT64(0));
	PG_RETURN_VOID();
}

SQL_FUNCTION(hc_progress_end);

/* _progress_end(): the job is over. */
Datum
hc_progress_end(PG_FUNCTION_ARGS)
{
	progress_end();
	PG_RETURN_VOID();
}
