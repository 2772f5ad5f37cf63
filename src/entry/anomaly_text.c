/*
 * anomaly_text.c
 *		A breach in words and figures. What is said of a patient stands in the finding alone, never in an error message.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "core/money.h"
#include "entry/anomaly_encounter.h"
#include "store/anomaly_knowledge.h"
#include "store/anomaly_knowledge_read.h"
#include "store/decimal.h"

/* ISO whatever DateStyle says. */
static char *
day_text(int64 day)
{
	struct pg_tm tm = {0};
	char *iso = palloc(MAXDATELEN + 1);

	j2date((int) day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	EncodeDateOnly(&tm, USE_ISO_DATES, iso);
	return iso;
}

static char *
item_text(const LineEntry *line)
{
	const char *code = knowledge_item(line->item)->code;

	return pstrdup(code == NULL ? "?" : code);
}

static char *
entry_text(const LineEntry *line)
{
	return psprintf("entry " INT64_FORMAT, line->entry_id);
}

static const char *
field_of(BreachMeasure measure)
{
	static const char *const fields[] = {
		[BREACH_QUANTITY] = "quantity",
		[BREACH_DAYS] = "charged_at",
		[BREACH_GAP] = "charged_at",
		[BREACH_REPEATED] = "item",
		[BREACH_TOGETHER] = "item",
		[BREACH_SEX] = "sex",
		[BREACH_AGE] = "birth_date",
		[BREACH_DEPARTMENT] = "performing_department",
		[BREACH_ENCOUNTER_KIND] = "encounter_kind",
		[BREACH_HOSPITAL_LEVEL] = "hospital_level",
		[BREACH_PAYER] = "payer",
		[BREACH_DIAGNOSIS] = "diagnosis",
		[BREACH_OUTSIDE_STAY] = "charged_at",
		[BREACH_BUNDLE] = "amount",
		[BREACH_DISCOUNT] = "unit_price",
	};

	return fields[measure];
}

/* What was found, and what is allowed. */
static void
values_of(const FoundBreach *found, const char **observed, const char **expected)
{
	const Breach *breach = &found->breach;

	switch (breach->measure)
	{
		case BREACH_QUANTITY:
			*observed = decimal_to_text(breach->observed, QUANTITY_SCALE);
			*expected = decimal_to_text(breach->limit, QUANTITY_SCALE);
			break;
		case BREACH_DAYS:
		case BREACH_GAP:
			*observed = psprintf(INT64_FORMAT " days", breach->observed);
			*expected = psprintf(INT64_FORMAT " days", breach->limit);
			break;
		case BREACH_REPEATED:
			*observed = psprintf("%s of the same day", entry_text(&found->related));
			*expected = "once a day";
			break;
		case BREACH_TOGETHER:
			*observed = entry_text(&found->related);
			*expected = psprintf("not with %s", item_text(&found->related));
			break;
		case BREACH_SEX:
			*observed = psprintf("%c", (char) breach->observed);
			*expected = psprintf("%c", (char) breach->limit);
			break;
		case BREACH_AGE:
			*observed = psprintf(INT64_FORMAT " days old", breach->observed);
			*expected = breach->limit == 0 ? "older" : "younger";
			break;
		case BREACH_OUTSIDE_STAY:
			*observed = day_text(breach->observed);
			*expected = day_text(breach->limit);
			break;
		case BREACH_BUNDLE:
			*observed = decimal_to_text(breach->observed, AMOUNT_SCALE);
			*expected = decimal_to_text(breach->limit, AMOUNT_SCALE);
			break;
		case BREACH_DISCOUNT:
			*observed = decimal_to_text(breach->observed, PRICE_SCALE);
			*expected = decimal_to_text(breach->limit, PRICE_SCALE);
			break;
		case BREACH_DEPARTMENT:
		case BREACH_ENCOUNTER_KIND:
		case BREACH_HOSPITAL_LEVEL:
		case BREACH_PAYER:
		case BREACH_DIAGNOSIS:
			*expected = "one of those that may";
			break;
	}
}

void
finding_of_breach(const Inspection *inspection, const FoundBreach *found, Finding *finding)
{
	const Breach *breach = &found->breach;
	const Rule *rule = &inspection->rules[breach->rule->number];
	const char *own = knowledge_severity_name(found->head.severity);

	finding->class = "conduct";
	finding->code = rule->code;
	finding->rule_version = rule->version;
	finding->severity = own != NULL ? own : rule->severity;
	finding->field = field_of(breach->measure);
	values_of(found, &finding->observed, &finding->expected);
	finding->related_entry_id = found->related.entry_id;
	finding->has_excess = true;
	finding->excess_quantity = breach->quantity;
	finding->amount_at_risk = breach->amount;
	finding->knowledge_id = breach->knowledge_id;
	finding->deadline = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()), IntervalPGetDatum(&rule->respond_within)));
	finding->evidence = psprintf("{\"window_start\": \"%s\"}", day_text(breach->window_start));
}
