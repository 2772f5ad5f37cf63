-- Activity-based cost (作业成本法) of 放射科 and 内镜中心: each examination is registered, done and reported; who does it for how many minutes was timed.
INSERT INTO hospital_cost.item_cost_method (department_code, method) VALUES (NULL, 'ratio_income'), ('YJ02', 'activity'), ('YJ05', 'activity');
INSERT INTO hospital_cost.activity (department_code, code, name, driver)
SELECT d, a.code, a.name, a.driver FROM unnest('{YJ02,YJ05}'::text[]) AS d,
	(VALUES ('A1', '预约登记', 'count'), ('A2', '检查操作', 'time'), ('A3', '诊断报告', 'difficulty')) AS a (code, name, driver);

-- register, examine and report: minutes of clerk, technician (nurse), physician; and how difficult the report is.
CREATE TABLE demo.timing (item text PRIMARY KEY, dept text, clerk numeric, technician numeric, physician numeric, difficulty numeric);
INSERT INTO demo.timing VALUES ('C0301', 'YJ02', 2, 9, 8, 2), ('C0302', 'YJ02', 3, 20, 14, 4), ('C0303', 'YJ02', 3, 26, 16, 5), ('C0304', 'YJ02', 2, 5, 3, 1),
	('C0305', 'YJ02', 3, 25, 20, 4), ('C0306', 'YJ02', 3, 25, 20, 4), ('C0331', 'YJ05', 4, 20, 14, 2), ('C0332', 'YJ05', 4, 32, 26, 3), ('C0333', 'YJ05', 4, 30, 24, 3),
	('C0336', 'YJ05', 5, 38, 32, 4), ('C0616', 'YJ05', 5, 45, 40, 5);
INSERT INTO hospital_cost.activity_item (department_code, activity_code, item_code, minutes, difficulty)
SELECT t.dept, a, t.item, CASE a WHEN 'A2' THEN t.technician ELSE 0 END, t.difficulty FROM demo.timing t, unnest('{A1,A2,A3}'::text[]) AS a;
INSERT INTO hospital_cost.activity_staff (department_code, activity_code, item_code, role, minutes)
SELECT t.dept, s.activity, t.item, s.role, s.minutes
FROM demo.timing t, LATERAL (VALUES ('A1', '登记员', t.clerk), ('A2', '技师', t.technician), ('A3', '医师', t.physician)) AS s (activity, role, minutes);

-- What staff can give in the month: as many minutes as were needed and some more, at any volume; nobody is busy all the time.
INSERT INTO hospital_cost.staff_rate (department_code, role, practical_minutes, personnel_cost)
SELECT s.department_code, s.role, greatest(round(sum(v.quantity * s.minutes) * w.spare), 1), round(w.cost * :factor, 2)
FROM hospital_cost.activity_staff s
JOIN hospital_cost.item_volume v ON v.period = '2025-03-01' AND v.department_code = s.department_code AND v.item_code = s.item_code
JOIN (VALUES ('YJ02', '登记员', 1.10, 42000), ('YJ02', '技师', 1.18, 260000), ('YJ02', '医师', 1.25, 310000), ('YJ05', '登记员', 1.40, 9000),
	('YJ05', '技师', 1.22, 62000), ('YJ05', '医师', 1.15, 96000)) AS w (dept, role, spare, cost) ON w.dept = s.department_code AND w.role = s.role
GROUP BY s.department_code, s.role, w.spare, w.cost;
INSERT INTO hospital_cost.activity_resource (department_code, activity_code, driver, quantity) VALUES
	('YJ02', NULL, 'equipment', 33000), ('YJ02', 'A1', 'equipment', 600), ('YJ02', 'A2', 'equipment', 27000), ('YJ02', 'A3', 'equipment', 1900),
	('YJ02', NULL, 'area', 1800), ('YJ02', 'A1', 'area', 220), ('YJ02', 'A2', 'area', 1150), ('YJ02', 'A3', 'area', 330),
	('YJ02', NULL, 'hours', 700), ('YJ02', 'A2', 'hours', 590),
	('YJ05', NULL, 'equipment', 3600), ('YJ05', 'A1', 'equipment', 60), ('YJ05', 'A2', 'equipment', 2900), ('YJ05', 'A3', 'equipment', 240),
	('YJ05', NULL, 'area', 440), ('YJ05', 'A1', 'area', 60), ('YJ05', 'A2', 'area', 280), ('YJ05', 'A3', 'area', 60),
	('YJ05', NULL, 'hours', 350), ('YJ05', 'A2', 'hours', 240);
