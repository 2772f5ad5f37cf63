-- 60 allocation: direct cost is taken back by a row that names what it takes back.

-- Completes a correction from its original and holds it against what is left of that. Corrections of one row wait for each other at it.
CREATE OR REPLACE FUNCTION hospital_cost._correct_direct_cost(correction hospital_cost.direct_cost) RETURNS hospital_cost.direct_cost
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	original hospital_cost._direct_cost;
	remaining numeric;
	differs text;
BEGIN
	SELECT * INTO original FROM hospital_cost._direct_cost d WHERE d.direct_cost_id = correction.corrects FOR UPDATE;
	differs := CASE WHEN NOT FOUND THEN 'There is no such row.'
		WHEN original.corrects IS NOT NULL THEN format('It corrects row %s itself.', original.corrects)
		WHEN coalesce(correction.department_code, original.department_code) IS DISTINCT FROM original.department_code THEN 'The department differs.'
		WHEN coalesce(correction.cost_item_code, original.cost_item_code) <> original.cost_item_code THEN 'The cost item differs.'
		WHEN coalesce(correction.funding_source, original.funding_source) <> original.funding_source THEN 'The funding source differs.'
		WHEN coalesce(correction.cost_class, original.cost_class) <> original.cost_class THEN 'The cost class differs.'
		WHEN correction.period < original.period THEN 'The month is before that of the row.' END;
	IF differs IS NOT NULL THEN
		RAISE EXCEPTION 'row % of direct_cost cannot be corrected by this one', correction.corrects USING ERRCODE = 'MC633', DETAIL = differs,
			HINT = 'Name the original in corrects, and leave out what is the same.';
	ELSIF original.source_id IS NOT NULL THEN
		RAISE EXCEPTION 'row % of direct_cost follows "%"', correction.corrects, original.source USING ERRCODE = 'MC634',
			DETAIL = format('Its key there is "%s".', original.source_key), HINT = 'Correct it in that table: it is taken back here and booked anew.';
	END IF;
	remaining := original.amount + (SELECT coalesce(sum(d.amount), 0) FROM hospital_cost._direct_cost d WHERE d.corrects = correction.corrects);
	correction.amount := coalesce(correction.amount, -remaining);
	IF sign(correction.amount) = -sign(original.amount) AND abs(correction.amount) <= abs(remaining) AND original.amount <> 0 THEN
		correction.period := coalesce(correction.period, original.period);
		correction.department_code := original.department_code;
		correction.cost_item_code := original.cost_item_code;
		correction.funding_source := original.funding_source;
		correction.cost_class := original.cost_class;
		RETURN correction;
	END IF;
	RAISE EXCEPTION 'row % of direct_cost cannot be taken back by %', correction.corrects, trim_scale(correction.amount) USING ERRCODE = 'MC635',
		DETAIL = format('Of %s, %s is left.', trim_scale(original.amount), trim_scale(remaining)),
		HINT = 'See hospital_cost.direct_cost for the rows that correct it already.';
END $$;

COMMENT ON FUNCTION hospital_cost._correct_direct_cost(hospital_cost.direct_cost) IS 'Completes a correction of direct cost. MC633, MC634, MC635';
