/*
 * sql.h
 *		Declares and exports a function that SQL can call; nothing else leaves the library.
 */
#ifndef HC_ENTRY_SQL_H
#define HC_ENTRY_SQL_H

#include "postgres.h"
#include "fmgr.h"

#define SQL_FUNCTION(name) \
	PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

#endif
