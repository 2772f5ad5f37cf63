/*
 * activity.h
 *		Encounters, as far as posting asks about them.
 */
#ifndef HC_STORE_ACTIVITY_H
#define HC_STORE_ACTIVITY_H

/* Price class of an encounter, in the current memory context; NULL if the encounter is not known. */
extern char *activity_price_class(const char *encounter, int length);

#endif
