-- Closing a month: everything between the books of the finance office and the printed forms.
CREATE SCHEMA work;
CREATE FUNCTION work.cpu() RETURNS int LANGUAGE sql
RETURN (SELECT split_part(s, ' ', 14)::int + split_part(s, ' ', 15)::int FROM pg_read_file('/proc/self/stat') AS s);

CREATE FUNCTION work.ours(month date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	run int := hospital_cost.allocate(month, 'four_class_three_level');
BEGIN
	PERFORM hospital_cost.make_official(run), hospital_cost.cost_objects(run);
	RETURN (SELECT count(*) FROM hospital_cost.form_layout l CROSS JOIN LATERAL hospital_cost.form(l.code, month) f);
END $$;
VACUUM ANALYZE;
