/*
 * drift.c: mlops_drift: do today's rows look like those the model was trained on?
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/args.h"
#include "api/reference.h"
#include "guc.h"
#include "monitoring/drift.h"
#include "scoring/inputs.h"

PG_FUNCTION_INFO_V1(mlops_drift);

#define DRIFT_BATCH 8192

/* what is counted against what; one entry a reference, that is an element of an input */
typedef struct DriftCount
{
	const MlModel *model;
	const MlReference *reference;
	int			n;
	double	  **counts;
} DriftCount;

static void
count_batch(MlDataset *batch, void *arg)
{
	DriftCount *drift = arg;
	int			r = 0;

	for (int i = 0; i < ml_prep_n_inputs(drift->model->prep); i++)
	{
		const MlInput *input = ml_prep_input(drift->model->prep, i);
		const MlColumn *column = &batch->columns[i];

		if (input->type == ML_TYPE_ARRAY && column->width != 0 && column->width != input->width)
			ml_model_wrong_width(drift->model, input, column->width);
		for (int k = 0; k < input->width; k++, r++)
			ml_profile_count(&drift->reference[r], column, k, batch->rows, drift->counts[r]);
	}
}

static MlColumnRequest *
request_inputs(const MlModel *model, const MlSource *source)
{
	int			n = ml_prep_n_inputs(model->prep);
	int		   *attnums = palloc(sizeof(int) * Max(n, 1));
	MlColumnRequest *request = palloc0(sizeof(MlColumnRequest) * Max(n, 1));

	ml_model_match_columns(model, source->desc, attnums);
	for (int i = 0; i < n; i++)
	{
		request[i].attnum = attnums[i];
		request[i].role = ML_ROLE_FEATURE;
	}
	return request;
}

static void
put_drift(ReturnSetInfo *result, const char *feature, MlDrift drift)
{
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = CStringGetTextDatum(feature);
	values[1] = CStringGetTextDatum("psi");
	values[2] = ml_result_float(drift.psi, &nulls[2]);
	values[3] = Float8GetDatum(drift.threshold);
	values[4] = BoolGetDatum(drift.drifted);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
measure(ReturnSetInfo *result, const MlModel *model, const MlModelRef *ref, MlSource *source)
{
	DriftCount	drift = {0};
	MlBudget   *budget = ml_budget_create(CurrentMemoryContext, (Size) ml_max_memory_kb * 1024);
	MlReference *reference = ml_reference_parse(ml_catalog_version(ref->version_id)->reference, &drift.n);
	int64		rows;

	if (drift.n != ml_prep_n_values(model->prep))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the stored training distribution of model \"%s\" is damaged", model->name)));
	drift.model = model;
	drift.reference = reference;
	drift.counts = palloc(sizeof(double *) * Max(drift.n, 1));
	for (int i = 0; i < drift.n; i++)
		drift.counts[i] = palloc0(sizeof(double) * (reference[i].bins + 1));

	rows = ml_dataset_stream(source, request_inputs(model, source), ml_prep_n_inputs(model->prep),
							 DRIFT_BATCH, budget, count_batch, &drift);
	if (rows == 0)
		ml_source_no_rows(source);
	for (int i = 0; i < drift.n; i++)
		put_drift(result, reference[i].feature,
				  ml_drift_judge(reference[i].counts, drift.counts[i], reference[i].bins + 1));
}

/*
 * mlops_drift(model text, source text) -> rows (feature, statistic, value, threshold, drifted)
 *
 * Population stability index of each feature over the deciles (numbers) or the most frequent categories of the
 * training rows, NULL being a bin of its own.
 */
Datum
mlops_drift(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops drift", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	MlModelRef	ref;
	MlModel    *model;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(context);
	ml_catalog_resolve(ml_arg_required_text(fcinfo, 0, "model"), ML_PRIV_PREDICT, &ref);
	model = ml_model_acquire(&ref);
	measure((ReturnSetInfo *) fcinfo->resultinfo, model, &ref,
			ml_source_open(ml_arg_required_text(fcinfo, 1, "source")));
	ml_model_release(model);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
