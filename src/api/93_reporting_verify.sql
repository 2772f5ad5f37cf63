-- 90 reporting: what one form says, another must say too.

-- What identities speak of, by name: cells of forms as form.row.column, "each" for the departments of a form together, and what lies under the forms.
-- Cost that stays with departments which are not clinical (a credit kept, a base that was empty) and income on orders of departments which are
-- not clinical are added up from their own rows, never from the difference.
CREATE OR REPLACE FUNCTION hospital_cost._form_sum(period_from date, period_to date) RETURNS TABLE (name text, amount numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
BEGIN ATOMIC
	WITH official AS MATERIALIZED (
		SELECT r.run_id, r.period, (r.plan ->> 'cell_unit')::numeric AS cell_unit FROM hospital_cost._run r
		WHERE r.official AND r.period BETWEEN _form_sum.period_from AND _form_sum.period_to
	), cost AS (
		SELECT coalesce(sum(c.full_cost) FILTER (WHERE d.class <> 'clinical'), 0) AS kept,
			coalesce(sum(c.full_cost) FILTER (WHERE d.class <> 'clinical' AND x.origin = 'own'), 0) AS kept_own,
			coalesce(sum(c.full_cost) FILTER (WHERE d.class = 'clinical' AND d.setting = 'none' AND x.origin = 'own'), 0) AS without_unit,
			coalesce(sum(c.full_cost), 0) AS full_cost
		FROM official r
		JOIN hospital_cost._department_cost c ON c.run_id = r.run_id
		LEFT JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code
		CROSS JOIN LATERAL (SELECT hospital_cost._cost_origin(c.funding_source, c.cost_class) AS origin) x
	), booked AS (
		-- Forms tell each cost item to the cent.
		SELECT coalesce(sum(d.amount), 0) AS exact, coalesce(sum(round(d.amount, 2)), 0) AS direct,
			coalesce(sum(round(d.amount, 2)) FILTER (WHERE hospital_cost._cost_origin(d.funding_source, d.cost_class) = 'own'), 0) AS direct_own
		FROM (SELECT x.funding_source, x.cost_class, sum(x.amount) AS amount FROM official r JOIN hospital_cost._run_direct x ON x.run_id = r.run_id
			GROUP BY x.run_id, x.cost_item_code, x.funding_source, x.cost_class) d
	), income AS (
		SELECT coalesce(sum(t.amount), 0) AS income,
			coalesce(sum(t.amount) FILTER (WHERE coalesce(u.class, d.class) <> 'clinical'), 0) AS elsewhere
		FROM official r
		JOIN hospital_cost.charge_total t ON t.period = r.period
		JOIN hospital_cost.department d ON d.code = coalesce(t.ordering_department_code, t.performing_department_code)
		LEFT JOIN hospital_cost._run_department u ON u.run_id = r.run_id AND u.department_code = d.code
	), costed AS (
		SELECT bool_and(k.run_id IS NOT NULL) AS costed, bool_and(k.missing_months IS NOT DISTINCT FROM '{}') AS complete
		FROM official r LEFT JOIN hospital_cost._costing k ON k.run_id = r.run_id
	), pool AS (
		SELECT coalesce(sum(x.amount), 0) AS amount
		FROM (SELECT round(sum(c.direct + c.level1 + c.level2), 2) AS amount
			FROM official r
			JOIN hospital_cost._department_cost c ON c.run_id = r.run_id AND hospital_cost._cost_origin(c.funding_source, c.cost_class) = 'own'
			JOIN hospital_cost._run_department d ON d.run_id = c.run_id AND d.department_code = c.department_code AND d.class IN ('clinical', 'technical')
			JOIN hospital_cost._run_cost_item i ON i.run_id = c.run_id AND i.cost_item_code = c.cost_item_code AND i.category <> 'drugs'
				AND NOT (i.category = 'materials' AND i.billable)
			GROUP BY r.run_id) x
	), discharged AS (
		-- From the cells: what the cases have in their month and in those the costing took besides, and late ones in the month.
		SELECT coalesce(sum(t.amount) FILTER (WHERE t.object = 'disease' AND NOT t.late), 0) AS disease,
			coalesce(sum(t.amount) FILTER (WHERE t.object = 'drg' AND NOT t.late), 0) AS drg,
			coalesce(sum(t.amount) FILTER (WHERE t.object = 'drg' AND t.late), 0) AS late
		FROM (SELECT x.object, c.late, round(sum(k.total), 2) AS amount
			FROM official r
			JOIN hospital_cost._costing g ON g.run_id = r.run_id
			JOIN hospital_cost._costing_case c ON c.run_id = r.run_id
			JOIN hospital_cost.encounter_cost k ON k.encounter_code = c.encounter_code AND k.funding_group = 1
				AND (k.run_id = r.run_id OR NOT c.late AND k.run_id = ANY (g.case_runs))
			CROSS JOIN LATERAL (VALUES ('disease', c.disease_code), ('drg', c.group_code)) AS x (object, member)
			GROUP BY r.run_id, x.object, c.late, CASE WHEN NOT c.late THEN x.member END) t
	), unit AS (
		SELECT coalesce(sum(v.total_cost) FILTER (WHERE v.object = 'visit'), 0) AS visit,
			coalesce(sum(v.total_cost) FILTER (WHERE v.object = 'bed_day'), 0) AS bed_day
		FROM official r
		JOIN hospital_cost._unit_cost v ON v.run_id = r.run_id AND v.scope = 'medical' AND v.department_code IS NULL
	)
	SELECT concat_ws('.', l.code, CASE WHEN x.code IS NULL THEN 'each' ELSE f.row_code END, f.col_code), sum(f.amount)
	FROM hospital_cost.form_layout l
	CROSS JOIN LATERAL hospital_cost.form(l.code, _form_sum.period_from, _form_sum.period_to) f
	LEFT JOIN hospital_cost.form_line x ON x.form_code = l.code AND x.axis = 'row' AND NOT x.each_member AND x.code = f.row_code
	WHERE (SELECT CASE l.object WHEN 'department' THEN true WHEN 'item' THEN x.costed ELSE x.complete END FROM costed x)
	GROUP BY 1
	UNION ALL
	SELECT x.name, x.amount
	FROM cost c CROSS JOIN booked b CROSS JOIN income i CROSS JOIN unit u CROSS JOIN pool p CROSS JOIN discharged g CROSS JOIN costed k
	CROSS JOIN LATERAL (VALUES ('kept', c.kept), ('kept_own', c.kept_own), ('without_unit', c.without_unit), ('direct', b.direct),
		('direct_own', b.direct_own), ('income', i.income), ('income_elsewhere', i.elsewhere), ('visits', u.visit), ('bed_days', u.bed_day),
		('full', c.full_cost),
		-- Controlled rounding leaves a run at a neighbouring cell unit.
		('direct_rounded', CASE WHEN abs(c.full_cost - b.exact) < (SELECT sum(r.cell_unit) FROM official r) THEN c.full_cost ELSE b.exact END),
		('pool', p.amount), ('discharged_disease', g.disease), ('discharged_drg', g.drg), ('late', g.late),
		('costed', k.costed::int), ('complete', k.complete::int), ('zero', 0)) AS x (name, amount);
END;

CREATE OR REPLACE FUNCTION hospital_cost.verify_forms(period_from date, period_to date DEFAULT NULL)
RETURNS TABLE (identity text, expected numeric, actual numeric, difference numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
	WITH said AS MATERIALIZED (
		SELECT * FROM hospital_cost._form_sum(verify_forms.period_from, coalesce(verify_forms.period_to, verify_forms.period_from))
	), rule (no, identity, expected, actual) AS (VALUES
		(1, 'F01 total = direct cost of the runs, medical', '{direct_own}'::text[], '{F01.total.total}'::text[]),
		(2, 'F01 departments = total', '{F01.each.total}', '{F01.total.total}'),
		(3, 'F01 subtotals = total', '{F01.operating.total,F01.administrative.total}', '{F01.total.total}'),
		(4, 'F01 cost items = total', '{F01.total.personnel,F01.total.materials,F01.total.drugs,F01.total.depreciation,F01.total.amortisation,
			F01.total.risk_fund,F01.total.other}', '{F01.total.total}'),
		(5, 'F02 medical cost = F01 total', '{F01.total.total}', '{F02.total.medical}'),
		(6, 'F02 steps = medical full cost', '{F02.total.medical,F02.total.fiscal_depreciation,F02.total.fiscal_amortisation,
			F02.total.fiscal_other}', '{F02.total.medical_full}'),
		(7, 'F02 steps = hospital full cost', '{F02.total.medical_full,F02.total.science_education,F02.total.disposal,F02.total.remittance,
			F02.total.subsidy,F02.total.other}', '{F02.total.hospital_full}'),
		(8, 'F02 hospital full cost = direct cost of the runs', '{direct}', '{F02.total.hospital_full}'),
		(9, 'F02 departments = hospital full cost', '{F02.each.hospital_full}', '{F02.total.hospital_full}'),
		(10, 'F03 total = F06 clinical departments', '{F06.clinical.full}', '{F03.total.total_full_cost}'),
		(11, 'F03 departments = total', '{F03.each.total_full_cost}', '{F03.total.total_full_cost}'),
		(12, 'F03 direct + indirect = full cost', '{F03.total.total_direct_cost,F03.total.total_indirect_cost}', '{F03.total.total_full_cost}'),
		(13, 'F03 direct cost = F01 clinical departments', '{F01.clinical.total}', '{F03.total.total_direct_cost}'),
		(14, 'F03 cost items = total', '{F03.total.personnel_full_cost,F03.total.materials_full_cost,F03.total.drugs_full_cost,
			F03.total.depreciation_full_cost,F03.total.amortisation_full_cost,F03.total.risk_fund_full_cost,F03.total.other_full_cost}',
			'{F03.total.total_full_cost}'),
		(15, 'F04 medical cost = F03 total', '{F03.total.total_full_cost}', '{F04.clinical.medical_full_cost}'),
		(16, 'F04 steps = hospital full cost', '{F04.total.medical_full_full_cost,F04.total.science_education_full_cost,
			F04.total.disposal_full_cost,F04.total.remittance_full_cost,F04.total.subsidy_full_cost,F04.total.other_full_cost}',
			'{F04.total.hospital_full_full_cost}'),
		(17, 'F04 hospital full cost + kept by other departments = full cost of the runs', '{full}', '{F04.total.hospital_full_full_cost,kept}'),
		(18, 'F05 total = F03 total', '{F03.total.total_full_cost}', '{F05.total.total}'),
		(19, 'F05 cost items = total', '{F05.personnel.total,F05.materials.total,F05.drugs.total,F05.depreciation.total,F05.amortisation.total,
			F05.risk_fund.total,F05.other.total}', '{F05.total.total}'),
		(20, 'F05 income − cost = result', '{F05.income.total,-F05.total.total}', '{F05.result.total}'),
		(21, 'F05 income + income of other departments = HY02F1 income', '{HY02F1.income.period}', '{F05.income.total,income_elsewhere}'),
		(22, 'F06 direct cost = F01 total', '{F01.total.total}', '{F06.total.direct}'),
		(23, 'F06 full cost = F03 total + kept by other departments', '{F03.total.total_full_cost,kept_own}', '{F06.total.full}'),
		(24, 'F06 direct + levels + rounding = full cost', '{F06.total.direct,F06.total.level1,F06.total.level2,F06.total.level3,F06.total.rounding}',
			'{F06.total.full}'),
		(25, 'F06 level 1 received = sent', '{zero}', '{F06.total.level1}'), (26, 'F06 level 2 received = sent', '{zero}', '{F06.total.level2}'),
		(27, 'F06 level 3 received = sent', '{zero}', '{F06.total.level3}'),
		(40, 'full cost of the runs = their direct cost, to the cell unit', '{direct_rounded}', '{full}'),
		(28, 'F07 cost of a visit = F08 hospital', '{F08.total.medical}', '{F07.total.medical}'),
		(29, 'F08 total cost = visit_cost', '{visits}', '{F08.total.total_cost}'),
		(30, 'F09 cost of a bed-day = F10 hospital', '{F10.total.medical}', '{F09.total.medical}'),
		(31, 'F10 total cost = bed_day_cost', '{bed_days}', '{F10.total.total_cost}'),
		(32, 'F08 + F10 + clinical departments without a unit = F03 total', '{F03.total.total_full_cost}',
			'{F08.total.total_cost,F10.total.total_cost,without_unit}'),
		(33, 'HY02F1 income = charge_total', '{income}', '{HY02F1.income.period}'),
		(34, 'HY02F1 outpatient + inpatient + unassigned = income', '{HY02F1.outpatient_income.period,HY02F1.inpatient_income.period,
			HY02F1.unassigned_income.period}', '{HY02F1.income.period}'),
		(35, 'HY02F1 outpatient categories = outpatient income', '{HY02F1.outpatient_registration.period,HY02F1.outpatient_consultation.period,
			HY02F1.outpatient_examination.period,HY02F1.outpatient_laboratory.period,HY02F1.outpatient_treatment.period,
			HY02F1.outpatient_surgery.period,HY02F1.outpatient_materials.period,HY02F1.outpatient_drugs.period,
			HY02F1.outpatient_pharmacy_service.period,HY02F1.outpatient_other.period}', '{HY02F1.outpatient_income.period}'),
		(36, 'HY02F1 inpatient categories = inpatient income', '{HY02F1.inpatient_bed.period,HY02F1.inpatient_consultation.period,
			HY02F1.inpatient_examination.period,HY02F1.inpatient_laboratory.period,HY02F1.inpatient_treatment.period,
			HY02F1.inpatient_surgery.period,HY02F1.inpatient_nursing.period,HY02F1.inpatient_materials.period,HY02F1.inpatient_drugs.period,
			HY02F1.inpatient_pharmacy_service.period,HY02F1.inpatient_other.period}', '{HY02F1.inpatient_income.period}'),
		(37, 'HY02F1 cost by nature = F01 total', '{F01.total.total}', '{HY02F1.cost_total.period}'),
		(38, 'HY02F1 cost by function = by nature', '{HY02F1.cost_total.period}', '{HY02F1.operating.period,HY02F1.administration.period}'),
		(39, 'HY02F1 operating cost = F01 operating cost', '{F01.operating.total}', '{HY02F1.clinical.period,HY02F1.technical.period,
			HY02F1.auxiliary.period}'),
		(50, 'F11 items + idle + unmatched + excluded = pools after two levels', '{pool}', '{F11.total.total_cost,F11.idle.total_cost,
			F11.unmatched.total_cost,F11.excluded.total_cost}'),
		(51, 'F11 income − cost = result', '{F11.total.income,-F11.total.total_cost}', '{F11.total.result}'),
		(52, 'F12 diseases + no disease = cost of discharged patients', '{discharged_disease}', '{F12.total.total_cost,F12.failed.total_cost}'),
		(53, 'F12 drugs + billable materials + services = total', '{F12.total.drugs,F12.total.billable_materials,F12.total.services}',
			'{F12.total.total_cost}'),
		(54, 'F13 cost items = F12 total', '{F12.total.total_cost}', '{F13.total.personnel,F13.total.materials,F13.total.drugs,F13.total.depreciation,
			F13.total.amortisation,F13.total.risk_fund,F13.total.other}'),
		(55, 'F14 service units = F12 total', '{F12.total.total_cost}', '{F14.total.ward,F14.total.icu,F14.total.theatre,F14.total.examination,
			F14.total.laboratory,F14.total.drugs,F14.total.materials,F14.total.other_unit}'),
		(56, 'F15 groups + not grouped = cost of discharged patients', '{discharged_drg}', '{F15.total.total_cost,F15.failed.total_cost}'),
		(57, 'F15 cases = F12 cases', '{F12.total.cases,F12.failed.cases}', '{F15.total.cases,F15.failed.cases}'),
		(58, 'F16 cost items = F15 total', '{F15.total.total_cost}', '{F16.total.personnel,F16.total.materials,F16.total.drugs,F16.total.depreciation,
			F16.total.amortisation,F16.total.risk_fund,F16.total.other}'),
		(59, 'F17 service units = F15 total', '{F15.total.total_cost}', '{F17.total.ward,F17.total.icu,F17.total.theatre,F17.total.examination,
			F17.total.laboratory,F17.total.drugs,F17.total.materials,F17.total.other_unit}'),
		(60, 'F12 after discharge = cells of patients who had left before', '{late}', '{F12.late.total_cost}'),
		(61, 'F15 after discharge = F12 after discharge', '{F12.late.total_cost,F12.late.income}', '{F15.late.total_cost,F15.late.income}'))
	SELECT r.identity, e.amount, a.amount, CASE WHEN num_nulls(e.amount, a.amount) = 2 THEN 0 ELSE a.amount - e.amount END
	FROM rule r
	CROSS JOIN LATERAL (SELECT CASE WHEN count(*) = count(s.amount) THEN sum(CASE WHEN x.name LIKE '-%' THEN -s.amount ELSE s.amount END) END
		FROM unnest(r.expected) AS x (name) LEFT JOIN said s ON s.name = ltrim(x.name, '-')) e (amount)
	CROSS JOIN LATERAL (SELECT CASE WHEN count(*) = count(s.amount) THEN sum(CASE WHEN x.name LIKE '-%' THEN -s.amount ELSE s.amount END) END
		FROM unnest(r.actual) AS x (name) LEFT JOIN said s ON s.name = ltrim(x.name, '-')) a (amount)
	WHERE r.no < 50 OR EXISTS (SELECT FROM said s WHERE s.name = CASE WHEN r.no < 52 THEN 'costed' ELSE 'complete' END AND s.amount = 1)
	ORDER BY r.no;
END;
