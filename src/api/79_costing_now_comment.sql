-- 70 costing, now and over time: what the names mean.

COMMENT ON VIEW hospital_cost.department_result IS 'Income against cost of departments (科室收支结余) by month and scope, official runs. Two pairs that are not to be mixed: income as ordered (开单收入) − full cost, for clinical units; income as performed (执行收入) − cost before serving others, for technical units. Incomes are the charge totals. department_code null: cost that stays at hospital level; so each column adds up to the whole of the month';
COMMENT ON COLUMN hospital_cost.department_result.income_ordered IS 'Charged on the orders of the department, whoever performed them, yuan';
COMMENT ON COLUMN hospital_cost.department_result.full_cost IS 'Cost after all levels (科室全成本), yuan; of a technical unit what it could not pass on';
COMMENT ON COLUMN hospital_cost.department_result.result IS 'income_ordered − full_cost (结余), yuan';
COMMENT ON COLUMN hospital_cost.department_result.margin IS 'result ÷ income_ordered; null where nothing was ordered';
COMMENT ON COLUMN hospital_cost.department_result.income_performed IS 'Charged for what the department performed, whoever ordered it, yuan';
COMMENT ON COLUMN hospital_cost.department_result.performed_cost IS 'Cost after two levels (二级分摊后成本), before technical units pass theirs on, yuan';
COMMENT ON COLUMN hospital_cost.department_result.performed_result IS 'income_performed − performed_cost, yuan';
COMMENT ON COLUMN hospital_cost.department_result.performed_margin IS 'performed_result ÷ income_performed; null where nothing was performed';
COMMENT ON FUNCTION hospital_cost.cost_change(date, date, text) IS
'Why the cost of visits and bed-days changed between the official runs of two months (成本变动因素分析, 连环替代法), by department and, where department_code is null, the hospital. Chain substitution: workload of the hospital (quantity_effect), the department''s part of it (mix_effect 结构), cost of inputs at old allocation shares (price_effect), allocation shares (driver_effect 动因); the effects add up to change exactly. note: new or gone (all of it is mix), no_quantity_before, no_quantity_after (workload explains nothing). Yuan; see docs/costing.md. MC731 scope, MC734 a month without an official run';
COMMENT ON FUNCTION hospital_cost.department_cost_now(date, text) IS
'What each department has cost in a month by now (实时成本): unit cost of the last official run up to the month × visits and bed-days of the month so far; of technical units their items (which are in the cost of the clinical units too, so do not add the two). provisional is false only where that run is the month''s own and the month is closed. base_… is what the figure rests on; direct_cost is what has been booked so far, beside the figure and not in it. cost null: reason says why: no_official_run, no_costed_run, no_cost_then, no_quantity_then, passed_on (to the departments it serves), external, no_object. items_without_cost: uncosted_income was charged for items without a unit cost. Yuan. MC731 scope';
COMMENT ON FUNCTION hospital_cost.encounter_cost_now(text, text, text) IS
'What an encounter has cost by now (患者实时成本), line by line: top_down: bed-days and visits at the rate of the last official run as mode ward_full spreads it, drugs and billable materials as charged; bottom_up: items at their unit cost in place of the time. Closed months that cost_objects was called for are told as they stand (object official; provisional false). cost null: reason says why: no_official_run, no_costed_run, no_cost_then, no_quantity_then, no_such_cost_then (the unit has no cost of drugs or materials to take it from). Yuan. MC731 scope, MC732 encounter, MC733 method';
COMMENT ON FUNCTION hospital_cost._scope_groups(text) IS 'Number of funding groups in a scope; MC731';
COMMENT ON FUNCTION hospital_cost._official_run(date) IS 'The official run of a month; MC734';
COMMENT ON FUNCTION hospital_cost._unit_quantity(date) IS 'Visits and bed-days of one month by department, as the view workload has them';
COMMENT ON FUNCTION hospital_cost._cost_share(int, int) IS 'Parts of an origin''s direct cost by department where they ended, and the whole, in yuan';
COMMENT ON FUNCTION hospital_cost._cost_at_old_shares(int, int, int) IS 'Cost of departments by the inputs of the second run in the allocation shares of the first, yuan';
COMMENT ON FUNCTION hospital_cost._base_run(date, boolean) IS 'The official run on which figures of a month rest; final if it is its own and the month is closed';
COMMENT ON FUNCTION hospital_cost._item_base(int, int) IS 'Cost and quantity of items in a run by department';
COMMENT ON FUNCTION hospital_cost._time_base(int, int) IS 'Quantity and cost of visits and bed-days in a run beside charged drugs and billable materials, and whether the unit has cost of those';
COMMENT ON FUNCTION hospital_cost._now_encounter(text, text) IS 'The encounter whose cost is asked for; MC732, MC733';
