/*
 * train_store.c: a trained model becomes a version.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/args.h"
#include "api/build_info.h"
#include "api/reference.h"
#include "api/train.h"
#include "guc.h"
#include "monitoring/progress.h"

static Jsonb *
features_json(const MlTraining *t)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (int i = 0; i < t->n_features; i++)
	{
		const MlColumn *column = &t->data->columns[t->features[i]];

		ml_json_key(&out, NULL);
		appendStringInfoChar(&out, '{');
		ml_json_text(&out, "name", column->name);
		ml_json_text(&out, "type", format_type_be(column->type_oid));
		appendStringInfoChar(&out, '}');
	}
	appendStringInfoChar(&out, ']');
	return ml_json_parse(out.data);
}

static Jsonb *
classes_json(const MlTraining *t)
{
	StringInfoData out;

	if (t->model.task == ML_TASK_REGRESSION)
		return NULL;
	initStringInfo(&out);
	ml_json_text_array(&out, NULL, t->model.classes, t->model.n_classes);
	return ml_json_parse(out.data);
}

static Jsonb *
metrics_json(const MlTraining *t)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	ml_report_json(&out, "train", &t->train);
	ml_report_json(&out, "test", &t->test);
	ml_report_json(&out, "baseline", &t->baseline);
	if (t->fit.n > 0)
		ml_report_json(&out, "fit", &t->fit);
	appendStringInfoChar(&out, '}');
	return ml_json_parse(out.data);
}

/* train and test metrics as catalog rows */
static MlMetricRow *
metric_rows(MlTraining *t, int *n)
{
	MlMetricRow *rows = palloc(sizeof(MlMetricRow) * (t->train.n + t->test.n + t->baseline.n + 1));
	struct
	{
		const char *dataset;
		MlReport   *report;
	}			parts[] = {{"train", &t->train}, {"test", &t->test}, {"baseline", &t->baseline}};

	*n = 0;
	for (int p = 0; p < lengthof(parts); p++)
		for (int i = 0; i < parts[p].report->n; i++)
		{
			rows[*n] = parts[p].report->rows[i];
			rows[(*n)++].dataset = parts[p].dataset;
		}
	return rows;
}

/* all of the version's record that is known before its number */
static MlVersionRow *
make_version(MlTraining *t)
{
	MlVersionRow *v = palloc0(sizeof(MlVersionRow));
	int			n_reference;
	MlReference *reference = ml_profile_reference(t->data, t->rows, t->features, t->n_features, t->pool, &n_reference);

	v->algorithm = pstrdup(t->algorithm->name);
	v->task = pstrdup(ml_train_task_name(t->model.task));
	v->params = ml_params_json(t->params);
	v->definition = ml_definition_json(t->definition, t->source->qualified);
	v->preprocess = ml_prep_describe(t->model.prep);
	v->features = features_json(t);
	v->classes = classes_json(t);
	v->reference = ml_reference_json(reference, n_reference);
	v->metrics = metrics_json(t);
	v->inspection = ml_inspect_training ? ml_findings_json(&t->findings) : NULL;
	v->metric = pstrdup(t->metric);
	v->value = ml_report_value(t->test.n > 0 ? &t->test : &t->train, t->metric);
	v->baseline = ml_report_value(&t->baseline, t->metric);
	v->train_rows = t->rows->n_train;
	v->test_rows = t->rows->n - ml_rows_test(t->rows);
	v->skipped_rows = t->data->skipped;
	v->seed = t->definition->seed;
	v->fingerprint = t->rows->fingerprint;
	v->build = ml_build_info();
	return v;
}

/*
 * The model's row is locked from here to the end of the transaction, so that
 * trainings of one model store, compare and deploy one after the other.
 */
void
ml_train_store(MlTraining *t)
{
	Size		len;
	uint8	   *bytes;
	int			n_metrics;
	MlMetricRow *metrics = metric_rows(t, &n_metrics);
	MlModelRow	model;
	bool		created;

	ml_progress_stage(ML_STAGE_STORE, 0);
	t->version = make_version(t);
	bytes = ml_model_write(&t->model, &len);
	ml_catalog_lock_model(t->definition->model, t->version->task, &model, &created);
	t->deployed = ml_champion_beaten(t, &model);

	t->version->model_id = model.model_id;
	t->version->seconds = (double) (GetCurrentTimestamp() - t->started) / USECS_PER_SEC;
	ml_catalog_insert_version(t->version, bytes, len, metrics, n_metrics);
	if (t->deployed)
		ml_catalog_deploy(&model, t->version->version_id,
						  t->definition->deploy == ML_DEPLOY_ALWAYS ? "trained with deploy => 'always'" :
						  model.live_version_id == 0 ? "first version" :
						  psprintf("better %s on new test rows", t->metric));
}
