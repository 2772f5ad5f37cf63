/*
 * posting_touched.h
 *		Source keys that a statement inside a trigger or a function posted while an outer statement on the same table was still under way.
 *
 * The outer statement's trigger fires last but holds the older images: what a nested statement has posted since is newer and stays.
 */
#ifndef HC_STORE_POSTING_TOUCHED_H
#define HC_STORE_POSTING_TOUCHED_H

#include "postgres.h"

/* Keys of one table that were posted by statements within another one. */
typedef struct touched_hash Touched;

/*
 * Remembers, until the transaction ends, that a statement posted a key; call it for statements that others may be around. A statement is known by the
 * command id of its snapshot: all its triggers have that in common, and a statement within it has a higher one.
 */
extern void touched_add(int16 source_id, const char *source_key, CommandId statement);

/*
 * What statements within this one have posted of a table, in the present memory context; NULL: nothing, as in nearly all transactions. A statement asks
 * when it begins to post.
 */
extern Touched *touched_within(int16 source_id, CommandId statement);

/* Adds a text to a set of the same kind; the set is made, in the current memory context, if there is none yet. */
extern void touched_remember(Touched **keys, const char *text);

/* Whether a key is among them. */
extern bool touched_has(Touched *keys, const char *source_key);

/* Registers the callbacks; call once, from _PG_init. */
extern void touched_init(void);

#endif
