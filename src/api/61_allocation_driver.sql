-- 60 allocation: what a driver measures in a month. Loaded values win; revenue is counted from the ledger and workload from what happened.

CREATE OR REPLACE FUNCTION hospital_cost._counted_quantity(period date, driver text)
RETURNS TABLE (server_code text, receiver_code text, quantity numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN d.measure IS NULL THEN pd.code END, CASE d.measure WHEN 'performed' THEN pd.code WHEN 'ordered' THEN coalesce(od.code, pd.code) ELSE od.code END,
		sum(t.amount) * 0.01
	FROM hospital_cost.driver d
	JOIN hospital_cost._item_total t ON t.period = _counted_quantity.period
	JOIN hospital_cost.department pd ON pd.department_id = t.performing_id
	LEFT JOIN hospital_cost.department od ON od.department_id = t.ordering_id
	WHERE d.code = _counted_quantity.driver AND d.kind = 'revenue' AND (d.measure IS NOT NULL OR od.code IS NOT NULL)
	GROUP BY 1, 2
	HAVING sum(t.amount) <> 0
	UNION ALL
	SELECT NULL, w.department_code, w.quantity
	FROM hospital_cost.driver d
	JOIN hospital_cost.workload w ON w.period = _counted_quantity.period AND w.measure = d.measure
	WHERE d.code = _counted_quantity.driver AND d.kind = 'workload' AND w.quantity <> 0;
END;

CREATE OR REPLACE FUNCTION hospital_cost._driver_quantity(period date, driver text)
RETURNS TABLE (server_code text, receiver_code text, quantity numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT v.server_code, v.receiver_code, v.quantity
	FROM hospital_cost._driver_value v
	WHERE v.period = _driver_quantity.period AND v.driver_code = _driver_quantity.driver
	UNION ALL
	SELECT c.server_code, c.receiver_code, c.quantity
	FROM hospital_cost._counted_quantity(_driver_quantity.period, _driver_quantity.driver) c
	WHERE NOT EXISTS (SELECT FROM hospital_cost._driver_value v WHERE v.period = _driver_quantity.period AND v.driver_code = _driver_quantity.driver);
END;

COMMENT ON FUNCTION hospital_cost._counted_quantity(date, text) IS 'What a revenue or workload driver comes to by the ledger and the workload view';
COMMENT ON FUNCTION hospital_cost._driver_quantity(date, text) IS 'Values of a driver in a month: loaded, or for revenue and workload counted';
