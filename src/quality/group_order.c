/*
 * group_order.c: the order in which groups are shown: by value, as the column's type has it.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "utils/varlena.h"

#include "dataset/dataset.h"
#include "quality/group_order.h"

typedef struct GroupOrder
{
	char	   *const *text;
	bool		numeric;
	Oid			collation;
} GroupOrder;

static int
compare_groups(const void *a, const void *b, void *arg)
{
	const GroupOrder *order = arg;
	const char *x = order->text[*(const int *) a];
	const char *y = order->text[*(const int *) b];

	if (x == NULL || y == NULL)
		return x == y ? 0 : (x == NULL ? 1 : -1);
	if (order->numeric)
	{
		double		left = strtod(x, NULL);
		double		right = strtod(y, NULL);

		if (left != right)
			return left < right || isnan(right) ? -1 : 1;
	}
	return varstr_cmp(x, strlen(x), y, strlen(y), order->collation);
}

int *
ml_group_order(char *const *text, int n, Form_pg_attribute attribute)
{
	GroupOrder	order = {.text = text};
	int		   *sorted = ml_palloc_array(n + 1, sizeof(int));
	MlType		type;

	for (int g = 0; g < n; g++)
		sorted[g] = g;
	order.numeric = ml_type_classify(attribute->atttypid, &type) && (type == ML_TYPE_INTEGER || type == ML_TYPE_FLOAT);
	order.collation = OidIsValid(attribute->attcollation) ? attribute->attcollation : C_COLLATION_OID;
	qsort_arg(sorted, n, sizeof(int), compare_groups, &order);
	return sorted;
}
