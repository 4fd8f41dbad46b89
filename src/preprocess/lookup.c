/*
 * lookup.c: which of the learned categories a value is (see lookup.h).
 */
#include "postgres.h"

#include <math.h>

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "kernels/hash.h"
#include "preprocess/lookup.h"
#include "preprocess/stage.h"

/* ---- learning ---- */

int
ml_lookup_by_text(const void *a, const void *b)
{
	const MlValueCount *x = a;
	const MlValueCount *y = b;

	return ml_category_compare(x->text, x->length, y->text, y->length);
}

void
ml_lookup_keep(MlLookup *lookup, const MlValueCounts *counts, uint32 n)
{
	MlCategories *kept = &lookup->kept;
	bool		numbers = lookup->step.input->type != ML_TYPE_CATEGORY;

	kept->n = n;
	kept->text = palloc(sizeof(char *) * Max(n, 1));
	kept->length = palloc(sizeof(uint32) * Max(n, 1));
	kept->number = numbers ? palloc(sizeof(double) * Max(n, 1)) : NULL;
	for (uint32 i = 0; i < n; i++)
	{
		kept->text[i] = pnstrdup(counts->item[i].text, counts->item[i].length);
		kept->length[i] = counts->item[i].length;
		if (numbers)
			kept->number[i] = counts->item[i].number;
	}
	ml_category_index(kept);
}

void
ml_lookup_warn_empty(const MlStep *step)
{
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("column \"%s\" is NULL in every training row", step->input->name),
			 errdetail("Its features say nothing."),
			 errhint("Leave it out of features, or name it in exclude.")));
}

void
ml_lookup_fit_all(MlLookup *lookup, const MlFitInput *data, uint64 **rows)
{
	MemoryContext result = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(result, "mlops categories", ALLOCSET_DEFAULT_SIZES);
	MlValueCounts found;

	MemoryContextSwitchTo(scratch);
	found = ml_count_values(data);
	qsort(found.item, found.n, sizeof(MlValueCount), ml_lookup_by_text);
	MemoryContextSwitchTo(result);
	ml_lookup_keep(lookup, &found, found.n);
	if (rows != NULL)
	{
		*rows = palloc(sizeof(uint64) * (found.n + 1));
		for (uint32 i = 0; i < found.n; i++)
			(*rows)[i] = found.item[i].count;
		(*rows)[found.n] = found.nulls;
	}
	if (found.n == 0)
		ml_lookup_warn_empty(&lookup->step);
	MemoryContextDelete(scratch);
}

/* ---- looking up ---- */

/* dictionary entries that came since the last time; each is looked up once */
void
ml_lookup_refresh(MlBoundStep *bound)
{
	const MlLookup *lookup = (const MlLookup *) bound->step;
	const MlDictionary *dict = bound->column->dict;

	if (lookup->step.input->type != ML_TYPE_CATEGORY)
		return;
	if (dict->n > bound->memo_capacity)
	{
		bound->memo_capacity = pg_nextpower2_32(Max(dict->n, 64));
		if (bound->memo == NULL)
			bound->memo = MemoryContextAllocHuge(bound->context, bound->memo_capacity * sizeof(uint32));
		else
			bound->memo = repalloc_huge(bound->memo, bound->memo_capacity * sizeof(uint32));
	}
	for (; bound->memo_n < dict->n; bound->memo_n++)
	{
		uint32		i = bound->memo_n;

		bound->memo[i] = ml_category_find(&lookup->kept, dict->text[i], dict->length[i], dict->hash[i]);
	}
}

void
ml_lookup_describe(const MlStep *step, int k, JsonbParseState **state)
{
	ml_json_put_float(state, "categories", ((const MlLookup *) step)->kept.n);
}

uint32
ml_lookup_code(const MlStep *step, const char *text, int len)
{
	return ml_category_find(&((const MlLookup *) step)->kept, text, len, mlk_hash_bytes(text, len, 0));
}

static inline uint32
number_place(const MlLookup *lookup, double number)
{
	return isnan(number) ? ML_NULL_CODE : ml_category_find_number(&lookup->kept, number);
}

void
ml_lookup_rows(const MlBoundStep *bound, const uint32 *order, int64 n, uint32 *place)
{
	const MlLookup *lookup = (const MlLookup *) bound->step;
	double		number[ML_LOOKUP_PIECE];

	if (lookup->step.input->type != ML_TYPE_CATEGORY)
	{
		ml_column_gather(bound->column, 0, order, n, number, 1);
		for (int64 i = 0; i < n; i++)
			place[i] = number_place(lookup, number[i]);
		return;
	}
	ml_column_gather_codes(bound->column, order, n, place);
	for (int64 i = 0; i < n; i++)
		place[i] = place[i] == ML_NULL_CODE ? ML_NULL_CODE : bound->memo[place[i]];
}

uint32
ml_lookup_value(const MlLookup *lookup, const MlValue *value)
{
	return lookup->step.input->type == ML_TYPE_CATEGORY ? value->code : number_place(lookup, value->number);
}
