-- 30 cashier: what becomes of a reminder, said by whoever sends it.

CREATE OR REPLACE FUNCTION hospital_cost.mark_reminder(reminder bigint, state text, channel text DEFAULT NULL, note text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF (state IN ('sent', 'failed', 'pending', 'withdrawn')) IS NOT TRUE THEN
		RAISE EXCEPTION 'state "%" of a reminder is not known', state USING ERRCODE = 'MC30Y', HINT = 'Use sent, failed, pending (once more) or withdrawn.';
	END IF;
	UPDATE hospital_cost.reminder m SET state = mark_reminder.state, channel = coalesce(mark_reminder.channel, m.channel),
		note = coalesce(mark_reminder.note, m.note)
	WHERE m.reminder_id = reminder;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'reminder % is not known', reminder USING ERRCODE = 'MC30Y', HINT = 'See hospital_cost.reminder.';
	END IF;
END $$;

-- What was said stays; only what became of it is written, with who and when. What was sent is said.
CREATE OR REPLACE FUNCTION hospital_cost._guard_reminder() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF (to_jsonb(NEW) - '{state,channel,note}'::text[]) IS DISTINCT FROM (to_jsonb(OLD) - '{state,channel,note}'::text[]) THEN
		RAISE EXCEPTION 'reminder % stays as it was made', OLD.reminder_id USING ERRCODE = 'MC006',
			HINT = 'Only state, channel and note change; a reminder of the next day says what is new.';
	ELSIF OLD.state IN ('sent', 'withdrawn') AND NEW.state <> OLD.state THEN
		RAISE EXCEPTION 'reminder % is % already', OLD.reminder_id, OLD.state USING ERRCODE = 'MC30Y', HINT = 'The next day makes another one.';
	END IF;
	NEW.state_at := now();
	NEW.state_by := session_user;
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard_reminder BEFORE UPDATE ON hospital_cost.reminder FOR EACH ROW EXECUTE FUNCTION hospital_cost._guard_reminder();
CREATE OR REPLACE TRIGGER guard_removal BEFORE DELETE OR TRUNCATE ON hospital_cost.reminder
	FOR EACH STATEMENT EXECUTE FUNCTION hospital_cost._refuse_change('What was said to patients stays on record: withdraw it.');

COMMENT ON TABLE hospital_cost.reminder_rule IS 'When patients are reminded (催缴规则), dated; a row of the department holds before one of the payer, that before the one of the house (both empty). Filled by load_defaults(); without a row nobody is reminded';
COMMENT ON COLUMN hospital_cost.reminder_rule.kind IS 'unpaid 欠费: of who has left; deposit 预交金不足: of who is in the house';
COMMENT ON COLUMN hospital_cost.reminder_rule.minimum_amount IS 'Yuan below which nobody is reminded';
COMMENT ON COLUMN hospital_cost.reminder_rule.minimum_balance IS 'Of deposit: yuan that the balance should at least be';
COMMENT ON COLUMN hospital_cost.reminder_rule.own_share IS 'Of deposit: the part of charges that the patient''s own money must cover (个人负担比例), by payer; 1: all of them';
COMMENT ON COLUMN hospital_cost.reminder_rule.grace IS 'Of unpaid: how old the oldest unpaid charge must be';
COMMENT ON COLUMN hospital_cost.reminder_rule.repeat_days IS 'Days until the same is said again';
COMMENT ON COLUMN hospital_cost.reminder_rule.due_days IS 'Days until it should be paid';
COMMENT ON TABLE hospital_cost.reminder IS 'Outbox of reminders (催缴提醒): who (codes, never a name), why, amount in yuan, due, and what became of it. Written by make_reminders and mark_reminder';
COMMENT ON COLUMN hospital_cost.reminder.why IS 'unpaid 欠费, below_minimum 预交金低于下限, below_expected 预交金不足预计费用';
COMMENT ON COLUMN hospital_cost.reminder.state IS 'pending 待发, sent 已发, failed 发送失败, withdrawn 已撤回: no longer owed';
COMMENT ON FUNCTION hospital_cost.make_reminders(date) IS 'Writes the reminders of a day (生成催缴提醒) as things stood at its end: unpaid bills of those who left, deposits of those in the house; withdraws pending ones that are no longer owed. Returns how many are new, 0 the second time. null: today. MC30Y no day';
COMMENT ON FUNCTION hospital_cost.mark_reminder(bigint, text, text, text) IS 'What became of a reminder, said by whoever sends it: sent, failed, pending (once more) or withdrawn, by which channel. Sent and withdrawn are final. MC30Y unknown or final';
COMMENT ON FUNCTION hospital_cost._guard_reminder() IS 'Guard trigger: of a reminder only state, channel and note change';
COMMENT ON VIEW hospital_cost.unpaid IS 'Encounters whose charges are above their payments (欠费): how much, and since the first charge that what has been paid in all no longer covers, in days and ages 0-1, 2-7, 8-30, 31-90, 91-365, >365. insurer: what settlements leave to the insurer and no payment says. state: in_house, left, unknown (no row in encounter)';
COMMENT ON VIEW hospital_cost.deposit_shortfall IS 'Patients in the house whose money does not reach (预交金不足), by reminder_rule: balance = paid − own share of charges, against the minimum and against the own share of what is still expected (median of predict_charges); shortfall covers the larger. As of the last day each was charged for';
COMMENT ON FUNCTION hospital_cost._unpaid_at(date) IS 'What is behind the view unpaid, at the end of a day; null: now';
COMMENT ON FUNCTION hospital_cost._deposit_shortfall_at(date) IS 'What is behind the view deposit_shortfall, at the end of a day; null: now';
COMMENT ON FUNCTION hospital_cost._reminder_rule(text, text, text, date) IS 'The rule that holds for a department and payer on a day; all null if none';
