/*
 * features.c: mlops_features: the features that a model's columns became, where each comes from and what was learned of it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "api/args.h"
#include "dataset/bigmem.h"
#include "scoring/scorer.h"

PG_FUNCTION_INFO_V1(mlops_features);

static Datum
input_names(const MlPrep *prep, const MlPrepFeature *feature)
{
	Datum	   *names = ml_palloc_array(Max(feature->n_inputs, 1), sizeof(Datum));

	for (int i = 0; i < feature->n_inputs; i++)
		names[i] = CStringGetTextDatum(ml_prep_input(prep, feature->inputs[i])->name);
	return PointerGetDatum(construct_array(names, feature->n_inputs, TEXTOID, -1, false, TYPALIGN_INT));
}

/* mlops_features(model text) -> rows (position, feature, origin, step, fitted), in the order in which the model sees them */
Datum
mlops_features(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops features", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller;
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MlPrepFeature *features;
	MlModelRef	ref;
	MlModel    *model;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	caller = MemoryContextSwitchTo(context);
	ml_catalog_resolve(ml_arg_required_text(fcinfo, 0, "model"), ML_PRIV_PREDICT, &ref);
	model = ml_model_acquire(&ref);
	features = ml_prep_features(model->prep, &n);
	for (int i = 0; i < n; i++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = Int32GetDatum(i + 1);
		values[1] = CStringGetTextDatum(features[i].name);
		values[2] = input_names(model->prep, &features[i]);
		values[3] = CStringGetTextDatum(features[i].step);
		values[4] = JsonbPGetDatum(features[i].fitted);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	ml_model_release(model);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
