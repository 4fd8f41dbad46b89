/*
 * features.c: what each column of the design is, for those who show a model's columns to people: its name, the inputs it
 * comes from, what made it and what was learned of it.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "preprocess/chain.h"

/* the columns at one place of the chain */
typedef struct Level
{
	int			cols;
	const char *const *names;
	Bitmapset **origins;		/* sets of inputs; shared between levels; NULL when nobody asks for them */
} Level;

/* the step behind a column that the steps make, and which of the step's outputs it is */
static const MlStep *
step_of(const MlPrep *prep, int column, int *k)
{
	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];

		*k = column - step->first_dense;
		if (*k >= 0 && *k < step->n_dense)
			return step;
		if (step->code_block < 0)
			continue;
		*k = column - step->first_code;
		if (*k >= 0 && *k < prep->blocks[step->code_block + (prep->n_dense > 0)].cols)
		{
			*k += step->n_dense;
			return step;
		}
	}
	return NULL;
}

/* input of each column that the steps make */
static void
step_origins(const MlPrep *prep, int *input)
{
	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];
		int			n_codes = step->code_block < 0 ? 0 : prep->blocks[step->code_block + (prep->n_dense > 0)].cols;

		for (int k = 0; k < step->n_dense; k++)
			input[step->first_dense + k] = i;
		for (int k = 0; k < n_codes; k++)
			input[step->first_code + k] = i;
	}
}

static Level
first_level(const MlPrep *prep, bool origins)
{
	Level		level = {.cols = prep->cols,.names = ml_prep_step_names(prep)};
	int		   *input;

	if (!origins)
		return level;
	input = ml_palloc_array(Max(prep->cols, 1), sizeof(int));
	level.origins = ml_palloc_array(Max(prep->cols, 1), sizeof(Bitmapset *));
	step_origins(prep, input);
	for (int j = 0; j < prep->cols; j++)
		level.origins[j] = j > 0 && input[j] == input[j - 1] ? level.origins[j - 1] : bms_make_singleton(input[j]);
	pfree(input);
	return level;
}

/* the columns that leave a stage */
static Level
next_level(const Level *in, const MlStage *stage)
{
	Level		level = {.cols = stage->out.cols};
	const char **names = ml_palloc_array(Max(level.cols, 1), sizeof(char *));

	if (in->origins != NULL)
		level.origins = ml_palloc_array(Max(level.cols, 1), sizeof(Bitmapset *));
	for (int j = 0; j < level.cols; j++)
	{
		int			source = stage->kind->source(stage, j);

		CHECK_FOR_INTERRUPTS();
		if (source < 0)
		{
			StringInfoData name;

			initStringInfo(&name);
			stage->kind->name_column(stage, in->names, j, &name);
			names[j] = name.data;
		}
		else
			names[j] = in->names[source];
		if (in->origins != NULL)
			level.origins[j] = source < 0 ? stage->kind->origin(stage, in->origins, j) : in->origins[source];
	}
	level.names = names;
	return level;
}

/* all places up to the entry of stage n, [0] what the steps make; raw stages leave things as they are */
static Level *
make_levels(const MlPrep *prep, int n, bool origins)
{
	Level	   *levels = palloc(sizeof(Level) * (n + 1));

	levels[0] = first_level(prep, origins);
	for (int i = 0; i < n; i++)
	{
		if (prep->stages[i]->kind->impute != ML_IMPUTE_NONE)
			levels[i + 1] = levels[i];
		else
			levels[i + 1] = next_level(&levels[i], prep->stages[i]);
	}
	return levels;
}

const char *const *
ml_chain_names(const MlPrep *prep, int i)
{
	return make_levels(prep, i, false)[i].names;
}

const char *const *
ml_prep_names(const MlPrep *prep, int *cols)
{
	*cols = prep->design_cols;
	if (prep->n_parts > 0)
		return ml_join_names(prep);
	return prep->n_stages > 0 ? ml_chain_names(prep, prep->n_stages) : ml_prep_step_names(prep);
}

void
ml_prep_origin(const MlPrep *prep, int *input)
{
	Level		level;

	if (prep->n_parts > 0)
	{
		ml_join_origin(prep, input);
		return;
	}
	if (prep->n_stages == 0)
	{
		step_origins(prep, input);
		return;
	}
	level = make_levels(prep, prep->n_stages, true)[prep->n_stages];
	for (int j = 0; j < level.cols; j++)
		input[j] = bms_membership(level.origins[j]) == BMS_SINGLETON ? bms_singleton_member(level.origins[j]) : -1;
}

/* ---- all of it ---- */

/* how a column of the steps was learned; scaling counts for dense ones alone */
static void
describe_step_column(const MlPrep *prep, int column, JsonbParseState **state)
{
	int			k;
	const MlStep *step = step_of(prep, column, &k);

	if (column < prep->n_dense)
	{
		MlDenseRule rule = step->kind->rule(step, k);

		if (rule.impute != ML_IMPUTE_NONE)
		{
			ml_json_put_text(state, "impute", ml_impute_choices[rule.impute]);
			if (rule.impute < ML_IMPUTE_KNN)
				ml_json_put_float(state, "fill", prep->fill[column]);
		}
		if (rule.scale != ML_SCALE_NONE)
		{
			ml_json_put_text(state, "scale", ml_scale_choices[rule.scale]);
			ml_json_put_float(state, "center", prep->center[column]);
			ml_json_put_float(state, "unit", prep->scale[column]);
		}
	}
	if (step->kind->describe != NULL)
		step->kind->describe(step, k, state);
}

/*
 * What was learned of a design column: backwards through the stages as long as it stands for one column, and last by the step.  Sets
 * the name of what made it.
 */
static Jsonb *
describe_column(const MlPrep *prep, const Level *levels, int column, const char **made_by)
{
	JsonbParseState *state = NULL;
	int			k;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = prep->n_stages - 1; i >= 0; i--)
	{
		const MlStage *stage = prep->stages[i];
		int			source;

		if (stage->kind->impute != ML_IMPUTE_NONE)
			break;
		if (stage->kind->describe != NULL)
			stage->kind->describe(stage, levels[i].names, column, &state);
		source = stage->kind->source(stage, column);
		if (source < 0)
		{
			*made_by = stage->kind->name;
			return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
		}
		column = source;
	}
	*made_by = step_of(prep, column, &k)->kind->name;
	describe_step_column(prep, column, &state);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

MlPrepFeature *
ml_prep_features(const MlPrep *prep, int *cols)
{
	Level	   *levels;
	const Level *last;
	MlPrepFeature *features;

	if (prep->n_parts > 0)
	{
		*cols = prep->design_cols;
		return ml_join_features(prep);
	}
	levels = make_levels(prep, prep->n_stages, true);
	last = &levels[prep->n_stages];
	features = ml_palloc_array(Max(last->cols, 1), sizeof(MlPrepFeature));
	for (int j = 0; j < last->cols; j++)
	{
		MlPrepFeature *f = &features[j];
		int			member = -1;

		CHECK_FOR_INTERRUPTS();
		f->name = last->names[j];
		f->n_inputs = 0;
		f->inputs = ml_palloc_array(Max(bms_num_members(last->origins[j]), 1), sizeof(int));
		while ((member = bms_next_member(last->origins[j], member)) >= 0)
			f->inputs[f->n_inputs++] = member;
		f->fitted = describe_column(prep, levels, j, &f->step);
	}
	*cols = last->cols;
	return features;
}
