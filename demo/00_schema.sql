-- What the hospital already has: its information system (HIS, schema his) and the books of its finance office (HRP, schema hrp),
-- with their own table and column names. hospital_cost is attached to the fee lines; nothing here knows of it but the two
-- small triggers at the end, which hand visits and ward stays over.

CREATE SCHEMA his;
CREATE SCHEMA hrp;

CREATE TABLE his.visit (
	visit_no text PRIMARY KEY,
	patient_no text NOT NULL,
	visit_type text NOT NULL CHECK (visit_type IN ('门诊', '急诊', '住院')),
	visit_state text NOT NULL DEFAULT '有效' CHECK (visit_state IN ('有效', '退号')),
	dept text NOT NULL,
	reg_time timestamptz NOT NULL,
	leave_time timestamptz,
	insurance text NOT NULL,
	sex text NOT NULL,
	birth_date date NOT NULL,
	diag_code text,
	oper_code text,
	drg_code text
);

CREATE TABLE his.ward_stay (
	visit_no text NOT NULL REFERENCES his.visit (visit_no),
	ward text NOT NULL,
	bed_no text NOT NULL,
	in_time timestamptz NOT NULL,
	out_time timestamptz,
	PRIMARY KEY (visit_no, in_time)
);

CREATE TABLE his.fee_detail (
	fee_id bigint PRIMARY KEY,
	visit_no text NOT NULL REFERENCES his.visit (visit_no),
	item_code text NOT NULL,
	qty numeric(12,2) NOT NULL,
	price numeric(14,4) NOT NULL,
	total numeric(14,2) NOT NULL,
	order_dept text NOT NULL,
	exec_dept text NOT NULL,
	ward text,
	fee_time timestamptz NOT NULL,
	refund_of bigint,
	operator text NOT NULL
);

-- HRP: what the general ledger says for the month, and how the vouchers book it on cost units (null: the hospital as a whole).
CREATE TABLE hrp.balance (
	month date NOT NULL,
	account text NOT NULL,
	fund text NOT NULL,
	class text NOT NULL DEFAULT 'medical',
	amount numeric(14,2) NOT NULL,
	PRIMARY KEY (month, account, fund, class)
);
CREATE TABLE hrp.voucher_line (
	voucher_no text PRIMARY KEY,
	month date NOT NULL,
	account text NOT NULL,
	fund text NOT NULL,
	class text NOT NULL,
	unit text,
	amount numeric(14,2) NOT NULL
);

-- Visits and stays follow the HIS row by row: change a visit, and the workload and unit costs that hang on it follow.
CREATE FUNCTION his.hand_over_visit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO hospital_cost.encounter AS e (code, patient_code, status, kind, department_code, started_at, ended_at,
		payer, sex, birth_date, diagnosis_code, procedure_code, drg_code)
	SELECT v.visit_no, v.patient_no, CASE v.visit_state WHEN '退号' THEN 'cancelled' ELSE 'active' END,
		CASE v.visit_type WHEN '门诊' THEN 'outpatient' WHEN '急诊' THEN 'emergency' ELSE 'inpatient' END,
		v.dept, v.reg_time, v.leave_time, v.insurance, v.sex, v.birth_date, v.diag_code, v.oper_code, v.drg_code
	FROM visit_now v
	ON CONFLICT (code) DO UPDATE
		SET (patient_code, status, kind, department_code, started_at, ended_at, payer, sex, birth_date, diagnosis_code, procedure_code, drg_code) =
			(excluded.patient_code, excluded.status, excluded.kind, excluded.department_code, excluded.started_at, excluded.ended_at,
			excluded.payer, excluded.sex, excluded.birth_date, excluded.diagnosis_code, excluded.procedure_code, excluded.drg_code);
	RETURN NULL;
END $$;
CREATE TRIGGER hand_over_new AFTER INSERT ON his.visit REFERENCING NEW TABLE AS visit_now
	FOR EACH STATEMENT EXECUTE FUNCTION his.hand_over_visit();
CREATE TRIGGER hand_over_changed AFTER UPDATE ON his.visit REFERENCING NEW TABLE AS visit_now
	FOR EACH STATEMENT EXECUTE FUNCTION his.hand_over_visit();

CREATE FUNCTION his.hand_over_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		DELETE FROM hospital_cost.department_stay s USING stay_before b
		WHERE s.encounter_code = b.visit_no AND s.from_at = b.in_time;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO hospital_cost.department_stay (encounter_code, department_code, bed, from_at, to_at)
		SELECT n.visit_no, n.ward, n.bed_no, n.in_time, n.out_time FROM stay_now n;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER hand_over_new AFTER INSERT ON his.ward_stay REFERENCING NEW TABLE AS stay_now
	FOR EACH STATEMENT EXECUTE FUNCTION his.hand_over_stay();
CREATE TRIGGER hand_over_changed AFTER UPDATE ON his.ward_stay REFERENCING OLD TABLE AS stay_before NEW TABLE AS stay_now
	FOR EACH STATEMENT EXECUTE FUNCTION his.hand_over_stay();
CREATE TRIGGER hand_over_gone AFTER DELETE ON his.ward_stay REFERENCING OLD TABLE AS stay_before
	FOR EACH STATEMENT EXECUTE FUNCTION his.hand_over_stay();
