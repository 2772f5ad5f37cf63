/*
 * posting_touched.h
 *		Source keys that a statement inside a trigger posted while an outer statement on the same table was still under way.
 *
 * The outer statement's trigger fires last but holds the older images: what a nested statement has posted since is newer and stays.
 */
#ifndef HC_STORE_POSTING_TOUCHED_H
#define HC_STORE_POSTING_TOUCHED_H

#include "postgres.h"

/* Remembers, until the transaction ends, that a key was posted now; call it for statements that run inside a trigger. */
extern void touched_add(int16 source_id, const char *source_key);

/* Whether a key was posted by a nested statement since the command "since" began. */
extern bool touched_since(int16 source_id, const char *source_key, CommandId since);

/* Whether nothing was remembered in this transaction, as in nearly all. */
extern bool touched_nothing(void);

/* Registers the callbacks; call once, from _PG_init. */
extern void touched_init(void);

#endif
