-- 50 reconciliation: what banks, channels and insurers say they took and gave, and which of our payments that is.

-- How a channel's file is read and by which rules it is matched, dated. What alters a result stands here, not in a setting.
CREATE TABLE hospital_cost.statement_format (
	kind text COLLATE "C" NOT NULL CONSTRAINT statement_format_kind_check CHECK (kind <> ''),
	name text NOT NULL,
	methods text[] NOT NULL CONSTRAINT statement_format_methods_check CHECK (cardinality(methods) > 0 AND array_position(methods, NULL) IS NULL),
	columns jsonb NOT NULL DEFAULT '{}' CONSTRAINT statement_format_columns_check CHECK (jsonb_typeof(columns) = 'object'),
	failed_statuses text[] NOT NULL DEFAULT '{}',
	outgoing text[] NOT NULL DEFAULT '{}',
	our_reference text NOT NULL DEFAULT 'external_reference'
		CONSTRAINT statement_format_our_reference_check CHECK (our_reference IN ('external_reference', 'settlement', 'receipt_no')),
	schemes jsonb NOT NULL DEFAULT '{}' CONSTRAINT statement_format_schemes_check CHECK (jsonb_typeof(schemes) = 'object'),
	clearing_classes jsonb NOT NULL DEFAULT '{}' CONSTRAINT statement_format_clearing_classes_check CHECK (jsonb_typeof(clearing_classes) = 'object'),
	amount_window interval NOT NULL DEFAULT '1 hour',
	sum_window interval NOT NULL DEFAULT '3 days',
	sum_members smallint NOT NULL DEFAULT 0 CONSTRAINT statement_format_sum_members_check CHECK (sum_members BETWEEN 0 AND 16 AND sum_members <> 1),
	sum_candidates smallint NOT NULL DEFAULT 24 CONSTRAINT statement_format_sum_candidates_check CHECK (sum_candidates BETWEEN 2 AND 64),
	transit_margin interval NOT NULL DEFAULT '1 hour',
	transit_days int NOT NULL DEFAULT 1 CONSTRAINT statement_format_transit_days_check CHECK (transit_days BETWEEN 0 AND 366),
	look_back_days int NOT NULL DEFAULT 7 CONSTRAINT statement_format_look_back_check CHECK (look_back_days BETWEEN 0 AND 3660),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT statement_format_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT statement_format_interval_check CHECK (amount_window BETWEEN '0' AND '366 days' AND sum_window BETWEEN '0' AND '366 days'
		AND transit_margin BETWEEN '0' AND '366 days'),
	CONSTRAINT statement_format_no_overlap EXCLUDE USING gist (kind WITH =, valid WITH &&)
);

CREATE SEQUENCE hospital_cost.statement_seq;
CREATE TABLE hospital_cost.statement (
	statement_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.statement_seq'),
	kind text COLLATE "C" NOT NULL CONSTRAINT statement_kind_check CHECK (kind <> ''),
	day date NOT NULL CONSTRAINT statement_day_check CHECK (isfinite(day)),
	source text NOT NULL DEFAULT '',
	opening_balance numeric(18,2),
	closing_balance numeric(18,2),
	digest bytea NOT NULL DEFAULT pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())),
	loaded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	loaded_by text NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT statement_once UNIQUE (kind, day, digest)
);
ALTER SEQUENCE hospital_cost.statement_seq OWNED BY hospital_cost.statement.statement_id;

-- Statements that are not to count: the wrong file, the wrong day.
CREATE TABLE hospital_cost.statement_withdrawal (
	statement_id bigint PRIMARY KEY REFERENCES hospital_cost.statement,
	reason text NOT NULL CONSTRAINT statement_withdrawal_reason_check CHECK (reason <> ''),
	withdrawn_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	withdrawn_by text NOT NULL DEFAULT SESSION_USER
);

-- Signed as payments are: what the hospital got is positive.
CREATE SEQUENCE hospital_cost.statement_line_seq;
CREATE TABLE hospital_cost.statement_line (
	line_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.statement_line_seq'),
	statement_id bigint NOT NULL REFERENCES hospital_cost.statement,
	at timestamptz CONSTRAINT statement_line_at_check CHECK (isfinite(at)),
	day date NOT NULL CONSTRAINT statement_line_day_check CHECK (isfinite(day)),
	line_no int NOT NULL,
	amount numeric(18,2) NOT NULL CONSTRAINT statement_line_amount_check CHECK (amount < 'Infinity' AND amount > '-Infinity'),
	failed boolean NOT NULL DEFAULT false,
	reference text COLLATE "C" CONSTRAINT statement_line_reference_check CHECK (reference <> ''),
	CONSTRAINT statement_line_once UNIQUE (statement_id, line_no)
);
ALTER SEQUENCE hospital_cost.statement_line_seq OWNED BY hospital_cost.statement_line.line_id;
CREATE INDEX statement_line_day_idx ON hospital_cost.statement_line USING brin (day);
-- What an insurer says a day came to (3201): by scheme and clearing class, payments and what was given back apart.
CREATE TABLE hospital_cost.statement_total (
	statement_id bigint NOT NULL REFERENCES hospital_cost.statement,
	scheme text COLLATE "C" NOT NULL DEFAULT '',
	clearing_class text COLLATE "C" NOT NULL DEFAULT '',
	refund boolean NOT NULL DEFAULT false,
	items bigint NOT NULL CONSTRAINT statement_total_items_check CHECK (items >= 0),
	amount numeric(18,2) NOT NULL CONSTRAINT statement_total_amount_check CHECK (amount < 'Infinity' AND amount > '-Infinity'),
	PRIMARY KEY (statement_id, scheme, clearing_class, refund)
);
CREATE INDEX payment_day_idx ON hospital_cost._payment USING brin (day);
CREATE INDEX payment_reversed_idx ON hospital_cost._payment (reverses) WHERE entry = 'reverse';

CREATE SEQUENCE hospital_cost.reconciliation_run_seq;
CREATE TABLE hospital_cost._reconciliation_run (
	run_id int PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.reconciliation_run_seq'),
	kind text COLLATE "C" NOT NULL,
	day date NOT NULL,
	ours bigint NOT NULL,
	lines bigint NOT NULL,
	our_amount numeric NOT NULL,
	line_amount numeric NOT NULL,
	outcomes jsonb NOT NULL,
	run_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	run_by text NOT NULL DEFAULT SESSION_USER
);
ALTER SEQUENCE hospital_cost.reconciliation_run_seq OWNED BY hospital_cost._reconciliation_run.run_id;
CREATE INDEX reconciliation_run_day_idx ON hospital_cost._reconciliation_run (kind, day, run_id);

-- One match is the rows of one match_id: its first line. The side with fewer items is null in the rows after its last.
CREATE TABLE hospital_cost._reconciliation_match (
	match_id bigint NOT NULL,
	line_id bigint,
	entry_id bigint,
	run_id int, -- null: by hand
	rule text NOT NULL CONSTRAINT reconciliation_match_rule_check
		CHECK (rule IN ('key', 'key_sum', 'amount', 'one_to_many', 'many_to_one', 'hand')),
	kind text COLLATE "C" NOT NULL,
	outgoing boolean NOT NULL,
	reference text COLLATE "C",
	matched_by text NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT reconciliation_match_line_once UNIQUE (line_id),
	CONSTRAINT reconciliation_match_entry_once UNIQUE (entry_id),
	CONSTRAINT reconciliation_match_reference_once UNIQUE (kind, reference, outgoing)
);
CREATE INDEX reconciliation_match_further_idx ON hospital_cost._reconciliation_match (match_id) WHERE line_id IS DISTINCT FROM match_id;

-- What is open now. Held: a person took the match apart, so no run judges it again.
CREATE TABLE hospital_cost._reconciliation_difference (
	line_id bigint,
	entry_id bigint,
	day date NOT NULL,
	since date NOT NULL,
	held boolean NOT NULL DEFAULT false,
	kind text COLLATE "C" NOT NULL,
	outcome text NOT NULL CONSTRAINT reconciliation_difference_outcome_check
		CHECK (outcome IN ('his_only', 'channel_only', 'in_transit', 'amount_differs', 'duplicate', 'status_differs')),
	CONSTRAINT reconciliation_difference_line_once UNIQUE (line_id),
	CONSTRAINT reconciliation_difference_entry_once UNIQUE (entry_id)
);
CREATE INDEX reconciliation_difference_kind_idx ON hospital_cost._reconciliation_difference (kind, day);

CREATE SEQUENCE hospital_cost.reconciliation_event_seq;
CREATE TABLE hospital_cost._reconciliation_event (
	event_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.reconciliation_event_seq'),
	kind text COLLATE "C" NOT NULL,
	event text NOT NULL CONSTRAINT reconciliation_event_check CHECK (event IN ('appeared', 'cleared', 'matched', 'unmatched', 'taken_back', 'withdrawn')),
	line_id bigint,
	entry_id bigint,
	what text, -- outcome of a difference, rule of a match
	run_id int,
	note text,
	at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	done_by text NOT NULL DEFAULT SESSION_USER
);
ALTER SEQUENCE hospital_cost.reconciliation_event_seq OWNED BY hospital_cost._reconciliation_event.event_id;
CREATE INDEX reconciliation_event_line_idx ON hospital_cost._reconciliation_event (line_id);
CREATE INDEX reconciliation_event_entry_idx ON hospital_cost._reconciliation_event (entry_id);
