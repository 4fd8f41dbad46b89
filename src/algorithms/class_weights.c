/*
 * class_weights.c: sample weights times class weights.
 */
#include "algorithms/params.h"

#include "algorithms/fit.h"
#include "nearest.h"

/* total / (classes * weight of the class); a class that occurs with no weight gets none */
static void
balance(const MlProblem *problem, double *factor)
{
	double		total = 0.0;

	for (int k = 0; k < problem->n_classes; k++)
		factor[k] = 0.0;
	for (int64 i = 0; i < problem->rows; i++)
	{
		double		w = problem->weight == NULL ? 1.0 : problem->weight[i];

		factor[problem->label[i]] += w;
		total += w;
	}
	for (int k = 0; k < problem->n_classes; k++)
		factor[k] = factor[k] > 0.0 ? total / (problem->n_classes * factor[k]) : 0.0;
}

static int
find_class(const MlProblem *problem, const char *label)
{
	for (int k = 0; k < problem->n_classes; k++)
	{
		if (strcmp(problem->classes[k], label) == 0)
			return k;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("class_weight names \"%s\", which is no class of the training rows", label),
			 errhint("%s", ml_nearest_hint(label, problem->classes, problem->n_classes))));
	return -1;
}

/* classes that the object does not name keep weight 1 */
static void
take_object(const MlProblem *problem, JsonbContainer *object, double *factor)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	item;
	int			k = -1;

	for (int i = 0; i < problem->n_classes; i++)
		factor[i] = 1.0;
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			k = find_class(problem, pnstrdup(item.val.string.val, item.val.string.len));
		else if (token == WJB_VALUE)
			factor[k] = ml_params_json_number(&item);
	}
}

double *
ml_class_weights(const MlParams *params, const MlProblem *problem)
{
	const MlParamValue *value = ml_params_value(params, "class_weight");
	int64		rows = problem->rows;
	bool		by_class = value != NULL && !value->is_null && problem->label != NULL;
	double	   *factor = NULL;
	double	   *weight;
	double		total = 0.0;

	if (!by_class && problem->weight == NULL)
		return NULL;
	if (by_class)
	{
		factor = ml_fit_doubles(problem->n_classes);
		if (value->text != NULL)
			balance(problem, factor);
		else
			take_object(problem, value->json.val.binary.data, factor);
	}
	weight = ml_fit_doubles(rows);
	for (int64 i = 0; i < rows; i++)
	{
		weight[i] = (problem->weight == NULL ? 1.0 : problem->weight[i]) * (by_class ? factor[problem->label[i]] : 1.0);
		total += weight[i];
	}
	if (!(total > 0.0) || isinf(total))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the class weights leave no row with a usable weight"),
				 errdetail("The sum over the training rows is %g.", total)));
	return weight;
}
