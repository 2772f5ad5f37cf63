#!/bin/sh
# Only src/store/compat.h asks for the version of PostgreSQL.
. test/lint/common.sh
complain "$(project_files -path './src/*.[ch]' ! -path ./src/store/compat.h | xargs -r grep -nE 'PG_VERSION_NUM|PG_MAJORVERSION' /dev/null)"
