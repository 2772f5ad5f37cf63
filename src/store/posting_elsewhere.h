/*
 * posting_elsewhere.h
 *		Encounters that hold refunds of a line which is not there any more: it was deleted, or moved to another encounter.
 */
#ifndef HC_STORE_POSTING_ELSEWHERE_H
#define HC_STORE_POSTING_ELSEWHERE_H

#include "postgres.h"

#include "store/posting.h"

/* Whether any line of a source left refunds behind: in most tables none did, and nothing more need be asked. */
extern bool elsewhere_any(int16 source_id);

/* The encounters in which a line left refunds; returns their number. */
extern int elsewhere_encounters(int16 source_id, const char *source_key, Piece **encounters);

/* Notes that a line left refunds in an encounter. */
extern void elsewhere_add(int16 source_id, const char *source_key, Piece encounter);

/* Forgets it: they are gone too. */
extern void elsewhere_remove(int16 source_id, const char *source_key, Piece encounter);

#endif
