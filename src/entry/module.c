/*
 * module.c
 *		The library's entry: hooks and invalidation, nothing else.
 */
#include "postgres.h"

#include "fmgr.h"

#include "entry/anomaly.h"
#include "entry/posting_watch.h"
#include "entry/setting.h"
#include "store/anomaly.h"
#include "store/anomaly_knowledge.h"
#include "store/catalogue.h"
#include "store/ground.h"
#include "store/posting.h"
#include "store/posting_payment.h"
#include "store/posting_priced.h"
#include "store/posting_touched.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

/* A relation changed: each cache that read it marks itself stale. Runs inside invalidation processing, so it only sets flags. */
static void
forget(Oid relid)
{
	ground_forget(relid);
	catalogue_forget(relid);
	posting_forget(relid);
	payment_forget(relid);
	anomaly_forget(relid);
	knowledge_forget(relid);
}

/* Called once a session, when the library is loaded. */
void
_PG_init(void)
{
	setting_init();
	ground_register(forget);
	touched_init();
	posting_priced_init();
	posting_watch_init();
	payment_init();
	anomaly_init();
}
