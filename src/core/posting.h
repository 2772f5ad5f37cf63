/*
 * posting.h
 *		What a charge row becomes: price, amount, and what is not clean about it. No row is ever swallowed: an issue that leaves no
 *		true entry is blocking, every other one is a warning beside the entry.
 */
#ifndef HC_CORE_POSTING_H
#define HC_CORE_POSTING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/money.h"

typedef enum Pricing
{
	PRICING_COMPUTE, /* the list price is the price */
	PRICING_VERIFY,	 /* what was billed is posted and held against the list */
	PRICING_TRUST	 /* what was billed is posted */
} Pricing;

/* Order matters: everything before ISSUE_PRICE_DIFFERS is blocking. */
typedef enum IssueCode
{
	ISSUE_MISSING_VALUE,
	ISSUE_UNREADABLE_VALUE,
	ISSUE_UNKNOWN_ITEM,
	ISSUE_UNKNOWN_DEPARTMENT,
	ISSUE_NO_PRICE,
	ISSUE_NO_AMOUNT,
	ISSUE_PERIOD_CLOSED,
	ISSUE_PERIOD_NOT_OPEN,
	ISSUE_COLUMN_GONE,
	ISSUE_UNKNOWN_STATUS,
	ISSUE_UNKNOWN_REASON,
	ISSUE_REFUND_EXCEEDS,
	ISSUE_PRICE_DIFFERS,
	ISSUE_AMOUNT_DIFFERS,
	ISSUE_NO_LIST_PRICE,
	ISSUE_NO_ORIGINAL,
	ISSUE_ORIGINAL_NOT_FOUND,
	ISSUE_DIFFERS_FROM_ORIGINAL,
	ISSUE_EXISTS_DIFFERENT,
	ISSUE_BELOW_REFUNDS,
	ISSUE_LATE,
	ISSUE_ROUNDED,
	ISSUE_COUNT
} IssueCode;

#define ISSUE_BIT(code) (1u << (code))
#define ISSUES_BLOCKING (ISSUE_BIT(ISSUE_PRICE_DIFFERS) - 1)
/* Late and rounded rows are posted even in strict mode: the row itself says nothing untrue. */
#define ISSUES_STRICT (~(ISSUE_BIT(ISSUE_LATE) | ISSUE_BIT(ISSUE_ROUNDED)))

/* Bits of the ledger's column "flags". */
#define FLAG_PRICE_DIFFERS 1
#define FLAG_AMOUNT_DIFFERS 2
#define FLAG_LATE 4
#define FLAG_CLOSES_LINE 8 /* the last part of a refund: its amount is what was left, not quantity x price */
#define FLAG_ABOVE_LIMIT 16
#define FLAG_ROUNDED 32
#define FLAG_SOURCE_CHANGED 64 /* a reversal made because the source row changed or went */

typedef struct ChargeInput
{
	int64_t quantity;
	bool has_price;
	int64_t price;
	bool has_amount;
	int64_t amount;
	bool has_list;
	int64_t list_price;
	int64_t limit; /* highest price allowed, meaningful if has_list */
	bool names_original;
	bool has_original; /* the line it gives back was found: list_price is that one's price, "left" what is left of it */
	bool closes_line;  /* a refund of all that is left of its original: "left" is the amount it gives back */
	int64_t left;
} ChargeInput;

typedef struct ChargeResult
{
	int64_t price;
	int64_t amount;
	int64_t computed; /* quantity x price, to show beside an amount that differs */
	int flags;
	uint32_t issues; /* ISSUE_BIT set */
} ChargeResult;

/* The name an issue has in posting_issue.code; never NULL for a code below ISSUE_COUNT. */
extern const char *issue_name(IssueCode code);

/*
 * Decides price, amount, flags and issues of one charge from the numbers alone. Total: an amount that does not fit becomes
 * ISSUE_UNREADABLE_VALUE. If the result has a blocking issue, price and amount are 0.
 */
extern void posting_resolve(Pricing pricing, const ChargeInput *in, ChargeResult *out);

/* An entry as far as netting needs it. */
typedef struct NetEntry
{
	int64_t entry_id;
	int64_t reverses; /* 0: none */
	int flags;
} NetEntry;

/* A ledger entry of one encounter, as rules over lines see it. */
typedef struct LineEntry
{
	int64_t entry_id;
	int64_t reverses; /* 0: none */
	int64_t quantity;
	int64_t key; /* of the source row: entries of one row share it */
	int32_t item;
	int32_t day;
	int64_t left; /* scratch: what is left of the quantity after reversals */
	int64_t price;
	int64_t amount;
	int64_t at;	  /* microseconds since 2000 */
	int64_t list; /* list price of the day, 0: not known; only where a rule asks for it */
	int32_t hour; /* clock hours since 2000, where the hospital is; only where a rule asks for it */
	int32_t encounter; /* the reader's number; only of lines of several encounters */
	int16_t performing;
} LineEntry;

/*
 * Index of the live entry of one source key among its n entries, or -1: the entry that is neither a reversal made by a changed row
 * nor reversed by one. At most one is live; the latest wins should history hold more.
 */
extern int posting_live(const NetEntry *entries, int n);

#endif
