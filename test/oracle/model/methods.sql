-- The methods as sequences of turns and systems, and one random plan by engine and oracle. Part of allocation_methods.sql.

CREATE FUNCTION begin_group() RETURNS void LANGUAGE sql AS $$ DELETE FROM twin.start; INSERT INTO twin.start SELECT * FROM twin.balance $$;

-- All servers once, each pool by its first step: as one system, or turn by turn from what there is or was at the start.
CREATE FUNCTION all_servers(month date, p hospital_cost.allocation_plan) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t serve;
	of_pool text;
	everybody text[] := ARRAY(SELECT DISTINCT s.server FROM serve s);
	firsts serve[] := ARRAY(SELECT f FROM (SELECT DISTINCT ON (s.server, s.pool) s AS f FROM serve s ORDER BY s.server, s.pool, s.step_no) x ORDER BY (f).server, (f).pool);
BEGIN
	PERFORM begin_group();
	IF p.method = 'reciprocal' THEN
		FOR of_pool IN SELECT DISTINCT s.pool FROM serve s LOOP
			PERFORM at_once(month, of_pool, ARRAY(SELECT f FROM unnest(firsts) f WHERE f.pool = of_pool ORDER BY f.server), '{}', p);
		END LOOP;
		RETURN;
	END IF;
	FOREACH t IN ARRAY firsts LOOP
		PERFORM one_turn(month, t, CASE p.method WHEN 'direct' THEN everybody ELSE '{}' END, p,
			(SELECT b.amount FROM start b WHERE b.department = t.server AND b.pool = t.pool));
	END LOOP;
END $$;

CREATE FUNCTION step_by_step(month date, p hospital_cost.allocation_plan) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t serve;
	step int;
	of_pool text;
	before text[];
	peers text[];
BEGIN
	FOR step IN SELECT DISTINCT s.step_no FROM serve s ORDER BY 1 LOOP
		PERFORM begin_group();
		before := ARRAY(SELECT DISTINCT s.server FROM serve s WHERE s.step_no < step);
		peers := ARRAY(SELECT DISTINCT s.server FROM serve s WHERE s.step_no = step AND s.server <> ALL (before));
		IF p.same_level = 'reciprocal' THEN
			FOR of_pool IN SELECT DISTINCT s.pool FROM serve s WHERE s.step_no = step LOOP
				PERFORM at_once(month, of_pool, ARRAY(SELECT s FROM serve s WHERE s.step_no = step AND s.pool = of_pool ORDER BY s.server), before, p);
			END LOOP;
			CONTINUE;
		END IF;
		FOR t IN SELECT s.* FROM serve s WHERE s.step_no = step ORDER BY s.server, s.pool LOOP
			PERFORM one_turn(month, t, before || CASE p.same_level WHEN 'none' THEN peers ELSE ARRAY(SELECT q FROM unnest(peers) q WHERE q COLLATE "C" < t.server) END, p,
				(SELECT b.amount FROM balance b WHERE b.department = t.server AND b.pool = t.pool));
		END LOOP;
	END LOOP;
END $$;

CREATE FUNCTION exact_run(month date, plan_code text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	p hospital_cost.allocation_plan := (SELECT x FROM hospital_cost.allocation_plan x WHERE x.code = plan_code);
BEGIN
	DELETE FROM balance;
	INSERT INTO balance SELECT coalesce(d.department_code, ''), concat_ws('|', d.cost_item_code, d.funding_source, d.cost_class), sum(d.amount)
	FROM hospital_cost.direct_cost d WHERE d.period = month GROUP BY 1, 2;
	PERFORM list_turns(plan_code);
	IF p.method <> 'step_down' THEN
		PERFORM all_servers(month, p);
	END IF;
	IF p.method IN ('step_down', 'double') THEN
		PERFORM step_by_step(month, p);
	END IF;
END $$;

-- The six in turn: direct, double, reciprocal, and the step-down with each same level. Rounded multipliers are no matter of exact arithmetic.
CREATE FUNCTION compare(n int, month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	of_plan text := 'P' || n;
	of_method text := (ARRAY['direct', 'double', 'reciprocal', 'none', 'sequential', 'level'])[1 + n % 6];
	run int;
	engine text := 'ok';
	oracle text := 'ok';
BEGIN
	PERFORM generate(n, month);
	UPDATE hospital_cost.allocation_plan p SET multiplier_scale = NULL,
		method = CASE WHEN of_method IN ('none', 'sequential', 'level') THEN 'step_down' ELSE of_method END,
		same_level = CASE of_method WHEN 'sequential' THEN of_method WHEN 'level' THEN 'reciprocal' ELSE 'none' END
	WHERE p.code = of_plan;
	UPDATE hospital_cost.allocation_step s SET receiver_classes = NULL WHERE s.plan_code = of_plan AND chance(0.5);
	BEGIN
		run := hospital_cost.allocate(month, of_plan);
	EXCEPTION WHEN OTHERS THEN
		engine := SQLSTATE || CASE WHEN SQLSTATE LIKE 'MC%' THEN '' ELSE ' ' || SQLERRM END;
	END;
	BEGIN
		PERFORM exact_run(month, of_plan);
		INSERT INTO cell SELECT n, b.* FROM balance b;
	EXCEPTION WHEN OTHERS THEN
		oracle := SQLSTATE || CASE WHEN SQLSTATE LIKE 'MC%' THEN '' ELSE ' ' || SQLERRM END;
	END;
	INSERT INTO outcome VALUES (n, month, of_plan, of_method, run, engine, oracle);
END $$;
