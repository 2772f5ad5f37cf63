-- 30 cashier: shifts and their closing. Each step is a row of its own, never changed.

CREATE SEQUENCE hospital_cost.shift_seq;
CREATE TABLE hospital_cost._shift (
	shift_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.shift_seq'),
	cashier_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.cashier,
	window_code text COLLATE "C" REFERENCES hospital_cost.cashier_window,
	opened_at timestamptz NOT NULL, -- when the shift before was closed, so that shifts tile time
	began_at timestamptz NOT NULL, -- when open_shift was called
	opened_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER,
	float_start numeric(18,2) NOT NULL,
	UNIQUE (cashier_code, opened_at)
);
ALTER SEQUENCE hospital_cost.shift_seq OWNED BY hospital_cost._shift.shift_id;

CREATE TABLE hospital_cost._shift_close (
	shift_id bigint PRIMARY KEY REFERENCES hospital_cost._shift,
	cashier_code text COLLATE "C" NOT NULL,
	span tstzrange NOT NULL CONSTRAINT shift_close_span_check CHECK (NOT isempty(span) AND NOT lower_inf(span) AND NOT upper_inf(span)),
	closed_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER,
	entries bigint NOT NULL,
	amount numeric(18,2) NOT NULL,
	float_start numeric(18,2) NOT NULL,
	float_moved numeric(18,2) NOT NULL,
	cash_in numeric(18,2) NOT NULL,
	cash_out numeric(18,2) NOT NULL,
	banked numeric(18,2) NOT NULL CONSTRAINT shift_close_banked_check CHECK (banked >= 0),
	float_end numeric(18,2) NOT NULL CONSTRAINT shift_close_float_check CHECK (float_end >= 0),
	counted numeric(18,2) NOT NULL CONSTRAINT shift_close_counted_check CHECK (counted >= 0),
	drawn bigint NOT NULL, -- last entry number that was drawn before it began,
	running xid8 NOT NULL, -- by transactions before this one
	decided bigint NOT NULL, -- the cashier's entries up to this one are all in a close
	expected numeric(18,2) NOT NULL GENERATED ALWAYS AS (float_start + float_moved + cash_in - cash_out - banked - float_end) STORED,
	CONSTRAINT shift_close_tile EXCLUDE USING gist (cashier_code WITH =, span WITH &&)
);

-- Which close owns an entry. Owning by assignment, not by time: what is committed later is owned by a later close.
CREATE TABLE hospital_cost._closed_payment (
	entry_id bigint PRIMARY KEY,
	shift_id bigint NOT NULL REFERENCES hospital_cost._shift
);
CREATE INDEX closed_payment_shift_idx ON hospital_cost._closed_payment (shift_id);
CREATE TABLE hospital_cost._shift_method (
	shift_id bigint NOT NULL REFERENCES hospital_cost._shift,
	method text COLLATE "C" NOT NULL,
	channel text NOT NULL,
	transactions bigint NOT NULL,
	amount_in numeric(18,2) NOT NULL,
	amount_out numeric(18,2) NOT NULL,
	PRIMARY KEY (shift_id, method)
);

-- The float of a cashier: what was handed to him and came back; a surprise count moves nothing.
CREATE SEQUENCE hospital_cost.float_seq;
CREATE TABLE hospital_cost._float_move (
	float_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.float_seq'),
	cashier_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.cashier,
	kind text NOT NULL,
	amount numeric(18,2) NOT NULL,
	counted numeric(18,2),
	note text,
	moved_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	moved_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT float_move_kind_check CHECK (CASE kind WHEN 'issue' THEN amount > 0 AND counted IS NULL WHEN 'top_up' THEN amount > 0 AND counted IS NULL
		WHEN 'return' THEN amount < 0 AND counted IS NULL WHEN 'count' THEN amount = 0 AND counted >= 0 ELSE false END)
);
ALTER SEQUENCE hospital_cost.float_seq OWNED BY hospital_cost._float_move.float_id;
CREATE TABLE hospital_cost._closed_float (
	float_id bigint PRIMARY KEY,
	shift_id bigint NOT NULL REFERENCES hospital_cost._shift
);

CREATE TABLE hospital_cost._shift_review (
	shift_id bigint PRIMARY KEY REFERENCES hospital_cost._shift_close,
	note text,
	reviewed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	reviewed_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER
);
CREATE TABLE hospital_cost._shift_audit (
	shift_id bigint PRIMARY KEY REFERENCES hospital_cost._shift_review,
	seed bigint NOT NULL,
	sample_size int NOT NULL CONSTRAINT shift_audit_sample_check CHECK (sample_size > 0),
	audited_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	audited_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER
);
CREATE TABLE hospital_cost._shift_audit_entry (
	shift_id bigint NOT NULL REFERENCES hospital_cost._shift_audit,
	entry_id bigint NOT NULL,
	PRIMARY KEY (shift_id, entry_id)
);

-- Causes of long and short cash, and what was done about a case; the last row of a shift holds.
CREATE TABLE hospital_cost.long_short_cause (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT long_short_cause_code_check CHECK (code <> ''),
	name text NOT NULL,
	name_en text NOT NULL,
	active boolean NOT NULL DEFAULT true
);
CREATE SEQUENCE hospital_cost.long_short_seq;
CREATE TABLE hospital_cost._long_short_handling (
	handling_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.long_short_seq'),
	shift_id bigint NOT NULL REFERENCES hospital_cost._shift_close,
	cause_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.long_short_cause,
	treatment text NOT NULL CONSTRAINT long_short_treatment_check
		CHECK (treatment IN ('explained', 'liability', 'refunded', 'compensated', 'written_off')),
	note text,
	handled_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	handled_by text COLLATE "C" NOT NULL DEFAULT SESSION_USER
);
ALTER SEQUENCE hospital_cost.long_short_seq OWNED BY hospital_cost._long_short_handling.handling_id;
CREATE INDEX long_short_handling_idx ON hospital_cost._long_short_handling (shift_id, handling_id DESC);
