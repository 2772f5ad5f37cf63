/*
 * setting.c
 *		All settings. A setting changes how fast or how loud, never how much: what alters an amount is a dated row in a table.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "entry/setting.h"

bool posting_allow_drop = false;

void
setting_init(void)
{
	DefineCustomBoolVariable("hospital_cost.posting_allow_drop", "Allows the extension to be dropped while its ledger has entries.", NULL,
							 &posting_allow_drop, false, PGC_SUSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("hospital_cost");
}
