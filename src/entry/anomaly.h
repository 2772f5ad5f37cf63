/*
 * anomaly.h
 *		Inline rules: judged in the posting transaction.
 */
#ifndef HC_ENTRY_ANOMALY_H
#define HC_ENTRY_ANOMALY_H

/* Sets the hook of posting; call once, from _PG_init. */
extern void anomaly_init(void);

#endif
