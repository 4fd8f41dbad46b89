/*
 * labels.c: class labels: texts of the target column as sorted classes, and back.
 *
 * Labels travel as the target type's own text form.  Their order is that of the
 * type, so that the positive class of a binary target is the same whatever the
 * order of the rows: true, 1, 'Yes', the enum value declared last.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "api/columns.h"
#include "api/labels.h"

typedef struct Label
{
	char	   *text;
	Datum		value;
} Label;

static int
compare_labels(const void *a, const void *b, void *arg)
{
	FmgrInfo   *compare = arg;

	return DatumGetInt32(FunctionCall2Coll(compare, C_COLLATION_OID,
										   ((const Label *) a)->value, ((const Label *) b)->value));
}

/*
 * Sort by the type's btree order.  Domains compare as their base type.
 */
static void
sort_labels(Label *labels, int n, Oid base_type)
{
	TypeCacheEntry *type = lookup_type_cache(base_type, TYPECACHE_CMP_PROC_FINFO);
	Oid			input;
	Oid			ioparam;

	if (!OidIsValid(type->cmp_proc_finfo.fn_oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("labels of type %s have no order", format_type_be(base_type)),
				 errhint("Cast the target to text in a SELECT.")));
	getTypeInputInfo(base_type, &input, &ioparam);
	for (int i = 0; i < n; i++)
		labels[i].value = OidInputFunctionCall(input, labels[i].text, ioparam, -1);
	qsort_arg(labels, n, sizeof(Label), compare_labels, &type->cmp_proc_finfo);
}

static void
refuse_one_class(const MlColumn *target, int n, const char *only)
{
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no training row"),
				 errhint("Check the split and the NULLs of target \"%s\".", target->name)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("target \"%s\" has one class only in the training rows: \"%s\"", target->name, only),
			 errdetail("A classifier needs rows of at least two classes."),
			 errhint("Check the source's WHERE clause, or the split.")));
}

/* number behind a label, NaN when its type is no number */
static double
label_value(const MlColumn *target, const Label *label)
{
	if (target->type == ML_TYPE_BOOL || target->type == ML_TYPE_INTEGER || target->type == ML_TYPE_FLOAT)
		return ml_type_number(target->base_type, label->value);
	return NAN;
}

void
ml_labels_learn(MlModel *model, const MlColumn *target, const MlRows *rows)
{
	const MlDictionary *dict = target->dict;
	bool	   *seen = palloc0(Max(dict->n, 1));
	Label	   *labels = palloc(sizeof(Label) * (ML_MAX_CLASSES + 1));
	int			n = 0;

	for (int64 i = 0; i < rows->n_train; i++)
	{
		uint32		row = rows->order[i];
		uint32		code = target->code[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];

		if ((i & ML_CHUNK_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (seen[code])
			continue;
		seen[code] = true;
		if (n == ML_MAX_CLASSES)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("target \"%s\" has more than %d classes", target->name, ML_MAX_CLASSES),
					 errhint("Use task => 'regression' for a number, or group rare labels in a SELECT.")));
		labels[n++].text = dict->text[code];
	}
	if (n < 2)
		refuse_one_class(target, n, n > 0 ? labels[0].text : "");
	sort_labels(labels, n, target->base_type);

	model->n_classes = n;
	model->classes = palloc(sizeof(char *) * n);
	model->class_value = palloc(sizeof(double) * n);
	for (int i = 0; i < n; i++)
	{
		model->classes[i] = pstrdup(labels[i].text);
		model->class_value[i] = label_value(target, &labels[i]);
	}
}

void
ml_labels_map(const MlModel *model, const MlDictionary *dict, uint32 from, int32 *class_of_code)
{
	for (uint32 code = from; code < dict->n; code++)
	{
		CHECK_FOR_INTERRUPTS();
		class_of_code[code] = ML_UNKNOWN_CLASS;
		for (int k = 0; k < model->n_classes; k++)
			if (strcmp(model->classes[k], dict->text[code]) == 0)
				class_of_code[code] = k;
	}
}

void
ml_labels_gather(const MlModel *model, const MlColumn *target, const uint32 *order, int64 n, int32 *label)
{
	int32	   *class_of_code = palloc(sizeof(int32) * Max(target->dict->n, 1));

	ml_labels_map(model, target->dict, 0, class_of_code);
	for (int64 i = 0; i < n; i++)
	{
		if ((i & ML_CHUNK_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		label[i] = class_of_code[target->code[order[i] >> ML_CHUNK_BITS][order[i] & ML_CHUNK_MASK]];
	}
	pfree(class_of_code);
}

MlColumnRequest
ml_labels_request(const MlModel *model, const MlSource *source)
{
	MlColumnRequest target = {0};
	MlType		class;
	Oid			type;

	target.attnum = ml_columns_find(source->desc, model->target, "target");
	target.role = model->task == ML_TASK_REGRESSION ? ML_ROLE_TARGET_NUMBER : ML_ROLE_TARGET_LABEL;
	target.required = true;
	type = TupleDescAttr(source->desc, target.attnum - 1)->atttypid;
	if (model->task == ML_TASK_REGRESSION &&
		(!ml_type_classify(type, &class) || class == ML_TYPE_CATEGORY || class == ML_TYPE_ARRAY))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("target \"%s\" of type %s is not a number", model->target, format_type_be(type)),
				 errdetail("Model \"%s\" is a regression.", model->name),
				 errhint("Cast the column to a number in a SELECT given as source.")));
	return target;
}
