-- 15 activity: encounters, stays, and the workload counted from them or loaded.

CREATE TABLE hospital_cost.encounter (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT encounter_code_check CHECK (code <> ''),
	patient_code text COLLATE "C",
	status text NOT NULL DEFAULT 'active' CONSTRAINT encounter_status_check CHECK (status IN ('active', 'cancelled')),
	kind text NOT NULL
		CONSTRAINT encounter_kind_check CHECK (kind IN ('outpatient', 'emergency', 'inpatient', 'checkup')),
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	started_at timestamptz NOT NULL,
	ended_at timestamptz,
	payer text,
	price_class text COLLATE "C" NOT NULL DEFAULT 'standard',
	sex text NOT NULL DEFAULT 'U' CONSTRAINT encounter_sex_check CHECK (sex IN ('M', 'F', 'U')),
	birth_date date,
	diagnosis_code text COLLATE "C",
	drg_code text COLLATE "C",
	procedure_code text COLLATE "C",
	source_id smallint, -- of the attached table it follows
	CONSTRAINT encounter_order_check CHECK (ended_at >= started_at AND isfinite(ended_at)),
	CONSTRAINT encounter_started_at_check CHECK (isfinite(started_at))
);
CREATE INDEX encounter_started_idx ON hospital_cost.encounter (started_at);
-- Windows longer than an encounter look at the patient's others.
CREATE INDEX encounter_patient_idx ON hospital_cost.encounter (patient_code) WHERE patient_code IS NOT NULL;

CREATE TABLE hospital_cost.department_stay (
	encounter_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.encounter (code),
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	bed text,
	from_at timestamptz NOT NULL,
	to_at timestamptz,
	source_id smallint,
	source_key text COLLATE "C",
	PRIMARY KEY (encounter_code, from_at),
	CONSTRAINT department_stay_order_check CHECK (to_at >= from_at AND isfinite(to_at)),
	CONSTRAINT department_stay_from_at_check CHECK (isfinite(from_at)),
	CONSTRAINT department_stay_no_overlap
		EXCLUDE USING gist (encounter_code WITH =, (tstzrange(from_at, to_at)) WITH &&)
);
CREATE INDEX department_stay_from_idx ON hospital_cost.department_stay (from_at);
CREATE UNIQUE INDEX department_stay_source_idx ON hospital_cost.department_stay (source_id, source_key);

-- Written through the view workload_value, which looks at the period: a guard here would refuse a restore.
CREATE TABLE hospital_cost._workload_value (
	period hospital_cost.period_month NOT NULL,
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	measure text COLLATE "C" NOT NULL CONSTRAINT workload_value_measure_check CHECK (measure <> ''),
	quantity numeric(16,4) NOT NULL
		CONSTRAINT workload_value_quantity_check CHECK (quantity >= 0 AND quantity < 'Infinity'),
	PRIMARY KEY (period, department_code, measure)
);
