-- 20 posting: what the names of attaching mean.

COMMENT ON COLUMN hospital_cost.attachment.relation IS 'The table; null once it is dropped';
COMMENT ON COLUMN hospital_cost.attachment.relation_name IS 'Its name, as it was last known';
COMMENT ON COLUMN hospital_cost.attachment.feed IS 'What the table holds: charges 费用明细, payments 收款明细, encounters 就诊, stays 住院科室段, service_use 服务使用, orders 医嘱, stock 库存, costs 成本凭证';
COMMENT ON COLUMN hospital_cost.attachment.mode IS 'strict: a row that is not clean raises in the HIS transaction. flag: the row is accepted, and posting_issue explains what is wrong with it. async: the HIS transaction only notes the key, post_pending posts, as flag does';
COMMENT ON COLUMN hospital_cost.attachment.columns IS 'The mapping in one shape: {"field": {"columns": [names]}} or {"field": {"constant": "text"}}. Columns go by name; a renamed column is followed';
COMMENT ON COLUMN hospital_cost.attachment.options IS 'What else was said when it was attached; see attach_charges';
COMMENT ON COLUMN hospital_cost.attachment.key_is_unique IS 'Whether a unique index keeps a source key from coming twice. If none does, a key that came before is not posted again';
COMMENT ON TABLE hospital_cost._feed IS 'Registry of what can be attached: its trigger functions and where its entries are';
COMMENT ON TABLE hospital_cost._feed_field IS 'Registry of the fields each feed has, which of them it must have, and from what kind of column each is read';
COMMENT ON TABLE hospital_cost._posted_key IS 'Keys that were posted from tables in which no unique index keeps a key from coming twice';
COMMENT ON TABLE hospital_cost._refund_elsewhere IS 'Encounters that hold refunds of a line which was deleted, or moved to another encounter (退费所在就诊)';
COMMENT ON TABLE hospital_cost._pending IS 'Keys that mode async set aside for post_pending';
COMMENT ON FUNCTION hospital_cost._field_types(text, integer) IS 'Column types a kind of field can be read from';
COMMENT ON FUNCTION hospital_cost._check_columns(regclass, text, text, text[]) IS 'Refuses a field that names columns it cannot be read from (MC201)';
COMMENT ON FUNCTION hospital_cost._check_mapping(regclass, text, jsonb) IS 'Brings a mapping into its stored shape; MC201 for one that cannot work';
COMMENT ON FUNCTION hospital_cost._check_charge_options(regclass, jsonb, jsonb) IS 'Refuses options that charges do not have (MC203); returns the mapping with the status column';
COMMENT ON FUNCTION hospital_cost._trigger_name(text, text) IS 'Name of the trigger of a feed for an event';
COMMENT ON FUNCTION hospital_cost._drop_triggers(regclass, text) IS 'Drops the triggers of a feed from a table';
COMMENT ON FUNCTION hospital_cost._create_triggers(regclass, text) IS 'Hangs the triggers of a feed on a table and its partitions';
COMMENT ON FUNCTION hospital_cost._create_statement_triggers(regclass, hospital_cost._feed) IS 'Hangs the statement triggers of a feed on one table';
COMMENT ON FUNCTION hospital_cost._key_is_unique(regclass, jsonb) IS 'Whether a unique index lies within the mapped source key';
COMMENT ON FUNCTION hospital_cost._attach(regclass, text, jsonb, text, text, jsonb) IS 'Enters or replaces an attachment and hangs the triggers on the table; MC209 if its key would change after posting';
COMMENT ON FUNCTION hospital_cost._detach(regclass, text) IS 'Ends an attachment and takes its triggers away; MC204 if there is none';
COMMENT ON FUNCTION hospital_cost._attached(regclass, text) IS 'A live attachment, for its owner (42501); MC204 if there is none, MC207 if its columns are gone';
COMMENT ON FUNCTION hospital_cost.post_charge_row() IS 'Row trigger of attached charge tables, enabled for replication: posts what a logical apply worker writes. Does nothing in any other session, nor where hospital_cost._ledger itself is subscribed to';
COMMENT ON FUNCTION hospital_cost.attach_charges(regclass, jsonb, text, text, jsonb) IS
'Attaches a charge table of the hospital (挂接费用表): from now on every INSERT, UPDATE and DELETE posts in the same transaction. The caller must own the table (42501). Attaching again replaces mapping, mode, pricing and options. The mapping: {"key": "column"}, {"key": ["column", "column"]} for a composite source_key or reverses_key and for charged_at as a date and a time, or {"key": {"constant": "text"}}; a constant serves for any key but source_key, encounter, charged_at and reverses_key.
Keys that must be there: source_key (the key of the row), encounter (就诊号), item (收费项目编码), quantity (数量), performing_department (执行科室), charged_at (计费时间).
Keys that posting reads where they are mapped: unit_price (单价), amount (金额), ordering_department (开单科室), ward_department (所在病区), reverses_key (退费所冲的原行), reason (退费原因), price_class (价格类别; where empty that of the encounter).
Keys that are kept beside the entry as the row said when it was posted, for rules and the view ledger: operator (收费员), doctor (医生), order (医嘱号), discount (减免金额), approved_by (审批人), days (天数), fund_amount (基金支付), reimbursable (是否医保范围内), trace_code (药品追溯码), settlement (结算号). What of them cannot be read is absent and no issue; a change of these alone posts nothing.
mode flag (accept and explain), strict (raise) or async (note the key only); pricing verify, compute or trust: see the columns of hospital_cost.attachment.
options: status {"column": name, "planned": [values], "charged": [values], "void": [values]}: rows in a charged state have an entry, planned (未收费) and void (已作废) ones have none, another value is an issue. refund_reason "optional", "required" (MC221) or "coded" (MC22A, see reason_code). backfill true: rows that are there already are posted at once. continues: must be said where a table of this name was attached, posted and dropped (MC219): true if this one holds its rows with their keys, false if it begins anew.
A refund (退费) names its original by reverses_key: it has the original''s price and dimensions, all refunds together never exceed it (MC22B), the last closes it to the cent. Where no unique index stands behind source_key, a key that came before is not posted again, and one with another content is an issue (MC239).
Errors: MC201 mapping, MC202 not a table that can be attached, MC203 mode, pricing or options, MC209 another source_key after posting';
COMMENT ON FUNCTION hospital_cost._continue(regclass, text, boolean) IS 'Lets a table take up the attachment of a dropped one of its name; MC219 if nobody said whether it does';
