-- 00 ground: what long jobs are at, seen from any session.

CREATE OR REPLACE FUNCTION hospital_cost._progress(OUT pid int, OUT user_name text, OUT job text, OUT subject text, OUT phase text,
	OUT done bigint, OUT total bigint, OUT started timestamptz, OUT phase_started timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'hc_progress'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._progress_start(job text, subject text) RETURNS void
AS 'MODULE_PATHNAME', 'hc_progress_start'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._progress_phase(phase text, total bigint DEFAULT -1) RETURNS void
AS 'MODULE_PATHNAME', 'hc_progress_phase'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._progress_done(done bigint) RETURNS void
AS 'MODULE_PATHNAME', 'hc_progress_done'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost._progress_end() RETURNS void
AS 'MODULE_PATHNAME', 'hc_progress_end'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE VIEW hospital_cost.progress AS
SELECT p.job, p.subject, p.phase, p.done, p.total, p.started, p.phase_started, p.pid, p.user_name
FROM hospital_cost._progress() p;

COMMENT ON VIEW hospital_cost.progress IS 'Long jobs that run now in any session of this database (进度): one row each. Empty where track_activities is off. Within a transaction it shows one moment, as pg_stat_activity does: look again in a new transaction, or after pg_stat_clear_snapshot(). SELECT pg_cancel_backend(pid) stops a job; it leaves nothing behind';
COMMENT ON COLUMN hospital_cost.progress.job IS 'What is done, such as allocate';
COMMENT ON COLUMN hospital_cost.progress.subject IS 'To what, such as a month and a plan; the first 40 bytes';
COMMENT ON COLUMN hospital_cost.progress.phase IS 'Of allocate: snapshot (inputs are copied), load, compute, round, store; null before the first';
COMMENT ON COLUMN hospital_cost.progress.done IS 'Units of the phase that are done; of compute: turns of servers, of store: departments';
COMMENT ON COLUMN hospital_cost.progress.total IS 'Units of the phase in all; null: not known';
COMMENT ON COLUMN hospital_cost.progress.started IS 'When the job began';
COMMENT ON COLUMN hospital_cost.progress.phase_started IS 'When the phase began';
COMMENT ON COLUMN hospital_cost.progress.pid IS 'Process of the session, as in pg_stat_activity';
COMMENT ON COLUMN hospital_cost.progress.user_name IS 'Login of the session';
COMMENT ON FUNCTION hospital_cost._progress() IS 'Behind the view progress';
COMMENT ON FUNCTION hospital_cost._progress_start(text, text) IS 'This session begins a job on a subject; other sessions see it at once';
COMMENT ON FUNCTION hospital_cost._progress_phase(text, bigint) IS 'The job enters a phase of so many units; below zero: not known';
COMMENT ON FUNCTION hospital_cost._progress_done(bigint) IS 'So many units of the phase are done';
COMMENT ON FUNCTION hospital_cost._progress_end() IS 'The job is over. An aborted transaction or subtransaction ends it too';
