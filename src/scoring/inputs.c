/*
 * inputs.c: what a model wants against what it is given: names and types.
 *
 * Everything that brings rows to a model (a table, a composite, jsonb, plain values) asks here, so that one
 * mistake has one wording and one SQLSTATE wherever it is made.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "dataset/bigmem.h"
#include "nearest.h"
#include "scoring/inputs.h"

#define NAMES_SHOWN 20

char *
ml_model_input_list(const MlModel *model)
{
	int			n = ml_prep_n_inputs(model->prep);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n && i < NAMES_SHOWN; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", ml_prep_input(model->prep, i)->name);
	if (n > NAMES_SHOWN)
		appendStringInfo(&list, ", ... (%d in all)", n);
	return list.data;
}

const char *
ml_model_name(const MlModel *model)
{
	return model->name != NULL ? model->name : model->algorithm->name;
}

/* ---- names ---- */

static bool
is_input(const MlModel *model, const char *name)
{
	for (int i = 0; i < ml_prep_n_inputs(model->prep); i++)
		if (strcmp(ml_prep_input(model->prep, i)->name, name) == 0)
			return true;
	return false;
}

void
ml_model_missing(const MlModel *model, const char *column, const char *const *given, int n_given)
{
	const char **others = ml_palloc_array(n_given + 1, sizeof(char *));
	const char *near;
	int			n = 0;

	/* a column that is another feature has its name rightly */
	for (int i = 0; i < n_given; i++)
		if (!is_input(model, given[i]))
			others[n++] = given[i];
	near = ml_nearest(column, others, n);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\", a feature of model \"%s\", is missing", column, ml_model_name(model)),
			 errdetail("The model needs: %s.", ml_model_input_list(model)),
			 near != NULL ?
			 errhint("The column most like it is \"%s\"; rename it with AS \"%s\".", near, column) :
			 errhint("Give every feature by its name; further columns are ignored, and a value that is not known is NULL.")));
}

static void
missing_in_desc(const MlModel *model, const char *column, TupleDesc desc)
{
	const char **given = ml_palloc_array(desc->natts + 1, sizeof(char *));
	int			n = 0;

	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped)
			given[n++] = NameStr(TupleDescAttr(desc, i)->attname);
	ml_model_missing(model, column, given, n);
}

/*
 * Position of the one column of that name, 0 when there is none.  A source lists its columns mostly in the
 * order the model learned them, so the search starts where the last one ended; it still goes all round, because
 * two columns of one name are an error.
 */
static int
find_column(const MlModel *model, TupleDesc desc, const char *name, int start)
{
	int			found = 0;

	for (int step = 0; step < desc->natts; step++)
	{
		int			i = (start + step) % desc->natts;
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || strcmp(NameStr(attribute->attname), name) != 0)
			continue;
		if (found > 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("column \"%s\", a feature of model \"%s\", is given twice", name, ml_model_name(model)),
					 errhint("Name the columns one by one instead of \"*\", or rename one of them with AS.")));
		found = i + 1;
	}
	return found;
}

void
ml_model_locate_columns(const MlModel *model, TupleDesc desc, int *attnums)
{
	int			n = ml_prep_n_inputs(model->prep);
	int			start = 0;

	for (int i = 0; i < n; i++)
	{
		const char *name = ml_prep_input(model->prep, i)->name;

		attnums[i] = find_column(model, desc, name, start);
		if (attnums[i] == 0)
			missing_in_desc(model, name, desc);
		start = attnums[i];
	}
}

/* ---- types ---- */

/*
 * the type a user writes to get such a value; the declared type's oid may be dangling after a restore, so it is
 * not asked
 */
static const char *
cast_target(MlType type)
{
	switch (type)
	{
		case ML_TYPE_BOOL:
			return "boolean";
		case ML_TYPE_INTEGER:
		case ML_TYPE_FLOAT:
			return "double precision";
		case ML_TYPE_TIME:
			return "timestamptz";
		case ML_TYPE_INTERVAL:
			return "interval";
		case ML_TYPE_CATEGORY:
			return "text";
		case ML_TYPE_ARRAY:
			return "double precision[]";
	}
	return "text";
}

void
ml_model_wrong_type(const MlModel *model, const MlInput *input, const char *given)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("feature \"%s\" of model \"%s\" cannot be of type %s", input->name, ml_model_name(model), given),
			 errdetail("The model learned it as %s.", ml_type_name(input->type)),
			 errhint("Cast the value, as in (%s)::%s.", quote_identifier(input->name), cast_target(input->type))));
}

static const char *
json_form(MlType type)
{
	switch (type)
	{
		case ML_TYPE_BOOL:
			return "true, false, or a number";
		case ML_TYPE_INTEGER:
		case ML_TYPE_FLOAT:
			return "a number";
		case ML_TYPE_TIME:
			return "a string such as \"2026-01-31 12:00\"";
		case ML_TYPE_INTERVAL:
			return "a string such as \"1 day 02:00\"";
		case ML_TYPE_CATEGORY:
			return "a string";
		case ML_TYPE_ARRAY:
			return "an array of numbers";
	}
	return "a string";
}

void
ml_model_wrong_json(const MlModel *model, const MlInput *input, const char *given)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("feature \"%s\" of model \"%s\" cannot be a jsonb %s", input->name, ml_model_name(model), given),
			 errdetail("The model learned it as %s.", ml_type_name(input->type)),
			 errhint("Write %s, or null.", json_form(input->type))));
}

void
ml_model_not_finite(const MlModel *model, const char *feature)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("feature \"%s\" of model \"%s\" is infinite", feature, ml_model_name(model)),
			 errhint("Give NULL where the value is not known; the model knows what to make of it.")));
}

void
ml_model_wrong_width(const MlModel *model, const MlInput *input, int64 given)
{
	ereport(ERROR,
			(errcode(ERRCODE_ARRAY_ELEMENT_ERROR),
			 errmsg("array \"%s\" has " INT64_FORMAT " elements, model \"%s\" needs %d",
					input->name, given, ml_model_name(model), input->width)));
}

/*
 * numbers of every kind stand for one another; any scalar stands for a category by its text; times and
 * intervals for their own
 */
static bool
compatible(MlType wanted, MlType given)
{
	switch (wanted)
	{
		case ML_TYPE_BOOL:
		case ML_TYPE_INTEGER:
		case ML_TYPE_FLOAT:
			return given == ML_TYPE_BOOL || given == ML_TYPE_INTEGER || given == ML_TYPE_FLOAT;
		case ML_TYPE_CATEGORY:
			return given != ML_TYPE_ARRAY;
		case ML_TYPE_TIME:
		case ML_TYPE_INTERVAL:
		case ML_TYPE_ARRAY:
			return given == wanted;
	}
	return false;
}

void
ml_model_check_type(const MlModel *model, const MlInput *input, Oid given)
{
	MlType		type;

	if (!ml_type_classify(given, &type) || !compatible(input->type, type))
		ml_model_wrong_type(model, input, format_type_be(given));
}

/*
 * Columns of a source are loaded by their own type, so here a category has to be one; a single value of another
 * scalar type is taken by its text (ml_model_check_type).
 */
void
ml_model_match_columns(const MlModel *model, TupleDesc desc, int *attnums)
{
	ml_model_locate_columns(model, desc, attnums);
	for (int i = 0; i < ml_prep_n_inputs(model->prep); i++)
	{
		const MlInput *input = ml_prep_input(model->prep, i);
		Oid			given = TupleDescAttr(desc, attnums[i] - 1)->atttypid;
		MlType		type;

		ml_model_check_type(model, input, given);
		if (input->type == ML_TYPE_CATEGORY && !(ml_type_classify(given, &type) && type == ML_TYPE_CATEGORY))
			ml_model_wrong_type(model, input, format_type_be(given));
	}
}
