-- 70 costing: what a run's cost comes to, encounter by encounter.

-- How a department's cost reaches the encounters in mode service_units. A department without a row goes by its class and setting.
CREATE TABLE hospital_cost.service_unit (
	department_code text COLLATE "C" PRIMARY KEY REFERENCES hospital_cost.department (code),
	kind text NOT NULL CONSTRAINT service_unit_kind_check CHECK (kind IN ('ward', 'clinic', 'icu', 'theatre', 'technical', 'pharmacy')),
	basis text NOT NULL CONSTRAINT service_unit_basis_check CHECK (basis IN ('bed_days', 'visits', 'income', 'quantity', 'resource')),
	resource text COLLATE "C",
	idle_apart boolean NOT NULL DEFAULT false,
	CONSTRAINT service_unit_resource_check CHECK (basis = 'resource' OR resource IS NULL)
);

CREATE TABLE hospital_cost.capacity (
	period hospital_cost.period_month NOT NULL,
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	resource text COLLATE "C" NOT NULL DEFAULT 'beds' CONSTRAINT capacity_resource_check CHECK (resource <> ''),
	quantity numeric(16,4) NOT NULL CONSTRAINT capacity_quantity_check CHECK (quantity >= 0 AND quantity < 'Infinity'),
	PRIMARY KEY (period, department_code, resource)
);

CREATE TABLE hospital_cost._costing (
	run_id int PRIMARY KEY REFERENCES hospital_cost._run (run_id) ON DELETE CASCADE,
	mode text NOT NULL CONSTRAINT costing_mode_check CHECK (mode IN ('ward_full', 'service_units')),
	computed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	computed_by text NOT NULL DEFAULT SESSION_USER,
	entries bigint, -- of the ledger, of the month
	cells bigint,
	cells_written bigint, -- of them, when it was computed last
	not_taken numeric(18,2), -- charges for drugs and billable materials that no unit has the cost of
	seconds numeric(12,3),
	cases bigint, -- inpatients discharged in the month
	case_runs int[], -- whose cells those have besides
	missing_months date[] -- of their stays that have cost booked and are not costed
);

-- What a unit's cells of one funding group were computed from: SHA-256 of the activity they are spread by, of what was charged, and of the terms (pool,
-- basis, loaded workload, capacity). changed: which of them had changed when it was computed last, none if the whole run was.
CREATE TABLE hospital_cost._costing_part (
	run_id int NOT NULL,
	department_code text COLLATE "C",
	funding_group smallint NOT NULL,
	cells bigint NOT NULL,
	computed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	changed text[] NOT NULL,
	activity bytea NOT NULL,
	charges bytea NOT NULL,
	terms bytea NOT NULL,
	CONSTRAINT costing_part_key UNIQUE NULLS NOT DISTINCT (run_id, department_code, funding_group)
);
-- A key that may be null is no identity for a publication.
ALTER TABLE hospital_cost._costing_part REPLICA IDENTITY FULL;

-- The cell table, one row a run × encounter × department × funding group. Fixed width first; amounts in 1e-8 yuan. encounter_code null: status says
-- what the row is: 0 patient, 1 patient in progress; no encounter: 2 workload, 3 charges, 4 no activity, 5 idle capacity, 6 hospital level,
-- 7 not allocated, 8 external.
CREATE TABLE hospital_cost._encounter_cost (
	run_id int NOT NULL,
	funding_group smallint NOT NULL,
	status smallint NOT NULL,
	personnel bigint NOT NULL,
	materials bigint NOT NULL,
	billable_materials bigint NOT NULL,
	drugs bigint NOT NULL,
	depreciation bigint NOT NULL,
	amortisation bigint NOT NULL,
	risk_fund bigint NOT NULL,
	other bigint NOT NULL,
	department_code text COLLATE "C",
	encounter_code text COLLATE "C"
);
-- Replaced run by run: without a key, a publication needs the whole row as identity.
ALTER TABLE hospital_cost._encounter_cost REPLICA IDENTITY FULL;
-- Written in the order of run and encounter, so always at the right edge.
CREATE INDEX encounter_cost_run_idx ON hospital_cost._encounter_cost (run_id, encounter_code);
