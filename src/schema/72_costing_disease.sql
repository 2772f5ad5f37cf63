-- 70 costing, diseases and DRG groups: which cases belong together, and what is paid for them.

CREATE TABLE hospital_cost.disease (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT disease_code_check CHECK (code <> ''),
	name text NOT NULL,
	diagnosis_codes text[] NOT NULL
		CONSTRAINT disease_diagnosis_codes_check CHECK (cardinality(diagnosis_codes) > 0 AND array_position(diagnosis_codes, '') IS NULL),
	procedure_codes text[]
		CONSTRAINT disease_procedure_codes_check CHECK (cardinality(procedure_codes) > 0 AND array_position(procedure_codes, '') IS NULL)
);

-- A group of kind drg has a weight (RW), one of kind dip points: both are "weight". failed: a code that says why a case could not be grouped.
CREATE TABLE hospital_cost.payment_group (
	kind text NOT NULL DEFAULT 'drg' CONSTRAINT payment_group_kind_check CHECK (kind IN ('drg', 'dip')),
	code text COLLATE "C" NOT NULL CONSTRAINT payment_group_code_check CHECK (code <> ''),
	name text NOT NULL,
	weight numeric(14,4) NOT NULL CONSTRAINT payment_group_weight_check CHECK (weight >= 0 AND weight < 'Infinity'),
	failed boolean NOT NULL DEFAULT false,
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT payment_group_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT payment_group_no_overlap EXCLUDE USING gist (code WITH =, valid WITH &&)
);
CREATE TABLE hospital_cost.payment_rate (
	kind text COLLATE "C" NOT NULL DEFAULT 'drg' CONSTRAINT payment_rate_kind_check CHECK (kind IN ('drg', 'dip')),
	payer text COLLATE "C",
	rate numeric(16,6) NOT NULL CONSTRAINT payment_rate_rate_check CHECK (rate >= 0 AND rate < 'Infinity'),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT payment_rate_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT payment_rate_no_overlap EXCLUDE USING gist (kind WITH =, (coalesce(payer, '')) WITH =, valid WITH &&)
);

-- The cases of a costing as they were when it was made: inpatients discharged in its month, and those (late) who had left before and have charges or
-- cost in it. Diagnoses, groups, weights and rates change; what a month was told to cost does not.
CREATE TABLE hospital_cost._costing_case (
	run_id int NOT NULL,
	admitted_on date NOT NULL,
	discharged_on date NOT NULL,
	late boolean NOT NULL,
	incomplete boolean NOT NULL, -- a month of the stay has no cost
	weight numeric(14,4),
	rate numeric(16,6),
	encounter_code text COLLATE "C" NOT NULL,
	department_code text COLLATE "C" NOT NULL,
	diagnosis_code text COLLATE "C",
	procedure_code text COLLATE "C",
	drg_code text COLLATE "C",
	payer text,
	price_class text COLLATE "C" NOT NULL,
	disease_code text COLLATE "C",
	disease_name text,
	group_kind text,
	group_code text COLLATE "C",
	group_name text,
	PRIMARY KEY (run_id, encounter_code)
);

-- What those cases cost, with all months of the stay; late ones have the month alone. Amounts in 1e-8 yuan, uncosted and income in cents. method: 1
-- top-down, 2 bottom-up, 3 cost to charge, which has the income. unit: the kind of service unit that had the cost, top-down only.
CREATE TABLE hospital_cost._costing_case_cost (
	run_id int NOT NULL,
	method smallint NOT NULL,
	funding_group smallint NOT NULL,
	personnel bigint NOT NULL,
	materials bigint NOT NULL,
	billable_materials bigint NOT NULL,
	drugs bigint NOT NULL,
	depreciation bigint NOT NULL,
	amortisation bigint NOT NULL,
	risk_fund bigint NOT NULL,
	other bigint NOT NULL,
	uncosted bigint NOT NULL,
	income bigint NOT NULL,
	unit text COLLATE "C" NOT NULL,
	encounter_code text COLLATE "C" NOT NULL,
	PRIMARY KEY (run_id, encounter_code, method, funding_group, unit)
);
