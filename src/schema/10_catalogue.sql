-- 10 catalogue: which items exist and what one costs the patient on a day.

CREATE SEQUENCE hospital_cost.charge_item_seq AS int;
CREATE TABLE hospital_cost.charge_item (
	item_id int NOT NULL DEFAULT pg_catalog.nextval('hospital_cost.charge_item_seq') UNIQUE
		CONSTRAINT charge_item_id_check CHECK (item_id > 0),
	code text COLLATE "C" PRIMARY KEY CONSTRAINT charge_item_code_check CHECK (code <> ''),
	national_code text COLLATE "C",
	name text NOT NULL,
	unit text,
	category text COLLATE "C" NOT NULL DEFAULT '14'
		CONSTRAINT charge_item_category_check CHECK (category ~ '^(0[1-9]|1[0-4])$'),
	kind text NOT NULL DEFAULT 'service'
		CONSTRAINT charge_item_kind_check CHECK (kind IN ('service', 'drug', 'material')),
	billable boolean NOT NULL DEFAULT true,
	surgery_group text
);
ALTER SEQUENCE hospital_cost.charge_item_seq OWNED BY hospital_cost.charge_item.item_id;

CREATE TABLE hospital_cost.price (
	item_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.charge_item (code),
	price_class text COLLATE "C" NOT NULL DEFAULT 'standard',
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT price_valid_check CHECK (NOT isempty(valid)),
	unit_price numeric(16,6) NOT NULL
		CONSTRAINT price_unit_price_check CHECK (unit_price >= 0 AND unit_price < 'Infinity'),
	ceiling numeric(16,6) CONSTRAINT price_ceiling_check CHECK (ceiling >= 0 AND ceiling < 'Infinity'),
	CONSTRAINT price_no_overlap EXCLUDE USING gist (item_code WITH =, price_class WITH =, valid WITH &&)
);
-- The exclusion index cannot answer "the prices of one item" as cheaply as a btree does on a cache miss.
CREATE INDEX price_item_idx ON hospital_cost.price (item_code);

-- Why something was given back, cut, taken back or reopened, and whom that should teach.
CREATE TABLE hospital_cost.reason_code (
	purpose text COLLATE "C" NOT NULL
		CONSTRAINT reason_code_purpose_check CHECK (purpose IN ('refund', 'discount', 'reversal', 'reopening')),
	code text COLLATE "C" NOT NULL CONSTRAINT reason_code_code_check CHECK (code <> ''),
	name text NOT NULL,
	feeds text,
	active boolean NOT NULL DEFAULT true,
	PRIMARY KEY (purpose, code)
);
