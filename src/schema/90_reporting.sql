-- 90 reporting: the prescribed forms and the indicators as data. What a cell of a form holds follows from the line of its row and
-- the line of its column, so titles, numbers, rows and columns follow the authority's next annex without new code.

CREATE TABLE hospital_cost.form_layout (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT form_layout_code_check CHECK (code <> ''),
	official_number text,
	title_zh text NOT NULL,
	title_en text NOT NULL,
	object text NOT NULL DEFAULT 'department'
		CONSTRAINT form_layout_object_check CHECK (object IN ('department', 'item', 'disease', 'drg'))
);

-- A filter that is null lets everything pass; row and column are both asked.
CREATE TABLE hospital_cost.form_line (
	form_code text COLLATE "C" NOT NULL REFERENCES hospital_cost.form_layout (code),
	axis text NOT NULL CONSTRAINT form_line_axis_check CHECK (axis IN ('row', 'column')),
	position int NOT NULL,
	code text COLLATE "C" NOT NULL CONSTRAINT form_line_code_check CHECK (code <> ''),
	name_zh text NOT NULL,
	name_en text NOT NULL,
	each_member boolean NOT NULL DEFAULT false,
	classes text[],
	settings text[],
	measures text[],
	components text[],
	origins text[] CONSTRAINT form_line_origins_check CHECK (origins <@
		ARRAY['own', 'fiscal', 'science_education', 'disposal', 'remittance', 'subsidy', 'other']),
	per text,
	decimals smallint NOT NULL DEFAULT 2 CONSTRAINT form_line_decimals_check CHECK (decimals BETWEEN 0 AND 8),
	ratio_of text,
	span text NOT NULL DEFAULT 'range' CONSTRAINT form_line_span_check CHECK (span IN ('range', 'year')),
	PRIMARY KEY (form_code, axis, position),
	CONSTRAINT form_line_code_key UNIQUE (form_code, axis, code)
);

-- value = factor × sum of the numerator ÷ sum of the denominator; a name that begins with a minus is taken off.
CREATE TABLE hospital_cost.indicator_layout (
	code text COLLATE "C" PRIMARY KEY CONSTRAINT indicator_layout_code_check CHECK (code <> ''),
	position int NOT NULL,
	name_zh text NOT NULL,
	name_en text NOT NULL,
	unit text,
	numerator text[] NOT NULL,
	denominator text[],
	factor numeric NOT NULL DEFAULT 1 CONSTRAINT indicator_layout_factor_check CHECK (abs(factor) < 'Infinity'),
	decimals smallint NOT NULL DEFAULT 2 CONSTRAINT indicator_layout_decimals_check CHECK (decimals BETWEEN 0 AND 8)
);
