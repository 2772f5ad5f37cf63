/*
 * anomaly_knowledge.h
 *		What is known of items, read when an item is first needed and forgotten when anything it rests on changes.
 *
 * The national lists have hundreds of thousands of rows: they are never read whole. That nothing is known of an item is kept, too.
 */
#ifndef HC_STORE_ANOMALY_KNOWLEDGE_H
#define HC_STORE_ANOMALY_KNOWLEDGE_H

#include "postgres.h"

#include "core/anomaly_judge.h"

/* How much of an encounter must be read to judge a new line of an item. Bits. */
#define NEEDS_LINE 1	   /* nothing beside the line */
#define NEEDS_TWINS 2	   /* lines of the same item and day */
#define NEEDS_DAY 4		   /* related items of the day */
#define NEEDS_NEAR 8	   /* and of the days before and after */
#define NEEDS_ENCOUNTER 16 /* related items of the encounter */
#define NEEDS_PATIENT 32   /* and of the patient's other encounters */
#define NEEDS_FACTS 64	   /* the encounter itself */
#define NEEDS_HOURS 128	   /* the clock hour of lines */
#define NEEDS_LIST 256	   /* the list price of lines */
#define NEEDS_LESS 512	   /* a line more may be a finding less: of items that others are measured by, and of bundles */

/* For how many days an item may be handed out at once. */
typedef struct ItemSupply
{
	KnowledgeHead head;
	int32 max_days;
} ItemSupply;

typedef struct KnownItem
{
	int32 item_id;
	int needs;
	ItemKnowledge knowledge;
	const ItemSupply *supplies;
	int supply_count;
	const char *code; /* NULL: no such item */
	int32 *related;	  /* items whose lines matter beside one of this item, itself included; ascending */
	int related_count;
} KnownItem;

struct Rule;

/* To be called before a batch is judged: what was handed out before is void. Returns the rules that go with what is known; *count receives their number. */
extern const struct Rule *knowledge_begin(int *count);

/* What is known of an item; never NULL. Valid until knowledge_begin. */
extern const KnownItem *knowledge_item(int32 item_id);

/* Gives back memory beyond what an idle session may keep. */
extern void knowledge_trim(void);

/* Forgets what depends on a relation; for the invalidation callback. */
extern void knowledge_forget(Oid relid);

#endif
