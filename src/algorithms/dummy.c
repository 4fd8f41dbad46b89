/*
 * dummy.c: predicts the same for every row; the baseline of every training.
 */
#include "algorithms/algorithm.h"

#include "algorithms/fit.h"

#define STATE_VERSION 1

static const MlParamSpec params[] = {
	{"strategy", ML_PARAM_ENUM, "\"prior\"", .choices = "prior|most_frequent|mean",
	.help = "Classes: their shares (prior), or certainty of the most frequent one; numbers: always the mean"},
	{NULL}
};

typedef struct DummyState
{
	int			outputs;
	double	   *value;			/* [outputs]: the mean, or a probability per class */
} DummyState;

static DummyState *
create_state(int outputs)
{
	DummyState *state = palloc(sizeof(DummyState));

	state->outputs = outputs;
	state->value = palloc0(sizeof(double) * outputs);
	return state;
}

static void
check(const MlParams *given, MlTask task)
{
	const char *strategy = ml_params_enum(given, "strategy");

	if (task == ML_TASK_CLASSIFICATION && strcmp(strategy, "mean") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("strategy \"mean\" of dummy is for numbers, and the target is a class"),
				 errhint("Use \"prior\" or \"most_frequent\".")));
	if (task == ML_TASK_REGRESSION && strcmp(strategy, "most_frequent") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("strategy \"most_frequent\" of dummy is for classes, and the target is a number"),
				 errhint("Leave strategy out, or use \"mean\".")));
}

/* weighted shares of the classes, or the weighted mean as a running one, which does not overflow */
static void
accumulate(const MlProblem *problem, double *value)
{
	double		total = 0.0;

	for (int64 i = 0; i < problem->rows; i++)
	{
		double		w = problem->weight == NULL ? 1.0 : problem->weight[i];

		total += w;
		if (problem->label != NULL)
			value[problem->label[i]] += w;
		else if (w > 0.0)
			value[0] += (problem->y[i] - value[0]) * (w / total);
	}
	for (int k = 0; problem->label != NULL && k < problem->n_classes; k++)
		value[k] /= total;
}

static void
keep_most_frequent(DummyState *state)
{
	int			most = 0;

	for (int k = 1; k < state->outputs; k++)
		most = state->value[k] > state->value[most] ? k : most;
	for (int k = 0; k < state->outputs; k++)
		state->value[k] = k == most ? 1.0 : 0.0;
}

static void *
fit(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	DummyState *state = create_state(problem->task == ML_TASK_REGRESSION ? 1 : problem->n_classes);

	accumulate(problem, state->value);
	if (strcmp(ml_params_enum(given, "strategy"), "most_frequent") == 0)
		keep_most_frequent(state);
	control->progress("counting", problem->rows, problem->rows);
	return state;
}

static void
predict(const void *state, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	const DummyState *s = state;

	for (int64 i = 0; i < rows; i++)
	{
		for (int k = 0; k < s->outputs; k++)
			out[i * s->outputs + k] = s->value[k];
	}
}

static void
write_state(const void *state, MlBlobWriter *w)
{
	const DummyState *s = state;

	ml_blob_put_f64_array(w, s->value, s->outputs);
}

static void *
read_state(MlBlobReader *r, const MlShape *shape)
{
	int			outputs = shape->task == ML_TASK_REGRESSION ? 1 : shape->n_classes;
	DummyState *s = NULL;

	if (outputs < 1 || ml_blob_left(r) / sizeof(double) < (size_t) outputs)
		ml_blob_fail(r, "the dummy model does not fit its classes");
	if (ml_blob_ok(r))
	{
		s = create_state(outputs);
		ml_blob_get_f64_array(r, s->value, outputs);
	}
	return ml_blob_ok(r) ? s : NULL;
}

extern const MlAlgorithm ml_algorithm_dummy;
const MlAlgorithm ml_algorithm_dummy = {
	.name = "dummy",
	.help = "Ignores the features and predicts the mean or the classes' shares: what every model must beat",
	.tasks = ML_TASK_REGRESSION | ML_TASK_CLASSIFICATION,
	.state_version = STATE_VERSION,
	.params = params,
	.default_scale = "none",
	.check = check,
	.fit = fit,
	.predict = predict,
	.write = write_state,
	.read = read_state,
};
