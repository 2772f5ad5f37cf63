/*
 * anomaly.h
 *		The inline rules in force, cached.
 */
#ifndef HC_STORE_ANOMALY_H
#define HC_STORE_ANOMALY_H

#include "postgres.h"
#include "utils/date.h"
#include "utils/timestamp.h"

typedef enum RuleKind
{
	RULE_PRICE_ABOVE_LIMIT,
	RULE_SAME_ITEM_SAME_DAY,
	RULE_KIND_COUNT
} RuleKind;

typedef struct Rule
{
	RuleKind kind;
	char *code;
	char *severity;
	int32 version;
	bool block;
	DateADT from; /* valid on days [from, to) */
	DateADT to;
	Interval respond_within;
	int64 tolerance;	 /* yuan 1e-6 a unit, for RULE_PRICE_ABOVE_LIMIT */
	int except_count;	 /* item codes that may repeat, for RULE_SAME_ITEM_SAME_DAY */
	char **except_items;
} Rule;

/* All inline rules; *count receives their number. Valid until the next call. */
extern const Rule *anomaly_rules(int *count);

/* Forgets the rules at the next call; for the invalidation callback. */
extern void anomaly_forget(Oid relid);

#endif
