/*
 * ground_user.h
 *		Working as another user for a while: the owner of our tables for what the caller may not do himself, the owner of a hospital's table for
 *		reading it, so that whatever code hangs on that table never runs with our rights.
 */
#ifndef HC_STORE_GROUND_USER_H
#define HC_STORE_GROUND_USER_H

#include "postgres.h"

typedef struct GroundUser
{
	Oid user;
	int context;
	int nest;
} GroundUser;

/* Becomes the owner of one of our own tables. An error restores the user by itself. */
extern void ground_become_owner(Oid relowner, GroundUser *saved);

/* Becomes the owner of a hospital's table, in a security-restricted operation. An error restores the user by itself. */
extern void ground_become_stranger(Oid relowner, GroundUser *saved);

/* Becomes who one was; settings changed in between go back too. */
extern void ground_become_self(const GroundUser *saved);

/* Within either: plans use indexes, whatever statistics from when our tables were empty say. */
extern void ground_plan_by_index(void);

#endif
