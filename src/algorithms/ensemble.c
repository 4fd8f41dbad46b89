/*
 * ensemble.c: the weighted mean of what other algorithms predict.
 *
 * Members are fitted one by one, each with the preprocessing that it wants, by whoever calls fit (MlProblem.member); what is left for the
 * ensemble is to keep their states and to add up.  How their weights are found is in api/stack.c.
 */
#include "algorithms/ensemble.h"

#include <math.h>

#include "algorithms/params.h"

#define STATE_VERSION 1
/* name of one byte, version, weight, part */
#define MIN_MEMBER_BYTES (4 + 1 + 4 + 8 + 4)
#define SUM_TOLERANCE 1e-9

static const MlParamSpec params[] = {
	{"members", ML_PARAM_MEMBERS, "[{\"algorithm\": \"gradient_boosting\"}, {\"algorithm\": \"extra_trees\"}, {\"algorithm\": \"mlp\"}]",
		.min = 2,.max = ML_ENSEMBLE_MOST,
	.help = "The algorithms whose predictions are averaged, with the parameters of each"},
	{"weights", ML_PARAM_REAL_LIST, "null",.min = 0,.max = INFINITY,.nullable = true,
	.help = "How much each member counts, in the order of members; null: what 5-fold cross-validation of the training rows finds"},
	{NULL}
};

/* ---- parameters ---- */

static void
refuse_member(const MlMember *member, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("algorithm \"%s\" cannot be a member of this ensemble", member->algorithm->name),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

static void
check_member(const MlMember *member, MlTask task)
{
	const MlParams *p = member->params;

	if (strcmp(member->algorithm->name, "ensemble") == 0)
		refuse_member(member, "An ensemble within an ensemble is one of more members.", "Name its members instead.");
	if ((member->algorithm->tasks & task) == 0)
		refuse_member(member, task == ML_TASK_REGRESSION ? "It does not do regression." : "It does not do classification.",
					  "mlops_algorithms() lists the algorithms and their tasks.");
	for (int i = p->n_own; i < p->n; i++)
		if (p->values[i].given)
			refuse_member(member, psprintf("Its parameters have \"%s\", which is for a whole model.", p->specs[i]->name),
						  "Give it beside \"members\".");
	if (ml_params_has(p, "warm_start") && ml_params_bool(p, "warm_start"))
		refuse_member(member, "Its parameters have \"warm_start\", and members always start anew.", "Leave it out.");
	if (member->algorithm->check != NULL)
		member->algorithm->check(p, task);
}

static void
check_weights(const MlParams *given, int n)
{
	int			n_weights;
	const double *weight = ml_params_list(given, "weights", &n_weights);
	double		sum = 0.0;

	if (ml_params_is_null(given, "weights"))
		return;
	if (n_weights != n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"weights\" of ensemble has %d numbers for %d members", n_weights, n),
				 errhint("Give one a member, in their order, or leave it out.")));
	for (int i = 0; i < n; i++)
		sum += weight[i];
	if (!(sum > 0.0) || isinf(sum))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the sum of parameter \"weights\" of ensemble is %g", sum),
				 errhint("Give some member a weight, or leave the parameter out.")));
}

static void
check(const MlParams *given, MlTask task)
{
	int			n;
	MlMember   *members = ml_params_members(given, "members", &n);

	for (int i = 0; i < n; i++)
		check_member(&members[i], task);
	check_weights(given, n);
}

/* ---- learning and predicting ---- */

static void *
fit(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	MlEnsemble *ensemble = palloc0(sizeof(MlEnsemble));
	MlMember   *members = ml_params_members(given, "members", &ensemble->n);
	int			n_weights;
	const double *weight = ml_params_list(given, "weights", &n_weights);
	double		sum = 0.0;

	ensemble->outputs = problem->task == ML_TASK_REGRESSION ? 1 : problem->n_classes;
	if (ensemble->outputs > ML_ENSEMBLE_OUTPUTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an ensemble cannot have %d classes", ensemble->outputs),
				 errdetail("It can have %d.", ML_ENSEMBLE_OUTPUTS),
				 errhint("Train one algorithm alone, or join rare classes.")));
	for (int i = 0; i < n_weights; i++)
		sum += weight[i];
	for (int i = 0; i < ensemble->n; i++)
	{
		MlEnsembleMember *member = &ensemble->member[i];

		member->algorithm = members[i].algorithm;
		member->weight = n_weights == ensemble->n ? weight[i] / sum : 1.0 / ensemble->n;
		member->state = problem->member(problem->member_arg, &members[i], &member->part);
	}
	return ensemble;
}

/* as many rows at a time as there is room for on the stack; no algorithm's row depends on those beside it */
static void
predict(const void *state, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	const MlEnsemble *ensemble = state;
	double		some[ML_ENSEMBLE_OUTPUTS];
	int64		step = ML_ENSEMBLE_OUTPUTS / ensemble->outputs;

	for (int64 at = 0; at < rows; at += step)
	{
		int64		n = Min(step, rows - at);
		double	   *sum = out + at * ensemble->outputs;

		for (int i = 0; i < ensemble->n; i++)
		{
			const MlEnsembleMember *member = &ensemble->member[i];

			member->algorithm->predict(member->state, &x->parts[member->part], from + at, n, some);
			for (int64 k = 0; k < n * ensemble->outputs; k++)
				sum[k] = i == 0 ? member->weight * some[k] : sum[k] + member->weight * some[k];
		}
	}
}

/* ---- bytes ---- */

static void
write_state(const void *state, MlBlobWriter *w)
{
	const MlEnsemble *ensemble = state;

	ml_blob_put_u32(w, ensemble->n);
	for (int i = 0; i < ensemble->n; i++)
	{
		const MlEnsembleMember *member = &ensemble->member[i];

		ml_blob_put_string(w, member->algorithm->name);
		ml_blob_put_u32(w, member->algorithm->state_version);
		ml_blob_put_f64(w, member->weight);
		ml_blob_put_u32(w, member->part);
		member->algorithm->write(member->state, w);
	}
}

/* by its name as it lies in the bytes; NULL for what cannot be a member */
static const MlAlgorithm *
find_member(const char *name, uint32 length, MlTask task)
{
	for (int i = 0; i < ml_algorithm_count(); i++)
	{
		const MlAlgorithm *algorithm = ml_algorithm_get(i);

		if (strlen(algorithm->name) == length && memcmp(algorithm->name, name, length) == 0)
			return algorithm->layout != ML_LAYOUT_PARTS && (algorithm->tasks & task) != 0 ? algorithm : NULL;
	}
	return NULL;
}

static void
read_member(MlBlobReader *r, const MlShape *shape, MlEnsembleMember *member)
{
	uint32		length;
	const char *name = ml_blob_get_string(r, &length);
	uint32		version = ml_blob_get_u32(r);
	MlShape		own = {.task = shape->task,.n_classes = shape->n_classes};
	uint32		part;

	member->weight = ml_blob_get_f64(r);
	part = ml_blob_get_u32(r);
	if (!ml_blob_ok(r))
		return;
	member->algorithm = find_member(name, length, shape->task);
	if (member->algorithm == NULL)
		ml_blob_fail(r, "a member of the ensemble is of no algorithm that it can be");
	else if (version != member->algorithm->state_version)
		ml_blob_fail(r, "a member of the ensemble has a state of another version");
	else if (part >= (uint32) shape->n_parts || !shape->parts[part].fits[member->algorithm->layout])
		ml_blob_fail(r, "a member of the ensemble does not fit its preprocessing");
	else if (!(member->weight >= 0.0 && member->weight <= 1.0))
		ml_blob_fail(r, "the weight of a member is out of range");
	if (!ml_blob_ok(r))
		return;
	member->part = (int) part;
	own.cols = shape->parts[part].cols;
	member->state = member->algorithm->read(r, &own);
}

static void *
read_state(MlBlobReader *r, const MlShape *shape)
{
	MlEnsemble *ensemble = palloc0(sizeof(MlEnsemble));
	double		sum = 0.0;

	ensemble->outputs = shape->task == ML_TASK_REGRESSION ? 1 : shape->n_classes;
	ensemble->n = (int) ml_blob_get_count(r, MIN_MEMBER_BYTES, ML_ENSEMBLE_MOST);
	if (ensemble->n < 1 || ensemble->outputs < 1 || ensemble->outputs > ML_ENSEMBLE_OUTPUTS)
		ml_blob_fail(r, "the ensemble has no members, or too many classes");
	for (int i = 0; i < ensemble->n && ml_blob_ok(r); i++)
	{
		read_member(r, shape, &ensemble->member[i]);
		sum += ensemble->member[i].weight;
	}
	if (!(fabs(sum - 1.0) <= SUM_TOLERANCE))
		ml_blob_fail(r, "the weights of the ensemble do not add up to 1");
	return ml_blob_ok(r) ? ensemble : NULL;
}

extern const MlAlgorithm ml_algorithm_ensemble;
const MlAlgorithm ml_algorithm_ensemble = {
	.name = "ensemble",
	.help = "The weighted mean of what other algorithms predict, with weights that cross-validation finds",
	.tasks = ML_TASK_REGRESSION | ML_TASK_CLASSIFICATION,
	.state_version = STATE_VERSION,
	.params = params,
	.layout = ML_LAYOUT_PARTS,
	.default_scale = "standard",
	.check = check,
	.fit = fit,
	.predict = predict,
	.write = write_state,
	.read = read_state,
};
