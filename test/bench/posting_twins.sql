-- What a careful DBA would write instead: a row trigger, and a statement trigger that works on the whole set. Both look up item, price and
-- departments, check the period and the price, find the same item charged twice a day, write a journal row and keep totals.
CREATE TABLE his.row_twin (LIKE his.bare INCLUDING ALL);
CREATE TABLE his.statement_twin (LIKE his.bare INCLUDING ALL);
CREATE TABLE work.flagged (fee_id bigint, code text);

CREATE TABLE work.row_journal (entry_id bigint NOT NULL, fee_id bigint NOT NULL, quantity numeric(16,4) NOT NULL,
	unit_price numeric(16,6) NOT NULL, amount numeric(18,2) NOT NULL, charged_at timestamptz NOT NULL, item_id int NOT NULL,
	period date NOT NULL, service_day date NOT NULL, ordering_id smallint, performing_id smallint NOT NULL, ward_id smallint,
	kind smallint NOT NULL, version smallint NOT NULL, visit_no text NOT NULL COLLATE "C");
CREATE INDEX ON work.row_journal (visit_no, service_day, item_id);
CREATE INDEX ON work.row_journal USING brin (fee_id, period);
CREATE TABLE work.statement_journal (LIKE work.row_journal INCLUDING ALL);
CREATE SEQUENCE work.journal_seq CACHE 1000;

CREATE TABLE work.row_total (period date, ordering_id smallint, performing_id smallint, item_id int, entries bigint NOT NULL,
	quantity numeric NOT NULL, amount numeric NOT NULL, PRIMARY KEY (period, ordering_id, performing_id, item_id));
CREATE TABLE work.statement_delta (LIKE work.row_total);

-- Look-ups one by one: a single query that joins them measured slower.
CREATE FUNCTION work.row_twin() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	day date := (NEW.fee_time AT TIME ZONE 'Asia/Shanghai')::date;
	month date := date_trunc('month', day::timestamp)::date;
	item int := (SELECT item_id FROM hospital_cost.charge_item WHERE code = NEW.item_code);
	ordering smallint := (SELECT department_id FROM hospital_cost.department WHERE code = NEW.order_dept);
	performing smallint := (SELECT department_id FROM hospital_cost.department WHERE code = NEW.exec_dept);
	ward smallint := (SELECT department_id FROM hospital_cost.department WHERE code = NEW.ward);
	list numeric := (SELECT unit_price FROM hospital_cost.price
		WHERE item_code = NEW.item_code AND price_class = 'standard' AND valid @> day);
BEGIN
	IF item IS NULL OR list IS NULL OR performing IS NULL OR
		NOT EXISTS (SELECT FROM hospital_cost.period WHERE period = month AND state = 'open') THEN
		INSERT INTO work.flagged VALUES (NEW.fee_id, 'refused');
		RETURN NULL;
	END IF;
	IF NEW.price <> list OR NEW.total <> round(NEW.qty * NEW.price, 2) THEN
		INSERT INTO work.flagged VALUES (NEW.fee_id, 'price');
	END IF;
	IF EXISTS (SELECT FROM work.row_journal j WHERE j.visit_no = NEW.visit_no AND j.service_day = day AND j.item_id = item) THEN
		INSERT INTO work.flagged VALUES (NEW.fee_id, 'duplicate');
	END IF;
	INSERT INTO work.row_journal VALUES (nextval('work.journal_seq'), NEW.fee_id, NEW.qty, NEW.price, NEW.total, NEW.fee_time,
		item, month, day, ordering, performing, ward, 1, 1, NEW.visit_no);
	INSERT INTO work.row_total AS t VALUES (month, ordering, performing, item, 1, NEW.qty, NEW.total)
	ON CONFLICT (period, ordering_id, performing_id, item_id) DO UPDATE
		SET entries = t.entries + 1, quantity = t.quantity + excluded.quantity, amount = t.amount + excluded.amount;
	RETURN NULL;
END $$;
CREATE TRIGGER row_twin AFTER INSERT ON his.row_twin FOR EACH ROW EXECUTE FUNCTION work.row_twin();

-- One pass over the new rows; what the joins leave out is looked for only when the counts say that something is missing. Of the variants tried
-- (equality joins to the period, bounds in place of the range operator, the subquery without its fence) this one is the fastest.
CREATE FUNCTION work.statement_twin() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	posted bigint;
BEGIN
	WITH line AS MATERIALIZED (
		SELECT n.fee_id, n.qty, n.price, n.total, n.fee_time, i.item_id, t.period, n.day, od.department_id AS ordering,
			pd.department_id AS performing, wd.department_id AS ward, n.visit_no,
			n.price <> p.unit_price OR n.total <> round(n.qty * n.price, 2) AS differs
		FROM (SELECT f.*, (f.fee_time AT TIME ZONE 'Asia/Shanghai')::date AS day FROM new_rows f OFFSET 0) n
		JOIN hospital_cost.charge_item i ON i.code = n.item_code
		JOIN hospital_cost.price p ON p.item_code = n.item_code AND p.price_class = 'standard' AND p.valid @> n.day
		JOIN hospital_cost.department pd ON pd.code = n.exec_dept
		LEFT JOIN hospital_cost.department od ON od.code = n.order_dept
		LEFT JOIN hospital_cost.department wd ON wd.code = n.ward
		JOIN hospital_cost.period t ON t.state = 'open' AND n.day >= t.period AND n.day < t.period + interval '1 month'
	), delta AS (
		INSERT INTO work.statement_delta
		SELECT l.period, l.ordering, l.performing, l.item_id, count(*), sum(l.qty), sum(l.total) FROM line l GROUP BY 1, 2, 3, 4
		RETURNING entries
	), flag AS (
		INSERT INTO work.flagged
		SELECT l.fee_id, 'price' FROM line l WHERE l.differs
		UNION ALL
		SELECT max(l.fee_id), 'duplicate' FROM line l GROUP BY l.visit_no, l.day, l.item_id HAVING count(*) > 1
		UNION ALL
		SELECT l.fee_id, 'duplicate' FROM line l
		JOIN work.statement_journal j ON j.visit_no = l.visit_no AND j.service_day = l.day AND j.item_id = l.item_id
	), journal AS (
		INSERT INTO work.statement_journal
		SELECT nextval('work.journal_seq'), l.fee_id, l.qty, l.price, l.total, l.fee_time, l.item_id, l.period, l.day,
			l.ordering, l.performing, l.ward, 1, 1, l.visit_no
		FROM line l
	)
	SELECT sum(d.entries) INTO posted FROM delta d;
	IF posted IS DISTINCT FROM (SELECT count(*) FROM new_rows) THEN
		INSERT INTO work.flagged
		SELECT n.fee_id, 'refused' FROM new_rows n WHERE NOT EXISTS (SELECT FROM work.statement_journal j WHERE j.fee_id = n.fee_id);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER statement_twin AFTER INSERT ON his.statement_twin REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION work.statement_twin();
ANALYZE;
