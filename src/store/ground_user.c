/*
 * ground_user.c
 *		Switching users and settings, and back.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "store/ground_user.h"

static void
become(Oid user, int context, GroundUser *saved)
{
	GetUserIdAndSecContext(&saved->user, &saved->context);
	saved->nest = NewGUCNestLevel();
	SetUserIdAndSecContext(user, saved->context | SECURITY_LOCAL_USERID_CHANGE | context);
}

void
ground_become_owner(Oid relowner, GroundUser *saved)
{
	become(relowner, 0, saved);
}

void
ground_become_stranger(Oid relowner, GroundUser *saved)
{
	become(relowner, SECURITY_RESTRICTED_OPERATION, saved);
}

void
ground_become_self(const GroundUser *saved)
{
	AtEOXact_GUC(false, saved->nest);
	SetUserIdAndSecContext(saved->user, saved->context);
}

void
ground_plan_by_index(void)
{
	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}
