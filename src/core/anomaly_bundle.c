/*
 * anomaly_bundle.c
 *		Parts charged singly for more than their bundle costs, and operations that are to be charged at a share.
 */
#include "core/anomaly_part.h"

/* Of all present items of a bundle or a group the one with the lowest number judges for all. */
static bool
is_first_present(const Judge *judge, const Run *run, int32_t item)
{
	return item >= run->item || judge_run(judge, item) == NULL;
}

static int64_t
bundle_price(const ItemBundle *bundle, int32_t day)
{
	for (int i = 0; i < bundle->price_count; i++)
		if (days_hold(bundle->priced[i].from, bundle->priced[i].to, day))
			return bundle->prices[i];
	return -1;
}

/* Whether mark k is in the window that ends with mark i, or, with "ahead", that reaches as far beyond it. */
static bool
is_within(const Mark *marks, int i, int k, int64_t reach, bool ahead)
{
	MoneyWide away = (MoneyWide) marks[i].key - marks[k].key;

	if (reach == 0)
		return away == 0 && (k <= i || ahead);
	return away < reach && (ahead ? -away < reach : k <= i);
}

static bool
bundle_is_charged(const Judge *judge, const ItemBundle *bundle, int i, int64_t reach)
{
	for (int k = 0; k < judge->mark_count; k++)
		if (judge->marks[k].side == bundle->part_count && is_within(judge->marks, i, k, reach, true))
			return true;
	return false;
}

/* Net quantity of one part in the window that ends with mark i, mark i itself included or not. */
static MoneyWide
part_quantity(const Judge *judge, const ItemBundle *bundle, int32_t part, int i, int64_t reach, bool with_last)
{
	MoneyWide sum = 0;

	for (int k = i; k >= 0; k--)
	{
		const Mark *mark = &judge->marks[k];

		if (!is_within(judge->marks, i, k, reach, false))
			break;
		if (mark->side < bundle->part_count && bundle->parts[mark->side].part == part && (k < i || with_last))
			sum += judge->subject->lines[mark->line].left;
	}
	return sum;
}

/* Amount of the parts in the window that ends with mark i above that of as many bundles as they make up; 0 while too few parts are there. */
static MoneyWide
above_bundle(const Judge *judge, const ItemBundle *bundle, int i, int64_t reach, bool with_last, MoneyWide *limit)
{
	int64_t price = bundle_price(bundle, judge->subject->lines[judge->marks[i].line].day);
	MoneyWide sum = 0, sets = 1;
	int32_t present = 0;

	for (int p = 0; p < bundle->part_count; p++)
	{
		MoneyWide quantity;

		/* Several items may be one part: only the first of them counts it. */
		if (p > 0 && bundle->parts[p].part == bundle->parts[p - 1].part)
			continue;
		quantity = part_quantity(judge, bundle, bundle->parts[p].part, i, reach, with_last);
		present += quantity >= bundle->parts[p].quantity;
		if (quantity / bundle->parts[p].quantity > sets)
			sets = quantity / bundle->parts[p].quantity;
	}
	if (price < 0 || present < bundle->min_parts)
		return 0;
	for (int k = i; k >= 0 && is_within(judge->marks, i, k, reach, false); k--)
	{
		const LineEntry *line = &judge->subject->lines[judge->marks[k].line];

		if (judge->marks[k].side < bundle->part_count && (k < i || with_last))
			sum += excess_amount(line, line->left);
	}
	*limit = (sets * price + 5000) / 10000;
	return sum > *limit ? sum - *limit : 0;
}

static void
tell_part(Judge *judge, const ItemBundle *bundle, int i, int64_t reach)
{
	const Mark *mark = &judge->marks[i];
	const LineEntry *line = &judge->subject->lines[mark->line];
	const BundlePart *part = &bundle->parts[mark->side];
	KnowledgeHead head = bundle->head;
	MoneyWide limit = 0, ignored;
	MoneyWide above = above_bundle(judge, bundle, i, reach, true, &limit);
	MoneyWide before = above == 0 ? 0 : above_bundle(judge, bundle, i, reach, false, &ignored);

	if (above <= before || above > INT64_MAX / 2 || limit > INT64_MAX / 2 || bundle_is_charged(judge, bundle, i, reach))
		return;
	head.id = part->knowledge;
	head.from = part->days.from;
	head.to = part->days.to;
	judge_tell(judge, &head, (Breach) {
		.measure = BREACH_BUNDLE,
		.line = mark->line,
		.related = i > 0 && is_within(judge->marks, i, i - 1, reach, false) ? judge->marks[i - 1].line : -1,
		.window_start = window_start(bundle->window, 0, line, judge->subject->facts),
		.observed = (int64_t) (above + limit),
		.limit = (int64_t) limit,
		.quantity = line->left,
		.amount = (int64_t) (above - before),
	});
}

void
judge_bundle(Judge *judge, const Run *run, const ItemBundle *bundle)
{
	const EncounterFacts *facts = judge->subject->facts;
	int64_t reach = window_reach(bundle->window, 0);

	if (bundle->window == WINDOW_STAY && facts != NULL && facts->known && (facts->kind & KIND_INPATIENT) == 0)
		return;
	for (int p = 0; p < bundle->part_count; p++)
		if (!is_first_present(judge, run, bundle->parts[p].days.item))
			return;
	marks_clear(judge);
	marks_add(judge, NULL, 0, bundle->window, 0);
	for (int p = 0; p < bundle->part_count; p++)
		marks_more(judge, &bundle->parts[p].days, 1, bundle->window, p);
	marks_add(judge, bundle->bundle, bundle->bundle_count, bundle->window, bundle->part_count);
	marks_sort(judge);
	for (int i = 0; i < judge->mark_count; i++)
		if (judge->marks[i].side < bundle->part_count)
			tell_part(judge, bundle, i, reach);
}

/* Of the marks of one day the operation with the highest list price, the first of several; -1 if none has a price. */
static int
dearest(const Judge *judge, int first, int end)
{
	int best = -1;

	for (int i = first; i < end; i++)
	{
		int64_t list = judge->subject->lines[judge->marks[i].line].list;

		if (list > 0 && (best < 0 || list > judge->subject->lines[judge->marks[best].line].list))
			best = i;
	}
	return best;
}

static void
tell_surgery(Judge *judge, const ItemSurgery *surgery, int i, int top)
{
	const Mark *mark = &judge->marks[i];
	const LineEntry *line = &judge->subject->lines[mark->line];
	const SurgeryMember *member = &surgery->members[mark->side];
	KnowledgeHead head = {member->knowledge, member->days.from, member->days.to, surgery->head.severity, surgery->head.rule};
	int64_t limit = (int64_t) (((MoneyWide) line->list * member->share + 5000) / 10000);
	int64_t amount;

	if (line->list <= 0 || line->price <= limit)
		return;
	if (money_multiply(line->left, line->price - limit, &amount).code != FAULT_NONE)
		amount = line->amount;
	judge_tell(judge, &head, (Breach) {
		.measure = BREACH_DISCOUNT,
		.line = mark->line,
		.related = judge->marks[top].line,
		.window_start = line->day,
		.observed = line->price,
		.limit = limit,
		.quantity = line->left,
		.amount = amount,
	});
}

void
judge_surgery(Judge *judge, const Run *run, const ItemSurgery *surgery)
{
	for (int m = 0; m < surgery->member_count; m++)
		if (!is_first_present(judge, run, surgery->members[m].days.item))
			return;
	marks_clear(judge);
	marks_add(judge, NULL, 0, WINDOW_DAY, 0);
	for (int m = 0; m < surgery->member_count; m++)
		marks_more(judge, &surgery->members[m].days, 1, WINDOW_DAY, m);
	marks_sort(judge);
	for (int first = 0, end; first < judge->mark_count; first = end)
	{
		int top;

		for (end = first + 1; end < judge->mark_count && judge->marks[end].key == judge->marks[first].key; end++)
			;
		top = dearest(judge, first, end);
		for (int i = first; i < end && top >= 0; i++)
			if (i != top)
				tell_surgery(judge, surgery, i, top);
	}
}
