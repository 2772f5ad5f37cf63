/*
 * append.h
 *		Appends rows to one of the extension's own tables in batches: heap and indexes written directly, no executor, no privileges needed.
 *
 * For tables whose rows C makes itself: no CHECK, no default, no foreign key, no row trigger is run.
 */
#ifndef HC_STORE_APPEND_H
#define HC_STORE_APPEND_H

#include "postgres.h"

typedef struct Appender Appender;

/*
 * Opens a table for "expected" rows, at most "batch" of them between two flushes. The index "sensor" (NULL: none) is asked, in the descent
 * that inserts, whether an equal key was there. Lives in the current memory context.
 */
extern Appender *append_begin(const char *table, int batch, int64 expected, const char *sensor);

/* elog unless the table's columns are these, in this order: whoever fills rows by position says so by name. */
extern void append_check_columns(Appender *appender, const char *const *names, int count);

/* The next row's arrays of values and null marks, to be filled; by-reference values must live until the flush. */
extern void append_slot(Appender *appender, Datum **values, bool **nulls);

/* Writes what is pending. If "duplicate" is given, sets duplicate[i] for row i whose key the sensor already held. */
extern void append_flush(Appender *appender, bool *duplicate);

/* Flushes and closes. The table stays locked until the transaction ends. */
extern void append_end(Appender *appender);

/* Fills the values and null marks of a row; called once for the table and once for each index, values live until the next call in one place. */
typedef void (*AppendFill)(void *rows, int64 row, Datum *values, bool *nulls);

/* The order of the rows by a column, an array of "count" numbers of rows; NULL: as they come. */
typedef const int32 *(*AppendOrder)(void *rows, const char *column);

/*
 * Writes all of "count" rows of a table with these columns, then each index in the order of its first column that tells one: an index that is
 * filled in its own order costs a third of one that is filled at random.
 */
extern void append_ordered(const char *table, const char *const *columns, int column_count, int64 count, AppendFill fill, AppendOrder order,
						   void *rows);

/* Next value of a sequence, without asking for a privilege. */
extern int64 append_next_id(Oid sequence);

#endif
