/*
 * money_split.h
 *		Between the files of money_split: the way that most splits go.
 */
#ifndef HC_CORE_MONEY_SPLIT_H
#define HC_CORE_MONEY_SPLIT_H

#include "core/money.h"

extern bool money_split_fast(int64_t amount, int64_t unit,
							 const int64_t *weights, int n, int64_t total,
							 int64_t *remainder, int64_t *shares);

#endif							/* HC_CORE_MONEY_SPLIT_H */
