/*
 * champion.c: does the new version deserve to go live?
 *
 * Champion and challenger are scored on the same rows: the new test set.
 * Because the side of the split on which a row falls hangs on its hash alone, rows that
 * the champion's own split held back are the ones the challenger's test set holds.
 */
#include "postgres.h"

#include <math.h>

#include "utils/snapmgr.h"

#include "api/labels.h"
#include "api/train.h"

static bool
is_number(MlType type)
{
	return type == ML_TYPE_BOOL || type == ML_TYPE_INTEGER || type == ML_TYPE_FLOAT;
}

/* numbers of every kind stand for one another; a column that is NULL in all rows stands for an array of any width */
static bool
fits(const MlInput *input, const MlColumn *column)
{
	if (column->role != ML_ROLE_FEATURE)
		return false;
	if (input->type == ML_TYPE_ARRAY && column->width != 0 && column->width != input->width)
		return false;
	return input->type == column->type || (is_number(input->type) && is_number(column->type));
}

const char *
ml_champion_missing(const MlModel *live, const MlDataset *data)
{
	for (int i = 0; i < ml_prep_n_inputs(live->prep); i++)
	{
		const MlInput *input = ml_prep_input(live->prep, i);
		int			column = ml_dataset_column(data, input->name);

		if (column < 0 || !fits(input, &data->columns[column]))
			return input->name;
	}
	return NULL;
}

/* the champion's metric on the new test rows */
static double
champion_value(MlTraining *t, const MlModel *live)
{
	int64		from = ml_rows_test(t->rows);
	int64		n = t->rows->n - from;
	int			k = ml_model_outputs(live);
	double	   *out = ml_budget_alloc(t->budget, mul_size(Max(n, 1), k), sizeof(double), "predictions");
	const MlColumn *target = &t->data->columns[t->plan->target];
	double	   *weight = NULL;
	MlScored	scored = {0};
	MlReport	report;

	ml_assess_predict(t, live, t->rows->order + from, n, out);
	scored.task = live->task;
	scored.n = n;
	scored.out = out;
	scored.n_classes = live->n_classes;
	scored.classes = live->classes;
	scored.threshold = ml_model_threshold(live);
	if (t->plan->weight >= 0)
	{
		weight = ml_budget_alloc(t->budget, Max(n, 1), sizeof(double), "weights");
		ml_column_gather(&t->data->columns[t->plan->weight], 0, t->rows->order + from, n, weight, 1);
	}
	if (live->task == ML_TASK_REGRESSION)
		scored.y = t->y + from;
	else
	{
		int32	   *label = ml_budget_alloc(t->budget, Max(n, 1), sizeof(int32), "labels");

		ml_labels_gather(live, target, t->rows->order + from, n, label);
		scored.n = ml_report_drop_unknown(label, out, weight, n, k);
		scored.label = label;
	}
	scored.weight = weight;
	report = ml_report_make(&scored, t->pool);
	return ml_report_value(&report, t->metric);
}

MlModel *
ml_champion_acquire(const MlModelRow *model)
{
	MlModelRef	ref = {0};
	MlModel    *live;

	ref.model = *model;
	ref.version_id = model->live_version_id;
	PushActiveSnapshot(GetLatestSnapshot());
	ref.version = ml_catalog_version(ref.version_id)->version;
	live = ml_model_acquire(&ref);
	PopActiveSnapshot();
	return live;
}

static bool
better_than_live(MlTraining *t, const MlModelRow *model)
{
	MlModel    *live = ml_champion_acquire(model);
	const char *missing = ml_champion_missing(live, t->data);
	double		challenger = ml_report_value(&t->test, t->metric);
	double		champion;
	bool		better;

	if (missing != NULL)
	{
		ereport(NOTICE,
				(errmsg("not deployed: the live version needs column \"%s\", which this source lacks or has with another type",
						missing),
				 errhint("Deploy the new version with mlops_deploy when you want it.")));
		ml_model_release(live);
		return false;
	}
	champion = champion_value(t, live);
	better = ml_report_better(t->metric, challenger, champion);
	if (!better)
		ereport(NOTICE,
				(errmsg("not deployed: %s is %.6g, the live version has %.6g on the same test rows",
						t->metric, challenger, champion),
				 errhint("Deploy it all the same with mlops_deploy, or train with deploy => 'always'.")));
	ml_model_release(live);
	return better;
}

bool
ml_champion_beaten(MlTraining *t, const MlModelRow *model)
{
	switch (t->definition->deploy)
	{
		case ML_DEPLOY_ALWAYS:
			return true;
		case ML_DEPLOY_NEVER:
			return false;
		case ML_DEPLOY_IF_BETTER:
			break;
	}
	if (model->live_version_id == 0)
		return true;
	if (t->test.n == 0)
	{
		ereport(NOTICE,
				(errmsg("not deployed: without test rows the new version cannot be compared with the live one"),
				 errhint("Deploy it with mlops_deploy, or train with deploy => 'always'.")));
		return false;
	}
	return better_than_live(t, model);
}
