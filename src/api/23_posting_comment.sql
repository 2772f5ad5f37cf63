-- 20 posting: what its names mean, and the columns of the rooms below whose meaning or unit is not plain.

COMMENT ON TABLE hospital_cost.attachment IS 'Attached hospital tables (已挂接的业务表): mapping, mode, pricing, by whom and since when. Written by attach_charges and detach_charges only; a detached table stays listed, because its entries stay';
COMMENT ON COLUMN hospital_cost.attachment.source_id IS 'Small number that entries and issues name their table by; never used again for another table';
COMMENT ON COLUMN hospital_cost.attachment.feed IS 'What the table holds; charges (费用明细) is the only feed so far';
COMMENT ON COLUMN hospital_cost.attachment.mode IS 'strict: a row that is not clean raises in the HIS transaction, class MC22 or MC23. flag: the row is accepted, and posting_issue explains what is wrong with it';
COMMENT ON COLUMN hospital_cost.attachment.pricing IS 'compute: the list price is written into the row before it is stored. verify: what was billed is posted and held against the list price of the service day. trust: what was billed is posted and not compared';
COMMENT ON COLUMN hospital_cost.attachment.columns IS 'The mapping in one shape: {"field": {"columns": [names]}} or {"field": {"constant": "text"}}. Columns go by name; renaming or dropping one raises MC207 on the next write';
COMMENT ON COLUMN hospital_cost.attachment.detached_at IS 'When detach_charges took the triggers away; null while the table is attached';

COMMENT ON VIEW hospital_cost.ledger IS 'Charge ledger (费用总账), one row an entry, append-only. An UPDATE of a source row appears as a reversal and a new entry, a DELETE as a reversal; nothing is ever changed in place (MC006)';
COMMENT ON COLUMN hospital_cost.ledger.entry_id IS 'Number of the entry, ascending within a session; gaps mean nothing';
COMMENT ON COLUMN hospital_cost.ledger.kind IS 'post: a charge (记账). reverse: takes back the entry named in reverses (冲销). adjust: a negative line whose original is not known (调整)';
COMMENT ON COLUMN hospital_cost.ledger.source IS 'The hospital table that the row stands in';
COMMENT ON COLUMN hospital_cost.ledger.source_key IS 'Key of the row there, as text; the columns of a composite key are joined by |';
COMMENT ON COLUMN hospital_cost.ledger.version IS 'How often the row has been posted: 1 at first, one more after each change; its reversal carries the number of what it takes back';
COMMENT ON COLUMN hospital_cost.ledger.encounter_code IS 'Encounter (就诊号) as the hospital names it; it need not be in hospital_cost.encounter for the charge to post';
COMMENT ON COLUMN hospital_cost.ledger.item_code IS 'Charge item (收费项目), code in hospital_cost.charge_item';
COMMENT ON COLUMN hospital_cost.ledger.category IS 'National charge category (收费项目类别) 01 to 14, as the item has it now';
COMMENT ON COLUMN hospital_cost.ledger.ordering_department_code IS 'Department that ordered (开单科室); null if the table does not say';
COMMENT ON COLUMN hospital_cost.ledger.performing_department_code IS 'Department that performed (执行科室)';
COMMENT ON COLUMN hospital_cost.ledger.ward_department_code IS 'Ward in which the patient lay (所在病区); null if the table does not say';
COMMENT ON COLUMN hospital_cost.ledger.quantity IS 'Quantity (数量) in the unit of the item, four decimals; negative in a refund or reversal';
COMMENT ON COLUMN hospital_cost.ledger.unit_price IS 'Price posted (单价), yuan a unit, six decimals; amount / quantity where only the amount was given. A reversal carries the price of what it takes back';
COMMENT ON COLUMN hospital_cost.ledger.amount IS 'Amount (金额) in yuan, two decimals, half a cent away from zero; quantity × price unless flags has amount_differs';
COMMENT ON COLUMN hospital_cost.ledger.charged_at IS 'Instant of the charge as the hospital wrote it (计费时间)';
COMMENT ON COLUMN hospital_cost.ledger.service_day IS 'Accounting day of charged_at, in the time zone of the hospital (发生日期)';
COMMENT ON COLUMN hospital_cost.ledger.period IS 'Month posted into (入账期间): the month of service_day, or a later open one if that month is closed (flag late)';
COMMENT ON COLUMN hospital_cost.ledger.flags IS 'What is special about the entry: price_differs and amount_differs from the list or the arithmetic, late (迟到), above_limit (超限价), rounded (more decimals came than are kept), source_changed (a reversal because the row was changed or deleted)';
COMMENT ON COLUMN hospital_cost.ledger.reverses IS 'entry_id of what this entry takes back; null for a charge';

COMMENT ON VIEW hospital_cost.charge_total IS 'Charges by month, ordering and performing department, category and setting (收入汇总); right within every transaction, as each statement appends what it adds. Source of revenue drivers and of unit income';
COMMENT ON COLUMN hospital_cost.charge_total.ordering_department_code IS 'Department that ordered (开单科室); null: not said';
COMMENT ON COLUMN hospital_cost.charge_total.performing_department_code IS 'Department that performed (执行科室)';
COMMENT ON COLUMN hospital_cost.charge_total.category IS 'National charge category (收费项目类别) 01 to 14';
COMMENT ON COLUMN hospital_cost.charge_total.setting IS 'Setting of the ordering department, else of the performing one (门诊, 急诊, 住院)';
COMMENT ON COLUMN hospital_cost.charge_total.entries IS 'Number of ledger entries, reversals counted as well';
COMMENT ON COLUMN hospital_cost.charge_total.amount IS 'Yuan, net of refunds and reversals';

COMMENT ON VIEW hospital_cost.posting_issue IS 'What is not clean about rows of attached tables (数据问题), one row an issue. Closed by itself (state resolved) when the row is corrected or deleted. Findings about conduct stand in hospital_cost.finding';
COMMENT ON COLUMN hospital_cost.posting_issue.source_key IS 'Key of the row in its table, as in ledger.source_key';
COMMENT ON COLUMN hospital_cost.posting_issue.code IS 'blocking: missing_value, unreadable_value, unknown_item, unknown_department, no_price, no_amount, period_closed, period_not_open. warning: price_differs, amount_differs, no_list_price, no_original, original_not_found, late, rounded. The SQLSTATE of each under mode strict is in docs/errors.md';
COMMENT ON COLUMN hospital_cost.posting_issue.severity IS 'blocking: no true entry can be made, so the row has none and its month cannot be closed (MC004). warning: the row is posted as it was billed';
COMMENT ON COLUMN hospital_cost.posting_issue.field IS 'Mapping key of the value at fault, such as performing_department; null if it is the row as a whole';
COMMENT ON COLUMN hospital_cost.posting_issue.expected IS 'What the list or the arithmetic says; prices with six decimals, amounts with two; null if there is no such thing';
COMMENT ON COLUMN hospital_cost.posting_issue.observed IS 'What came; null if nothing did';
COMMENT ON COLUMN hospital_cost.posting_issue.period IS 'Month of the service day, or the month it was posted into; null if the time cannot be read';
COMMENT ON COLUMN hospital_cost.posting_issue.entry_id IS 'Ledger entry the warning is about; null for a blocking issue';
COMMENT ON COLUMN hospital_cost.posting_issue.state IS 'open, or resolved: the row was written again, and was judged afresh';

COMMENT ON FUNCTION hospital_cost.attach_charges(regclass, jsonb, text, text, jsonb) IS
'Attaches a charge table of the hospital (挂接费用表): from now on every INSERT, UPDATE and DELETE posts in the same transaction. Rows that are there already are posted by post_pending. The caller must own the table (42501). Attaching again replaces mapping, mode and pricing. The mapping: {"key": "column"}, {"key": ["column", "column"]} for a composite source_key or reverses_key and for charged_at as a date and a time, or {"key": {"constant": "text"}}; a constant serves for any key but source_key, encounter, charged_at and reverses_key.
Keys that must be there: source_key (the key of the row), encounter (就诊号), item (收费项目编码), quantity (数量), performing_department (执行科室), charged_at (计费时间).
Keys that posting reads where they are mapped: unit_price (单价), amount (金额), ordering_department (开单科室), ward_department (所在病区), reverses_key (退费所冲的原行), price_class (价格类别; "standard" where empty).
Keys that are checked and kept with the attachment for rooms that will read them, while posting does not: reason, operator, doctor, order, discount, approved_by, days, fund_amount, reimbursable, trace_code, settlement.
mode flag (accept and explain) or strict (raise); pricing verify, compute or trust: see the columns of hospital_cost.attachment. options must be {}. Errors: MC201 mapping, MC202 not a table that can be attached, MC203 mode, pricing or options. Warns if no unique index stands behind source_key';
COMMENT ON FUNCTION hospital_cost.detach_charges(regclass) IS 'Takes the triggers off an attached table. Its entries stay, and later changes of its rows are not seen. MC204 if it is not attached, 42501 if the caller does not own it';
COMMENT ON FUNCTION hospital_cost.create_charge_table(text, text, text) IS 'Creates an ordinary charge table, named with its schema (MC205), and attaches it; for a hospital whose HIS has none to attach. It belongs to the caller. With pricing compute (the default) unit_price and amount are filled in. Returns the table';
COMMENT ON FUNCTION hospital_cost.post_charges() IS 'Trigger of attached tables, after a statement: prices, posts and checks its rows in one pass. Created by attach_charges; MC204 on a table that is not attached, MC207 if a mapped column is gone, MC22x and MC23x in mode strict, MC401 if a rule blocks';
COMMENT ON FUNCTION hospital_cost.price_charge() IS 'Trigger of tables attached with pricing compute, before a row: writes list price and amount into the mapped columns. A row that cannot be priced is left as it is; post_charges then says why';
COMMENT ON FUNCTION hospital_cost.compact_totals() IS 'Merges what statements appended to the totals into one row a cell; returns how many rows were merged. Changes no figure; run it nightly so that charge_total stays fast. Safe while others post';
COMMENT ON FUNCTION hospital_cost.unposted(regclass) IS 'Rows of an attached table without an entry (未入账): key, service day, and the blocking issue that is open, null if the triggers never saw it. post_pending posts them. MC204 if it never was attached, 42501 if the caller does not own it';
COMMENT ON FUNCTION hospital_cost.verify_ledger(date) IS 'Proof of a month (勾稽): every identity of the ledger, recomputed from source rows, entries and totals by separate SQL; difference is 0 in each row if all is well. Reads the attached tables whole';

COMMENT ON TABLE hospital_cost._ledger IS 'The entries behind the view ledger, in minor units: quantity 1e-4, price 1e-6 yuan, amount cents; kind 1 post, 2 reverse, 3 adjust; 0 stands for none';
COMMENT ON TABLE hospital_cost._charge_total IS 'Compacted charge totals, in minor units';
COMMENT ON TABLE hospital_cost._charge_delta IS 'What statements added to the totals since the last compaction, in minor units';
COMMENT ON TABLE hospital_cost._finding IS 'The one inbox behind posting_issue (class data) and finding (class conduct)';
COMMENT ON VIEW hospital_cost._item_total IS 'Charge totals by item: compacted rows and deltas added up, in minor units';
COMMENT ON FUNCTION hospital_cost._charge_field() IS 'Keys a charge mapping may have, and which of them it must have';
COMMENT ON FUNCTION hospital_cost._check_mapping(regclass, jsonb) IS 'Brings a mapping into its stored shape; MC201 for one that cannot work';
COMMENT ON FUNCTION hospital_cost._require_owner(regclass) IS 'Refuses what cannot be attached (MC202), and a caller who does not own it (42501)';
COMMENT ON FUNCTION hospital_cost._outer_user() IS 'The role that called, seen from inside a definer function';
COMMENT ON FUNCTION hospital_cost._drop_triggers(regclass) IS 'Drops the zz_hospital_cost triggers of a table';
COMMENT ON FUNCTION hospital_cost._refuse_truncate() IS 'Trigger of attached tables: refuses TRUNCATE, which reverses nothing (MC206)';
COMMENT ON FUNCTION hospital_cost._master_guard() IS 'Guard trigger: items and departments named by entries keep their code and stay (MC211)';
COMMENT ON FUNCTION hospital_cost._timezone_guard() IS 'Guard trigger: the time zone stays once charges are posted (MC212)';
COMMENT ON FUNCTION hospital_cost._source_sql(regclass, jsonb, text) IS 'SQL expression that reads one mapped field of a source row';
COMMENT ON FUNCTION hospital_cost._live_entry(smallint) IS 'What each source key of a table stands for in the ledger now';
COMMENT ON FUNCTION hospital_cost._verify_source(hospital_cost.attachment, date) IS 'Identities between the rows of one attached table and their entries';
COMMENT ON FUNCTION hospital_cost._check_blocking_issues(date) IS 'Period check: rows of the month that could not be posted';
COMMENT ON SEQUENCE hospital_cost.attachment_seq IS 'Numbers attachment.source_id';
COMMENT ON SEQUENCE hospital_cost.ledger_seq IS 'Numbers ledger entries, a thousand at a time';
COMMENT ON SEQUENCE hospital_cost.finding_seq IS 'Numbers issues and findings';
COMMENT ON SEQUENCE hospital_cost.period_event_seq IS 'Numbers period events';
COMMENT ON SEQUENCE hospital_cost.charge_item_seq IS 'Numbers charge_item.item_id';

COMMENT ON COLUMN hospital_cost.department.department_id IS 'Small number used inside the ledger; the code is the name users go by';
COMMENT ON COLUMN hospital_cost.department.class IS 'clinical 临床服务类 (carries the full cost at the end), technical 医疗技术类, auxiliary 医疗辅助类, administrative 行政后勤类; external 外部单位: receives only where a step or a driver names it, and keeps what it gets';
COMMENT ON COLUMN hospital_cost.department.parent_code IS 'Department it belongs to in the hospital''s own tree; not used in any computation';
COMMENT ON COLUMN hospital_cost.department.valid IS 'Days the unit exists, half-open';
COMMENT ON COLUMN hospital_cost.charge_item.item_id IS 'Number used inside the ledger; the code is the name users go by';
COMMENT ON COLUMN hospital_cost.charge_item.kind IS 'service 医疗服务项目, drug 药品 or material 卫生材料';
COMMENT ON COLUMN hospital_cost.charge_item.billable IS 'Whether it may be charged to the patient by itself (可单独收费)';
COMMENT ON COLUMN hospital_cost.price.price_class IS 'Price class (价格类别), such as a level of hospital or a kind of insurance; standard where nothing else is said';
COMMENT ON COLUMN hospital_cost.price.valid IS 'Service days on which the price holds, half-open: [2025-01-01,2025-07-01) ends with 30 June';
COMMENT ON COLUMN hospital_cost.encounter.kind IS 'outpatient 门诊, emergency 急诊, inpatient 住院, checkup 体检';
COMMENT ON COLUMN hospital_cost.encounter.department_code IS 'Clinic visited, or department of admission (就诊科室)';
COMMENT ON COLUMN hospital_cost.encounter.ended_at IS 'End of the visit, or discharge (出院时间); null while the patient is in';
COMMENT ON COLUMN hospital_cost.workload.measure IS 'visits 门急诊人次, checkups 体检人次, admissions 入院人次, discharges 出院人次, bed_days 实际占用床日, or whatever the hospital loads';
COMMENT ON COLUMN hospital_cost.workload.origin IS 'counted from encounters and stays, or loaded through workload_value';
COMMENT ON COLUMN hospital_cost.period.state IS 'open 开账 or closed 结账';
COMMENT ON COLUMN hospital_cost.period.reason IS 'Why it was reopened the last time';
COMMENT ON COLUMN hospital_cost.period_check.room IS 'Number of the room that registered the check; checks run in this order';
COMMENT ON COLUMN hospital_cost.hospital.singleton IS 'Always true: there is one row';
COMMENT ON COLUMN hospital_cost.hospital.currency IS 'Currency of all amounts, for print only';
COMMENT ON COLUMN hospital_cost.charge_item.surgery_group IS 'Group of operations (手术分组) for rules to come; not used in any computation';
COMMENT ON COLUMN hospital_cost.encounter.patient_code IS 'Patient, as the hospital codes him; no name is kept';
COMMENT ON COLUMN hospital_cost.encounter.payer IS 'Who pays (费别), in the hospital''s words; not used in any computation';
COMMENT ON COLUMN hospital_cost.encounter.price_class IS 'Price class of the patient, for information: posting takes the class from the fee line';
COMMENT ON COLUMN hospital_cost.workload_value.measure IS 'visits, checkups, admissions, discharges, bed_days as in workload, or any name of the hospital''s own';
COMMENT ON FUNCTION hospital_cost._source_day_sql(regclass, jsonb) IS 'SQL text that reads the service day of a mapped row';
COMMENT ON FUNCTION hospital_cost._gone_columns(hospital_cost.attachment) IS 'Mapped columns that the table no longer has, or that have a type that cannot be read; null if none';
COMMENT ON FUNCTION hospital_cost._require_columns(hospital_cost.attachment) IS 'Raises MC207 if mapped columns are gone or have another type';
COMMENT ON FUNCTION hospital_cost._read_source(regclass, text) IS 'Rows of a query over an attached table, read as the table''s owner';
COMMENT ON FUNCTION hospital_cost._source_query(hospital_cost.attachment) IS 'SQL text that reads key, quantity, amount and day of every row of an attached table';
COMMENT ON FUNCTION hospital_cost._next_department_id() IS 'Next free department_id; concurrent inserts wait for each other';
COMMENT ON FUNCTION hospital_cost._field_types(text, integer) IS 'Column types a field of a mapping can be read from';
