/*
 * catalogue.c
 *		The price a day would post, and the trigger that empties every session's cache.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/inval.h"
#include "utils/numeric.h"

#include "core/money.h"
#include "entry/sql.h"
#include "store/catalogue.h"
#include "store/compat.h"
#include "store/decimal.h"

SQL_FUNCTION(hc_price_of);

/* price_of(item, day, price_class): the cached list price, NULL if none is in force. */
Datum
hc_price_of(PG_FUNCTION_ARGS)
{
	text *code = PG_GETARG_TEXT_PP(0);
	text *price_class = PG_GETARG_TEXT_PP(2);
	const CatalogueItem *item;
	const ItemPrice *price;

	AcceptInvalidationMessages();
	item = catalogue_item(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));
	if (item == NULL)
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '1', '0', '1')),
				errmsg("charge item \"%s\" is not in the catalogue", text_to_cstring(code)),
				errhint("Insert it into hospital_cost.charge_item."));
	price = catalogue_price(item, PG_GETARG_DATEADT(1), VARDATA_ANY(price_class), VARSIZE_ANY_EXHDR(price_class));
	if (price == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(decimal_to_numeric(price->unit_price, PRICE_SCALE));
}

SQL_FUNCTION(hc_forget_masters);

/*
 * Trigger: any event, FOR EACH STATEMENT. Sends a relcache invalidation of the table, which every session's callback turns into "read
 * again"; it reaches the others when this transaction commits.
 */
Datum
hc_forget_masters(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("the caches of master tables are emptied by a trigger"));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}
