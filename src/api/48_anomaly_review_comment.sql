-- 48 anomaly: what the names of review mean.

COMMENT ON TABLE hospital_cost._finding_event IS 'Trail of findings (疑点处理轨迹); see the view finding_event. Append-only';
COMMENT ON VIEW hospital_cost.finding_event IS 'What people did with a finding (疑点处理轨迹), one row a step, never changed: who, when, from which state to which, with what note. What a correction of the row closes by itself is in finding (state resolved)';
COMMENT ON COLUMN hospital_cost.finding_event.event IS 'assigned 分派, explained 科室说明, judged 复核, reopened 重新打开';
COMMENT ON COLUMN hospital_cost.finding_event.from_state IS 'State of the finding before; as finding.state';
COMMENT ON COLUMN hospital_cost.finding_event.to_state IS 'State after it; the same where a step changes none';
COMMENT ON COLUMN hospital_cost.finding_event.assignee IS 'Login that shall look at it; of event assigned only';
COMMENT ON COLUMN hospital_cost.finding_event.note IS 'What was said: a note, an explanation, the reason of a reopening';
COMMENT ON COLUMN hospital_cost.finding_event.done_by IS 'Login (session_user)';
COMMENT ON FUNCTION hospital_cost.review_finding(bigint, text, text) IS 'Closes an open finding of conduct with a verdict (复核): confirmed 属实, false_positive 误报, corrected 已整改 (MC413 for another word), and a note; who did it is the login. MC414 if the finding is not open or is about data, MC416 if it is about the login itself (本人回避)';
COMMENT ON FUNCTION hospital_cost.reopen_finding(bigint, text) IS 'Opens a reviewed finding again (重新打开), for a reason (MC417), with a new deadline. MC414 if it was not reviewed, MC416 if it is about the login itself';
COMMENT ON FUNCTION hospital_cost.assign_finding(bigint, text, text) IS 'Gives an open finding to a login (分派); the last one counts. MC414 if it is not open, MC418 if there is no such login, MC416 if it is about that login';
COMMENT ON FUNCTION hospital_cost.answer_finding(bigint, text) IS 'Answer to an open finding (科室说明), by whoever it concerns; decides nothing. MC414 if it is not open, MC417 if it says nothing';
COMMENT ON FUNCTION hospital_cost._finding_in(bigint, text[]) IS 'A finding of conduct that is in one of these states, locked; else MC414';
COMMENT ON FUNCTION hospital_cost._is_about(hospital_cost._finding, text) IS 'Whether a finding speaks of what a login did: as cashier, operator or doctor, by his shift, or the money he took';
COMMENT ON FUNCTION hospital_cost._is_login(text, text) IS 'Whether a code means a login: it is the login, or a cashier of that code has it';

COMMENT ON VIEW hospital_cost.worklist IS 'Open findings of conduct (待处理清单), the most yuan at risk first. Who acts: filter by role or assignee';
COMMENT ON COLUMN hospital_cost.worklist.overdue IS 'Time since the deadline; 0 before it';
COMMENT ON COLUMN hospital_cost.worklist.level IS 'Escalation (升级): 0 in time; 1 overdue; 2 overdue by more than one step; 3 by more than three. A step is 1 day where severity is definite, 3 where suspect, 7 where lead';
COMMENT ON COLUMN hospital_cost.worklist.role IS 'Who must act: levels 0 and 1 cashier_leader where it is about money or a cashier, else controller; level 2 controller; level 3 auditor';
COMMENT ON COLUMN hospital_cost.worklist.assignee IS 'Login it was given to last; null: nobody';
COMMENT ON COLUMN hospital_cost.worklist.explanation IS 'Last explanation of whoever it concerns';
COMMENT ON COLUMN hospital_cost.worklist.amount_at_risk IS 'Yuan, as finding.amount_at_risk';
COMMENT ON VIEW hospital_cost.overdue_finding IS 'The worklist past its deadlines (逾期疑点), the highest level of escalation first';

COMMENT ON VIEW hospital_cost.rule_quality IS 'How good each version of each rule is (规则质量), from what people said of its findings';
COMMENT ON COLUMN hospital_cost.rule_quality.waiting IS 'Findings that are open';
COMMENT ON COLUMN hospital_cost.rule_quality.closed_itself IS 'Findings whose cause was corrected before anybody judged; they say nothing of the rule';
COMMENT ON COLUMN hospital_cost.rule_quality.reviewed IS 'Findings with a verdict: confirmed + corrected + false_positives';
COMMENT ON COLUMN hospital_cost.rule_quality.precision IS 'Share of the reviewed ones that were true, (confirmed + corrected) / reviewed; null: none reviewed';
COMMENT ON COLUMN hospital_cost.rule_quality.precision_low IS 'Lower end of the 95 % interval of precision (Wilson): what so few reviews allow to say';
COMMENT ON COLUMN hospital_cost.rule_quality.precision_high IS 'Upper end of it';
COMMENT ON COLUMN hospital_cost.rule_quality.amount_confirmed IS 'Yuan at risk of confirmed and corrected findings';
COMMENT ON COLUMN hospital_cost.rule_quality.median_time IS 'Median of the time from finding to verdict';
COMMENT ON COLUMN hospital_cost.rule_quality.review_again IS 'Three false positives or more: the rule itself must be looked at (规则复审); a new version begins at none';

COMMENT ON VIEW hospital_cost.case_library IS 'Reviewed findings without patients (案例库): rule, item, department, figures, verdict. Notes are what reviewers wrote: they must name no patient';
COMMENT ON COLUMN hospital_cost.case_library.verdict IS 'confirmed 属实, false_positive 误报, corrected 已整改';
COMMENT ON COLUMN hospital_cost.case_library.department_code IS 'Performing department of the charge, or the department the finding speaks of';
COMMENT ON COLUMN hospital_cost.case_library.observed IS 'What was found, where it is a figure of what was charged; null where it would be an entry, an age, a diagnosis or a day';
COMMENT ON COLUMN hospital_cost.case_library.limit_value IS 'What is allowed, as finding.limit_value; null where that is a day of a patient''s stay';
