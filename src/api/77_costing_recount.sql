-- 70 costing: the month's charges from the ledger itself, by department × item × setting, against the totals that are kept.

CREATE OR REPLACE FUNCTION hospital_cost._recount_charges(period date, outpatient smallint[], emergency smallint[], inpatient smallint[])
RETURNS TABLE (performing_id smallint, item_id int, setting smallint, entries bigint, quantity bigint, amount bigint)
AS 'MODULE_PATHNAME', 'hc_recount_charges'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE;

CREATE OR REPLACE FUNCTION hospital_cost.recount_charges(period date)
RETURNS TABLE (department_code text, item_code text, setting text, entries bigint, quantity numeric, amount numeric)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT d.code, i.code, (ARRAY['none', 'outpatient', 'emergency', 'inpatient'])[t.setting + 1], t.entries,
		(t.quantity * 0.0001)::numeric(16,4), (t.amount * 0.01)::numeric(18,2)
	FROM hospital_cost._recount_charges(recount_charges.period,
		ARRAY(SELECT x.department_id FROM hospital_cost.department x WHERE x.setting = 'outpatient'),
		ARRAY(SELECT x.department_id FROM hospital_cost.department x WHERE x.setting = 'emergency'),
		ARRAY(SELECT x.department_id FROM hospital_cost.department x WHERE x.setting = 'inpatient')) t
	JOIN hospital_cost.department d ON d.department_id = t.performing_id
	JOIN hospital_cost.charge_item i ON i.item_id = t.item_id;
END;

COMMENT ON FUNCTION hospital_cost._recount_charges(date, smallint[], smallint[], smallint[]) IS 'Charges of a month by numbers, in one pass over the ledger; the arrays list the departments of each setting';
COMMENT ON FUNCTION hospital_cost.recount_charges(date) IS 'Charges of a month (收费汇总) counted anew from the ledger by performing department, item and setting of the ordering department (门诊, 急诊, 住院): what charge_total keeps up to date, without trusting it';
