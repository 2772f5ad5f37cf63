/*
 * raise.c
 *		SQLSTATE, message, detail and hint of everything the core and the stores report as values.
 *
 * Messages name keys, items and departments; never a patient.
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "entry/raise.h"
#include "store/decimal.h"

typedef struct IssueText
{
	const char *sqlstate;
	const char *what;
	const char *hint;
} IssueText;

static const IssueText issue_texts[ISSUE_COUNT] = {
	[ISSUE_MISSING_VALUE] = {"MC221", "a required value is missing", "Give the value, or map the field to another column."},
	[ISSUE_UNREADABLE_VALUE] = {"MC222", "a value cannot be read", "Numbers are plain decimals within numeric(18,2); the quantity of a refund is not positive; times are finite."},
	[ISSUE_UNKNOWN_ITEM] = {"MC223", "the charge item is not in the catalogue", "Insert it into hospital_cost.charge_item with its price."},
	[ISSUE_UNKNOWN_DEPARTMENT] = {"MC224", "the department is not known", "Insert it into hospital_cost.department."},
	[ISSUE_NO_PRICE] = {"MC225", "no price is in force", "Insert a price valid on the service day into hospital_cost.price."},
	[ISSUE_NO_AMOUNT] = {"MC226", "neither price nor amount is given", "Give one of them, or attach the table with pricing compute."},
	[ISSUE_PERIOD_CLOSED] = {"MC227", "the period is closed", "Open a later period, or reopen this one with a reason."},
	[ISSUE_PERIOD_NOT_OPEN] = {"MC228", "no period is open for it", "Open the month with hospital_cost.open_period(period)."},
	[ISSUE_COLUMN_GONE] = {"MC207", "its mapped column is gone or has another type", "Attach the table again with a mapping of its present columns."},
	[ISSUE_UNKNOWN_STATUS] = {"MC229", "the status stands in no list of the mapping", "Correct it, or attach the table again with this value in options.status."},
	[ISSUE_UNKNOWN_REASON] = {"MC22A", "the reason of the refund is no known code", "Give a code of hospital_cost.reason_code with purpose refund."},
	[ISSUE_REFUND_EXCEEDS] = {"MC22B", "more is given back than is left of the original", "Correct the quantity; see what was given back already in hospital_cost.ledger."},
	[ISSUE_PRICE_DIFFERS] = {"MC231", "the price differs from the price list", "Charge the list price, or correct the list."},
	[ISSUE_AMOUNT_DIFFERS] = {"MC232", "the amount is not quantity × price", "Correct the amount."},
	[ISSUE_NO_LIST_PRICE] = {"MC233", "the price list has no price for it", "Insert a price valid on the service day into hospital_cost.price."},
	[ISSUE_NO_ORIGINAL] = {"MC234", "a negative line names no original", "Map reverses_key and name the line that is given back."},
	[ISSUE_ORIGINAL_NOT_FOUND] = {"MC235", "the original of a refund is not in the ledger", "Post the original first, or correct its key."},
	[ISSUE_DIFFERS_FROM_ORIGINAL] = {"MC238", "a refund says otherwise than its original", "Repeat what the original says; the entry has the original's."},
	[ISSUE_EXISTS_DIFFERENT] = {"MC239", "the key has an entry with another content", "Correct the first row, or give this one a key of its own."},
	[ISSUE_BELOW_REFUNDS] = {"MC23A", "the charge is less now than was given back of it", "Correct its refunds first, then the charge."},
	[ISSUE_LATE] = {"MC236", "the month of service is closed; posted into a later one", "Nothing need be done."},
	[ISSUE_ROUNDED] = {"MC237", "a number has more decimals than the ledger keeps", "Quantities keep 4, prices 6, amounts 2 decimals."},
};

static int
sqlstate_code(const char *sqlstate)
{
	return MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2], sqlstate[3], sqlstate[4]);
}

static char *
piece_text(Piece piece)
{
	return piece.text == NULL ? NULL : pnstrdup(piece.text, piece.length);
}

/* A field of a row as text; a time is not shown. */
static char *
value_text(const ChargeRow *row, ChargeField field)
{
	switch (field)
	{
		case FIELD_QUANTITY:
			return decimal_to_text(row->input.quantity, QUANTITY_SCALE);
		case FIELD_UNIT_PRICE:
			return decimal_to_text(row->input.price, PRICE_SCALE);
		case FIELD_AMOUNT:
			return decimal_to_text(row->input.amount, AMOUNT_SCALE);
		default:
			return piece_text(row->field[field]);
	}
}

const char *
issue_text(const ChargeRow *row, IssueCode code)
{
	return code != ISSUE_EXISTS_DIFFERENT ? issue_name(code) : psprintf("%s_%s", issue_name(code), posting_field_name(row->other_field));
}

void
issue_values(const ChargeRow *row, IssueCode code, const char **field, char **expected, char **observed)
{
	*field = NULL;
	*expected = *observed = NULL;
	switch (code)
	{
		case ISSUE_MISSING_VALUE:
		case ISSUE_UNREADABLE_VALUE:
		case ISSUE_UNKNOWN_ITEM:
		case ISSUE_UNKNOWN_DEPARTMENT:
		case ISSUE_UNKNOWN_STATUS:
		case ISSUE_UNKNOWN_REASON:
		case ISSUE_COLUMN_GONE:
			*field = posting_field_name(row->issue_field);
			*observed = piece_text(row->field[row->issue_field]);
			break;
		case ISSUE_PRICE_DIFFERS:
			*field = "unit_price";
			*expected = decimal_to_text(row->input.list_price, PRICE_SCALE);
			*observed = decimal_to_text(row->result.price, PRICE_SCALE);
			break;
		case ISSUE_AMOUNT_DIFFERS:
			*field = "amount";
			*expected = decimal_to_text(row->result.computed, AMOUNT_SCALE);
			*observed = decimal_to_text(row->input.amount, AMOUNT_SCALE);
			break;
		case ISSUE_NO_PRICE:
		case ISSUE_NO_LIST_PRICE:
			*field = "unit_price";
			*observed = row->input.has_price ? decimal_to_text(row->input.price, PRICE_SCALE) : NULL;
			break;
		case ISSUE_NO_AMOUNT:
			*field = "amount";
			break;
		case ISSUE_NO_ORIGINAL:
		case ISSUE_ORIGINAL_NOT_FOUND:
			*field = "reverses_key";
			*observed = piece_text(row->field[FIELD_REVERSES_KEY]);
			break;
		case ISSUE_REFUND_EXCEEDS:
			*field = posting_field_name(row->issue_field);
			*expected = row->other_value;
			*observed = value_text(row, row->issue_field);
			break;
		case ISSUE_DIFFERS_FROM_ORIGINAL:
		case ISSUE_EXISTS_DIFFERENT:
		case ISSUE_BELOW_REFUNDS:
			*field = posting_field_name(row->other_field);
			*expected = row->other_value;
			*observed = value_text(row, row->other_field);
			break;
		case ISSUE_PERIOD_CLOSED:
		case ISSUE_PERIOD_NOT_OPEN:
		case ISSUE_LATE:
		case ISSUE_ROUNDED:
		case ISSUE_COUNT:
			break;
	}
}

void
raise_issue(const Attachment *attachment, const ChargeRow *row, IssueCode code)
{
	const IssueText *text = &issue_texts[code];
	const char *field;
	char *expected, *observed;
	char *item = piece_text(row->field[FIELD_ITEM]);

	/* A key, an item or a department code may be shown; an encounter or patient may not. */
	issue_values(row, code, &field, &expected, &observed);
	if (field != NULL && strcmp(field, "encounter") == 0)
		observed = NULL;
	ereport(ERROR,
			errcode(sqlstate_code(text->sqlstate)),
			errmsg("charge \"%s\" of \"%s\": %s", posting_key_text(row), get_rel_name(attachment->relid), text->what),
			errdetail("Item \"%s\"%s%s%s%s%s%s.", item ? item : "",
					  field ? ", field " : "", field ? field : "",
					  expected ? ", expected " : "", expected ? expected : "",
					  observed ? ", found " : "", observed ? observed : ""),
			errhint("%s", text->hint));
}

void
raise_finding(const Attachment *attachment, const Finding *finding)
{
	char *item = piece_text(finding->row->field[FIELD_ITEM]);

	ereport(ERROR,
			errcode(sqlstate_code("MC401")),
			errmsg("charge \"%s\" of \"%s\" breaks rule \"%s\"", posting_key_text(finding->row),
				   get_rel_name(attachment->relid), finding->code),
			errdetail("Item \"%s\", limit %s, found %s.", item ? item : "", finding->expected ? finding->expected : "none",
					  finding->observed ? finding->observed : "none"),
			errhint("Correct the charge, or have the rule's action changed in hospital_cost.rule."));
}

/* Raises what only simultaneous equations can stumble over. */
static void __attribute__((noreturn))
raise_simultaneous(Fault fault, FaultNames names)
{
	if (fault.code == FAULT_CLOSED_LOOP)
		ereport(ERROR, errcode(sqlstate_code("MC607")),
				errmsg("departments %s hold cost that never leaves them: they serve each other only", names.loop),
				errdetail("Cost item \"%s\"; servers in the closed loop: " INT64_FORMAT ".", names.cost_item ? names.cost_item : "", fault.detail),
				errhint("Give one of them a receiver outside the loop: a driver value, a receiver class, or a fallback driver."));
	if (fault.code == FAULT_SIMULTANEOUS_SIGNED)
		ereport(ERROR, errcode(sqlstate_code("MC608")),
				errmsg("department \"%s\" has signed statistics, which simultaneous equations do not know", names.server ? names.server : "?"),
				errdetail("Cost item \"%s\", driver \"%s\".", names.cost_item ? names.cost_item : "", names.driver ? names.driver : ""),
				errhint("Choose another negative_statistic policy in the plan, or a method other than reciprocal."));
	ereport(ERROR, errcode(sqlstate_code("MC609")),
			errmsg("a plan with simultaneous equations cannot have multiplier_scale"),
			errdetail("A multiplier rounded for each server is no share of a system of equations."),
			errhint("Leave multiplier_scale of the plan empty, or choose a method other than reciprocal."));
}

void
raise_fault(Fault fault, FaultNames names)
{
	const char *sqlstate = "XX000";
	const char *message = NULL;
	const char *hint = NULL;

	switch (fault.code)
	{
		case FAULT_BASE_ZERO:
		case FAULT_WEIGHT_ZERO:
			sqlstate = "MC601";
			message = "has no base to be allocated by";
			hint = "Load hospital_cost.driver_value for this server, give the step a fallback driver with zero_base fallback, or choose another zero_base policy in the plan.";
			break;
		case FAULT_STATISTIC_NEGATIVE:
			sqlstate = "MC602";
			message = "has a negative statistic in its base";
			hint = "Correct hospital_cost.driver_value, or choose a negative_statistic policy in the plan.";
			break;
		case FAULT_BASE_NEGATIVE:
		case FAULT_WEIGHT_NEGATIVE:
			sqlstate = "MC603";
			message = "has a base that adds up to less than zero";
			hint = "Signed statistics must add up to more than zero.";
			break;
		case FAULT_FIXED_SHARE:
			sqlstate = "MC604";
			message = "has fixed shares that do not add up to 1";
			hint = "Shares of one server must add up to exactly 1.000000 over the departments that may still receive.";
			break;
		case FAULT_FALLBACK_LOOP:
			sqlstate = "MC605";
			message = "has fallback drivers that lead back to themselves";
			hint = "Name another fallback driver in the step.";
			break;
		case FAULT_OVERFLOW:
			sqlstate = "MC606";
			message = "has amounts that do not fit";
			hint = "Amounts must stay below 80,000,000,000 and statistics below 9,000,000,000,000 in total.";
			break;
		case FAULT_CLOSED_LOOP:
		case FAULT_SIMULTANEOUS_SIGNED:
		case FAULT_SIMULTANEOUS_MULTIPLIER:
			raise_simultaneous(fault, names);
		case FAULT_NONE:
		case FAULT_ARGUMENT:
		case FAULT_INVARIANT:
		case FAULT_NUMBER_SYNTAX:
		case FAULT_TURN_ORDER:
		case FAULT_POOL_CONSERVATION:
		case FAULT_CELL_CONSERVATION:
			elog(ERROR, "allocation: fault %d at " INT64_FORMAT ", detail " INT64_FORMAT, fault.code, fault.at, fault.detail);
	}
	ereport(ERROR,
			errcode(sqlstate_code(sqlstate)),
			errmsg("department \"%s\" %s", names.server ? names.server : "?", message),
			errdetail("Cost item \"%s\", driver \"%s\"%s%s%s.", names.cost_item ? names.cost_item : "",
					  names.driver ? names.driver : "", names.receiver ? ", receiver \"" : "",
					  names.receiver ? names.receiver : "", names.receiver ? "\"" : ""),
			errhint("%s", hint));
}
