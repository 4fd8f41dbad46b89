/*
 * profile_store.c: batches of the stream as columns kept whole.
 *
 * Numbers are copied a batch a piece, NULL and NaN as NaN; texts become codes of a dictionary. Without groups a text is only counted,
 * with groups the code of each row is kept.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "dataset/dictionary.h"
#include "quality/profile_internal.h"

/* of a distinct text beside its own: pointer, length, hash, two slots of the index, count, and what it is described by */
#define TEXT_BYTES 64

/* ---- growing arrays ---- */

void *
ml_profile_grow(MlProfileStore *store, void *array, int64 n, int *room, Size size)
{
	MemoryContext old;
	void	   *larger;

	if (n < *room)
		return array;
	old = MemoryContextSwitchTo(store->context);
	*room = Max(*room * 2, 16);
	larger = ml_palloc_array(*room, size);
	memset(larger, 0, *room * size);
	if (array != NULL)
	{
		memcpy(larger, array, n * size);
		pfree(array);
	}
	MemoryContextSwitchTo(old);
	return larger;
}

static void
add_piece(MlProfileStore *store)
{
	int			n = store->n_pieces;
	int			room = store->pieces_room;

	for (int c = 0; c < store->n_columns; c++)
	{
		MlProfileColumn *column = &store->columns[c];

		room = store->pieces_room;
		if (column->kind == ML_PROFILE_NUMBER)
			column->number = ml_profile_grow(store, column->number, n, &room, sizeof(double *));
		else if (column->kind == ML_PROFILE_TEXT && store->by >= 0)
			column->code = ml_profile_grow(store, column->code, n, &room, sizeof(uint32 *));
	}
	room = store->pieces_room;
	store->group = ml_profile_grow(store, store->group, n, &room, sizeof(uint32 *));
	store->pieces_room = room;
	store->n_pieces++;
}

/* ---- groups ---- */

static int
add_group(MlProfileStore *store, const char *text)
{
	int			g = store->n_groups;
	int			room;
	MemoryContext old;

	if (g == ML_PROFILE_GROUPS && store->by >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column \"%s\" makes too many groups", NameStr(store->by_attribute->attname)),
				 errdetail("At most %d groups can be profiled.", ML_PROFILE_GROUPS),
				 errhint("Group by a column of fewer values, for example by a range in a SELECT given as source.")));
	room = store->groups_room;
	store->group_text = ml_profile_grow(store, store->group_text, g, &room, sizeof(char *));
	room = store->groups_room;
	store->group_rows = ml_profile_grow(store, store->group_rows, g, &room, sizeof(int64));
	room = store->groups_room;
	store->cells = ml_profile_grow(store, store->cells, g, &room, sizeof(MlProfileCell *));
	store->groups_room = room;
	old = MemoryContextSwitchTo(store->context);
	store->group_text[g] = text == NULL ? NULL : pstrdup(text);
	store->cells[g] = ml_palloc_array(store->n_columns + 1, sizeof(MlProfileCell));
	memset(store->cells[g], 0, (store->n_columns + 1) * sizeof(MlProfileCell));
	MemoryContextSwitchTo(old);
	return store->n_groups++;
}

/* number of the group of a text; group_of[code] would do, but for NULL, which may have come at any time */
static int
group_of(MlProfileStore *store, const char *text)
{
	uint32		before = store->groups->n;
	uint32		code;

	if (text == NULL)
	{
		if (store->null_group < 0)
			store->null_group = add_group(store, NULL);
		return store->null_group;
	}
	code = ml_dictionary_code(store->groups, text, strlen(text));
	if (code == before)
		return add_group(store, text);
	return code + (store->null_group >= 0 && code >= store->null_group);
}

static void
assign_groups(MlProfileStore *store, const MlDataset *batch)
{
	char	  **text = batch->columns[store->by].text;
	uint32	   *group = ml_budget_alloc(store->budget, batch->rows, sizeof(uint32), "groups of rows");

	for (int64 r = 0; r < batch->rows; r++)
	{
		group[r] = group_of(store, text[r]);
		store->group_rows[group[r]]++;
	}
	store->group[store->n_pieces - 1] = group;
}

/* ---- columns ---- */

static void
count_missing(MlProfileStore *store, const MlDataset *batch, int c)
{
	MlProfileColumn *column = &store->columns[c];
	const MlColumn *in = &batch->columns[column->request];
	const double *present = column->presence < 0 ? NULL : batch->columns[column->presence].number[0];
	uint32	   *group;

	if (store->by < 0)
	{
		store->cells[0][c].nulls += in->nulls;
		store->cells[0][c].nans += in->nans;
		return;
	}
	if (in->nulls + in->nans == 0)
		return;
	group = store->group[store->n_pieces - 1];
	for (int64 r = 0; r < batch->rows; r++)
	{
		MlProfileCell *cell = &store->cells[group[r]][c];
		bool		missing = in->text != NULL ? in->text[r] == NULL : isnan(in->number[0][r]);

		if (!missing)
			continue;
		if (present != NULL && !isnan(present[r]))
			cell->nans++;
		else
			cell->nulls++;
	}
}

static void
keep_numbers(MlProfileStore *store, const MlDataset *batch, MlProfileColumn *column)
{
	double	   *piece = ml_budget_alloc(column->budget, batch->rows, sizeof(double), "columns of the profile");

	memcpy(piece, batch->columns[column->request].number[0], batch->rows * sizeof(double));
	column->number[store->n_pieces - 1] = piece;
	column->bytes += batch->rows * sizeof(double);
}

static void
count_text(MlProfileColumn *column, uint32 code)
{
	if (code >= column->count_room)
	{
		uint32		room = column->count_room == 0 ? 64 : column->count_room * 2;
		int64	   *larger = ml_budget_alloc(column->budget, room, sizeof(int64), "counts of texts");

		memset(larger, 0, room * sizeof(int64));
		if (column->count_room > 0)
			memcpy(larger, column->count, column->count_room * sizeof(int64));
		ml_budget_free(column->budget, column->count);
		column->count = larger;
		column->count_room = room;
	}
	column->count[code]++;
}

static void
keep_texts(MlProfileStore *store, const MlDataset *batch, MlProfileColumn *column)
{
	char	  **text = batch->columns[column->request].text;
	uint32	   *piece = NULL;

	if (store->by >= 0)
	{
		piece = ml_budget_alloc(column->budget, batch->rows, sizeof(uint32), "columns of the profile");
		column->bytes += batch->rows * sizeof(uint32);
		column->code[store->n_pieces - 1] = piece;
	}
	for (int64 r = 0; r < batch->rows; r++)
	{
		uint32		before = column->dict->n;
		uint32		length = text[r] == NULL ? 0 : strlen(text[r]);
		uint32		code = text[r] == NULL ? ML_NULL_CODE : ml_dictionary_code(column->dict, text[r], length);

		if (column->dict->n > before)
			column->bytes += length + TEXT_BYTES;
		if (piece != NULL)
			piece[r] = code;
		else if (text[r] != NULL)
			count_text(column, code);
	}
}

/* ---- from the stream ---- */

void
ml_profile_store_start(MlProfileStore *store)
{
	MemoryContext old = MemoryContextSwitchTo(store->context);

	store->null_group = -1;
	if (store->by >= 0)
		store->groups = ml_dictionary_create(store->budget, NameStr(store->by_attribute->attname));
	else
		add_group(store, NULL);
	for (int c = 0; c < store->n_columns; c++)
	{
		MlProfileColumn *column = &store->columns[c];

		if (column->kind == ML_PROFILE_COUNTED)
			continue;
		store->n_kept++;
		column->context = AllocSetContextCreate(store->context, "mlops profile column", ALLOCSET_SMALL_SIZES);
		column->budget = ml_budget_create(column->context, store->limit);
		MemoryContextSwitchTo(column->context);
		if (column->kind == ML_PROFILE_TEXT)
			column->dict = ml_dictionary_create(column->budget, column->name);
		MemoryContextSwitchTo(store->context);
	}
	MemoryContextSwitchTo(old);
}

void
ml_profile_store_batch(MlDataset *batch, void *arg)
{
	MlProfileStore *store = arg;

	CHECK_FOR_INTERRUPTS();
	add_piece(store);
	if (store->by >= 0)
		assign_groups(store, batch);
	else
		store->group_rows[0] += batch->rows;
	for (int c = 0; c < store->n_columns; c++)
	{
		MlProfileColumn *column = &store->columns[c];

		count_missing(store, batch, c);
		if (column->sketch != NULL)
			continue;
		if (column->kind == ML_PROFILE_NUMBER)
			keep_numbers(store, batch, column);
		else if (column->kind == ML_PROFILE_TEXT)
			keep_texts(store, batch, column);
	}
	store->rows += batch->rows;
	ml_profile_sketch_batch(store, batch);
	ml_profile_sketch_some(store);
	/* the groups of rows are for the columns that are kept */
	if (store->n_kept == 0 && store->by >= 0)
	{
		ml_budget_free(store->budget, store->group[store->n_pieces - 1]);
		store->group[store->n_pieces - 1] = NULL;
	}
}

MlProfileOrder
ml_profile_store_order(MlProfileStore *store)
{
	MlProfileOrder order = {0};
	int64	   *next;

	order.start = ml_palloc_array(store->n_groups + 1, sizeof(int64));
	order.start[0] = 0;
	for (int g = 0; g < store->n_groups; g++)
		order.start[g + 1] = order.start[g] + store->group_rows[g];
	if (store->by < 0 || store->n_kept == 0)
		return order;
	if (store->rows > UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("source has too many rows to be profiled by group"),
				 errhint("Give a SELECT that takes a sample, for example with TABLESAMPLE.")));
	order.order = ml_budget_alloc(store->budget, store->rows, sizeof(uint32), "order of rows");
	next = ml_palloc_array(store->n_groups + 1, sizeof(int64));
	memcpy(next, order.start, store->n_groups * sizeof(int64));
	for (int64 row = 0; row < store->rows; row++)
	{
		if ((row & (store->batch - 1)) == 0)
			CHECK_FOR_INTERRUPTS();
		order.order[next[store->group[row >> store->batch_bits][row & (store->batch - 1)]]++] = row;
	}
	pfree(next);
	return order;
}
