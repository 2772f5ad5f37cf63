-- 60 allocation, direct cost that is known for the hospital only: how it is spread over departments, and what a run made of it.

CREATE SEQUENCE hospital_cost.spread_rule_seq;
CREATE TABLE hospital_cost.spread_rule (
	rule_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.spread_rule_seq'),
	cost_item_code text COLLATE "C" REFERENCES hospital_cost.cost_item (code),
	funding_source text COLLATE "C" CONSTRAINT spread_rule_funding_source_check CHECK (funding_source IN
		('own', 'fiscal_basic', 'fiscal_project', 'non_peer', 'science_education')),
	valid daterange NOT NULL DEFAULT '(,)',
	metered_driver_code text COLLATE "C" REFERENCES hospital_cost.driver (code),
	metered_price numeric(16,6) CONSTRAINT spread_rule_metered_price_check CHECK (metered_price > 0 AND metered_price < 'Infinity'),
	metered_share_rest boolean NOT NULL DEFAULT false,
	driver_code text COLLATE "C" REFERENCES hospital_cost.driver (code),
	receiver_classes text[] CONSTRAINT spread_rule_receiver_classes_check CHECK (receiver_classes <@
		ARRAY['clinical', 'technical', 'auxiliary', 'administrative', 'external'] AND receiver_classes <> '{}'),
	note text,
	CONSTRAINT spread_rule_driver_check CHECK (num_nonnulls(metered_driver_code, driver_code) > 0),
	CONSTRAINT spread_rule_price_check CHECK (metered_price IS NULL OR metered_driver_code IS NOT NULL),
	CONSTRAINT spread_rule_no_overlap EXCLUDE USING gist
		((coalesce(cost_item_code, '')) WITH =, (coalesce(funding_source, '')) WITH =, valid WITH &&)
);
ALTER SEQUENCE hospital_cost.spread_rule_seq OWNED BY hospital_cost.spread_rule.rule_id;

-- What a run spread: the hospital-level rows it found, and the share of each department in a cost item and source.
CREATE TABLE hospital_cost._run_spread_row (
	run_id int NOT NULL,
	direct_cost_id bigint NOT NULL,
	cost_item_code text COLLATE "C" NOT NULL,
	funding_source text COLLATE "C" NOT NULL,
	amount numeric(22,8) NOT NULL,
	source text,
	source_key text,
	PRIMARY KEY (run_id, direct_cost_id)
);
CREATE TABLE hospital_cost._run_spread (
	run_id int NOT NULL,
	cost_item_code text COLLATE "C" NOT NULL,
	funding_source text COLLATE "C" NOT NULL,
	part text COLLATE "C" NOT NULL CONSTRAINT run_spread_part_check CHECK (part IN ('metered', 'base')),
	department_code text COLLATE "C" NOT NULL,
	rule_id bigint NOT NULL,
	driver_code text COLLATE "C" NOT NULL,
	quantity numeric NOT NULL,
	quantity_total numeric,
	metered_price numeric(16,6),
	base numeric(22,8) NOT NULL,
	amount numeric(22,8) NOT NULL,
	PRIMARY KEY (run_id, cost_item_code, funding_source, part, department_code)
);
