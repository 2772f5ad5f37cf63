-- 60 allocation: where a policy of the plan was used, so that a result that bends the statistics says so.

CREATE OR REPLACE FUNCTION hospital_cost._allocation_kept(run_id int,
	OUT step_no int, OUT from_code text, OUT to_code text, OUT cost_item_code text, OUT funding_source text, OUT cost_class text,
	OUT driver_code text, OUT quantity numeric, OUT quantity_total numeric, OUT base numeric, OUT amount numeric, OUT policy text, OUT pass int)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'hc_allocation_kept'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

CREATE OR REPLACE FUNCTION hospital_cost.policy_use(run int)
RETURNS TABLE (step_no int, department_code text, cost_item_code text, funding_source text, cost_class text, driver_code text, policy text,
	amount numeric, receivers bigint, kept boolean)
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH flow AS MATERIALIZED (
		SELECT f.step_no, f.from_code, f.cost_item_code, f.funding_source, f.cost_class, f.driver_code, f.policy, f.base < 0 AS credit,
			sum(f.amount) AS amount, count(*) AS receivers
		FROM hospital_cost.allocation_flow(policy_use.run) f GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
	), served AS MATERIALIZED (
		SELECT f.step_no, f.from_code, f.driver_code, f.cost_item_code, f.funding_source, f.cost_class, f.amount, f.receivers FROM flow f
	)
	SELECT u.step_no, u.department_code, u.cost_item_code, u.funding_source, u.cost_class, u.driver_code, u.policy, u.amount, u.receivers, u.kept
	FROM (
		SELECT f.step_no, f.from_code AS department_code, f.cost_item_code, f.funding_source, f.cost_class, f.driver_code, p.policy, f.amount, f.receivers, false AS kept
		FROM flow f CROSS JOIN LATERAL (
			SELECT s.policy FROM string_to_table(f.policy, ', ') AS s (policy)
			UNION ALL SELECT 'credit allocated' WHERE f.credit) p
		UNION ALL
		SELECT k.step_no, k.from_code, k.cost_item_code, k.funding_source, k.cost_class, k.driver_code, p.policy, k.amount, 0, true
		FROM hospital_cost._allocation_kept(policy_use.run) k CROSS JOIN LATERAL string_to_table(k.policy, ', ') AS p (policy)
		UNION ALL
		-- What a server does for itself never counts: its own values for itself, or else those for every server.
		SELECT s.step_no, s.from_code, s.cost_item_code, s.funding_source, s.cost_class, s.driver_code, 'own statistic left out', s.amount, s.receivers, false
		FROM served s
		JOIN hospital_cost._run_driver d ON d.run_id = policy_use.run AND d.driver_code = s.driver_code AND d.receiver_code = s.from_code AND d.quantity <> 0
			AND d.server_code IS NOT DISTINCT FROM CASE WHEN EXISTS (SELECT FROM hospital_cost._run_driver o
				WHERE o.run_id = policy_use.run AND o.driver_code = s.driver_code AND o.server_code = s.from_code) THEN s.from_code END
	) u
	ORDER BY u.step_no, u.department_code, u.cost_item_code, u.funding_source, u.cost_class, u.policy;
END;

COMMENT ON FUNCTION hospital_cost._allocation_kept(int) IS 'Balances that a policy leaves with their server, told by doing the run once more. MC614 if there is no such run';
COMMENT ON FUNCTION hospital_cost.policy_use(int) IS 'Where a run used a policy of its plan: one row a step, server, pool and policy, with the amount it moved (yuan, eight decimals) to how many receivers, or left with the server (kept). Policies: fallback driver, equal for zero base, zero base unallocated; negative statistic zero, absolute, shift or signed; credit allocated, credit kept; own statistic left out (receiver = sender). No row: nothing was bent. MC614 if there is no such run';
