/*
 * join.c: several preprocessings of the same features side by side, for an ensemble whose members want different ones.
 *
 * Rows come in once, by the inputs that all have in common; each part makes its own design of them, and the design that holds these
 * has no blocks of its own.  A category's code is that of one dictionary, and each part has its own, so a single row
 * brings texts, which the parts look up.
 */
#include "postgres.h"

#include "preprocess/prep.h"

MlPrep *
ml_prep_join(MlPrep *const *parts, int n)
{
	MlPrep	   *prep = palloc0(sizeof(MlPrep));
	int64		cols = 0;

	Assert(n >= 1 && n <= ML_PREP_MAX_PARTS);
	prep->n_inputs = parts[0]->n_inputs;
	prep->inputs = parts[0]->inputs;
	prep->n_values = parts[0]->n_values;
	prep->n_parts = n;
	prep->parts = palloc(sizeof(MlPrep *) * n);
	for (int i = 0; i < n; i++)
	{
		prep->parts[i] = parts[i];
		cols += parts[i]->design_cols;
	}
	prep->design_cols = (int) cols;
	return prep;
}

int
ml_prep_n_parts(const MlPrep *prep)
{
	return prep->n_parts;
}

const MlPrep *
ml_prep_part(const MlPrep *prep, int i)
{
	return prep->parts[i];
}

MlkDesign *
ml_join_design(const MlPrep *prep, MlkDesign **parts)
{
	MlkDesign  *design = palloc0(sizeof(MlkDesign));

	*parts = palloc0(sizeof(MlkDesign) * prep->n_parts);
	design->cols = prep->design_cols;
	design->n_parts = prep->n_parts;
	design->parts = *parts;
	return design;
}

/* ---- for people ---- */

const char *const *
ml_join_names(const MlPrep *prep)
{
	const char **names = ml_palloc_array(Max(prep->design_cols, 1), sizeof(char *));
	int			at = 0;

	for (int i = 0; i < prep->n_parts; i++)
	{
		int			cols;
		const char *const *some = ml_prep_names(prep->parts[i], &cols);

		memcpy(names + at, some, sizeof(char *) * cols);
		at += cols;
	}
	return names;
}

void
ml_join_origin(const MlPrep *prep, int *input)
{
	for (int i = 0; i < prep->n_parts; i++)
	{
		ml_prep_origin(prep->parts[i], input);
		input += prep->parts[i]->design_cols;
	}
}

MlPrepFeature *
ml_join_features(const MlPrep *prep)
{
	MlPrepFeature *features = ml_palloc_array(Max(prep->design_cols, 1), sizeof(MlPrepFeature));
	int			at = 0;

	for (int i = 0; i < prep->n_parts; i++)
	{
		int			cols;
		const MlPrepFeature *some = ml_prep_features(prep->parts[i], &cols);

		memcpy(features + at, some, sizeof(MlPrepFeature) * cols);
		at += cols;
	}
	return features;
}

Jsonb *
ml_join_describe(const MlPrep *prep)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < prep->n_parts; i++)
	{
		Jsonb	   *part = ml_prep_describe(prep->parts[i]);
		JsonbValue	value = {.type = jbvBinary};

		value.val.binary.data = &part->root;
		value.val.binary.len = VARSIZE(part) - VARHDRSZ;
		pushJsonbValue(&state, WJB_ELEM, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

/* ---- a single row ---- */

void
ml_join_create_row(const MlPrep *prep, MlPrepRow *row)
{
	row->design = *ml_join_design(prep, &row->designs);
	row->design.rows = 1;
	row->values = ml_palloc_array(Max(prep->n_values, 1), sizeof(MlValue));
	row->parts = palloc(sizeof(MlPrepRow *) * prep->n_parts);
	for (int i = 0; i < prep->n_parts; i++)
	{
		row->parts[i] = ml_prep_row_create(prep->parts[i]);
		row->designs[i] = row->parts[i]->design;
	}
}

/* texts become the codes of this part's dictionaries, where it has one */
static void
look_up(const MlPrep *part, MlValue *values)
{
	for (int i = 0; i < part->n_inputs; i++)
	{
		const MlInput *input = &part->inputs[i];
		const struct varlena *text;

		if (input->type != ML_TYPE_CATEGORY || ml_prep_wants_text(part, i))
			continue;
		text = values[input->offset].text;
		values[input->offset].code = text == NULL ? ML_NULL_CODE :
			ml_prep_code(part, i, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
	}
}

void
ml_join_row(const MlPrep *prep, const MlValue *values, MlPrepRow *row)
{
	for (int i = 0; i < prep->n_parts; i++)
	{
		memcpy(row->values, values, sizeof(MlValue) * prep->n_values);
		look_up(prep->parts[i], row->values);
		ml_prep_row(prep->parts[i], row->values, row->parts[i]);
	}
}
