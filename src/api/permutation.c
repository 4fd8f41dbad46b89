/*
 * permutation.c: importance by permutation (see importance.h).
 *
 * The rows are loaded once.  The preprocessing then looks at a shadow of the data, whose columns are those of the data but for the one
 * that is permuted at the moment, of which there is a copy; rows are prepared and scored a panel at a time.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/importance.h"
#include "api/labels.h"
#include "api/pool.h"
#include "api/report.h"
#include "guc.h"
#include "kernels/blas.h"
#include "kernels/rng.h"
#include "scoring/inputs.h"

#define REPEATS 5				/* as scikit-learn's permutation_importance */
#define PANEL_ROWS 65536

typedef struct Permutation
{
	const MlModel *model;
	MlBudget   *budget;
	MlkPool    *pool;
	const MlDataset *data;
	MlDataset	shadow;
	int			n_inputs;

	int64		n;				/* rows that can be scored */
	uint32	   *rows;			/* their numbers, ascending */
	uint32	   *dealt;			/* the same rows, dealt out anew */
	MlScored	scored;
	double	   *out;
	MlPrepPanel *panel;
	MemoryContext scratch;		/* of one report */

} Permutation;

static MlDataset *
load(const MlModel *model, MlSource *source, MlBudget *budget, MlkPool *pool)
{
	int			n_inputs = ml_prep_n_inputs(model->prep);
	int		   *attnums = ml_palloc_array(n_inputs + 1, sizeof(int));
	MlColumnRequest *request = ml_palloc_array((Size) n_inputs + 1, sizeof(MlColumnRequest));

	ml_model_match_columns(model, source->desc, attnums);
	for (int i = 0; i < n_inputs; i++)
		request[i] = (MlColumnRequest)
	{
		.attnum = attnums[i],.role = ML_ROLE_FEATURE
	};
	request[n_inputs] = ml_labels_request(model, source);
	return ml_dataset_load(source, request, n_inputs + 1, budget, pool);
}

/* what only the values tell */
static void
check_values(const MlModel *model, const MlDataset *data)
{
	for (int i = 0; i < ml_prep_n_inputs(model->prep); i++)
	{
		const MlInput *input = ml_prep_input(model->prep, i);
		const MlColumn *column = &data->columns[i];

		if (column->infinities > 0)
			ml_model_not_finite(model, input->name);
		if (input->type == ML_TYPE_ARRAY && column->width != 0 && column->width != input->width)
			ml_model_wrong_width(model, input, column->width);
	}
}

/* rows whose truth the model can be compared with, and that truth */
static void
take_truth(Permutation *p)
{
	const MlColumn *target = &p->data->columns[p->n_inputs];
	bool		regression = p->model->task == ML_TASK_REGRESSION;
	int32	   *class = NULL;
	double	   *y = NULL;
	int32	   *label = NULL;

	p->rows = ml_budget_alloc(p->budget, Max(p->data->rows, 1), sizeof(uint32), "row numbers");
	if (regression)
		p->scored.y = y = ml_budget_alloc(p->budget, Max(p->data->rows, 1), sizeof(double), "target");
	else
	{
		class = ml_palloc_array(target->dict->n + 1, sizeof(int32));
		ml_labels_map(p->model, target->dict, 0, class);
		p->scored.label = label = ml_budget_alloc(p->budget, Max(p->data->rows, 1), sizeof(int32), "labels");
	}
	for (int64 i = 0; i < p->data->rows; i++)
	{
		int64		chunk = i >> ML_CHUNK_BITS;

		if ((i & ML_CHUNK_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (regression)
			y[p->n] = target->number[chunk][i & ML_CHUNK_MASK];
		else
		{
			label[p->n] = class[target->code[chunk][i & ML_CHUNK_MASK]];
			if (label[p->n] == ML_UNKNOWN_CLASS)
				continue;
		}
		p->rows[p->n++] = (uint32) i;
	}
	if (p->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("the source has no rows with a value in target \"%s\" that the model knows", p->model->target),
				 errhint("Check the table, the WHERE clause, and row-level security for role \"%s\".",
						 GetUserNameFromId(GetUserId(), false))));
}

static void
prepare(Permutation *p)
{
	int			k = ml_model_outputs(p->model);

	take_truth(p);
	p->scored.task = p->model->task;
	p->scored.n = p->n;
	p->scored.n_classes = p->model->n_classes;
	p->scored.classes = p->model->classes;
	p->scored.threshold = ml_model_threshold(p->model);
	p->out = ml_budget_alloc(p->budget, mul_size(p->n, k), sizeof(double), "predictions");
	p->scored.out = p->out;
	p->dealt = ml_budget_alloc(p->budget, p->n, sizeof(uint32), "permuted rows");
	p->scratch = AllocSetContextCreate(CurrentMemoryContext, "mlops metrics", ALLOCSET_DEFAULT_SIZES);
	p->shadow = *p->data;
	p->shadow.columns = ml_palloc_array(p->data->n_columns, sizeof(MlColumn));
	memcpy(p->shadow.columns, p->data->columns, sizeof(MlColumn) * p->data->n_columns);
	p->panel = ml_prep_panel_create(p->model->prep, &p->shadow, Min(p->n, PANEL_ROWS), p->budget, p->pool);
}

/* the default metric on the shadow as it is now */
static double
measure(Permutation *p)
{
	int			k = ml_model_outputs(p->model);
	const char *metric = ml_report_metric(NULL, p->model->task, p->model->n_classes);
	MemoryContext caller;
	MlReport	report;
	double		value;

	for (int64 from = 0; from < p->n; from += PANEL_ROWS)
	{
		const MlkDesign *x = ml_prep_panel(p->panel, p->rows + from, Min(PANEL_ROWS, p->n - from));

		CHECK_FOR_INTERRUPTS();
		ml_model_predict(p->model, x, p->out + from * k, p->pool);
	}
	caller = MemoryContextSwitchTo(p->scratch);
	report = ml_report_make(&p->scored, p->pool);
	value = ml_report_value(&report, metric);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(p->scratch);
	return value;
}

/* Fisher and Yates; the same for every column, so that columns are compared on equal terms */
static void
deal(Permutation *p, int repeat)
{
	MlkRng		rng;

	mlk_rng_seed(&rng, (uint64) repeat + 1);
	memcpy(p->dealt, p->rows, sizeof(uint32) * p->n);
	for (int64 i = p->n - 1; i > 0; i--)
	{
		int64		j = (int64) mlk_rng_below(&rng, (uint64) i + 1);
		uint32		row = p->dealt[i];

		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		p->dealt[i] = p->dealt[j];
		p->dealt[j] = row;
	}
}

/* chunks for a copy of a column, items of size bytes a row */
static void **
make_chunks(Permutation *p, Size size)
{
	int64		n = (p->data->rows + ML_CHUNK_ROWS - 1) / ML_CHUNK_ROWS;
	void	  **chunks = ml_palloc_array(n + 1, sizeof(void *));

	for (int64 i = 0; i < n; i++)
		chunks[i] = ml_budget_alloc(p->budget, Min(ML_CHUNK_ROWS, p->data->rows - i * ML_CHUNK_ROWS), size, "a permuted column");
	return chunks;
}

static void
free_chunks(Permutation *p, void **chunks)
{
	int64		n = (p->data->rows + ML_CHUNK_ROWS - 1) / ML_CHUNK_ROWS;

	for (int64 i = 0; i < n; i++)
		ml_budget_free(p->budget, chunks[i]);
	pfree(chunks);
}

/* row rows[i] of the copy gets what row dealt[i] has */
static void
permute(Permutation *p, const MlColumn *column, void **copy, Size size)
{
	void	  **from = column->number != NULL ? (void **) column->number : (void **) column->code;

	for (int64 i = 0; i < p->n; i++)
	{
		uint32		to_row = p->rows[i];
		uint32		from_row = p->dealt[i];

		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		memcpy((char *) copy[to_row >> ML_CHUNK_BITS] + (to_row & ML_CHUNK_MASK) * size,
			   (const char *) from[from_row >> ML_CHUNK_BITS] + (from_row & ML_CHUNK_MASK) * size, size);
	}
}

/* mean of the metric over permutations of one input */
static double
measure_permuted(Permutation *p, int input)
{
	const MlColumn *column = &p->data->columns[input];
	MlColumn   *shadow = &p->shadow.columns[input];
	bool		numbers = column->number != NULL;
	Size		size = numbers ? sizeof(double) * column->width : sizeof(uint32);
	void	  **copy = make_chunks(p, size);
	double		sum = 0.0;

	if (numbers)
		shadow->number = (double **) copy;
	else
		shadow->code = (uint32 **) copy;
	for (int r = 0; r < REPEATS; r++)
	{
		deal(p, r);
		permute(p, column, copy, size);
		sum += measure(p);
	}
	shadow->number = column->number;
	shadow->code = column->code;
	free_chunks(p, copy);
	return sum / REPEATS;
}

void
ml_importance_permute(const MlModel *model, MlSource *source, double *drop)
{
	Permutation p = {.model = model,.n_inputs = ml_prep_n_inputs(model->prep)};
	double		baseline;

	mlk_blas_open(ml_blas_core);
	p.budget = ml_budget_create(CurrentMemoryContext, (Size) ml_max_memory_kb * 1024);
	p.pool = ml_pool_create();
	p.data = load(model, source, p.budget, p.pool);
	check_values(model, p.data);
	prepare(&p);
	baseline = measure(&p);
	for (int i = 0; i < p.n_inputs; i++)
	{
		/* an array that is NULL in every row has no elements to permute */
		bool		empty = p.data->columns[i].width == 0 && p.data->columns[i].number != NULL;

		drop[i] = empty ? 0.0 : baseline - measure_permuted(&p, i);
	}
}
