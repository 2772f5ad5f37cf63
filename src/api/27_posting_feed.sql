-- 20 posting: the feeds of what happened (room activity): encounters, stays, service use, orders, stock. What each row of them is made of.

INSERT INTO hospital_cost._feed (feed, room, function, partitions)
SELECT f, '20', 'hospital_cost.follow_feed', true FROM unnest('{encounters,stays,service_use,orders,stock}'::text[]) AS f
ON CONFLICT (feed) DO UPDATE SET room = excluded.room, function = excluded.function, partitions = excluded.partitions;

INSERT INTO hospital_cost._feed_target (feed, target, style, key_column, default_key, month_of, used, conflict,
	write_order, proof) VALUES
	('encounters', 'hospital_cost.encounter', 'keep', 'code', '{encounter}', '(started_at AT TIME ZONE {zone})::date',
		'EXISTS (SELECT FROM hospital_cost.department_stay x WHERE x.encounter_code = t.code)
		OR EXISTS (SELECT FROM hospital_cost.service_use x WHERE x.encounter_code = t.code)
		OR EXISTS (SELECT FROM hospital_cost.order_line x WHERE x.encounter_code = t.code)
		OR EXISTS (SELECT FROM hospital_cost._ledger x WHERE x.encounter_code = t.code)
		OR EXISTS (SELECT FROM hospital_cost._payment x WHERE COALESCE(x.encounter_code, x.patient_code) = t.code AND x.encounter_code = t.code)', 'key_taken',
		'source_key', 'hospital_cost._verify_mirror'),
	('stays', 'hospital_cost.department_stay', 'replace', 'source_key', '{encounter,from_at}', '(from_at AT TIME ZONE {zone})::date',
		NULL, 'overlapping_stay',
		'encounter_code, from_at, source_key', 'hospital_cost._verify_mirror'),
	('service_use', 'hospital_cost.service_use', 'replace', 'source_key', NULL, '(started_at AT TIME ZONE {zone})::date', NULL, 'key_taken',
		'source_key', 'hospital_cost._verify_mirror'),
	('orders', 'hospital_cost.order_line', 'replace', 'source_key', '{order}', '(ordered_at AT TIME ZONE {zone})::date', NULL, 'key_taken',
		'source_key', 'hospital_cost._verify_mirror'),
	('stock', 'hospital_cost.stock', 'replace', 'source_key', '{department,item,batch}', '(as_of AT TIME ZONE {zone})::date', NULL, 'key_taken',
		'source_key', 'hospital_cost._verify_mirror')
ON CONFLICT (feed) DO UPDATE SET target = excluded.target, style = excluded.style, key_column = excluded.key_column, default_key = excluded.default_key,
	month_of = excluded.month_of, used = excluded.used, conflict = excluded.conflict, write_order = excluded.write_order,
	proof = excluded.proof;

INSERT INTO hospital_cost._feed_column (feed, position, field, type, required, target, target_type, expression, fallback, allowed, master, unknown) VALUES
	('encounters', 1, 'encounter', 'code', true, 'code', 'text', NULL, NULL, NULL, NULL, NULL),
	('encounters', 2, 'patient', 'code', false, 'patient_code', 'text', NULL, NULL, NULL, NULL, NULL),
	('encounters', 3, 'status', 'code', false, 'status', 'text', NULL, 'active', '{active,cancelled,planned,void}', NULL, 'unknown_status'),
	('encounters', 4, 'kind', 'code', true, 'kind', 'text', NULL, NULL, '{outpatient,emergency,inpatient,checkup}', NULL, 'unknown_value'),
	('encounters', 5, 'department', 'code', true, 'department_code', 'text', NULL, NULL, NULL, 'hospital_cost.department', 'unknown_department'),
	('encounters', 6, 'started_at', 'time', true, 'started_at', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('encounters', 7, 'ended_at', 'time', false, 'ended_at', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('encounters', 8, 'payer', 'code', false, 'payer', 'text', NULL, NULL, NULL, NULL, NULL),
	('encounters', 9, 'price_class', 'code', false, 'price_class', 'text', NULL, 'standard', NULL, NULL, NULL),
	('encounters', 10, 'sex', 'code', false, 'sex', 'text', NULL, 'U', '{M,F,U}', NULL, 'unknown_value'),
	('encounters', 11, 'birth_date', 'time', false, 'birth_date', 'date', 'birth_date AT TIME ZONE {zone}', NULL, NULL, NULL, NULL),
	('encounters', 12, 'diagnosis', 'code', false, 'diagnosis_code', 'text', NULL, NULL, NULL, NULL, NULL),
	('encounters', 13, 'drg', 'code', false, 'drg_code', 'text', NULL, NULL, NULL, NULL, NULL),
	('encounters', 14, 'procedure', 'code', false, 'procedure_code', 'text', NULL, NULL, NULL, NULL, NULL),
	('stays', 1, 'encounter', 'code', true, 'encounter_code', 'text', NULL, NULL, NULL, 'hospital_cost.encounter', 'unknown_encounter'),
	('stays', 2, 'department', 'code', true, 'department_code', 'text', NULL, NULL, NULL, 'hospital_cost.department', 'unknown_department'),
	('stays', 3, 'bed', 'code', false, 'bed', 'text', NULL, NULL, NULL, NULL, NULL),
	('stays', 4, 'from_at', 'time', true, 'from_at', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('stays', 5, 'to_at', 'time', false, 'to_at', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('stays', 6, 'status', 'code', false, NULL, NULL, NULL, 'valid', '{valid,planned,void}', NULL, 'unknown_status'),
	('service_use', 1, 'encounter', 'code', false, 'encounter_code', 'text', NULL, NULL, NULL, NULL, NULL),
	('service_use', 2, 'department', 'code', true, 'department_code', 'text', NULL, NULL, NULL, 'hospital_cost.department', 'unknown_department'),
	('service_use', 3, 'resource', 'code', true, 'resource', 'text', NULL, NULL, NULL, NULL, NULL),
	('service_use', 4, 'item', 'code', false, 'item_code', 'text', NULL, NULL, NULL, NULL, NULL),
	('service_use', 5, 'quantity', 'number', true, 'quantity', 'numeric(16,4)', NULL, NULL, NULL, NULL, NULL),
	('service_use', 6, 'unit', 'code', false, 'unit', 'text', NULL, NULL, NULL, NULL, NULL),
	('service_use', 7, 'started_at', 'time', true, 'started_at', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('service_use', 8, 'ended_at', 'time', false, 'ended_at', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('service_use', 9, 'status', 'code', false, NULL, NULL, NULL, 'valid', '{valid,planned,void}', NULL, 'unknown_status'),
	('orders', 1, 'order', 'code', true, 'order_no', 'text', NULL, NULL, NULL, NULL, NULL),
	('orders', 2, 'encounter', 'code', true, 'encounter_code', 'text', NULL, NULL, NULL, NULL, NULL),
	('orders', 3, 'item', 'code', true, 'item_code', 'text', NULL, NULL, NULL, NULL, NULL),
	('orders', 4, 'quantity', 'number', false, 'quantity', 'numeric(16,4)', NULL, NULL, NULL, NULL, NULL),
	('orders', 5, 'unit', 'code', false, 'unit', 'text', NULL, NULL, NULL, NULL, NULL),
	('orders', 6, 'frequency', 'code', false, 'frequency', 'text', NULL, NULL, NULL, NULL, NULL),
	('orders', 7, 'times_per_day', 'number', false, 'times_per_day', 'numeric(16,4)', NULL, NULL, NULL, NULL, NULL),
	('orders', 8, 'days', 'number', false, 'days', 'numeric(16,4)', NULL, NULL, NULL, NULL, NULL),
	('orders', 9, 'executed_quantity', 'number', false, 'executed_quantity', 'numeric(16,4)', NULL, NULL, NULL, NULL, NULL),
	('orders', 10, 'ordering_department', 'code', false, 'ordering_department_code', 'text', NULL, NULL, NULL, 'hospital_cost.department', 'unknown_department'),
	('orders', 11, 'performing_department', 'code', false, 'performing_department_code', 'text', NULL, NULL, NULL, 'hospital_cost.department', 'unknown_department'),
	('orders', 12, 'doctor', 'code', false, 'doctor', 'text', NULL, NULL, NULL, NULL, NULL),
	('orders', 13, 'ordered_at', 'time', true, 'ordered_at', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('orders', 14, 'nurse_checked_at', 'time', false, 'nurse_checked_at', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('orders', 15, 'executed_at', 'time', false, 'executed_at', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('orders', 16, 'stopped_at', 'time', false, 'stopped_at', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('orders', 17, 'status', 'code', false, 'status', 'text', NULL, 'ordered', '{ordered,executed,stopped,cancelled,planned,void}', NULL, 'unknown_status'),
	('stock', 1, 'department', 'code', true, 'department_code', 'text', NULL, NULL, NULL, 'hospital_cost.department', 'unknown_department'),
	('stock', 2, 'item', 'code', true, 'item_code', 'text', NULL, NULL, NULL, NULL, NULL),
	('stock', 3, 'batch', 'code', false, 'batch', 'text', NULL, NULL, NULL, NULL, NULL),
	('stock', 4, 'kind', 'code', false, 'kind', 'text', NULL, 'on_hand', '{on_hand,received,issued}', NULL, 'unknown_value'),
	('stock', 5, 'encounter', 'code', false, 'encounter_code', 'text', NULL, NULL, NULL, NULL, NULL),
	('stock', 6, 'quantity', 'number', true, 'quantity', 'numeric(16,4)', NULL, NULL, NULL, NULL, NULL),
	('stock', 7, 'unit', 'code', false, 'unit', 'text', NULL, NULL, NULL, NULL, NULL),
	('stock', 8, 'as_of', 'time', false, 'as_of', 'timestamptz', NULL, NULL, NULL, NULL, NULL),
	('stock', 9, 'status', 'code', false, NULL, NULL, NULL, 'valid', '{valid,planned,void}', NULL, 'unknown_status')
ON CONFLICT (feed, position) DO UPDATE SET field = excluded.field, type = excluded.type, required = excluded.required, target = excluded.target,
	target_type = excluded.target_type, expression = excluded.expression, fallback = excluded.fallback, allowed = excluded.allowed,
	master = excluded.master, unknown = excluded.unknown;

-- What a mapping may say is the same list, with the key where a table has one of its own.
INSERT INTO hospital_cost._feed_field (feed, field, required, type)
SELECT c.feed, c.field, c.required, c.type FROM hospital_cost._feed_column c WHERE c.feed IN ('encounters', 'stays', 'service_use', 'orders', 'stock')
UNION ALL VALUES ('stays', 'source_key', false, 'row_key'), ('service_use', 'source_key', true, 'row_key'),
	('orders', 'source_key', false, 'row_key'), ('stock', 'source_key', false, 'row_key')
ON CONFLICT (feed, field) DO UPDATE SET required = excluded.required, type = excluded.type;

INSERT INTO hospital_cost._feed_check (feed, position, code, field, condition, expected, observed) VALUES
	('encounters', 1, 'end_before_start', 'ended_at', 'ended_at < started_at', 'started_at AT TIME ZONE {zone}', 'ended_at AT TIME ZONE {zone}'),
	('stays', 1, 'end_before_start', 'to_at', 'to_at < from_at', 'from_at AT TIME ZONE {zone}', 'to_at AT TIME ZONE {zone}'),
	('service_use', 1, 'end_before_start', 'ended_at', 'ended_at < started_at', 'started_at AT TIME ZONE {zone}', 'ended_at AT TIME ZONE {zone}'),
	('orders', 1, 'end_before_start', 'stopped_at', 'stopped_at < ordered_at', 'ordered_at AT TIME ZONE {zone}', 'stopped_at AT TIME ZONE {zone}')
ON CONFLICT (feed, position) DO UPDATE SET code = excluded.code, field = excluded.field, condition = excluded.condition, expected = excluded.expected,
	observed = excluded.observed;

INSERT INTO hospital_cost._feed_issue (code, sqlstate, hint) VALUES
	('missing_value', 'MC221', 'Give the value, or map the field to another column.'),
	('unreadable_value', 'MC222', 'Numbers are plain decimals that fit their column, times are finite.'),
	('unknown_department', 'MC224', 'Insert it into hospital_cost.department.'),
	('period_closed', 'MC227', 'Book it in an open month, or reopen this one with a reason.'),
	('unknown_status', 'MC229', 'Correct it, or attach the table again with this value in options.status.'),
	('unknown_encounter', 'MC151', 'Bring the encounter first, then write the row again or call hospital_cost.refresh_feed.'),
	('overlapping_stay', 'MC152', 'A patient lies in one ward at a time: correct the times of one of the stays.'),
	('end_before_start', 'MC153', 'Correct the times.'),
	('key_taken', 'MC154', 'Another attached table has a row of this key: let one of them tell it.'),
	('duplicate_key', 'MC155', 'Rows of one key say different things: give each row a key of its own.'),
	('unknown_value', 'MC156', 'Correct it, or attach the table again with this value in options.values.')
ON CONFLICT (code) DO UPDATE SET sqlstate = excluded.sqlstate, hint = excluded.hint;

COMMENT ON TABLE hospital_cost._feed_target IS 'Registry of the feeds that follow an attached table row by row: into which of our tables, and how';
COMMENT ON TABLE hospital_cost._feed_column IS 'Registry of the fields of these feeds: how each is read, judged and written';
COMMENT ON TABLE hospital_cost._feed_check IS 'Registry of the conditions on several fields under which a row is refused';
COMMENT ON TABLE hospital_cost._feed_issue IS 'Registry of the issues of these feeds: their SQLSTATE in mode strict, and the hint';
