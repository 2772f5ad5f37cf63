-- 15 activity: workload, loaded or counted.

CREATE OR REPLACE VIEW hospital_cost.workload_value AS
SELECT w.period, w.department_code, w.measure, w.quantity FROM hospital_cost._workload_value w;

CREATE OR REPLACE FUNCTION hospital_cost._write_workload_value() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		PERFORM hospital_cost._period_guard(OLD.period);
		DELETE FROM hospital_cost._workload_value w
		WHERE w.period = OLD.period AND w.department_code = OLD.department_code AND w.measure = OLD.measure;
	END IF;
	IF TG_OP = 'DELETE' THEN
		RETURN OLD;
	END IF;
	PERFORM hospital_cost._period_guard(NEW.period);
	INSERT INTO hospital_cost._workload_value (period, department_code, measure, quantity)
	VALUES (NEW.period, NEW.department_code, NEW.measure, NEW.quantity);
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER write_workload_value INSTEAD OF INSERT OR UPDATE OR DELETE ON hospital_cost.workload_value
	FOR EACH ROW EXECUTE FUNCTION hospital_cost._write_workload_value();

-- Occupied bed-days (实际占用床日): the midnights a patient is in the ward, each counted for the day it ends; days still to
-- come do not count. Admitted and gone on one day: one bed-day, in the last ward.
CREATE OR REPLACE VIEW hospital_cost._bed_day AS
WITH zone AS MATERIALIZED (SELECT hospital_cost.hospital_timezone() AS name),
local_stay AS (
	SELECT s.encounter_code, s.department_code, s.from_at,
		(s.from_at AT TIME ZONE z.name)::date AS first_day,
		(least(s.to_at, greatest(now(), s.from_at)) AT TIME ZONE z.name)::date AS last_day
	FROM hospital_cost.department_stay s
	JOIN hospital_cost.encounter e ON e.code = s.encounter_code AND e.status = 'active' AND e.kind = 'inpatient'
	CROSS JOIN zone z
	WHERE s.from_at <= now()
)
SELECT l.department_code, m.month::date AS period,
	(least(l.last_day, (m.month + interval '1 month')::date) - greatest(l.first_day, m.month::date))::numeric AS days
FROM local_stay l
CROSS JOIN LATERAL generate_series(date_trunc('month', l.first_day::timestamp), (l.last_day - 1)::timestamp, interval '1 month') AS m (month)
WHERE l.last_day > l.first_day
UNION ALL
SELECT (array_agg(l.department_code ORDER BY l.from_at DESC))[1], date_trunc('month', min(l.first_day)::timestamp)::date, 1
FROM local_stay l
JOIN hospital_cost.encounter e ON e.code = l.encounter_code AND e.ended_at IS NOT NULL
GROUP BY l.encounter_code
HAVING min(l.first_day) = max(l.last_day);

CREATE OR REPLACE VIEW hospital_cost.workload AS
WITH zone AS (SELECT hospital_cost.hospital_timezone() AS name),
counted AS (
	SELECT date_trunc('month', e.started_at AT TIME ZONE z.name)::date AS period, e.department_code,
		CASE WHEN e.kind = 'checkup' THEN 'checkups' WHEN e.kind = 'inpatient' THEN 'admissions' ELSE 'visits' END AS measure,
		count(*)::numeric AS quantity
	FROM hospital_cost.encounter e CROSS JOIN zone z
	WHERE e.status = 'active'
	GROUP BY 1, 2, 3
	UNION ALL
	SELECT date_trunc('month', e.ended_at AT TIME ZONE z.name)::date, coalesce(last_ward.department_code, e.department_code),
		'discharges', count(*)
	FROM hospital_cost.encounter e CROSS JOIN zone z
	LEFT JOIN (SELECT DISTINCT ON (s.encounter_code) s.encounter_code, s.department_code
		FROM hospital_cost.department_stay s ORDER BY s.encounter_code, s.from_at DESC) last_ward ON last_ward.encounter_code = e.code
	WHERE e.status = 'active' AND e.kind = 'inpatient' AND e.ended_at IS NOT NULL
	GROUP BY 1, 2
	UNION ALL
	SELECT b.period, b.department_code, 'bed_days', sum(b.days)
	FROM hospital_cost._bed_day b
	GROUP BY 1, 2
)
SELECT coalesce(w.period, c.period)::hospital_cost.period_month AS period,
	coalesce(w.department_code, c.department_code) AS department_code,
	coalesce(w.measure, c.measure) AS measure,
	coalesce(w.quantity, c.quantity)::numeric(16,4) AS quantity,
	CASE WHEN w.period IS NULL THEN 'counted' ELSE 'loaded' END AS origin
FROM counted c
FULL JOIN hospital_cost._workload_value w
	ON w.period = c.period AND w.department_code = c.department_code AND w.measure = c.measure;

COMMENT ON TABLE hospital_cost.encounter IS 'Encounter (就诊): an outpatient or emergency visit, an inpatient stay or a check-up, with the department that answers for it';
COMMENT ON COLUMN hospital_cost.encounter.status IS 'cancelled (退号) encounters count in no workload';
COMMENT ON COLUMN hospital_cost.encounter.procedure_code IS 'Main operation or procedure (主要手术操作), ICD-9-CM-3 as the hospital codes it; null: none, or not told';
COMMENT ON TABLE hospital_cost.department_stay IS 'Ward stay (科室住院段): which department housed the patient from when to when; to_at null while he is there; stays of one encounter never overlap (23P01)';
COMMENT ON TABLE hospital_cost._workload_value IS 'Loaded workload, behind the view workload_value';
COMMENT ON VIEW hospital_cost.workload_value IS 'Workload as loaded by the hospital (工作量): period, department, measure (visits, bed_days, discharges …), quantity. Writable while the period is not closed (MC001)';
COMMENT ON VIEW hospital_cost._bed_day IS 'Occupied bed-days by stay and month, before adding up';
COMMENT ON VIEW hospital_cost.workload IS 'Workload (工作量) by period, department and measure: visits 门急诊人次, bed_days 实际占用床日 (occupied at 24:00), discharges 出院人次, admissions 入院人次, checkups 体检人次. Loaded figures win over counted ones, see origin';
COMMENT ON FUNCTION hospital_cost._write_workload_value() IS 'INSTEAD OF trigger: writes workload of a period that is not closed (MC001)';
COMMENT ON COLUMN hospital_cost.encounter.source_id IS 'Attached table that the row follows; null if it was written by hand';
COMMENT ON COLUMN hospital_cost.department_stay.source_id IS 'Attached table that the row follows; null if it was written by hand';
COMMENT ON COLUMN hospital_cost.department_stay.source_key IS 'Key of its row there';
COMMENT ON TABLE hospital_cost.service_use IS 'Service use (服务使用): theatre minutes, ICU hours, machine hours; drivers of service cost, and what rules hold charged hours against';
COMMENT ON COLUMN hospital_cost.service_use.source_id IS 'Attached table that the row follows; 0 if it was written by hand';
COMMENT ON COLUMN hospital_cost.service_use.resource IS 'What was used (资源): a theatre, a bed with monitor, a machine, as the hospital codes it';
COMMENT ON COLUMN hospital_cost.service_use.quantity IS 'How much (使用量), in unit; four decimals';
COMMENT ON TABLE hospital_cost.order_line IS 'Order line (医嘱): what was ordered for an encounter, checked by a nurse and executed; rules hold charges against it';
COMMENT ON COLUMN hospital_cost.order_line.source_id IS 'Attached table that the row follows; 0 if it was written by hand';
COMMENT ON COLUMN hospital_cost.order_line.item_code IS 'What was ordered (医嘱项目), as the hospital codes it; need not be a charge item';
COMMENT ON COLUMN hospital_cost.order_line.quantity IS 'Dose or quantity of one execution (单次剂量或数量), in unit';
COMMENT ON COLUMN hospital_cost.order_line.frequency IS 'Frequency (频次) in the hospital''s words, such as bid; times_per_day says it as a number';
COMMENT ON COLUMN hospital_cost.order_line.executed_quantity IS 'Quantity carried out in all (已执行数量), as recorded';
COMMENT ON COLUMN hospital_cost.order_line.nurse_checked_at IS 'When a nurse checked it (护士审核时间); null: not yet';
COMMENT ON TABLE hospital_cost.stock IS 'Stock (库存): what pharmacies and stores hold, and what they received or issued';
COMMENT ON COLUMN hospital_cost.stock.source_id IS 'Attached table that the row follows; 0 if it was written by hand';
COMMENT ON COLUMN hospital_cost.stock.kind IS 'on_hand 现存量, received 入库, issued 出库';
COMMENT ON COLUMN hospital_cost.stock.as_of IS 'When it was counted or moved (时点); null: as the attached table stands now';
