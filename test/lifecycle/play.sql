-- A session that plays: play.act() so many times, each in a transaction of its own, at random by a seed; and what came of it. For fixtures that have schema play.
CREATE TABLE play.done (at timestamptz DEFAULT clock_timestamp(), sqlstate text, said text);
CREATE PROCEDURE play.run(seed int, steps int) LANGUAGE plpgsql AS $$
DECLARE
	state text;
	said text;
BEGIN
	PERFORM setseed((seed % 1000003) / 1000003.0);
	FOR step IN 1 .. steps LOOP
		state := '00000';
		said := '';
		BEGIN
			PERFORM play.act();
		EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
			NULL; -- what the HIS rolls back itself
		WHEN OTHERS THEN
			state := SQLSTATE;
			said := SQLERRM;
		END;
		INSERT INTO play.done (sqlstate, said) VALUES (state, said);
		COMMIT;
	END LOOP;
END $$;
