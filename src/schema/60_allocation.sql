-- 60 allocation: how the direct cost of departments closes, level by level, to the last cent.

CREATE TABLE hospital_cost.cost_item (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT cost_item_code_check CHECK (code <> ''),
	parent_code text COLLATE "C",
	name text NOT NULL,
	category text NOT NULL CONSTRAINT cost_item_category_check CHECK (category IN
		('personnel', 'materials', 'drugs', 'depreciation', 'amortisation', 'risk_fund', 'other')),
	behaviour text NOT NULL DEFAULT 'fixed'
		CONSTRAINT cost_item_behaviour_check CHECK (behaviour IN ('fixed', 'variable', 'mixed')),
	controllable boolean NOT NULL DEFAULT true,
	billable boolean NOT NULL DEFAULT false
);

-- Written through the view direct_cost. Append-only; a correction is a row with the opposite sign that names what it corrects.
CREATE SEQUENCE hospital_cost.direct_cost_seq;
CREATE TABLE hospital_cost._direct_cost (
	direct_cost_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.direct_cost_seq'),
	period hospital_cost.period_month NOT NULL,
	department_code text COLLATE "C" REFERENCES hospital_cost.department (code),
	cost_item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.cost_item (code),
	funding_source text COLLATE "C" NOT NULL CONSTRAINT direct_cost_funding_source_check CHECK (funding_source IN
		('own', 'fiscal_basic', 'fiscal_project', 'non_peer', 'science_education')),
	cost_class text COLLATE "C" NOT NULL CONSTRAINT direct_cost_cost_class_check CHECK (cost_class IN
		('medical', 'disposal', 'remittance', 'subsidy', 'other')),
	amount numeric(22,8) NOT NULL
		CONSTRAINT direct_cost_amount_check CHECK (amount > -80000000000 AND amount < 80000000000),
	source text,
	source_key text,
	written_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	written_by text NOT NULL DEFAULT SESSION_USER,
	source_id smallint, -- of the attached table it follows
	corrects bigint -- row it takes back, whole or in part. No foreign key: a table that refers to itself is a circle to pg_dump
);
ALTER SEQUENCE hospital_cost.direct_cost_seq OWNED BY hospital_cost._direct_cost.direct_cost_id;
CREATE INDEX direct_cost_period_idx ON hospital_cost._direct_cost (period, department_code, cost_item_code);
CREATE INDEX direct_cost_corrects_idx ON hospital_cost._direct_cost (corrects) WHERE corrects IS NOT NULL;
CREATE INDEX direct_cost_source_idx ON hospital_cost._direct_cost (source_id, source_key) WHERE source_id IS NOT NULL;

CREATE TABLE hospital_cost.cost_control_total (
	period hospital_cost.period_month NOT NULL,
	cost_item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.cost_item (code),
	funding_source text COLLATE "C" NOT NULL DEFAULT 'own'
		CONSTRAINT cost_control_total_funding_source_check CHECK (funding_source IN
		('own', 'fiscal_basic', 'fiscal_project', 'non_peer', 'science_education')),
	amount numeric(18,2) NOT NULL CONSTRAINT cost_control_total_amount_check CHECK (abs(amount) < 'Infinity'),
	PRIMARY KEY (period, cost_item_code, funding_source)
);

CREATE TABLE hospital_cost.driver (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT driver_code_check CHECK (code <> ''),
	name text NOT NULL,
	kind text NOT NULL CONSTRAINT driver_kind_check CHECK (kind IN
		('statistic', 'revenue', 'headcount', 'area', 'workload', 'accumulated_cost', 'fixed_share', 'equal')),
	unit text,
	measure text COLLATE "C", -- of workload: which; of revenue: ordered, performed, or null for the pair of both
	CONSTRAINT driver_measure_check CHECK (CASE kind WHEN 'workload' THEN coalesce(measure, '') <> ''
		WHEN 'revenue' THEN coalesce(measure IN ('ordered', 'performed'), true) ELSE measure IS NULL END)
);

-- Written through the view driver_value. server_code null: the value serves every server.
CREATE TABLE hospital_cost._driver_value (
	period hospital_cost.period_month NOT NULL,
	driver_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.driver (code),
	server_code text COLLATE "C" REFERENCES hospital_cost.department (code),
	receiver_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	quantity numeric(18,6) NOT NULL CONSTRAINT driver_value_quantity_check CHECK (abs(quantity) < 'Infinity'),
	CONSTRAINT driver_value_key UNIQUE NULLS NOT DISTINCT (period, driver_code, server_code, receiver_code)
);

CREATE TABLE hospital_cost.allocation_plan (
	code text COLLATE "C" NOT NULL CONSTRAINT allocation_plan_code_check CHECK (code <> ''),
	version int NOT NULL DEFAULT 1 CONSTRAINT allocation_plan_version_check CHECK (version > 0),
	name text,
	method text NOT NULL DEFAULT 'step_down'
		CONSTRAINT allocation_plan_method_check CHECK (method IN ('direct', 'step_down', 'double', 'reciprocal')),
	same_level text NOT NULL DEFAULT 'none'
		CONSTRAINT allocation_plan_same_level_check CHECK (same_level IN ('none', 'sequential', 'reciprocal')),
	flow_unit numeric(10,8) NOT NULL DEFAULT 0.00000001
		CONSTRAINT allocation_plan_flow_unit_check CHECK (flow_unit > 0 AND flow_unit < 100), -- NaN is greater than any number
	cell_unit numeric(10,8) NOT NULL DEFAULT 0.01
		CONSTRAINT allocation_plan_cell_unit_check CHECK (cell_unit >= 0.01 AND cell_unit < 100 AND cell_unit = round(cell_unit, 2)),
	multiplier_scale smallint
		CONSTRAINT allocation_plan_multiplier_scale_check CHECK (multiplier_scale BETWEEN 0 AND 12),
	residual_rule text NOT NULL DEFAULT 'largest_remainder'
		CONSTRAINT allocation_plan_residual_rule_check CHECK (residual_rule IN ('largest_remainder', 'largest_amount')),
	zero_base text NOT NULL DEFAULT 'error'
		CONSTRAINT allocation_plan_zero_base_check CHECK (zero_base IN ('error', 'fallback', 'unallocated', 'equal')),
	negative_statistic text NOT NULL DEFAULT 'error'
		CONSTRAINT allocation_plan_negative_statistic_check
		CHECK (negative_statistic IN ('error', 'zero', 'absolute', 'shift', 'signed')),
	credit_balance text NOT NULL DEFAULT 'allocate'
		CONSTRAINT allocation_plan_credit_balance_check CHECK (credit_balance IN ('allocate', 'keep')),
	PRIMARY KEY (code, version)
);

CREATE SEQUENCE hospital_cost.allocation_step_seq;
CREATE TABLE hospital_cost.allocation_step (
	step_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.allocation_step_seq'),
	plan_code text COLLATE "C" NOT NULL,
	plan_version int NOT NULL DEFAULT 1,
	step_no int NOT NULL,
	server_class text CONSTRAINT allocation_step_server_class_check CHECK (server_class IN
		('clinical', 'technical', 'auxiliary', 'administrative', 'external')),
	server_code text COLLATE "C" REFERENCES hospital_cost.department (code),
	receiver_classes text[] CONSTRAINT allocation_step_receiver_classes_check CHECK (receiver_classes <@
		ARRAY['clinical', 'technical', 'auxiliary', 'administrative', 'external'] AND receiver_classes <> '{}'),
	driver_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.driver (code),
	cost_item_code text COLLATE "C" REFERENCES hospital_cost.cost_item (code),
	fallback_driver_code text COLLATE "C" REFERENCES hospital_cost.driver (code),
	FOREIGN KEY (plan_code, plan_version) REFERENCES hospital_cost.allocation_plan (code, version),
	CONSTRAINT allocation_step_server_check CHECK (num_nonnulls(server_class, server_code) = 1),
	CONSTRAINT allocation_step_key
		UNIQUE NULLS NOT DISTINCT (plan_code, plan_version, step_no, server_class, server_code, cost_item_code)
);
ALTER SEQUENCE hospital_cost.allocation_step_seq OWNED BY hospital_cost.allocation_step.step_id;
