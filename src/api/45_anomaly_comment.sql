-- 40 anomaly: what its names mean.

COMMENT ON TABLE hospital_cost.rule_kind IS 'Kinds of rule that this version can evaluate: when, with which parameters, needing what. A registry, filled by the installation';
COMMENT ON COLUMN hospital_cost.rule_kind.kind IS 'price_above_limit 超限定单价, same_item_same_day 同日重复收费';
COMMENT ON COLUMN hospital_cost.rule_kind.timing IS 'inline: in the transaction that posts. batch: over a period, later';
COMMENT ON COLUMN hospital_cost.rule_kind.parameters IS 'Each parameter of rule.parameters: {"type": number, integer, boolean, text, items (array of codes) or interval, "default": …, "minimum": …, "maximum": …, "values": [allowed], "required": true, "description": meaning and unit}';
COMMENT ON COLUMN hospital_cost.rule_kind.needs IS 'What the judgement rests on beside the entries: a table, a feed, knowledge, or charge. and a mapping key. Where one is missing, rule_state says so';
COMMENT ON COLUMN hospital_cost.rule_kind.detector IS 'Function that finds it over a month; null: the posting engine judges it';
COMMENT ON TABLE hospital_cost._shipped_rule IS 'Registry of the rules that load_defaults() brings where the hospital has none of that code';

COMMENT ON TABLE hospital_cost.rule IS 'Rules of supervision (监管规则) as versioned data. A changed rule is a new version with its own days; one version holds a day (23P01). Kind and parameters are judged when written (MC411, MC412). load_defaults() ships CA04 超限定单价 and CA02 同日重复收费';
COMMENT ON COLUMN hospital_cost.rule.code IS 'Code the finding carries; CAnn are the shipped ones';
COMMENT ON COLUMN hospital_cost.rule.name IS 'Name in Chinese (规则名称)';
COMMENT ON COLUMN hospital_cost.rule.parameters IS 'Parameters as rule_kind.parameters describes them, such as {"tolerance": 0.5}; what is not given has the default of the kind';
COMMENT ON COLUMN hospital_cost.rule.severity IS 'lead 线索: worth a look; suspect 疑点: to be explained; definite 明确违规: a breach unless the data are wrong';
COMMENT ON COLUMN hospital_cost.rule.timing IS 'inline or batch; must be that of the kind (MC411)';
COMMENT ON COLUMN hospital_cost.rule.action IS 'note and warn: the charge is posted and a finding is written. block: the HIS statement fails with MC401 and nothing is posted';
COMMENT ON COLUMN hospital_cost.rule.respond_within IS 'Time to answer a finding; sets finding.deadline';
COMMENT ON COLUMN hospital_cost.rule.legal_basis IS 'Where the rule comes from, in the words of the authority (依据)';
COMMENT ON COLUMN hospital_cost.rule.message IS 'What to tell the person who reads the finding, in Chinese';
COMMENT ON COLUMN hospital_cost.rule.message_en IS 'The same in English';
COMMENT ON COLUMN hospital_cost.rule.valid IS 'Service days the version applies to, half-open';

COMMENT ON VIEW hospital_cost.finding IS 'What must be looked at (疑点): class conduct, found by a rule; and class data, the same rows as posting_issue, so that one inbox is enough. A correction of the row resolves its open findings';
COMMENT ON COLUMN hospital_cost.finding.class IS 'conduct: how was charged. data: a row that is not clean';
COMMENT ON COLUMN hospital_cost.finding.code IS 'Code of the rule (conduct), or name of the issue (data)';
COMMENT ON COLUMN hospital_cost.finding.rule_version IS 'Version of the rule that judged; null for class data';
COMMENT ON COLUMN hospital_cost.finding.severity IS 'lead 线索, suspect 疑点, definite 明确违规; of class data: blocking or warning';
COMMENT ON COLUMN hospital_cost.finding.source_key IS 'Key of the source row, as in ledger.source_key';
COMMENT ON COLUMN hospital_cost.finding.entries IS 'Ledger entries the finding rests on; of a repetition, the earlier one first';
COMMENT ON COLUMN hospital_cost.finding.field IS 'Mapping key of the value that was judged';
COMMENT ON COLUMN hospital_cost.finding.observed IS 'What was found: a price in yuan a unit with six decimals, or the entry that is repeated';
COMMENT ON COLUMN hospital_cost.finding.limit_value IS 'What is allowed: the list price of the service day, or its ceiling where that is lower; or once a day';
COMMENT ON COLUMN hospital_cost.finding.expected IS 'The same as limit_value, by the name it has in posting_issue: what the columns of both views are called means the same in both';
COMMENT ON COLUMN hospital_cost.finding.excess_quantity IS 'Quantity beyond what is allowed, in the unit of the item; 0 where the price alone is at fault';
COMMENT ON COLUMN hospital_cost.finding.amount_at_risk IS 'Yuan that would have to be given back if the finding holds (涉及金额): the excess of the price × quantity, or the amount of the repeated line';
COMMENT ON COLUMN hospital_cost.finding.evidence IS 'The same facts as one JSON object, for programs';
COMMENT ON COLUMN hospital_cost.finding.state IS 'open 待处理; confirmed 属实, false_positive 误报, corrected 已整改 by review; resolved 自动关闭: the source row was corrected or deleted';
COMMENT ON COLUMN hospital_cost.finding.deadline IS 'found_at + respond_within of the rule; null for class data';
COMMENT ON COLUMN hospital_cost.finding.closed_by IS 'Login that reviewed it, or that wrote the correction which resolved it';

COMMENT ON COLUMN hospital_cost.finding.knowledge_id IS 'Row of item_limit, item_pair, item_bundle or surgery_group that was broken; null: the rule alone';
COMMENT ON COLUMN hospital_cost.finding.subject IS 'What a batch rule speaks of: patient, department, cashier, doctor, item, shift, payment …; null: the source row';
COMMENT ON COLUMN hospital_cost.finding.subject_code IS 'Code of that subject';
COMMENT ON COLUMN hospital_cost.finding.fact IS 'What tells two findings of one rule, month and subject apart, such as the day';
COMMENT ON COLUMN hospital_cost.finding.message IS 'What the rule tells the reader, in Chinese';
COMMENT ON COLUMN hospital_cost.finding.message_en IS 'The same in English';

COMMENT ON VIEW hospital_cost.rule_state IS 'Each version of each rule and whether it is at work today (规则状态)';
COMMENT ON COLUMN hospital_cost.rule_state.state IS 'active 启用; inactive 未启用: an input is missing, see needs; not_yet and over: outside its days';
COMMENT ON COLUMN hospital_cost.rule_state.needs IS 'Inputs that are missing: attach or fill them and the rule works';
COMMENT ON TYPE hospital_cost._detected IS 'What a detector found: subject, fact, entries, limit, excess, yuan at risk';
COMMENT ON FUNCTION hospital_cost.detect(date, text) IS 'Runs the batch rules and looks through the ledger for what breaks the inline ones (or one rule) in a month (批量稽核) and says, rule by rule, how many findings are new and how many closed because their cause is gone. Idempotent: a second run adds nothing; reviewed findings are not found again. Rules whose input is missing are skipped, see rule_state. MC415: no such rule';
COMMENT ON FUNCTION hospital_cost._detect_inline(date, text) IS 'The part of detect for the rules over lines: one pass over the ledger for all of them';
COMMENT ON FUNCTION hospital_cost._detect_rule(date, hospital_cost.rule, text) IS 'One rule of detect: writes what is new, closes what is over';
COMMENT ON FUNCTION hospital_cost._has_input(text, text) IS 'Whether an input of rules is there: table, feed, knowledge of a rule, or a mapping key of charges';
COMMENT ON FUNCTION hospital_cost._rule_state() IS 'Behind rule_state, with the rights of the owner';
COMMENT ON FUNCTION hospital_cost._parameter(hospital_cost.rule, text) IS 'Value of a parameter: the rule''s, or the default of its kind';
COMMENT ON FUNCTION hospital_cost._parameter_fault(text, jsonb, jsonb) IS 'What is wrong with one parameter by its description in rule_kind; null: nothing';
COMMENT ON FUNCTION hospital_cost._rule_guard() IS 'Guard trigger: kind and timing must be known (MC411), parameters must fit the kind (MC412)';
COMMENT ON FUNCTION hospital_cost._load_default_rules() IS 'load_defaults of the anomaly room: rules CA02 and CA04 where they are not there yet';
