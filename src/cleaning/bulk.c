/*
 * bulk.c: rows into a table that was made a moment ago, many at a time, as CREATE TABLE AS and COPY write them.
 *
 * Nobody else sees the table yet.  It has no index, trigger or constraint, so that a row is nothing but its tuple.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "cleaning/bulk.h"

#define BULK_ROWS 128

struct MlBulk
{
	Relation	relation;
	BulkInsertState state;
	CommandId	command;
	MemoryContext home;			/* of the slots: rows come while the executor's context is the current one, which ends before us */
	MemoryContext context;		/* of what a batch needs */
	int			n;				/* slots filled */
	TupleTableSlot *slots[BULK_ROWS];	/* made at first use */
};

MlBulk *
ml_bulk_begin(Oid relation)
{
	MlBulk	   *bulk = palloc0(sizeof(MlBulk));

	bulk->relation = table_open(relation, RowExclusiveLock);
	if (bulk->relation->rd_rel->relhasindex || bulk->relation->trigdesc != NULL || bulk->relation->rd_rel->relrowsecurity ||
		bulk->relation->rd_att->constr != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" was given indexes, triggers or constraints while it was made",
						RelationGetRelationName(bulk->relation)),
				 errhint("An event trigger of this database does that; name a destination that it leaves alone.")));
	bulk->state = GetBulkInsertState();
	bulk->command = GetCurrentCommandId(true);
	bulk->home = CurrentMemoryContext;
	bulk->context = AllocSetContextCreate(CurrentMemoryContext, "mlops bulk insert", ALLOCSET_DEFAULT_SIZES);
	return bulk;
}

static void
flush(MlBulk *bulk)
{
	MemoryContext old;

	if (bulk->n == 0)
		return;
	old = MemoryContextSwitchTo(bulk->context);
	table_multi_insert(bulk->relation, bulk->slots, bulk->n, bulk->command, TABLE_INSERT_SKIP_FSM, bulk->state);
	MemoryContextSwitchTo(old);
	MemoryContextReset(bulk->context);
	for (int i = 0; i < bulk->n; i++)
		ExecClearTuple(bulk->slots[i]);
	bulk->n = 0;
}

TupleTableSlot *
ml_bulk_slot(MlBulk *bulk)
{
	if (bulk->n == BULK_ROWS)
		flush(bulk);
	if (bulk->slots[bulk->n] == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(bulk->home);

		bulk->slots[bulk->n] = table_slot_create(bulk->relation, NULL);
		MemoryContextSwitchTo(old);
	}
	return ExecClearTuple(bulk->slots[bulk->n]);
}

/* The values belong to the row that was read: the slot takes a copy. */
void
ml_bulk_put(MlBulk *bulk)
{
	TupleTableSlot *slot = bulk->slots[bulk->n];

	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
	bulk->n++;
}

void
ml_bulk_end(MlBulk *bulk)
{
	flush(bulk);
	for (int i = 0; i < BULK_ROWS && bulk->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(bulk->slots[i]);
	FreeBulkInsertState(bulk->state);
	table_finish_bulk_insert(bulk->relation, TABLE_INSERT_SKIP_FSM);
	table_close(bulk->relation, NoLock);
}
