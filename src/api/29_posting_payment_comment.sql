-- 20 posting: what the names of payments mean.

COMMENT ON COLUMN hospital_cost._feed.pending IS 'Function(relation) that posts what the triggers did not; post_pending() calls it for every table of the feed';
COMMENT ON FUNCTION hospital_cost.attach_payments(regclass, jsonb, text, jsonb) IS
'Attaches a payment table of the hospital (挂接收款表): from now on every INSERT, UPDATE and DELETE posts in the same transaction, as attach_charges does for charges. The caller must own the table (42501). Attaching again replaces mapping, mode and options. The mapping has the shape of attach_charges.
Keys that must be there: source_key (the key of the row), kind (收款类别), method (支付方式), amount (金额), paid_at (收款时间), and encounter (就诊号) or patient (患者编码).
Further keys: started_at (开始办理时间), operator (收款员), window_code (窗口), reverses_key (退款所冲的原收款), reason (退款原因), receipt_no (票据号), settlement (结算单号), external_reference (渠道流水号).
Kinds: payment 收款, deposit 预交金, refund 退款, deposit_refund 退预交金. Of a refund only the size of the amount counts, not its sign; a payment or deposit is not negative (MC243).
mode flag (accept and explain) or strict (raise). options: kind {"payment": [values], "deposit": [values], "refund": [values], "deposit_refund": [values]} maps the hospital''s values, else they are our words; status, refund_reason, backfill and continues as in attach_charges.
A refund names its original by reverses_key, a payment or deposit of the same table: all refunds of it together never exceed it (MC22B), and deposit refunds of an encounter never exceed its deposits, whatever table these stand in (MC242). A refund whose original is not posted is posted, with a warning (MC235). When an original shrinks, its youngest refunds are taken back until the rest fits; when room comes back, they are posted again.
Errors: MC201 mapping, MC202 not a table that can be attached, MC203 mode or options, MC209 another source_key after posting, MC219 a table of this name was attached before';
COMMENT ON FUNCTION hospital_cost.detach_payments(regclass) IS 'Takes the triggers off an attached payment table. Its entries stay, and later changes of its rows are not seen. MC204 if it is not attached, 42501 if the caller does not own it';
COMMENT ON FUNCTION hospital_cost.post_payments() IS 'Trigger of attached payment tables, after a statement. Created by attach_payments; MC204 on a table that is not attached, MC207 if a mapped column is gone, MC22x to MC24x in mode strict';
COMMENT ON FUNCTION hospital_cost._payment_reader(regclass) IS 'How rows of a payment table are read and which words it uses, for the trigger; no row where SQL has to settle them: keys that can come twice, columns gone, a table that cannot be read';
COMMENT ON FUNCTION hospital_cost._settle_payment_statement() IS 'What post_payments hands a statement to that wrote more than ordinary payments';
COMMENT ON FUNCTION hospital_cost.post_pending_payments(regclass, boolean) IS 'Posts the rows of an attached payment table that have no entry: those blocked by an issue since mended, and those the triggers never saw. Counts by outcome: posted, exists, refused (see posting_issue), exists_with_different_<field> (the row was changed behind the triggers'' back, or is mapped otherwise since), gone (entries whose row is no longer there). correct => true makes the payments follow the table, as in post_pending: entries that differ are reversed and posted again, entries of missing rows reversed (gone_reversed); never say it after detaching a partition. Needs READ COMMITTED (MC208) and ownership of the table';
COMMENT ON FUNCTION hospital_cost.unposted_payments(regclass) IS 'Rows of an attached payment table without an entry (未入账收款): key, day, and the blocking issue that is open, null if the triggers never saw it. MC204 if it is not attached, 42501 if the caller does not own it';
COMMENT ON FUNCTION hospital_cost.verify_payments(date) IS 'Proof of a month''s payments (收款勾稽), as verify_ledger for charges: rows against entries by separate SQL, reversals against what they take back, refunds against originals and deposits; difference is 0 in each row if all is well, else example names the first offender. Reads the attached tables whole';
COMMENT ON FUNCTION hospital_cost.encounter_account(text) IS 'Account of an encounter (就诊账户), right within every transaction: charges net of refunds, payments, deposits, refunds and deposit refunds (all as positive yuan), balance = payments + deposits − refunds − deposit refunds − charges (余额; negative: owed), and the instant of the last charge or payment. MC244 if neither charges nor payments nor hospital_cost.encounter know it';
COMMENT ON VIEW hospital_cost.payment_ledger IS 'Payment ledger (收款总账), one row an entry, append-only. An UPDATE of a source row appears as a reversal and a new entry, a DELETE as a reversal';
COMMENT ON COLUMN hospital_cost.payment_ledger.entry IS 'post: money that came in (收款). refund: money given back (退款). reverse: takes back the entry named in reverses, because its row changed or went (冲销)';
COMMENT ON COLUMN hospital_cost.payment_ledger.kind IS 'payment 收款, deposit 预交金, refund 退款, deposit_refund 退预交金';
COMMENT ON COLUMN hospital_cost.payment_ledger.amount IS 'Yuan, two decimals: in positive, out negative; a reversal has the sign opposite to what it takes back, so that sums are what the hospital holds';
COMMENT ON COLUMN hospital_cost.payment_ledger.encounter_code IS 'Encounter (就诊号); of a refund that leaves it open that of its original';
COMMENT ON COLUMN hospital_cost.payment_ledger.patient_code IS 'Patient, as the hospital codes him (患者编码)';
COMMENT ON COLUMN hospital_cost.payment_ledger.method IS 'Method of payment in the hospital''s words (支付方式): cash, card, WeChat, insurance …';
COMMENT ON COLUMN hospital_cost.payment_ledger.paid_at IS 'Instant of payment as the hospital wrote it (收款时间)';
COMMENT ON COLUMN hospital_cost.payment_ledger.started_at IS 'When the window began to serve the patient (开始办理时间); null if the table does not say';
COMMENT ON COLUMN hospital_cost.payment_ledger.day IS 'Accounting day of paid_at, in the time zone of the hospital';
COMMENT ON COLUMN hospital_cost.payment_ledger.period IS 'Month posted into (入账期间): that of day, or a later open one if that month is closed (flag late)';
COMMENT ON COLUMN hospital_cost.payment_ledger.operator IS 'Cashier as the row names him (收款员)';
COMMENT ON COLUMN hospital_cost.payment_ledger.posted_by IS 'Login whose statement posted it; no column of the table can say otherwise';
COMMENT ON COLUMN hospital_cost.payment_ledger.window_code IS 'Window (窗口)';
COMMENT ON COLUMN hospital_cost.payment_ledger.reverses_key IS 'Key of the payment that a refund gives back, as the row says';
COMMENT ON COLUMN hospital_cost.payment_ledger.reverses IS 'entry_id of what a reversal takes back; of a refund the entry of its original when it was posted, null if there was none';
COMMENT ON COLUMN hospital_cost.payment_ledger.flags IS 'late (迟到), rounded (more decimals came than are kept), source_changed (a reversal because the row was changed or deleted)';

COMMENT ON TABLE hospital_cost._payment IS 'The entries behind the view payment_ledger; flags 4 late, 32 rounded, 64 source_changed';
COMMENT ON TABLE hospital_cost._payment_blocked IS 'Refunds that exceed their original or the deposits, to be looked at again when these change';
COMMENT ON TYPE hospital_cost._payment_row IS 'A row of a payment table, as read and judged';
COMMENT ON SEQUENCE hospital_cost.payment_seq IS 'Numbers payment entries';
COMMENT ON FUNCTION hospital_cost._posting_period(date) IS 'Month that a day is posted into, share-locked against closing, or why there is none: found, period_closed, period_not_open';
COMMENT ON FUNCTION hospital_cost._lock_slots(integer[]) IS 'Locks originals and accounts by their hash until the transaction ends, in one order; very many as one';
COMMENT ON FUNCTION hospital_cost._count_latest(text, text[]) IS 'What a counting query returns by the latest committed state';
COMMENT ON FUNCTION hospital_cost._read_payments(regclass, text) IS 'Rows of a query over an attached payment table, read as the table''s owner';
COMMENT ON FUNCTION hospital_cost._read_payments(regclass, text, text[]) IS 'The same for $1 = keys; the query may lock the rows';
COMMENT ON FUNCTION hospital_cost._payment_query(hospital_cost.attachment, text) IS 'SQL text that reads the rows of a payment table';
COMMENT ON FUNCTION hospital_cost._payment_key_filter(hospital_cost.attachment, text[]) IS 'SQL condition for the rows of some keys';
COMMENT ON FUNCTION hospital_cost._check_payment_options(regclass, jsonb, jsonb) IS 'Refuses options that payments do not have (MC203); returns the mapping with the status column';
COMMENT ON FUNCTION hospital_cost._judge_payments(hospital_cost.attachment, hospital_cost._payment_row[]) IS 'Rows in our words, with what makes an entry impossible';
COMMENT ON FUNCTION hospital_cost._payment_difference(hospital_cost._payment, hospital_cost._payment_row) IS 'First field in which a row differs from its entry';
COMMENT ON FUNCTION hospital_cost._live_payments(smallint, text[]) IS 'Entries that stand for keys now';
COMMENT ON FUNCTION hospital_cost._payment_issue(smallint, hospital_cost._payment_row, text, text, text, text, bigint) IS 'An issue of a payment row, not yet told';
COMMENT ON FUNCTION hospital_cost._raise_payment_issue(regclass, hospital_cost._finding) IS 'Raises an issue of a payment row, for mode strict';
COMMENT ON FUNCTION hospital_cost._tell_payment_issues(hospital_cost.attachment, text[], hospital_cost._finding[], boolean) IS 'Writes the issues of keys judged afresh, and resolves those that are gone';
COMMENT ON FUNCTION hospital_cost._lock_payments(smallint, text[], text[]) IS 'Locks originals and accounts that refunds look at; 40001 where the snapshot is older than what others posted';
COMMENT ON FUNCTION hospital_cost._reverse_payments(hospital_cost._payment[]) IS 'Takes entries back; says of each whether its month allowed it';
COMMENT ON FUNCTION hospital_cost._enter_payments(smallint, hospital_cost._payment_row[], bigint) IS 'Enters rows; says of each what became of it';
COMMENT ON FUNCTION hospital_cost._settle_refund(hospital_cost.attachment, hospital_cost._payment_row) IS 'Judges one refund against its original and the deposits, and posts it or takes it back';
COMMENT ON FUNCTION hospital_cost._settle_refunds(hospital_cost.attachment, hospital_cost._payment_row[]) IS 'Judges refunds one after the other';
COMMENT ON FUNCTION hospital_cost._payment_key_sql(hospital_cost.attachment) IS 'SQL expression: the key of a payment row; null for one of more than 1,000 bytes';
COMMENT ON FUNCTION hospital_cost._keys_of_type(text[], oid) IS 'Those of some keys that a column of a type can hold';
COMMENT ON FUNCTION hospital_cost._deposit_rest(text, boolean, bigint) IS 'What is left of the deposits of an encounter, or of a patient, but for one entry';
COMMENT ON FUNCTION hospital_cost._payments_now(hospital_cost.attachment, text[], boolean, boolean) IS 'Rows of keys as the table has them now';
COMMENT ON FUNCTION hospital_cost._concerned_refunds(smallint, text[], hospital_cost._payment[], text[]) IS 'Refunds that changed entries may concern';
COMMENT ON FUNCTION hospital_cost._settle_payments(hospital_cost.attachment, text[], hospital_cost._payment_row[], boolean, boolean) IS 'Brings the entries of keys to what their rows say; counts by outcome';
COMMENT ON FUNCTION hospital_cost._replace_stale(hospital_cost.attachment, hospital_cost._payment[], hospital_cost._payment_row[]) IS 'Rows that differ from their entries, read again';
COMMENT ON FUNCTION hospital_cost._settle_elsewhere(smallint, text[]) IS 'Judges refunds of another table again';
COMMENT ON FUNCTION hospital_cost._payment_warnings(smallint, hospital_cost._payment_row[], hospital_cost._finding[]) IS 'Warnings about rows that have an entry';
COMMENT ON FUNCTION hospital_cost._payment_state(hospital_cost.attachment) IS 'Source rows of a payment table beside what their keys stand for';
COMMENT ON FUNCTION hospital_cost._verify_payment_rows(hospital_cost.attachment, date) IS 'Identities between the rows of a payment table and their entries';
COMMENT ON FUNCTION hospital_cost._verify_payment_entries(date) IS 'Identities of payments in themselves';
