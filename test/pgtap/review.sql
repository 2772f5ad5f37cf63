-- Contract of review: the trail, nobody judges himself, who is next when it is late, how good a rule is, and cases without patients.
\set QUIET 1
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
BEGIN;
\ir fixture/hospital.sql
SELECT plan(41);
SELECT hospital_cost.attach_charges('his.fee', his.mapping()) \g /dev/null
SELECT hospital_cost.setup_roles('tap review') \g /dev/null
CREATE ROLE review_leader;
CREATE ROLE review_cashier;
CREATE ROLE review_auditor;
GRANT "tap review_cashier_leader" TO review_leader, review_cashier;
GRANT "tap review_auditor" TO review_auditor;
GRANT USAGE ON SCHEMA public TO review_leader, review_cashier, review_auditor;
INSERT INTO hospital_cost.cashier (code, name, login) VALUES ('c7', '王', 'review_cashier');
CREATE FUNCTION public.no(visit text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT max(f.finding_id) FROM hospital_cost._finding f WHERE f.class = 'conduct' AND f.encounter_code = visit $$;
CREATE FUNCTION public.trail(visit text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', e.event, e.from_state, e.to_state, e.assignee, e.note, e.done_by) FROM hospital_cost.finding_event e WHERE e.finding_id = public.no(visit) ORDER BY e.event_id $$;
GRANT EXECUTE ON FUNCTION public.no(text), public.trail(text) TO PUBLIC;

-- the life of a finding
SELECT his.charge(i, visit => 'V' || i, price => 20 + i) FROM generate_series(1, 12) i \g /dev/null
SET SESSION AUTHORIZATION review_leader;
SELECT lives_ok($$SELECT hospital_cost.assign_finding(no('V1'), 'review_auditor', 'see the list')$$, 'a finding is given to somebody');
SELECT throws_ok($$SELECT hospital_cost.assign_finding(no('V1'), 'nobody at all')$$, 'MC418', NULL, 'who must exist');
SELECT lives_ok($$SELECT hospital_cost.answer_finding(no('V1'), 'night price')$$, 'is explained');
SELECT throws_ok($$SELECT hospital_cost.answer_finding(no('V1'), ' ')$$, 'MC417', NULL, 'in words');
SELECT results_eq($$SELECT assignee, explanation, explained_by, role, level FROM hospital_cost.worklist WHERE encounter_code = 'V1'$$,
	$$VALUES ('review_auditor' COLLATE "C", 'night price', 'review_leader', 'controller', 0)$$, 'the worklist shows both');
SELECT throws_ok($$SELECT hospital_cost.review_finding(no('V1'), 'guilty')$$, 'MC413', NULL, 'a verdict is one of three');
SELECT throws_ok($$SELECT hospital_cost.reopen_finding(no('V1'), 'x')$$, '42501', NULL, 'a leader opens nothing again');
SELECT hospital_cost.review_finding(no('V1'), 'false_positive', 'price of the night') \g /dev/null
SELECT throws_ok($$SELECT hospital_cost.review_finding(no('V1'), 'confirmed')$$, 'MC414', NULL, 'once');
SELECT throws_ok($$SELECT hospital_cost.assign_finding(no('V1'), 'review_auditor')$$, 'MC414', NULL, 'what is judged is given to nobody');
SELECT is_empty($$SELECT FROM hospital_cost.worklist WHERE encounter_code = 'V1'$$, 'and is off the list');
SET SESSION AUTHORIZATION review_auditor;
SELECT throws_ok($$SELECT hospital_cost.reopen_finding(no('V1'), '')$$, 'MC417', NULL, 'opened again for a reason');
SELECT throws_ok($$SELECT hospital_cost.reopen_finding(no('V2'), 'x')$$, 'MC414', NULL, 'if it was judged');
SELECT hospital_cost.reopen_finding(no('V1'), 'there is no night price') \g /dev/null
SELECT results_eq($$SELECT f.state, f.note, f.closed_by, f.deadline > f.found_at FROM hospital_cost.finding f WHERE f.finding_id = no('V1')$$, $$VALUES ('open', NULL::text, NULL::text, true)$$, 'it is open, and due');
SELECT hospital_cost.review_finding(no('V1'), 'confirmed', 'given back') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT trail('V1')$$, ARRAY['assigned open open review_auditor see the list review_leader', 'explained open open night price review_leader',
	'judged open false_positive price of the night review_leader', 'reopened false_positive open there is no night price review_auditor', 'judged open confirmed given back review_auditor'],
	'the trail has each step, by whom');
SELECT throws_ok('UPDATE hospital_cost._finding_event SET note = NULL', 'MC006', NULL, 'a trail is not changed');
SELECT throws_ok('DELETE FROM hospital_cost._finding_event', 'MC006', NULL, 'nor shortened');

-- nobody judges himself
CREATE TABLE his.pay (id text PRIMARY KEY, visit text, kind text, method text, amount numeric, at timestamptz, operator text);
INSERT INTO hospital_cost.payment_method (code, name, channel) VALUES ('CASH', '现金', 'cash') ON CONFLICT DO NOTHING;
SELECT hospital_cost.attach_payments('his.pay', '{"source_key": "id", "encounter": "visit", "kind": "kind", "method": "method", "amount": "amount", "paid_at": "at", "operator": "operator"}') \g /dev/null
INSERT INTO his.pay VALUES ('p1', 'V9', 'payment', 'CASH', 6000, '2025-03-05 10:00+08', 'c7'), ('p2', 'V9', 'payment', 'CASH', 6000, '2025-03-05 10:00+08', 'c8');
INSERT INTO hospital_cost._finding (class, code, rule_version, severity, source_id, source_key, encounter_code, subject, subject_code, evidence, amount_at_risk, deadline)
SELECT 'conduct', 'S', 1, 'suspect', coalesce((SELECT a.source_id FROM hospital_cost.attachment a WHERE a.relation = 'his.pay'::regclass AND v.key LIKE 'p%'), 0), v.key, v.visit, v.subject, v.code, v.evidence, 1, now()
FROM (VALUES ('', 'A1', 'cashier', 'c7', NULL::jsonb), ('', 'A2', 'operator', 'review_cashier', NULL), ('p1', 'A3', 'payment', 'p1', NULL), ('', 'A4', 'payment', 'x', '{"cashier": "c7"}'),
	('', 'A5', 'cashier', 'c8', NULL), ('p2', 'A6', 'payment', 'p2', '{"cashier": "c8"}'), ('', 'A7', 'department', 'c7', NULL)) v (key, visit, subject, code, evidence);
SET SESSION AUTHORIZATION review_cashier;
SELECT throws_ok($$SELECT hospital_cost.review_finding(no('A1'), 'false_positive')$$, 'MC416', NULL, 'the cashier it speaks of, by his code');
SELECT throws_ok($$SELECT hospital_cost.review_finding(no('A2'), 'false_positive')$$, 'MC416', NULL, 'the operator, by his login');
SELECT throws_ok($$SELECT hospital_cost.review_finding(no('A3'), 'false_positive')$$, 'MC416', NULL, 'who took the money');
SELECT throws_ok($$SELECT hospital_cost.review_finding(no('A4'), 'false_positive')$$, 'MC416', NULL, 'whom the evidence names');
SELECT throws_ok($$SELECT hospital_cost.assign_finding(no('A1'), 'review_cashier')$$, 'MC416', NULL, 'it is not given to him');
SELECT lives_ok($$SELECT hospital_cost.answer_finding(no('A1'), 'a deposit of the hotel')$$, 'he may explain');
SELECT lives_ok(format($$SELECT hospital_cost.review_finding(no(%L), 'confirmed')$$, v), 'what another did he may judge') FROM unnest('{A5,A6,A7}'::text[]) v;
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT role FROM hospital_cost.worklist WHERE encounter_code LIKE 'A_' ORDER BY encounter_code$$, ARRAY['cashier_leader', 'cashier_leader', 'cashier_leader', 'cashier_leader'], 'money is the leader''s');

-- late
UPDATE hospital_cost._finding f SET deadline = now() - v.late FROM (VALUES ('V2', interval '0'), ('V3', '1 second'), ('V4', '1 day'), ('V5', '1 day 1 second'), ('V6', '3 days'), ('V7', '3 days 1 second')) v (visit, late)
WHERE f.encounter_code = v.visit AND f.class = 'conduct';
SELECT results_eq($$SELECT encounter_code, level, role FROM hospital_cost.worklist WHERE encounter_code IN ('V2', 'V3', 'V4', 'V5', 'V6', 'V7') ORDER BY 1$$,
	$$SELECT v COLLATE "C", l, r FROM (VALUES ('V2', 0, 'controller'), ('V3', 1, 'controller'), ('V4', 1, 'controller'), ('V5', 2, 'controller'), ('V6', 2, 'controller'), ('V7', 3, 'auditor')) x (v, l, r)$$,
	'a definite breach climbs after one day and after three');
UPDATE hospital_cost._finding f SET severity = 'suspect' WHERE f.encounter_code = 'V7';
SELECT is((SELECT level FROM hospital_cost.worklist WHERE encounter_code = 'V7'), 2, 'a suspicion has longer');
UPDATE hospital_cost._finding f SET deadline = now() - interval '4 days' WHERE f.encounter_code = 'A1';
SELECT is((SELECT role FROM hospital_cost.worklist WHERE encounter_code = 'A1'), 'controller', 'what the leader leaves lying is the controller''s');
SELECT results_eq('SELECT encounter_code FROM hospital_cost.overdue_finding WHERE encounter_code LIKE ''V%''', ARRAY['V7', 'V6', 'V5', 'V4', 'V3']::text[] COLLATE "C", 'the highest level first, then the most yuan');
SELECT is((SELECT array_agg(w.amount_at_risk) FROM hospital_cost.worklist w), (SELECT array_agg(f.amount_at_risk ORDER BY f.amount_at_risk DESC) FROM hospital_cost.finding f WHERE f.class = 'conduct' AND f.state = 'open'), 'the most yuan at risk first');

-- quality: three confirmed, two corrected, three false
SELECT hospital_cost.review_finding(no('V' || i), CASE WHEN i < 4 THEN 'confirmed' WHEN i < 6 THEN 'corrected' ELSE 'false_positive' END, 'n') FROM generate_series(2, 7) i \g /dev/null
SELECT is((SELECT review_again FROM hospital_cost.rule_quality WHERE code = 'CA04'), false, 'two false ones are two');
SELECT hospital_cost.review_finding(no('V8'), 'false_positive', 'n') \g /dev/null
DELETE FROM his.fee WHERE id = 9;
SELECT results_eq($$SELECT findings, waiting, closed_itself, reviewed, confirmed, corrected, false_positives, amount_confirmed, review_again FROM hospital_cost.rule_quality WHERE code = 'CA04' AND version = 1$$,
	$$VALUES (12::bigint, 3::bigint, 1::bigint, 8::bigint, 3::bigint, 2::bigint, 3::bigint, 15.00, true)$$, 'what was said of a rule is counted; three false ones mark it');
-- 5 of 8: by the other form of the formula, (p + z²/2n ± z√(p(1-p)/n + z²/4n²)) / (1 + z²/n), 0.3057 to 0.8632
SELECT results_eq($$SELECT precision, precision_low, precision_high FROM hospital_cost.rule_quality WHERE code = 'CA04'$$, $$VALUES (0.6250, 0.3057, 0.8632)$$, 'precision, and how little eight reviews say');
SELECT results_eq($$SELECT precision, precision_low, precision_high FROM hospital_cost.rule_quality WHERE code = 'S'$$, $$VALUES (1.0000, 0.4385, 1.0000)$$, 'three of three are not certainty');
UPDATE hospital_cost._finding SET found_at = closed_at - interval '1 hour' * substr(encounter_code, 2)::int WHERE code = 'CA04' AND state NOT IN ('open', 'resolved');
SELECT is((SELECT median_time FROM hospital_cost.rule_quality WHERE code = 'CA04'), interval '4 hours 30 minutes', 'median time to the verdict');
UPDATE hospital_cost.rule SET valid = '[,2025-03-10)' WHERE code = 'CA04';
INSERT INTO hospital_cost.rule (code, version, name, name_en, kind, valid) VALUES ('CA04', 2, 'x', 'x', 'price_above_limit', '[2025-03-10,)');
SELECT his.charge(50, visit => 'W1', price => 30, at => '2025-03-11 10:00+08') \g /dev/null
SELECT results_eq($$SELECT version, findings, reviewed, precision, precision_low, precision_high, review_again FROM hospital_cost.rule_quality WHERE code = 'CA04' ORDER BY version DESC LIMIT 1$$,
	$$VALUES (2, 1::bigint, 0::bigint, NULL::numeric, NULL::numeric, NULL::numeric, false)$$, 'a new version begins anew');
-- cases
SELECT results_eq($$SELECT c.rule_name, c.item_code, c.department_code, c.observed, c.limit_value, c.amount_at_risk, c.verdict, c.note FROM hospital_cost.case_library c WHERE c.amount_at_risk = 1 AND c.code = 'CA04'$$,
	$$VALUES ('超限定单价', 'LAB' COLLATE "C", 'T1' COLLATE "C", '21.000000', '20.000000', 1.00, 'confirmed', 'given back')$$, 'a case tells rule, item, department, figures, verdict');
SELECT is((SELECT count(*) FROM hospital_cost.case_library), 11::bigint, 'each reviewed finding is one');
SELECT is_empty($$SELECT c FROM hospital_cost.case_library c WHERE to_jsonb(c)::text ~ '"(V\d|A\d|p1|p2|c7|c8|review_cashier)"'$$, 'and nobody is in it');
INSERT INTO hospital_cost._finding (class, code, rule_version, severity, source_id, source_key, encounter_code, state, observed, expected)
SELECT 'conduct', v.code, 1, 'definite', 0, '', 'Z', 'confirmed', v.observed, v.allowed
FROM (VALUES ('CA23', '2025-03-04', '2025-03-05'), ('CA19', '9 days old', 'older'), ('CA01', '4711', 'not with X'), ('CA20', 'I20.9', 'I21'), ('CA21', '31 days', '30 days'), ('CA02', '4711', 'once a day')) v (code, observed, allowed);
SELECT results_eq($$SELECT c.code COLLATE "default", c.observed, c.limit_value FROM hospital_cost.case_library c WHERE c.amount_at_risk IS NULL ORDER BY 1$$,
	$$VALUES ('CA01', NULL, 'not with X'), ('CA02', NULL, 'once a day'), ('CA19', NULL, 'older'), ('CA20', NULL, 'I21'), ('CA21', '31 days', '30 days'), ('CA23', NULL, NULL)$$,
	'no entry, age, diagnosis or day of a patient');
SELECT * FROM finish();
ROLLBACK;
