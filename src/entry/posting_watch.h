/*
 * posting_watch.h
 *		The guard of the books.
 */
#ifndef HC_ENTRY_POSTING_WATCH_H
#define HC_ENTRY_POSTING_WATCH_H

/* From now on this session refuses to drop a ledger that has entries; call once, in _PG_init. */
extern void posting_watch_init(void);

#endif
