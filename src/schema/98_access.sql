-- 98 roles: whose figures a role sees.

-- Named by role, not by oid: a restore brings rows before their roles are there. department_code null: every department.
CREATE TABLE hospital_cost.department_access (
	role_name text COLLATE "C" NOT NULL CONSTRAINT department_access_role_name_check CHECK (role_name <> ''),
	department_code text COLLATE "C" REFERENCES hospital_cost.department (code),
	below boolean NOT NULL DEFAULT true,
	hospital_totals boolean NOT NULL DEFAULT false,
	encounters boolean NOT NULL DEFAULT false,
	valid daterange NOT NULL DEFAULT '(,)' CONSTRAINT department_access_valid_check CHECK (NOT isempty(valid)),
	CONSTRAINT department_access_no_overlap
		EXCLUDE USING gist (role_name WITH =, (coalesce(department_code, '')) WITH =, valid WITH &&)
);
-- Without a key, a publication needs the whole row as identity.
ALTER TABLE hospital_cost.department_access REPLICA IDENTITY FULL;
