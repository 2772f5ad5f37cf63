-- One month of a municipal hospital, end to end. Run in a database where hospital_cost can be created:
--   psql -X -q -v ON_ERROR_STOP=1 -v factor=1 -v seed=20250301 -f demo.sql
\set QUIET on
\encoding UTF8
\pset pager off
SET client_min_messages = warning;
SET timezone = 'Asia/Shanghai';
SET jit = off;

\echo
\echo '示范市人民医院: March 2025 in a municipal hospital (三级乙等), 2.3 亿元 a year, at volume factor' :factor 'and seed' :seed
\echo
\echo '1  The hospital has tables of its own: visits, ward stays, fee lines (HIS), the books of the finance office (HRP).'
CREATE EXTENSION IF NOT EXISTS hospital_cost CASCADE;
\ir 00_schema.sql
\echo '2  Masters (主数据): the hospital, its cost units in four classes (四类科室), charge items and list prices; March is opened.'
SELECT hospital_cost.load_defaults() \g /dev/null
\ir 10_masters.sql
\ir 11_items.sql
\ir 12_drugs.sql
SELECT hospital_cost.open_period('2025-03-01') \g /dev/null
\echo '3  his.fee_detail is attached by a column mapping: from now on every row is priced, posted and checked as it is written.'
\ir 13_attach.sql
\echo '4  The month happens: patients come, lie, move, leave; the HIS writes fee lines day by day, some of them wrong.'
\ir 20_charges.sql
\ir 21_lines.sql
\ir 22_incidents.sql
\ir 23_load.sql
\echo '5  And then what always happens: a code is corrected, an item is priced late, a quantity is mended, a line is withdrawn.'
\ir 24_repairs.sql
\echo '   The cashiers close their day (日清日结) by three logins; WeChat sends its statement, and it is held against the books (对账).'
\ir 25_payments.sql
\echo '6  The finance office books direct cost (直接成本) on cost units, drivers are counted; the records room codes who left (病案首页).'
\ir 30_costs.sql
\ir 31_cases.sql
\ir 32_activities.sql
DROP SCHEMA demo CASCADE;
ANALYZE;
\echo '7  Three-level allocation (四类三级分摊): administrative, auxiliary, technical units step down onto the clinical ones.'
\ir 40_allocate.sql
\echo '8  What follows is read from views, nothing else. Change a row in ./hc psql, run demo/40_allocate.sql and demo/50_report.sql again.'
\ir 50_report.sql
