-- 00 ground: days, months and their opening and closing.

CREATE OR REPLACE FUNCTION hospital_cost.hospital_timezone() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN coalesce((SELECT h.timezone FROM hospital_cost.hospital h), 'Asia/Shanghai');

CREATE OR REPLACE FUNCTION hospital_cost.hospital_day(instant timestamptz) RETURNS date
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (instant AT TIME ZONE hospital_cost.hospital_timezone())::date;

CREATE OR REPLACE FUNCTION hospital_cost.period_of(day date) RETURNS hospital_cost.period_month
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (day - (extract(day FROM day)::int - 1))::hospital_cost.period_month;

-- The number of a month's lock; period_number() in C says the same.
CREATE OR REPLACE FUNCTION hospital_cost._period_number(period date) RETURNS int
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (extract(year FROM period) * 12 + extract(month FROM period) - 1)::int;

-- Whoever writes into a month shares its lock until his transaction ends, as posters do; volatile, so that the state is read after the lock.
CREATE OR REPLACE FUNCTION hospital_cost._period_is_closed(period date) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF isfinite(period) THEN
		PERFORM pg_advisory_xact_lock_shared(18499, hospital_cost._period_number(period));
	END IF;
	-- Under REPEATABLE READ the state would be read as it was: locking the row raises a serialization failure if it has changed since.
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		PERFORM FROM hospital_cost.period p WHERE p.period = _period_is_closed.period FOR SHARE;
	END IF;
	RETURN EXISTS (SELECT FROM hospital_cost.period p WHERE p.period = _period_is_closed.period AND p.state = 'closed');
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._period_guard(period date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF hospital_cost._period_is_closed(period) THEN
		RAISE EXCEPTION 'period % is closed', to_char(_period_guard.period, 'YYYY-MM') USING ERRCODE = 'MC001',
			HINT = 'Write into an open period, or reopen this one with hospital_cost.reopen_period(period, reason).';
	END IF;
END $$;

-- Posters hold this lock in share mode until their transaction ends; whoever changes a period's state takes it exclusively,
-- but never waits for it in the queue: a queued close would stop every poster behind it.
CREATE OR REPLACE FUNCTION hospital_cost._lock_period(period date, patience interval) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	give_up timestamptz := clock_timestamp() + patience;
	month int := hospital_cost._period_number(period);
	blockers text;
BEGIN
	LOOP
		EXIT WHEN pg_try_advisory_xact_lock(18499, month);
		IF clock_timestamp() >= give_up THEN
			SELECT string_agg(DISTINCT who.name, ', ' ORDER BY who.name) INTO blockers
			FROM pg_locks l
			LEFT JOIN pg_locks x ON l.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid' AND x.virtualtransaction = l.virtualtransaction
			LEFT JOIN pg_prepared_xacts p ON p.transaction = x.transactionid
			CROSS JOIN LATERAL (SELECT coalesce(l.pid::text, format('prepared transaction "%s"', p.gid))) AS who (name)
			WHERE l.locktype = 'advisory' AND l.classid = 18499::oid AND l.objid = month::oid AND l.objsubid = 2
				AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
				AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
			RAISE EXCEPTION 'period % is in use by other transactions', to_char(period, 'YYYY-MM')
				USING ERRCODE = 'MC002',
				DETAIL = format('Server processes that post into it and have not ended their transaction: %s.', coalesce(blockers, 'none any more')),
				HINT = 'Try again, give more patience, or look these pids up in pg_stat_activity.';
		END IF;
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.open_period(period date) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_state text;
BEGIN
	PERFORM period::hospital_cost.period_month;
	INSERT INTO hospital_cost.period AS p (period, opened_by) VALUES (open_period.period, session_user)
	ON CONFLICT ON CONSTRAINT period_pkey DO NOTHING;
	IF FOUND THEN
		INSERT INTO hospital_cost.period_event (period, event) VALUES (open_period.period, 'open');
		RETURN;
	END IF;
	SELECT p.state INTO found_state FROM hospital_cost.period p WHERE p.period = open_period.period;
	IF found_state = 'closed' THEN
		RAISE EXCEPTION 'period % is closed', to_char(period, 'YYYY-MM') USING ERRCODE = 'MC001',
			HINT = 'A closed period is opened again with hospital_cost.reopen_period(period, reason).';
	END IF;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._run_period_checks(period date)
RETURNS TABLE (check_name text, problem text)
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c hospital_cost.period_check;
BEGIN
	FOR c IN SELECT * FROM hospital_cost.period_check pc ORDER BY pc.room, pc.name LOOP
		RETURN QUERY EXECUTE format('SELECT $1, p FROM %s($2) AS p', c.function) USING c.name, period;
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.close_period(period date, patience interval DEFAULT '10 seconds') RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	problems text;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'a period is closed in a read committed transaction' USING ERRCODE = 'MC008',
			DETAIL = 'The checks of an older snapshot would not see what was posted since.',
			HINT = 'Begin the transaction with ISOLATION LEVEL READ COMMITTED.';
	END IF;
	-- Twice: once without the lock, so that a slow check stops nobody; once inside it, for what came in between.
	FOR attempt IN 1 .. 2 LOOP
		IF attempt = 2 THEN
			PERFORM hospital_cost._lock_period(period, patience);
		END IF;
		IF (SELECT p.state FROM hospital_cost.period p WHERE p.period = close_period.period) IS DISTINCT FROM 'open' THEN
			RAISE EXCEPTION 'period % is not open', to_char(period, 'YYYY-MM') USING ERRCODE = 'MC003',
				HINT = 'See hospital_cost.period for the state of each period.';
		END IF;
		SELECT string_agg(format('%s: %s', x.check_name, x.problem), E'\n' ORDER BY x.check_name, x.problem) INTO problems
		FROM (SELECT * FROM hospital_cost._run_period_checks(period) LIMIT 20) x;
		IF problems IS NOT NULL THEN
			RAISE EXCEPTION 'period % is not complete', to_char(period, 'YYYY-MM') USING ERRCODE = 'MC004',
				DETAIL = problems, HINT = 'Mend what the checks name, then close again.';
		END IF;
	END LOOP;
	UPDATE hospital_cost.period p SET state = 'closed', closed_at = now(), closed_by = session_user
	WHERE p.period = close_period.period;
	INSERT INTO hospital_cost.period_event (period, event) VALUES (close_period.period, 'close');
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.reopen_period(period date, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF coalesce(btrim(reason), '') = '' THEN
		RAISE EXCEPTION 'period % cannot be reopened without a reason', to_char(period, 'YYYY-MM')
			USING ERRCODE = 'MC005', HINT = 'Say in the second argument why the closed books must change.';
	END IF;
	PERFORM hospital_cost._lock_period(period, '10 seconds');
	UPDATE hospital_cost.period p
	SET state = 'open', opened_at = now(), opened_by = session_user, closed_at = NULL, closed_by = NULL,
		reason = reopen_period.reason
	WHERE p.period = reopen_period.period AND p.state = 'closed';
	IF NOT FOUND THEN
		RAISE EXCEPTION 'period % is not closed', to_char(period, 'YYYY-MM') USING ERRCODE = 'MC003',
			HINT = 'See hospital_cost.period for the state of each period.';
	END IF;
	INSERT INTO hospital_cost.period_event (period, event, reason) VALUES (reopen_period.period, 'reopen', reopen_period.reason);
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.load_defaults() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	h hospital_cost._hook;
BEGIN
	FOR h IN SELECT * FROM hospital_cost._hook k WHERE k.event = 'load_defaults' ORDER BY k.room LOOP
		EXECUTE format('SELECT %s()', h.function);
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION hospital_cost.check_setup()
RETURNS TABLE (room text, problem text, cure text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	h hospital_cost._hook;
BEGIN
	FOR h IN SELECT * FROM hospital_cost._hook k WHERE k.event = 'check_setup' ORDER BY k.room LOOP
		RETURN QUERY EXECUTE format('SELECT $1, s.problem, s.cure FROM %s() s', h.function) USING h.room;
	END LOOP;
END $$;
