/*
 * columns.c: which columns of the source a training reads, and what each is to it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "api/columns.h"
#include "nearest.h"

/*
 * attnum of the one column of that name, 0 when there is none.  A SELECT can have two: models match columns by
 * name, so neither can be meant.
 */
static int
attnum_of(TupleDesc desc, const char *name)
{
	int			found = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attisdropped || strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) != 0)
			continue;
		if (found > 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("the source has two columns \"%s\"", name),
					 errhint("Name the columns one by one instead of \"*\", or rename one of them with AS.")));
		found = i + 1;
	}
	return found;
}

static bool
has_column(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return true;
	return false;
}

static void
unknown_column(TupleDesc desc, const char *name, const char *purpose)
{
	const char **names = palloc(sizeof(char *) * (desc->natts + 1));
	int			n = 0;

	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped)
			names[n++] = NameStr(TupleDescAttr(desc, i)->attname);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the source has no column \"%s\" %s", name, purpose),
			 errhint("%s", ml_nearest_hint(name, names, n))));
}

int
ml_columns_find(TupleDesc desc, const char *name, const char *what)
{
	int			attnum = attnum_of(desc, name);

	if (attnum == 0)
		unknown_column(desc, name, psprintf("to use as %s", what));
	return attnum;
}

static bool
listed(char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* "a", "b", "c" for messages; cut so that a table of 1,600 columns stays readable */
static void
append_name(StringInfo list, int *count, const char *name)
{
	if (++*count <= 20)
		appendStringInfo(list, "%s\"%s\"", *count > 1 ? ", " : "", name);
	else if (*count == 21)
		appendStringInfoString(list, ", ...");
}

static void
add(MlColumnPlan *plan, int attnum, MlRole role)
{
	MlColumnRequest *request = &plan->request[plan->n++];

	request->attnum = attnum;
	request->role = role;
	request->required = (role == ML_ROLE_TARGET_NUMBER || role == ML_ROLE_TARGET_LABEL);
}

static bool
is_number(Oid type)
{
	MlType		class;

	return ml_type_classify(type, &class) &&
		(class == ML_TYPE_BOOL || class == ML_TYPE_INTEGER || class == ML_TYPE_FLOAT);
}

/* ---- features ---- */

/* the features the caller named, in that order */
static void
add_named_features(MlColumnPlan *plan, const MlDefinition *d, TupleDesc desc)
{
	for (int i = 0; i < d->n_features; i++)
	{
		int			attnum = ml_columns_find(desc, d->features[i], "feature");
		Oid			type = TupleDescAttr(desc, attnum - 1)->atttypid;
		MlType		class;

		if (d->target != NULL && strcmp(d->features[i], d->target) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the target \"%s\" is among the features", d->target),
					 errdetail("A model that sees the answer learns nothing else."),
					 errhint("Leave it out of features.")));
		if (listed(d->features, i, d->features[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("feature \"%s\" is named twice", d->features[i])));
		if (listed(d->exclude, d->n_exclude, d->features[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" is named in features and in exclude", d->features[i]),
					 errhint("Give one of the two: what features does not name is left out.")));
		if (!ml_type_classify(type, &class))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of type %s cannot be a feature", d->features[i], format_type_be(type)),
					 errhint("Use a number, boolean, date, time, interval, text, enum or an array of numbers; or turn it into one in a SELECT.")));
		add(plan, attnum, ML_ROLE_FEATURE);
	}
}

/* what is left out may stand there twice, unlike what is used */
static void
check_exclude(const MlDefinition *d, TupleDesc desc)
{
	for (int i = 0; i < d->n_exclude; i++)
		if (!has_column(desc, d->exclude[i]))
			unknown_column(desc, d->exclude[i], "to exclude");
}

/* every column that is not something else already */
static void
add_all_features(MlColumnPlan *plan, const MlDefinition *d, TupleDesc desc)
{
	StringInfoData left_out;
	int			n_left_out = 0;

	initStringInfo(&left_out);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		const char *name = NameStr(att->attname);
		MlType		class;

		if (att->attisdropped || listed(d->exclude, d->n_exclude, name) ||
			(d->target != NULL && strcmp(name, d->target) == 0) ||
			(d->weight != NULL && strcmp(name, d->weight) == 0) ||
			(d->split.column != NULL && strcmp(name, d->split.column) == 0))
			continue;
		if (ml_type_classify(att->atttypid, &class))
			add(plan, attnum_of(desc, name), ML_ROLE_FEATURE);
		else
			append_name(&left_out, &n_left_out, name);
	}
	if (n_left_out > 0)
		ereport(NOTICE,
				(errmsg("left out columns whose type cannot be a feature: %s", left_out.data)));
}

/* ---- the other roles ---- */

static void
add_target(MlColumnPlan *plan, const MlDefinition *d, TupleDesc desc, MlTask task)
{
	int			attnum = ml_columns_find(desc, d->target, "target");
	Oid			type = TupleDescAttr(desc, attnum - 1)->atttypid;
	MlType		class;

	if (!ml_type_classify(type, &class) || class == ML_TYPE_ARRAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be a target", d->target, format_type_be(type)),
				 errhint("Use a number for regression; text, boolean, enum or integer for classification.")));
	if (task == ML_TASK_REGRESSION && class == ML_TYPE_CATEGORY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("target \"%s\" of type %s is not a number, which regression needs", d->target, format_type_be(type)),
				 errhint("Use an algorithm for classification, such as logistic_regression, or cast the column to a number in a SELECT.")));
	plan->target = plan->n;
	add(plan, attnum, task == ML_TASK_REGRESSION ? ML_ROLE_TARGET_NUMBER : ML_ROLE_TARGET_LABEL);
}

static void
add_weight(MlColumnPlan *plan, const MlDefinition *d, TupleDesc desc)
{
	int			attnum = ml_columns_find(desc, d->weight, "weight");
	Oid			type = TupleDescAttr(desc, attnum - 1)->atttypid;

	if (strcmp(d->weight, d->target) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the target \"%s\" is the weight", d->weight),
				 errhint("A weight says how much a row counts; leave it out when all count the same.")));
	if (!is_number(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("weight \"%s\" of type %s is not a number", d->weight, format_type_be(type)),
				 errhint("Use a column of numbers, zero or more.")));
	plan->weight = plan->n;
	add(plan, attnum, ML_ROLE_WEIGHT);
}

static void
add_split(MlColumnPlan *plan, const MlDefinition *d, TupleDesc desc)
{
	int			attnum = ml_columns_find(desc, d->split.column, "split column");
	Oid			type = TupleDescAttr(desc, attnum - 1)->atttypid;
	MlType		class;
	bool		known = ml_type_classify(type, &class);

	if (d->split.method == ML_SPLIT_COLUMN && getBaseType(type) != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("split column \"%s\" of type %s is not boolean", d->split.column, format_type_be(type)),
				 errhint("True marks the test rows; write a SELECT with a boolean column.")));
	if (!known || class == ML_TYPE_CATEGORY || class == ML_TYPE_ARRAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("split column \"%s\" of type %s has no order in time", d->split.column, format_type_be(type)),
				 errhint("Use a date, a timestamp or a number.")));
	plan->split = plan->n;
	add(plan, attnum, ML_ROLE_SPLIT);
}

int
ml_columns_add(MlColumnPlan *plan, const MlSource *source, const char *name, const char *what, MlRole role)
{
	add(plan, ml_columns_find(source->desc, name, what), role);
	plan->request[plan->n - 1].required = false;
	return plan->n - 1;
}

MlColumnPlan *
ml_columns_plan(const MlDefinition *d, const MlSource *source, MlTask task)
{
	MlColumnPlan *plan = palloc0(sizeof(MlColumnPlan));
	Size		most = (Size) source->desc->natts + Max(d->n_features, 0) + 4;

	plan->request = palloc0(sizeof(MlColumnRequest) * most);
	plan->target = plan->weight = plan->split = -1;

	check_exclude(d, source->desc);
	if (d->n_features >= 0)
		add_named_features(plan, d, source->desc);
	else
		add_all_features(plan, d, source->desc);
	plan->n_features = plan->n;

	add_target(plan, d, source->desc, task);
	if (d->weight != NULL)
		add_weight(plan, d, source->desc);
	if (d->split.column != NULL && (d->split.method == ML_SPLIT_TIME || d->split.method == ML_SPLIT_COLUMN))
		add_split(plan, d, source->desc);
	return plan;
}

/* ---- after loading ---- */

/*
 * When every column looks like an id (a tiny table of whole numbers), there
 * is nothing better to learn from, so all that vary are kept.
 */
int *
ml_columns_useful(const MlDefinition *d, const MlColumnPlan *plan, const MlDataset *data,
				  const MlPrepDefaults *defaults, int *n)
{
	int		   *varying = palloc(sizeof(int) * Max(plan->n_features, 1));
	int		   *useful = palloc(sizeof(int) * Max(plan->n_features, 1));
	int			n_varying = 0;
	int			n_constant = 0;
	int			n_ids = 0;
	StringInfoData constants;
	StringInfoData ids;

	initStringInfo(&constants);
	initStringInfo(&ids);
	*n = 0;
	for (int i = 0; i < plan->n_features; i++)
	{
		CHECK_FOR_INTERRUPTS();
		/* infinite values are refused by name later on, even when there is no other value */
		if (d->n_features >= 0 || data->columns[i].infinities > 0)
			useful[(*n)++] = i;
		else if (ml_column_is_constant(data, i))
			append_name(&constants, &n_constant, data->columns[i].name);
		else
		{
			varying[n_varying++] = i;
			/* every letter is another one, but its words come again */
			if (ml_column_is_unique(data, i) && !ml_prep_uses_text(d->preprocess, &data->columns[i], defaults))
				append_name(&ids, &n_ids, data->columns[i].name);
			else
				useful[(*n)++] = i;
		}
	}
	if (n_constant > 0)
		ereport(NOTICE, (errmsg("left out columns with one value only: %s", constants.data)));
	if (d->n_features < 0 && *n == 0 && n_varying > 0)
	{
		memcpy(useful, varying, sizeof(int) * n_varying);
		*n = n_varying;
	}
	else if (n_ids > 0)
		ereport(NOTICE,
				(errmsg("left out columns that look like an id (as many distinct values as rows): %s", ids.data),
				 errhint("To use one, name it in features.")));
	return useful;
}
