/*
 * stack.c: an ensemble made: its members fitted, and their weights found.
 *
 * Stacking after Wolpert (1992) and Breiman (1996): members are judged by what they predict for rows that they were not fitted to, and
 * weights that are not negative and add up to 1 keep the mixture among them, which needs no further regularisation.  Members that ask the same
 * of preprocessing share one preparation of the rows.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"

#include "api/args.h"
#include "api/stack.h"
#include "interrupts.h"
#include "kernels/mixture.h"
#include "monitoring/progress.h"

#define WEIGHT_FOLDS 5
#define LEAST_ROWS 10			/* two a fold */

/* ---- weights ---- */

/* truth minus prediction, or the probability of the true class, of each member; a row that cannot be judged has no weight */
static void
fill_rows(const MlStackFold *fold, int m, double *value, double *weight)
{
	const MlTraining *truth = fold->truth;
	int			k = ml_model_outputs(&truth->model);

	for (int64 i = 0; i < fold->n; i++)
	{
		bool		known = truth->label == NULL || truth->label[i] >= 0;

		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		weight[i] = !known ? 0.0 : truth->weight != NULL ? truth->weight[i] : 1.0;
		for (int j = 0; j < m; j++)
		{
			if (truth->label == NULL)
				value[i * m + j] = truth->y[i] - fold->out[j][i];
			else
				value[i * m + j] = known ? fold->out[j][i * k + truth->label[i]] : 1.0;
		}
	}
}

void
ml_stack_weights(const MlTraining *t, const MlStackFold *folds, int n, int skip, int m, double *w)
{
	int64		rows = 0;
	int64		at = 0;
	double		unit = pow(10.0, ML_STACK_DIGITS);
	double	   *value;
	double	   *weight;
	double	   *memory;

	for (int f = 0; f < n; f++)
		rows += f == skip ? 0 : folds[f].n;
	value = ml_budget_alloc(t->budget, mul_size(Max(rows, 1), m), sizeof(double), "predictions of members");
	weight = ml_budget_alloc(t->budget, Max(rows, 1), sizeof(double), "weights");
	memory = ml_budget_alloc(t->budget, mlk_mixture_memory(rows), sizeof(double), "sums of members");
	for (int f = 0; f < n; f++)
	{
		if (f == skip)
			continue;
		fill_rows(&folds[f], m, value + at * m, weight + at);
		at += folds[f].n;
	}
	if (t->model.task == ML_TASK_REGRESSION)
		ml_check_status(mlk_mixture_squares(t->pool, value, weight, rows, m, memory, w));
	else
		ml_check_status(mlk_mixture_log(t->pool, value, weight, rows, m, memory, w));
	for (int j = 0; j < m; j++)
		w[j] = rint(w[j] * unit) / unit;
	ml_budget_free(t->budget, memory);
	ml_budget_free(t->budget, weight);
	ml_budget_free(t->budget, value);
}

MlReport
ml_stack_report(const MlTraining *t, const MlStackFold *fold, int m, const double *w)
{
	int64		n = fold->n * ml_model_outputs(&fold->truth->model);
	double	   *out = ml_budget_alloc(t->budget, Max(n, 1), sizeof(double), "predictions");
	double		sum = 0.0;
	int64		dropped;
	MlReport	report;

	memset(out, 0, sizeof(double) * n);
	for (int j = 0; j < m; j++)
		sum += w[j];
	for (int j = 0; j < m; j++)
		for (int64 i = 0; i < n; i++)
			out[i] += w[j] / sum * fold->out[j][i];
	report = ml_assess_report(fold->truth, out, 0, fold->n, &dropped);
	ml_budget_free(t->budget, out);
	return report;
}

/* ---- weights that nobody gave ---- */

/* rows of a fold, prepared for the first of the members that ask the same */
typedef struct FoldRows
{
	int			n;
	const MlMember *first[ML_ENSEMBLE_MOST];
	MlPrepared *prepared[ML_ENSEMBLE_MOST];
} FoldRows;

static MlPrepared *
rows_for(FoldRows *rows, const MlTraining *t, const MlMember *member, const MlFold *fold)
{
	for (int i = 0; i < rows->n; i++)
		if (ml_trial_alike(rows->first[i]->algorithm, rows->first[i]->params, member->algorithm, member->params))
			return rows->prepared[i];
	rows->first[rows->n] = member;
	rows->prepared[rows->n] = ml_trial_prepare(t, member->algorithm, member->params, fold);
	return rows->prepared[rows->n++];
}

static void
try_fold(const MlTraining *t, const MlMember *members, int m, const MlFold *fold, MlStackFold *result)
{
	FoldRows	rows = {0};

	for (int j = 0; j < m; j++)
	{
		MlPrepared *prepared = rows_for(&rows, t, &members[j], fold);
		double	   *out = ml_budget_alloc(t->budget, mul_size(Max(fold->n_test, 1), ml_model_outputs(&prepared->t->model)), sizeof(double),
										  "predictions of members");

		CHECK_FOR_INTERRUPTS();
		(void) ml_trial_run(prepared, members[j].algorithm, members[j].params, out);
		result->out[j] = out;
		if (j == 0)
			result->truth = ml_trial_truth(prepared, t->budget);
	}
	result->n = fold->n_test;
	for (int i = 0; i < rows.n; i++)
		ml_trial_release(rows.prepared[i]);
}

static void
try_folds(const MlTraining *t, const MlMember *members, int m, double *w)
{
	MlFolds    *folds = ml_contest_folds(t, WEIGHT_FOLDS);
	MlStackFold *tried = palloc0(sizeof(MlStackFold) * folds->n);
	MlFold		fold;

	fold.order = ml_budget_alloc(t->budget, t->data->rows, sizeof(uint32), "the order of the rows");
	for (int f = 0; f < folds->n; f++)
	{
		ml_folds_order(folds, f, &fold);
		try_fold(t, members, m, &fold, &tried[f]);
	}
	ml_stack_weights(t, tried, folds->n, -1, m, w);
	ml_budget_free(t->budget, fold.order);
	for (int f = 0; f < folds->n; f++)
		for (int j = 0; j < m; j++)
			ml_budget_free(t->budget, unconstify(double *, tried[f].out[j]));
	ml_folds_free(folds, t->budget);
}

static MlParams *
with_weights(const MlAlgorithm *algorithm, const MlParams *params, const double *w, int m)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "{\"weights\": [");
	for (int j = 0; j < m; j++)
		appendStringInfo(&text, "%s%.*f", j > 0 ? ", " : "", ML_STACK_DIGITS, w[j]);
	appendStringInfoString(&text, "]}");
	return ml_params_parse(algorithm, DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(ml_params_json(params)),
																		 JsonbPGetDatum(ml_json_parse(text.data)))));
}

/* what the fits of the folds have to say, those of all rows say again */
static MlParams *
find_weights(const MlTraining *t, const MlAlgorithm *algorithm, const MlParams *params)
{
	int			m;
	MlMember   *members = ml_params_members(params, "members", &m);
	double		w[ML_ENSEMBLE_MOST];
	int			level;

	if (t->rows->n_train < LEAST_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the weights of an ensemble cannot be found from " INT64_FORMAT " training rows", t->rows->n_train),
				 errdetail("%d are needed.", LEAST_ROWS),
				 errhint("Give parameter \"weights\", or more rows.")));
	level = ml_progress_hush();
	PG_TRY();
	{
		try_folds(t, members, m, w);
	}
	PG_FINALLY();
	{
		ml_progress_unhush(level);
	}
	PG_END_TRY();
	ml_progress_stage(ML_STAGE_FIT, 0);
	return with_weights(algorithm, params, w, m);
}

/* ---- members ---- */

/* rows prepared for the members that ask the same */
typedef struct Stack
{
	MlTraining *t;
	int			n;
	const MlMember *first[ML_PREP_MAX_PARTS];
	MlTraining *part[ML_PREP_MAX_PARTS];
	MlPrep	   *prep[ML_PREP_MAX_PARTS];
} Stack;

/* the training with rows of its own for one kind of preprocessing; a design is made of the rows of the fit alone */
static MlTraining *
make_part(const MlTraining *t, const MlMember *member)
{
	MlTraining *part = palloc(sizeof(MlTraining));
	MlRows	   *rows = palloc(sizeof(MlRows));

	*part = *t;
	*rows = *t->rows;
	if (member->algorithm->layout == ML_LAYOUT_DESIGN)
	{
		rows->n = rows->n_train;
		rows->n_held = 0;
	}
	part->rows = rows;
	part->algorithm = member->algorithm;
	part->params = member->params;
	part->warm = NULL;
	part->fit = (MlReport) {0};
	ml_train_encode(part, false);
	return part;
}

/* MlProblem.member */
static void *
fit_member(void *arg, const MlMember *member, int *part)
{
	Stack	   *stack = arg;
	MlTraining *own;

	*part = 0;
	while (*part < stack->n && !ml_trial_alike(stack->first[*part]->algorithm, stack->first[*part]->params, member->algorithm, member->params))
		(*part)++;
	if (*part == stack->n)
	{
		stack->first[*part] = member;
		stack->part[*part] = make_part(stack->t, member);
		stack->prep[*part] = stack->part[*part]->model.prep;
		stack->n++;
	}
	own = stack->part[*part];
	/* nobody asks a member what it says of its training rows */
	own->algorithm = NULL;
	own->model.algorithm = member->algorithm;
	return ml_train_fit(own, member->algorithm, member->params);
}

static void
release_parts(Stack *stack)
{
	MlBudget   *budget = stack->t->budget;

	for (int i = 0; i < stack->n; i++)
	{
		MlTraining *part = stack->part[i];

		if (part->binned != NULL)
			ml_prep_bin_free(part->binned, budget);
		if (part->design != NULL)
			ml_prep_design_free(part->design, budget);
		if (part->panel != NULL)
			ml_prep_panel_free(part->panel, budget);
	}
}

void *
ml_stack_fit(MlTraining *t, const MlAlgorithm *algorithm, MlParams *params)
{
	Stack		stack = {.t = t};
	MlFitControl control = ml_train_control(t);
	MlProblem	problem = {.rows = t->rows->n_train,.task = t->model.task,.y = t->y,.label = t->label,.n_classes = t->model.n_classes,
		.classes = (const char *const *) t->model.classes,.weight = t->weight,.seed = (uint64) t->definition->seed,.pool = t->pool,
		.member = fit_member,.member_arg = &stack};
	void	   *state;

	if (ml_params_is_null(params, "weights"))
	{
		params = find_weights(t, algorithm, params);
		if (t->algorithm == algorithm)
			t->params = params;
	}
	state = algorithm->fit(&problem, params, &control);
	release_parts(&stack);
	t->model.prep = ml_prep_join(stack.prep, stack.n);
	return state;
}
