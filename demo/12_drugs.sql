-- Drugs (零加成: sold at purchase price), then items and list prices into the catalogue.
INSERT INTO demo.item VALUES
	-- 西药 09
	('Y0101', NULL, '阿司匹林肠溶片 100mg×30片', '盒', '09', 'drug', 18.6, 'YJ08', 20.8, 'card neuro', 'X', 'card neuro', 0.7, 0, 2),
	('Y0102', NULL, '阿托伐他汀钙片 20mg×7片', '盒', '09', 'drug', 32.4, 'YJ08', 23.4, 'card neuro endo', 'D', 'card neuro', 0.7, 0.14, 1),
	('Y0103', NULL, '氨氯地平片 5mg×28片', '盒', '09', 'drug', 28.5, 'YJ08', 20.8, 'card neuro endo', 'X', 'card neuro endo', 0.5, 0, 2),
	('Y0104', NULL, '美托洛尔缓释片 47.5mg×28片', '盒', '09', 'drug', 42.8, 'YJ08', 15.6, 'card', 'X', 'card', 0.5, 0, 2),
	('Y0105', NULL, '二甲双胍片 0.5g×60片', '盒', '09', 'drug', 29.2, 'YJ08', 20.8, 'endo', 'X', 'endo card', 0.4, 0, 2),
	('Y0106', NULL, '甘精胰岛素注射液 3ml', '支', '09', 'drug', 72.8, 'YJ08', 11.7, 'endo', 'D', 'endo', 0.5, 0.12, 1),
	('Y0107', NULL, '奥美拉唑肠溶胶囊 20mg×28粒', '盒', '09', 'drug', 38.5, 'YJ08', 23.4, 'gi', 'X', 'gi surg', 0.5, 0, 2),
	('Y0108', NULL, '注射用泮托拉唑 40mg', '支', '09', 'drug', 26.9, 'YJ08', 2.6, 'ed', 'D', '*', 0.5, 0.7, 2),
	('Y0109', NULL, '铝碳酸镁咀嚼片 0.5g×24片', '盒', '09', 'drug', 26.8, 'YJ08', 13, 'gi', NULL, NULL, 0, 0, 2),
	('Y0110', NULL, '头孢呋辛酯片 0.25g×12片', '盒', '09', 'drug', 27.6, 'YJ08', 15.6, 'surg ent uro obgyn dental derm', 'X', 'surg uro obgyn head', 0.5, 0, 2),
	('Y0111', NULL, '注射用头孢曲松 1g', '支', '09', 'drug', 28.6, 'YJ08', 6.5, 'ed ped', 'D', 'resp ped surg uro obgyn', 0.5, 0.6, 2),
	('Y0112', NULL, '注射用头孢哌酮舒巴坦 1.5g', '支', '09', 'drug', 46.4, 'YJ08', NULL, NULL, 'D', 'resp surg gi uro icu neuros', 0.35, 0.65, 3),
	('Y0113', NULL, '注射用美罗培南 0.5g', '支', '09', 'drug', 92, 'YJ08', NULL, NULL, 'D', 'icu resp', 0.2, 0.7, 4),
	('Y0114', NULL, '左氧氟沙星氯化钠注射液 0.5g', '瓶', '09', 'drug', 38.6, 'YJ08', 5.2, 'ed resp uro', 'D', 'resp uro gi', 0.35, 0.6, 1),
	('Y0115', NULL, '阿奇霉素干混悬剂 0.1g×6袋', '盒', '09', 'drug', 32.8, 'YJ08', 19.5, 'ped resp', 'X', 'ped', 0.5, 0, 1),
	('Y0116', NULL, '布洛芬混悬液 100ml', '瓶', '09', 'drug', 24.9, 'YJ08', 18.2, 'ped ed', 'A', 'ped', 0.4, 0, 1),
	('Y0117', NULL, '布地奈德吸入混悬液 1mg', '支', '09', 'drug', 11.2, 'YJ08', 18.2, 'ped resp', 'D', 'resp ped icu', 0.6, 0.7, 2),
	('Y0118', NULL, '沙丁胺醇吸入气雾剂 200揿', '瓶', '09', 'drug', 21.0, 'YJ08', 11.7, 'resp', 'X', 'resp', 0.3, 0, 1),
	('Y0119', NULL, '盐酸氨溴索注射液 15mg', '支', '09', 'drug', 14.6, 'YJ08', 5.2, 'ped', 'D', 'resp ped icu surg', 0.6, 0.7, 3),
	('Y0120', NULL, '氯化钠注射液 250ml', '袋', '09', 'drug', 6.8, 'YJ08', 15.6, 'ed ped', 'D', '*', 0.92, 0.85, 4),
	('Y0121', NULL, '葡萄糖注射液 5% 250ml', '袋', '09', 'drug', 6.9, 'YJ08', 9.1, 'ed ped', 'D', '*', 0.7, 0.6, 3),
	('Y0122', NULL, '低分子肝素钠注射液 4000IU', '支', '09', 'drug', 38.5, 'YJ08', NULL, NULL, 'D', 'card ortho icu neuro', 0.45, 0.7, 2),
	('Y0123', NULL, '丁苯酞氯化钠注射液 100ml', '瓶', '09', 'drug', 128, 'YJ08', NULL, NULL, 'D', 'neuro', 0.5, 0.75, 2),
	('Y0124', NULL, '依达拉奉注射液 30mg', '支', '09', 'drug', 36.2, 'YJ08', NULL, NULL, 'D', 'neuro neuros', 0.4, 0.7, 2),
	('Y0125', NULL, '甲钴胺片 0.5mg×20片', '盒', '09', 'drug', 24.9, 'YJ08', 15.6, 'neuro endo ortho tcm', 'X', 'neuro endo', 0.5, 0, 2),
	('Y0126', NULL, '塞来昔布胶囊 0.2g×6粒', '盒', '09', 'drug', 32.8, 'YJ08', 20.8, 'ortho tcm', 'X', 'ortho', 0.6, 0, 2),
	('Y0127', NULL, '氟比洛芬酯注射液 50mg', '支', '09', 'drug', 52.9, 'YJ08', NULL, NULL, 'D', 'ortho surg obgyn head', 0.5, 0.4, 2),
	('Y0128', NULL, '丙泊酚注射液 20ml', '支', '09', 'drug', 58, 'YJ08', NULL, NULL, 'S', 'surg ortho uro obgyn head neuros', 0.6, 0, 3),
	('Y0129', NULL, '舒芬太尼注射液 50μg', '支', '09', 'drug', 68.5, 'YJ08', NULL, NULL, 'S', 'surg ortho uro obgyn head neuros', 0.6, 0, 2),
	('Y0130', NULL, '人血白蛋白 10g', '瓶', '09', 'drug', 378.0, 'YJ08', NULL, NULL, 'D', 'icu surg', 0.1, 0.2, 1),
	('Y0131', NULL, '缩宫素注射液 10U', '支', '09', 'drug', 22.4, 'YJ08', NULL, NULL, 'D', 'obgyn', 0.6, 0.5, 2),
	('Y0132', NULL, '叶酸片 0.4mg×31片', '盒', '09', 'drug', 22.0, 'YJ08', 15.6, 'obgyn', NULL, NULL, 0, 0, 2),
	('Y0133', NULL, '坦索罗辛缓释胶囊 0.2mg×10粒', '盒', '09', 'drug', 24.8, 'YJ08', 20.8, 'uro', 'X', 'uro', 0.5, 0, 2),
	('Y0134', NULL, '左氧氟沙星滴眼液 5ml', '支', '09', 'drug', 24.2, 'YJ08', 23.4, 'eye', 'S', 'head', 0.6, 0, 1),
	('Y0135', NULL, '玻璃酸钠滴眼液 5ml', '支', '09', 'drug', 39.6, 'YJ08', 23.4, 'eye', NULL, NULL, 0, 0, 2),
	('Y0136', NULL, '糠酸莫米松鼻喷雾剂', '瓶', '09', 'drug', 49.5, 'YJ08', 18.2, 'ent', NULL, NULL, 0, 0, 1),
	('Y0137', NULL, '糠酸莫米松乳膏 5g', '支', '09', 'drug', 26.8, 'YJ08', 23.4, 'derm', NULL, NULL, 0, 0, 2),
	('Y0138', NULL, '氯雷他定片 10mg×12片', '盒', '09', 'drug', 22.2, 'YJ08', 20.8, 'derm ent ped', NULL, NULL, 0, 0, 2),
	('Y0139', NULL, '硝苯地平控释片 30mg×7片', '盒', '09', 'drug', 32.4, 'YJ08', 11.7, 'card', 'D', 'card', 0.4, 0.14, 1),
	('Y0140', NULL, '呋塞米注射液 20mg', '支', '09', 'drug', 3.2, 'YJ08', 1.3, 'ed', 'D', 'card icu endo', 0.35, 0.5, 2),
	('Y0141', NULL, '复方氨基酸注射液 250ml', '瓶', '09', 'drug', 46.8, 'YJ08', NULL, NULL, 'D', 'surg gi icu neuros', 0.35, 0.5, 2),
	('Y0142', NULL, '脂肪乳氨基酸葡萄糖注射液', '袋', '09', 'drug', 168, 'YJ08', NULL, NULL, 'D', 'icu surg', 0.18, 0.45, 1),
	('Y0143', NULL, '注射用奥曲肽 0.1mg', '支', '09', 'drug', 38.6, 'YJ08', NULL, NULL, 'D', 'gi surg', 0.35, 0.6, 3),
	('Y0144', NULL, '注射用磷酸肌酸钠 1g', '支', '09', 'drug', 46.0, 'YJ08', NULL, NULL, 'D', 'card icu', 0.3, 0.6, 2),
	('Y0145', NULL, '注射用炎琥宁 80mg', '支', '09', 'drug', 26.8, 'YJ08', NULL, NULL, 'D', 'ped resp', 0.45, 0.7, 2),
	('Y0146', NULL, '硫辛酸注射液 6ml:0.15g', '支', '09', 'drug', 29.5, 'YJ08', NULL, NULL, 'D', 'endo', 0.6, 0.75, 3),
	-- 中成药 11, 中药饮片 10
	('Z0201', NULL, '复方丹参滴丸 180丸', '瓶', '11', 'drug', 31.9, 'YJ08', 15.6, 'card tcm', 'X', 'card', 0.3, 0, 2),
	('Z0202', NULL, '连花清瘟胶囊 24粒', '盒', '11', 'drug', 19.8, 'YJ08', 15.6, 'resp ent ed', NULL, NULL, 0, 0, 2),
	('Z0203', NULL, '小儿豉翘清热颗粒 2g×9袋', '盒', '11', 'drug', 34.6, 'YJ08', 20.8, 'ped', 'X', 'ped', 0.5, 0, 2),
	('Z0204', NULL, '银杏叶提取物注射液 5ml', '支', '11', 'drug', 42.2, 'YJ08', NULL, NULL, 'D', 'card neuro tcm endo', 0.4, 0.7, 2),
	('Z0205', NULL, '丹红注射液 20ml', '支', '11', 'drug', 46.5, 'YJ08', NULL, NULL, 'D', 'card neuro tcm ortho', 0.35, 0.7, 2),
	('Z0206', NULL, '独一味胶囊 36粒', '盒', '11', 'drug', 33.3, 'YJ08', 13, 'ortho surg dental', 'X', 'ortho surg', 0.4, 0, 2),
	('Z0207', NULL, '康妇消炎栓 7枚', '盒', '11', 'drug', 41.5, 'YJ08', 18.2, 'obgyn', NULL, NULL, 0, 0, 2),
	('Z0208', NULL, '蓝芩口服液 12支', '盒', '11', 'drug', 36, 'YJ08', 15.6, 'ent ped resp', NULL, NULL, 0, 0, 2),
	('Z0209', NULL, '醒脑静注射液 10ml', '支', '11', 'drug', 36.0, 'YJ08', NULL, NULL, 'D', 'neuro neuros', 0.3, 0.7, 2),
	('Z0210', NULL, '热毒宁注射液 10ml', '支', '11', 'drug', 32.0, 'YJ08', NULL, NULL, 'D', 'ped resp gi', 0.3, 0.6, 2),
	('Z0301', NULL, '中药饮片（复方汤剂）', '剂', '10', 'drug', 30, 'YJ08', 33.8, 'tcm', 'D', 'tcm', 0.8, 0.9, 2),
	('Z0302', NULL, '中药配方颗粒', '剂', '10', 'drug', 32.0, 'YJ08', 13, 'tcm gi derm', 'D', 'tcm', 0.2, 0.8, 1);

INSERT INTO hospital_cost.charge_item (code, national_code, name, unit, category, kind)
SELECT i.code, i.national, i.name, i.unit, i.category, i.kind FROM demo.item i ORDER BY i.code;

-- The CT price was cut on 16 March (调价): two dated rows, the only item with a history.
INSERT INTO hospital_cost.price (item_code, valid, unit_price)
SELECT i.code, CASE i.code WHEN 'C0301' THEN daterange('2025-01-01', '2025-03-16') ELSE daterange('2025-01-01', NULL) END, i.price
FROM demo.item i
UNION ALL VALUES ('C0301', daterange('2025-03-16', NULL), 198.0)
ORDER BY 1, 2;
