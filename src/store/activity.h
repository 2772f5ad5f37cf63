/*
 * activity.h
 *		Encounters, as far as posting asks about them.
 */
#ifndef HC_STORE_ACTIVITY_H
#define HC_STORE_ACTIVITY_H

#include "postgres.h"
#include "utils/date.h"

/* Kinds of encounter, as bits. */
#define ENCOUNTER_OUTPATIENT 1
#define ENCOUNTER_EMERGENCY 2
#define ENCOUNTER_INPATIENT 4
#define ENCOUNTER_CHECKUP 8

/* An encounter, texts in the memory context it was read in. */
typedef struct ActivityEncounter
{
	int kind;
	char sex;
	bool has_birth;
	DateADT birth;
	DateADT first_day;
	bool ended;
	DateADT last_day;
	char *patient; /* NULL: not known, as the two below */
	char *payer;
	char *diagnosis;
	char *price_class;
} ActivityEncounter;

/* The bit of a kind by its name, 0 for a name that is none. */
extern int activity_kind(const char *name);

/* Reads an encounter; false if it is not known. */
extern bool activity_encounter(const char *encounter, int length, ActivityEncounter *found);

/* The encounters of a patient, in the current memory context; returns their number. */
extern int activity_encounters_of(const char *patient, char ***encounters);

/* Price class of an encounter, in the current memory context; NULL if the encounter is not known. */
extern char *activity_price_class(const char *encounter, int length);

#endif
