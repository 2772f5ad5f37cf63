/*
 * costing_group.c
 *		Which of the nested scopes of cost takes a cost first.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "entry/sql.h"
#include "store/compat.h"

static bool
text_is(Datum datum, const char *word)
{
	text *value = DatumGetTextPP(datum);
	Size length = strlen(word);

	return VARSIZE_ANY_EXHDR(value) == length && memcmp(VARDATA_ANY(value), word, length) == 0;
}

SQL_FUNCTION(hc_funding_group);

/* _funding_group(cost_class, funding_source): in C as it is asked of every cell, and SQL that pins its search_path is not inlined. */
Datum
hc_funding_group(PG_FUNCTION_ARGS)
{
	Datum cost_class = PG_GETARG_DATUM(0);
	Datum source = PG_GETARG_DATUM(1);

	if (!text_is(cost_class, "medical") || text_is(source, "science_education"))
		PG_RETURN_INT32(3);
	PG_RETURN_INT32(text_is(source, "own") || text_is(source, "fiscal_basic") ? 1 : 2);
}
