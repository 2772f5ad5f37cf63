/*
 * posting_touched.h
 *		Source keys that a statement inside a trigger posted while an outer statement on the same table was still under way.
 *
 * The outer statement's trigger fires last but holds the older images: what a nested statement has posted since is newer and stays.
 */
#ifndef HC_STORE_POSTING_TOUCHED_H
#define HC_STORE_POSTING_TOUCHED_H

#include "postgres.h"

/* What was remembered at some moment; NULL: nothing, as in nearly all transactions. Good until the transaction ends. */
typedef struct Touched Touched;

/* Remembers, until the transaction ends, that a key was posted now; call it for statements that run inside a trigger. */
extern void touched_add(int16 source_id, const char *source_key);

/* What is remembered now. A statement asks when it begins to post, so that what it adds itself does not count. */
extern const Touched *touched_mark(void);

/* Whether, among what "mark" saw, a nested statement posted a key since the command "since" began. */
extern bool touched_since(const Touched *mark, int16 source_id, const char *source_key, CommandId since);

/* Registers the callbacks; call once, from _PG_init. */
extern void touched_init(void);

#endif
