-- 30 cashier: what an insurer paid and refused of what was claimed from it.

-- Append-only; a correction is a row with the opposite amounts. Without a settlement the row is about a month of a scheme as a whole.
CREATE SEQUENCE hospital_cost.insurer_clearing_seq;
CREATE TABLE hospital_cost.insurer_clearing (
	clearing_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.insurer_clearing_seq'),
	clearing_no text COLLATE "C" NOT NULL CONSTRAINT insurer_clearing_no_check CHECK (clearing_no <> ''),
	line_no int NOT NULL DEFAULT 1,
	scheme text COLLATE "C" NOT NULL CONSTRAINT insurer_clearing_scheme_check CHECK (scheme <> ''),
	period hospital_cost.period_month NOT NULL, -- month of the settlements, not of the money
	settlement_id bigint,
	day date NOT NULL CONSTRAINT insurer_clearing_day_check CHECK (isfinite(day)),
	paid numeric(18,2) NOT NULL DEFAULT 0,
	refused numeric(18,2) NOT NULL DEFAULT 0,
	violation boolean NOT NULL DEFAULT false,
	reason text,
	final boolean NOT NULL DEFAULT false,
	loaded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	loaded_by text NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT insurer_clearing_once UNIQUE (clearing_no, line_no),
	CONSTRAINT insurer_clearing_number_check CHECK (paid + refused < 'Infinity' AND paid + refused > '-Infinity'),
	CONSTRAINT insurer_clearing_reason_check CHECK (refused = 0 OR COALESCE(reason, '') <> ''),
	CONSTRAINT insurer_clearing_violation_check CHECK (NOT violation OR refused <> 0),
	CONSTRAINT insurer_clearing_final_check CHECK (NOT final OR settlement_id IS NULL)
);
ALTER SEQUENCE hospital_cost.insurer_clearing_seq OWNED BY hospital_cost.insurer_clearing.clearing_id;
CREATE INDEX insurer_clearing_scheme_idx ON hospital_cost.insurer_clearing (scheme, period);
