-- 30 cashier: when a patient is reminded, and the reminders that wait for whoever sends them.

-- Dated, the most special row holds: that of the department before that of the payer before that of the house.
CREATE TABLE hospital_cost.reminder_rule (
	kind text NOT NULL CONSTRAINT reminder_rule_kind_check CHECK (kind IN ('unpaid', 'deposit')),
	department_code text COLLATE "C" NOT NULL DEFAULT '',
	payer text NOT NULL DEFAULT '',
	minimum_amount numeric(18,2) NOT NULL DEFAULT 0.01
		CONSTRAINT reminder_rule_amount_check CHECK (minimum_amount > 0 AND minimum_amount < 'Infinity'),
	minimum_balance numeric(18,2) NOT NULL DEFAULT 0
		CONSTRAINT reminder_rule_balance_check CHECK (minimum_balance >= 0 AND minimum_balance < 'Infinity'),
	own_share numeric(7,6) NOT NULL DEFAULT 1 CONSTRAINT reminder_rule_share_check CHECK (own_share BETWEEN 0 AND 1),
	grace interval NOT NULL DEFAULT '2 hours' CONSTRAINT reminder_rule_grace_check CHECK (grace BETWEEN '0' AND '3660 days'),
	repeat_days int NOT NULL DEFAULT 1 CONSTRAINT reminder_rule_repeat_check CHECK (repeat_days BETWEEN 1 AND 3660),
	due_days int NOT NULL DEFAULT 1 CONSTRAINT reminder_rule_due_check CHECK (due_days BETWEEN 0 AND 3660),
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT reminder_rule_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT reminder_rule_one_a_day EXCLUDE USING gist (kind WITH =, department_code WITH =, payer WITH =, valid WITH &&)
);

-- An outbox: no names, no telephone numbers; whoever sends looks those up by the codes.
CREATE SEQUENCE hospital_cost.reminder_seq;
CREATE TABLE hospital_cost.reminder (
	reminder_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.reminder_seq'),
	day date NOT NULL CONSTRAINT reminder_day_check CHECK (isfinite(day)),
	kind text NOT NULL CONSTRAINT reminder_kind_check CHECK (kind IN ('unpaid', 'deposit')),
	why text NOT NULL CONSTRAINT reminder_why_check CHECK (why IN ('unpaid', 'below_minimum', 'below_expected')),
	encounter_code text COLLATE "C" NOT NULL,
	patient_code text COLLATE "C",
	department_code text COLLATE "C",
	amount numeric(18,2) NOT NULL CONSTRAINT reminder_amount_check CHECK (amount > 0 AND amount < 'Infinity'),
	due date NOT NULL,
	state text NOT NULL DEFAULT 'pending' CONSTRAINT reminder_state_check CHECK (state IN ('pending', 'sent', 'failed', 'withdrawn')),
	channel text,
	note text,
	state_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	state_by text NOT NULL DEFAULT SESSION_USER,
	made_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	made_by text NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT reminder_once_a_day UNIQUE (encounter_code, kind, day)
);
ALTER SEQUENCE hospital_cost.reminder_seq OWNED BY hospital_cost.reminder.reminder_id;
CREATE INDEX reminder_pending_idx ON hospital_cost.reminder (day) WHERE state = 'pending';
