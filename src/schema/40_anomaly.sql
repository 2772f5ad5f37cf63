-- 40 anomaly: rules as versioned data. Findings live in the one inbox of posting.

-- Registry of what C and SQL can evaluate; filled by the api part, never dumped.
CREATE TABLE hospital_cost.rule_kind (
	kind text PRIMARY KEY,
	timing text NOT NULL CONSTRAINT rule_kind_timing_check CHECK (timing IN ('inline', 'batch')),
	parameters jsonb NOT NULL,
	needs text,
	description text NOT NULL
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
	legal_basis text,
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT rule_valid_check CHECK (NOT isempty(valid)),
	PRIMARY KEY (code, version),
	CONSTRAINT rule_one_version_a_day EXCLUDE USING gist (code WITH =, valid WITH &&)
);
