/*
 * costing_pass.c
 *		The pass over the ledger that several processes share.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/paths.h"
#include "storage/shm_mq.h"
#include "storage/shm_toc.h"
#include "utils/memutils.h"

#include "store/costing_pass.h"

#define KEY_PASS UINT64CONST(0x4843000000000001)
#define KEY_PLAN UINT64CONST(0x4843000000000002)
#define KEY_QUEUE UINT64CONST(0x4843000000000003)
#define QUEUE_SIZE 65536
/* Blocks taken at a time when a pass is shared: few enough that all end at about the same time. */
#define MOST_PORTION 1024
#define PORTIONS 64

/* The library may lie elsewhere in a worker, so that a job goes by its number. */
static const LedgerJob *const jobs[] = {&ledger_total_job, &ledger_use_job};

typedef struct SharedPass
{
	LedgerRange range;
	int job;
	pg_atomic_uint64 entries;
} SharedPass;

struct LedgerTeller
{
	shm_mq_handle *queue;
};

PGDLLEXPORT void hc_read_ledger_share(dsm_segment *segment, shm_toc *toc);

/* As many workers as for a table of that size: one, and one more for each tripling. */
static int
count_workers(BlockNumber blocks)
{
	int64 size = Max(min_parallel_table_scan_size, 1);
	int workers = 0;

	if (IsInParallelMode())
		return 0;
	for (; blocks >= size && workers < max_parallel_workers_per_gather; size *= 3)
		workers++;
	return workers;
}

static ParallelContext *
launch(const LedgerRange *range, const LedgerJob *job, const void *plan, Size size, int workers, shm_mq_handle **queue)
{
	ParallelContext *context = CreateParallelContext("$libdir/hospital_cost", "hc_read_ledger_share", workers);
	SharedPass *pass;
	char *room;

	shm_toc_estimate_chunk(&context->estimator, sizeof(SharedPass));
	shm_toc_estimate_chunk(&context->estimator, size);
	shm_toc_estimate_chunk(&context->estimator, mul_size(QUEUE_SIZE, workers));
	shm_toc_estimate_keys(&context->estimator, 3);
	InitializeParallelDSM(context);
	pass = shm_toc_allocate(context->toc, sizeof(SharedPass));
	pass->range = *range;
	pass->range.portion = Min(range->blocks / PORTIONS + 1, MOST_PORTION);
	pg_atomic_init_u32(&pass->range.taken, 0);
	pg_atomic_init_u64(&pass->entries, 0);
	for (pass->job = 0; jobs[pass->job] != job; pass->job++)
		;
	shm_toc_insert(context->toc, KEY_PASS, pass);
	shm_toc_insert(context->toc, KEY_PLAN, memcpy(shm_toc_allocate(context->toc, size), plan, size));
	room = shm_toc_allocate(context->toc, mul_size(QUEUE_SIZE, workers));
	shm_toc_insert(context->toc, KEY_QUEUE, room);
	for (int i = 0; i < context->nworkers; i++)
	{
		shm_mq *mq = shm_mq_create(room + (Size) i * QUEUE_SIZE, QUEUE_SIZE);

		shm_mq_set_receiver(mq, MyProc);
		queue[i] = shm_mq_attach(mq, context->seg, NULL);
	}
	LaunchParallelWorkers(context);
	return context;
}

/* What a worker has to tell, until it has told all. One that dies lets go of its queue, and its error is raised by whoever waits for it. */
static void
hear(const LedgerJob *job, shm_mq_handle *queue, void *state)
{
	Size size;
	void *piece;

	while (shm_mq_receive(queue, &size, &piece, false) == SHM_MQ_SUCCESS)
		job->hear(state, piece, size);
	shm_mq_detach(queue);
}

static int64
share(LedgerRange *range, const LedgerJob *job, const void *plan, Size size, void *state, int workers)
{
	shm_mq_handle **queue = palloc(workers * sizeof(shm_mq_handle *));
	ParallelContext *context;
	SharedPass *pass;
	int64 entries;

	EnterParallelMode();
	context = launch(range, job, plan, size, workers, queue);
	pass = shm_toc_lookup(context->toc, KEY_PASS, false);
	for (int i = 0; i < context->nworkers_launched; i++)
		shm_mq_set_handle(queue[i], context->worker[i].bgwhandle);
	entries = costing_scan_range(&pass->range, job, state);
	for (int i = 0; i < context->nworkers_launched; i++)
		hear(job, queue[i], state);
	WaitForParallelWorkersToFinish(context);
	entries += (int64) pg_atomic_read_u64(&pass->entries);
	DestroyParallelContext(context);
	ExitParallelMode();
	pfree(queue);
	return entries;
}

int64
costing_pass(const LedgerJob *job, DateADT period, const void *plan, Size size, void *state)
{
	LedgerRange range;
	int workers;

	costing_find_range(&range, period);
	workers = count_workers(range.blocks);
	if (workers > 0)
		return share(&range, job, plan, size, state, workers);
	return costing_scan_range(&range, job, state);
}

void
ledger_tell(LedgerTeller *teller, const void *head, Size head_size, const void *tail, Size tail_size)
{
	shm_mq_iovec parts[2] = {{head, head_size}, {tail, tail_size}};

	if (shm_mq_sendv(teller->queue, parts, 2, false, false) != SHM_MQ_SUCCESS)
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the process that asked for a pass over the ledger is gone"));
}

/* A worker's part. */
void
hc_read_ledger_share(dsm_segment *segment, shm_toc *toc)
{
	SharedPass *pass = shm_toc_lookup(toc, KEY_PASS, false);
	const LedgerJob *job = jobs[pass->job];
	char *room = shm_toc_lookup(toc, KEY_QUEUE, false);
	shm_mq *mq = (shm_mq *) (room + (Size) ParallelWorkerNumber * QUEUE_SIZE);
	LedgerTeller teller;
	void *state;

	shm_mq_set_sender(mq, MyProc);
	teller.queue = shm_mq_attach(mq, segment, NULL);
	state = job->begin(shm_toc_lookup(toc, KEY_PLAN, false), &teller);
	pg_atomic_fetch_add_u64(&pass->entries, costing_scan_range(&pass->range, job, state));
	job->tell(state, &teller);
	shm_mq_detach(teller.queue);
}
