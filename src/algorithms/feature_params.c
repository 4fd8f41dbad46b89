/*
 * feature_params.c: parameters that name features: signs (monotonic_cst) and groups (interaction_cst).
 *
 * Whether a name is a feature is known only once the columns are: these are resolved at the start of a fit.
 */
#include "algorithms/params.h"

#include "nearest.h"

static int
design_cols(const MlProblem *problem)
{
	return problem->x != NULL ? problem->x->cols : problem->binned->n_features;
}

/* column is the feature of this name, or an element of the array of this name */
static bool
is_column_of(const char *column, const char *feature)
{
	size_t		len = strlen(feature);

	if (strncmp(column, feature, len) != 0)
		return false;
	if (column[len] == '[')
	{
		const char *digits = column + len + 1;
		size_t		n = strspn(digits, "0123456789");

		return n > 0 && strcmp(digits + n, "]") == 0;
	}
	return column[len] == '\0';
}

static void
unknown_feature(const char *parameter, const char *feature, const MlProblem *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s names \"%s\", which is no feature of this training", parameter, feature),
			 errdetail("Columns that are left out of the training do not count as features."),
			 errhint("%s", ml_nearest_hint(feature, problem->names, design_cols(problem)))));
}

static void
refuse_category(const char *parameter, const char *feature)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s names \"%s\", which is a category", parameter, feature),
			 errdetail("Only numbers have an order that a prediction can follow."),
			 errhint("Leave it out, or give 0.")));
}

static void
set_sign(const char *parameter, const char *feature, int8 sign, const MlProblem *problem, int8 *signs)
{
	bool		found = false;

	for (int j = 0; j < design_cols(problem); j++)
	{
		if (!is_column_of(problem->names[j], feature))
			continue;
		if (sign != 0 && problem->binned != NULL && problem->binned->features[j].category)
			refuse_category(parameter, feature);
		signs[j] = sign;
		found = true;
	}
	if (!found)
		unknown_feature(parameter, feature, problem);
}

int8 *
ml_params_feature_signs(const MlParams *p, const char *name, const MlProblem *problem)
{
	const MlParamValue *value = ml_params_value(p, name);
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	item;
	char	   *feature = NULL;
	int8	   *signs;

	if (value == NULL || value->is_null)
		return NULL;
	signs = palloc0(Max(design_cols(problem), 1));
	it = JsonbIteratorInit(value->json.val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			feature = pnstrdup(item.val.string.val, item.val.string.len);
		else if (token == WJB_VALUE)
			set_sign(name, feature, (int8) ml_params_json_number(&item), problem, signs);
	}
	return signs;
}

static void
add_to_group(const char *parameter, const char *feature, const MlProblem *problem, uint8 *group)
{
	bool		found = false;

	for (int j = 0; j < design_cols(problem); j++)
	{
		if (!is_column_of(problem->names[j], feature))
			continue;
		group[j] = 1;
		found = true;
	}
	if (!found)
		unknown_feature(parameter, feature, problem);
}

static void
fill_group(const char *parameter, JsonbContainer *names, const MlProblem *problem, uint8 *group)
{
	JsonbIterator *it = JsonbIteratorInit(names);
	JsonbIteratorToken token;
	JsonbValue	item;

	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			add_to_group(parameter, pnstrdup(item.val.string.val, item.val.string.len), problem, group);
	}
}

/* the columns that none of the n groups has, as one more group; false when there are none */
static bool
fill_rest(const uint8 *groups, int n, int cols, uint8 *rest)
{
	bool		any = false;

	for (int j = 0; j < cols; j++)
	{
		rest[j] = 1;
		for (int g = 0; g < n; g++)
			rest[j] &= !groups[(Size) g * cols + j];
		any |= rest[j];
	}
	return any;
}

uint8 *
ml_params_feature_groups(const MlParams *p, const char *name, const MlProblem *problem, int *n_groups)
{
	const MlParamValue *value = ml_params_value(p, name);
	int			cols = design_cols(problem);
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	item;
	uint8	   *groups;

	*n_groups = 0;
	if (value == NULL || value->is_null)
		return NULL;
	groups = MemoryContextAllocExtended(CurrentMemoryContext,
										mul_size((Size) JsonContainerSize(value->json.val.binary.data) + 1, Max(cols, 1)),
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	it = JsonbIteratorInit(value->json.val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			fill_group(name, item.val.binary.data, problem, groups + (Size) (*n_groups)++ * cols);
	}
	if (fill_rest(groups, *n_groups, cols, groups + (Size) *n_groups * cols))
		(*n_groups)++;
	return groups;
}
