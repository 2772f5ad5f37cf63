/*
 * posting_key.h
 *		Source keys that came before, where no unique index of the hospital's table says so; and keys set aside for later.
 */
#ifndef HC_STORE_POSTING_KEY_H
#define HC_STORE_POSTING_KEY_H

#include "postgres.h"

#include "store/append.h"
#include "store/posting.h"

/*
 * Claims source keys for this transaction, after waiting for others who are about to claim one of them. fresh[i] says whether nobody ever had key i;
 * of equal ones among them the first.
 */
extern void posting_key_claim(int16 source_id, char **keys, int count, bool *fresh);

/* Locks a key until the transaction ends, so that what is found of it in the ledger stays. Returns how many rows say what its entry says, 0 if none. */
extern int posting_key_lock(int16 source_id, const char *source_key);

/* Adds to the number of rows that say what the key's entry says, and returns it; 0 if the key was never claimed. Sets it to 1 if "anew". */
extern int posting_key_count(int16 source_id, const char *source_key, int change, bool anew);

/* Opens the list of keys that await post_pending, for about "expected" keys. Close with append_end. */
extern Appender *posting_key_queue(int64 expected);

/* Notes the key of a row, as it is or, if is_old, as it was. */
extern void posting_key_put(Appender *queue, int16 source_id, const ChargeRow *row, bool is_old);

#endif
