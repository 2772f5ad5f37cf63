/*
 * raise.h
 *		Values of the core become errors here, and nowhere else.
 */
#ifndef HC_ENTRY_RAISE_H
#define HC_ENTRY_RAISE_H

#include "postgres.h"

#include "core/fault.h"
#include "store/posting.h"
#include "store/posting_finding.h"

/* Raises the first issue of a row that a strict attachment does not accept. */
extern void raise_issue(const Attachment *attachment, const ChargeRow *row, IssueCode code) __attribute__((noreturn));

/* Raises a finding of a rule whose action is "block". */
extern void raise_finding(const Attachment *attachment, const Finding *finding) __attribute__((noreturn));

/* Names of what the indexes of a fault stand for; any may be NULL. */
typedef struct FaultNames
{
	const char *server;
	const char *receiver;
	const char *cost_item;
	const char *driver;
	const char *loop; /* servers of a closed loop */
} FaultNames;

/* Raises a fault of the allocation. */
extern void raise_fault(Fault fault, FaultNames names) __attribute__((noreturn));

/* The code an issue of a row goes by in posting_issue: its name, with the field behind it where the name ends in one. */
extern const char *issue_text(const ChargeRow *row, IssueCode code);

/* What was expected and what came, for an issue of a row; either may be set to NULL. Lives in the current memory context. */
extern void issue_values(const ChargeRow *row, IssueCode code, const char **field, char **expected, char **observed);

#endif
