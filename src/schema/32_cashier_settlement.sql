-- 30 cashier: what the insurer's interface answered to a settlement, amounts under their national names.

-- Written through the view settlement, which checks the identities. Nothing is ever changed: a cancelled settlement is a row that reverses another.
CREATE SEQUENCE hospital_cost.settlement_seq;
CREATE TABLE hospital_cost._settlement (
	settlement_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.settlement_seq'),
	reverses bigint,
	encounter_code text COLLATE "C" NOT NULL,
	patient_code text COLLATE "C",
	scheme text COLLATE "C" NOT NULL CONSTRAINT settlement_scheme_check CHECK (scheme <> ''),
	med_type text COLLATE "C",
	stage text NOT NULL CONSTRAINT settlement_stage_check CHECK (stage IN ('interim', 'final')),
	place text NOT NULL CONSTRAINT settlement_place_check CHECK (place IN ('local', 'remote')),
	credential text CONSTRAINT settlement_credential_check CHECK (credential IN ('card', 'e_credential', 'id', 'other')),
	outcome text NOT NULL CONSTRAINT settlement_outcome_check CHECK (outcome IN ('success', 'failed', 'unknown')),
	pre_audit text CONSTRAINT settlement_pre_audit_check CHECK (pre_audit IN ('passed', 'warned', 'refused')),
	confirmation text NOT NULL CONSTRAINT settlement_confirmation_check CHECK (confirmation IN ('none', 'required')),
	span daterange NOT NULL CONSTRAINT settlement_span_check CHECK (NOT isempty(span)),
	started_at timestamptz CONSTRAINT settlement_started_at_check CHECK (isfinite(started_at)),
	finished_at timestamptz NOT NULL CONSTRAINT settlement_finished_at_check CHECK (isfinite(finished_at)),
	day date NOT NULL,
	rule_day date NOT NULL,
	setl_id text COLLATE "C",
	medins_setl_id text COLLATE "C",
	clr_optins text COLLATE "C",
	clr_way text COLLATE "C",
	clr_type text COLLATE "C",
	medfee_sumamt numeric(18,2) NOT NULL,
	fulamt_ownpay_amt numeric(18,2) NOT NULL,
	overlmt_selfpay numeric(18,2) NOT NULL,
	preselfpay_amt numeric(18,2) NOT NULL,
	inscp_scp_amt numeric(18,2) NOT NULL,
	act_pay_dedc numeric(18,2) NOT NULL,
	hifp_pay numeric(18,2) NOT NULL,
	pool_prop_selfpay numeric(9,6),
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
	acct_mulaid_pay numeric(18,2) NOT NULL,
	hosp_part_amt numeric(18,2) NOT NULL,
	balc numeric(18,2),
	raw jsonb,
	operator text,
	reason text,
	written_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	written_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER,
	-- NaN is above all numbers, and goes through every sum.
	CONSTRAINT settlement_number_check CHECK (medfee_sumamt + fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt + act_pay_dedc
		+ hifp_pay + cvlserv_pay + hifes_pay + hifmi_pay + hifob_pay + maf_pay + oth_pay + fund_pay_sumamt + psn_part_amt + acct_pay + psn_cash_pay
		+ acct_mulaid_pay + hosp_part_amt + COALESCE(balc, 0) + COALESCE(pool_prop_selfpay, 0) < 'Infinity'),
	CONSTRAINT settlement_sign_check CHECK (CASE WHEN reverses IS NULL
		THEN least(medfee_sumamt, fund_pay_sumamt, psn_part_amt, acct_pay, psn_cash_pay) >= 0
		ELSE greatest(medfee_sumamt, fund_pay_sumamt, psn_part_amt, acct_pay, psn_cash_pay) <= 0 END)
);
ALTER SEQUENCE hospital_cost.settlement_seq OWNED BY hospital_cost._settlement.settlement_id;
CREATE UNIQUE INDEX settlement_number_once ON hospital_cost._settlement (setl_id, (COALESCE(clr_optins, '')), (reverses IS NOT NULL)) WHERE outcome = 'success';
CREATE UNIQUE INDEX settlement_reversed_once ON hospital_cost._settlement (reverses) WHERE outcome = 'success';
CREATE INDEX settlement_encounter_idx ON hospital_cost._settlement (encounter_code);
CREATE INDEX settlement_patient_idx ON hospital_cost._settlement (patient_code, scheme);
CREATE INDEX settlement_day_idx ON hospital_cost._settlement (day);

-- Settlements that stand: no day of an encounter is settled twice, whatever two sessions believe. Taken away by the reversal.
CREATE TABLE hospital_cost._settlement_standing (
	settlement_id bigint PRIMARY KEY REFERENCES hospital_cost._settlement,
	encounter_code text COLLATE "C" NOT NULL,
	span daterange NOT NULL,
	CONSTRAINT settlement_one_a_day EXCLUDE USING gist (encounter_code WITH =, span WITH &&)
);
CREATE INDEX settlement_standing_encounter_idx ON hospital_cost._settlement_standing (encounter_code);
CREATE TABLE hospital_cost._settlement_confirmation (
	settlement_id bigint PRIMARY KEY REFERENCES hospital_cost._settlement,
	note text NOT NULL,
	confirmed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	confirmed_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER
);

-- What the insurer said of each charge line, and what each of its funds pays.
CREATE TABLE hospital_cost.settlement_line (
	settlement_id bigint NOT NULL REFERENCES hospital_cost._settlement,
	line_no text COLLATE "C" NOT NULL CONSTRAINT settlement_line_no_check CHECK (line_no <> ''),
	source_key text COLLATE "C",
	item_code text COLLATE "C",
	service_day date,
	quantity numeric(16,4) NOT NULL CONSTRAINT settlement_line_quantity_check CHECK (quantity > 0 AND quantity < 'Infinity'),
	amount numeric(18,2) NOT NULL,
	chrgitm_lv text COLLATE "C",
	selfpay_prop numeric(9,6),
	fulamt_ownpay_amt numeric(18,2) NOT NULL DEFAULT 0,
	overlmt_amt numeric(18,2) NOT NULL DEFAULT 0,
	preselfpay_amt numeric(18,2) NOT NULL DEFAULT 0,
	inscp_scp_amt numeric(18,2) NOT NULL DEFAULT 0,
	PRIMARY KEY (settlement_id, line_no),
	CONSTRAINT settlement_line_amount_check CHECK (amount >= 0 AND amount < 'Infinity'),
	CONSTRAINT settlement_line_parts_check CHECK (abs(amount - fulamt_ownpay_amt - overlmt_amt - preselfpay_amt - inscp_scp_amt) <= 0.01)
);
CREATE TABLE hospital_cost.settlement_fund (
	settlement_id bigint NOT NULL REFERENCES hospital_cost._settlement,
	fund_pay_type text COLLATE "C" NOT NULL CONSTRAINT settlement_fund_type_check CHECK (fund_pay_type <> ''),
	fund_payamt numeric(18,2) NOT NULL CONSTRAINT settlement_fund_amount_check CHECK (fund_payamt < 'Infinity'),
	inscp_scp_amt numeric(18,2),
	PRIMARY KEY (settlement_id, fund_pay_type)
);

-- What was given back of a settlement that stands, and which share of it each part bore: payers, and methods of payment.
CREATE SEQUENCE hospital_cost.settlement_refund_seq;
CREATE TABLE hospital_cost.settlement_refund (
	refund_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.settlement_refund_seq'),
	settlement_id bigint NOT NULL REFERENCES hospital_cost._settlement,
	refund_no int NOT NULL, -- of its settlement: two sessions that saw the same refunds before them cannot both be the next
	amount numeric(18,2) NOT NULL CONSTRAINT settlement_refund_amount_check CHECK (amount > 0 AND amount < 'Infinity'),
	reason text NOT NULL CONSTRAINT settlement_refund_reason_check CHECK (reason <> ''),
	refunded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	refunded_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT settlement_refund_in_turn UNIQUE (settlement_id, refund_no)
);
ALTER SEQUENCE hospital_cost.settlement_refund_seq OWNED BY hospital_cost.settlement_refund.refund_id;
CREATE TABLE hospital_cost.settlement_refund_part (
	refund_id bigint NOT NULL REFERENCES hospital_cost.settlement_refund,
	kind text NOT NULL CONSTRAINT settlement_refund_part_kind_check CHECK (kind IN ('line', 'payer', 'payment')),
	part text COLLATE "C" NOT NULL,
	quantity numeric(16,4),
	amount numeric(18,2) NOT NULL CONSTRAINT settlement_refund_part_amount_check CHECK (amount >= 0 AND amount < 'Infinity'),
	PRIMARY KEY (refund_id, kind, part)
);
