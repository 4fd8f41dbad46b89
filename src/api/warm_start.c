/*
 * warm_start.c: a training that goes on from the live version instead of from nothing.
 *
 * The new version looks at rows through the preprocessing of the live one: the codes of categories are part of what its
 * trees know.  So its features and classes must be there, and no others.
 */
#include "postgres.h"

#include "api/args.h"
#include "api/train.h"

void
ml_warm_start_refuse(Jsonb *params, const char *what)
{
	JsonbValue *wanted = ml_json_get(params, "warm_start");

	if (wanted != NULL && wanted->type == jbvBool && wanted->val.boolean)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot go on from the live version", what),
				 errdetail("Folds would be tested with what it has learned from them."),
				 errhint("Leave warm_start out of params.")));
}

void
ml_warm_start_plan(MlTraining *t)
{
	if (!ml_params_has(t->params, "warm_start") || !ml_params_bool(t->params, "warm_start"))
		return;
	if (t->earlier.live_version_id == 0)
	{
		ereport(NOTICE,
				(errmsg("model \"%s\" has no live version to go on from: the training starts from nothing",
						t->definition->model)));
		return;
	}
	t->warm = ml_champion_acquire(&t->earlier);
	if (t->warm->algorithm != t->algorithm)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot go on from version \"%s\", which is of algorithm %s", t->algorithm->name, t->warm->name,
						t->warm->algorithm->name),
				 errhint("Train without warm_start.")));
}

static int
find_input(const MlPrep *prep, const char *name)
{
	for (int i = 0; i < ml_prep_n_inputs(prep); i++)
	{
		if (strcmp(ml_prep_input(prep, i)->name, name) == 0)
			return i;
	}
	return -1;
}

static void
refuse_feature(const MlTraining *t, const char *feature, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the training cannot go on from version \"%s\": its features are others", t->warm->name),
			 errdetail(detail, feature),
			 errhint("Give the same columns (features, exclude), or train without warm_start.")));
}

void
ml_warm_start_features(MlTraining *t)
{
	const MlPrep *prep = t->warm->prep;
	const char *missing = ml_champion_missing(t->warm, t->data);
	int			n = ml_prep_n_inputs(prep);

	if (missing != NULL)
		refuse_feature(t, missing, "It was trained with column \"%s\", which this source lacks or has with another type.");
	for (int i = 0; i < t->n_features; i++)
	{
		const char *name = t->data->columns[t->features[i]].name;

		if (find_input(prep, name) < 0)
			refuse_feature(t, name, "It knows no column \"%s\".");
	}
	/* a column that says nothing in these rows is a feature all the same */
	t->features = palloc(sizeof(int) * Max(n, 1));
	t->n_features = n;
	for (int i = 0; i < n; i++)
		t->features[i] = ml_dataset_column(t->data, ml_prep_input(prep, i)->name);
}

void
ml_warm_start_classes(MlTraining *t)
{
	const MlModel *warm = t->warm;
	bool		same = warm->n_classes == t->model.n_classes;

	for (int k = 0; same && k < warm->n_classes; k++)
		same = strcmp(warm->classes[k], t->model.classes[k]) == 0;
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the training cannot go on from version \"%s\": its classes are others", warm->name),
				 errdetail("It has %d classes, the training rows have %d, or their labels differ.", warm->n_classes,
						   t->model.n_classes),
				 errhint("Give rows of the same classes, or train without warm_start.")));
}
