/*
 * posting_lock.c
 *		Advisory locks by table and by key. Those of the tables let many lines be one lock, which excludes the single ones it must.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lock.h"

#include "store/posting_lock.h"

/* First keys of the advisory locks: of lines and payments, the second key being their hash; of tables, the second key being the source, 0 for payments. */
#define LINE_LOCK_CLASS 18503
#define PAYMENT_LOCK_CLASS 18505
#define TABLE_LOCK_CLASS 18506

/* So many of the former in one transaction; a server has room for some thousand by default. */
#define LINES_AT_MOST 1000

void
line_locks_want(LineLocks *wanted, int16 source_id, int64 key, bool gives_back)
{
	line_locks_want_slot(wanted, hash_combine(murmurhash32((uint32) source_id), murmurhash32((uint32) ((uint64) key >> 32)) ^ (uint32) key), gives_back);
}

void
line_locks_want_slot(LineLocks *wanted, uint32 slot, bool gives_back)
{
	if (wanted->count == wanted->room)
	{
		wanted->room = Max(16, wanted->room * 2);
		wanted->locks = wanted->locks == NULL ? palloc(wanted->room * sizeof(LineLock)) : repalloc_huge(wanted->locks, wanted->room * sizeof(LineLock));
	}
	wanted->locks[wanted->count++] = (LineLock) {slot, gives_back};
}

/* By slot, the stronger lock of a slot first. */
static int
by_slot(const void *a, const void *b)
{
	const LineLock *x = a;
	const LineLock *y = b;

	return x->slot != y->slot ? (x->slot < y->slot ? -1 : 1) : (int) y->gives_back - (int) x->gives_back;
}

static void
take(uint32 class, uint32 second, LOCKMODE mode)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, class, second, 2);
	(void) LockAcquire(&tag, mode, false, false);
}

/* How many locks this transaction has, with those wanted now. */
static int64
count_locks(int more)
{
	static TransactionId transaction = InvalidTransactionId;
	static int64 count = 0;

	if (!TransactionIdEquals(transaction, GetTopTransactionId()))
		count = 0;
	transaction = GetTopTransactionId();
	return count += more;
}

/*
 * On the lock of the table: lines that are given back one by one exclude many that are changed or given back; many that are changed exclude any that are given
 * back, many that are given back exclude all. Changes exclude no changes: the rows' own locks do that.
 */
static void
take_all(LineLocks *wanted, uint32 class, int16 source_id)
{
	bool gives_back = false;
	int count = 0;

	if (wanted->count == 0)
		return;
	qsort(wanted->locks, wanted->count, sizeof(LineLock), by_slot);
	for (int i = 0; i < wanted->count; i++)
	{
		gives_back |= wanted->locks[i].gives_back;
		if (i == 0 || wanted->locks[i].slot != wanted->locks[count - 1].slot)
			wanted->locks[count++] = wanted->locks[i];
	}
	wanted->count = 0;
	if (count_locks(count) > LINES_AT_MOST)
	{
		take(TABLE_LOCK_CLASS, (uint32) source_id, gives_back ? ExclusiveLock : ShareLock);
		return;
	}
	take(TABLE_LOCK_CLASS, (uint32) source_id, gives_back ? RowExclusiveLock : RowShareLock);
	for (int i = 0; i < count; i++)
		take(class, wanted->locks[i].slot, wanted->locks[i].gives_back ? ExclusiveLock : ShareLock);
}

void
line_locks_take(LineLocks *wanted, int16 source_id)
{
	take_all(wanted, LINE_LOCK_CLASS, source_id);
}

void
payment_locks_take(LineLocks *wanted)
{
	take_all(wanted, PAYMENT_LOCK_CLASS, 0);
}
