/*
 * scored_source.c: truth and prediction of every row of a source, slice by slice.
 *
 * Rows are kept as they stream by, with the number of their slice; at the end they are put slice after slice, in the order of the
 * source within each.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/columns.h"
#include "api/labels.h"
#include "api/scored_source.h"
#include "dataset/dictionary.h"
#include "guc.h"
#include "monitoring/progress.h"
#include "nearest.h"
#include "quality/group_order.h"

#define POLL_MASK 0xffff

/* what is kept while the source streams by */
typedef struct Collected
{
	const MlModel *model;
	int64		n;
	int64		room;
	int64		unknown;		/* rows with a label the model does not know */
	const char *unknown_label;	/* the first of them */
	int64		no_target;		/* rows with a NULL target */
	double	   *out;
	double	   *y;
	int32	   *label;
	int32	   *class_of_code;	/* of the target's dictionary so far */
	uint32		mapped;
	uint32		map_room;
	const char *by;				/* NULL: no slices */
	MlDictionary *slices;
	uint32	   *slice;			/* of each row: code in slices, ML_NULL_CODE for NULL */
} Collected;

/* ---- memory ---- */

static Size
bytes_per_row(const Collected *c)
{
	Size		bytes = sizeof(double) * (ml_model_outputs(c->model) + 1);

	/* putting the rows slice after slice takes their order and a second copy of the predictions */
	if (c->by != NULL)
		bytes += sizeof(double) * ml_model_outputs(c->model) + sizeof(uint32) + sizeof(int64);
	return bytes;
}

/* palloc'd or repalloc'd */
static void *
resize(void *array, int64 n, Size size)
{
	Size		bytes = mul_size(n, size);

	return array != NULL ? repalloc_huge(array, bytes) : MemoryContextAllocHuge(CurrentMemoryContext, bytes);
}

/* double the room; what is over mlops.max_memory is refused with both numbers */
static void
make_room(Collected *c, int64 rows)
{
	int64		room = Max(c->room * 2, c->n + rows);
	Size		bytes;

	if (c->n + rows <= c->room)
		return;
	bytes = mul_size(room, bytes_per_row(c));
	if (bytes / 1024 > (Size) ml_max_memory_kb)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("evaluating more than " INT64_FORMAT " rows needs %zu MB, mlops.max_memory is %d MB",
						c->n, bytes >> 20, ml_max_memory_kb / 1024),
				 errhint("Raise mlops.max_memory, or evaluate a sample: SELECT * FROM ... TABLESAMPLE SYSTEM (10).")));
	if (room > UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot evaluate more than " INT64_FORMAT " rows", c->n),
				 errhint("Evaluate a sample: SELECT * FROM ... TABLESAMPLE SYSTEM (10).")));
	c->room = room;
	c->out = resize(c->out, room, sizeof(double) * ml_model_outputs(c->model));
	if (c->model->task == ML_TASK_REGRESSION)
		c->y = resize(c->y, room, sizeof(double));
	else
		c->label = resize(c->label, room, sizeof(int32));
	if (c->by != NULL)
		c->slice = resize(c->slice, room, sizeof(uint32));
}

/* ---- rows as they come ---- */

/* classes of dictionary entries that are new since the last batch */
static void
map_new_labels(Collected *c, const MlDictionary *dict)
{
	if (dict->n > c->map_room)
	{
		c->map_room = Max(dict->n, c->map_room * 2);
		c->class_of_code = resize(c->class_of_code, c->map_room, sizeof(int32));
	}
	if (dict->n > c->mapped)
	{
		ml_labels_map(c->model, dict, c->mapped, c->class_of_code);
		c->mapped = dict->n;
	}
}

static uint32
slice_code(Collected *c, const char *text)
{
	uint32		code;

	if (text == NULL)
		return ML_NULL_CODE;
	code = ml_dictionary_code(c->slices, text, strlen(text));
	if (code >= ML_MOST_SLICES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column \"%s\" has more than %d values to evaluate by", c->by, ML_MOST_SLICES),
				 errhint("Group the values in a SELECT given as source: width_bucket(...), date_trunc(...) or left(...).")));
	return code;
}

static void
collect(const MlDataset *batch, int first_extra, const double *out, void *arg)
{
	Collected  *c = arg;
	const MlColumn *target = &batch->columns[first_extra];
	char	  **slice = c->by != NULL ? batch->columns[first_extra + 1].text : NULL;
	bool		regression = c->model->task == ML_TASK_REGRESSION;
	int			k = ml_model_outputs(c->model);

	c->no_target = batch->skipped;
	make_room(c, batch->rows);
	if (!regression)
		map_new_labels(c, target->dict);
	for (int64 i = 0; i < batch->rows; i++)
	{
		if (regression)
			c->y[c->n] = target->number[0][i];
		else
		{
			c->label[c->n] = c->class_of_code[target->code[0][i]];
			if (c->label[c->n] == ML_UNKNOWN_CLASS)
			{
				if (c->unknown++ == 0)
					c->unknown_label = pstrdup(target->dict->text[target->code[0][i]]);
				continue;
			}
		}
		if (slice != NULL)
			c->slice[c->n] = slice_code(c, slice[i]);
		memcpy(c->out + c->n * k, out + i * k, sizeof(double) * k);
		c->n++;
	}
	ml_progress_update("rows scored", c->n, 0);
}

/* say what was left out, and stop when that is everything */
static void
check_rows(const Collected *c, const MlSource *source, int64 rows)
{
	if (rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("the source has no rows with a value in target \"%s\": %s", c->model->target,
						ml_source_label(source)),
				 errhint("Check the table, the WHERE clause, and row-level security for role \"%s\".",
						 GetUserNameFromId(GetUserId(), false))));
	if (c->no_target > 0)
		ereport(NOTICE,
				(errmsg("left out " INT64_FORMAT " of " INT64_FORMAT " rows without a value in target \"%s\"",
						c->no_target, rows + c->no_target, c->model->target)));
	if (c->unknown > 0 && c->n > 0)
		ereport(NOTICE,
				(errmsg("left out " INT64_FORMAT " of " INT64_FORMAT " rows whose label model \"%s\" does not know",
						c->unknown, rows, c->model->name),
				 errdetail("The first such label is \"%s\".", c->unknown_label)));
	if (c->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("no row of the source has a class that model \"%s\" knows", c->model->name),
				 errdetail("The first value of its target \"%s\" is \"%s\".", c->model->target, c->unknown_label),
				 errhint("%s", ml_nearest_hint(c->unknown_label, (const char *const *) c->model->classes, c->model->n_classes))));
}

/* ---- slices ---- */

/* place of each code's slice, and of NULL behind the codes; slices and their values go to s */
static int *
order_slices(const Collected *c, Form_pg_attribute attribute, MlScoredSource *s)
{
	int			n = (int) c->slices->n;
	char	  **text = ml_palloc_array(n + 1, sizeof(char *));
	int		   *place = ml_palloc_array(n + 1, sizeof(int));
	int		   *sorted;

	memcpy(text, c->slices->text, sizeof(char *) * n);
	text[n] = NULL;
	sorted = ml_group_order(text, n + 1, attribute);
	s->n_slices = n + 1;
	s->slice = ml_palloc_array(n + 1, sizeof(char *));
	for (int i = 0; i <= n; i++)
	{
		place[sorted[i]] = i;
		s->slice[i] = text[sorted[i]];
	}
	return place;
}

/* array[to[i]] := the old array[i], in a new array; the old one is freed */
static void *
scatter(void *array, const int64 *to, int64 n, Size size)
{
	char	   *sorted;

	if (array == NULL)
		return NULL;
	sorted = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(n, size));
	for (int64 i = 0; i < n; i++)
	{
		if ((i & POLL_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		memcpy(sorted + to[i] * size, (char *) array + i * size, size);
	}
	pfree(array);
	return sorted;
}

/* counting sort of the rows by slice */
static void
sort_by_slice(Collected *c, Form_pg_attribute attribute, MlScoredSource *s)
{
	int		   *place = order_slices(c, attribute, s);
	int64	   *next = ml_palloc_array(s->n_slices, sizeof(int64));
	int64	   *to = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(c->n, sizeof(int64)));

	s->start = ml_palloc_array(s->n_slices + 1, sizeof(int64));
	memset(s->start, 0, sizeof(int64) * (s->n_slices + 1));
	for (int64 i = 0; i < c->n; i++)
		s->start[place[Min(c->slice[i], c->slices->n)] + 1]++;
	for (int i = 0; i < s->n_slices; i++)
		s->start[i + 1] += s->start[i];
	memcpy(next, s->start, sizeof(int64) * s->n_slices);
	for (int64 i = 0; i < c->n; i++)
		to[i] = next[place[Min(c->slice[i], c->slices->n)]]++;
	s->y = scatter(s->y, to, c->n, sizeof(double));
	s->label = scatter(s->label, to, c->n, sizeof(int32));
	s->out = scatter(s->out, to, c->n, sizeof(double) * ml_model_outputs(c->model));
	pfree(to);
	pfree(c->slice);
}

/* a value of by whose rows have all been left out is no slice, nor is NULL where no row has it */
static void
drop_empty_slices(MlScoredSource *s)
{
	int			kept = 0;

	for (int i = 0; i < s->n_slices; i++)
	{
		if (s->start[i] == s->start[i + 1])
			continue;
		s->slice[kept] = s->slice[i];
		s->start[kept++] = s->start[i];
	}
	s->start[kept] = s->n;
	s->n_slices = kept;
}

/* ---- all of it ---- */

MlScoredSource *
ml_scored_source_read(const MlModel *model, MlSource *source, const char *by)
{
	Collected	c = {.model = model,.by = by};
	MlScoredSource *s = palloc0(sizeof(MlScoredSource));
	MlColumnRequest extra[2] = {ml_labels_request(model, source)};
	int64		rows;

	if (by != NULL)
	{
		extra[1].attnum = ml_columns_find(source->desc, by, "by");
		extra[1].role = ML_ROLE_KEY;
		c.slices = ml_dictionary_create(ml_budget_create(CurrentMemoryContext, (Size) ml_max_memory_kb * 1024), by);
	}
	rows = ml_model_stream(model, source, extra, by != NULL ? 2 : 1, collect, &c);
	check_rows(&c, source, rows);

	s->model = model;
	s->n = c.n;
	s->bytes = mul_size(c.n, sizeof(double) * (ml_model_outputs(model) + 1));
	s->y = c.y;
	s->label = c.label;
	s->out = c.out;
	if (by != NULL)
	{
		sort_by_slice(&c, TupleDescAttr(source->desc, extra[1].attnum - 1), s);
		drop_empty_slices(s);
	}
	else
	{
		s->n_slices = 1;
		s->slice = palloc0(sizeof(char *));
		s->start = palloc0(2 * sizeof(int64));
		s->start[1] = s->n;
	}
	return s;
}

MlScored
ml_scored_slice(const MlScoredSource *s, int slice)
{
	MlScored	scored = {0};
	int64		from = s->start[slice];

	scored.task = s->model->task;
	scored.n = s->start[slice + 1] - from;
	scored.y = s->y != NULL ? s->y + from : NULL;
	scored.label = s->label != NULL ? s->label + from : NULL;
	scored.out = s->out + from * ml_model_outputs(s->model);
	scored.n_classes = s->model->n_classes;
	scored.classes = s->model->classes;
	scored.threshold = ml_model_threshold(s->model);
	return scored;
}
