/*
 * group_order.c: the order in which groups are shown: by value, as the column's type has it.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
#include "utils/varlena.h"

#include "dataset/dataset.h"
#include "quality/group_order.h"

typedef struct GroupOrder
{
	char	   *const *text;
	bool		numeric;
	Datum	   *value;			/* read back from the texts; NULL: the texts are compared */
	FmgrInfo   *compare;		/* the type's own order of values */
	Oid			collation;
} GroupOrder;

static int
compare_groups(const void *a, const void *b, void *arg)
{
	const GroupOrder *order = arg;
	int			i = *(const int *) a;
	int			j = *(const int *) b;
	const char *x = order->text[i];
	const char *y = order->text[j];

	if (x == NULL || y == NULL)
		return x == y ? 0 : (x == NULL ? 1 : -1);
	if (order->value != NULL)
		return DatumGetInt32(FunctionCall2Coll(order->compare, order->collation, order->value[i], order->value[j]));
	if (order->numeric)
	{
		double		left = strtod(x, NULL);
		double		right = strtod(y, NULL);

		if (left != right)
			return left < right || isnan(right) ? -1 : 1;
	}
	return varstr_cmp(x, strlen(x), y, strlen(y), order->collation);
}

/* enums, times and intervals: their texts have another order, and can be read back whatever they are */
static bool
is_ordered_unlike_text(Oid type)
{
	char		category;
	bool		preferred;

	/* abbreviations of time zones, which are not always understood, are part of the other styles */
	if (type == TIMESTAMPTZOID)
		return DateStyle == USE_ISO_DATES;
	get_type_category_preferred(type, &category, &preferred);
	return category == TYPCATEGORY_ENUM ||
		type == DATEOID || type == TIMEOID || type == TIMESTAMPOID || type == INTERVALOID;
}

static void
read_values(GroupOrder *order, int n, Oid base_type)
{
	TypeCacheEntry *type = lookup_type_cache(base_type, TYPECACHE_CMP_PROC_FINFO);
	Oid			input;
	Oid			argument;

	if (!OidIsValid(type->cmp_proc_finfo.fn_oid))
		return;
	getTypeInputInfo(base_type, &input, &argument);
	order->compare = &type->cmp_proc_finfo;
	order->value = ml_palloc_array(n + 1, sizeof(Datum));
	for (int g = 0; g < n; g++)
	{
		if (order->text[g] != NULL)
			order->value[g] = OidInputFunctionCall(input, order->text[g], argument, -1);
	}
}

int *
ml_group_order(char *const *text, int n, Form_pg_attribute attribute)
{
	GroupOrder	order = {.text = text};
	Oid			base_type = getBaseType(attribute->atttypid);
	int		   *sorted = ml_palloc_array(n + 1, sizeof(int));
	MlType		type;

	for (int g = 0; g < n; g++)
		sorted[g] = g;
	order.numeric = ml_type_classify(attribute->atttypid, &type) && (type == ML_TYPE_INTEGER || type == ML_TYPE_FLOAT);
	order.collation = OidIsValid(attribute->attcollation) ? attribute->attcollation : C_COLLATION_OID;
	if (is_ordered_unlike_text(base_type))
		read_values(&order, n, base_type);
	qsort_arg(sorted, n, sizeof(int), compare_groups, &order);
	return sorted;
}
