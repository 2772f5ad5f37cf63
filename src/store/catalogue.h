/*
 * catalogue.h
 *		Per-session cache of charge items with their prices, and of department codes.
 *
 * Filled on a miss, emptied when any session changes a master table. A pointer handed out stays good until the next lookup of any code.
 */
#ifndef HC_STORE_CATALOGUE_H
#define HC_STORE_CATALOGUE_H

#include "postgres.h"
#include "utils/date.h"

/* One price of an item: days [from, to), yuan 1e-6. */
typedef struct ItemPrice
{
	char *price_class;
	DateADT from;
	DateADT to;
	int64 unit_price;
	int64 limit; /* lower of list price and ceiling */
} ItemPrice;

typedef struct CatalogueItem
{
	int32 item_id;
	bool many_classes; /* has prices of another class than the standard one */
	int price_count;
	ItemPrice *prices;
} CatalogueItem;

/* The item of a code (not null-terminated), or NULL if no such code exists. */
extern const CatalogueItem *catalogue_item(const char *code, int length);

/* The price of an item on a day for a price class, or NULL. */
extern const ItemPrice *catalogue_price(const CatalogueItem *item, DateADT day,
										const char *price_class, int class_length);

/* The id of a department code, or 0 if no such code exists. */
extern int16 catalogue_department(const char *code, int length);

/* Whether a code is an active reason of refunds. */
extern bool catalogue_refund_reason(const char *code, int length);

/* Forgets everything at the next lookup; for the invalidation callback. */
extern void catalogue_forget(Oid relid);

#endif
