/*
 * compat.h
 *		What differs between the supported majors (15, 17, 18). The only file that reads PG_VERSION_NUM.
 */
#ifndef HC_STORE_COMPAT_H
#define HC_STORE_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "hospital_cost requires PostgreSQL 15 or later"
#endif

/* PostgreSQL 16 moved the macros of variable-length datums out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* PostgreSQL 17 took the snapshot away from reading a BRIN's map. For files that include access/brin_revmap.h. */
#if PG_VERSION_NUM >= 170000
#define BRIN_REVMAP(index, pages) brinRevmapInitialize(index, pages)
#define BRIN_TUPLE(revmap, block, buffer, offset) brinGetTupleForHeapBlock(revmap, block, buffer, offset, NULL, BUFFER_LOCK_SHARE)
#else
#define BRIN_REVMAP(index, pages) brinRevmapInitialize(index, pages, NULL)
#define BRIN_TUPLE(revmap, block, buffer, offset) brinGetTupleForHeapBlock(revmap, block, buffer, offset, NULL, BUFFER_LOCK_SHARE, NULL)
#endif

/* PostgreSQL 16 renamed what reads one backend's status. For files that include utils/backend_status.h. */
#if PG_VERSION_NUM >= 160000
#define BACKEND_STATUS(i) pgstat_get_local_beentry_by_index(i)
#else
#define BACKEND_STATUS(i) pgstat_fetch_stat_local_beentry(i)
#endif

/* PostgreSQL 18 counts index searches here, too. For files that include access/genam.h. */
#if PG_VERSION_NUM >= 180000
#define INDEX_SCAN(rel, index, snapshot, keys) index_beginscan(rel, index, snapshot, NULL, keys, 0)
#else
#define INDEX_SCAN(rel, index, snapshot, keys) index_beginscan(rel, index, snapshot, keys, 0)
#endif

/* PostgreSQL 18 has another iterator for bitmaps of one process, and counts index searches. For files that include nodes/tidbitmap.h. */
#if PG_VERSION_NUM >= 180000
#define BITMAP_SCAN(index, snapshot, keys) index_beginscan_bitmap(index, snapshot, NULL, keys)
#define BITMAP_ITERATOR TBMPrivateIterator
#define BITMAP_BEGIN(bitmap) tbm_begin_private_iterate(bitmap)
#define BITMAP_RESULT TBMIterateResult
#define BITMAP_NEXT(iterator, result) tbm_private_iterate(iterator, &(result))
#define BITMAP_BLOCK(result) ((result).blockno)
#define BITMAP_END(iterator) tbm_end_private_iterate(iterator)
#else
#define BITMAP_SCAN(index, snapshot, keys) index_beginscan_bitmap(index, snapshot, keys)
#define BITMAP_ITERATOR TBMIterator
#define BITMAP_BEGIN(bitmap) tbm_begin_iterate(bitmap)
#define BITMAP_RESULT TBMIterateResult *
#define BITMAP_NEXT(iterator, result) (((result) = tbm_iterate(iterator)) != NULL)
#define BITMAP_BLOCK(result) ((result)->blockno)
#define BITMAP_END(iterator) tbm_end_iterate(iterator)
#endif

#endif
