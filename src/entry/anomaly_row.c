/*
 * anomaly_row.c
 *		The rules that judge a row as it is posted, by what it says and what the masters say of it.
 *
 * What they find stands until the row changes, or all of it is given back; a row that came before its rule is not looked at again.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/anomaly.h"
#include "core/money.h"
#include "entry/anomaly_encounter.h"
#include "entry/raise.h"
#include "store/anomaly_knowledge.h"
#include "store/anomaly_knowledge_read.h"
#include "store/catalogue.h"
#include "store/decimal.h"
#include "store/posting_detail.h"

static void
report(Inspection *inspection, const Rule *rule, Finding *finding)
{
	const PostingBatch *batch = inspection->batch;

	finding->class = "conduct";
	finding->code = rule->code;
	finding->rule_version = rule->version;
	if (finding->severity == NULL)
		finding->severity = rule->severity;
	finding->has_excess = true;
	finding->source_id = batch->attachment->source_id;
	if (rule->block && !batch->after_the_fact)
		raise_finding(batch->attachment, finding);
	finding->deadline = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()), IntervalPGetDatum(&rule->respond_within)));
	finding_add(batch->findings, finding);
}

static char *
text_of(Piece piece)
{
	return pnstrdup(piece.text, piece.length);
}

/* What a price is above another is worth over the row. */
static void
set_excess_price(const ChargeRow *row, int64 excess, Finding *finding)
{
	/* A product that does not fit is no smaller for it. */
	if (money_multiply(row->input.quantity, excess, &finding->amount_at_risk).code != FAULT_NONE)
		finding->amount_at_risk = row->result.amount;
}

/* Price above the list price or the ceiling of the day (超限定单价). */
static bool
is_above_limit(const Rule *rule, const ChargeRow *row, Finding *finding)
{
	int64 excess = row->result.price - row->input.limit;

	if ((row->result.flags & FLAG_ABOVE_LIMIT) == 0 || excess <= rule->tolerance)
		return false;
	finding->field = "unit_price";
	finding->expected = decimal_to_text(row->input.limit, PRICE_SCALE);
	finding->observed = decimal_to_text(row->result.price, PRICE_SCALE);
	set_excess_price(row, excess, finding);
	return true;
}

/* No price of the item is in force on the day (自立项目收费). */
static bool
lacks_price(const ChargeRow *row, Finding *finding)
{
	if (row->input.has_list)
		return false;
	finding->field = "item";
	finding->expected = "a list price of the day";
	finding->observed = decimal_to_text(row->result.price, PRICE_SCALE);
	finding->excess_quantity = row->input.quantity;
	finding->amount_at_risk = row->result.amount;
	return true;
}

/* The price is one the list had before (价格版本错误). */
static bool
has_expired_price(const ChargeRow *row, Finding *finding)
{
	const CatalogueItem *item;
	bool expired = false;

	if (!row->input.has_list || row->result.price == row->input.list_price)
		return false;
	item = catalogue_item(row->field[FIELD_ITEM].text, row->field[FIELD_ITEM].length);
	for (int i = 0; item != NULL && i < item->price_count; i++)
		expired |= item->prices[i].to <= row->day && item->prices[i].unit_price == row->result.price;
	if (!expired)
		return false;
	finding->field = "unit_price";
	finding->expected = decimal_to_text(row->input.list_price, PRICE_SCALE);
	finding->observed = decimal_to_text(row->result.price, PRICE_SCALE);
	if (row->result.price > row->input.list_price)
		set_excess_price(row, row->result.price - row->input.list_price, finding);
	return true;
}

/* Handed out for more days than the item may be (超量开药). */
static void
judge_supply(Inspection *inspection, const Rule *rule, const ChargeRow *row)
{
	const KnownItem *known;
	int64 days;

	if (row->detail == NULL || !row->detail->has[DETAIL_DAYS])
		return;
	days = row->detail->number[DETAIL_DAYS];
	known = knowledge_item(row->item_id);
	for (int i = 0; i < known->supply_count; i++)
	{
		const ItemSupply *supply = &known->supplies[i];
		int64 over = days - (int64) supply->max_days * 10000;
		Finding finding = {.row = row, .field = "days"};

		if (over <= 0 || row->day < supply->head.from || row->day >= supply->head.to ||
			strcmp(inspection->rules[supply->head.rule->number].code, rule->code) != 0)
			continue;
		finding.knowledge_id = supply->head.id;
		finding.severity = knowledge_severity_name(supply->head.severity);
		finding.expected = psprintf("%d days", supply->max_days);
		finding.observed = psprintf("%s days", decimal_to_text(days, QUANTITY_SCALE));
		finding.excess_quantity = (int64) ((int128) row->input.quantity * over / days);
		finding.amount_at_risk = (int64) ((int128) row->result.amount * over / days);
		report(inspection, rule, &finding);
	}
}

/* The fund pays for what is out of its scope (范围外纳入结算). */
static bool
is_paid_out_of_scope(const ChargeDetail *detail, const ChargeRow *row, Finding *finding)
{
	if (!detail->has[DETAIL_REIMBURSABLE] || detail->reimbursable || !detail->has[DETAIL_FUND_AMOUNT] || detail->number[DETAIL_FUND_AMOUNT] <= 0)
		return false;
	finding->field = "fund_amount";
	finding->expected = decimal_to_text(0, AMOUNT_SCALE);
	finding->observed = decimal_to_text(detail->number[DETAIL_FUND_AMOUNT], AMOUNT_SCALE);
	finding->excess_quantity = row->input.quantity;
	finding->amount_at_risk = detail->number[DETAIL_FUND_AMOUNT];
	return true;
}

static bool
is_mapped(const FieldMap *map)
{
	return map->count > 0 || map->constant != NULL;
}

/* Fields that are mapped and must be there are not (数据缺失). */
static bool
misses_field(const Attachment *attachment, const Rule *rule, const ChargeRow *row, Finding *finding)
{
	StringInfoData missing;

	initStringInfo(&missing);
	for (DetailField field = 0; field < DETAIL_COUNT; field++)
		if ((rule->fields & 1u << field) && is_mapped(&attachment->details[field]) && (row->detail == NULL || !row->detail->has[field]))
			appendStringInfo(&missing, "%s%s", missing.len > 0 ? ", " : "", posting_detail_name(field));
	if ((rule->fields & FIELD_BIT_ORDERING) && is_mapped(&attachment->fields[FIELD_ORDERING]) && row->field[FIELD_ORDERING].text == NULL)
		appendStringInfo(&missing, "%s%s", missing.len > 0 ? ", " : "", posting_field_name(FIELD_ORDERING));
	if ((rule->fields & FIELD_BIT_WARD) && is_mapped(&attachment->fields[FIELD_WARD]) && row->field[FIELD_WARD].text == NULL)
		appendStringInfo(&missing, "%s%s", missing.len > 0 ? ", " : "", posting_field_name(FIELD_WARD));
	finding->field = missing.data;
	finding->expected = "a value";
	return missing.len > 0;
}

/* What may be let off on a row; false: there is no limit. */
static bool
discount_limit(const ChargeDetail *detail, DateADT day, int64 *limit)
{
	static const Oid types[] = {TEXTOID, TEXTOID, DATEOID};
	Oid function = LookupFuncName(list_make2(makeString("hospital_cost"), makeString("_discount_limit")), 3, types, false);
	bool rounded;
	FmgrInfo info;
	Datum value;

	LOCAL_FCINFO(call, 3);

	fmgr_info(function, &info);
	InitFunctionCallInfoData(*call, &info, 3, DEFAULT_COLLATION_OID, NULL, NULL);
	call->args[0] = (NullableDatum) {CStringGetTextDatum(detail->has[DETAIL_OPERATOR] ? text_of(detail->text[DETAIL_OPERATOR]) : ""), false};
	call->args[1] = (NullableDatum) {CStringGetTextDatum(detail->has[DETAIL_APPROVED_BY] ? text_of(detail->text[DETAIL_APPROVED_BY]) : ""), false};
	call->args[2] = (NullableDatum) {DateADTGetDatum(day), false};
	value = FunctionCallInvoke(call);
	return !call->isnull && decimal_from_numeric(value, AMOUNT_SCALE, limit, &rounded);
}

/* More is let off than whoever did it may (违规减免). */
static bool
is_beyond_authority(const ChargeDetail *detail, const ChargeRow *row, Finding *finding)
{
	int64 limit;

	if (!detail->has[DETAIL_DISCOUNT] || detail->number[DETAIL_DISCOUNT] <= 0 || !discount_limit(detail, row->day, &limit) ||
		detail->number[DETAIL_DISCOUNT] <= limit)
		return false;
	finding->field = "discount";
	finding->expected = decimal_to_text(limit, AMOUNT_SCALE);
	finding->observed = decimal_to_text(detail->number[DETAIL_DISCOUNT], AMOUNT_SCALE);
	finding->amount_at_risk = detail->number[DETAIL_DISCOUNT] - limit;
	return true;
}

/* Whether anything is left of an entry. */
static bool
stands(const TracedEntry *entry)
{
	LineScan scan = {entry->encounter, ALL_DAYS, &entry->item_id, 1};
	LineList lines = {0};

	ledger_lines(&scan, 0, &lines);
	ledger_sort_lines(&lines);
	anomaly_net(lines.lines, lines.count);
	for (int i = 0; i < lines.count; i++)
		if (lines.lines[i].entry_id == entry->entry_id)
			return lines.lines[i].left > 0;
	return false;
}

/* Whether an entry is a later one of the same batch: that one says it. */
static bool
comes_later(const PostingBatch *batch, const ChargeRow *row, int64 entry_id)
{
	for (int i = 0; i < batch->count && entry_id > row->entry_id; i++)
		if (batch->rows[i].entry_id == entry_id)
			return true;
	return false;
}

/* One pack is settled twice (同一追溯码重复结算). Where settlements are not known, twice is in two encounters. */
static bool
is_traced_twice(const PostingBatch *batch, const ChargeRow *row, Finding *finding)
{
	const ChargeDetail *detail = row->detail;
	TracedEntry *entries;
	int count = detail->has[DETAIL_TRACE_CODE] ? detail_traced(detail->text[DETAIL_TRACE_CODE], &entries) : 0;

	for (int i = 0; i < count; i++)
	{
		bool same = detail->has[DETAIL_SETTLEMENT] && entries[i].settlement.text != NULL ?
			piece_equal(detail->text[DETAIL_SETTLEMENT], entries[i].settlement) : piece_equal(row->field[FIELD_ENCOUNTER], entries[i].encounter);

		if (same || entries[i].entry_id == row->entry_id || comes_later(batch, row, entries[i].entry_id) || !stands(&entries[i]))
			continue;
		finding->field = "trace_code";
		finding->expected = "once";
		finding->observed = psprintf("entry " INT64_FORMAT, entries[i].entry_id);
		finding->related_entry_id = entries[i].entry_id;
		finding->excess_quantity = row->input.quantity;
		finding->amount_at_risk = row->result.amount;
		return true;
	}
	return false;
}

static bool
is_broken(const PostingBatch *batch, const Rule *rule, const ChargeRow *row, Finding *finding)
{
	switch (rule->kind)
	{
		case RULE_PRICE_ABOVE_LIMIT:
			return is_above_limit(rule, row, finding);
		case RULE_NO_CATALOGUE_PRICE:
			return lacks_price(row, finding);
		case RULE_EXPIRED_PRICE:
			return has_expired_price(row, finding);
		case RULE_MISSING_FIELD:
			return misses_field(batch->attachment, rule, row, finding);
		case RULE_PAID_OUT_OF_SCOPE:
			return row->detail != NULL && is_paid_out_of_scope(row->detail, row, finding);
		case RULE_DISCOUNT_AUTHORITY:
			return row->detail != NULL && is_beyond_authority(row->detail, row, finding);
		case RULE_TRACE_CODE_TWICE:
			return row->detail != NULL && is_traced_twice(batch, row, finding);
		default:
			return false;
	}
}

/* What was settled is changed or deleted, and the settlement not cancelled (医保结算后改费). */
static void
judge_settled(Inspection *inspection, const Rule *rule, const ChargeRow *row)
{
	Finding finding = {.row = row, .field = "settlement", .expected = "cancelled first"};

	if (row->day < rule->days.from || row->day >= rule->days.to)
		return;
	finding.observed = text_of(row->detail->text[DETAIL_SETTLEMENT]);
	finding.excess_quantity = row->input.quantity;
	finding.amount_at_risk = row->result.amount;
	report(inspection, rule, &finding);
}

static void
judge_row(Inspection *inspection, const Rule *rule, const ChargeRow *row)
{
	Finding finding = {.row = row};

	if (row->day < rule->days.from || row->day >= rule->days.to)
		return;
	/* What is given back breaks nothing but the limit of its price. */
	if (rule->kind != RULE_PRICE_ABOVE_LIMIT && (row->kind != KIND_POST || row->input.quantity <= 0))
		return;
	if (rule->kind == RULE_SUPPLY_DAYS)
		judge_supply(inspection, rule, row);
	else if (is_broken(inspection->batch, rule, row, &finding))
		report(inspection, rule, &finding);
}

void
judge_rows(Inspection *inspection)
{
	const PostingBatch *batch = inspection->batch;
	const Rule **rules = palloc(Max(inspection->rule_count, 1) * sizeof(Rule *));
	int count = 0;

	for (int r = 0; r < inspection->rule_count; r++)
		if (rule_is_of_row(inspection->rules[r].kind))
			rules[count++] = &inspection->rules[r];
	for (int i = 0; i < batch->count; i++)
		for (int r = 0; r < count; r++)
			judge_row(inspection, rules[r], &batch->rows[i]);
	for (int i = 0; i < batch->reversed_count; i++)
		for (int r = 0; r < count && batch->reversed[i].settled != NULL; r++)
			if (rules[r]->kind == RULE_CHANGED_AFTER_SETTLEMENT)
				judge_settled(inspection, rules[r], batch->reversed[i].settled);
	pfree(rules);
}
