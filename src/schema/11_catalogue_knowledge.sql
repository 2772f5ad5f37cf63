-- 10 catalogue: what supervision knows of items. Rows come from the national lists, by the hundred thousand, and from the hospital.
-- An item is named by its own code or by its national one; it need not be in the catalogue yet.

CREATE SEQUENCE hospital_cost.knowledge_seq AS int;

CREATE TABLE hospital_cost.item_code_map (
	item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.charge_item (code),
	national_code text COLLATE "C" NOT NULL
		CONSTRAINT item_code_map_national_code_check CHECK (national_code ~ '^([0-9]{15}|[A-Z][0-9A-Z]{14,26})$'),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT item_code_map_valid_check CHECK (NOT isempty(valid)),
	source_batch text,
	CONSTRAINT item_code_map_no_overlap EXCLUDE USING gist (item_code WITH =, valid WITH &&)
);
CREATE INDEX item_code_map_national_idx ON hospital_cost.item_code_map (national_code);
-- The exclusion index cannot answer "the national codes of one item" as cheaply as a btree does.
CREATE INDEX item_code_map_item_idx ON hospital_cost.item_code_map (item_code);
CREATE INDEX charge_item_national_idx ON hospital_cost.charge_item (national_code) WHERE national_code IS NOT NULL;

-- One item, or several that are summed (group_code), and what a window or a patient allows of it.
CREATE TABLE hospital_cost.item_limit (
	knowledge_id int PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.knowledge_seq'),
	rule_code text COLLATE "C" NOT NULL,
	item_code text COLLATE "C" NOT NULL CONSTRAINT item_limit_item_code_check CHECK (item_code <> ''),
	group_code text COLLATE "C" CONSTRAINT item_limit_group_code_check CHECK (group_code <> ''),
	"window" text NOT NULL DEFAULT 'LINE',
	window_days int CONSTRAINT item_limit_window_days_check CHECK (window_days BETWEEN 1 AND 3660),
	max_quantity numeric(16,4) CONSTRAINT item_limit_max_quantity_check CHECK (max_quantity >= 0 AND max_quantity < 'Infinity'),
	max_per_stay_day numeric(16,4)
		CONSTRAINT item_limit_max_per_stay_day_check CHECK (max_per_stay_day >= 0 AND max_per_stay_day < 'Infinity'),
	max_days int CONSTRAINT item_limit_max_days_check CHECK (max_days >= 0),
	min_gap_days int CONSTRAINT item_limit_min_gap_days_check CHECK (min_gap_days BETWEEN 1 AND 3660),
	max_supply_days int CONSTRAINT item_limit_max_supply_days_check CHECK (max_supply_days > 0),
	sex text CONSTRAINT item_limit_sex_check CHECK (sex IN ('M', 'F')),
	age_from interval CONSTRAINT item_limit_age_from_check CHECK (age_from >= '0' AND age_from <= '200 years'),
	age_below interval CONSTRAINT item_limit_age_below_check CHECK (age_below > '0' AND age_below <= '200 years'),
	departments text[],
	encounter_kinds text[] CONSTRAINT item_limit_encounter_kinds_check
		CHECK (encounter_kinds <@ ARRAY['outpatient', 'emergency', 'inpatient', 'checkup']),
	hospital_levels text[],
	payers text[],
	diagnoses text[],
	severity text CONSTRAINT item_limit_severity_check CHECK (severity IN ('lead', 'suspect', 'definite')),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT item_limit_valid_check CHECK (NOT isempty(valid)),
	source_batch text,
	note text,
	CONSTRAINT item_limit_once UNIQUE NULLS NOT DISTINCT (item_code, rule_code, "window", window_days, valid),
	CONSTRAINT item_limit_window_check
		CHECK ("window" IN ('LINE', 'HOUR', 'ROLL_6H', 'DAY', 'ENCOUNTER', 'STAY', 'ROLL_n_DAYS', 'MONTH', 'QUARTER', 'YEAR')
			AND ("window" = 'ROLL_n_DAYS') = (window_days IS NOT NULL)),
	CONSTRAINT item_limit_says_something_check
		CHECK (num_nonnulls(max_quantity, max_per_stay_day, max_days, min_gap_days, max_supply_days, sex, age_from, age_below,
			departments, encounter_kinds, hospital_levels, payers, diagnoses) > 0),
	CONSTRAINT item_limit_age_check CHECK (age_from < age_below)
);
CREATE INDEX item_limit_group_idx ON hospital_cost.item_limit (group_code) WHERE group_code IS NOT NULL;
CREATE INDEX item_limit_rule_idx ON hospital_cost.item_limit (rule_code);

CREATE TABLE hospital_cost.item_pair (
	knowledge_id int PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.knowledge_seq'),
	rule_code text COLLATE "C" NOT NULL,
	item_a text COLLATE "C" NOT NULL CONSTRAINT item_pair_item_a_check CHECK (item_a <> ''),
	item_b text COLLATE "C" NOT NULL CONSTRAINT item_pair_item_b_check CHECK (item_b <> ''),
	"window" text NOT NULL,
	window_days int CONSTRAINT item_pair_window_days_check CHECK (window_days BETWEEN 1 AND 3660),
	relation text NOT NULL DEFAULT 'exclude' CONSTRAINT item_pair_relation_check CHECK (relation IN ('exclude', 'quantity')),
	ratio numeric(16,4) NOT NULL DEFAULT 1 CONSTRAINT item_pair_ratio_check CHECK (ratio > 0 AND ratio < 'Infinity'),
	severity text CONSTRAINT item_pair_severity_check CHECK (severity IN ('lead', 'suspect', 'definite')),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT item_pair_valid_check CHECK (NOT isempty(valid)),
	source_batch text,
	note text,
	CONSTRAINT item_pair_once UNIQUE NULLS NOT DISTINCT (item_a, item_b, rule_code, "window", window_days, valid),
	CONSTRAINT item_pair_other_check CHECK (item_a <> item_b),
	CONSTRAINT item_pair_window_check
		CHECK ("window" IN ('HOUR', 'ROLL_6H', 'DAY', 'ENCOUNTER', 'STAY', 'ROLL_n_DAYS', 'MONTH', 'QUARTER', 'YEAR')
			AND ("window" = 'ROLL_n_DAYS') = (window_days IS NOT NULL))
);
CREATE INDEX item_pair_b_idx ON hospital_cost.item_pair (item_b);
CREATE INDEX item_pair_rule_idx ON hospital_cost.item_pair (rule_code);

CREATE TABLE hospital_cost.item_bundle (
	knowledge_id int PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.knowledge_seq'),
	rule_code text COLLATE "C" NOT NULL,
	bundle_item text COLLATE "C" NOT NULL CONSTRAINT item_bundle_bundle_item_check CHECK (bundle_item <> ''),
	part_item text COLLATE "C" NOT NULL CONSTRAINT item_bundle_part_item_check CHECK (part_item <> ''),
	part_quantity numeric(16,4) NOT NULL DEFAULT 1
		CONSTRAINT item_bundle_part_quantity_check CHECK (part_quantity > 0 AND part_quantity < 'Infinity'),
	min_parts int NOT NULL DEFAULT 2 CONSTRAINT item_bundle_min_parts_check CHECK (min_parts > 1),
	"window" text NOT NULL DEFAULT 'DAY'
		CONSTRAINT item_bundle_window_check CHECK ("window" IN ('HOUR', 'ROLL_6H', 'DAY', 'ENCOUNTER', 'STAY')),
	severity text CONSTRAINT item_bundle_severity_check CHECK (severity IN ('lead', 'suspect', 'definite')),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT item_bundle_valid_check CHECK (NOT isempty(valid)),
	source_batch text,
	note text,
	CONSTRAINT item_bundle_once UNIQUE (part_item, bundle_item, rule_code, "window", valid),
	CONSTRAINT item_bundle_other_check CHECK (part_item <> bundle_item)
);
CREATE INDEX item_bundle_idx ON hospital_cost.item_bundle (bundle_item);
CREATE INDEX item_bundle_rule_idx ON hospital_cost.item_bundle (rule_code);

CREATE TABLE hospital_cost.surgery_group (
	knowledge_id int PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.knowledge_seq'),
	rule_code text COLLATE "C" NOT NULL DEFAULT 'CA06',
	group_code text COLLATE "C" NOT NULL CONSTRAINT surgery_group_group_code_check CHECK (group_code <> ''),
	item_code text COLLATE "C" NOT NULL CONSTRAINT surgery_group_item_code_check CHECK (item_code <> ''),
	discount_share numeric(5,4) NOT NULL DEFAULT 0.5
		CONSTRAINT surgery_group_discount_share_check CHECK (discount_share BETWEEN 0 AND 1),
	severity text CONSTRAINT surgery_group_severity_check CHECK (severity IN ('lead', 'suspect', 'definite')),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT surgery_group_valid_check CHECK (NOT isempty(valid)),
	source_batch text,
	note text,
	CONSTRAINT surgery_group_once UNIQUE (item_code, group_code, rule_code, valid)
);
CREATE INDEX surgery_group_idx ON hospital_cost.surgery_group (group_code);
CREATE INDEX surgery_group_rule_idx ON hospital_cost.surgery_group (rule_code);
ALTER SEQUENCE hospital_cost.knowledge_seq OWNED BY hospital_cost.item_limit.knowledge_id;
