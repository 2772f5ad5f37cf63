/*
 * ground.c
 *		The hospital's clock and periods.
 *
 * Rows are read by index scans with a latest snapshot, never through SPI: a writer of a hospital table needs no privilege here, and a
 * REPEATABLE READ transaction must still see that a month was closed in the meantime.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "core/period.h"
#include "store/compat.h"
#include "store/ground.h"

#define MAX_KNOWN 128
#define SCHEMA_NAME "hospital_cost"
#define DEFAULT_TIMEZONE "Asia/Shanghai"
/* First key of the advisory lock of a period; hospital_cost._lock_period says the same. */
#define PERIOD_LOCK_CLASS 18499

typedef struct Hospital
{
	bool valid;
	pg_tz *zone;
	bool refuse_late;
	char *level; /* NULL: not given */
} Hospital;

static Hospital hospital;
static Oid hospital_relid = InvalidOid;
/* Where the columns of "period" are, and where the month asked for last was: a statement posts into the month the one before it did. */
static struct
{
	Oid relid; /* InvalidOid: to be looked up */
	AttrNumber period;
	AttrNumber state;
	DateADT month;
	ItemPointerData tid; /* invalid: nowhere */
} place;

/* Relations found before: a charge asks for ten of them. Names are literals, so one is known by its place. */
static struct
{
	const char *name;
	Oid relid;
} known[MAX_KNOWN];
static int known_count = 0;

Oid
ground_relation(const char *name)
{
	Oid relid;
	int at;

	for (at = 0; at < known_count && known[at].name != name; at++)
		;
	if (at < known_count && OidIsValid(known[at].relid))
		return known[at].relid;
	relid = get_relname_relid(name, get_namespace_oid(SCHEMA_NAME, false));
	if (!OidIsValid(relid))
		elog(ERROR, "relation \"%s.%s\" does not exist", SCHEMA_NAME, name);
	if (at < MAX_KNOWN)
	{
		known[at].name = name;
		known[at].relid = relid;
		known_count = Max(known_count, at + 1);
	}
	return relid;
}

static void
forget_callback(Datum arg, Oid relid)
{
	((void (*)(Oid)) DatumGetPointer(arg))(relid);
}

void
ground_register(void (*forget)(Oid relid))
{
	CacheRegisterRelcacheCallback(forget_callback, PointerGetDatum(forget));
}

void
ground_forget(Oid relid)
{
	if (relid == InvalidOid || relid == hospital_relid)
		hospital.valid = false;
	if (relid == InvalidOid || relid == place.relid)
		place.relid = InvalidOid;
	for (int i = 0; i < known_count; i++)
		if (relid == InvalidOid || relid == known[i].relid)
			known[i].relid = InvalidOid;
}

static void
load_hospital(void)
{
	Relation rel;
	SysScanDesc scan;
	Snapshot snapshot;
	HeapTuple tuple;
	char *zone_name = DEFAULT_TIMEZONE;
	char *level = NULL;
	bool refuse_late = false;
	pg_tz *zone;

	/* Valid before the read: an invalidation that arrives during it must not be lost. */
	hospital_relid = ground_relation("hospital");
	rel = table_open(hospital_relid, AccessShareLock);
	hospital.valid = true;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = systable_beginscan(rel, InvalidOid, false, snapshot, 0, NULL);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool isnull;
		TupleDesc desc = RelationGetDescr(rel);
		Datum name;

		zone_name = TextDatumGetCString(
			heap_getattr(tuple, get_attnum(hospital_relid, "timezone"), desc, &isnull));
		refuse_late = strcmp("refuse", TextDatumGetCString(heap_getattr(tuple,
						  get_attnum(hospital_relid, "late_policy"), desc, &isnull))) == 0;
		name = heap_getattr(tuple, get_attnum(hospital_relid, "level"), desc, &isnull);
		level = isnull ? NULL : MemoryContextStrdup(TopMemoryContext, TextDatumGetCString(name));
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);

	zone = pg_tzset(zone_name);
	if (zone == NULL)
	{
		hospital.valid = false;
		elog(ERROR, "time zone \"%s\" of the hospital is not known", zone_name);
	}
	if (hospital.level != NULL)
		pfree(hospital.level);
	hospital.level = level;
	hospital.zone = zone;
	hospital.refuse_late = refuse_late;
}

static Hospital *
the_hospital(void)
{
	if (!hospital.valid)
	{
		PG_TRY();
		{
			load_hospital();
		}
		PG_CATCH();
		{
			hospital.valid = false;
			PG_RE_THROW();
		}
		PG_END_TRY();
	}
	return &hospital;
}

DateADT
ground_day_of_instant(TimestampTz at)
{
	struct pg_tm tm;
	int tz;
	fsec_t fsec;

	if (timestamp2tm(at, &tz, &tm, &fsec, NULL, the_hospital()->zone) != 0)
		elog(ERROR, "timestamp out of range");
	return date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
}

int32
ground_hour_of_instant(TimestampTz at)
{
	struct pg_tm tm;
	fsec_t fsec;
	int tz;

	if (timestamp2tm(at, &tz, &tm, &fsec, NULL, the_hospital()->zone) != 0)
		elog(ERROR, "timestamp out of range");
	return (date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE) * HOURS_PER_DAY + tm.tm_hour;
}

char *
ground_hospital_level(void)
{
	char *level = the_hospital()->level;

	return level == NULL ? NULL : pstrdup(level);
}

TimestampTz
ground_instant_of_wall_clock(Timestamp local, DateADT *day)
{
	struct pg_tm tm;
	fsec_t fsec;
	TimestampTz at;
	int tz;

	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	*day = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
	tz = DetermineTimeZoneOffset(&tm, the_hospital()->zone);
	if (tm2timestamp(&tm, fsec, &tz, &at) != 0)
		elog(ERROR, "timestamp out of range");
	return at;
}

void
ground_day_range(Datum range, DateADT *from, DateADT *to)
{
	RangeType *days = DatumGetRangeTypeP(range);
	RangeBound lower, upper;
	bool empty;

	range_deserialize(lookup_type_cache(RangeTypeGetOid(days), TYPECACHE_RANGE_INFO), days, &lower, &upper, &empty);
	*from = lower.infinite ? PG_INT32_MIN : DatumGetDateADT(lower.val);
	*to = upper.infinite ? PG_INT32_MAX : DatumGetDateADT(upper.val);
}

static bool
is_open(Datum state)
{
	return strcmp("open", TextDatumGetCString(state)) == 0;
}

static void
find_columns(Oid relid)
{
	if (place.relid == relid)
		return;
	place.period = get_attnum(relid, "period");
	place.state = get_attnum(relid, "state");
	ItemPointerSetInvalid(&place.tid);
	place.relid = relid;
}

/*
 * Looks where the month was last time: one row fetched with the snapshot, no descent. A version that a close has replaced is not visible any more,
 * and then the index is asked.
 */
static bool
read_known_period(Relation rel, Snapshot snapshot, DateADT month, bool *open)
{
	TupleTableSlot *slot;
	bool isnull;
	bool found;

	if (!ItemPointerIsValid(&place.tid) || place.month != month ||
		ItemPointerGetBlockNumber(&place.tid) >= RelationGetNumberOfBlocks(rel))
		return false;
	slot = table_slot_create(rel, NULL);
	found = table_tuple_fetch_row_version(rel, &place.tid, snapshot, slot) &&
		DatumGetDateADT(slot_getattr(slot, place.period, &isnull)) == month;
	if (found)
		*open = is_open(slot_getattr(slot, place.state, &isnull));
	ExecDropSingleTupleTableSlot(slot);
	return found;
}

/* Scans from a month on: the month itself, or with "first_open" the first open one. */
static bool
scan_periods(Relation rel, Snapshot snapshot, DateADT from, bool first_open, DateADT *month, bool *open)
{
	Relation index = index_open(ground_relation("period_pkey"), AccessShareLock);
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple tuple;
	bool found = false;

	ScanKeyInit(&key, place.period,
				first_open ? BTGreaterEqualStrategyNumber : BTEqualStrategyNumber,
				first_open ? F_DATE_GE : F_DATE_EQ, DateADTGetDatum(from));
	scan = systable_beginscan_ordered(rel, index, snapshot, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		bool isnull;

		*open = is_open(heap_getattr(tuple, place.state, RelationGetDescr(rel), &isnull));
		*month = DatumGetDateADT(heap_getattr(tuple, place.period, RelationGetDescr(rel), &isnull));
		place.month = *month;
		place.tid = tuple->t_self;
		found = *open || !first_open;
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	return found;
}

/*
 * Reads the state of a month, or with "first_open" the first open month from it on. Sets *month to the month found; false if there is none.
 */
static bool
read_period(DateADT from, bool first_open, DateADT *month, bool *open)
{
	Oid relid = ground_relation("period");
	Relation rel = table_open(relid, AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	bool found;

	find_columns(relid);
	*month = from;
	found = (!first_open && read_known_period(rel, snapshot, from, open)) ||
		scan_periods(rel, snapshot, from, first_open, month, open);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return found;
}

/* The lock is held to the end of the transaction; the invalidations make the fresh read below see what a close committed. */
static void
share_period(DateADT month)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, PERIOD_LOCK_CLASS, (uint32) period_number(month), 2);
	(void) LockAcquire(&tag, ShareLock, false, false);
	AcceptInvalidationMessages();
}

PeriodOutcome
ground_posting_period(DateADT service_month, DateADT *target)
{
	DateADT month = service_month;

	*target = service_month;
	for (;;)
	{
		DateADT found;
		bool open = false;
		bool exists;

		CHECK_FOR_INTERRUPTS();
		share_period(month);
		exists = read_period(month, false, &found, &open);
		if (exists && open)
		{
			*target = month;
			return PERIOD_FOUND;
		}
		if (the_hospital()->refuse_late)
			return exists ? PERIOD_CLOSED : PERIOD_NOT_OPEN;
		if (!read_period(month, true, &found, &open))
			return exists ? PERIOD_CLOSED : PERIOD_NOT_OPEN;
		month = found;
	}
}
