-- Who may do what. Everything is closed to PUBLIC at installation; setup_roles opens it to the hospital's roles.

-- What each role gets, told by name so that a new object is given to nobody until somebody thinks about it.
CREATE OR REPLACE FUNCTION hospital_cost._grant() RETURNS TABLE (role text, what text, objects text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	VALUES
		-- 00 to 15
		('reader', 'SELECT', 'hospital department period period_event progress charge_item price reason_code encounter department_stay service_use order_line stock
			workload workload_value'),
		('reader', 'EXECUTE', 'hospital_timezone() hospital_day(timestamptz) period_of(date) price_of(text,date,text) check_setup() _progress()'),
		('clerk', 'SELECT,INSERT,UPDATE', 'encounter department_stay service_use order_line stock workload_value'),
		('pricing', 'SELECT,INSERT,UPDATE,DELETE', 'charge_item price reason_code'),
		('pricing', 'USAGE', 'charge_item_seq'),
		('accountant', 'SELECT,INSERT,UPDATE,DELETE', 'workload_value'),
		('controller', 'SELECT,INSERT,UPDATE', 'hospital department'),
		('controller', 'EXECUTE', '_next_department_id() open_period(date) close_period(date,interval) reopen_period(date,text) load_defaults()'),
		-- 20
		('reader', 'SELECT', 'attachment ledger charge_total payment_ledger posting_issue seal'),
		('reader', 'EXECUTE', 'verify_ledger(date) verify_payments(date) encounter_account(text) verify_seal(date,text) quote(text,jsonb)'),
		-- Whoever attaches a table decides what the books believe: that is not the clerk's, whatever tables he owns.
		('controller', 'EXECUTE', 'attach_charges(regclass,jsonb,text,text,jsonb) detach_charges(regclass) create_charge_table(text,text,text)
			backfill(regclass,date,date,bigint) attach_payments(regclass,jsonb,text,jsonb) detach_payments(regclass)
			attach_encounters(regclass,jsonb,text,jsonb) detach_encounters(regclass) attach_stays(regclass,jsonb,text,jsonb) detach_stays(regclass)
			attach_service_use(regclass,jsonb,text,jsonb) detach_service_use(regclass) attach_orders(regclass,jsonb,text,jsonb) detach_orders(regclass)
			attach_stock(regclass,jsonb,text,jsonb) detach_stock(regclass) post_charges() post_charge_row() price_charge() post_payments()
			follow_feed() _refuse_truncate() compact_totals() seal_period(date)'),
		('clerk', 'EXECUTE', 'unposted(regclass) post_pending(regclass,boolean,boolean) post_pending() unposted_payments(regclass)
			post_pending_payments(regclass,boolean) refresh_feed(regclass) verify_feed(regclass)
			post_charges() post_charge_row() price_charge() post_payments() follow_feed() _refuse_truncate()'),
		-- 30: a cashier counts before he sees what is expected, so he is no reader.
		('reader', 'SELECT', 'cashier cashier_window payment_method authority approval refund_approval shift float_ledger long_short long_short_cause receipt
			receipt_range cashier_day hospital_day payment_mix window_demand ledger_account voucher'),
		('reader', 'EXECUTE', 'verify_money(date) _authority_limit(text,text,date)'),
		('cashier', 'SELECT', 'cashier cashier_window payment_method authority reason_code shift long_short receipt_range'),
		('cashier', 'EXECUTE', 'open_shift(text,text) close_shift(bigint,numeric,numeric,numeric) void_receipt(text,text) may(text,numeric)'),
		('cashier_leader', 'EXECUTE', 'review_shift(bigint,text) approve(text,regclass,text,numeric,text) move_float(text,text,numeric,text) count_float(text,numeric,text)
			handle_long_short(bigint,text,text,text) issue_receipts(text,bigint,bigint,integer,text) void_receipt(text,text)'),
		('accountant', 'SELECT,INSERT,UPDATE', 'cashier cashier_window payment_method authority ledger_account long_short_cause'),
		('accountant', 'EXECUTE', 'audit_shift(bigint,integer,bigint) handle_long_short(bigint,text,text,text)'),
		('auditor', 'EXECUTE', 'count_float(text,numeric,text)'),
		('reader', 'SELECT', 'settlement settlement_line settlement_fund settlement_check settlement_estimate settlement_difference settlement_refund
			settlement_refund_part benefit_scheme benefit_rule item_benefit benefit_elsewhere'),
		('reader', 'EXECUTE', 'estimate_settlement(text,date,numeric) explain_estimate(text,date,numeric) settlement_account(text)
			split_refund(bigint,jsonb,numeric)'),
		('clerk', 'SELECT,INSERT', 'settlement settlement_line settlement_fund benefit_elsewhere'),
		('clerk', 'USAGE', 'benefit_elsewhere_seq'),
		('clerk', 'EXECUTE', 'estimate_settlement(text,date,numeric) explain_estimate(text,date,numeric) keep_estimate(text,date,numeric) settlement_account(text)
			split_refund(bigint,jsonb,numeric)'),
		('cashier', 'SELECT,INSERT', 'settlement settlement_line settlement_fund benefit_elsewhere'),
		('cashier', 'USAGE', 'benefit_elsewhere_seq'),
		('cashier', 'EXECUTE', 'estimate_settlement(text,date,numeric) explain_estimate(text,date,numeric) keep_estimate(text,date,numeric) settlement_account(text)
			split_refund(bigint,jsonb,numeric) refund_settlement(bigint,jsonb,text,numeric)'),
		('cashier_leader', 'EXECUTE', 'confirm_settlement(bigint,text)'),
		('accountant', 'EXECUTE', 'confirm_settlement(bigint,text)'),
		('accountant', 'SELECT,INSERT,UPDATE,DELETE', 'benefit_scheme benefit_rule item_benefit'),
		('accountant', 'USAGE', 'benefit_rule_seq'),
		-- 30, bills
		('reader', 'SELECT', 'reminder reminder_rule unpaid deposit_shortfall insurer_clearing insurer_receivable insurer_refusal insurer_kpi
			window_performance cash_sheet'),
		('reader', 'EXECUTE', 'daily_bill(text,date) predict_charges(text,date) predict_charges_error(date,date,integer,integer,text) _unpaid_at(date)
			_deposit_shortfall_at(date) insurer_ageing(date) refund_reasons(date,date)'),
		('accountant', 'INSERT', 'insurer_clearing'),
		('accountant', 'USAGE', 'insurer_clearing_seq'),
		('accountant', 'SELECT,INSERT,UPDATE,DELETE', 'reminder_rule'),
		('accountant', 'EXECUTE', 'make_reminders(date) mark_reminder(bigint,text,text,text)'),
		('cashier_leader', 'EXECUTE', 'make_reminders(date) mark_reminder(bigint,text,text,text)'),
		('clerk', 'SELECT', 'reminder'),
		('clerk', 'EXECUTE', 'make_reminders(date) mark_reminder(bigint,text,text,text) daily_bill(text,date)'),
		-- 40
		('reader', 'SELECT', 'item_code_map item_limit item_pair item_bundle surgery_group rule rule_kind rule_state finding
			finding_event worklist overdue_finding rule_quality case_library'),
		('reader', 'EXECUTE', '_rule_state()'),
		('pricing', 'SELECT,INSERT,UPDATE,DELETE', 'item_code_map'),
		('controller', 'SELECT,INSERT,UPDATE', 'rule'),
		('controller', 'SELECT,INSERT,UPDATE,DELETE', 'item_limit item_pair item_bundle surgery_group'),
		('controller', 'USAGE', 'knowledge_seq'),
		('controller', 'EXECUTE', 'detect(date,text) review_finding(bigint,text,text) assign_finding(bigint,text,text) answer_finding(bigint,text)'),
		('cashier_leader', 'EXECUTE', 'review_finding(bigint,text,text) assign_finding(bigint,text,text) answer_finding(bigint,text)'),
		('auditor', 'EXECUTE', 'review_finding(bigint,text,text) assign_finding(bigint,text,text) reopen_finding(bigint,text)'),
		('pricing', 'EXECUTE', 'answer_finding(bigint,text)'),
		('accountant', 'EXECUTE', 'answer_finding(bigint,text)'),
		-- 50
		('reader', 'SELECT', 'statement_format statement statement_withdrawal statement_line statement_total reconciliation_match reconciliation_difference reconciliation_event
			reconciliation_rate'),
		('reader', 'EXECUTE', 'bank_reconciliation(text,date) compare_totals(text,date) detail_request(text,date)'),
		('accountant', 'INSERT', 'statement_total'),
		('accountant', 'SELECT,INSERT,UPDATE,DELETE', 'statement_format'),
		('accountant', 'EXECUTE', 'load_statement(text,date,jsonb,text,numeric,numeric) reconcile(text,date) unmatch(bigint,text)
			match_by_hand(bigint[],bigint[],text) withdraw_statement(bigint,text)'),
		-- 60
		('reader', 'SELECT', 'cost_item direct_cost cost_control_total driver driver_value spread_rule allocation_plan allocation_step run department_cost
			department_cost_by_level'),
		('reader', 'EXECUTE', 'allocation_flow(integer,text,text) verify_allocation(integer) replay(integer) compare_runs(integer,integer,boolean)
			trace_cost(integer,text,text) trace_direct_cost(integer,bigint) cost_origin(integer,text) cost_by_scope(integer)
			_driver_quantity(date,text) policy_use(integer) spread_cost(integer) cost_control_difference(date)'),
		('accountant', 'SELECT,INSERT,UPDATE,DELETE', 'direct_cost cost_control_total driver_value cost_item driver allocation_plan allocation_step spread_rule'),
		('accountant', 'USAGE', 'allocation_step_seq spread_rule_seq'),
		('accountant', 'EXECUTE', 'attach_costs(regclass,jsonb,text,jsonb) detach_costs(regclass) refresh_feed(regclass) verify_feed(regclass) follow_feed()
			_refuse_truncate() check_allocation(date,text,integer)'),
		('controller', 'EXECUTE', 'check_allocation(date,text,integer) allocate(date,text,integer) allocate(date,date,text,integer)
			allocate(date,text,text,integer) compare_methods(date,text) make_official(integer) delete_run(integer)'),
		-- 70
		('reader', 'SELECT', 'visit_cost bed_day_cost visit_cost_item bed_day_cost_item costing costing_part costing_warning encounter_cost patient_cost service_unit capacity
			bed_use unused_capacity'),
		('reader', 'EXECUTE', 'verify_costing(integer) recount_charges(date) _funding_group(text,text) _encounter_time(date) _days_over(date)'),
		('accountant', 'SELECT,INSERT,UPDATE,DELETE', 'service_unit capacity'),
		('controller', 'EXECUTE', 'cost_objects(integer,text,boolean)'),
		('reader', 'SELECT', 'item_cost_method item_volume item_volume_value item_equivalent item_time item_consumption activity activity_item activity_staff
			staff_rate activity_resource resource_driver variable_share item_cost item_cost_scope activity_cost idle_capacity'),
		('reader', 'EXECUTE', 'compare_item_methods(integer,text) price_floor(integer,text) item_ranking(date,integer) verify_item_cost(integer)
			check_item_cost(integer) _item_list_price(text,date) _last_day(date)'),
		('accountant', 'SELECT,INSERT,UPDATE,DELETE', 'item_cost_method item_volume_value item_equivalent item_time item_consumption activity
			activity_item activity_staff staff_rate activity_resource resource_driver variable_share'),
		('reader', 'SELECT', 'disease payment_group payment_rate cost_to_charge disease_cost drg_cost case_change'),
		('reader', 'EXECUTE', '_case_result(date) _case_fact(date,text[]) _case_first_month(date)'),
		('reader', 'SELECT', 'department_result'),
		('reader', 'EXECUTE', 'department_cost_now(date,text) encounter_cost_now(text,text,text) cost_change(date,date,text)
			item_cost_change(date,date,text)'),
		('accountant', 'SELECT,INSERT,UPDATE,DELETE', 'disease payment_group payment_rate'),
		-- 88
		('reader', 'EXECUTE', 'explain_finding(bigint) department_entries(date,text,text)'),
		-- 90
		('reader', 'SELECT', 'form_layout form_line indicator_layout form_f01 form_f02 form_f03 form_f04 form_f05 form_f06 form_f07 form_f08 form_f09
			form_f10 form_f11 form_f12 form_f13 form_f14 form_f15 form_f16 form_f17 form_hy02f1'),
		('reader', 'EXECUTE', 'form(text,date,date,text,text) form_head(text,date,date,text,text) indicator(date,text) verify_forms(date,date)'),
		('reader', 'EXECUTE', 'cashier_office_report(date,date)'),
		('accountant', 'EXECUTE', 'cross_audit(date,integer,bigint)'),
		('auditor', 'EXECUTE', 'cross_audit(date,integer,bigint)'),
		('accountant', 'SELECT,INSERT,UPDATE,DELETE', 'form_layout form_line indicator_layout'),
		-- 98: a head of department is no reader. He sees his departments through own_ and nothing of others; who they are says department_access.
		('department_head', 'SELECT', 'own_department own_department_cost own_department_result own_visit_cost own_bed_day_cost own_visit_cost_item
			own_bed_day_cost_item own_item_cost own_activity_cost own_idle_capacity own_bed_use own_unused_capacity own_workload own_charge_total
			period cost_item charge_item'),
		('department_head', 'EXECUTE', '_own_departments() _own_department_cost() _own_department_result() _own_visit_cost() _own_bed_day_cost()
			_own_visit_cost_item() _own_bed_day_cost_item() _own_item_cost() _own_activity_cost() _own_idle_capacity() _own_bed_use()
			_own_unused_capacity() _own_workload() _own_charge_total() own_department_cost_now(date,text) own_cost_change(date,date,text)
			own_trace_cost(integer,text,text) own_encounter_cost(date) own_finding(date) own_form(text,date,date,text,text)
			own_indicator(date,text)'),
		('controller', 'SELECT,INSERT,UPDATE,DELETE', 'department_access'),
		('auditor', 'SELECT', 'department_access');
END;

CREATE OR REPLACE FUNCTION hospital_cost.setup_roles(prefix text DEFAULT 'hospital_cost') RETURNS SETOF text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g record;
	role_name text;
	object text;
BEGIN
	FOR g IN SELECT * FROM hospital_cost._grant() LOOP
		role_name := prefix || '_' || g.role;
		IF to_regrole(quote_ident(role_name)) IS NULL THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
			RETURN NEXT role_name;
		END IF;
		EXECUTE format('GRANT USAGE ON SCHEMA hospital_cost TO %I', role_name);
		FOREACH object IN ARRAY regexp_split_to_array(btrim(g.objects), '\s+') LOOP
			EXECUTE format('GRANT %s ON %s hospital_cost.%s TO %I', g.what,
				CASE g.what WHEN 'EXECUTE' THEN 'FUNCTION' WHEN 'USAGE' THEN 'SEQUENCE' ELSE 'TABLE' END, object, role_name);
		END LOOP;
	END LOOP;
	-- Who reads everything may read the part that a head of department reads.
	EXECUTE format('GRANT %I TO %I', prefix || '_department_head', prefix || '_reader');
	-- Everybody may read what everybody may read; the other roles add to it.
	FOR role_name IN SELECT DISTINCT prefix || '_' || x.role FROM hospital_cost._grant() x WHERE x.role NOT IN ('reader', 'clerk', 'cashier', 'department_head') LOOP
		EXECUTE format('GRANT %I TO %I', prefix || '_reader', role_name);
	END LOOP;
END $$;

COMMENT ON FUNCTION hospital_cost._grant() IS 'What setup_roles grants: role, privileges, objects';
COMMENT ON FUNCTION hospital_cost.setup_roles(text) IS 'Creates the roles prefix_reader, _clerk, _pricing, _cashier, _cashier_leader, _accountant, _controller, _auditor, _department_head (NOLOGIN) where they are missing and grants them their rights; repeatable. Returns the roles it made. To be called by a role that may create roles';

-- Functions that nobody has granted or revoked yet are new: at installation all, in an update those it adds. What the DBA granted is not
-- touched, because a change made by the script would belong to the extension and dumps would leave the DBA's grants out.
DO $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid::pg_catalog.regprocedure AS name FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'hospital_cost'::pg_catalog.regnamespace AND p.proacl IS NULL LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.name);
	END LOOP;
END $$;
