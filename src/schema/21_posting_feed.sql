-- 20 posting: registries of the feeds that are mirrored: rows of an attached table become rows of one of our tables. The SQL that does it is made from
-- these; fragments of SQL speak of fields by their names, of rows of our table as t, and of the hospital's time zone as {zone}.

CREATE TABLE hospital_cost._feed_target (
	feed text PRIMARY KEY REFERENCES hospital_cost._feed (feed),
	target text NOT NULL,
	-- replace: a changed row is deleted and written again. keep: it is updated, and one that others refer to is cancelled, not deleted.
	-- journal: nothing is changed; a row with the opposite sign, then the new one.
	style text NOT NULL CONSTRAINT feed_target_style_check CHECK (style IN ('replace', 'keep', 'journal')),
	key_column text NOT NULL,
	default_key text[], -- the fields a source_key is made of where the mapping names none; null: it must be named
	month_of text NOT NULL, -- the day whose month an issue belongs to
	nothing text, -- condition: the row has nothing to tell
	used text, -- condition: others refer to the row t
	conflict text, -- code of the issue of a row that our table does not take beside another
	write_order text,
	proof text NOT NULL -- function of the identities between source rows and ours
);

CREATE TABLE hospital_cost._feed_column (
	feed text NOT NULL REFERENCES hospital_cost._feed_target (feed),
	position smallint NOT NULL,
	field text NOT NULL,
	type text NOT NULL,
	required boolean NOT NULL,
	target text, -- column of our table; null: read for the sake of others
	target_type text,
	expression text, -- what is written; null: the field itself
	fallback text, -- where the field is not mapped or empty
	allowed text[],
	master text, -- table whose column code has it
	unknown text, -- code of the issue of a value that is not allowed or not there
	PRIMARY KEY (feed, position),
	UNIQUE (feed, field)
);

CREATE TABLE hospital_cost._feed_check (
	feed text NOT NULL REFERENCES hospital_cost._feed_target (feed),
	position smallint NOT NULL,
	code text COLLATE "C" NOT NULL,
	field text NOT NULL,
	condition text NOT NULL,
	expected text,
	observed text,
	PRIMARY KEY (feed, position)
);

CREATE TABLE hospital_cost._feed_issue (
	code text COLLATE "C" PRIMARY KEY,
	sqlstate text NOT NULL,
	hint text NOT NULL
);
