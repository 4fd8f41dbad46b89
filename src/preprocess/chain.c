/*
 * chain.c: takes rows through the stages of a preprocessing, in training and in scoring.
 *
 * Raw stages change the steps' dense outputs in place; then these are imputed and scaled; then every further stage turns rows into
 * rows of another shape.  In scoring a few rows at a time go all the way, by two buffers that take turns, so that nothing of the
 * size of the data lies between two stages.  In training each stage must have seen all rows before it can say anything, so there
 * each makes a new matrix and gives the old one back.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "interrupts.h"
#include "kernels/affine.h"
#include "preprocess/chain.h"

/* rows in a thread's buffers: they stay in the second-level cache */
#define SPACE_BYTES (64 * 1024)
#define MIN_SPACE_ROWS 16
#define MAX_SPACE_ROWS 512
#define ALIGNMENT 64

/* shape that leaves stage i; a raw stage changes none */
static const MlRowShape *
shape_after(const MlPrep *prep, int i)
{
	while (i >= 0 && prep->stages[i]->kind->impute != ML_IMPUTE_NONE)
		i--;
	return i < 0 ? prep->inner : &prep->stages[i]->out;
}

/* ---- choosing ---- */

/* what enters the first stage; center and scale are filled in once they are known */
static void
make_inner_shape(MlPrep *prep)
{
	MlRowShape    *shape = palloc0(sizeof(MlRowShape));
	int			first = prep->n_dense > 0 ? 1 : 0;

	shape->n_dense = prep->n_dense;
	shape->n_codes = prep->n_code_blocks;
	shape->blocks = prep->blocks + first;
	shape->cols = prep->cols;
	shape->center = prep->center;
	shape->scale = prep->scale;
	prep->inner = shape;
}

static MlStage *
make_stage(const MlStageKind *kind, double *option)
{
	MlStage    *stage = palloc0(kind->size);

	stage->kind = kind;
	stage->option = option;
	return stage;
}

/* imputations from other columns that some column asks for */
static void
find_wanted(const MlPrep *prep, bool *wanted)
{
	for (int s = 0; s < ml_stage_count(); s++)
	{
		const MlStageKind *kind = ml_stage_get(s);

		wanted[s] = false;
		for (int i = 0; i < prep->n_inputs && kind->impute != ML_IMPUTE_NONE; i++)
		{
			const MlStep *step = prep->steps[i];

			wanted[s] |= step->n_dense > 0 && step->kind->rule(step, 0).impute == kind->impute;
		}
	}
}

void
ml_chain_choose(MlPrep *prep, Jsonb *options, const MlPrepDefaults *defaults)
{
	bool	   *wanted = palloc(sizeof(bool) * ml_stage_count());
	MlStageChoice *choice = palloc(sizeof(MlStageChoice) * ml_stage_count());

	find_wanted(prep, wanted);
	prep->n_stages = ml_stages_choose(options, wanted, defaults, choice);
	if (prep->n_stages == 0)
		return;
	make_inner_shape(prep);
	prep->stages = palloc(sizeof(MlStage *) * prep->n_stages);
	for (int i = 0; i < prep->n_stages; i++)
		prep->stages[i] = make_stage(choice[i].kind, choice[i].option);
}

/* ---- a few rows through all of it ---- */

static int
widest_dense(const MlPrep *prep)
{
	int			widest = prep->n_dense;

	for (int i = 0; i < prep->n_stages; i++)
		widest = Max(widest, shape_after(prep, i)->n_dense);
	return Max(widest, 1);
}

static Size
most_scratch(const MlPrep *prep)
{
	Size		most = 0;

	for (int i = 0; i < prep->n_stages; i++)
	{
		const MlStageKind *kind = prep->stages[i]->kind;

		if (kind->scratch != NULL)
			most = Max(most, kind->scratch(prep->stages[i]));
	}
	return most;
}

int64
ml_chain_rows(const MlPrep *prep)
{
	int64		rows = SPACE_BYTES / (sizeof(double) * widest_dense(prep));

	return Min(Max(rows, MIN_SPACE_ROWS), MAX_SPACE_ROWS);
}

MlChainSpace *
ml_chain_spaces(const MlPrep *prep, int workers, int64 rows, MlBudget *budget, void **memory)
{
	MlChainSpace *spaces = ml_palloc_array(workers, sizeof(MlChainSpace));
	Size		dense = TYPEALIGN(ALIGNMENT, mul_size(mul_size(rows, widest_dense(prep)), sizeof(double)));
	Size		codes = TYPEALIGN(ALIGNMENT, mul_size(mul_size(rows, Max(prep->n_code_blocks, 1)), sizeof(uint32)));
	Size		scratch = TYPEALIGN(ALIGNMENT, most_scratch(prep));
	Size		one = add_size(add_size(mul_size(2, dense), mul_size(2, codes)), scratch);
	char	   *at;

	if (budget != NULL)
		*memory = ml_budget_alloc(budget, workers, one, "rows between stages");
	else
		*memory = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(workers, one));
	at = *memory;
	for (int w = 0; w < workers; w++)
	{
		for (int i = 0; i < 2; i++)
		{
			spaces[w].dense[i] = (double *) at;
			at += dense;
			spaces[w].codes[i] = (uint32 *) at;
			at += codes;
		}
		spaces[w].scratch = at;
		at += scratch;
	}
	return spaces;
}

void
ml_chain_apply(const MlPrep *prep, MlChainSpace *space, int64 n, double *dense, uint32 *codes)
{
	double	   *row_dense = space->dense[0];
	uint32	   *row_codes = space->codes[0];
	int			next_dense = 1;
	int			next_codes = 1;
	int			i = 0;

	for (; i < prep->n_stages && prep->stages[i]->kind->impute != ML_IMPUTE_NONE; i++)
		prep->stages[i]->kind->apply(prep->stages[i], n, row_dense, NULL, NULL, NULL, space->scratch);
	mlk_affine_apply(row_dense, n, prep->n_dense, prep->n_dense, prep->fill, prep->center, prep->inverse);
	for (; i < prep->n_stages; i++)
	{
		const MlStage *stage = prep->stages[i];
		double	   *out = space->dense[next_dense];

		if (stage->kind->keeps_codes)
			stage->kind->apply(stage, n, row_dense, NULL, out, NULL, space->scratch);
		else
		{
			stage->kind->apply(stage, n, row_dense, row_codes, out, space->codes[next_codes], space->scratch);
			row_codes = space->codes[next_codes];
			next_codes = !next_codes;
		}
		row_dense = out;
		next_dense = !next_dense;
	}
	memcpy(dense, row_dense, sizeof(double) * n * prep->design_dense);
	memcpy(codes, row_codes, sizeof(uint32) * n * prep->design_codes);
}

/* ---- all rows through one stage ---- */

typedef struct StageJob
{
	const MlStage *stage;
	int64		n;
	int64		block_rows;
	double	   *dense;
	const uint32 *codes;
	double	   *out;			/* NULL: raw, in place */
	uint32	   *out_codes;		/* NULL: codes stay */
	char	   *scratch;		/* of each thread */
	Size		scratch_size;
} StageJob;

static void
stage_block(void *arg, int64 block, int worker)
{
	const StageJob *job = arg;
	const MlStage *stage = job->stage;
	int64		from = block * job->block_rows;
	int64		n = Min(job->block_rows, job->n - from);

	stage->kind->apply(stage, n, job->dense + from * stage->in->n_dense,
					   job->out_codes == NULL ? NULL : job->codes + from * stage->in->n_codes,
					   job->out == NULL ? NULL : job->out + from * stage->out.n_dense,
					   job->out_codes == NULL ? NULL : job->out_codes + from * stage->out.n_codes,
					   job->scratch + worker * job->scratch_size);
}

static void
run_stage(StageJob *job, MlBudget *budget, MlkPool *pool)
{
	const MlStage *stage = job->stage;

	job->scratch_size = stage->kind->scratch == NULL ? 0 : TYPEALIGN(ALIGNMENT, stage->kind->scratch(stage));
	job->scratch = ml_budget_alloc(budget, mlk_pool_threads(pool), Max(job->scratch_size, 1), "scratch of a stage");
	ml_check_status(mlk_parallel_for(pool, (job->n + job->block_rows - 1) / job->block_rows, stage_block, job));
	ml_budget_free(budget, job->scratch);
}

/* ---- blocks of vectors, whose columns the steps are to leave out themselves ---- */

/* column of the steps that a column which enters stage n is */
static int
source_before(const MlPrep *prep, int n, int column)
{
	for (int i = n - 1; i >= 0 && column >= 0; i--)
	{
		const MlStage *stage = prep->stages[i];

		if (stage->kind->impute == ML_IMPUTE_NONE)
			column = stage->kind->source(stage, column);
	}
	return column;
}

/* of a block that enters stage n: its column for each of the step's, NULL when all are there; *input: the step's */
static uint32 *
kept_columns(const MlPrep *prep, int n, const MlkBlock *block, int *input)
{
	int			first = source_before(prep, n, block->first);
	const MlkBlock *from = prep->inner->blocks;
	uint32	   *kept;

	while (first >= from->first + from->cols)
		from++;
	*input = 0;
	while (prep->steps[*input]->code_block < 0 || prep->steps[*input]->first_code != from->first)
		(*input)++;
	if (from->cols == block->cols)
		return NULL;
	kept = ml_palloc_array(from->cols, sizeof(uint32));
	for (int k = 0; k < from->cols; k++)
		kept[k] = MLK_NO_CODE;
	for (int k = 0; k < block->cols; k++)
		kept[source_before(prep, n, block->first + k) - from->first] = k;
	return kept;
}

/* ---- fitting ---- */

/* the names that a stage sees are those of its own input, made anew at each: stages are few */
static MlStageFit
stage_data(const MlPrep *prep, const MlPass *pass, int i, const MlPrepTarget *target, MlBudget *budget, MlkPool *pool)
{
	MlStageFit	data = {.n = pass->n_moments,.dense = pass->dense,.codes = pass->codes,.target = target,.pool = pool,.budget = budget};
	const MlRowShape *in = shape_after(prep, i - 1);

	data.names = ml_chain_names(prep, i);
	data.sparse = palloc0(sizeof(MlkSparse *) * Max(in->n_codes, 1));
	data.sparse_column = palloc0(sizeof(uint32 *) * Max(in->n_codes, 1));
	for (int b = 0; b < in->n_codes; b++)
	{
		int			input;

		if (in->blocks[b].kind != MLK_BLOCK_SPARSE)
			continue;
		data.sparse_column[b] = kept_columns(prep, i, &in->blocks[b], &input);
		data.sparse[b] = &pass->bound[input].sparse;
	}
	return data;
}

/* dense outputs whose column asks for the imputation */
static bool *
wanted_outputs(const MlPrep *prep, MlImpute impute)
{
	bool	   *wanted = palloc0(sizeof(bool) * Max(prep->n_dense, 1));

	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];

		for (int k = 0; k < step->n_dense; k++)
			wanted[step->first_dense + k] = step->kind->rule(step, k).impute == impute;
	}
	return wanted;
}

void
ml_chain_fit_raw(MlPrep *prep, MlPass *pass, const MlPrepTarget *target, MlBudget *budget, MlkPool *pool)
{
	for (int i = 0; i < prep->n_stages && prep->stages[i]->kind->impute != ML_IMPUTE_NONE; i++)
	{
		MlStage    *stage = prep->stages[i];
		StageJob	job = {.stage = stage,.n = pass->n,.block_rows = pass->block_rows,.dense = pass->dense};
		MlStageFit	data = stage_data(prep, pass, i, target, budget, pool);

		stage->in = prep->inner;
		data.wanted = wanted_outputs(prep, stage->kind->impute);
		stage->kind->fit(stage, &data);
		run_stage(&job, budget, pool);
	}
}

void
ml_chain_fit(MlPrep *prep, MlPass *pass, const MlPrepTarget *target, MlBudget *budget, MlkPool *pool)
{
	for (int i = 0; i < prep->n_stages; i++)
	{
		MlStage    *stage = prep->stages[i];
		StageJob	job = {.stage = stage,.n = pass->n,.block_rows = pass->block_rows,.dense = pass->dense,.codes = pass->codes};
		MlStageFit	data;

		if (stage->kind->impute != ML_IMPUTE_NONE)
			continue;
		stage->in = shape_after(prep, i - 1);
		data = stage_data(prep, pass, i, target, budget, pool);
		stage->kind->fit(stage, &data);
		stage->kind->shape(stage);
		job.out = ml_budget_alloc(budget, Max(mul_size(pass->n, stage->out.n_dense), 1), sizeof(double), "design matrix");
		if (!stage->kind->keeps_codes)
			job.out_codes = ml_budget_alloc(budget, Max(mul_size(pass->n, stage->out.n_codes), 1), sizeof(uint32), "category codes");
		run_stage(&job, budget, pool);
		ml_budget_free(budget, pass->dense);
		pass->dense = job.out;
		if (job.out_codes != NULL)
		{
			ml_budget_free(budget, pass->codes);
			pass->codes = job.out_codes;
		}
	}
}

/* ---- the design ---- */

void
ml_chain_outline(MlPrep *prep)
{
	const MlRowShape *shape = prep->n_stages > 0 ? shape_after(prep, prep->n_stages - 1) : NULL;

	if (shape == NULL || shape == prep->inner)
	{
		prep->design_dense = prep->n_dense;
		prep->design_codes = prep->n_code_blocks;
		prep->design_cols = prep->cols;
		prep->n_design_blocks = prep->n_blocks;
		prep->design_blocks = prep->blocks;
		prep->design_center = prep->center;
		prep->design_scale = prep->scale;
		return;
	}
	prep->design_dense = shape->n_dense;
	prep->design_codes = shape->n_codes;
	prep->design_cols = shape->cols;
	prep->design_blocks = palloc0(sizeof(MlkBlock) * (shape->n_codes + 1));
	if (shape->n_dense > 0)
		prep->design_blocks[prep->n_design_blocks++] = (MlkBlock)
	{
		.kind = MLK_BLOCK_DENSE,.cols = shape->n_dense,.stride = shape->n_dense
	};
	for (int b = 0; b < shape->n_codes; b++)
	{
		MlkBlock   *block = &prep->design_blocks[prep->n_design_blocks++];
		int			input;

		*block = shape->blocks[b];
		block->stride = shape->n_codes;
		if (block->kind == MLK_BLOCK_SPARSE)
		{
			const uint32 *kept = kept_columns(prep, prep->n_stages, block, &input);

			prep->steps[input]->kept = kept;
		}
	}
	prep->design_center = palloc0(sizeof(double) * Max(shape->cols, 1));
	prep->design_scale = palloc(sizeof(double) * Max(shape->cols, 1));
	for (int j = 0; j < shape->cols; j++)
	{
		prep->design_center[j] = j < shape->n_dense ? shape->center[j] : 0;
		prep->design_scale[j] = j < shape->n_dense ? shape->scale[j] : 1;
	}
}

int
ml_chain_source(const MlPrep *prep, int column)
{
	return source_before(prep, prep->n_stages, column);
}

/* ---- bytes ---- */

void
ml_chain_write(const MlPrep *prep, MlBlobWriter *w)
{
	ml_blob_put_u32(w, prep->n_stages);
	for (int i = 0; i < prep->n_stages; i++)
	{
		const MlStage *stage = prep->stages[i];
		int			n = ml_stage_option_count(stage->kind);

		ml_blob_put_u8(w, stage->kind->id);
		ml_blob_put_u8(w, (uint8) n);
		for (int k = 0; k < n; k++)
			ml_blob_put_f64(w, stage->option[k]);
		stage->kind->write(stage, w);
	}
}

/* options that were added to the table after the bytes were written keep their defaults */
static double *
read_options(const MlStageKind *kind, MlBlobReader *r)
{
	int			known = ml_stage_option_count(kind);
	int			stored = ml_blob_get_u8(r);
	double	   *option = palloc0(sizeof(double) * Max(known, 1));

	if (stored > known)
		ml_blob_fail(r, "a stage has more options than are known");
	for (int i = 0; i < known && ml_blob_ok(r); i++)
	{
		option[i] = i < stored ? ml_blob_get_f64(r) : kind->options[i].fallback;
		if (!ml_option_valid(&kind->options[i], option[i]))
			ml_blob_fail(r, "an option of a stage is out of range");
	}
	return option;
}

/* place of the kind in the list, so that stages that come out of order are noticed */
static int
place_of(const MlStageKind *kind)
{
	for (int i = 0; i < ml_stage_count(); i++)
	{
		if (ml_stage_get(i) == kind)
			return i;
	}
	return -1;
}

void
ml_chain_read(MlPrep *prep, MlBlobReader *r)
{
	int			n = (int) ml_blob_get_count(r, 2, ml_stage_count());
	int			last = -1;

	if (n == 0)
		return;
	make_inner_shape(prep);
	prep->stages = palloc0(sizeof(MlStage *) * n);
	for (int i = 0; i < n && ml_blob_ok(r); i++)
	{
		const MlStageKind *kind = ml_stage_by_id(ml_blob_get_u8(r));
		MlStage    *stage;

		if (ml_blob_ok(r) && (kind == NULL || place_of(kind) <= last))
			ml_blob_fail(r, "a stage is unknown or out of order");
		if (!ml_blob_ok(r))
			return;
		last = place_of(kind);
		stage = make_stage(kind, read_options(kind, r));
		stage->in = shape_after(prep, i - 1);
		if (ml_blob_ok(r))
			kind->read(stage, r);
		if (!ml_blob_ok(r))
			return;
		if (kind->impute == ML_IMPUTE_NONE)
			kind->shape(stage);
		prep->stages[prep->n_stages++] = stage;
	}
}
