-- The tables of the posting benchmark: the same fee table bare, attached, and with a plpgsql twin of what attaching does.
CREATE EXTENSION hospital_cost CASCADE;
SELECT hospital_cost.load_defaults();
CREATE SCHEMA his;
CREATE SCHEMA work;
CREATE FUNCTION work.cpu() RETURNS int LANGUAGE sql
RETURN (SELECT split_part(s, ' ', 14)::int + split_part(s, ' ', 15)::int FROM pg_read_file('/proc/self/stat') AS s);

INSERT INTO hospital_cost.hospital (code, name) VALUES ('BENCH', 'bench');
SELECT hospital_cost.open_period('2025-03-01');
INSERT INTO hospital_cost.department (code, name, class) SELECT 'D' || i, 'D' || i, 'clinical' FROM generate_series(1, 200) i;
INSERT INTO hospital_cost.charge_item (code, name, category) SELECT 'I' || i, 'item ' || i, '04' FROM generate_series(1, 5000) i;
INSERT INTO hospital_cost.price (item_code, unit_price) SELECT 'I' || i, 1 + i % 500 FROM generate_series(1, 5000) i;

CREATE TABLE his.bare (fee_id bigint PRIMARY KEY, visit_no text NOT NULL, item_code text NOT NULL, qty numeric(16,4) NOT NULL,
	price numeric(16,6) NOT NULL, total numeric(18,2) NOT NULL, order_dept text, exec_dept text NOT NULL, ward text,
	fee_time timestamptz NOT NULL, operator text, class text, memo text);
CREATE INDEX ON his.bare (visit_no);
CREATE INDEX ON his.bare (item_code, fee_time);
CREATE TABLE his.fee (LIKE his.bare INCLUDING ALL);
CREATE TABLE his.twin (LIKE his.bare INCLUDING ALL);
CREATE TABLE work.line (LIKE his.bare);
-- 25 lines a visit, each item once a visit; an ordering department uses 200 of the items, an item has one performing department.
INSERT INTO work.line
SELECT i, 'V' || v, 'I' || item, q, p, q * p, 'D' || 1 + v % 200, 'D' || 1 + item % 40, NULL,
	'2025-03-01 00:00+08'::timestamptz + (i % 2600000) * interval '1 second', 'op' || i % 40, 'std', 'memo of some length'
FROM (SELECT i, v, item, 1 + i % 3 AS q, 1 + item % 500 AS p
	FROM (SELECT i, i / 25 AS v, 1 + (i / 25 % 200 * 25 + (i % 25) * 8 + i / 25 % 8) % 5000 AS item FROM generate_series(1, :rows) i) y) x;
SELECT hospital_cost.attach_charges('his.fee', '{"source_key": "fee_id", "encounter": "visit_no", "item": "item_code", "quantity": "qty",
	"unit_price": "price", "amount": "total", "ordering_department": "order_dept", "performing_department": "exec_dept",
	"ward_department": "ward", "charged_at": "fee_time"}');

-- The twin: price lookup, period check, duplicate check, journal row, total upsert, as a row trigger.
CREATE TABLE work.journal (LIKE hospital_cost._ledger INCLUDING DEFAULTS);
CREATE INDEX ON work.journal (encounter_code, service_day, item_id);
CREATE TABLE work.total (LIKE hospital_cost._charge_total INCLUDING ALL);
CREATE TABLE work.flagged (fee_id bigint, code text);
CREATE SEQUENCE work.journal_seq CACHE 1000;
CREATE FUNCTION work.twin() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	item record;
	list numeric;
	day date := (NEW.fee_time AT TIME ZONE 'Asia/Shanghai')::date;
	ordering smallint := (SELECT department_id FROM hospital_cost.department WHERE code = NEW.order_dept);
	performing smallint := (SELECT department_id FROM hospital_cost.department WHERE code = NEW.exec_dept);
	month date := date_trunc('month', day::timestamp)::date;
BEGIN
	SELECT item_id INTO item FROM hospital_cost.charge_item WHERE code = NEW.item_code;
	SELECT unit_price INTO list FROM hospital_cost.price
	WHERE item_code = NEW.item_code AND price_class = 'standard' AND valid @> day;
	IF NEW.price <> list THEN
		INSERT INTO work.flagged VALUES (NEW.fee_id, 'price');
	END IF;
	IF NOT EXISTS (SELECT FROM hospital_cost.period WHERE period = month AND state = 'open') THEN
		RAISE EXCEPTION 'closed';
	END IF;
	IF EXISTS (SELECT FROM work.journal j WHERE j.encounter_code = NEW.visit_no AND j.service_day = day AND j.item_id = item.item_id) THEN
		INSERT INTO work.flagged VALUES (NEW.fee_id, 'duplicate');
	END IF;
	INSERT INTO work.journal VALUES (nextval('work.journal_seq'), NEW.fee_id, NEW.qty * 10000, NEW.price * 1000000, NEW.total * 100, 0,
		NEW.fee_time, item.item_id, month, day, 1, ordering, performing, 0, 1, 1, 0, NEW.visit_no, '');
	INSERT INTO work.total AS t VALUES (month, ordering, performing, item.item_id, 1, NEW.qty * 10000, NEW.total * 100)
	ON CONFLICT (period, ordering_id, performing_id, item_id) DO UPDATE
		SET entries = t.entries + 1, quantity = t.quantity + excluded.quantity, amount = t.amount + excluded.amount;
	RETURN NULL;
END $$;
CREATE TRIGGER twin AFTER INSERT ON his.twin FOR EACH ROW EXECUTE FUNCTION work.twin();
ANALYZE;
