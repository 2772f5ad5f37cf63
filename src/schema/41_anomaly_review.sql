-- 41 anomaly: what people did with a finding, one row a step.

CREATE SEQUENCE hospital_cost.finding_event_seq;
CREATE TABLE hospital_cost._finding_event (
	event_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('hospital_cost.finding_event_seq'),
	finding_id bigint NOT NULL,
	event text NOT NULL CONSTRAINT finding_event_check CHECK (event IN ('assigned', 'explained', 'judged', 'reopened')),
	from_state text NOT NULL,
	to_state text NOT NULL,
	assignee text COLLATE "C", -- login; of event assigned only
	note text,
	at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	done_by text NOT NULL DEFAULT SESSION_USER,
	CONSTRAINT finding_event_assignee_check CHECK ((event = 'assigned') = (assignee IS NOT NULL))
);
ALTER SEQUENCE hospital_cost.finding_event_seq OWNED BY hospital_cost._finding_event.event_id;
CREATE INDEX finding_event_finding_idx ON hospital_cost._finding_event (finding_id);
