/*
 * anomaly_judge.c
 *		Lines by item, and each item's rows of knowledge in turn.
 */
#include <string.h>

#include "core/anomaly_part.h"

size_t
anomaly_space_size(int n)
{
	return (size_t) (n > 0 ? n : 1) * (2 * sizeof(Mark) + sizeof(Run) + 3 * sizeof(int32_t));
}

const RuleVersion *
rule_on(const RuleVersion *rule, int32_t day)
{
	while (rule != NULL && !days_hold(rule->from, rule->to, day))
		rule = rule->next;
	return rule;
}

const Run *
judge_run(const Judge *judge, int32_t item)
{
	int low = 0, high = judge->run_count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (judge->runs[middle].item < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < judge->run_count && judge->runs[low].item == item ? &judge->runs[low] : NULL;
}

int64_t
excess_amount(const LineEntry *line, int64_t excess)
{
	int64_t amount;

	if (excess == line->quantity)
		return line->amount;
	/* A product that does not fit is no smaller for it. */
	return money_multiply(excess, line->price, &amount).code == FAULT_NONE ? amount : line->amount;
}

void
judge_tell(Judge *judge, const KnowledgeHead *head, Breach breach)
{
	const LineEntry *line = &judge->subject->lines[breach.line];

	breach.rule = rule_on(head->rule, line->day);
	if (breach.rule == NULL || !days_hold(head->from, head->to, line->day))
		return;
	if (breach.knowledge_id == 0)
		breach.knowledge_id = head->id;
	if (judge->hit[breach.line] == breach.knowledge_id)
		return;
	judge->hit[breach.line] = breach.knowledge_id;
	breach.knowledge = head;
	judge->subject->found(judge->subject->context, &breach);
}

/* Sorts the live lines by item, in the order of their ids, and asks what is known of each item. */
static void
make_runs(Judge *judge)
{
	const AnomalySubject *subject = judge->subject;
	int n = 0;

	judge->last_day = INT32_MIN;
	for (int i = 0; i < subject->count; i++)
	{
		const LineEntry *line = &subject->lines[i];

		if (line->reverses != 0 || line->quantity <= 0 || line->left <= 0)
			continue;
		judge->marks[n++] = (Mark) {line->item, i, 0};
		if (line->day > judge->last_day)
			judge->last_day = line->day;
	}
	sort_marks(judge->marks, n);
	judge->run_count = 0;
	for (int i = 0; i < n; i++)
	{
		int32_t item = (int32_t) judge->marks[i].key;

		judge->by_item[i] = judge->marks[i].line;
		if (judge->run_count == 0 || judge->runs[judge->run_count - 1].item != item)
			judge->runs[judge->run_count++] = (Run) {item, i, 0, subject->knowledge(subject->context, item)};
		judge->runs[judge->run_count - 1].count++;
	}
}

static void
judge_item(Judge *judge, const Run *run)
{
	const ItemKnowledge *known = run->knowledge;
	bool patient = judge->subject->patient;

	if (!patient)
		judge_repeated(judge, run);
	if (known == NULL)
		return;
	for (int i = 0; i < known->limit_count; i++)
		if (window_is_long(known->limits[i].window) == patient)
			judge_limit(judge, run, &known->limits[i]);
	for (int i = 0; i < known->pair_count; i++)
		if (window_is_long(known->pairs[i].window) == patient)
			judge_pair(judge, run, &known->pairs[i]);
	if (patient)
		return;
	for (int i = 0; i < known->bundle_count; i++)
		judge_bundle(judge, run, &known->bundles[i]);
	for (int i = 0; i < known->surgery_count; i++)
		judge_surgery(judge, run, &known->surgeries[i]);
	for (int i = 0; i < known->check_count; i++)
		judge_check(judge, run, &known->checks[i]);
}

void
anomaly_judge(const AnomalySubject *subject, void *space)
{
	size_t room = (size_t) (subject->count > 0 ? subject->count : 1);
	Judge judge = {.subject = subject};

	judge.marks = space;
	judge.runs = (Run *) (judge.marks + 2 * room);
	judge.by_item = (int32_t *) (judge.runs + room);
	judge.hit = judge.by_item + room;
	judge.stamp = judge.hit + room;
	memset(judge.hit, 0, 2 * room * sizeof(int32_t));
	make_runs(&judge);
	for (int i = 0; i < judge.run_count; i++)
		judge_item(&judge, &judge.runs[i]);
	if (!subject->patient)
		judge_stay(&judge);
}
