-- 70 costing, diseases and DRG groups: which cases belong together, and what is paid for them.

CREATE TABLE hospital_cost.disease (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT disease_code_check CHECK (code <> ''),
	name text NOT NULL,
	diagnosis_codes text[] NOT NULL
		CONSTRAINT disease_diagnosis_codes_check CHECK (cardinality(diagnosis_codes) > 0 AND array_position(diagnosis_codes, '') IS NULL)
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
