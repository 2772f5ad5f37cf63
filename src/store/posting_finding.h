/*
 * posting_finding.h
 *		The one inbox: issues of data from posting, findings of conduct from the anomaly room.
 */
#ifndef HC_STORE_POSTING_FINDING_H
#define HC_STORE_POSTING_FINDING_H

#include "postgres.h"
#include "datatype/timestamp.h"

#include "store/posting.h"

typedef struct Finding
{
	const char *class;	  /* "data" or "conduct" */
	const char *code;	  /* issue or rule */
	const char *severity;
	int32 rule_version;	  /* 0: none */
	int16 source_id;
	const ChargeRow *row; /* whose key, entry, period, encounter and item are kept */
	int64 related_entry_id;
	const char *field;
	const char *expected;
	const char *observed;
	bool has_excess;
	int64 excess_quantity; /* 1e-4 */
	int64 amount_at_risk;  /* 1e-2 */
	TimestampTz deadline;  /* 0: none */
	int32 knowledge_id;	   /* 0: none */
	const char *evidence;  /* JSON, or NULL */
} Finding;

typedef struct FindingWriter FindingWriter;

/* Opens the inbox; it is really opened with the first finding. Lives in the current memory context. */
extern FindingWriter *finding_begin(void);

/* Queues a finding; its texts must live until finding_flush. */
extern void finding_add(FindingWriter *writer, const Finding *finding);

/* Writes what is queued. */
extern void finding_flush(FindingWriter *writer);

/* Writes what is queued and closes. */
extern void finding_end(FindingWriter *writer);

/* Whether a finding of this code (or of the severity "blocking") is open for a source key. */
extern bool finding_is_open(int16 source_id, const char *source_key, const char *code);

/*
 * Closes the open findings of a source key, and those whose other line is "entry_id" (0: none); but, if "keep_refunds", not what is said of refunds that outlive
 * their original.
 */
extern void finding_resolve(int16 source_id, const char *source_key, int64 entry_id, bool keep_refunds);

/* Closes the open findings of a source key that have this code. */
extern void finding_resolve_code(int16 source_id, const char *source_key, const char *code);

#endif
