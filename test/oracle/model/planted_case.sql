-- The cases of planted.sql: items, knowledge, and per case a patient, his lines, and after each line what must be found of it.

-- What is deterministic on what is charged and paid. Others need records that a hospital may not have, or are statistics.
CREATE TABLE plant.deterministic AS SELECT unnest('{CA01,CA02,CA03,CA04,CA06,CA07,CA08,CA10,CA11,CA12,CA13,CA14,CA15,CA16,CA17,CA18,CA19,CA20,CA21,CA22,CA23,CA24,CA25,CA30,CA31,
	CA32,CA33,CA35,CA38,CA40,CA42,CA43,CA45,CA46,CA47,CA48}'::text[]) AS rule;

-- National codes are those of the lists that load_defaults() brings; the hospital has its own codes for them.
INSERT INTO plant.item VALUES ('plain1', 10, NULL), ('plain2', 10, NULL), ('listed', NULL, NULL),
	('bed', 10, '001109000010000'), ('icubed', 10, '001109000030000'), ('nursing1', 10, '001201000030000'), ('nursing2', 10, '001201000040000'), ('round', 10, '001102000050000'),
	('watch', 10, '001103000010000'), ('visitfee', 10, '001102000030000'), ('liver', 10, '003310050180000'), ('lobe', 10, '003310050140400'),
	('suction', 10, '001209000010000'), ('ecg', 10, '003107010220000'), ('balance', 10, '003104010220000'), ('speech', 10, '003402000350000'),
	('walking', 10, '003402000210000'), ('deferent', 10, '002101030290000'), ('caries', 10, '001302000010000'), ('working', 10, '003402000320000'),
	('sewing', 10, NULL), ('thread', 10, NULL), ('op1', 1000, NULL), ('op2', 800, NULL), ('op3', 600, NULL), ('whole', 15, NULL), ('part1', 10, NULL), ('part2', 10, NULL), ('part3', 10, NULL),
	('panel', 25, NULL), ('test1', 10, NULL), ('test2', 10, NULL), ('test3', 10, NULL), ('admission', 10, NULL), ('tube', 10, NULL), ('infusion', 10, NULL), ('theatre2', 10, NULL), ('emergency', 10, NULL),
	('heart', 10, NULL), ('insured', 10, NULL), ('oxygen', 10, NULL), ('plainct', 10, NULL), ('contrastct', 10, NULL), ('computed', 10, NULL), ('monthly', 10, NULL), ('hourly', 10, NULL);
INSERT INTO hospital_cost.item_pair (rule_code, item_a, item_b, "window", relation) VALUES ('CA03', 'sewing', 'thread', 'DAY', 'exclude'), ('CA33', 'contrastct', 'plainct', 'ROLL_6H', 'exclude'),
	('CA16', 'tube', 'infusion', 'ENCOUNTER', 'quantity');
INSERT INTO hospital_cost.surgery_group (group_code, item_code, discount_share) VALUES ('belly', 'op1', 0.5), ('belly', 'op2', 0.5), ('belly', 'op3', 0.5);
INSERT INTO hospital_cost.item_bundle (rule_code, bundle_item, part_item, min_parts) VALUES ('CA07', 'whole', 'part1', 2), ('CA07', 'whole', 'part2', 2), ('CA07', 'whole', 'part3', 2),
	('CA08', 'panel', 'test1', 3), ('CA08', 'panel', 'test2', 3), ('CA08', 'panel', 'test3', 3);
INSERT INTO hospital_cost.item_limit (rule_code, item_code, "window", max_quantity) VALUES ('CA12', 'admission', 'ENCOUNTER', 1), ('CA25', 'oxygen', 'DAY', 24), ('CA35', 'computed', 'LINE', 0),
	('CA13', 'monthly', 'MONTH', 2), ('CA11', 'hourly', 'HOUR', 1);
INSERT INTO hospital_cost.item_limit (rule_code, item_code, departments, encounter_kinds, diagnoses, payers) VALUES ('CA20', 'theatre2', '{T2}', NULL, NULL, NULL), ('CA20', 'emergency', NULL, '{emergency}', NULL, NULL),
	('CA20', 'heart', NULL, NULL, '{I21}', NULL), ('CA20', 'insured', NULL, NULL, NULL, '{职工医保}');

CREATE TABLE plant.case (rule text, name text, lines text, kind text DEFAULT 'outpatient', admitted int, discharged int, sex text, age interval, birthday_in int,
	payer text, diagnosis text, department text, only_from date, PRIMARY KEY (rule, name));
INSERT INTO plant.case (rule, name, lines) VALUES
	('CA01', 'day', 'watch 1 - 0 00:00; visitfee 1 - 0 23:59:59 !CA01:1:10'),
	('CA01', 'day, contained first', 'visitfee 2 - 0 23:59:59 !CA01:2:20; watch 1 - 0 00:00'),
	('CA01', 'a second apart, two days', 'watch 1 - 0 23:59:59; visitfee 1 - 1 00:00; visitfee 1 - -1 23:59:59'),
	('CA01', 'given back', 'visitfee 1 - 0 10:00; watch 1 - 0 10:00; back 1 - 1 00:00'),
	('CA01', 'one visit', 'liver 1 - 0 10:00; lobe 1 - 1 10:00 !CA01:1:10'),
	('CA01', 'two visits', 'liver 1 - 0 10:00; 2/lobe 1 - 0 10:00'),
	('CA02', 'twice a day', 'plain1 1 - 0 00:00; plain1 1 - 0 23:59:59 !CA02:1:10; plain1 2 - 0 12:00 !CA02:2:20'),
	('CA02', 'a second apart, two days', 'plain1 1 - 0 23:59:59; plain1 1 - 1 00:00; plain2 1 - 1 00:00; 2/plain1 1 - 0 23:59:59'),
	('CA02', 'given back between', 'plain1 1 - 0 10:00; back 1 - 0 10:00; plain1 1 - 0 10:00'),
	('CA03', 'day', 'sewing 1 - 0 00:00; thread 3 - 0 23:59:59 !CA03:3:30'),
	('CA03', 'two days', 'sewing 1 - 0 23:59:59; thread 3 - 1 00:00'),
	('CA06', 'not discounted', 'op1 1 1000 0 00:00; op2 1 800 0 23:59:59 !CA06:1:400'),
	('CA06', 'a cent too much', 'op2 1 400.01 0 00:00 !CA06:1:0.01; op1 1 1000 0 23:59:59; op3 1 300 0 12:00'),
	('CA06', 'discounted', 'op3 1 300 0 00:00; op1 1 1000 0 23:59:59; op2 1 400 0 12:00'),
	('CA06', 'two days', 'op1 1 1000 0 23:59:59; op2 1 800 1 00:00; 2/op3 1 600 0 23:59:59'),
	('CA07', 'parts dearer', 'part1 1 - 0 00:00; part2 1 - 0 23:59:59 !CA07:1:5'),
	('CA07', 'a cent dearer', 'part1 1 - 0 00:00; part2 1 5.01 0 23:59:59 !CA07:1:0.01'),
	('CA07', 'as dear', 'part1 1 - 0 00:00; part2 1 5 0 23:59:59'),
	('CA07', 'two days', 'part1 1 - 0 23:59:59; part2 1 - 1 00:00'),
	('CA07', 'bundle charged', 'part1 1 - 0 00:00; part2 1 - 0 23:59:59; whole 1 - 0 12:00'),
	('CA08', 'panel', 'test1 1 - 0 00:00; test2 1 - 0 12:00; test3 1 - 0 23:59:59 !CA08:1:5'),
	('CA08', 'two of three', 'test1 1 - 0 00:00; test2 2 - 0 12:00'),
	('CA08', 'third the next day', 'test1 1 - 0 00:00; test2 1 - 0 12:00; test3 1 - 1 00:00'),
	('CA10', 'twice a day', 'suction 2 - 0 23:59:59 !CA10:1:10'),
	('CA10', 'a little more', 'suction 1.0001 - 0 00:00 !CA10:0.0001:0'),
	('CA10', 'once, each day', 'suction 1 - 0 23:59:59; suction 1 - 1 00:00'),
	('CA11', 'a day of 25 hours', 'ecg 25 - 0 00:00 !CA11:1:10'),
	('CA11', '24 hours each day', 'ecg 24 - 0 23:59:59; ecg 24 - 1 00:00'),
	('CA11', 'clock hour', 'hourly 1 - 0 23:59:59; hourly 1.5 - 1 00:00 !CA11:0.5:5; 2/hourly 1 - 0 00:00; 2/hourly 0.5 - 0 00:59:59 !CA11:0.5:5 !CA02:0.5:5'),
	('CA12', 'twice a visit', 'admission 1 - 0 00:00; admission 1 - 1 00:00 !CA12:1:10'),
	('CA12', 'two visits', 'admission 1 - 0 00:00; 2/admission 1 - 1 00:00'),
	('CA13', 'six days between', 'speech 1 - 0 23:59:59; speech 1 - 6 00:00 !CA13:1:10'),
	('CA13', 'six days between, another visit', 'speech 1 - 0 23:59:59; 2/speech 1 - 6 00:00 !CA13:1:10'),
	('CA13', 'seven days between', 'speech 1 - 0 23:59:59; 2/speech 1 - 7 00:00'),
	('CA13', 'thirteen days', 'balance 1 - 0 00:00; 2/balance 1 - 13 23:59:59 !CA13:1:10'),
	('CA13', 'fourteen days', 'balance 1 - 0 23:59:59; 2/balance 1 - 14 00:00'),
	('CA16', 'more', 'infusion 2 - 0 00:00; tube 2.5 - 3 23:59:59 !CA16:0.5:5'),
	('CA16', 'as many', 'tube 2 - 0 00:00; infusion 2 - 3 23:59:59'),
	('CA17', 'two levels a day', 'nursing1 1 - 0 00:00; nursing2 1 - 0 23:59:59 !CA17:1:10'),
	('CA17', 'two days', 'nursing1 1 - 0 23:59:59; nursing2 1 - 1 00:00'),
	('CA25', 'more than a day', 'oxygen 20 - 0 00:00; oxygen 4.0001 - 0 23:59:59 !CA25:0.0001:0 !CA02:4.0001:40'),
	('CA25', 'a day', 'oxygen 24 - 0 23:59:59; oxygen 24 - 1 00:00'),
	('CA33', 'six hours less a second', 'contrastct 1 - 0 22:00; plainct 1 - 1 03:59:59 !CA33:1:10'),
	('CA33', 'six hours', 'contrastct 1 - 0 22:00; plainct 1 - 1 04:00'),
	('CA35', 'charged', 'computed 1 - 0 00:00 !CA35:1:10'),
	('CA35', 'given back', 'computed 1 - 0 00:00; back 1 - 0 00:00');
INSERT INTO plant.case (rule, name, lines, only_from) VALUES
	('CA04', 'a cent above the list', 'listed 1 20.01 0 23:59:59 !CA04:0:0.01; 2/listed 3 25 0 00:00 !CA04:0:15', NULL),
	('CA04', 'the list price', 'listed 1 20 0 23:59:59; 2/listed 1 19 0 00:00', NULL),
	('CA04', 'the new price a second too soon', 'listed 1 25 0 23:59:59 !CA04:0:5', '2025-03-31'),
	('CA04', 'above the ceiling of the new list', 'listed 1 30 1 00:00 !CA04:0:5; 2/listed 1 25 1 00:00', '2025-03-31'),
	('CA13', 'three a month', 'monthly 2 - 0 00:00; 2/monthly 1 - 19 23:59:59 !CA13:1:10', '2025-03-12'),
	('CA13', 'two each month', 'monthly 2 - 0 23:59:59; 2/monthly 2 - 1 00:00', '2025-03-31');
INSERT INTO plant.case (rule, name, lines, sex, age, birthday_in) VALUES
	('CA18', 'the other sex', 'deferent 1 - 0 00:00 !CA18:1:10', 'F', NULL, NULL),
	('CA18', 'his own', 'deferent 1 - 0 00:00', 'M', NULL, NULL),
	('CA18', 'nobody knows', 'deferent 1 - 0 00:00', 'U', NULL, NULL),
	('CA19', 'eighteen today', 'caries 1 - 0 00:00 !CA19:1:10', 'F', '18 years', 0),
	('CA19', 'eighteen tomorrow', 'caries 1 - 0 23:59:59; caries 1 - 1 00:00 !CA19:1:10', 'F', '18 years', 1),
	('CA19', 'sixteen tomorrow', 'working 1 - 0 23:59:59 !CA19:1:10; working 1 - 1 00:00', 'F', '16 years', 1),
	('CA19', 'sixty-one today', 'working 1 - 0 00:00 !CA19:1:10', 'F', '61 years', 0),
	('CA19', 'sixty-one tomorrow', 'working 1 - 0 23:59:59', 'F', '61 years', 1),
	('CA19', 'age unknown', 'working 1 - 0 23:59:59', 'F', NULL, 0);
INSERT INTO plant.case (rule, name, lines, kind, payer, diagnosis, department) VALUES
	('CA20', 'another department', 'theatre2 1 - 0 00:00 !CA20:1:10', 'outpatient', NULL, NULL, 'T1'),
	('CA20', 'its department', 'theatre2 1 - 0 00:00', 'outpatient', NULL, NULL, 'T2'),
	('CA20', 'another kind of visit', 'emergency 1 - 0 00:00 !CA20:1:10', 'outpatient', NULL, NULL, NULL),
	('CA20', 'its kind of visit', 'emergency 1 - 0 00:00', 'emergency', NULL, NULL, NULL),
	('CA20', 'another diagnosis', 'heart 1 - 0 00:00 !CA20:1:10', 'outpatient', NULL, 'I20.9', NULL),
	('CA20', 'its diagnosis', 'heart 1 - 0 00:00', 'outpatient', NULL, 'I21.9', NULL),
	('CA20', 'another payer', 'insured 1 - 0 00:00 !CA20:1:10', 'outpatient', '居民医保', NULL, NULL),
	('CA20', 'its payer', 'insured 1 - 0 00:00', 'outpatient', '职工医保', NULL, NULL);
INSERT INTO plant.case (rule, name, lines, kind, admitted, discharged) VALUES
	('CA14', 'four beds in three days', 'bed 1 - 0 09:00; bed 1 - 1 00:00; bed 1 - 2 00:00; icubed 1 - 2 23:59:59 !CA14:1:10', 'inpatient', 0, 3),
	('CA14', 'a bed on the day of discharge', 'bed 1 - 0 09:00; bed 1 - 1 00:00 !CA14:1:10', 'inpatient', 0, 1),
	('CA14', 'three beds', 'bed 1 - 0 09:00; icubed 1 - 1 00:00; bed 1 - 2 23:59:59', 'inpatient', 0, 3),
	('CA14', 'admitted and discharged on one day', 'bed 1 - 0 09:30', 'inpatient', 0, 0),
	('CA15', 'four rounds in three days', 'round 1 - 0 09:00; round 1 - 1 00:00; round 1 - 2 00:00; round 1 - 3 00:00 !CA15:1:10', 'inpatient', 0, 3),
	('CA15', 'levels of nursing together', 'nursing1 1 - 0 09:00; nursing2 1 - 1 00:00; nursing2 1 - 2 00:00 !CA15:1:10', 'inpatient', 0, 2),
	('CA15', 'three rounds', 'round 1 - 0 09:00; round 1 - 1 00:00; round 1 - 2 23:59:59; nursing1 1 - 2 00:00', 'inpatient', 0, 3),
	('CA21', 'thirty-one days', (SELECT string_agg(format('walking 1 - %s 23:59:59', d), '; ' ORDER BY d) FROM generate_series(0, 29) d) || '; walking 1 - 30 00:00 !CA21:1:10', 'inpatient', 0, 31),
	('CA21', 'thirty days', (SELECT string_agg(format('walking 1 - %s 23:59:59', d), '; ' ORDER BY d) FROM generate_series(0, 29) d), 'inpatient', 0, 31),
	('CA23', 'the day before, the day after', 'plain1 1 - 0 23:59:59 !CA23:1:10; plain2 1 - 4 00:00 !CA23:1:10', 'inpatient', 1, 3),
	('CA23', 'the first day, the last day', 'plain1 1 - 1 00:00; plain2 1 - 3 23:59:59', 'inpatient', 1, 3),
	('CA23', 'not discharged', 'plain1 1 - 20 23:59:59', 'inpatient', 1, NULL);
