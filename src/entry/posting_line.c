/*
 * posting_line.c
 *		Lines and what was given back of them: locked before they are judged, followed where they go, and told if they go under their refunds.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "entry/posting_poster.h"
#include "store/posting_elsewhere.h"

/* A line whose entry was taken back under its refunds, or one of whose refunds was taken back. */
typedef struct Line
{
	struct Line *next;	 /* of the same row, in another encounter */
	struct Line *before; /* of all, the latest first */
	ChargeRow row;		 /* as it was: key, encounter, item, month */
	LedgerEntry entry;	 /* key and encounter by which its refunds are found */
	bool came;			 /* it was posted again */
	Piece came_to;		 /* in this encounter */
} Line;

typedef struct LineHead
{
	int64 key;
	Line *first;
	char status;
} LineHead;

#define SH_PREFIX line
#define SH_ELEMENT_TYPE LineHead
#define SH_KEY_TYPE int64
#define SH_KEY key
#define SH_HASH_KEY(tb, k) ((uint32) ((uint64) (k) ^ (uint64) (k) >> 32) * 2654435761u)
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct Lines
{
	line_hash *gone;	 /* under their refunds */
	line_hash *relieved; /* of a refund */
	Line *last_gone;
	Line *last_relieved;
};

void
poster_open_books(Poster *poster)
{
	if (poster->has_refunds && !poster->asked)
	{
		poster->elsewhere = elsewhere_any(poster->attachment->source_id);
		poster->asked = true;
	}
	/* Who may give back is locked batch by batch, and looked for as often; where the mapping knows no refunds, once a statement will do. */
	if (poster->follows && !poster->has_refunds && poster->quiet == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(poster->context);

		poster->quiet = books_shelf();
		MemoryContextSwitchTo(caller);
	}
	poster->books = poster->follows || poster->refunds || poster->elsewhere ? books_begin(poster->quiet) : NULL;
}

void
poster_want_row(Poster *poster, const ChargeRow *row)
{
	MemoryContext caller = MemoryContextSwitchTo(poster->context);
	int16 source_id = poster->attachment->source_id;
	Piece key_text;
	int64 key;

	if (!posting_is_refund(row))
		line_locks_want(&poster->locks, source_id, row->key, false);
	else if (ledger_original_key(poster->attachment, row, &key, &key_text))
		line_locks_want(&poster->locks, source_id, key, true);
	MemoryContextSwitchTo(caller);
}

void
poster_want_change(Poster *poster, TupleTableSlot *old_slot, TupleTableSlot *new_slot)
{
	ChargeRow old, new;

	if (old_slot == NULL)
		return;
	posting_decode(poster->attachment, old_slot, &old);
	if (new_slot != NULL)
	{
		posting_decode(poster->attachment, new_slot, &new);
		if (posting_same(&old, &new) || (old.state != CHARGE_CHARGED && new.state != CHARGE_CHARGED))
			return;
		if (new.state == CHARGE_CHARGED && posting_is_refund(&new))
			poster_want_row(poster, &new);
	}
	poster_want_row(poster, &old);
}

void
poster_lock(Poster *poster)
{
	line_locks_take(&poster->locks, poster->attachment->source_id);
	/* Whom we waited for may have left refunds behind. */
	poster->asked = false;
}

/* The key of an entry as findings have it. */
static char *
name_of(const LedgerEntry *entry)
{
	return posting_key_text(&(ChargeRow) {.key = entry->source_key, .key_text = entry->key_text});
}

static Line *
gone_line(const Poster *poster, int64 key)
{
	LineHead *head = poster->lines == NULL ? NULL : line_lookup(poster->lines->gone, key);

	return head == NULL ? NULL : head->first;
}

/* The encounters in which a line left refunds, before this statement or within it, some perhaps twice. "row_key" is the key its row has now. */
static int
encounters_of(const Poster *poster, const char *name, int64 row_key, Piece **encounters)
{
	int count = poster->elsewhere ? elsewhere_encounters(poster->attachment->source_id, name, encounters) : 0;
	int more = 0;

	for (const Line *line = gone_line(poster, row_key); line != NULL; line = line->next)
		more++;
	if (more == 0)
		return count;
	*encounters = count == 0 ? palloc(more * sizeof(Piece)) : repalloc(*encounters, (count + more) * sizeof(Piece));
	for (const Line *line = gone_line(poster, row_key); line != NULL; line = line->next)
		(*encounters)[count++] = line->entry.encounter;
	return count;
}

int
poster_left(Poster *poster, const LedgerEntry *original, const ChargeRow *self, RefundLeft *left)
{
	Piece *encounters = NULL;
	int count = encounters_of(poster, name_of(original), original->source_key, &encounters);

	return ledger_left(poster->books, original, encounters, count, self, left);
}

static Piece
copy_piece(Piece piece)
{
	return (Piece) {piece.text == NULL ? NULL : pnstrdup(piece.text, piece.length), piece.length};
}

/* Keeps a line until the statement ends. */
static void
keep_line(Poster *poster, bool gone, int64 key, const ChargeRow *row, const LedgerEntry *entry)
{
	MemoryContext caller = MemoryContextSwitchTo(poster->context);
	struct Lines *lines = poster->lines;
	LineHead *head;
	Line *line;
	bool found;

	if (lines == NULL)
	{
		lines = poster->lines = palloc0(sizeof(struct Lines));
		lines->gone = line_create(CurrentMemoryContext, 16, NULL);
		lines->relieved = line_create(CurrentMemoryContext, 16, NULL);
	}
	head = line_insert(gone ? lines->gone : lines->relieved, key, &found);
	if (!found || gone)
	{
		line = palloc0(sizeof(Line));
		line->next = found ? head->first : NULL;
		line->before = gone ? lines->last_gone : lines->last_relieved;
		*(gone ? &lines->last_gone : &lines->last_relieved) = head->first = line;
		line->row.key = row->key;
		line->row.key_text = copy_piece(row->key_text);
		line->row.period = entry->period;
		line->row.field[FIELD_ENCOUNTER] = copy_piece(entry->encounter);
		line->row.field[FIELD_ITEM] = copy_piece(row->field[FIELD_ITEM]);
		line->entry = *entry;
		line->entry.key_text = copy_piece(entry->key_text);
		line->entry.encounter = line->row.field[FIELD_ENCOUNTER];
	}
	MemoryContextSwitchTo(caller);
}

void
poster_line_goes(Poster *poster, const ChargeRow *old, const LedgerEntry *live)
{
	RefundLeft left = {0, 0};
	LedgerEntry line = {.source_id = poster->attachment->source_id, .source_key = old->key, .key_text = old->key_text, .period = old->period};

	if (live != NULL && live->kind == KIND_REVERSE)
	{
		const LedgerEntry *original = books_entry(poster->books, live->encounter, live->reverses);

		if (original != NULL)
		{
			ChargeRow row = {.key = original->source_key, .key_text = original->key_text};

			keep_line(poster, false, original->source_key, &row, original);
		}
	}
	if (live != NULL && live->kind != KIND_REVERSE)
	{
		if (poster_left(poster, live, NULL, &left) > 0)
			keep_line(poster, true, old->key, old, live);
	}
	/* Without an entry, or a refund now: the row may have been a line once, and refunds of that stand. */
	else if (poster->elsewhere && poster_left(poster, &line, NULL, &left) > 0)
		keep_line(poster, true, old->key, old, &line);
}

void
poster_check_refunds(Poster *poster, ChargeRow *row)
{
	LedgerEntry entry;
	RefundLeft left = {row->input.quantity, row->result.amount};

	if (poster->books == NULL || (row->version <= 1 && !poster->elsewhere && gone_line(poster, row->key) == NULL))
		return;
	ledger_entry_of_row(poster->attachment->source_id, row, &entry);
	if (poster_left(poster, &entry, NULL, &left) > 0)
		(void) ledger_is_overdrawn(&left, row);
}

void
poster_line_comes(Poster *poster, const ChargeRow *row)
{
	const char *below = issue_name(ISSUE_BELOW_REFUNDS);

	if (row->kind != KIND_POST)
		return;
	for (Line *line = gone_line(poster, row->key); line != NULL; line = line->next)
	{
		MemoryContext caller = MemoryContextSwitchTo(poster->context);

		line->came = true;
		line->came_to = copy_piece(row->field[FIELD_ENCOUNTER]);
		MemoryContextSwitchTo(caller);
	}
	/* It was told when the line went; now it is judged as it is. */
	if (poster->elsewhere && finding_is_open(poster->attachment->source_id, posting_key_text(row), below))
	{
		finding_flush(poster->findings);
		finding_resolve_code(poster->attachment->source_id, posting_key_text(row), below);
	}
}

/* A line that went: where its refunds are is kept in mind; without the line they are too many. */
static void
settle_gone(Poster *poster, Line *line)
{
	int16 source_id = poster->attachment->source_id;
	RefundLeft left = {0, 0};

	if (line->entry.encounter.text != NULL && !(line->came && piece_equal(line->came_to, line->entry.encounter)) &&
		ledger_left(poster->books, &line->entry, NULL, 0, NULL, &left) > 0)
		elsewhere_add(source_id, name_of(&line->entry), line->entry.encounter);
	left = (RefundLeft) {0, 0};
	if (line->came || line->next != NULL || poster_left(poster, &line->entry, NULL, &left) == 0 ||
		finding_is_open(source_id, posting_key_text(&line->row), issue_name(ISSUE_BELOW_REFUNDS)))
		return;
	if (ledger_is_overdrawn(&left, &line->row))
		poster_report(poster, &line->row);
}

/* A line one of whose refunds went: what was told of it may be true no more, and no refund may be left where one was noted. */
static void
settle_relieved(Poster *poster, Line *line)
{
	int16 source_id = poster->attachment->source_id;
	const char *name = name_of(&line->entry);
	const char *below = issue_name(ISSUE_BELOW_REFUNDS);
	RefundLeft left = {0, 0};
	LedgerEntry live;
	Piece *encounters = NULL;
	int16 last_version;
	int count = poster->elsewhere ? elsewhere_encounters(source_id, name, &encounters) : 0;

	for (int i = 0; i < count; i++)
	{
		LedgerEntry there = line->entry;

		there.encounter = encounters[i];
		left = (RefundLeft) {0, 0};
		if (ledger_left(poster->books, &there, NULL, 0, NULL, &left) == 0)
			elsewhere_remove(source_id, name, encounters[i]);
	}
	if (!finding_is_open(source_id, name, below))
		return;
	left = (RefundLeft) {0, 0};
	if (ledger_find_live(poster->books, source_id, line->entry.source_key, line->entry.key_text, line->entry.encounter, true, &live, &last_version) &&
		live.kind == KIND_POST)
		left = (RefundLeft) {live.quantity, live.amount};
	else
		live = line->entry;
	(void) ledger_left(poster->books, &live, encounters, count, NULL, &left);
	if (left.quantity >= 0 && left.amount >= 0)
		finding_resolve_code(source_id, name, below);
}

void
poster_settle_lines(Poster *poster)
{
	if (poster->lines == NULL)
		return;
	/* A row that waited does not say what its entry gave back. */
	for (Line *line = poster->lines->last_relieved; line != NULL && poster->pending != NULL; line = line->before)
	{
		MemoryContext caller = MemoryContextSwitchTo(poster->context);

		line_locks_want(&poster->locks, line->entry.source_id, line->entry.source_key, true);
		MemoryContextSwitchTo(caller);
	}
	poster_lock(poster);
	poster->follows = true;
	poster_open_books(poster);
	for (Line *line = poster->lines->last_gone; line != NULL; line = line->before, books_written(poster->books))
		settle_gone(poster, line);
	finding_flush(poster->findings);
	poster->elsewhere = true;
	for (Line *line = poster->lines->last_relieved; line != NULL; line = line->before, books_written(poster->books))
		settle_relieved(poster, line);
	poster->books = NULL;
}
