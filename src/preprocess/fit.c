/*
 * fit.c: learns a preprocessing from the training rows and builds the design of all rows on the way.
 *
 * Every column is read once: into the design, raw.  What the moments of the design say is then applied to it in
 * place, so that fitting costs two sequential passes over the design more than applying.
 */
#include "postgres.h"

#include <math.h>

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "preprocess/chain.h"
#include "preprocess/sparse.h"

extern const MlStepKind ml_step_tfidf;

void
ml_prep_check_options(Jsonb *options, const MlColumn *columns, int n, const MlPrepDefaults *defaults)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "mlops preprocess options", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);

	ml_options_check(options, columns, n, defaults);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

void
ml_prep_refuse_infinities(const MlColumn *column)
{
	if (column->infinities > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\" has infinite values", column->name),
				 errdetail("%lld of its values are infinite.", (long long) column->infinities),
				 errhint("Make them NULL or leave the rows out in the source; NULL counts as missing.")));
}

/*
 * The type as a version records it.  Types that users made have other numbers after a dump and restore, so the built-in type
 * with the same text or number stands for them.
 */
static Oid
recorded_type(const MlColumn *column)
{
	if (column->type_oid < FirstGenbkiObjectId)
		return column->type_oid;
	if (column->base_type < FirstGenbkiObjectId)
		return column->base_type;
	switch (column->type)
	{
		case ML_TYPE_CATEGORY:
			return TEXTOID;
		case ML_TYPE_ARRAY:
			return FLOAT8ARRAYOID;
		default:
			return FLOAT8OID;
	}
}

static void
describe_input(MlInput *input, const MlColumn *column, int offset)
{
	input->name = pstrdup(column->name);
	input->type = column->type;
	input->type_oid = recorded_type(column);
	input->width = Max(column->width, 1);	/* arrays that are all NULL: one element, all missing */
	input->offset = offset;
}

/* texts that people wrote are worth their words */
static const MlStepKind *
suggest(const MlColumn *column, const MlPrepDefaults *defaults)
{
	if (defaults->native || column->type != ML_TYPE_CATEGORY || !ml_column_is_prose(column))
		return NULL;
	return &ml_step_tfidf;
}

bool
ml_prep_uses_text(Jsonb *options, const MlColumn *column, const MlPrepDefaults *defaults)
{
	return ml_options_resolve(options, column->name, column->type, suggest(column, defaults), defaults).kind->vector != NULL;
}

/* the caller said nothing of the kind: say what was decided, and how to have it otherwise */
static void
notice_text(Jsonb *options, const MlColumn *column, const MlStepKind *kind, const MlPrepDefaults *defaults)
{
	if (kind->vector == NULL || ml_options_resolve(options, column->name, column->type, NULL, defaults).kind == kind)
		return;
	ereport(NOTICE,
			(errmsg("column \"%s\" is taken as text: a feature for each of its words, weighted by tf-idf", column->name),
			 errhint("To have a feature for each of its values, say preprocess => '{\"%s\": {\"encode\": \"onehot\"}}'.", column->name)));
}

/* steps as the options choose them, not yet fitted */
static MlPrep *
choose_steps(const MlDataset *data, const int *features, int n_features, Jsonb *options,
			 const MlPrepDefaults *defaults)
{
	MlPrep	   *prep = palloc0(sizeof(MlPrep));
	MemoryContext result = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(result, "mlops preprocess options", ALLOCSET_DEFAULT_SIZES);

	prep->n_inputs = n_features;
	prep->inputs = palloc0(sizeof(MlInput) * Max(n_features, 1));
	prep->steps = palloc0(sizeof(MlStep *) * Max(n_features, 1));
	for (int i = 0; i < n_features; i++)
	{
		const MlColumn *column = &data->columns[features[i]];
		MlStepChoice choice;
		double	   *option;
		Size		size;

		CHECK_FOR_INTERRUPTS();
		ml_prep_refuse_infinities(column);
		describe_input(&prep->inputs[i], column, prep->n_values);
		prep->n_values += prep->inputs[i].width;
		MemoryContextSwitchTo(scratch);
		choice = ml_options_resolve(options, column->name, column->type, suggest(column, defaults), defaults);
		notice_text(options, column, choice.kind, defaults);
		MemoryContextSwitchTo(result);
		size = sizeof(double) * Max(ml_step_option_count(choice.kind), 1);
		option = memcpy(palloc(size), choice.option, size);
		prep->steps[i] = ml_prep_make_step(choice.kind, &prep->inputs[i], option);
		MemoryContextReset(scratch);
	}
	MemoryContextDelete(scratch);
	return prep;
}

static void
fit_steps(MlPrep *prep, const MlDataset *data, const MlRows *rows, const int *features, const MlPrepTarget *target,
		  MlkPool *pool)
{
	for (int i = 0; i < prep->n_inputs; i++)
	{
		MlFitInput	input = {&data->columns[features[i]], rows->order, rows->n_train, pool, target, data->budget};

		CHECK_FOR_INTERRUPTS();
		if (prep->steps[i]->kind->fit != NULL)
			prep->steps[i]->kind->fit(prep->steps[i], &input);
	}
}

/* no learner so far can compute with a missing number, and one that is missing would spoil every metric */
static void
refuse_missing(const MlPrep *prep, const MlPass *pass)
{
	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];
		int64		missing = pass->bound[i].column->nulls + pass->bound[i].column->nans;

		if (missing == 0 || step->n_dense == 0 || step->kind->takes_missing || step->kind->rule(step, 0).impute != ML_IMPUTE_NONE)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("column \"%s\" has missing values, and its imputation is \"none\"", step->input->name),
				 errdetail("%lld of its values are missing.", (long long) missing),
				 errhint("Impute by \"mean\", \"median\", \"most_frequent\", \"constant\", \"knn\" or \"iterative\", or leave the rows out in the source.")));
	}
}

/* from the raw values of the training rows */
static void
learn(MlPrep *prep, MlPass *pass, MlBudget *budget, MlkPool *pool)
{
	Size		blocks = ml_prep_pass_blocks(pass, pass->n_moments);

	pass->moments = ml_budget_alloc(budget, mul_size(blocks, Max(prep->n_dense, 1)), sizeof(MlkMoments), "column moments");
	ml_prep_run_moments(pass, pool);
	ml_prep_learn_dense(prep, pass, budget, pool);
	ml_prep_set_inverse(prep);
	ml_budget_free(budget, pass->moments);
}

MlPrep *
ml_prep_fit_steps(const MlDataset *data, const MlRows *rows, const int *features, int n_features,
				  Jsonb *options, const MlPrepDefaults *defaults, const MlPrepTarget *target, MlkPool *pool)
{
	MlPrep	   *prep;

	ml_prep_check_options(options, data->columns, data->n_columns, defaults);
	prep = choose_steps(data, features, n_features, options, defaults);
	fit_steps(prep, data, rows, features, target, pool);
	ml_prep_layout(prep);
	return prep;
}

MlPrep *
ml_prep_fit(const MlDataset *data, const MlRows *rows, const int *features, int n_features,
			Jsonb *options, const MlPrepDefaults *defaults, const MlPrepTarget *target, MlkPool *pool, MlkDesign **design)
{
	MlPass		pass = {.raw = true,.n_moments = rows->n_train};
	MlPrep	   *prep;

	prep = ml_prep_fit_steps(data, rows, features, n_features, options, defaults, target, pool);
	ml_chain_choose(prep, options, defaults);
	ml_prep_start_pass(&pass, prep, data, rows->order, rows->n, data->budget, pool);
	refuse_missing(prep, &pass);
	ml_prep_run_pass(&pass, data->budget, pool);
	ml_chain_fit_raw(prep, &pass, target, data->budget, pool);
	learn(prep, &pass, data->budget, pool);
	ml_prep_run_affine(&pass, pool);
	ml_chain_fit(prep, &pass, target, data->budget, pool);
	ml_chain_outline(prep);
	for (int i = 0; i < n_features; i++)
		ml_sparse_keep(&pass.bound[i]);

	*design = ml_prep_design(prep, pass.bound, rows->n, pass.dense, pass.codes);
	return prep;
}

/* fill of one column that the options want imputed: learned from a design of this column alone, which is then given back */
static void
learn_native_fill(MlPrep *prep, int input, const MlDataset *data, const MlRows *rows, int feature,
				  Jsonb *options, const MlPrepDefaults *defaults, const MlPrepTarget *target, MlkPool *pool)
{
	const MlStep *step = prep->steps[input];
	MlPass		pass = {.raw = true,.n_moments = rows->n_train};
	MlPrep	   *alone = ml_prep_fit_steps(data, rows, &feature, 1, options, defaults, target, pool);

	Assert(alone->n_dense == step->n_dense);
	ml_prep_start_pass(&pass, alone, data, rows->order, rows->n_train, data->budget, pool);
	ml_prep_run_pass(&pass, data->budget, pool);
	learn(alone, &pass, data->budget, pool);
	memcpy(prep->fill + step->first_dense, alone->fill, sizeof(double) * step->n_dense);
	ml_budget_free(data->budget, pass.codes);
	ml_budget_free(data->budget, pass.dense);
}

/* stages look at all columns of the training rows, which are put together for them and then given back */
static void
fit_native_stages(MlPrep *prep, const MlDataset *data, const MlRows *rows, const MlPrepTarget *target, MlkPool *pool)
{
	MlPass		pass = {.raw = true,.n_moments = rows->n_train};

	ml_prep_start_pass(&pass, prep, data, rows->order, rows->n_train, data->budget, pool);
	ml_prep_run_pass(&pass, data->budget, pool);
	ml_chain_fit_raw(prep, &pass, target, data->budget, pool);
	ml_prep_run_affine(&pass, pool);
	ml_chain_fit(prep, &pass, target, data->budget, pool);
	ml_budget_free(data->budget, pass.codes);
	ml_budget_free(data->budget, pass.dense);
}

MlPrep *
ml_prep_fit_native(const MlDataset *data, const MlRows *rows, const int *features, int n_features,
				   Jsonb *options, const MlPrepDefaults *defaults, const MlPrepTarget *target, MlkPool *pool)
{
	MlPrep	   *prep = ml_prep_fit_steps(data, rows, features, n_features, options, defaults, target, pool);

	for (int j = 0; j < prep->n_dense; j++)
		prep->fill[j] = NAN;
	for (int i = 0; i < n_features; i++)
	{
		const MlStep *step = prep->steps[i];
		MlImpute	impute = step->n_dense > 0 ? step->kind->rule(step, 0).impute : ML_IMPUTE_NONE;

		if (impute != ML_IMPUTE_NONE && impute < ML_IMPUTE_KNN)
			learn_native_fill(prep, i, data, rows, features[i], options, defaults, target, pool);
	}
	ml_prep_set_inverse(prep);
	ml_chain_choose(prep, options, defaults);
	if (prep->n_stages > 0)
		fit_native_stages(prep, data, rows, target, pool);
	ml_chain_outline(prep);
	return prep;
}
