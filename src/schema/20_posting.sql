-- 20 posting: hospital tables are attached; their rows become append-only ledger entries.

CREATE SEQUENCE hospital_cost.attachment_seq AS smallint;
CREATE TABLE hospital_cost.attachment (
	source_id smallint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.attachment_seq'),
	relation regclass, -- null once the table is dropped: a number without a table would come back from a dump as another table
	relation_name text NOT NULL,
	feed text NOT NULL DEFAULT 'charges',
	mode text NOT NULL CONSTRAINT attachment_mode_check CHECK (mode IN ('strict', 'flag', 'async')),
	pricing text CONSTRAINT attachment_pricing_check CHECK (pricing IN ('compute', 'verify', 'trust')),
	columns jsonb NOT NULL,
	options jsonb NOT NULL DEFAULT '{}',
	key_is_unique boolean NOT NULL DEFAULT true,
	attached_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	attached_by text NOT NULL DEFAULT SESSION_USER,
	detached_at timestamptz,
	CONSTRAINT attachment_relation_key UNIQUE (relation, feed),
	CONSTRAINT attachment_charges_check CHECK (feed <> 'charges' OR pricing IS NOT NULL)
);
ALTER SEQUENCE hospital_cost.attachment_seq OWNED BY hospital_cost.attachment.source_id;

-- Registries: what kinds of table can be attached, and what their rows are made of. Filled by the api parts of the rooms that own the feeds.
CREATE TABLE hospital_cost._feed (
	feed text PRIMARY KEY,
	room text NOT NULL,
	function text NOT NULL, -- of the statement triggers
	row_function text, -- of the row trigger that logical replication fires
	entries text, -- table of what was posted, with a column source_id
	pending text, -- function(relation) that posts what the triggers did not; returns (outcome, row_count)
	partitions boolean NOT NULL DEFAULT false -- its triggers serve a partition that is written directly
);
CREATE TABLE hospital_cost._feed_field (
	feed text NOT NULL REFERENCES hospital_cost._feed (feed),
	field text NOT NULL,
	required boolean NOT NULL,
	type text NOT NULL CONSTRAINT feed_field_type_check CHECK (type IN ('key', 'row_key', 'code', 'number', 'time', 'month', 'flag')),
	PRIMARY KEY (feed, field)
);

-- Keys of source rows that were posted, for tables in which no unique index keeps a key from coming twice.
CREATE TABLE hospital_cost._posted_key (
	source_id smallint NOT NULL,
	source_key text COLLATE "C" NOT NULL,
	rows int NOT NULL DEFAULT 1, -- that say what the entry says; it is taken back with the last of them
	PRIMARY KEY (source_id, source_key)
);

-- Encounters that hold refunds of a line which was deleted, or moved to another encounter: where else to look for what was given back of it.
CREATE TABLE hospital_cost._refund_elsewhere (
	source_id smallint NOT NULL,
	source_key text COLLATE "C" NOT NULL, -- of the line
	encounter_code text COLLATE "C" NOT NULL,
	PRIMARY KEY (source_id, source_key, encounter_code)
);

-- Keys that mode async set aside for post_pending. No index: appended by the HIS, emptied as a whole.
CREATE TABLE hospital_cost._pending (
	source_id smallint NOT NULL,
	source_key text COLLATE "C" NOT NULL,
	encounter_code text COLLATE "C", -- by which the ledger finds what the key had
	is_old boolean NOT NULL -- as the row was before it changed or went
);
ALTER TABLE hospital_cost._pending REPLICA IDENTITY FULL;

-- One row a charge. Fixed width first, NOT NULL throughout (no null bitmap), text last. Money in minor units: quantity 1e-4,
-- unit_price 1e-6, amount 1e-2; 0 stands for "none" in ward_id, ordering_id and reverses. kind: 1 post, 2 reverse, 3 adjust.
CREATE SEQUENCE hospital_cost.ledger_seq CACHE 1000;
CREATE TABLE hospital_cost._ledger (
	entry_id bigint NOT NULL,
	source_key bigint NOT NULL,
	quantity bigint NOT NULL,
	unit_price bigint NOT NULL,
	amount bigint NOT NULL,
	reverses bigint NOT NULL,
	charged_at timestamptz NOT NULL,
	item_id int NOT NULL,
	period hospital_cost.period_month NOT NULL,
	service_day date NOT NULL,
	source_id smallint NOT NULL,
	ordering_id smallint NOT NULL,
	performing_id smallint NOT NULL,
	ward_id smallint NOT NULL,
	kind smallint NOT NULL,
	version smallint NOT NULL,
	flags smallint NOT NULL,
	encounter_code text COLLATE "C" NOT NULL,
	source_key_text text COLLATE "C" NOT NULL
);
ALTER SEQUENCE hospital_cost.ledger_seq OWNED BY hospital_cost._ledger.entry_id;
-- The btree is the duplicate sensor too; the BRIN finds a key or a month at next to no cost in WAL.
CREATE INDEX ledger_encounter_idx ON hospital_cost._ledger (encounter_code, service_day, item_id);
CREATE INDEX ledger_source_idx ON hospital_cost._ledger USING brin (source_id, source_key, period);

-- What charges say beside what they cost, where the mapping has it: at most one row an entry. The encounter and item find the entry again.
CREATE TABLE hospital_cost._charge_detail (
	entry_id bigint PRIMARY KEY,
	encounter_code text COLLATE "C" NOT NULL,
	item_id int NOT NULL,
	operator text COLLATE "C",
	doctor text COLLATE "C",
	"order" text COLLATE "C",
	approved_by text COLLATE "C",
	trace_code text COLLATE "C",
	settlement text COLLATE "C",
	discount numeric(18,2),
	days numeric(16,4),
	fund_amount numeric(18,2),
	reimbursable boolean
);
CREATE INDEX charge_detail_trace_idx ON hospital_cost._charge_detail (trace_code) WHERE trace_code IS NOT NULL;

-- Totals = compacted rows + delta rows appended by each statement: no row is ever updated in a HIS transaction.
CREATE TABLE hospital_cost._charge_total (
	period hospital_cost.period_month NOT NULL,
	ordering_id smallint NOT NULL,
	performing_id smallint NOT NULL,
	item_id int NOT NULL,
	entries bigint NOT NULL,
	quantity bigint NOT NULL,
	amount bigint NOT NULL,
	PRIMARY KEY (period, ordering_id, performing_id, item_id)
);
CREATE TABLE hospital_cost._charge_delta (
	period hospital_cost.period_month NOT NULL,
	ordering_id smallint NOT NULL,
	performing_id smallint NOT NULL,
	item_id int NOT NULL,
	entries bigint NOT NULL,
	quantity bigint NOT NULL,
	amount bigint NOT NULL
);
-- Without an index, compaction under a publication needs the whole row as identity.
ALTER TABLE hospital_cost._charge_delta REPLICA IDENTITY FULL;

-- One inbox for what must be looked at: class data = a row that is not clean, class conduct = a rule's finding.
CREATE SEQUENCE hospital_cost.finding_seq;
CREATE TABLE hospital_cost._finding (
	finding_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.finding_seq'),
	class text NOT NULL CONSTRAINT finding_class_check CHECK (class IN ('data', 'conduct')),
	code text COLLATE "C" NOT NULL,
	rule_version int,
	severity text NOT NULL
		CONSTRAINT finding_severity_check CHECK (severity IN ('blocking', 'warning', 'lead', 'suspect', 'definite')),
	source_id smallint NOT NULL,
	source_key text COLLATE "C" NOT NULL,
	entry_id bigint,
	related_entry_id bigint,
	period date,
	encounter_code text COLLATE "C",
	item_code text COLLATE "C",
	field text,
	expected text,
	observed text,
	excess_quantity numeric(16,4),
	amount_at_risk numeric(18,2),
	state text NOT NULL DEFAULT 'open'
		CONSTRAINT finding_state_check CHECK (state IN ('open', 'resolved', 'confirmed', 'false_positive', 'corrected')),
	found_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	deadline timestamptz,
	closed_at timestamptz,
	closed_by text,
	note text,
	knowledge_id int, -- of the row of knowledge that was broken
	subject text, -- what it is about where that is no source row: then source_id is 0 and source_key ''
	subject_code text COLLATE "C",
	fact text COLLATE "C",
	evidence jsonb
);
ALTER SEQUENCE hospital_cost.finding_seq OWNED BY hospital_cost._finding.finding_id;
CREATE INDEX finding_source_idx ON hospital_cost._finding (source_id, source_key);
CREATE INDEX finding_related_idx ON hospital_cost._finding (related_entry_id);
-- What a rule found in an encounter, or of a subject in a month, before.
CREATE INDEX finding_encounter_idx ON hospital_cost._finding (encounter_code) WHERE class = 'conduct';
CREATE INDEX finding_fact_idx ON hospital_cost._finding (code, period, subject_code) WHERE subject IS NOT NULL;
-- What a close asks for while posters wait.
CREATE INDEX finding_blocking_idx ON hospital_cost._finding (period) WHERE severity = 'blocking' AND state = 'open';
