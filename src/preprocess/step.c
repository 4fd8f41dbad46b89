/*
 * step.c: the registry of steps.
 */
#include "postgres.h"

#include "preprocess/step.h"

#define ML_STEP(kind) extern const MlStepKind kind;
#include "preprocess/steps.h"
#undef ML_STEP

static const MlStepKind *const kinds[] = {
#define ML_STEP(kind) &kind,
#include "preprocess/steps.h"
#undef ML_STEP
};

const char *const ml_impute_choices[] = {"none", "mean", "median", "most_frequent", "constant", "knn", "iterative", NULL};
const char *const ml_scale_choices[] = {"none", "standard", "minmax", "robust", NULL};

void
ml_step_check_fill(const char *column, double impute, double fill)
{
	if (fill != 0 && impute != ML_IMPUTE_CONSTANT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("preprocess option \"fill\" of column \"%s\" has no effect", column),
				 errdetail("Missing values are imputed by \"%s\".", ml_impute_choices[(int) impute]),
				 errhint("Say \"impute\": \"constant\" beside it.")));
}

int
ml_step_count(void)
{
	return lengthof(kinds);
}

const MlStepKind *
ml_step_get(int i)
{
	return kinds[i];
}

const MlStepKind *
ml_step_by_id(uint8 id)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (kinds[i]->id == id)
			return kinds[i];
	}
	return NULL;
}

/* what a kind of step takes by default in a layout */
static uint32
layout_types(const MlStepKind *kind, bool native)
{
	return native ? kind->native_types : kind->default_types;
}

bool
ml_step_fits(const MlStepKind *kind, MlType type, bool native)
{
	return layout_types(kind, native) != 0 && (type == 0 || (kind->types & ML_TYPE_BIT(type)) != 0);
}

const MlStepKind *
ml_step_by_name(const char *name, MlType type, bool native)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (ml_step_fits(kinds[i], type, native) && strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	}
	return NULL;
}

const MlStepKind *
ml_step_default(MlType type, bool native)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (layout_types(kinds[i], native) & ML_TYPE_BIT(type))
			return kinds[i];
	}
	elog(ERROR, "no step takes columns of kind %d", (int) type);
	return NULL;
}

int
ml_step_option_count(const MlStepKind *kind)
{
	int			n = 0;

	while (kind->options[n].name != NULL)
		n++;
	return n;
}

int
ml_step_option_find(const MlStepKind *kind, const char *name)
{
	for (int i = 0; kind->options[i].name != NULL; i++)
	{
		if (kind->options[i].type != ML_OPTION_PART && strcmp(kind->options[i].name, name) == 0)
			return i;
	}
	return -1;
}
