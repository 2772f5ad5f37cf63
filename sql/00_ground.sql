-- 00 ground: a hospital is described, its months are opened, closed and, with a reason, opened again.
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = ISO;
BEGIN;
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;

-- What is missing before work can begin, and the statement that mends it:
SELECT room, problem FROM hospital_cost.check_setup() ORDER BY room, problem;
INSERT INTO hospital_cost.hospital (code, name, level) VALUES ('H1', '市第一人民医院', '三级甲等');
INSERT INTO hospital_cost.department (code, name, class, setting) VALUES
	('1001', '财务科', 'administrative', 'none'),
	('2001', '消毒供应中心', 'auxiliary', 'none'),
	('3001', '检验科', 'technical', 'none'),
	('4001', '内科门诊', 'clinical', 'outpatient'),
	('4002', '内科病区', 'clinical', 'inpatient');
SELECT hospital_cost.open_period('2025-03-01');
SELECT room, problem, cure FROM hospital_cost.check_setup() ORDER BY room, problem;

-- The accounting day begins at the hospital's midnight, whatever the session's time zone is.
SET LOCAL timezone = 'UTC';
SELECT hospital_cost.hospital_timezone(), hospital_cost.hospital_day('2025-03-31 15:59:59+00') AS before,
	hospital_cost.hospital_day('2025-03-31 16:00:00+00') AS after, hospital_cost.period_of('2025-04-01') AS month;

-- A period is a month, written as its first day.
SAVEPOINT s;
SELECT hospital_cost.open_period('2025-03-15');
ROLLBACK TO s;
SELECT hospital_cost.close_period('2025-03-01');
SELECT hospital_cost.open_period('2025-04-01');
SELECT hospital_cost.open_period('2025-03-01');
ROLLBACK TO s;
SELECT hospital_cost.close_period('2025-03-01');
SELECT hospital_cost.reopen_period('2025-03-01', '');
ROLLBACK TO s;
SELECT hospital_cost.close_period('2025-03-01');
SELECT hospital_cost.reopen_period('2025-03-01', '审计调整');
SELECT period, state, reason, closed_at IS NULL AS not_closed FROM hospital_cost.period;
SELECT period, event, reason, by = session_user AS by_me FROM hospital_cost.period_event ORDER BY event_id;
DELETE FROM hospital_cost.period_event;
ROLLBACK;
