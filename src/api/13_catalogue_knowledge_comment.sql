-- 10 catalogue: what the names of the knowledge tables mean.

COMMENT ON TABLE hospital_cost.item_code_map IS 'Hospital code to national code (医保编码对照), dated; one a day (23P01). Rules look knowledge up by both. A code of another form: 23514';
COMMENT ON COLUMN hospital_cost.item_code_map.national_code IS 'National code: fifteen digits (医疗服务项目), or a letter and 14 to 26 letters and digits (药品, 医用耗材)';
COMMENT ON COLUMN hospital_cost.item_code_map.valid IS 'Service days, half-open';
COMMENT ON COLUMN hospital_cost.item_code_map.source_batch IS 'Which published batch it came with';

COMMENT ON TABLE hospital_cost.item_limit IS 'Knowledge of one item (单项限制): how much of it in which window, for whom, where. Each row belongs to a rule (rule_code); the rule says how serious and what happens. Changed knowledge never rewrites findings. load_defaults() ships rows of the national lists (两库)';
COMMENT ON COLUMN hospital_cost.item_limit.knowledge_id IS 'Number by which findings name the row';
COMMENT ON COLUMN hospital_cost.item_limit.rule_code IS 'Rule that judges by it, such as CA10 限频次';
COMMENT ON COLUMN hospital_cost.item_limit.item_code IS 'Item, by its own code or by its national one';
COMMENT ON COLUMN hospital_cost.item_limit.group_code IS 'Items of one rule and group are summed together (beds of all kinds, levels of nursing); null: the item alone';
COMMENT ON COLUMN hospital_cost.item_limit."window" IS 'LINE one line; HOUR the clock hour; ROLL_6H six hours; DAY the service day; ENCOUNTER and STAY the visit or stay; ROLL_n_DAYS any window_days days running; MONTH, QUARTER, YEAR of the service day, over all encounters of the patient';
COMMENT ON COLUMN hospital_cost.item_limit.window_days IS 'Days of ROLL_n_DAYS; null for the others';
COMMENT ON COLUMN hospital_cost.item_limit.max_quantity IS 'Highest net quantity in the window, in the unit of the item';
COMMENT ON COLUMN hospital_cost.item_limit.max_per_stay_day IS 'Highest net quantity a day of the stay (住院天数: discharge - admission, at least 1)';
COMMENT ON COLUMN hospital_cost.item_limit.max_days IS 'Highest number of service days with the item in the window (限支付疗程)';
COMMENT ON COLUMN hospital_cost.item_limit.min_gap_days IS 'Fewest days between two days with the item (周期超频次)';
COMMENT ON COLUMN hospital_cost.item_limit.max_supply_days IS 'Days of supply one line may hold (限开药天数)';
COMMENT ON COLUMN hospital_cost.item_limit.sex IS 'Only for this sex: M or F';
COMMENT ON COLUMN hospital_cost.item_limit.age_from IS 'From this age: birth + age_from <= service day';
COMMENT ON COLUMN hospital_cost.item_limit.age_below IS 'Below this age: service day < birth + age_below; newborn (28 days at most) is 29 days';
COMMENT ON COLUMN hospital_cost.item_limit.departments IS 'Performing departments that may';
COMMENT ON COLUMN hospital_cost.item_limit.encounter_kinds IS 'Kinds of encounter that may (限就医方式)';
COMMENT ON COLUMN hospital_cost.item_limit.hospital_levels IS 'Levels of hospital that may, as in hospital.level';
COMMENT ON COLUMN hospital_cost.item_limit.payers IS 'Payers that may (限险种), as in encounter.payer';
COMMENT ON COLUMN hospital_cost.item_limit.diagnoses IS 'Beginnings of the diagnosis codes that may (限适应症)';
COMMENT ON COLUMN hospital_cost.item_limit.severity IS 'How sure a finding is; null: as the rule says';
COMMENT ON COLUMN hospital_cost.item_limit.valid IS 'Service days, half-open';
COMMENT ON COLUMN hospital_cost.item_limit.source_batch IS 'Which published batch it came with';

COMMENT ON TABLE hospital_cost.item_pair IS 'Knowledge of two items (项目对): A and B not together in a window (exclude: A holds B, or they exclude each other), or no more of A than ratio × B (quantity)';
COMMENT ON COLUMN hospital_cost.item_pair.knowledge_id IS 'Number by which findings name the row';
COMMENT ON COLUMN hospital_cost.item_pair.rule_code IS 'Rule that judges by it: CA01 重复收费, CA03 项目与耗材重复, CA16 数量超另一项, CA17 同日互斥, CA33';
COMMENT ON COLUMN hospital_cost.item_pair.item_a IS 'The containing item, or the one that may not be more; own or national code';
COMMENT ON COLUMN hospital_cost.item_pair.item_b IS 'The contained item, whose amount is at risk, or the one that measures; own or national code';
COMMENT ON COLUMN hospital_cost.item_pair."window" IS 'As item_limit.window; without LINE';
COMMENT ON COLUMN hospital_cost.item_pair.window_days IS 'Days of ROLL_n_DAYS; null for the others';
COMMENT ON COLUMN hospital_cost.item_pair.relation IS 'exclude: both net above 0 is a finding; quantity: sum A > ratio × sum B is one';
COMMENT ON COLUMN hospital_cost.item_pair.ratio IS 'How many A one B allows, of relation quantity';
COMMENT ON COLUMN hospital_cost.item_pair.severity IS 'How sure a finding is; null: as the rule says';
COMMENT ON COLUMN hospital_cost.item_pair.valid IS 'Service days, half-open';
COMMENT ON COLUMN hospital_cost.item_pair.source_batch IS 'Which published batch it came with';

COMMENT ON TABLE hospital_cost.item_bundle IS 'Knowledge of bundles (组套): parts that may not be charged singly for more than the bundle costs (分解收费, 组套拆分)';
COMMENT ON COLUMN hospital_cost.item_bundle.knowledge_id IS 'Number by which findings name the row';
COMMENT ON COLUMN hospital_cost.item_bundle.rule_code IS 'Rule that judges by it: CA07 分解收费, CA08 组套拆分';
COMMENT ON COLUMN hospital_cost.item_bundle.bundle_item IS 'The bundle, by own or national code; its list price is the limit';
COMMENT ON COLUMN hospital_cost.item_bundle.part_item IS 'A part of it, by own or national code';
COMMENT ON COLUMN hospital_cost.item_bundle.part_quantity IS 'Quantity of the part in one bundle, in its own unit';
COMMENT ON COLUMN hospital_cost.item_bundle.min_parts IS 'Different parts that must be there for a finding';
COMMENT ON COLUMN hospital_cost.item_bundle."window" IS 'As item_limit.window; HOUR to STAY';
COMMENT ON COLUMN hospital_cost.item_bundle.severity IS 'How sure a finding is; null: as the rule says';
COMMENT ON COLUMN hospital_cost.item_bundle.valid IS 'Service days, half-open';
COMMENT ON COLUMN hospital_cost.item_bundle.source_batch IS 'Which published batch it came with';

COMMENT ON TABLE hospital_cost.surgery_group IS 'Knowledge of operations (手术分组): of the operations of one group in one encounter and day the dearest is charged whole, each further one at discount_share (手术折价)';
COMMENT ON COLUMN hospital_cost.surgery_group.knowledge_id IS 'Number by which findings name the row';
COMMENT ON COLUMN hospital_cost.surgery_group.rule_code IS 'Rule that judges by it: CA06 手术未折价';
COMMENT ON COLUMN hospital_cost.surgery_group.group_code IS 'Group or incision: 肝胆, 胃肠 …';
COMMENT ON COLUMN hospital_cost.surgery_group.item_code IS 'Operation, by its own code or by its national one';
COMMENT ON COLUMN hospital_cost.surgery_group.discount_share IS 'Share of the price a second and later operation may cost, 0 to 1; regional';
COMMENT ON COLUMN hospital_cost.surgery_group.severity IS 'How sure a finding is; null: as the rule says';
COMMENT ON COLUMN hospital_cost.surgery_group.valid IS 'Service days, half-open';
COMMENT ON COLUMN hospital_cost.surgery_group.source_batch IS 'Which published batch it came with';
COMMENT ON FUNCTION hospital_cost._load_default_knowledge() IS 'load_defaults of the catalogue room: shipped knowledge, where a row of the same item, rule, window and days is not there yet';
