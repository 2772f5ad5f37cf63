-- The hospital and its cost units (科室单元). The schema demo holds what the generator needs to know; it is dropped after loading.

CREATE SCHEMA demo;

-- Uniform number in [0, 1) for a key and a salt, the same on every run: a hash, no generator with a state, so that neither row
-- order nor plan nor locale changes a figure. psql puts the seed in.
CREATE FUNCTION demo.u(key bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((pg_catalog.hashint8extended(key * 512 + salt, :seed) >> 11) & 9007199254740991)::float8 / 9007199254740992;

-- Largest-remainder split of an amount in cents by weights: one share an element, the sum exact.
CREATE FUNCTION demo.split(amount numeric, weights numeric[]) RETURNS numeric[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH w AS (
		SELECT i, floor(amount * 100 * x / t.total) AS cents, amount * 100 * x / t.total - floor(amount * 100 * x / t.total) AS rest
		FROM unnest(weights) WITH ORDINALITY AS q (x, i), LATERAL (SELECT sum(y) AS total FROM unnest(weights) AS y) t
	), ranked AS (
		SELECT i, cents, row_number() OVER (ORDER BY rest DESC, i) AS rank, amount * 100 - sum(cents) OVER () AS missing FROM w
	)
	SELECT array_agg((cents + CASE WHEN rank <= missing THEN 1 ELSE 0 END) / 100 ORDER BY i) FROM ranked;
END;

-- tag: specialty. visits, admissions: a month at factor 1. los: mean nights. operated: share of stays with surgery.
-- heads, area: people and m². wage: pay index. equipment: monthly depreciation, materials: not billed, in thousand yuan.
CREATE TABLE demo.unit (code text COLLATE "C" PRIMARY KEY, name text, class text, setting text, tag text, visits int,
	admissions int, los numeric, operated numeric, heads int, area int, wage numeric, equipment numeric, materials numeric);
INSERT INTO demo.unit VALUES
	('MZ01', '心血管内科门诊', 'clinical', 'outpatient', 'card', 1150, 0, 0, 0, 8, 260, 1.15, 3, 2),
	('MZ02', '呼吸内科门诊', 'clinical', 'outpatient', 'resp', 1100, 0, 0, 0, 8, 240, 1.15, 3, 2),
	('MZ03', '消化内科门诊', 'clinical', 'outpatient', 'gi', 1050, 0, 0, 0, 7, 230, 1.15, 2, 2),
	('MZ04', '神经内科门诊', 'clinical', 'outpatient', 'neuro', 950, 0, 0, 0, 7, 230, 1.15, 2, 2),
	('MZ05', '内分泌肾病门诊', 'clinical', 'outpatient', 'endo', 1050, 0, 0, 0, 7, 220, 1.15, 2, 2),
	('MZ06', '普外科门诊', 'clinical', 'outpatient', 'surg', 850, 0, 0, 0, 7, 240, 1.15, 3, 5),
	('MZ07', '骨科门诊', 'clinical', 'outpatient', 'ortho', 950, 0, 0, 0, 8, 260, 1.15, 3, 7),
	('MZ08', '泌尿外科门诊', 'clinical', 'outpatient', 'uro', 600, 0, 0, 0, 5, 180, 1.15, 3, 3),
	('MZ09', '妇产科门诊', 'clinical', 'outpatient', 'obgyn', 1400, 0, 0, 0, 11, 420, 1.15, 6, 8),
	('MZ10', '儿科门诊', 'clinical', 'outpatient', 'ped', 1500, 0, 0, 0, 10, 380, 1.15, 4, 5),
	('MZ11', '眼科门诊', 'clinical', 'outpatient', 'eye', 800, 0, 0, 0, 7, 260, 1.15, 16, 4),
	('MZ12', '耳鼻喉科门诊', 'clinical', 'outpatient', 'ent', 800, 0, 0, 0, 7, 240, 1.15, 10, 4),
	('MZ13', '口腔科门诊', 'clinical', 'outpatient', 'dental', 750, 0, 0, 0, 9, 320, 1.15, 14, 14),
	('MZ14', '皮肤科门诊', 'clinical', 'outpatient', 'derm', 750, 0, 0, 0, 5, 180, 1.15, 6, 3),
	('MZ15', '中医康复门诊', 'clinical', 'outpatient', 'tcm', 500, 0, 0, 0, 6, 260, 1.10, 3, 2),
	('MZ16', '急诊科', 'clinical', 'emergency', 'ed', 1300, 0, 0, 0, 26, 900, 1.20, 18, 14),
	('BQ01', '心血管内科病区', 'clinical', 'inpatient', 'card', 0, 380, 8.2, 0.16, 44, 2100, 1.10, 16, 22),
	('BQ02', '呼吸内科病区', 'clinical', 'inpatient', 'resp', 0, 360, 8.5, 0.00, 42, 2050, 1.10, 15, 24),
	('BQ03', '消化内科病区', 'clinical', 'inpatient', 'gi', 0, 300, 7.5, 0.08, 34, 1600, 1.10, 9, 18),
	('BQ04', '神经内科病区', 'clinical', 'inpatient', 'neuro', 0, 340, 9.5, 0.04, 44, 2150, 1.10, 13, 22),
	('BQ05', '内分泌肾病病区', 'clinical', 'inpatient', 'endo', 0, 220, 9.0, 0.00, 28, 1350, 1.10, 8, 14),
	('BQ06', '普外科病区', 'clinical', 'inpatient', 'surg', 0, 360, 7.2, 0.74, 42, 1900, 1.15, 13, 30),
	('BQ07', '骨科病区', 'clinical', 'inpatient', 'ortho', 0, 290, 11.0, 0.68, 44, 2150, 1.15, 13, 32),
	('BQ08', '泌尿外科病区', 'clinical', 'inpatient', 'uro', 0, 190, 6.8, 0.66, 22, 950, 1.15, 12, 16),
	('BQ09', '神经外科病区', 'clinical', 'inpatient', 'neuros', 0, 100, 12.0, 0.52, 24, 900, 1.18, 13, 16),
	('BQ10', '妇产科病区', 'clinical', 'inpatient', 'obgyn', 0, 380, 5.2, 0.60, 42, 1700, 1.12, 14, 26),
	('BQ11', '儿科病区', 'clinical', 'inpatient', 'ped', 0, 330, 5.5, 0.00, 34, 1300, 1.12, 9, 16),
	('BQ12', '五官科病区', 'clinical', 'inpatient', 'head', 0, 160, 4.5, 0.80, 16, 650, 1.12, 15, 12),
	('BQ13', '中医康复病区', 'clinical', 'inpatient', 'tcm', 0, 90, 14.0, 0.00, 20, 1100, 1.05, 10, 6),
	('BQ14', '重症医学科 ICU', 'clinical', 'inpatient', 'icu', 0, 0, 0, 0, 34, 900, 1.25, 52, 40),
	('YJ01', '检验科', 'technical', 'none', NULL, 0, 0, 0, 0, 34, 1400, 1.05, 120, 520),
	('YJ02', '放射科', 'technical', 'none', NULL, 0, 0, 0, 0, 30, 1800, 1.05, 330, 60),
	('YJ03', '超声科', 'technical', 'none', NULL, 0, 0, 0, 0, 17, 600, 1.05, 62, 9),
	('YJ04', '心电功能科', 'technical', 'none', NULL, 0, 0, 0, 0, 10, 320, 1.00, 16, 4),
	('YJ05', '内镜中心', 'technical', 'none', NULL, 0, 0, 0, 0, 9, 440, 1.10, 36, 16),
	('YJ06', '病理科', 'technical', 'none', NULL, 0, 0, 0, 0, 9, 360, 1.05, 18, 16),
	('YJ07', '手术麻醉科', 'technical', 'none', NULL, 0, 0, 0, 0, 44, 2200, 1.20, 130, 96),
	('YJ08', '药学部', 'technical', 'none', NULL, 0, 0, 0, 0, 32, 1300, 0.95, 14, 5),
	('YJ09', '输血科', 'technical', 'none', NULL, 0, 0, 0, 0, 5, 180, 1.00, 5, 10),
	('YJ10', '血液净化中心', 'technical', 'none', NULL, 0, 0, 0, 0, 14, 700, 1.08, 30, 66),
	('YF01', '消毒供应中心', 'auxiliary', 'none', NULL, 0, 0, 0, 0, 14, 800, 0.78, 22, 18),
	('YF02', '门诊挂号收费处', 'auxiliary', 'none', NULL, 0, 0, 0, 0, 21, 240, 0.78, 3, 1),
	('YF03', '住院结算处', 'auxiliary', 'none', NULL, 0, 0, 0, 0, 9, 120, 0.80, 2, 1),
	('YF04', '病案统计室', 'auxiliary', 'none', NULL, 0, 0, 0, 0, 8, 300, 0.80, 3, 1),
	('XZ01', '院办公室', 'administrative', 'none', NULL, 0, 0, 0, 0, 12, 480, 1.10, 3, 0),
	('XZ02', '医务科', 'administrative', 'none', NULL, 0, 0, 0, 0, 8, 200, 1.10, 1, 0),
	('XZ03', '护理部', 'administrative', 'none', NULL, 0, 0, 0, 0, 6, 160, 1.10, 1, 0),
	('XZ04', '财务科', 'administrative', 'none', NULL, 0, 0, 0, 0, 13, 260, 1.00, 2, 0),
	('XZ05', '人事科', 'administrative', 'none', NULL, 0, 0, 0, 0, 7, 160, 1.00, 1, 0),
	('XZ06', '信息科', 'administrative', 'none', NULL, 0, 0, 0, 0, 10, 280, 1.05, 26, 0),
	('XZ07', '总务科', 'administrative', 'none', NULL, 0, 0, 0, 0, 22, 1900, 0.70, 18, 0),
	('XZ08', '保卫科', 'administrative', 'none', NULL, 0, 0, 0, 0, 15, 140, 0.62, 2, 0);

INSERT INTO hospital_cost.hospital (code, name, level) VALUES ('H320001', '示范市人民医院', '三级乙等');
INSERT INTO hospital_cost.department (code, name, class, setting)
SELECT u.code, u.name, u.class, u.setting FROM demo.unit u ORDER BY u.code;
