/*
 * anomaly.h
 *		The inline rules in force, cached.
 */
#ifndef HC_STORE_ANOMALY_H
#define HC_STORE_ANOMALY_H

#include "postgres.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "core/anomaly_judge.h"
#include "store/posting.h"

typedef enum RuleKind
{
	RULE_SAME_ITEM_SAME_DAY,
	RULE_DAY_OUTSIDE_STAY,
	RULE_ITEM_LIMIT,
	RULE_ITEM_PATIENT,
	RULE_ITEM_PLACE,
	RULE_ITEM_PAIR,
	RULE_ITEM_BUNDLE,
	RULE_SURGERY_DISCOUNT,
	/* From here on: rules that judge a row as it is posted, and nothing beside it. */
	RULE_PRICE_ABOVE_LIMIT,
	RULE_NO_CATALOGUE_PRICE,
	RULE_EXPIRED_PRICE,
	RULE_SUPPLY_DAYS,
	RULE_PAID_OUT_OF_SCOPE,
	RULE_MISSING_FIELD,
	RULE_DISCOUNT_AUTHORITY,
	RULE_TRACE_CODE_TWICE,
	RULE_CHANGED_AFTER_SETTLEMENT,
	RULE_KIND_COUNT
} RuleKind;

static inline bool
rule_is_of_row(RuleKind kind)
{
	return kind >= RULE_PRICE_ABOVE_LIMIT;
}

/* Bits of Rule.fields: details by their number, and departments. */
#define FIELD_BIT_ORDERING (1u << DETAIL_COUNT)
#define FIELD_BIT_WARD (1u << (DETAIL_COUNT + 1))

typedef struct Rule
{
	RuleKind kind;
	char *code;
	char *severity;
	int32 version;
	bool block;
	Interval respond_within;
	RuleVersion days; /* of its validity; number is its place among the rules */
	int64 tolerance;  /* yuan 1e-6 a unit, of RULE_PRICE_ABOVE_LIMIT */
	uint32 fields;	  /* that must be there, of RULE_MISSING_FIELD */
	bool first;		  /* of the versions of its code and kind */
} Rule;

/* All inline rules; *count receives their number. Valid until the next call. */
extern const Rule *anomaly_rules(int *count);

/* The versions of a rule code that are of a kind, NULL if there is none. Call after anomaly_rules. */
extern const RuleVersion *anomaly_versions(const char *code, RuleKind kind);

/* The first version of each code of a kind. */
extern int anomaly_rules_of(RuleKind kind, const RuleVersion *const **rules);

/* Counts how often the rules were read: what hangs on them is void when it changes. */
extern uint64 anomaly_rules_generation(void);

/* Forgets the rules at the next call; for the invalidation callback. */
extern void anomaly_forget(Oid relid);

#endif
