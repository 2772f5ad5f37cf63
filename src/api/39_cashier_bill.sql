-- 30 cashier: the patient's daily bill.

CREATE OR REPLACE FUNCTION hospital_cost._charge_category() RETURNS TABLE (category text, name text, name_en text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	VALUES ('01', '床位费', 'bed'), ('02', '诊察费', 'consultation'), ('03', '检查费', 'examination'), ('04', '化验费', 'laboratory'),
		('05', '治疗费', 'treatment'), ('06', '手术费', 'surgery'), ('07', '护理费', 'nursing'), ('08', '卫生材料费', 'materials'), ('09', '西药费', 'western medicine'),
		('10', '中药饮片费', 'Chinese herbs'), ('11', '中成药费', 'Chinese patent medicine'), ('12', '一般诊疗费', 'general service'),
		('13', '挂号费', 'registration'), ('14', '其他费', 'other');
END;

-- Net by item and price: what was given back on the day itself is not there. A line that comes to nothing is none. The patient's own part before any
-- fund pays (自费, 超限价, 先行自付) is as the insurer would class the line; who has no scheme pays all of it.
CREATE OR REPLACE FUNCTION hospital_cost._daily_bill_lines(encounter text, day date)
RETURNS TABLE (item_code text, name text, category text, insurance_class text, unit text, unit_price numeric, quantity numeric, amount numeric,
	own_amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH line AS (
		SELECT l.item_id, l.unit_price, sum(l.quantity) * 0.0001 AS quantity, sum(l.amount) * 0.01 AS amount FROM hospital_cost._ledger l
		WHERE l.encounter_code = encounter AND l.service_day = day GROUP BY l.item_id, l.unit_price HAVING sum(l.amount) <> 0 OR sum(l.quantity) <> 0
	), classed AS (
		SELECT r.item_id, r.unit_price, min(b.class) AS class, sum(b.fulamt_ownpay_amt + b.overlmt_amt + b.preselfpay_amt) AS own
		FROM hospital_cost.encounter e
		CROSS JOIN LATERAL hospital_cost._benefit_scheme(e.payer) s
		CROSS JOIN LATERAL hospital_cost._benefit_line(encounter, daterange(day, day + 1), s.code,
			CASE e.kind WHEN 'inpatient' THEN 'inpatient' ELSE 'outpatient' END, day) b
		JOIN hospital_cost._ledger r ON r.encounter_code = encounter AND r.service_day = day AND r.entry_id = b.entry_id
		WHERE e.code = encounter AND s.code IS NOT NULL GROUP BY r.item_id, r.unit_price
	)
	SELECT i.code, i.name, i.category, c.class, i.unit, l.unit_price * 0.000001, l.quantity, l.amount, coalesce(c.own, l.amount)
	FROM line l JOIN hospital_cost.charge_item i ON i.item_id = l.item_id
	LEFT JOIN classed c ON c.item_id = l.item_id AND c.unit_price = l.unit_price;
END;

CREATE OR REPLACE FUNCTION hospital_cost.daily_bill(encounter text, day date DEFAULT NULL)
RETURNS TABLE (row_no int, section text, code text, name text, name_en text, category text, insurance_class text, unit text, unit_price numeric,
	quantity numeric, amount numeric, own_amount numeric, bill_day date)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	on_day date := coalesce(day, (SELECT max(l.service_day) FROM hospital_cost._ledger l WHERE l.encounter_code = encounter));
	zone text := hospital_cost.hospital_timezone();
	charged numeric;
	p record;
BEGIN
	IF NOT EXISTS (SELECT FROM hospital_cost.encounter e WHERE e.code = encounter)
		AND NOT EXISTS (SELECT FROM hospital_cost._ledger l WHERE l.encounter_code = encounter) THEN
		RAISE EXCEPTION 'encounter is not known' USING ERRCODE = 'MC244',
			DETAIL = 'It has no charge and no row in hospital_cost.encounter.', HINT = 'Check the number that was asked for.';
	END IF;
	on_day := coalesce(on_day, hospital_cost.hospital_day(now()));
	SELECT coalesce(sum(l.amount), 0) * 0.01 INTO charged FROM hospital_cost._ledger l WHERE l.encounter_code = encounter AND l.service_day <= on_day;
	SELECT coalesce(sum(x.amount) FILTER (WHERE x.kind IN ('deposit', 'deposit_refund')), 0) AS deposits,
		coalesce(sum(x.amount) FILTER (WHERE x.kind IN ('payment', 'refund')), 0) AS payments INTO p
	FROM hospital_cost._payment x WHERE COALESCE(x.encounter_code, x.patient_code) = encounter AND x.encounter_code = encounter AND x.day <= on_day;
	RETURN QUERY
	WITH line AS MATERIALIZED (SELECT b.* FROM hospital_cost._daily_bill_lines(encounter, on_day) b), told AS (
		SELECT 1 AS part, '' AS category, 'ward' AS section, d.code, concat_ws(' ', d.name, s.bed) AS name, 'ward and bed' AS name_en, NULL::text AS shown,
			NULL::text AS class, NULL::text AS unit, NULL::numeric AS price, NULL::numeric AS quantity, NULL::numeric AS amount,
			NULL::numeric AS own, s.from_at AS at
		FROM hospital_cost.department_stay s JOIN hospital_cost.department d ON d.code = s.department_code
		WHERE s.encounter_code = encounter AND (s.from_at AT TIME ZONE zone)::date <= on_day
			AND (s.to_at IS NULL OR (s.to_at AT TIME ZONE zone)::date >= on_day)
		UNION ALL SELECT 2, b.category, 'item', b.item_code, b.name, NULL, b.category, b.insurance_class, b.unit, b.unit_price, b.quantity, b.amount,
			b.own_amount, NULL
		FROM line b
		UNION ALL SELECT 3, b.category, 'category', b.category, min(c.name), min(c.name_en), b.category, NULL, NULL, NULL, NULL, sum(b.amount),
			sum(b.own_amount), NULL
		FROM line b JOIN hospital_cost._charge_category() c ON c.category = b.category GROUP BY b.category
		UNION ALL SELECT v.part, '', v.section, NULL, v.name, v.name_en, NULL, NULL, NULL, NULL, NULL, v.amount, v.own, NULL
		FROM (VALUES (4, 'day', '本日合计', 'total of the day', (SELECT coalesce(sum(b.amount), 0) FROM line b),
				(SELECT coalesce(sum(b.own_amount), 0) FROM line b)),
			(5, 'to_date', '累计费用', 'charges to date', charged, NULL), (6, 'deposits', '预交金（已减退还）', 'deposits, net of what was given back', p.deposits, NULL),
			(7, 'payments', '已结付（已减退费）', 'payments, net of refunds', p.payments, NULL),
			(8, 'balance', '余额（负数为欠费）', 'balance; below zero is owed', p.deposits + p.payments - charged, NULL))
			AS v (part, section, name, name_en, amount, own)
	)
	SELECT (row_number() OVER (ORDER BY t.part, t.category COLLATE "C", t.at, t.code COLLATE "C", t.price))::int, t.section, t.code, t.name, t.name_en,
		t.shown, t.class, t.unit,
		round(t.price, 6), round(t.quantity, 4), round(t.amount, 2), round(t.own, 2), on_day
	FROM told t ORDER BY 1;
END $$;

COMMENT ON FUNCTION hospital_cost._charge_category() IS 'The fourteen national charge categories (收费项目类别), Chinese and English';
COMMENT ON FUNCTION hospital_cost._daily_bill_lines(text, date) IS 'Charges of an encounter and day, net by item and unit price, with insurance class and own part';
COMMENT ON FUNCTION hospital_cost.daily_bill(text, date) IS 'Daily bill (住院费用一日清单) of an encounter, yuan; day: null for the last one charged. Rows in order by section: ward (and bed), item (charges of the day net by item and price), category (subtotals), day, to_date, and up to the end of the day deposits, payments (both net of what was given back) and balance = deposits + payments − charges to date, as encounter_account tells it. insurance_class: 01 甲, 02 乙, 03 丙 by item_benefit; own_amount: the patient''s own before any fund pays (自费, 超限价, 先行自付), all of it for who has no scheme. No names of persons. MC244 unknown encounter';
