-- One of the views visit_cost, bed_day_cost, three scopes side by side; the hospital (null) last.
SELECT coalesce(d.name, '全院 hospital') AS "科室 unit", to_char(m.quantity, '999,990') AS "工作量", to_char(m.unit_cost, '99,990.00') AS "医疗成本",
	to_char(f.unit_cost, '99,990.00') AS "医疗全成本", to_char(h.unit_cost, '99,990.00') AS "医院全成本",
	to_char(m.unit_cost_without_drugs, '99,990.00') AS "不含药", to_char(m.unit_cost_without_drugs_and_materials, '999,990.00') AS "不含药和材料",
	to_char(m.unit_income, '99,990.00') AS "收入", to_char(m.unit_result, 'S99,990.00') AS "收益"
FROM hospital_cost.:view m
JOIN hospital_cost.:view f ON f.run_id = m.run_id AND f.department_code IS NOT DISTINCT FROM m.department_code AND f.scope = 'medical_full'
JOIN hospital_cost.:view h ON h.run_id = m.run_id AND h.department_code IS NOT DISTINCT FROM m.department_code AND h.scope = 'hospital_full'
LEFT JOIN hospital_cost.department d ON d.code = m.department_code
WHERE m.scope = 'medical' AND m.run_id = :run
ORDER BY m.department_code;
