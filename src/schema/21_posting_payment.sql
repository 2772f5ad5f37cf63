-- 20 posting: payments, deposits and what is given back of them, as append-only entries beside the ledger of charges.

-- Amounts are signed: money that comes in is positive, money that goes out negative; a reversal has the sign opposite to what it takes back.
CREATE SEQUENCE hospital_cost.payment_seq;
CREATE TABLE hospital_cost._payment (
	entry_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.payment_seq'),
	reverses bigint, -- the entry taken back, or the original of a refund; null: none is known
	paid_at timestamptz NOT NULL,
	started_at timestamptz,
	posted_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	day date NOT NULL,
	period date NOT NULL,
	version int NOT NULL,
	source_id smallint NOT NULL,
	flags smallint NOT NULL DEFAULT 0,
	amount numeric(18,2) NOT NULL,
	entry text NOT NULL CONSTRAINT payment_entry_check CHECK (entry IN ('post', 'reverse', 'refund')),
	kind text NOT NULL CONSTRAINT payment_kind_check CHECK (kind IN ('payment', 'deposit', 'refund', 'deposit_refund')),
	method text NOT NULL,
	source_key text COLLATE "C" NOT NULL,
	encounter_code text COLLATE "C",
	patient_code text COLLATE "C",
	operator text,
	window_code text COLLATE "C",
	reverses_key text COLLATE "C",
	reason text,
	receipt_no text,
	settlement text,
	external_reference text,
	posted_by text NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT payment_sign_check CHECK (CASE WHEN (kind IN ('payment', 'deposit')) = (entry <> 'reverse') THEN amount >= 0 ELSE amount <= 0 END),
	CONSTRAINT payment_subject_check CHECK (encounter_code IS NOT NULL OR patient_code IS NOT NULL)
);
ALTER SEQUENCE hospital_cost.payment_seq OWNED BY hospital_cost._payment.entry_id;
-- Whatever two sessions believe, one of them enters a version of a key, and one takes it back.
CREATE UNIQUE INDEX payment_source_key ON hospital_cost._payment (source_id, source_key, version, (entry = 'reverse'));
CREATE INDEX payment_account_idx ON hospital_cost._payment ((COALESCE(encounter_code, patient_code)));
CREATE INDEX payment_original_idx ON hospital_cost._payment (source_id, reverses_key) WHERE reverses_key IS NOT NULL;

-- Refunds that exceed: looked at again when the original, another refund of it, or a deposit of the encounter changes.
CREATE TABLE hospital_cost._payment_blocked (
	source_id smallint NOT NULL,
	source_key text COLLATE "C" NOT NULL,
	reverses_key text COLLATE "C",
	account text COLLATE "C",
	PRIMARY KEY (source_id, source_key)
);
CREATE INDEX payment_blocked_original_idx ON hospital_cost._payment_blocked (source_id, reverses_key);
CREATE INDEX payment_blocked_account_idx ON hospital_cost._payment_blocked (account);

-- A row of a payment table as it was read, and what is wrong with it by itself.
CREATE TYPE hospital_cost._payment_row AS (
	source_key text COLLATE "C",
	kind text,
	method text,
	amount numeric,
	paid_at timestamptz,
	encounter_code text COLLATE "C",
	patient_code text COLLATE "C",
	started_at timestamptz,
	operator text,
	window_code text COLLATE "C",
	reverses_key text COLLATE "C",
	reason text,
	receipt_no text,
	settlement text,
	external_reference text,
	status text,
	amount_text text,
	day date,
	rounded boolean,
	issue text,
	field text,
	observed text
);
