/*
 * posting_quote.c
 *		What a line would cost, by the code that posts.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/inval.h"
#include "utils/numeric.h"

#include "core/period.h"
#include "entry/raise.h"
#include "entry/sql.h"
#include "store/compat.h"
#include "store/decimal.h"
#include "store/posting.h"

static Piece
piece_argument(FunctionCallInfo fcinfo, int at)
{
	text *value;

	if (PG_ARGISNULL(at))
		return (Piece) {NULL, 0};
	value = PG_GETARG_TEXT_PP(at);
	return (Piece) {VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value)};
}

SQL_FUNCTION(hc_quote_line);

/* _quote_line(encounter, item, quantity, day, price_class): (price_class, unit_price, amount, issue), one row. */
Datum
hc_quote_line(PG_FUNCTION_ARGS)
{
	Attachment attachment = {.pricing = PRICING_COMPUTE};
	ChargeRow row = {.period = PERIOD_UNKNOWN};
	bool rounded;
	Datum values[4] = {0};
	bool nulls[4] = {true, true, true, true};
	ReturnSetInfo *result;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	AcceptInvalidationMessages();
	row.field[FIELD_ENCOUNTER] = piece_argument(fcinfo, 0);
	row.field[FIELD_ITEM] = piece_argument(fcinfo, 1);
	row.field[FIELD_PRICE_CLASS] = piece_argument(fcinfo, 4);
	if (row.field[FIELD_ITEM].text == NULL || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		posting_set_issue(&row, ISSUE_MISSING_VALUE, FIELD_ITEM);
	else if (!decimal_from_numeric(PG_GETARG_DATUM(2), QUANTITY_SCALE, &row.input.quantity, &rounded) ||
			 row.input.quantity <= -CHARGE_QUANTITY_LIMIT || row.input.quantity >= CHARGE_QUANTITY_LIMIT)
		posting_set_issue(&row, ISSUE_UNREADABLE_VALUE, FIELD_QUANTITY);
	else
	{
		row.day = PG_GETARG_DATEADT(3);
		posting_look_up(&row);
		posting_price(&attachment, &row);
	}
	if (row.issues & ISSUES_BLOCKING)
	{
		IssueCode code = 0;

		while ((row.issues & ISSUE_BIT(code)) == 0)
			code++;
		values[3] = CStringGetTextDatum(issue_name(code));
		nulls[3] = false;
	}
	else
	{
		values[1] = decimal_to_numeric(row.result.price, PRICE_SCALE);
		values[2] = decimal_to_numeric(row.result.amount, AMOUNT_SCALE);
		nulls[1] = nulls[2] = false;
	}
	if (row.field[FIELD_PRICE_CLASS].text != NULL)
	{
		values[0] = PG_GETARG_DATUM(4);
		nulls[0] = false;
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}
