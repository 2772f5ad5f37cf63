-- 70 costing, service items: by which method a department costs its items, what the methods need, and what came of it. Whatever alters an amount
-- is a dated row: of a month, the row that holds on its last day.

CREATE TABLE hospital_cost.item_cost_method (
	department_code text COLLATE "C" REFERENCES hospital_cost.department (code),
	method text NOT NULL CONSTRAINT item_cost_method_method_check CHECK (method IN
		('activity', 'equivalent', 'ratio_income', 'ratio_time', 'ratio_quantity')),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT item_cost_method_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT item_cost_method_no_overlap EXCLUDE USING gist ((coalesce(department_code, '')) WITH =, valid WITH &&)
);
-- Written through the view item_volume_value, which looks at the period.
CREATE TABLE hospital_cost._item_volume (
	period hospital_cost.period_month NOT NULL,
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.charge_item (code),
	quantity numeric(16,4) NOT NULL CONSTRAINT item_volume_quantity_check CHECK (abs(quantity) < 'Infinity'),
	income numeric(18,2) CONSTRAINT item_volume_income_check CHECK (abs(income) < 'Infinity'),
	PRIMARY KEY (period, department_code, item_code)
);
CREATE TABLE hospital_cost.item_equivalent (
	department_code text COLLATE "C" REFERENCES hospital_cost.department (code),
	item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.charge_item (code),
	equivalent numeric(12,4) NOT NULL CONSTRAINT item_equivalent_equivalent_check CHECK (equivalent >= 0 AND equivalent < 'Infinity'),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT item_equivalent_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT item_equivalent_no_overlap EXCLUDE USING gist (item_code WITH =, (coalesce(department_code, '')) WITH =, valid WITH &&)
);
CREATE TABLE hospital_cost.item_time (
	department_code text COLLATE "C" REFERENCES hospital_cost.department (code),
	item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.charge_item (code),
	minutes numeric(12,4) NOT NULL CONSTRAINT item_time_minutes_check CHECK (minutes >= 0 AND minutes < 'Infinity'),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT item_time_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT item_time_no_overlap EXCLUDE USING gist (item_code WITH =, (coalesce(department_code, '')) WITH =, valid WITH &&)
);
CREATE TABLE hospital_cost.item_consumption (
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.charge_item (code),
	component text COLLATE "C" NOT NULL CONSTRAINT item_consumption_component_check CHECK (component IN
		('personnel', 'materials', 'depreciation', 'amortisation', 'risk_fund', 'other')),
	amount numeric(16,8) NOT NULL CONSTRAINT item_consumption_amount_check CHECK (amount >= 0 AND amount < 'Infinity'),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT item_consumption_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT item_consumption_no_overlap
		EXCLUDE USING gist (department_code WITH =, item_code WITH =, component WITH =, valid WITH &&)
);

CREATE TABLE hospital_cost.activity (
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	code text COLLATE "C" NOT NULL CONSTRAINT activity_code_check CHECK (code <> ''),
	name text NOT NULL,
	driver text NOT NULL DEFAULT 'count'
		CONSTRAINT activity_driver_check CHECK (driver IN ('count', 'time', 'difficulty', 'risk')),
	PRIMARY KEY (department_code, code)
);
CREATE TABLE hospital_cost.activity_item (
	department_code text COLLATE "C" NOT NULL,
	activity_code text COLLATE "C" NOT NULL,
	item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.charge_item (code),
	times numeric(12,4) NOT NULL DEFAULT 1 CONSTRAINT activity_item_times_check CHECK (times >= 0 AND times < 'Infinity'),
	minutes numeric(12,4) NOT NULL DEFAULT 0 CONSTRAINT activity_item_minutes_check CHECK (minutes >= 0 AND minutes < 'Infinity'),
	difficulty numeric(12,4) NOT NULL DEFAULT 1
		CONSTRAINT activity_item_difficulty_check CHECK (difficulty >= 0 AND difficulty < 'Infinity'),
	risk numeric(12,4) NOT NULL DEFAULT 1 CONSTRAINT activity_item_risk_check CHECK (risk >= 0 AND risk < 'Infinity'),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT activity_item_valid_check CHECK (NOT isempty(valid)),
	FOREIGN KEY (department_code, activity_code) REFERENCES hospital_cost.activity (department_code, code),
	CONSTRAINT activity_item_no_overlap
		EXCLUDE USING gist (department_code WITH =, activity_code WITH =, item_code WITH =, valid WITH &&)
);
CREATE TABLE hospital_cost.activity_staff (
	department_code text COLLATE "C" NOT NULL,
	activity_code text COLLATE "C" NOT NULL,
	item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.charge_item (code),
	role text COLLATE "C" NOT NULL CONSTRAINT activity_staff_role_check CHECK (role <> ''),
	persons numeric(8,4) NOT NULL DEFAULT 1 CONSTRAINT activity_staff_persons_check CHECK (persons >= 0 AND persons < 'Infinity'),
	minutes numeric(12,4) NOT NULL CONSTRAINT activity_staff_minutes_check CHECK (minutes >= 0 AND minutes < 'Infinity'),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT activity_staff_valid_check CHECK (NOT isempty(valid)),
	FOREIGN KEY (department_code, activity_code) REFERENCES hospital_cost.activity (department_code, code),
	CONSTRAINT activity_staff_no_overlap
		EXCLUDE USING gist (department_code WITH =, activity_code WITH =, item_code WITH =, role WITH =, valid WITH &&)
);
CREATE TABLE hospital_cost.staff_rate (
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	role text COLLATE "C" NOT NULL CONSTRAINT staff_rate_role_check CHECK (role <> ''),
	practical_minutes numeric(14,4) NOT NULL
		CONSTRAINT staff_rate_practical_minutes_check CHECK (practical_minutes > 0 AND practical_minutes < 'Infinity'),
	personnel_cost numeric(18,2) NOT NULL
		CONSTRAINT staff_rate_personnel_cost_check CHECK (personnel_cost > 0 AND personnel_cost < 80000000000),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT staff_rate_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT staff_rate_no_overlap EXCLUDE USING gist (department_code WITH =, role WITH =, valid WITH &&)
);
-- activity_code null: what the department can supply of the driver.
CREATE TABLE hospital_cost.activity_resource (
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	activity_code text COLLATE "C",
	driver text COLLATE "C" NOT NULL
		CONSTRAINT activity_resource_driver_check CHECK (driver IN ('staff', 'area', 'equipment', 'hours')),
	quantity numeric(16,4) NOT NULL CONSTRAINT activity_resource_quantity_check CHECK (quantity >= 0 AND quantity < 'Infinity'),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT activity_resource_valid_check CHECK (NOT isempty(valid)),
	FOREIGN KEY (department_code, activity_code) REFERENCES hospital_cost.activity (department_code, code),
	CONSTRAINT activity_resource_no_overlap
		EXCLUDE USING gist (department_code WITH =, (coalesce(activity_code, '')) WITH =, driver WITH =, valid WITH &&)
);
CREATE TABLE hospital_cost.resource_driver (
	department_code text COLLATE "C" REFERENCES hospital_cost.department (code),
	component text COLLATE "C" NOT NULL CONSTRAINT resource_driver_component_check CHECK (component IN
		('personnel', 'materials', 'depreciation', 'amortisation', 'risk_fund', 'other')),
	driver text COLLATE "C" NOT NULL CONSTRAINT resource_driver_driver_check CHECK (driver IN ('staff', 'area', 'equipment', 'hours')),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT resource_driver_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT resource_driver_no_overlap
		EXCLUDE USING gist ((coalesce(department_code, '')) WITH =, component WITH =, valid WITH &&)
);
CREATE TABLE hospital_cost.variable_share (
	cost_item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.cost_item (code),
	share numeric(7,6) NOT NULL CONSTRAINT variable_share_share_check CHECK (share BETWEEN 0 AND 1),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT variable_share_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT variable_share_no_overlap EXCLUDE USING gist (cost_item_code WITH =, valid WITH &&)
);

-- One row a run × department × funding group × what took the cost: an item (by activity, where the method is activity), idle capacity, or nobody.
CREATE TABLE hospital_cost._item_cost (
	run_id int NOT NULL,
	department_code text COLLATE "C" NOT NULL,
	method text NOT NULL,
	funding_group smallint NOT NULL,
	matched text NOT NULL CONSTRAINT item_cost_matched_check CHECK (matched IN ('item', 'idle', 'unmatched', 'excluded')),
	item_code text COLLATE "C",
	activity_code text COLLATE "C",
	resource text,
	quantity numeric(16,4), -- of an item what was performed, of idle capacity what can be supplied
	used numeric(16,4), -- of that capacity
	income numeric(18,2),
	list_price numeric(16,6),
	personnel numeric(22,8) NOT NULL,
	materials numeric(22,8) NOT NULL,
	billable_materials numeric(22,8) NOT NULL,
	drugs numeric(22,8) NOT NULL,
	depreciation numeric(22,8) NOT NULL,
	amortisation numeric(22,8) NOT NULL,
	risk_fund numeric(22,8) NOT NULL,
	other numeric(22,8) NOT NULL,
	variable_cost numeric(22,8) NOT NULL,
	supplied numeric(22,8), -- what all of that capacity costs
	CONSTRAINT item_cost_key UNIQUE NULLS NOT DISTINCT
		(run_id, department_code, funding_group, matched, item_code, activity_code, resource)
);
-- A key that may be null is no identity for a publication.
ALTER TABLE hospital_cost._item_cost REPLICA IDENTITY FULL;

-- What a department's items of a run were costed from: SHA-256 of what was performed, and of all else (pool, method, weights, activities, prices).
-- changed: as in _costing_part.
CREATE TABLE hospital_cost._item_costing (
	run_id int NOT NULL,
	department_code text COLLATE "C" NOT NULL,
	computed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	changed text[] NOT NULL,
	quantities bytea NOT NULL,
	parameters bytea NOT NULL,
	PRIMARY KEY (run_id, department_code)
);
