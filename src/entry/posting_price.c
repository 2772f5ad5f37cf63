/*
 * posting_price.c
 *		The row trigger of tables that ask for computed prices: INSERT ... RETURNING shows what the ledger will hold.
 *
 * No side effect: ON CONFLICT DO NOTHING may throw the row away after this has run.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "entry/sql.h"
#include "store/decimal.h"
#include "store/posting_elsewhere.h"
#include "store/posting_priced.h"

/* A number as a value of the column's type, through its input function so that the type's scale applies. */
static Datum
number_for_column(TupleDesc desc, AttrNumber attno, int64 value, int scale)
{
	Form_pg_attribute attribute = TupleDescAttr(desc, attno - 1);
	Oid input, ioparam;

	getTypeInputInfo(attribute->atttypid, &input, &ioparam);
	return OidInputFunctionCall(input, decimal_to_text(value, scale), ioparam, attribute->atttypmod);
}

/* Puts a computed number into the one column a field is mapped to. */
static void
set_field(const FieldMap *map, TupleDesc desc, int64 value, int scale, int *columns, Datum *values, int *count)
{
	if (map->count != 1)
		return;
	columns[*count] = map->attno[0];
	values[*count] = number_for_column(desc, map->attno[0], value, scale);
	(*count)++;
}

/* A refund costs what its original cost. An original of the same statement is not posted yet; it has the price of its day, as this row then has. */
static void
price_refund(const Attachment *attachment, ChargeRow *row)
{
	int64 key;
	Piece key_text;
	LedgerEntry original;
	int16 last_version;
	RefundLeft left;
	Books *books = posting_priced_books();
	Piece *elsewhere = NULL;
	int count = 0;

	if ((row->issues & ISSUES_BLOCKING & ~ISSUE_BIT(ISSUE_UNKNOWN_DEPARTMENT)) || !ledger_original_key(attachment, row, &key, &key_text) ||
		!ledger_find_live(books, attachment->source_id, key, key_text, row->field[FIELD_ENCOUNTER], false, &original, &last_version))
		return;
	if (elsewhere_any(attachment->source_id))
		count = elsewhere_encounters(attachment->source_id,
			posting_key_text(&(ChargeRow) {.key = original.source_key, .key_text = original.key_text}), &elsewhere);
	left = (RefundLeft) {original.quantity, original.amount};
	posting_priced(attachment->source_id, row, original.entry_id, &left);
	(void) ledger_left(books, &original, elsewhere, count, row, &left);
	ledger_refund_of(attachment, row, &original, &left);
}

SQL_FUNCTION(hc_price_charge);

/*
 * Trigger: BEFORE INSERT OR UPDATE FOR EACH ROW. A row without a list price stays as it came; posting says why it is not posted.
 */
Datum
hc_price_charge(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	TupleDesc desc;
	Attachment *attachment;
	ChargeRow row, before;
	bool updated;
	int columns[2];
	Datum values[2];
	bool nulls[2] = {false, false};
	int count = 0;
	HeapTuple tuple;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(data->tg_event))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("prices are computed by a BEFORE INSERT OR UPDATE row trigger"),
				errhint("Let hospital_cost.attach_charges create the triggers."));
	updated = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	tuple = updated ? data->tg_newtuple : data->tg_trigtuple;
	desc = RelationGetDescr(data->tg_relation);
	AcceptInvalidationMessages();
	attachment = posting_attachment(RelationGetRelid(data->tg_relation));
	if (attachment == NULL || attachment->gone != NULL || attachment->pricing != PRICING_COMPUTE)
		return PointerGetDatum(tuple);

	posting_decode(attachment, updated ? data->tg_newslot : data->tg_trigslot, &row);
	if (updated)
	{
		posting_decode(attachment, data->tg_trigslot, &before);
		if (posting_same(&before, &row))
			return PointerGetDatum(tuple);
	}
	posting_look_up(&row);
	if (posting_is_refund(&row))
		price_refund(attachment, &row);
	posting_price(attachment, &row);
	if (row.reverses != 0 && (row.issues & ISSUES_BLOCKING) == 0)
		posting_note_price(attachment->source_id, &row);
	if (row.issues & (ISSUES_BLOCKING & ~ISSUE_BIT(ISSUE_UNKNOWN_DEPARTMENT)))
		return PointerGetDatum(tuple);
	set_field(&attachment->fields[FIELD_UNIT_PRICE], desc, row.result.price, PRICE_SCALE, columns, values, &count);
	set_field(&attachment->fields[FIELD_AMOUNT], desc, row.result.amount, AMOUNT_SCALE, columns, values, &count);
	return PointerGetDatum(heap_modify_tuple_by_cols(tuple, desc, count, columns, values, nulls));
}
