-- 00 ground: the hospital itself, its departments, its months.

CREATE DOMAIN hospital_cost.period_month AS pg_catalog.date
	CONSTRAINT period_month_first_day CHECK (pg_catalog.isfinite(VALUE) AND EXTRACT(day FROM VALUE) OPERATOR(pg_catalog.=) 1);

CREATE TABLE hospital_cost.hospital (
	singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT hospital_one_row_check CHECK (singleton),
	code text COLLATE "C" NOT NULL,
	name text NOT NULL,
	level text,
	timezone text NOT NULL DEFAULT 'Asia/Shanghai',
	currency text NOT NULL DEFAULT 'CNY',
	minor_digits smallint NOT NULL DEFAULT 2 CONSTRAINT hospital_minor_digits_check CHECK (minor_digits = 2),
	late_policy text NOT NULL DEFAULT 'to_open_period'
		CONSTRAINT hospital_late_policy_check CHECK (late_policy IN ('to_open_period', 'refuse'))
);

-- The ledger names a department by two bytes. A sequence would run dry: every ON CONFLICT DO UPDATE of a nightly synchronisation takes a number.
CREATE FUNCTION hospital_cost._next_department_id() RETURNS smallint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(18501, 0);
	RETURN (SELECT coalesce(max(d.department_id), 0) + 1 FROM hospital_cost.department d);
END $$;
CREATE TABLE hospital_cost.department (
	department_id smallint NOT NULL DEFAULT hospital_cost._next_department_id() UNIQUE
		CONSTRAINT department_id_check CHECK (department_id > 0),
	code text COLLATE "C" PRIMARY KEY CONSTRAINT department_code_check CHECK (code <> ''),
	name text NOT NULL,
	class text NOT NULL
		CONSTRAINT department_class_check
		CHECK (class IN ('clinical', 'technical', 'auxiliary', 'administrative', 'external')),
	setting text NOT NULL DEFAULT 'none'
		CONSTRAINT department_setting_check CHECK (setting IN ('outpatient', 'emergency', 'inpatient', 'none')),
	campus text,
	-- No foreign key to the table itself: pg_dump would warn of a circle every night. check_setup names parents that are not there.
	parent_code text COLLATE "C",
	valid daterange NOT NULL DEFAULT '(,)'
);

CREATE TABLE hospital_cost.period (
	period hospital_cost.period_month PRIMARY KEY,
	state text NOT NULL DEFAULT 'open' CONSTRAINT period_state_check CHECK (state IN ('open', 'closed')),
	opened_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	opened_by text NOT NULL DEFAULT SESSION_USER,
	closed_at timestamptz,
	closed_by text,
	reason text
);

CREATE SEQUENCE hospital_cost.period_event_seq;
CREATE TABLE hospital_cost.period_event (
	event_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.period_event_seq'),
	period hospital_cost.period_month NOT NULL,
	event text NOT NULL CONSTRAINT period_event_event_check CHECK (event IN ('open', 'close', 'reopen')),
	at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	by text NOT NULL DEFAULT SESSION_USER,
	reason text
);
ALTER SEQUENCE hospital_cost.period_event_seq OWNED BY hospital_cost.period_event.event_id;

-- Registries: filled by the api parts of the rooms that own the entries, so never dumped. A low room asks a high one through them.
CREATE TABLE hospital_cost.period_check (
	name text PRIMARY KEY,
	room text NOT NULL,
	function text NOT NULL,
	description text NOT NULL
);

CREATE TABLE hospital_cost._hook (
	event text NOT NULL CONSTRAINT hook_event_check CHECK (event IN ('load_defaults', 'check_setup')),
	room text NOT NULL,
	function text NOT NULL,
	PRIMARY KEY (event, room)
);
