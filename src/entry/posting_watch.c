/*
 * posting_watch.c
 *		Attached tables whose columns are renamed, and the extension dropped with the books in it.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "entry/posting_watch.h"
#include "entry/setting.h"
#include "entry/sql.h"

static object_access_hook_type previous_hook = NULL;

static void
require_event_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("attached tables are watched by event triggers"));
}

/*
 * The function that follows a command, NULL if it is none of ours. Only what the command itself did may be followed: a restore alters tables too, when
 * their triggers are not there yet, or their attachments.
 */
static const char *
follower(Node *command)
{
	ListCell *cell;

	if (IsA(command, RenameStmt))
		return ((RenameStmt *) command)->renameType == OBJECT_COLUMN ? "_follow_column" : "_follow_names";
	if (IsA(command, AlterObjectSchemaStmt))
		return "_follow_names";
	if (IsA(command, CreateStmt) && ((CreateStmt *) command)->partbound != NULL)
		return "_follow_new_partition";
	if (IsA(command, AlterTableStmt))
		foreach(cell, ((AlterTableStmt *) command)->cmds)
		{
			AlterTableType type = ((AlterTableCmd *) lfirst(cell))->subtype;

			if (type == AT_AttachPartition)
				return "_follow_new_partition";
			if (type == AT_DetachPartition || type == AT_DetachPartitionFinalize)
				return "_follow_old_partition";
		}
	return NULL;
}

SQL_FUNCTION(hc_follow_tables);

/* Event trigger: ddl_command_end of what renames tables or makes them. Only the parse tree still has the name a column went by. */
Datum
hc_follow_tables(PG_FUNCTION_ARGS)
{
	Node *command;
	const char *function;
	Oid types[2] = {TEXTOID, TEXTOID};
	Datum names[2] = {0};
	int count = 0;

	require_event_trigger(fcinfo);
	command = ((EventTriggerData *) fcinfo->context)->parsetree;
	function = follower(command);
	if (function == NULL)
		PG_RETURN_NULL();
	if (strcmp(function, "_follow_column") == 0)
	{
		names[count++] = CStringGetTextDatum(((RenameStmt *) command)->subname);
		names[count++] = CStringGetTextDatum(((RenameStmt *) command)->newname);
	}
	SPI_connect();
	if (SPI_execute_with_args(psprintf("SELECT hospital_cost.%s(%s)", function, count == 0 ? "" : "$1, $2"), count, types, names, NULL,
							  false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not follow a change of tables");
	SPI_finish();
	PG_RETURN_NULL();
}

SQL_FUNCTION(hc_guard_drop);

/* Event trigger: ddl_command_start of what can drop an extension. That it was called has loaded the library, whose hook does the rest. */
Datum
hc_guard_drop(PG_FUNCTION_ARGS)
{
	require_event_trigger(fcinfo);
	PG_RETURN_NULL();
}

static bool
has_rows(Oid relid)
{
	Relation rel = table_open(relid, AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	bool found = table_scan_getnextslot(scan, ForwardScanDirection, slot);

	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	return found;
}

/* However the extension comes to be dropped, its ledger is dropped on the way. */
static void
guard_ledger(ObjectAccessType access, Oid class, Oid object, int sub, void *arg)
{
	char *name;

	if (previous_hook != NULL)
		previous_hook(access, class, object, sub, arg);
	if (access != OAT_DROP || class != RelationRelationId || sub != 0 || posting_allow_drop)
		return;
	name = get_rel_name(object);
	if (name == NULL || (strcmp(name, "_ledger") != 0 && strcmp(name, "_payment") != 0) || get_rel_namespace(object) != get_namespace_oid("hospital_cost", true))
		return;
	if (has_rows(object))
		ereport(ERROR, errcode(MAKE_SQLSTATE('M', 'C', '2', '1', '6')),
				errmsg("the extension cannot be dropped while its ledger has entries"),
				errdetail("Its tables would go with it: the entries, the prices, the costs and the runs."),
				errhint("Dump the database; then, if you mean it, SET hospital_cost.posting_allow_drop = on as a superuser and drop again."));
}

void
posting_watch_init(void)
{
	previous_hook = object_access_hook;
	object_access_hook = guard_ledger;
}
