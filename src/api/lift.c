/*
 * lift.c: mlops_lift and mlops_thresholds: what it is worth to act on the highest scores.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "api/args.h"
#include "api/evaluation.h"
#include "nearest.h"

PG_FUNCTION_INFO_V1(mlops_lift);
PG_FUNCTION_INFO_V1(mlops_thresholds);

#define MOST_GROUPS 10000
/* shown of a slice, the best one besides */
#define MOST_THRESHOLDS 100

/* ---- lift ---- */

static void
put_lift(MlEvaluation *e, const void *options)
{
	const MlkCut *all = &e->cut[e->n_cuts - 1];
	double		base = (double) all->positives / (double) all->rows;
	int			groups = (int) Min(*(const int *) options, all->rows);
	MlkLiftGroup *group = ml_palloc_array(groups, sizeof(MlkLiftGroup));

	mlk_lift_groups(e->cut, e->n_cuts, groups, group);
	for (int g = 0; g < groups; g++)
	{
		double		rate = group[g].positives / (double) group[g].rows;
		Datum		values[8];
		bool		nulls[8] = {false};

		values[1] = Int32GetDatum(g + 1);
		values[2] = Int64GetDatum(group[g].rows);
		values[3] = Float8GetDatum(group[g].positives);
		values[4] = Float8GetDatum(rate);
		values[5] = ml_result_float(rate / base, &nulls[5]);
		values[6] = ml_result_float(group[g].gain, &nulls[6]);
		values[7] = ml_result_float(group[g].ks, &nulls[7]);
		ml_evaluation_put(e, values, nulls);
	}
}

/* mlops_lift(model, source, groups, by, label) -> rows (by_value, decile, rows, positives, rate, lift, cumulative_gain, ks) */
Datum
mlops_lift(PG_FUNCTION_ARGS)
{
	static const MlEvaluationKind kind = {.command = "mlops_lift",.evaluates = ML_EVALUATES_SCORE,.by = 3,.label = 4,
		.put = put_lift};
	int			groups = (int) ml_evaluation_integer(fcinfo, 2, "groups", 2, MOST_GROUPS);

	return ml_evaluation_run(fcinfo, &kind, &groups);
}

/* ---- thresholds ---- */

typedef struct CostOptions
{
	bool		given;
	MlkCosts	costs;
} CostOptions;

static const char *const cost_names[] = {"tp", "fp", "fn", "tn"};

static double
cost_number(const char *name, const JsonbValue *value)
{
	double		cost = NAN;

	if (value->type == jbvNumeric)
		cost = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (!isfinite(cost))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cost \"%s\" is no finite number", name),
				 errhint("Give the costs of one row each: '{\"fp\": 1, \"fn\": 5}'.")));
	return cost;
}

static int
cost_index(const char *name)
{
	for (int i = 0; i < lengthof(cost_names); i++)
		if (strcmp(cost_names[i], name) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown cost \"%s\"", name),
			 errhint("%s", ml_nearest_hint(name, cost_names, lengthof(cost_names)))));
	return -1;
}

/* what is not named costs nothing */
static CostOptions
parse_costs(FunctionCallInfo fcinfo, int i)
{
	CostOptions options = {.given = !PG_ARGISNULL(i)};
	double		cost[lengthof(cost_names)] = {0};
	JsonbIterator *it;
	JsonbValue	value;
	JsonbIteratorToken token;
	char	   *name = NULL;

	if (!options.given)
		return options;
	it = JsonbIteratorInit(&ml_arg_object(fcinfo, i, "cost")->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			cost[cost_index(name)] = cost_number(name, &value);
	}
	options.costs = (MlkCosts) {.tp = cost[0],.fp = cost[1],.fn = cost[2],.tn = cost[3]};
	if (cost[0] == cost[2] && cost[1] == cost[3])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("every threshold costs the same"),
				 errdetail("It is all the same whether a row is taken as positive or not."),
				 errhint("Give an error another cost than what is right: '{\"fp\": 1, \"fn\": 5}'.")));
	return options;
}

/* cut NULL: no row is taken as positive */
static void
put_threshold(const MlEvaluation *e, const CostOptions *options, const MlkCut *cut, bool best)
{
	const MlkCut *all = &e->cut[e->n_cuts - 1];
	MlkCut		none = {.score = get_float8_infinity()};
	Datum		values[7];
	bool		nulls[7] = {false};

	if (cut == NULL)
		cut = &none;
	values[1] = Float8GetDatum(cut->score);
	values[2] = ml_result_float((double) cut->positives / (double) cut->rows, &nulls[2]);
	values[3] = ml_result_float((double) cut->positives / (double) all->positives, &nulls[3]);
	values[4] = ml_result_float(all->positives > 0 ? mlk_cut_f1(cut, all) : NAN, &nulls[4]);
	values[5] = ml_result_float(options->given ? mlk_cut_cost(cut, all, &options->costs) : NAN, &nulls[5]);
	values[6] = BoolGetDatum(best);
	ml_evaluation_put(e, values, nulls);
}

/*
 * The distinct scores, or where there are many MOST_THRESHOLDS of them at even places from the lowest to the highest, and the
 * best of all of them; with costs, also the threshold that no row reaches.
 */
static void
put_thresholds(MlEvaluation *e, const void *arg)
{
	const CostOptions *options = arg;
	int64		best = mlk_best_cut(e->cut, e->n_cuts, options->given ? &options->costs : NULL);
	int64		shown = Min(e->n_cuts, MOST_THRESHOLDS);
	int64		before = e->n_cuts;

	for (int64 i = shown - 1; i >= 0; i--)
	{
		int64		at = shown > 1 ? (i * (e->n_cuts - 1) + (shown - 1) / 2) / (shown - 1) : 0;

		if (best > at && best < before)
			put_threshold(e, options, &e->cut[best], true);
		put_threshold(e, options, &e->cut[at], at == best);
		before = at;
	}
	if (options->given)
		put_threshold(e, options, NULL, best < 0);
}

/* mlops_thresholds(model, source, cost, by, label) -> rows (by_value, threshold, precision, recall, f1, cost, best) */
Datum
mlops_thresholds(PG_FUNCTION_ARGS)
{
	static const MlEvaluationKind kind = {.command = "mlops_thresholds",.evaluates = ML_EVALUATES_SCORE,.by = 3,.label = 4,
		.put = put_thresholds};
	CostOptions options = parse_costs(fcinfo, 2);

	return ml_evaluation_run(fcinfo, &kind, &options);
}
