-- 40 anomaly: what its names mean.

COMMENT ON TABLE hospital_cost.rule_kind IS 'Kinds of rule that this version can evaluate: when, with which parameters, needing what. A registry, filled by the installation';
COMMENT ON COLUMN hospital_cost.rule_kind.kind IS 'price_above_limit 超限定单价, same_item_same_day 同日重复收费';
COMMENT ON COLUMN hospital_cost.rule_kind.timing IS 'inline: in the transaction that posts. batch: over a period, later';
COMMENT ON COLUMN hospital_cost.rule_kind.parameters IS 'Each parameter of rule.parameters with its meaning, unit and default';
COMMENT ON COLUMN hospital_cost.rule_kind.needs IS 'What the judgement rests on, such as price: where that is missing the rule is silent; null: the entries themselves';

COMMENT ON TABLE hospital_cost.rule IS 'Rules of supervision (监管规则) as versioned data. A changed rule is a new version with its own days; one version holds a day (23P01). Kind and parameters are judged when written (MC411, MC412). load_defaults() ships CA04 超限定单价 and CA02 同日重复收费';
COMMENT ON COLUMN hospital_cost.rule.code IS 'Code the finding carries; CAnn are the shipped ones';
COMMENT ON COLUMN hospital_cost.rule.name IS 'Name in Chinese (规则名称)';
COMMENT ON COLUMN hospital_cost.rule.parameters IS 'Of kind price_above_limit: {"tolerance": yuan a unit let pass}. Of same_item_same_day: {"except_items": [item codes that may repeat]}';
COMMENT ON COLUMN hospital_cost.rule.severity IS 'lead 线索: worth a look; suspect 疑点: to be explained; definite 明确违规: a breach unless the data are wrong';
COMMENT ON COLUMN hospital_cost.rule.timing IS 'inline or batch; must be that of the kind (MC411)';
COMMENT ON COLUMN hospital_cost.rule.action IS 'note and warn: the charge is posted and a finding is written. block: the HIS statement fails with MC401 and nothing is posted';
COMMENT ON COLUMN hospital_cost.rule.respond_within IS 'Time to answer a finding; sets finding.deadline';
COMMENT ON COLUMN hospital_cost.rule.legal_basis IS 'Where the rule comes from, in the words of the authority (依据)';
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
COMMENT ON COLUMN hospital_cost.finding.excess_quantity IS 'Quantity beyond what is allowed, in the unit of the item; 0 where the price alone is at fault';
COMMENT ON COLUMN hospital_cost.finding.amount_at_risk IS 'Yuan that would have to be given back if the finding holds (涉及金额): the excess of the price × quantity, or the amount of the repeated line';
COMMENT ON COLUMN hospital_cost.finding.evidence IS 'The same facts as one JSON object, for programs';
COMMENT ON COLUMN hospital_cost.finding.state IS 'open 待处理; confirmed 属实, false_positive 误报, corrected 已整改 by review; resolved 自动关闭: the source row was corrected or deleted';
COMMENT ON COLUMN hospital_cost.finding.deadline IS 'found_at + respond_within of the rule; null for class data';
COMMENT ON COLUMN hospital_cost.finding.closed_by IS 'Login that reviewed it, or that wrote the correction which resolved it';

COMMENT ON FUNCTION hospital_cost.review_finding(bigint, text, text) IS 'Closes an open finding of conduct with a verdict: confirmed 属实, false_positive 误报, corrected 已整改 (MC413 for another word), and a note; who did it is the login. MC414 if the finding is not open or is about data';
COMMENT ON FUNCTION hospital_cost._rule_guard() IS 'Guard trigger: kind and timing must be known (MC411), parameters must fit the kind (MC412)';
COMMENT ON FUNCTION hospital_cost._load_default_rules() IS 'load_defaults of the anomaly room: rules CA02 and CA04 where they are not there yet';
