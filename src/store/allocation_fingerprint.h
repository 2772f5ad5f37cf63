/*
 * allocation_fingerprint.h
 *		What tells that two runs had the same inputs.
 */
#ifndef HC_STORE_ALLOCATION_FINGERPRINT_H
#define HC_STORE_ALLOCATION_FINGERPRINT_H

#include "postgres.h"

/*
 * SHA-256, as hexadecimal digits, of the lines of hospital_cost._run_input in "C" order, a line feed between two, in UTF-8; NULL if there is no
 * such run. The lines of direct cost and drivers are made here, as they stand in order of their keys.
 */
extern char *run_fingerprint(int run_id);

#endif
