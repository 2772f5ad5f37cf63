-- 60 allocation, the runs: a run keeps its inputs, so that its flows can be told again years later by the same code.

CREATE SEQUENCE hospital_cost.run_seq AS int;
CREATE TABLE hospital_cost._run (
	run_id int PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.run_seq'),
	period hospital_cost.period_month NOT NULL,
	plan_code text COLLATE "C" NOT NULL,
	plan_version int NOT NULL,
	plan jsonb NOT NULL,
	run_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	run_by text NOT NULL DEFAULT SESSION_USER,
	official boolean NOT NULL DEFAULT false,
	total_direct numeric(22,8),
	total_full numeric(18,2),
	seconds numeric(12,3),
	error_bound numeric(22,8),
	engine_version text,
	fingerprint text COLLATE "C", -- of the inputs, as _fingerprint computes it
	direct_rows int8multirange -- direct_cost_id of the rows behind _run_direct
);
ALTER SEQUENCE hospital_cost.run_seq OWNED BY hospital_cost._run.run_id;
CREATE UNIQUE INDEX run_official_idx ON hospital_cost._run (period) WHERE official;

CREATE TABLE hospital_cost._run_department (
	run_id int NOT NULL,
	department_code text COLLATE "C" NOT NULL,
	department_name text NOT NULL,
	class text NOT NULL,
	setting text NOT NULL,
	PRIMARY KEY (run_id, department_code)
);
CREATE TABLE hospital_cost._run_direct (
	run_id int NOT NULL,
	department_code text COLLATE "C",
	cost_item_code text COLLATE "C" NOT NULL,
	funding_source text COLLATE "C" NOT NULL,
	cost_class text COLLATE "C" NOT NULL,
	amount numeric(22,8) NOT NULL,
	CONSTRAINT run_direct_key
		UNIQUE NULLS NOT DISTINCT (run_id, department_code, cost_item_code, funding_source, cost_class)
);
CREATE TABLE hospital_cost._run_driver (
	run_id int NOT NULL,
	driver_code text COLLATE "C" NOT NULL,
	kind text NOT NULL,
	server_code text COLLATE "C",
	receiver_code text COLLATE "C",
	quantity numeric(18,6),
	CONSTRAINT run_driver_key UNIQUE NULLS NOT DISTINCT (run_id, driver_code, server_code, receiver_code)
);
CREATE TABLE hospital_cost._run_step (
	run_id int NOT NULL,
	step_id bigint NOT NULL,
	step_no int NOT NULL,
	server_class text,
	server_code text COLLATE "C",
	receiver_classes text[],
	driver_code text COLLATE "C" NOT NULL,
	cost_item_code text COLLATE "C",
	fallback_driver_code text COLLATE "C",
	PRIMARY KEY (run_id, step_id)
);
-- What the cost items of a run were: a class that is changed later does not move the figures of months that were reported.
CREATE TABLE hospital_cost._run_cost_item (
	run_id int NOT NULL,
	cost_item_code text COLLATE "C" NOT NULL,
	cost_item_name text NOT NULL,
	category text NOT NULL,
	behaviour text NOT NULL,
	billable boolean NOT NULL,
	PRIMARY KEY (run_id, cost_item_code)
);
-- The result, one row a cell that is not empty. full_cost is the cell after controlled rounding.
CREATE TABLE hospital_cost._department_cost (
	run_id int NOT NULL,
	department_code text COLLATE "C",
	cost_item_code text COLLATE "C" NOT NULL,
	funding_source text COLLATE "C" NOT NULL,
	cost_class text COLLATE "C" NOT NULL,
	direct numeric(22,8) NOT NULL,
	level1 numeric(22,8) NOT NULL,
	level2 numeric(22,8) NOT NULL,
	level3 numeric(22,8) NOT NULL,
	received numeric(22,8) NOT NULL,
	sent numeric(22,8) NOT NULL,
	full_cost numeric(18,2) NOT NULL,
	CONSTRAINT department_cost_key
		UNIQUE NULLS NOT DISTINCT (run_id, department_code, cost_item_code, funding_source, cost_class)
);
