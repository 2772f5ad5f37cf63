/*
 * anomaly_fuzz.c
 *		Netting leaves no less than nothing and no more than there was; a breach is of a live line, once by each row of knowledge, and the same when asked again.
 */
#include "core/anomaly.h"
#include "core/anomaly_judge.h"
#include "input.h"

#define MOST 64
#define ITEMS 4

static LineEntry *lines;
static int line_count;
static RuleVersion rules[2];
static ItemDays days[ITEMS][3];
static ItemLimit limits[ITEMS];
static ItemPair pairs[ITEMS];
static ItemCheck checks[ITEMS];
static SurgeryMember members[ITEMS];
static ItemSurgery surgery;
static BundlePart parts[3];
static ItemDays priced;
static int64_t price;
static ItemBundle bundle;
static ItemKnowledge knowledge[ITEMS];
static bool told[64][MOST];
static int told_count;

static const ItemKnowledge *
knowledge_of(void *context, int32_t item)
{
	(void) context;
	return item < 0 || item >= ITEMS ? NULL : &knowledge[item];
}

static void
hear(void *context, const Breach *breach)
{
	const LineEntry *line;

	(void) context;
	told_count++;
	LAW(breach->line >= 0 && breach->line < line_count);
	LAW(breach->related >= -1 && breach->related < line_count && breach->related != breach->line);
	line = &lines[breach->line];
	LAW(line->reverses == 0 && line->quantity > 0 && line->left > 0);
	LAW(breach->rule != NULL && line->day >= breach->rule->from && line->day < breach->rule->to);
	LAW(breach->quantity >= 0 && breach->quantity <= line->quantity);
	if (breach->knowledge == NULL)
		return;
	LAW(line->day >= breach->knowledge->from && line->day < breach->knowledge->to);
	LAW(breach->knowledge_id > 0 && breach->knowledge_id < 64);
	LAW(!told[breach->knowledge_id][breach->line]);
	told[breach->knowledge_id][breach->line] = true;
}

/* A number as posting lets it in: below 1e16, of either sign. */
static int64_t
draw_quantity(Input *input)
{
	return draw_byte(input) % 4 ? 5000 * (draw_below(input, 9) - 2) : draw_number(input) % INT64_C(10000000000000000);
}

static int32_t
draw_day(Input *input)
{
	return draw_byte(input) % 4 ? 9185 + draw_below(input, 30) : (int32_t) (draw_number(input) % 2900000);
}

static void
draw_lines(Input *input)
{
	line_count = draw_below(input, MOST);
	lines = exactly(sizeof(LineEntry) * (size_t) line_count);
	for (int i = 0; i < line_count; i++)
	{
		int kind = draw_byte(input);
		int32_t day = draw_day(input);

		lines[i] = (LineEntry) {.entry_id = 5 + 2 * i, .quantity = draw_quantity(input), .key = kind % 8, .item = draw_below(input, ITEMS + 1), .day = day,
			.price = draw_quantity(input), .hour = day * 24 + draw_below(input, 24)};
		lines[i].reverses = kind & 64 ? 5 + 2 * draw_below(input, MOST) : 0;
		lines[i].at = (int64_t) lines[i].hour * INT64_C(3600000000);
		lines[i].amount = draw_quantity(input) % INT64_C(1000000000000000);
		lines[i].list = draw_quantity(input);
	}
}

static KnowledgeHead
draw_head(Input *input, int id)
{
	int32_t from = draw_byte(input) % 3 ? INT32_MIN : draw_day(input);

	return (KnowledgeHead) {id, from, draw_byte(input) % 3 ? INT32_MAX : draw_day(input), 0, &rules[0]};
}

static int64_t
draw_limit(Input *input)
{
	int64_t number = draw_quantity(input);

	return number < 0 ? NO_LIMIT : number;
}

static void
draw_item(Input *input, int32_t item)
{
	days[item][0] = (ItemDays) {item, INT32_MIN, INT32_MAX};
	days[item][1] = (ItemDays) {draw_below(input, ITEMS), draw_day(input), INT32_MAX};
	limits[item] = (ItemLimit) {draw_head(input, 1 + item), draw_below(input, WINDOW_YEAR + 1), 1 + draw_below(input, 100), draw_limit(input), draw_limit(input),
		draw_below(input, 5) - 1, draw_below(input, 5) - 1, days[item], 1 + draw_below(input, 2)};
	pairs[item] = (ItemPair) {draw_head(input, 11 + item), WINDOW_HOUR + draw_below(input, WINDOW_YEAR), 1 + draw_below(input, 100), draw_below(input, 2),
		1 + draw_below(input, 200) * 100, days[item], 1, &days[(item + 1) % ITEMS][0], 1};
	checks[item] = (ItemCheck) {.head = draw_head(input, 21 + item), .sex = "MF"[draw_below(input, 2)], .has_age_from = draw_below(input, 2),
		.has_age_below = draw_below(input, 2), .age_from_months = draw_below(input, 256), .age_below_months = draw_below(input, 256), .kinds = draw_below(input, 16)};
	members[item] = (SurgeryMember) {days[item][0], 31 + item, draw_below(input, 101) * 100};
	knowledge[item] = (ItemKnowledge) {.limits = &limits[item], .limit_count = 1, .pairs = &pairs[item], .pair_count = 1, .checks = &checks[item],
		.check_count = 1, .surgeries = &surgery, .surgery_count = 1, .bundles = &bundle, .bundle_count = item > 0};
}

static void
draw_knowledge(Input *input)
{
	rules[0] = (RuleVersion) {.next = &rules[1], .from = INT32_MIN, .to = draw_day(input)};
	rules[1] = (RuleVersion) {.from = rules[0].to, .to = INT32_MAX, .number = 1, .parameter = draw_below(input, 3)};
	for (int32_t item = 0; item < ITEMS; item++)
		draw_item(input, item);
	surgery = (ItemSurgery) {{31, INT32_MIN, INT32_MAX, 0, &rules[0]}, members, ITEMS};
	for (int i = 0; i < 3; i++)
		parts[i] = (BundlePart) {days[1 + i][0], i, 41 + i, 10000 * (1 + draw_below(input, 3))};
	price = draw_quantity(input);
	priced = (ItemDays) {0, INT32_MIN, INT32_MAX};
	bundle = (ItemBundle) {{41, INT32_MIN, INT32_MAX, 0, &rules[0]}, WINDOW_HOUR + draw_below(input, WINDOW_STAY), 2, parts, 3, &days[0][0], 1, &priced, &price, 1};
}

static int
judge(const EncounterFacts *facts, bool patient)
{
	const RuleVersion *versions[] = {&rules[0]};
	AnomalySubject subject = {.lines = lines, .count = line_count, .patient = patient, .facts = patient ? NULL : facts, .repeated = versions, .repeated_count = 1,
		.outside_stay = versions, .outside_stay_count = 1, .knowledge = knowledge_of, .found = hear};
	void *space = exactly(anomaly_space_size(line_count));

	memset(told, 0, sizeof(told));
	told_count = 0;
	anomaly_judge(&subject, space);
	free(space);
	return told_count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input input = {data, size};
	EncounterFacts facts = {.known = true};
	bool patient = draw_byte(&input) & 1;
	int first;

	facts.kind = 1 << draw_below(&input, 4);
	facts.sex = "MFU"[draw_below(&input, 3)];
	facts.has_birth = draw_below(&input, 2);
	facts.birth = draw_day(&input);
	facts.first_day = draw_day(&input);
	facts.ended = draw_below(&input, 2);
	facts.last_day = draw_day(&input);
	draw_lines(&input);
	draw_knowledge(&input);
	anomaly_net(lines, line_count);
	for (int i = 0; i < line_count; i++)
		LAW(lines[i].quantity <= 0 || lines[i].reverses != 0 || (lines[i].left >= 0 && lines[i].left <= lines[i].quantity));
	first = judge(&facts, patient);
	LAW(judge(&facts, patient) == first);
	free(lines);
	return 0;
}
