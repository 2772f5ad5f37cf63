/*
 * anomaly_judge.h
 *		The rules over lines and relations: what one subject's net lines break of what is known of their items.
 *
 * The answer is a function of the set of lines alone: in what order they were posted, and in how many statements, changes nothing. Excess is laid on
 * lines in a fixed order (of their ids; in rolling windows of their times), so a line that is found stays found when lines are added.
 */
#ifndef HC_CORE_ANOMALY_JUDGE_H
#define HC_CORE_ANOMALY_JUDGE_H

#include <stddef.h>

#include "core/posting.h"

/* The order is that of scopes: up to STAY a window lies within one encounter. */
typedef enum AnomalyWindow
{
	WINDOW_LINE,
	WINDOW_HOUR,	/* the same clock hour */
	WINDOW_ROLL_6H, /* less than six hours apart */
	WINDOW_DAY,		/* the same service day */
	WINDOW_ENCOUNTER,
	WINDOW_STAY, /* as ENCOUNTER, of inpatients */
	WINDOW_ROLL_DAYS, /* that many calendar days running */
	WINDOW_MONTH,
	WINDOW_QUARTER,
	WINDOW_YEAR
} AnomalyWindow;

/* Whether lines of other encounters of the patient count. */
static inline bool
window_is_long(AnomalyWindow window)
{
	return window > WINDOW_STAY;
}

/* One version of a rule, valid on days [from, to). */
typedef struct RuleVersion
{
	const struct RuleVersion *next; /* another version of the same code */
	int32_t from;
	int32_t to;
	int number;				/* the caller's */
	int64_t parameter;		/* the one number of its kind, 0 if it has none */
	const int32_t *items;	/* of same_item_same_day: items that may repeat, ascending */
	int item_count;
} RuleVersion;

/* What every row of knowledge has. It judges lines whose service day is in [from, to). */
typedef struct KnowledgeHead
{
	int32_t id;
	int32_t from;
	int32_t to;
	int severity; /* the caller's; 0: the rule's */
	const RuleVersion *rule;
} KnowledgeHead;

/* Lines of an item on days [from, to). */
typedef struct ItemDays
{
	int32_t item;
	int32_t from;
	int32_t to;
} ItemDays;

/* Numbers that are not given. */
#define NO_LIMIT INT64_C(-1)

typedef struct ItemLimit
{
	KnowledgeHead head;
	AnomalyWindow window;
	int32_t window_days;
	int64_t max_quantity; /* 1e-4 */
	int64_t max_per_stay_day;
	int64_t max_days;
	int64_t min_gap_days;
	const ItemDays *counted; /* what is summed, the item itself included */
	int counted_count;
} ItemLimit;

typedef struct ItemPair
{
	KnowledgeHead head;
	AnomalyWindow window;
	int32_t window_days;
	bool quantity;			 /* sum of this side > ratio × sum of the other; else: both there */
	int64_t ratio;			 /* 1e-4 */
	const ItemDays *counted; /* this side, the item itself included; of "quantity" only */
	int counted_count;
	const ItemDays *other;
	int other_count;
} ItemPair;

typedef struct BundlePart
{
	ItemDays days;
	int32_t part; /* lines of one part number make up one part */
	int32_t knowledge;
	int64_t quantity; /* 1e-4, in one bundle */
} BundlePart;

/* Parts of a bundle, charged singly. The same bundle hangs on each of its parts. */
typedef struct ItemBundle
{
	KnowledgeHead head; /* id and days of the part it hangs on */
	AnomalyWindow window;
	int32_t min_parts;
	const BundlePart *parts;
	int part_count;
	const ItemDays *bundle; /* items that are the bundle itself */
	int bundle_count;
	const ItemDays *priced; /* days on which the bundle has the price prices[i] */
	const int64_t *prices;	/* yuan 1e-6 */
	int price_count;
} ItemBundle;

typedef struct SurgeryMember
{
	ItemDays days;
	int32_t knowledge;
	int64_t share; /* 1e-4 of the list price, from the second operation on */
} SurgeryMember;

typedef struct ItemSurgery
{
	KnowledgeHead head;
	const SurgeryMember *members;
	int member_count;
} ItemSurgery;

#define KIND_INPATIENT 4 /* bit of EncounterFacts.kind; the others are the caller's */

/* For whom and where an item may be charged. What is not given (0, NULL, count 0) does not limit. */
typedef struct ItemCheck
{
	KnowledgeHead head;
	char sex; /* 'M' or 'F' */
	bool has_age_from;
	bool has_age_below;
	int32_t age_from_months, age_from_days;
	int32_t age_below_months, age_below_days;
	bool limits_place;
	bool wrong_level; /* this hospital is of none of the levels */
	int kinds;		  /* bits of encounter kinds that may */
	const int16_t *departments;
	int department_count;
	const char *const *payers;
	int payer_count;
	const char *const *diagnoses; /* beginnings of codes */
	int diagnosis_count;
} ItemCheck;

/* All that is known of one item. */
typedef struct ItemKnowledge
{
	const ItemLimit *limits;
	int limit_count;
	const ItemPair *pairs;
	int pair_count;
	const ItemBundle *bundles;
	int bundle_count;
	const ItemSurgery *surgeries;
	int surgery_count;
	const ItemCheck *checks;
	int check_count;
} ItemKnowledge;

/* The encounter of the lines; what is not known limits nothing. */
typedef struct EncounterFacts
{
	bool known;
	int kind; /* one bit */
	char sex; /* 'M', 'F', or anything else */
	bool has_birth;
	int32_t birth;
	int32_t first_day;
	bool ended;
	int32_t last_day;
	const char *payer;
	const char *diagnosis;
} EncounterFacts;

/* In what the observed value and the limit of a breach count. */
typedef enum BreachMeasure
{
	BREACH_QUANTITY, /* 1e-4 */
	BREACH_DAYS,
	BREACH_GAP,		 /* days since the last day with the item; the limit is the fewest allowed */
	BREACH_REPEATED, /* the related line of the same day */
	BREACH_TOGETHER, /* the related line */
	BREACH_SEX,
	BREACH_AGE,
	BREACH_DEPARTMENT,
	BREACH_ENCOUNTER_KIND,
	BREACH_HOSPITAL_LEVEL,
	BREACH_PAYER,
	BREACH_DIAGNOSIS,
	BREACH_OUTSIDE_STAY, /* observed: the service day; limit: first or last day allowed */
	BREACH_BUNDLE,		 /* amounts, 1e-2 */
	BREACH_DISCOUNT		 /* unit prices, 1e-6 */
} BreachMeasure;

typedef struct Breach
{
	const RuleVersion *rule;
	const KnowledgeHead *knowledge; /* NULL: none */
	int32_t knowledge_id;			/* 0: none */
	BreachMeasure measure;
	int line;
	int related; /* -1: none */
	int32_t window_start;
	int64_t observed;
	int64_t limit;
	int64_t quantity; /* excess, 1e-4 */
	int64_t amount;	  /* at risk, 1e-2 */
} Breach;

/* What is judged: the netted lines of one encounter, in the order of their ids; or, with "patient", of all encounters of a patient. */
typedef struct AnomalySubject
{
	const LineEntry *lines;
	int count;
	bool patient; /* long windows are judged, and nothing else */
	const EncounterFacts *facts;
	const RuleVersion *const *repeated;		/* rules without knowledge, each with its versions */
	int repeated_count;
	const RuleVersion *const *outside_stay; /* parameter: days of grace */
	int outside_stay_count;
	const ItemKnowledge *(*knowledge)(void *context, int32_t item); /* NULL where nothing is known */
	void (*found)(void *context, const Breach *breach);
	void *context;
} AnomalySubject;

/* Bytes of scratch memory for n lines. */
extern size_t anomaly_space_size(int n);

/* Tells every breach to subject->found. One line breaks one row of knowledge once. "space" has anomaly_space_size(count) bytes, aligned for int64. */
extern void anomaly_judge(const AnomalySubject *subject, void *space);

#endif
