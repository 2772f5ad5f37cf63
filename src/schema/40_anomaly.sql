-- 40 anomaly: rules as versioned data. Findings live in the one inbox of posting.

-- Registry of what C and SQL can evaluate; filled by the api part, never dumped.
CREATE TABLE hospital_cost.rule_kind (
	kind text PRIMARY KEY,
	timing text NOT NULL CONSTRAINT rule_kind_timing_check CHECK (timing IN ('inline', 'batch')),
	parameters jsonb NOT NULL DEFAULT '{}', -- name -> {type, default, minimum, values, description}
	needs text[] NOT NULL DEFAULT '{}', -- inputs as _has_input() knows them
	detector text, -- function(period date, rule) that returns rows of _detected; null: judged by the inline engine
	description text NOT NULL
);
-- Rules that load_defaults() brings; filled by the api parts of the rooms that evaluate them.
CREATE TABLE hospital_cost._shipped_rule (
	code text COLLATE "C" PRIMARY KEY,
	name text NOT NULL,
	name_en text NOT NULL,
	kind text NOT NULL,
	parameters jsonb NOT NULL DEFAULT '{}',
	severity text NOT NULL,
	action text NOT NULL DEFAULT 'warn',
	respond_within interval NOT NULL DEFAULT '1 day',
	message text,
	message_en text,
	legal_basis text
);

CREATE TABLE hospital_cost.rule (
	code text COLLATE "C" NOT NULL CONSTRAINT rule_code_check CHECK (code <> ''),
	version int NOT NULL DEFAULT 1 CONSTRAINT rule_version_check CHECK (version > 0),
	name text NOT NULL,
	name_en text NOT NULL,
	kind text NOT NULL,
	parameters jsonb NOT NULL DEFAULT '{}',
	severity text NOT NULL DEFAULT 'suspect'
		CONSTRAINT rule_severity_check CHECK (severity IN ('lead', 'suspect', 'definite')),
	timing text NOT NULL DEFAULT 'inline' CONSTRAINT rule_timing_check CHECK (timing IN ('inline', 'batch')),
	action text NOT NULL DEFAULT 'warn' CONSTRAINT rule_action_check CHECK (action IN ('note', 'warn', 'block')),
	respond_within interval NOT NULL DEFAULT '1 day'
		CONSTRAINT rule_respond_within_check CHECK (respond_within BETWEEN '0' AND '10 years'),
	message text,
	message_en text,
	legal_basis text,
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT rule_valid_check CHECK (NOT isempty(valid)),
	PRIMARY KEY (code, version),
	CONSTRAINT rule_one_version_a_day EXCLUDE USING gist (code WITH =, valid WITH &&)
);

-- What a detector found. One fact is one (subject, subject_code, fact) of a rule and month: a second run meets it again and adds nothing.
CREATE TYPE hospital_cost._detected AS (
	subject text, -- encounter, patient, department, item, cashier, doctor, shift, payment, hospital …
	subject_code text,
	fact text, -- what tells two facts of one subject and month apart: a day, a key; never a figure that may grow
	encounter_code text,
	item_code text,
	source_id smallint,
	source_key text,
	entry_id bigint,
	related_entry_id bigint,
	field text,
	observed text,
	limit_value text,
	excess_quantity numeric,
	amount_at_risk numeric,
	evidence jsonb
);
