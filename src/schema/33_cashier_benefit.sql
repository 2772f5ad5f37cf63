-- 30 cashier: what an insurer pays, as dated data, and what was estimated by it.

CREATE TABLE hospital_cost.benefit_scheme (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT benefit_scheme_code_check CHECK (code <> ''),
	name text NOT NULL,
	payers text[] NOT NULL DEFAULT '{}' CONSTRAINT benefit_scheme_payers_check CHECK (array_position(payers, NULL) IS NULL),
	rule_day text NOT NULL DEFAULT 'settlement' CONSTRAINT benefit_scheme_rule_day_check CHECK (rule_day IN ('settlement', 'admission')),
	bands_per text NOT NULL DEFAULT 'stay' CONSTRAINT benefit_scheme_bands_per_check CHECK (bands_per IN ('stay', 'year')),
	mutual_aid text NOT NULL DEFAULT 'inside' CONSTRAINT benefit_scheme_mutual_aid_check CHECK (mutual_aid IN ('inside', 'beside')),
	tolerance numeric(4,2) NOT NULL DEFAULT 0.01 CONSTRAINT benefit_scheme_tolerance_check CHECK (tolerance BETWEEN 0 AND 1),
	charges text NOT NULL DEFAULT 'flag' CONSTRAINT benefit_scheme_charges_check CHECK (charges IN ('flag', 'strict'))
);

-- One table of all that decides a share. kind deductible: amount, in force from the nth stay of a year; ratio: the fund's share of a band of in-scope
-- money; cap: the most a layer pays; class: own share of an insurance class before anything; account: the share of what is left that the account may pay.
CREATE SEQUENCE hospital_cost.benefit_rule_seq;
CREATE TABLE hospital_cost.benefit_rule (
	rule_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.benefit_rule_seq'),
	scheme text COLLATE "C" NOT NULL REFERENCES hospital_cost.benefit_scheme,
	care text NOT NULL CONSTRAINT benefit_rule_care_check CHECK (care IN ('inpatient', 'outpatient')),
	kind text NOT NULL CONSTRAINT benefit_rule_kind_check CHECK (kind IN ('deductible', 'ratio', 'cap', 'class', 'account')),
	layer text NOT NULL DEFAULT 'hifp_pay' CONSTRAINT benefit_rule_layer_check
		CHECK (layer IN ('hifp_pay', 'hifob_pay', 'hifmi_pay', 'hifes_pay', 'cvlserv_pay', 'maf_pay', 'oth_pay')),
	base text NOT NULL DEFAULT 'own' CONSTRAINT benefit_rule_base_check CHECK (base IN ('own', 'above_cap') OR (base = 'all' AND kind = 'account')),
	per text NOT NULL DEFAULT 'year' CONSTRAINT benefit_rule_per_check CHECK (per IN ('stay', 'year')),
	hospital_level text COLLATE "C" NOT NULL DEFAULT '',
	from_nth int NOT NULL DEFAULT 1 CONSTRAINT benefit_rule_nth_check CHECK (from_nth >= 1 AND (from_nth = 1 OR kind = 'deductible')),
	class text COLLATE "C" NOT NULL DEFAULT '' CONSTRAINT benefit_rule_class_check CHECK ((class <> '') = (kind = 'class')),
	band numrange NOT NULL DEFAULT '[0,)' CONSTRAINT benefit_rule_band_check CHECK (lower(band) >= 0 AND NOT isempty(band) AND lower_inc(band)
		AND NOT upper_inc(band) AND lower(band) = round(lower(band), 2) AND (upper_inf(band) OR upper(band) = round(upper(band), 2))),
	amount numeric(18,2) CONSTRAINT benefit_rule_amount_check CHECK (amount >= 0 AND amount < 'Infinity'),
	ratio numeric(7,6) CONSTRAINT benefit_rule_ratio_check CHECK (ratio BETWEEN 0 AND 1),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT benefit_rule_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT benefit_rule_value_check CHECK (CASE WHEN kind IN ('deductible', 'cap') THEN amount IS NOT NULL AND ratio IS NULL
		ELSE amount IS NULL AND ratio IS NOT NULL END),
	CONSTRAINT benefit_rule_no_overlap EXCLUDE USING gist (scheme WITH =, care WITH =, kind WITH =, layer WITH =, hospital_level WITH =, from_nth WITH =,
		class WITH =, band WITH &&, valid WITH &&)
);
ALTER SEQUENCE hospital_cost.benefit_rule_seq OWNED BY hospital_cost.benefit_rule.rule_id;

-- The insurance class of an item (甲乙丙), dated; an empty scheme speaks for all that say nothing themselves.
CREATE TABLE hospital_cost.item_benefit (
	item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.charge_item (code),
	scheme text COLLATE "C" NOT NULL DEFAULT '',
	class text COLLATE "C" NOT NULL CONSTRAINT item_benefit_class_check CHECK (class <> ''),
	ratio numeric(7,6) CONSTRAINT item_benefit_ratio_check CHECK (ratio BETWEEN 0 AND 1),
	price_limit numeric(16,6) CONSTRAINT item_benefit_limit_check CHECK (price_limit >= 0 AND price_limit < 'Infinity'),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT item_benefit_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT item_benefit_no_overlap EXCLUDE USING gist (item_code WITH =, scheme WITH =, valid WITH &&)
);
-- As with prices: a btree answers for one item at a lower price than the exclusion index.
CREATE INDEX item_benefit_item_idx ON hospital_cost.item_benefit (item_code);

-- What the insurer told of a patient's year so far outside of this house; the last row of a year holds.
CREATE SEQUENCE hospital_cost.benefit_elsewhere_seq;
CREATE TABLE hospital_cost.benefit_elsewhere (
	told_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.benefit_elsewhere_seq'),
	patient_code text COLLATE "C" NOT NULL CONSTRAINT benefit_elsewhere_patient_check CHECK (patient_code <> ''),
	scheme text COLLATE "C" NOT NULL,
	care text NOT NULL DEFAULT 'inpatient' CONSTRAINT benefit_elsewhere_care_check CHECK (care IN ('inpatient', 'outpatient')),
	year int NOT NULL CONSTRAINT benefit_elsewhere_year_check CHECK (year BETWEEN 1900 AND 9999),
	stays int NOT NULL DEFAULT 0 CONSTRAINT benefit_elsewhere_stays_check CHECK (stays >= 0),
	inscp_scp_amt numeric(18,2) NOT NULL DEFAULT 0,
	act_pay_dedc numeric(18,2) NOT NULL DEFAULT 0,
	paid jsonb NOT NULL DEFAULT '{}' CONSTRAINT benefit_elsewhere_paid_check CHECK (jsonb_typeof(paid) = 'object' AND NOT paid @? '$.* ? (@.type() != "number")'),
	told_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	told_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT benefit_elsewhere_amount_check CHECK (inscp_scp_amt >= act_pay_dedc AND act_pay_dedc >= 0 AND inscp_scp_amt < 'Infinity')
);
ALTER SEQUENCE hospital_cost.benefit_elsewhere_seq OWNED BY hospital_cost.benefit_elsewhere.told_id;
CREATE INDEX benefit_elsewhere_idx ON hospital_cost.benefit_elsewhere (patient_code, scheme, year, care, told_id DESC);

-- What was expected, as it was told: on request, and by itself at the moment of a settlement.
CREATE SEQUENCE hospital_cost.settlement_estimate_seq;
CREATE TABLE hospital_cost.settlement_estimate (
	estimate_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.settlement_estimate_seq'),
	encounter_code text COLLATE "C" NOT NULL,
	settlement_id bigint REFERENCES hospital_cost._settlement,
	scheme text COLLATE "C" NOT NULL,
	rule_day date NOT NULL,
	medfee_sumamt numeric(18,2) NOT NULL,
	fulamt_ownpay_amt numeric(18,2) NOT NULL,
	overlmt_selfpay numeric(18,2) NOT NULL,
	preselfpay_amt numeric(18,2) NOT NULL,
	inscp_scp_amt numeric(18,2) NOT NULL,
	act_pay_dedc numeric(18,2) NOT NULL,
	hifp_pay numeric(18,2) NOT NULL,
	cvlserv_pay numeric(18,2) NOT NULL,
	hifes_pay numeric(18,2) NOT NULL,
	hifmi_pay numeric(18,2) NOT NULL,
	hifob_pay numeric(18,2) NOT NULL,
	maf_pay numeric(18,2) NOT NULL,
	oth_pay numeric(18,2) NOT NULL,
	fund_pay_sumamt numeric(18,2) NOT NULL,
	psn_part_amt numeric(18,2) NOT NULL,
	acct_pay numeric(18,2) NOT NULL,
	psn_cash_pay numeric(18,2) NOT NULL,
	steps jsonb NOT NULL,
	made_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	made_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER
);
ALTER SEQUENCE hospital_cost.settlement_estimate_seq OWNED BY hospital_cost.settlement_estimate.estimate_id;
CREATE INDEX settlement_estimate_encounter_idx ON hospital_cost.settlement_estimate (encounter_code);
CREATE UNIQUE INDEX settlement_estimate_once ON hospital_cost.settlement_estimate (settlement_id);
