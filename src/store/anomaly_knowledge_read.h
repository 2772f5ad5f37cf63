/*
 * anomaly_knowledge_read.h
 *		Reading the rows of knowledge that bear on one item.
 */
#ifndef HC_STORE_ANOMALY_KNOWLEDGE_READ_H
#define HC_STORE_ANOMALY_KNOWLEDGE_READ_H

#include "access/htup.h"
#include "access/tupdesc.h"

#include "store/anomaly.h"
#include "store/anomaly_knowledge.h"
#include "utils/snapshot.h"

/* Growing lists; they end up in the cache. */
typedef struct DaysList
{
	ItemDays *items;
	int count;
	int room;
} DaysList;

/* A code an item goes by, on days [from, to). */
typedef struct ItemCode
{
	char *code;
	int32 from;
	int32 to;
} ItemCode;

/* The reading of one item: everything in a context that is thrown away, but for what is kept in the cache. */
typedef struct KnowledgeReader
{
	MemoryContext cache;
	Snapshot snapshot;
	KnownItem *item;
	ItemCode *codes;
	int code_count;
	int code_room;
	DaysList related;
	ItemLimit *limits;
	ItemPair *pairs;
	ItemBundle *bundles;
	ItemSurgery *surgeries;
	ItemCheck *checks;
	ItemSupply *supplies;
	int limit_room, pair_room, bundle_room, surgery_room, check_room, supply_room;
} KnowledgeReader;

/* A row of a table of knowledge, taken apart by position. */
typedef struct KnowledgeRow
{
	Datum *values;
	bool *nulls;
} KnowledgeRow;

typedef void (*KnowledgeTake)(KnowledgeReader *reader, const KnowledgeRow *row, const ItemCode *code, void *context);

/* Hands every row to "take" whose column "attno" (the first of the index) is the text. */
extern void knowledge_scan(KnowledgeReader *reader, const char *table, const char *index, int attno, const ItemCode *code, KnowledgeTake take,
						   void *context);

/* Adds the items a code names, own or national, on those of its days that are in [from, to). */
extern void knowledge_items_of(KnowledgeReader *reader, const char *code, int32 from, int32 to, DaysList *list);

/* The code of an item, in the current memory context; NULL if there is no such item. *national (NULL: not asked for) receives the one of the catalogue. */
extern char *knowledge_item_code(KnowledgeReader *reader, int32 item_id, char **national);

/* Copies into the cache. */
extern void *knowledge_keep(KnowledgeReader *reader, const void *what, Size size);

/* Makes room for one more in an array of the reader. */
extern void *knowledge_grow(void *array, int count, int *room, Size size);

/* Adds an entry to a list. */
extern void knowledge_add(DaysList *list, int32 item, int32 from, int32 to);

/* Items whose lines matter beside those of the item. */
extern void knowledge_relate(KnowledgeReader *reader, const ItemDays *items, int count);

/* Reads item limits, and what else stands in their table. */
extern void knowledge_read_limits(KnowledgeReader *reader, const ItemCode *code);

/* Reads pairs, bundles and groups of operations. */
extern void knowledge_read_relations(KnowledgeReader *reader, const ItemCode *code);

/* A window by its name. */
extern AnomalyWindow knowledge_window(Datum name);

/* And the name of a window. */
extern const char *knowledge_window_name(AnomalyWindow window);

/* What a window asks for. "alone": only lines of the same item matter. */
extern int knowledge_needs(AnomalyWindow window, bool alone);

/* Severity by name, as KnowledgeHead has it; and back, NULL for 0. */
extern int knowledge_severity(Datum name, bool isnull);
extern const char *knowledge_severity_name(int severity);

/* All that is known of an item, in the cache's context. */
extern KnownItem *knowledge_read_item(int32 item_id, MemoryContext cache);

#endif
