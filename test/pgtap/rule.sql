-- Contract of rules as data: typed parameters, shipped knowledge, what a rule lacks, and the life of a batch finding.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(36);
SELECT hospital_cost.load_defaults();

-- knowledge
SELECT is((SELECT count(*) FROM hospital_cost.item_limit WHERE rule_code = 'CA10'), 15::bigint, 'fifteen items of once a day are shipped');
SELECT is((SELECT count(*) FROM hospital_cost.item_limit WHERE rule_code = 'CA11'), 9::bigint, 'and nine of 24 hours a day');
SELECT is((SELECT count(*) FROM hospital_cost.item_pair), 10::bigint, 'and ten pairs');
CREATE TEMPORARY TABLE before AS SELECT * FROM hospital_cost.item_limit;
UPDATE hospital_cost.item_limit SET max_quantity = 2 WHERE item_code = '001209000010000';
SELECT hospital_cost.load_defaults();
SELECT is((SELECT count(*) FROM hospital_cost.item_limit), (SELECT count(*) FROM before), 'a second load adds nothing');
SELECT is((SELECT max_quantity FROM hospital_cost.item_limit WHERE item_code = '001209000010000'), 2::numeric, 'and leaves the hospital''s change');
SELECT throws_ok($$INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", max_quantity) VALUES ('X', 'A', 'WEEK', 1)$$, '23514', NULL, 'an unknown window');
SELECT throws_ok($$INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", max_quantity) VALUES ('X', 'A', 'ROLL_n_DAYS', 1)$$, '23514', NULL, 'rolling days without days');
SELECT throws_ok($$INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", window_days, max_quantity) VALUES ('X', 'A', 'DAY', 3, 1)$$, '23514', NULL, 'a day of three days');
SELECT throws_ok($$INSERT INTO hospital_cost.item_limit (rule_code, item_code) VALUES ('X', 'A')$$, '23514', NULL, 'a limit that limits nothing');
SELECT throws_ok($$INSERT INTO hospital_cost.item_limit (rule_code, item_code, age_from, age_below) VALUES ('X', 'A', '18 years', '14 years')$$, '23514', NULL, 'ages the wrong way round');
SELECT throws_ok($$INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window") VALUES ('X', 'A', 'A', 'DAY')$$, '23514', NULL, 'a pair of one');
SELECT throws_ok($$INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", max_quantity) VALUES ('CA10', '001209000010000', 'DAY', 3)$$, '23505', NULL, 'the same limit twice');
SELECT throws_ok($$INSERT INTO hospital_cost.item_code_map (item_code, national_code) VALUES ('LAB', '12')$$, '23514', NULL, 'a national code of another form');
SELECT lives_ok($$INSERT INTO hospital_cost.item_code_map (item_code, national_code, valid) VALUES ('LAB', '002501010010000', '[2025-01-01,2025-07-01)'), ('LAB', '002501010020000', '[2025-07-01,)')$$, 'codes mapped one after the other');
SELECT throws_ok($$INSERT INTO hospital_cost.item_code_map (item_code, national_code, valid) VALUES ('LAB', '002501010030000', '[2025-06-01,2025-08-01)')$$, '23P01', NULL, 'two on one day');

-- parameters, type by type
INSERT INTO hospital_cost.rule_kind (kind, timing, parameters, needs, detector, description) VALUES ('test_kind', 'batch', '{
	"number": {"type": "number", "minimum": 0, "maximum": 9.5}, "whole": {"type": "integer", "default": 3}, "yes": {"type": "boolean"},
	"mode": {"type": "text", "values": ["a", "b"], "default": "a"}, "codes": {"type": "items", "values": ["x", "y"]}, "time": {"type": "interval"}, "must": {"type": "number", "required": true}}',
	'{stock,charge.trace_code}', 'public.test_detector', 'for this test');
CREATE FUNCTION pg_temp.fault(parameters jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	INSERT INTO hospital_cost.rule (code, name, name_en, kind, timing, parameters) VALUES ('T1', 't', 't', 'test_kind', 'batch', parameters);
	DELETE FROM hospital_cost.rule WHERE code = 'T1';
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || regexp_replace(detail, '^Wrong: (.*)\. Known:.*$', '\1');
END $$;
SELECT is(pg_temp.fault('{"must": 1, "number": 9.5, "whole": 4, "yes": true, "mode": "b", "codes": ["y"], "time": "2 hours"}'), 'none', 'all parameters right');
SELECT is(pg_temp.fault('{}'), 'MC412 must is required', 'one is required');
SELECT is(pg_temp.fault('{"must": 1, "number": -1}'), 'MC412 number must be at least 0', 'too small');
SELECT is(pg_temp.fault('{"must": 1, "number": 10}'), 'MC412 number must be at most 9.5', 'too great');
SELECT is(pg_temp.fault('{"must": "1"}'), 'MC412 must must be a number', 'a text for a number');
SELECT is(pg_temp.fault('{"must": 1, "whole": 1.5}'), 'MC412 whole must be a whole number', 'a fraction for a whole number');
SELECT is(pg_temp.fault('{"must": 1, "mode": "c"}'), 'MC412 mode must be one of ["a", "b"]', 'a word that is none of the values');
SELECT is(pg_temp.fault('{"must": 1, "codes": ["z"]}'), 'MC412 codes must be codes out of ["x", "y"]', 'a code that is none');
SELECT is(pg_temp.fault('{"must": 1, "time": "soon"}'), 'MC412 time cannot be read', 'a time that is none');
SELECT is(pg_temp.fault('{"must": 1, "tiem": "1 day", "yes": 1}'), 'MC412 tiem is not known, yes must be true or false', 'two faults are told at once');
SELECT throws_ok($$INSERT INTO hospital_cost.rule (code, name, name_en, kind, timing, action, parameters) VALUES ('T1', 't', 't', 'test_kind', 'batch', 'block', '{"must": 1}')$$, 'MC411', NULL,
	'what is judged after the fact cannot block');

-- what a rule lacks
INSERT INTO hospital_cost.rule (code, name, name_en, kind, timing, parameters, severity) VALUES ('T1', 't', 't', 'test_kind', 'batch', '{"must": 5}', 'lead');
SELECT results_eq($$SELECT state, needs FROM hospital_cost.rule_state WHERE code = 'T1'$$, $$VALUES ('inactive', '{stock,charge.trace_code}'::text[])$$, 'a rule says what it lacks');
SELECT results_eq($$SELECT state FROM hospital_cost.rule_state WHERE code = 'CA02'$$, ARRAY['active'], 'one that lacks nothing is active');
SELECT is_empty($$SELECT * FROM hospital_cost.detect('2025-03-01', 'T1')$$, 'and is not run while it lacks it');
UPDATE hospital_cost.rule_kind SET needs = '{}' WHERE kind = 'test_kind';

-- the life of a batch finding
CREATE TABLE public.seen (subject_code text, fact text, observed text);
CREATE FUNCTION public.test_detector(period date, rule hospital_cost.rule) RETURNS SETOF hospital_cost._detected LANGUAGE sql AS $$
	SELECT 'cashier', s.subject_code, s.fact, NULL, NULL, NULL::smallint, NULL, NULL::bigint, NULL::bigint, 'amount', s.observed, hospital_cost._parameter(rule, 'must'), NULL::numeric, 12.5,
		jsonb_build_object('whole', hospital_cost._parameter(rule, 'whole')) FROM public.seen s $$;
INSERT INTO seen VALUES ('c1', '2025-03-02', '7'), ('c1', '2025-03-03', '8'), ('c2', '2025-03-02', '9');
SELECT results_eq($$SELECT * FROM hospital_cost.detect('2025-03-15', 'T1')$$, $$VALUES ('T1', 1, 3::bigint, 0::bigint)$$, 'three facts, three findings');
SELECT results_eq($$SELECT * FROM hospital_cost.detect('2025-03-01', 'T1')$$, $$VALUES ('T1', 1, 0::bigint, 0::bigint)$$, 'a second run adds nothing');
SELECT is((SELECT concat_ws('|', rule_name, severity, period, subject, subject_code, fact, observed, limit_value, amount_at_risk, evidence ->> 'whole', state)
	FROM hospital_cost.finding WHERE code = 'T1' ORDER BY subject_code, fact LIMIT 1), 't|lead|2025-03-01|cashier|c1|2025-03-02|7|5|12.50|3|open',
	'each told in the one inbox, with defaults of the kind');
SELECT hospital_cost.review_finding((SELECT finding_id FROM hospital_cost.finding WHERE code = 'T1' AND subject_code = 'c2'), 'false_positive');
DELETE FROM seen WHERE fact = '2025-03-02';
SELECT results_eq($$SELECT * FROM hospital_cost.detect('2025-03-01', 'T1')$$, $$VALUES ('T1', 1, 0::bigint, 1::bigint)$$, 'what is no more closes itself, what was reviewed stays');
INSERT INTO seen VALUES ('c1', '2025-03-02', '7'), ('c2', '2025-03-02', '9');
UPDATE hospital_cost.rule SET valid = '[,2025-03-10)' WHERE code = 'T1';
INSERT INTO hospital_cost.rule (code, version, name, name_en, kind, timing, parameters, valid) VALUES ('T1', 2, 't', 't', 'test_kind', 'batch', '{"must": 6}', '[2025-03-10,)');
SELECT results_eq($$SELECT * FROM hospital_cost.detect('2025-03-01', 'T1')$$, $$VALUES ('T1', 2, 1::bigint, 0::bigint)$$, 'it comes back as a new finding, under the version of the day; known facts keep theirs');
SELECT results_eq($$SELECT rule_version, limit_value, count(*) FROM hospital_cost.finding WHERE code = 'T1' AND state = 'open' GROUP BY 1, 2 ORDER BY 1$$, $$VALUES (1, '5', 1::bigint), (2, '6', 1::bigint)$$, 'a changed rule rewrites nothing');
SELECT throws_ok($$SELECT * FROM hospital_cost.detect('2025-03-01', 'T9')$$, 'MC415', NULL, 'a rule that is not there');
SELECT * FROM finish();
ROLLBACK;
