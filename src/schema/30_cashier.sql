-- 30 cashier: who takes money, where and how, and what he may give back without his leader.

CREATE TABLE hospital_cost.cashier (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT cashier_code_check CHECK (code <> ''),
	name text NOT NULL,
	login text COLLATE "C", -- null: nobody closes for him
	role text NOT NULL DEFAULT 'cashier' CONSTRAINT cashier_role_check CHECK (role IN ('cashier', 'cashier_leader')),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT cashier_valid_check CHECK (NOT isempty(valid))
);

CREATE TABLE hospital_cost.cashier_window (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT cashier_window_code_check CHECK (code <> ''),
	name text NOT NULL,
	campus text,
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT cashier_window_valid_check CHECK (NOT isempty(valid))
);

CREATE TABLE hospital_cost.payment_method (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT payment_method_code_check CHECK (code <> ''),
	name text NOT NULL,
	channel text NOT NULL CONSTRAINT payment_method_channel_check CHECK (channel IN
		('cash', 'bank_card', 'wechat', 'alipay', 'bank_transfer', 'cheque', 'insurer_account', 'insurer_fund', 'patient_account', 'other')),
	account_code text COLLATE "C" -- of the general ledger; null: that of the channel
);

CREATE TABLE hospital_cost.authority (
	role text NOT NULL CONSTRAINT authority_role_check CHECK (role IN ('cashier', 'cashier_leader')),
	action text NOT NULL CONSTRAINT authority_action_check CHECK (action IN ('refund', 'discount')),
	limit_amount numeric(18,2) NOT NULL CONSTRAINT authority_limit_check CHECK (limit_amount >= 0),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT authority_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT authority_one_limit_a_day EXCLUDE USING gist (role WITH =, action WITH =, valid WITH &&)
);

-- What a leader allowed beyond a limit. An approval names the row of the hospital's table, which may come before or after it.
CREATE SEQUENCE hospital_cost.approval_seq;
CREATE TABLE hospital_cost._approval (
	approval_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.approval_seq'),
	action text NOT NULL CONSTRAINT approval_action_check CHECK (action IN ('refund', 'discount')),
	source_id smallint NOT NULL,
	source_key text COLLATE "C" NOT NULL,
	amount numeric(18,2) NOT NULL CONSTRAINT approval_amount_check CHECK (amount > 0),
	note text NOT NULL,
	approved_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	approved_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER
);
ALTER SEQUENCE hospital_cost.approval_seq OWNED BY hospital_cost._approval.approval_id;
CREATE INDEX approval_source_idx ON hospital_cost._approval (source_id, source_key);

-- Ranges of receipt numbers, each handed to a cashier or to the house. A number is prefix || number, filled with zeros to the width.
CREATE SEQUENCE hospital_cost.receipt_range_seq;
CREATE TABLE hospital_cost._receipt_range (
	range_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.receipt_range_seq'),
	prefix text COLLATE "C" NOT NULL,
	width int NOT NULL CONSTRAINT receipt_range_width_check CHECK (width BETWEEN 1 AND 18),
	numbers int8range NOT NULL
		CONSTRAINT receipt_range_numbers_check CHECK (lower(numbers) >= 0 AND upper(numbers) - lower(numbers) BETWEEN 1 AND 1000000),
	cashier_code text COLLATE "C" REFERENCES hospital_cost.cashier,
	issued_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	issued_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT receipt_range_once EXCLUDE USING gist (prefix WITH =, width WITH =, numbers WITH &&)
);
ALTER SEQUENCE hospital_cost.receipt_range_seq OWNED BY hospital_cost._receipt_range.range_id;
CREATE TABLE hospital_cost._receipt_void (
	receipt_no text COLLATE "C" PRIMARY KEY,
	reason text NOT NULL,
	voided_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	voided_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER
);

-- What a line of a voucher is booked to.
CREATE TABLE hospital_cost.ledger_account (
	purpose text COLLATE "C" PRIMARY KEY CONSTRAINT ledger_account_purpose_check CHECK (purpose <> ''),
	account_code text COLLATE "C" NOT NULL,
	name text NOT NULL
);
