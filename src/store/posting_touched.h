/*
 * posting_touched.h
 *		Source keys that a statement inside a trigger or a function posted while an outer statement on the same table was still under way.
 *
 * The outer statement's trigger fires last but holds the older images: what a nested statement has posted since is newer and stays.
 */
#ifndef HC_STORE_POSTING_TOUCHED_H
#define HC_STORE_POSTING_TOUCHED_H

#include "postgres.h"

/* Keys of one table that were posted after some moment. */
typedef struct touched_hash Touched;

/* Remembers, until the transaction ends, that a key was posted now; call it for statements that others may be around. */
extern void touched_add(int16 source_id, const char *source_key);

/*
 * What statements have posted of a table since the command "since" began, in the present memory context; NULL: nothing, as in nearly all transactions. A
 * statement asks when it begins to post, so that what it adds itself does not count.
 */
extern Touched *touched_since(int16 source_id, CommandId since);

/* Whether a key is among them. */
extern bool touched_has(Touched *keys, const char *source_key);

/* Registers the callbacks; call once, from _PG_init. */
extern void touched_init(void);

#endif
