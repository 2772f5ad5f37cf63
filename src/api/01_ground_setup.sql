-- 00 ground: guards, registries, comments.

CREATE OR REPLACE FUNCTION hospital_cost._refuse_change() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'MC006',
		DETAIL = format('%s was refused.', TG_OP), HINT = TG_ARGV[0];
END $$;

CREATE OR REPLACE FUNCTION hospital_cost._hospital_guard() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- Names only: an abbreviation such as CST means another zone elsewhere.
	IF NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = NEW.timezone) THEN
		RAISE EXCEPTION 'time zone "%" is not known', NEW.timezone USING ERRCODE = 'MC007',
			HINT = 'Use a name from pg_timezone_names, such as Asia/Shanghai.';
	END IF;
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard_timezone BEFORE INSERT OR UPDATE ON hospital_cost.hospital
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._hospital_guard();
CREATE OR REPLACE TRIGGER guard_history BEFORE UPDATE OR DELETE OR TRUNCATE ON hospital_cost.period_event
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_change('The history of periods is append-only.');

CREATE OR REPLACE FUNCTION hospital_cost._ground_setup() RETURNS TABLE (problem text, cure text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
BEGIN ATOMIC
	SELECT 'the hospital is not described', $q$INSERT INTO hospital_cost.hospital (code, name) VALUES ('…', '…')$q$
	WHERE NOT EXISTS (SELECT FROM hospital_cost.hospital)
	UNION ALL
	SELECT 'there is no department', 'INSERT INTO hospital_cost.department (code, name, class, setting) VALUES (…)'
	WHERE NOT EXISTS (SELECT FROM hospital_cost.department)
	UNION ALL
	SELECT format('department %s names a parent that does not exist: %s', d.code, d.parent_code),
		format('UPDATE hospital_cost.department SET parent_code = NULL WHERE code = %L', d.code)
	FROM hospital_cost.department d
	WHERE NOT EXISTS (SELECT FROM hospital_cost.department p WHERE p.code = d.parent_code) AND d.parent_code IS NOT NULL
	UNION ALL
	SELECT 'no period is open',
		format('SELECT hospital_cost.open_period(%L)', hospital_cost.period_of(hospital_cost.hospital_day(now())))
	WHERE NOT EXISTS (SELECT FROM hospital_cost.period p WHERE p.state = 'open')
	UNION ALL
	SELECT 'the database is encoded in ' || getdatabaseencoding(), 'Create the database with ENCODING ''UTF8'''
	WHERE getdatabaseencoding() <> 'UTF8';
END;
INSERT INTO hospital_cost._hook (event, room, function) VALUES ('check_setup', '00', 'hospital_cost._ground_setup')
ON CONFLICT (event, room) DO UPDATE SET function = excluded.function;

COMMENT ON SCHEMA hospital_cost IS 'Hospital cost accounting (医院成本核算): ledger of charges, allocation, unit costs';
COMMENT ON DOMAIN hospital_cost.period_month IS 'Accounting period (会计期间): a calendar month, written as its first day; another day is refused with 23514';
COMMENT ON TABLE hospital_cost.hospital IS 'The one hospital of this database (一库一院): name, time zone that decides the accounting day, policy for late charges';
COMMENT ON COLUMN hospital_cost.hospital.timezone IS 'IANA zone; days begin at its midnight, never at the session''s. Cannot change once charges are posted (MC212)';
COMMENT ON COLUMN hospital_cost.hospital.minor_digits IS 'Decimals of the currency; 2 is the only value supported';
COMMENT ON COLUMN hospital_cost.hospital.late_policy IS 'Charges of a closed month (迟到费用): to_open_period posts them to the next open month and keeps the service day; refuse raises an issue';
COMMENT ON TABLE hospital_cost.department IS 'Cost unit (科室单元) of one of four classes 四类 (clinical 临床服务, technical 医疗技术, auxiliary 医疗辅助, administrative 行政后勤) or external; clinic and ward of a specialty are two units';
COMMENT ON COLUMN hospital_cost.department.setting IS 'outpatient 门诊, emergency 急诊, inpatient 住院 or none: decides visit cost against bed-day cost and the setting of income';
COMMENT ON TABLE hospital_cost.period IS 'Months that were opened, with their state. Changed through open_period, close_period, reopen_period';
COMMENT ON TABLE hospital_cost.period_event IS 'Every opening, closing and reopening of a period: when, who, why. Append-only';
COMMENT ON TABLE hospital_cost.period_check IS 'Registry of the completeness checks that close_period runs; each function(period) returns one text a problem';
COMMENT ON TABLE hospital_cost._hook IS 'Registry of functions that load_defaults and check_setup call, one a room';
COMMENT ON FUNCTION hospital_cost.hospital_timezone() IS 'Time zone of the hospital; Asia/Shanghai until the hospital is described';
COMMENT ON FUNCTION hospital_cost.hospital_day(timestamptz) IS 'Accounting day of an instant, in the hospital''s time zone';
COMMENT ON FUNCTION hospital_cost.period_of(date) IS 'Month of a day, as its first day';
COMMENT ON FUNCTION hospital_cost.open_period(date) IS 'Opens a month for posting; an open month stays open, a closed one raises MC001';
COMMENT ON FUNCTION hospital_cost.close_period(date, interval) IS 'Closes a month: runs every period_check, then waits at most "patience" for posters without making others queue. MC002 names the blocking pids, MC003 not open, MC004 lists what is incomplete, MC008 outside of READ COMMITTED';
COMMENT ON FUNCTION hospital_cost.reopen_period(date, text) IS 'Opens a closed month again, with a reason that is logged (MC005 without one, MC003 if it is not closed)';
COMMENT ON FUNCTION hospital_cost.load_defaults() IS 'Loads what ships as data (cost items, rules, drivers, the plan) as ordinary rows; repeatable, never over the user''s changes';
COMMENT ON FUNCTION hospital_cost.check_setup() IS 'What is missing before work can begin: one row a problem with the statement that mends it';
COMMENT ON FUNCTION hospital_cost._period_number(date) IS 'Number of a month''s lock';
COMMENT ON FUNCTION hospital_cost._period_is_closed(date) IS 'Joins those who write into a month, then says whether it is closed';
COMMENT ON FUNCTION hospital_cost._period_guard(date) IS 'Raises MC001 if the period is closed';
COMMENT ON FUNCTION hospital_cost._lock_period(date, interval) IS 'Takes the period''s lock exclusively without queueing; MC002 with the blocking pids after "patience"';
COMMENT ON FUNCTION hospital_cost._run_period_checks(date) IS 'Problems found by all registered period checks';
COMMENT ON FUNCTION hospital_cost._refuse_change() IS 'Guard trigger: refuses the statement with MC006 and the hint given as its argument';
COMMENT ON FUNCTION hospital_cost._hospital_guard() IS 'Guard trigger: the time zone must be known (MC007)';
COMMENT ON FUNCTION hospital_cost._ground_setup() IS 'check_setup of the ground room';
