-- 15 activity: what was used, ordered and held. Rows come from attached tables (source_id, source_key) or are written by hand (source_id 0).

CREATE TABLE hospital_cost.service_use (
	source_id smallint NOT NULL DEFAULT 0,
	source_key text COLLATE "C" NOT NULL CONSTRAINT service_use_source_key_check CHECK (source_key <> ''),
	encounter_code text COLLATE "C",
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	resource text COLLATE "C" NOT NULL CONSTRAINT service_use_resource_check CHECK (resource <> ''),
	item_code text COLLATE "C",
	quantity numeric(16,4) NOT NULL CONSTRAINT service_use_quantity_check CHECK (abs(quantity) < 'Infinity'),
	unit text,
	started_at timestamptz NOT NULL,
	ended_at timestamptz,
	PRIMARY KEY (source_id, source_key),
	CONSTRAINT service_use_order_check CHECK (ended_at >= started_at AND isfinite(ended_at)),
	CONSTRAINT service_use_started_at_check CHECK (isfinite(started_at))
);
CREATE INDEX service_use_encounter_idx ON hospital_cost.service_use (encounter_code) WHERE encounter_code IS NOT NULL;
CREATE INDEX service_use_started_idx ON hospital_cost.service_use (started_at);

-- Encounters may come after their orders, and items of orders need not be charge items: neither is a foreign key.
CREATE TABLE hospital_cost.order_line (
	source_id smallint NOT NULL DEFAULT 0,
	source_key text COLLATE "C" NOT NULL CONSTRAINT order_line_source_key_check CHECK (source_key <> ''),
	order_no text COLLATE "C" NOT NULL,
	encounter_code text COLLATE "C" NOT NULL,
	item_code text COLLATE "C" NOT NULL,
	quantity numeric(16,4) CONSTRAINT order_line_quantity_check CHECK (abs(quantity) < 'Infinity'),
	unit text,
	frequency text,
	times_per_day numeric(16,4) CONSTRAINT order_line_times_per_day_check CHECK (abs(times_per_day) < 'Infinity'),
	days numeric(16,4) CONSTRAINT order_line_days_check CHECK (abs(days) < 'Infinity'),
	executed_quantity numeric(16,4) CONSTRAINT order_line_executed_quantity_check CHECK (abs(executed_quantity) < 'Infinity'),
	ordering_department_code text COLLATE "C" REFERENCES hospital_cost.department (code),
	performing_department_code text COLLATE "C" REFERENCES hospital_cost.department (code),
	doctor text,
	ordered_at timestamptz NOT NULL CONSTRAINT order_line_ordered_at_check CHECK (isfinite(ordered_at)),
	nurse_checked_at timestamptz CONSTRAINT order_line_nurse_checked_at_check CHECK (isfinite(nurse_checked_at)),
	executed_at timestamptz CONSTRAINT order_line_executed_at_check CHECK (isfinite(executed_at)),
	stopped_at timestamptz CONSTRAINT order_line_stopped_at_check CHECK (isfinite(stopped_at)),
	status text NOT NULL DEFAULT 'ordered'
		CONSTRAINT order_line_status_check CHECK (status IN ('ordered', 'executed', 'stopped', 'cancelled')),
	PRIMARY KEY (source_id, source_key)
);
CREATE INDEX order_line_encounter_idx ON hospital_cost.order_line (encounter_code, item_code);
CREATE INDEX order_line_order_idx ON hospital_cost.order_line (order_no);

CREATE TABLE hospital_cost.stock (
	source_id smallint NOT NULL DEFAULT 0,
	source_key text COLLATE "C" NOT NULL CONSTRAINT stock_source_key_check CHECK (source_key <> ''),
	kind text NOT NULL DEFAULT 'on_hand' CONSTRAINT stock_kind_check CHECK (kind IN ('on_hand', 'received', 'issued')),
	department_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.department (code),
	item_code text COLLATE "C" NOT NULL,
	batch text,
	encounter_code text COLLATE "C",
	quantity numeric(16,4) NOT NULL CONSTRAINT stock_quantity_check CHECK (abs(quantity) < 'Infinity'),
	unit text,
	as_of timestamptz CONSTRAINT stock_as_of_check CHECK (isfinite(as_of)),
	PRIMARY KEY (source_id, source_key)
);
CREATE INDEX stock_item_idx ON hospital_cost.stock (item_code, department_code, as_of);
