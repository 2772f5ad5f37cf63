-- 60 allocation: what its names mean.

COMMENT ON TABLE hospital_cost.cost_item IS 'Cost items (成本项目): a tree whose categories are the seven of the standard. load_defaults() ships one item a category; a hospital adds its own below them';
COMMENT ON COLUMN hospital_cost.cost_item.category IS 'personnel 人员经费, materials 卫生材料费, drugs 药品费, depreciation 固定资产折旧费, amortisation 无形资产摊销费, risk_fund 提取医疗风险基金, other 其他运行费用';
COMMENT ON COLUMN hospital_cost.cost_item.behaviour IS 'Cost behaviour (成本性态): fixed 固定, variable 变动, mixed 混合';
COMMENT ON COLUMN hospital_cost.cost_item.controllable IS 'Whether the department can influence it (可控成本)';
COMMENT ON COLUMN hospital_cost.cost_item.billable IS 'Whether it is charged to the patient by itself (可单独收费); such materials and drugs leave the costs called without drugs and materials';

COMMENT ON VIEW hospital_cost.direct_cost IS 'Direct cost of departments (科室直接成本). INSERT only: what is wrong is taken back by a row with the opposite sign that names it in corrects, and the right one is written (MC006); a closed period refuses rows (MC001). COPY into the view works';
COMMENT ON COLUMN hospital_cost.direct_cost.department_code IS 'Cost unit; null: the hospital as a whole. Medical cost is spread over departments by spread_rule (MC612 where there is no rule); the classes disposal, remittance, subsidy and other stay there';
COMMENT ON COLUMN hospital_cost.direct_cost.cost_item_code IS 'Cost item; where the class is not medical it may be left out and is then "other"';
COMMENT ON COLUMN hospital_cost.direct_cost.funding_source IS 'Who paid (经费来源): own 自有经费 (default), fiscal_basic 财政基本拨款, fiscal_project 财政项目拨款, non_peer 非同级财政拨款, science_education 科教经费. Allocated source by source, so each cost scope is a filter';
COMMENT ON COLUMN hospital_cost.direct_cost.cost_class IS 'medical 医疗成本 (default), disposal 资产处置费用, remittance 上缴上级费用, subsidy 对附属单位补助费用, other 其他费用';
COMMENT ON COLUMN hospital_cost.direct_cost.amount IS 'Yuan, eight decimals; negative for a correction';
COMMENT ON COLUMN hospital_cost.direct_cost.corrects IS 'direct_cost_id of the row that this one takes back (冲销), whole or in part, null otherwise. Given alone, INSERT INTO direct_cost (corrects) VALUES (n), it takes back all that is left, in the same month; another month may be given where that one is closed. MC633, MC634, MC635. Rows of attached tables are taken back by their table, and named by source and source_key';
COMMENT ON COLUMN hospital_cost.direct_cost.direct_cost_id IS 'Number of the row';
COMMENT ON COLUMN hospital_cost.direct_cost.source IS 'Where the figure comes from, such as payroll or a table of the HRP; with source_key the way back to the voucher';

COMMENT ON TABLE hospital_cost.cost_control_total IS 'What the general ledger says (总账控制数) for a period, cost item and funding source, class medical, in yuan. verify_allocation holds direct cost against it, cell by cell';

COMMENT ON TABLE hospital_cost.driver IS 'Allocation drivers (分摊动因): what a cost is shared out by';
COMMENT ON COLUMN hospital_cost.driver.kind IS 'statistic 统计量, headcount 人员数, area 面积, fixed_share 固定比例 (must sum to 1 over the receivers that are left, MC604): values loaded through driver_value, for every server or for a pair of server and receiver. revenue 收入 and workload 工作量: loaded, or else counted, see measure. accumulated_cost: the receiver''s cost so far. equal: one each';
COMMENT ON COLUMN hospital_cost.driver.measure IS 'Of workload: which measure of the view workload, such as visits or bed_days. Of revenue, counted from the ledger: null for the pair (performing department = server, ordering department = receiver), ordered (receiver = who ordered, or performed where nobody ordered; for every server), performed (receiver = who performed; for every server)';
COMMENT ON COLUMN hospital_cost.driver.unit IS 'Unit of its values, for print only';
COMMENT ON VIEW hospital_cost.driver_value IS 'Values of drivers by month (动因数据). Writable while the period is not closed (MC001); COPY into the view works';
COMMENT ON COLUMN hospital_cost.driver_value.server_code IS 'Department that serves, for pairwise values such as packs sterilised for whom; null: the value holds for every server';
COMMENT ON COLUMN hospital_cost.driver_value.receiver_code IS 'Department that benefits';
COMMENT ON COLUMN hospital_cost.driver_value.quantity IS 'In the unit of the driver, six decimals';

COMMENT ON TABLE hospital_cost.allocation_plan IS 'Allocation plans (分摊方案), versioned: once a version has been run, it and its steps stay as they are (MC613). load_defaults() ships four_class_three_level (四类三级分项逐级结转)';
COMMENT ON COLUMN hospital_cost.allocation_plan.method IS 'step_down (逐级分项结转): departments are emptied group by group in the order of step_no, and never receive again';
COMMENT ON COLUMN hospital_cost.allocation_plan.flow_unit IS 'Yuan: every transfer is a multiple of it, and the parts of a split add up to it exactly';
COMMENT ON COLUMN hospital_cost.allocation_plan.cell_unit IS 'Yuan: unit of full_cost after controlled rounding, 0.01 or coarser';
COMMENT ON COLUMN hospital_cost.allocation_plan.multiplier_scale IS 'null: exact split by largest remainder. n: unit cost multiplier rounded to n decimals first, as on Medicare cost reports';
COMMENT ON COLUMN hospital_cost.allocation_plan.residual_rule IS 'With a rounded multiplier, who takes the difference: largest_remainder, or largest_amount (the largest receiver, lowest code on a tie)';
COMMENT ON COLUMN hospital_cost.allocation_plan.zero_base IS 'A server with cost whose driver sums to zero: error (MC601), fallback (the fallback driver of the step; MC601 if that is zero too), unallocated (stays), equal (one share each)';
COMMENT ON COLUMN hospital_cost.allocation_plan.negative_statistic IS 'A negative driver value: error (MC602), zero (counts as none), absolute (sign dropped), shift (all raised until the lowest is zero), signed (used as it is; MC603 if the sum is not positive)';
COMMENT ON COLUMN hospital_cost.allocation_plan.credit_balance IS 'A server with a negative balance at its turn: allocate (shared out like a cost, mirrored) or keep';
COMMENT ON TABLE hospital_cost.allocation_step IS 'Steps of a plan. Steps with the same step_no form one group, whose servers do not serve each other';
COMMENT ON COLUMN hospital_cost.allocation_step.server_class IS 'All departments of this class serve; either this or server_code';
COMMENT ON COLUMN hospital_cost.allocation_step.receiver_classes IS 'Classes that may receive; null: whoever has a driver value. Departments that have served, or serve in the same group, never do';
COMMENT ON COLUMN hospital_cost.allocation_step.cost_item_code IS 'Holds for this cost item only and goes before a step without one; null: for all';
COMMENT ON COLUMN hospital_cost.allocation_step.fallback_driver_code IS 'Used where the driver sums to zero and the plan says zero_base fallback';

COMMENT ON FUNCTION hospital_cost.allocate(date, text, int) IS 'Allocates the cost of a month by a plan (成本分摊), latest version unless one is named; returns the run. Reads direct cost and drivers as they are now and keeps a copy, so the run can be retold. The first run of a month becomes its official one. Errors: MC610 no such plan, MC611 plan without steps, MC612 hospital-level medical cost without a spread rule, MC631 and MC632 rules that cannot be applied, MC601 to MC606 what the arithmetic meets';
COMMENT ON VIEW hospital_cost.run IS 'Allocation runs (分摊批次): month, plan, who and when, totals in yuan';
COMMENT ON COLUMN hospital_cost.run.official IS 'The run that unit costs and reports of the month rest on; one a month, changed with make_official';
COMMENT ON COLUMN hospital_cost.run.period_state IS 'While the month is open its runs are provisional';
COMMENT ON COLUMN hospital_cost.run.total_direct IS 'Direct cost that went in, all classes and sources, yuan';
COMMENT ON COLUMN hospital_cost.run.total_full IS 'Sum of full_cost, yuan';
COMMENT ON COLUMN hospital_cost.run.seconds IS 'How long it took';
COMMENT ON FUNCTION hospital_cost.make_official(int) IS 'Makes a run the official one of its month. MC614 if there is no such run, MC001 if the month is closed';
COMMENT ON VIEW hospital_cost.department_cost IS 'Cost of departments (科室成本) by run, cost item, funding source and cost class. After the last step only clinical units, and what stays at hospital level, have a full cost';
COMMENT ON COLUMN hospital_cost.department_cost.department_code IS 'null: hospital level';
COMMENT ON COLUMN hospital_cost.department_cost.class IS 'Class at the time of the run';
COMMENT ON COLUMN hospital_cost.department_cost.direct IS 'Direct cost (直接成本), yuan, exact to eight decimals';
COMMENT ON COLUMN hospital_cost.department_cost.level1 IS 'Received from administrative units (一级分摊), yuan';
COMMENT ON COLUMN hospital_cost.department_cost.level2 IS 'Received from auxiliary units (二级分摊), yuan, with what had come to them';
COMMENT ON COLUMN hospital_cost.department_cost.level3 IS 'Received from technical units (三级分摊), yuan, with what had come to them';
COMMENT ON COLUMN hospital_cost.department_cost.received IS 'Received from all, yuan; more than the three levels only where a plan lets other classes serve';
COMMENT ON COLUMN hospital_cost.department_cost.sent IS 'Passed on at its own turn, yuan';
COMMENT ON COLUMN hospital_cost.department_cost.full_cost IS 'direct + received − sent (全成本), rounded once to the cell unit so that rows and columns still add up (controlled rounding)';
COMMENT ON COLUMN hospital_cost.department_cost.rounding IS 'full_cost − (direct + received − sent): less than one cell unit';
COMMENT ON FUNCTION hospital_cost.allocation_flow(int, text, text) IS 'Every transfer of a run, computed again from its stored inputs by the code that made it; from_code and to_code narrow it. quantity of quantity_total is the receiver''s share of base; amount in yuan. policy says which rule of the plan bent the split, if any. MC614 if there is no such run';
COMMENT ON FUNCTION hospital_cost.verify_allocation(int) IS 'Proof of a run (勾稽): the accounts'' control total = direct cost = full cost, every split closes, every cell and margin is at a neighbouring unit; difference is 0 in each row if all is well. Control totals are compared only where the month has any';

COMMENT ON TABLE hospital_cost._direct_cost IS 'Rows of direct cost, behind the view direct_cost';
COMMENT ON COLUMN hospital_cost._direct_cost.source_id IS 'Attached table that the row was booked from; null if it was written by hand';
COMMENT ON TABLE hospital_cost._driver_value IS 'Driver values, behind the view driver_value';
COMMENT ON TABLE hospital_cost._run IS 'Runs, behind the view run; plan is the row as it was';
COMMENT ON TABLE hospital_cost._run_department IS 'Departments as a run saw them';
COMMENT ON TABLE hospital_cost._run_direct IS 'Direct cost as a run saw it';
COMMENT ON TABLE hospital_cost._run_driver IS 'Driver values as a run saw them';
COMMENT ON TABLE hospital_cost._run_step IS 'Steps as a run saw them';
COMMENT ON TABLE hospital_cost._department_cost IS 'Results of runs, behind the view department_cost';
COMMENT ON FUNCTION hospital_cost._write_direct_cost() IS 'INSTEAD OF trigger: appends direct cost to a period that is not closed (MC001, MC006)';
COMMENT ON FUNCTION hospital_cost._write_driver_value() IS 'INSTEAD OF trigger: writes driver values of a period that is not closed (MC001)';
COMMENT ON FUNCTION hospital_cost._load_default_costs() IS 'load_defaults of the allocation room: cost items, drivers and the plan, where they are not there yet';
COMMENT ON FUNCTION hospital_cost._plan_guard() IS 'Guard trigger: a plan version that was run stays (MC613)';
COMMENT ON FUNCTION hospital_cost._snapshot_inputs(int, date, hospital_cost.allocation_plan) IS 'Copies the inputs of a run';
COMMENT ON FUNCTION hospital_cost._compute_run(int) IS 'Allocates from the stored inputs of a run, rounds, and stores the cells';
COMMENT ON SEQUENCE hospital_cost.direct_cost_seq IS 'Numbers rows of direct cost';
COMMENT ON SEQUENCE hospital_cost.allocation_step_seq IS 'Numbers steps of plans';
COMMENT ON SEQUENCE hospital_cost.run_seq IS 'Numbers runs';
COMMENT ON COLUMN hospital_cost.cost_item.parent_code IS 'Item it belongs to, for print; amounts are allocated item by item as they are booked';
COMMENT ON COLUMN hospital_cost.department_cost.cost_class IS 'medical, disposal, remittance, subsidy or other, as in direct_cost';
COMMENT ON COLUMN hospital_cost.department_cost.official IS 'Whether the run is the official one of its month';
COMMENT ON COLUMN hospital_cost.run.method IS 'Method of the plan as it was';
