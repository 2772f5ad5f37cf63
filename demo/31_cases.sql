-- The records room (病案统计室) codes the front page of who left: the main procedure from the operation that was charged, and the group that procedure or
-- main diagnosis leads to. The pattern of the codes is that of CHS-DRG; names are shortened, weights and rates invented.

CREATE TABLE demo.operation (item text COLLATE "C" PRIMARY KEY, icd9 text, drg text);
INSERT INTO demo.operation VALUES ('C0602', '50.3', 'HB19'), ('C0603', '51.23', 'HC39'), ('C0604', '47.01', 'GD29'), ('C0605', '53.05', 'GE19'),
	('C0606', '79.35', 'IF39'), ('C0607', '81.52', 'IC29'), ('C0608', '60.29', 'MB19'), ('C0609', '56.0', 'LE19'), ('C0610', '01.24', 'BB29'),
	('C0611', '74.1', 'OB19'), ('C0612', '68.29', 'NC19'), ('C0613', '13.41', 'CB39'), ('C0614', '22.42', 'DD29'), ('C0615', '36.06', 'FM19'),
	('C0616', '45.43', 'GK39'), ('C0617', '88.41', 'BM19');
CREATE TABLE demo.medical (prefix text PRIMARY KEY, drg text);
INSERT INTO demo.medical VALUES ('I10', 'FV39'), ('I25', 'FR49'), ('I50', 'FR29'), ('J18', 'ES29'), ('J44', 'ET19'), ('J2', 'EX29'), ('J06', 'EX29'), ('K2', 'GW19'),
	('K5', 'GZ19'), ('K3', 'GZ19'), ('K4', 'GZ19'), ('A0', 'GW19'), ('K8', 'HU19'), ('I63', 'BR29'), ('G45', 'BR29'), ('R42', 'BZ19'), ('E11', 'KS19'), ('E05', 'KT19'),
	('N18', 'LR19'), ('S72', 'IR29'), ('S82', 'IR29'), ('M', 'IU29'), ('I69', 'BZ19'), ('N2', 'LX19'), ('N39', 'LX19'), ('N40', 'MS19'), ('I61', 'BR19'), ('S06', 'BY19'),
	('D32', 'BZ19'), ('O82', 'OS19'), ('D25', 'NS19'), ('N76', 'NS19'), ('H25', 'CS19'), ('J3', 'DT19'), ('H6', 'DT19');

INSERT INTO hospital_cost.payment_group (code, name, weight, failed) VALUES
	('HB19', '肝胆胰大手术', 3.10, false), ('HC39', '胆囊切除手术', 1.42, false), ('GD29', '阑尾切除术', 0.98, false), ('GE19', '疝手术', 0.92, false),
	('IF39', '下肢骨手术', 1.95, false), ('IC29', '髋、膝关节置换', 2.85, false), ('MB19', '前列腺手术', 1.46, false), ('LE19', '输尿管手术', 1.20, false),
	('BB29', '开颅手术', 4.30, false), ('OB19', '剖宫产术', 0.86, false), ('NC19', '子宫手术', 1.30, false), ('CB39', '晶体手术', 0.68, false),
	('DD29', '鼻窦手术', 0.88, false), ('FM19', '经皮冠状动脉支架植入', 2.05, false), ('GK39', '内镜下治疗', 0.80, false), ('BM19', '脑血管造影', 1.15, false),
	('FV39', '高血压', 0.55, false), ('FR49', '冠状动脉粥样硬化', 0.66, false), ('FR29', '心力衰竭', 0.96, false), ('ES29', '呼吸系统感染', 0.82, false),
	('ET19', '慢性气道阻塞病', 0.92, false), ('EX29', '急性支气管炎、上呼吸道感染', 0.43, false), ('GW19', '胃肠炎、溃疡', 0.48, false),
	('GZ19', '其他消化系统疾患', 0.58, false), ('HU19', '胆道疾患', 0.76, false), ('BR29', '脑缺血性疾患', 0.97, false), ('BR19', '颅内出血性疾患', 1.60, false),
	('BY19', '颅脑损伤', 1.10, false), ('BZ19', '其他神经系统疾患', 0.62, false), ('KS19', '糖尿病', 0.74, false), ('KT19', '内分泌疾患', 0.70, false),
	('LR19', '肾功能不全', 1.05, false), ('LX19', '泌尿系统疾患', 0.56, false), ('MS19', '男性生殖系统疾患', 0.60, false), ('IR29', '骨折', 0.78, false),
	('IU29', '颈腰背疾患', 0.72, false), ('OS19', '产科疾患', 0.48, false), ('NS19', '女性生殖系统疾患', 0.50, false), ('CS19', '眼部疾患', 0.45, false),
	('DT19', '耳鼻喉疾患', 0.46, false), ('0000', '未入组', 0, true), ('QY', '歧义组', 0, true);
-- 职工 and 居民 have a rate each; who pays himself has none.
INSERT INTO hospital_cost.payment_rate (kind, payer, rate) VALUES ('drg', '职工医保', 3900), ('drg', '居民医保', 3650);

-- About one in a hundred front pages is not good enough to be grouped.
UPDATE his.visit v SET oper_code = o.icd9, drg_code = CASE WHEN demo.u(hashtext(v.visit_no), 90) < 0.006 THEN '0000'
	WHEN demo.u(hashtext(v.visit_no), 90) < 0.01 THEN 'QY' ELSE coalesce(o.drg, (SELECT m.drg FROM demo.medical m
		WHERE starts_with(v.diag_code, m.prefix) ORDER BY length(m.prefix) DESC LIMIT 1), 'QY') END
FROM his.visit g LEFT JOIN (SELECT f.visit_no, min(f.item_code) AS item FROM his.fee_detail f
	WHERE f.item_code IN (SELECT p.item FROM demo.operation p) AND f.qty > 0 GROUP BY f.visit_no) c ON c.visit_no = g.visit_no
LEFT JOIN demo.operation o ON o.item = c.item
WHERE g.visit_no = v.visit_no AND g.visit_type = '住院' AND g.leave_time IS NOT NULL;

-- Diseases (病种) the hospital follows: a diagnosis, and where it matters the treatment.
INSERT INTO hospital_cost.disease (code, name, diagnosis_codes, procedure_codes) VALUES
	('B01', '急性阑尾炎，手术', '{K35}', '{47.0}'), ('B02', '急性阑尾炎，保守', '{K35}', NULL), ('B03', '胆囊结石，腹腔镜切除', '{K80}', '{51.23}'),
	('B04', '腹股沟疝，修补', '{K40}', '{53.0}'), ('B05', '冠心病，支架植入', '{I25}', '{36.06}'), ('B06', '冠心病，药物治疗', '{I25}', NULL),
	('B07', '脑梗死', '{I63}', NULL), ('B08', '肺炎', '{J18}', NULL), ('B09', '慢性阻塞性肺病', '{J44}', NULL), ('B10', '2型糖尿病', '{E11}', NULL),
	('B11', '剖宫产', '{O82}', '{74}'), ('B12', '股骨骨折，内固定', '{S72}', '{79.3}'), ('B13', '白内障，超声乳化', '{H25}', '{13.4}');
-- What a department is, for forms by service unit.
INSERT INTO hospital_cost.service_unit (department_code, kind, basis) VALUES ('BQ14', 'icu', 'bed_days'), ('YJ07', 'theatre', 'income'), ('YJ08', 'pharmacy', 'income');
