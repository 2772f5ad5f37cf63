#!/bin/sh
# A long allocation is watched from another session, and cancelled in each of its phases: it stops at once and leaves nothing behind.
. "${HC_ROOT:?}/test/lifecycle/lib.sh"

new_cluster main
createdb hospital
psql -X -q -v ON_ERROR_STOP=1 -d hospital >"$WORK/fixture" 2>&1 <<'SQL' || { cat "$WORK/fixture"; exit 1; }
CREATE EXTENSION hospital_cost CASCADE;
SELECT hospital_cost.load_defaults(), hospital_cost.open_period('2025-03-01');
INSERT INTO hospital_cost.department (code, name, class)
	SELECT 'D' || lpad(i::text, 4, '0'), 'x', (ARRAY['administrative', 'auxiliary', 'technical', 'clinical', 'clinical'])[1 + i % 5] FROM generate_series(1, 1000) i;
INSERT INTO hospital_cost.cost_item (code, name, category) SELECT 'I' || i, 'x', 'other' FROM generate_series(1, 40) i;
INSERT INTO hospital_cost._direct_cost (period, department_code, cost_item_code, funding_source, cost_class, amount)
	SELECT '2025-03-01', d.code, i.code, 'own', 'medical', 1000.01 + (7 * ascii(right(d.code, 1)) + 13 * length(i.code)) % 97
	FROM hospital_cost.department d, hospital_cost.cost_item i WHERE i.code LIKE 'I%';
INSERT INTO hospital_cost._driver_value (period, driver_code, receiver_code, quantity)
	SELECT '2025-03-01', x, d.code, 1 + ascii(right(d.code, 1)) FROM hospital_cost.department d, unnest('{headcount,service_quantity,ordered_revenue}'::text[]) x;
CREATE ROLE onlooker LOGIN;
SELECT hospital_cost.setup_roles('life');
GRANT life_reader TO onlooker;
CREATE SCHEMA watch;
CREATE TABLE watch.seen (at timestamptz DEFAULT clock_timestamp(), job text, subject text, phase text, done bigint, total bigint, user_name text, cancelled boolean);
GRANT USAGE ON SCHEMA watch TO onlooker;
GRANT INSERT ON watch.seen TO onlooker;
-- Looks until a job enters the phase (cancels it there, if asked to) or, without a phase, notes each phase once until the job is over.
CREATE PROCEDURE watch.until(wanted text, cancel boolean, patience interval DEFAULT '60 s') LANGUAGE plpgsql AS $$
DECLARE
	p record;
	last text := '';
	stop timestamptz := clock_timestamp() + patience;
BEGIN
	WHILE clock_timestamp() < stop LOOP
		PERFORM pg_stat_clear_snapshot();
		SELECT * INTO p FROM hospital_cost.progress;
		EXIT WHEN p.pid IS NULL AND last <> '';
		CONTINUE WHEN p.phase IS NULL;
		IF wanted IS NULL AND p.phase <> last OR p.phase = wanted THEN
			INSERT INTO watch.seen VALUES (DEFAULT, p.job, p.subject, p.phase, p.done, p.total, p.user_name, cancel AND pg_cancel_backend(p.pid));
			EXIT WHEN p.phase = wanted;
		END IF;
		last := p.phase;
	END LOOP;
END $$;
GRANT EXECUTE ON PROCEDURE watch.until(text, boolean, interval) TO onlooker;
VACUUM ANALYZE;
SQL

# allocate: what the session says, and when it had said it.
allocate() {
	psql -X -q -At -d hospital -c "SELECT 'run ' || hospital_cost.allocate('2025-03-01', 'four_class_three_level')" 2>&1 | sed -n '1p'
	date +%s.%N >"$WORK/ended"
}
left_behind() {
	sql hospital "SELECT (SELECT count(*) FROM hospital_cost._run) + (SELECT count(*) FROM hospital_cost._run_direct) + (SELECT count(*) FROM hospital_cost._run_driver)
		+ (SELECT count(*) FROM hospital_cost._run_department) + (SELECT count(*) FROM hospital_cost._run_step) + (SELECT count(*) FROM hospital_cost._department_cost)
		+ (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') + (SELECT count(*) FROM hospital_cost.progress)"
}

# Phases of milliseconds may be over before the watcher looks: he tries again.
for phase in snapshot load compute round store; do
	for try in 1 2 3 4 5 6 7 8 9 10; do
		# A run that was not caught in time became official, and such a run is not removed.
		sql hospital "TRUNCATE watch.seen; ALTER TABLE hospital_cost._run DISABLE TRIGGER guard_run; UPDATE hospital_cost._run SET official = false;
			ALTER TABLE hospital_cost._run ENABLE TRIGGER guard_run; SELECT hospital_cost.delete_run(run_id) FROM hospital_cost.run" >/dev/null
		sql hospital "CALL watch.until('$phase', true)" >/dev/null 2>&1 &
		watcher=$!
		sleep 0.2
		said=$(allocate)
		wait $watcher || true
		case $said in ERROR*) break ;; esac
	done
	is "cancelled in phase $phase (attempt $try)" "$said" "ERROR:  canceling statement due to user request"
	is "$phase: it stopped at once" "$(sql hospital "SELECT $(cat "$WORK/ended") - extract(epoch FROM at) < 1.5 FROM watch.seen WHERE cancelled")" t
	is "$phase: nothing is left of it, no row, no lock, no progress" "$(left_behind)" 0
done

sql hospital "TRUNCATE watch.seen"
psql -X -q -d hospital -U onlooker -c "CALL watch.until(NULL, false)" >"$WORK/onlooker" 2>&1 &
watcher=$!
sleep 0.2
said=$(allocate)
wait $watcher || true
is "what was cancelled can be done again" "${said%% *}" run
is "a reader of another session sees the job and its phases" "$(cat "$WORK/onlooker")$(sql hospital "SELECT string_agg(DISTINCT concat_ws(' ', job, subject, user_name), ';') FROM watch.seen")" \
	"allocate 2025-03 four_class_three_level postgres"
is "in their order, those that last long" "$(sql hospital "SELECT string_agg(phase, ' ' ORDER BY at) FROM watch.seen WHERE phase IN ('snapshot', 'load', 'compute', 'store')")" \
	"snapshot load compute store"
is "with how much there is to do" "$(sql hospital "SELECT string_agg(format('%s of %s', phase, total), ', ' ORDER BY at) FROM watch.seen WHERE phase IN ('compute', 'store')")" \
	"compute of 600, store of 1001"
is "an error ends the job too" "$(psql -X -q -At -d hospital -c "BEGIN" -c "DELETE FROM hospital_cost._driver_value" -c "SAVEPOINT s" \
	-c "SELECT hospital_cost.allocate('2025-03-01', 'four_class_three_level')" -c "ROLLBACK TO s" -c "SELECT count(*) FROM hospital_cost.progress" -c "ROLLBACK" 2>/dev/null)" 0
finish
