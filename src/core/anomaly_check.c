/*
 * anomaly_check.c
 *		For whom, where and when an item may be charged. What is not known of patient or place breaks nothing.
 */
#include <string.h>

#include "core/anomaly_part.h"
#include "core/period.h"

static const int32_t month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

/* Day of a civil date; years of any size an age can lead to. */
static int64_t
day_of_civil(int64_t year, int64_t month, int64_t day_of_month)
{
	int64_t shifted_year = year - (month <= 2);
	int64_t era = (shifted_year >= 0 ? shifted_year : shifted_year - 399) / 400;
	int64_t year_of_era = shifted_year - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day_of_month - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 730425;
}

/* A day some months (at least 0) and days later; in a month that is too short its last day. */
static int64_t
later(int32_t day, int32_t months, int32_t days)
{
	int32_t year, month, day_of_month, length;
	int64_t number;

	period_civil(day, &year, &month, &day_of_month);
	number = (int64_t) month - 1 + months;
	number = number < 0 ? 0 : number;
	month = (int32_t) (number % 12) + 1;
	number = year + number / 12;
	length = month_days[month - 1] + (month == 2 && ((number % 4 == 0 && number % 100 != 0) || number % 400 == 0));
	return day_of_civil(number, month, day_of_month < length ? day_of_month : length) + days;
}

static void
tell(Judge *judge, const ItemCheck *check, int32_t index, BreachMeasure measure, int64_t observed, int64_t limit)
{
	const LineEntry *line = &judge->subject->lines[index];

	judge_tell(judge, &check->head, (Breach) {
		.measure = measure,
		.line = index,
		.related = -1,
		.window_start = line->day,
		.observed = observed,
		.limit = limit,
		.quantity = line->left,
		.amount = excess_amount(line, line->left),
	});
}

static void
check_patient(Judge *judge, const ItemCheck *check, int32_t index)
{
	const EncounterFacts *facts = judge->subject->facts;
	int32_t day = judge->subject->lines[index].day;

	if (check->sex != 0 && (facts->sex == 'M' || facts->sex == 'F') && facts->sex != check->sex)
		tell(judge, check, index, BREACH_SEX, facts->sex, check->sex);
	else if (facts->has_birth && check->has_age_from && day < later(facts->birth, check->age_from_months, check->age_from_days))
		tell(judge, check, index, BREACH_AGE, (int64_t) day - facts->birth, 0);
	else if (facts->has_birth && check->has_age_below && day >= later(facts->birth, check->age_below_months, check->age_below_days))
		tell(judge, check, index, BREACH_AGE, (int64_t) day - facts->birth, 1);
}

static bool
is_one_of(const char *text, const char *const *list, int count)
{
	for (int i = 0; i < count; i++)
	{
		size_t length = strlen(list[i]);

		if (strlen(text) == length && memcmp(text, list[i], length) == 0)
			return true;
	}
	return false;
}

static bool
begins_with_one_of(const char *text, const char *const *list, int count)
{
	for (int i = 0; i < count; i++)
		if (strlen(list[i]) <= strlen(text) && memcmp(text, list[i], strlen(list[i])) == 0)
			return true;
	return false;
}

static bool
department_may(const ItemCheck *check, int16_t department)
{
	for (int i = 0; i < check->department_count; i++)
		if (check->departments[i] == department)
			return true;
	return check->department_count == 0;
}

static void
check_place(Judge *judge, const ItemCheck *check, int32_t index)
{
	const EncounterFacts *facts = judge->subject->facts;
	int16_t performing = judge->subject->lines[index].performing;

	if (!department_may(check, performing))
		tell(judge, check, index, BREACH_DEPARTMENT, performing, 0);
	else if (check->wrong_level)
		tell(judge, check, index, BREACH_HOSPITAL_LEVEL, 0, 0);
	else if (!facts->known)
		return;
	else if (check->kinds != 0 && (check->kinds & facts->kind) == 0)
		tell(judge, check, index, BREACH_ENCOUNTER_KIND, facts->kind, check->kinds);
	else if (check->payer_count > 0 && facts->payer != NULL && !is_one_of(facts->payer, check->payers, check->payer_count))
		tell(judge, check, index, BREACH_PAYER, 0, 0);
	else if (check->diagnosis_count > 0 && facts->diagnosis != NULL &&
			 !begins_with_one_of(facts->diagnosis, check->diagnoses, check->diagnosis_count))
		tell(judge, check, index, BREACH_DIAGNOSIS, 0, 0);
}

void
judge_check(Judge *judge, const Run *run, const ItemCheck *check)
{
	if (judge->subject->facts == NULL)
		return;
	for (int i = 0; i < run->count; i++)
	{
		int32_t index = judge->by_item[run->first + i];

		if (!days_hold(check->head.from, check->head.to, judge->subject->lines[index].day))
			continue;
		if (check->limits_place)
			check_place(judge, check, index);
		else if (judge->subject->facts->known)
			check_patient(judge, check, index);
	}
}

static void
tell_stay(Judge *judge, int index, const RuleVersion *versions)
{
	const AnomalySubject *subject = judge->subject;
	const EncounterFacts *facts = subject->facts;
	const LineEntry *line = &subject->lines[index];
	const RuleVersion *rule = rule_on(versions, line->day);
	int64_t from, to;

	if (rule == NULL || line->reverses != 0 || line->quantity <= 0 || line->left <= 0)
		return;
	from = (int64_t) facts->first_day - rule->parameter;
	to = facts->ended ? (int64_t) facts->last_day + rule->parameter : INT64_MAX;
	if (line->day >= from && line->day <= to)
		return;
	subject->found(subject->context, &(Breach) {
		.rule = rule,
		.measure = BREACH_OUTSIDE_STAY,
		.line = index,
		.related = -1,
		.window_start = facts->first_day,
		.observed = line->day,
		.limit = line->day < from ? from : to,
		.quantity = line->left,
		.amount = excess_amount(line, line->left),
	});
}

void
judge_stay(Judge *judge)
{
	const AnomalySubject *subject = judge->subject;
	const EncounterFacts *facts = subject->facts;

	if (facts == NULL || !facts->known || (facts->kind & KIND_INPATIENT) == 0)
		return;
	for (int r = 0; r < subject->outside_stay_count; r++)
		for (int i = 0; i < subject->count; i++)
			tell_stay(judge, i, subject->outside_stay[r]);
}
