/*
 * profile.c: the order of events of a profile.
 *
 * The source is streamed once; columns are kept as numbers or as codes of their distinct texts, then described: numbers
 * by sorting, on threads, texts by their dictionary.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "dataset/dictionary.h"
#include "guc.h"
#include "interrupts.h"
#include "quality/associate.h"
#include "quality/group_order.h"
#include "quality/profile_internal.h"

#define BATCH_BYTES ((Size) 64 * 1024 * 1024)	/* of all columns of a batch */
#define MOST_BATCH_BITS 13
#define LEAST_BATCH_BITS 8

const double ml_profile_probabilities[ML_PROFILE_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

StaticAssertDecl(ML_PROFILE_TOP == MLK_DESCRIBE_TOP && ML_PROFILE_BINS == MLK_DESCRIBE_BINS, "sizes of the kernel");

/* ---- which columns ---- */

static int
add_request(MlProfileStore *store, int attribute, MlRole role)
{
	MlColumnRequest *request = &store->request[store->n_request];

	request->attnum = attribute + 1;
	request->role = role;
	return store->n_request++;
}

static void
add_column(MlProfileStore *store, const MlSource *source, int attribute)
{
	MlProfileColumn *column = &store->columns[store->n_columns++];

	column->attribute = TupleDescAttr(source->desc, attribute);
	column->name = NameStr(column->attribute->attname);
	column->base_type = getBaseType(column->attribute->atttypid);
	column->presence = -1;
	if (!ml_type_classify(column->attribute->atttypid, &column->type) || column->type == ML_TYPE_ARRAY)
	{
		column->kind = ML_PROFILE_COUNTED;
		column->request = add_request(store, attribute, ML_ROLE_PRESENCE);
	}
	else if (column->type == ML_TYPE_CATEGORY)
	{
		column->kind = ML_PROFILE_TEXT;
		column->request = add_request(store, attribute, ML_ROLE_KEY);
	}
	else
	{
		column->kind = ML_PROFILE_NUMBER;
		column->request = add_request(store, attribute, ML_ROLE_FEATURE);
		/* only the whole batch's counts tell NULL from NaN */
		if (store->by_attribute != NULL && column->type == ML_TYPE_FLOAT)
			column->presence = add_request(store, attribute, ML_ROLE_PRESENCE);
	}
}

static void
choose_columns(MlProfileStore *store, const MlSource *source, char **columns, int n_columns, const char *by)
{
	int			natts = source->desc->natts;
	int			by_attribute = by == NULL ? -1 : ml_source_attribute(source, by);
	int			n = columns == NULL ? natts : n_columns;

	store->columns = ml_palloc_array(n + 1, sizeof(MlProfileColumn));
	memset(store->columns, 0, (n + 1) * sizeof(MlProfileColumn));
	store->request = ml_palloc_array(2 * n + 1, sizeof(MlColumnRequest));
	memset(store->request, 0, (2 * n + 1) * sizeof(MlColumnRequest));
	store->by = -1;
	if (by != NULL)
	{
		store->by_attribute = TupleDescAttr(source->desc, by_attribute);
		store->by = add_request(store, by_attribute, ML_ROLE_KEY);
	}
	if (columns == NULL)
	{
		for (int i = 0; i < natts; i++)
			if (i != by_attribute)
				add_column(store, source, i);
	}
	else
		for (int i = 0; i < n_columns; i++)
			add_column(store, source, ml_source_attribute(source, columns[i]));
}

/* rows of a batch: a batch of many columns is a lot of memory for few rows */
static void
choose_batch(MlProfileStore *store)
{
	store->batch_bits = MOST_BATCH_BITS;
	while (store->batch_bits > LEAST_BATCH_BITS &&
		   ((Size) store->n_request * sizeof(double)) << store->batch_bits > BATCH_BYTES)
		store->batch_bits--;
	store->batch = 1 << store->batch_bits;
}

/* ---- result ---- */

/* groups x columns profiles are a lot of memory before there is a number in them */
static MlProfile *
create_profile(const MlProfileStore *store)
{
	MlProfile  *profile = palloc0(sizeof(MlProfile));
	Size		n = (Size) store->n_groups * store->n_columns;

	if (n > (Size) ml_max_memory_kb * 1024 / sizeof(MlColumnProfile))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("profile of %d columns in %d groups is too large", store->n_columns, store->n_groups),
				 errdetail("It needs %zu MB, where mlops.max_memory allows %d MB.",
						   n * sizeof(MlColumnProfile) / (1024 * 1024) + 1, ml_max_memory_kb / 1024),
				 errhint("Name fewer columns, or group by fewer values.")));
	profile->rows = store->rows;
	profile->n_groups = store->n_groups;
	profile->n_columns = store->n_columns;
	profile->group = ml_palloc_array(store->n_groups + 1, sizeof(char *));
	memset(profile->group, 0, (store->n_groups + 1) * sizeof(char *));
	profile->columns = ml_palloc_array(n + 1, sizeof(MlColumnProfile));
	memset(profile->columns, 0, (n + 1) * sizeof(MlColumnProfile));
	return profile;
}

static void
start_column(const MlProfileStore *store, int group, int c, MlColumnProfile *out)
{
	const MlProfileColumn *column = &store->columns[c];
	double		none = get_float8_nan();

	out->name = pstrdup(column->name);
	out->type_oid = column->attribute->atttypid;
	out->type_name = format_type_with_typemod(column->attribute->atttypid, column->attribute->atttypmod);
	out->type = column->type;
	out->rows = store->group_rows[group];
	out->nulls = store->cells[group][c].nulls;
	out->nans = store->cells[group][c].nans;
	out->exact = column->sketch == NULL;
	out->min = out->max = out->mean = out->stddev = out->skew = out->mad = none;
	for (int i = 0; i < ML_PROFILE_QUANTILES; i++)
		out->quantile[i] = none;
	if (column->kind == ML_PROFILE_COUNTED)
		out->remarks = ML_REMARK_UNSUPPORTED;
}

static void
put_in_order(const MlProfileStore *store, MlProfile *profile)
{
	int		   *sorted = ml_group_order(store->group_text, store->n_groups, store->by_attribute);
	int			n = profile->n_columns;
	MlColumnProfile *columns = ml_palloc_array((Size) profile->n_groups * n + 1, sizeof(MlColumnProfile));

	for (int g = 0; g < profile->n_groups; g++)
	{
		char	   *text = store->group_text[sorted[g]];

		CHECK_FOR_INTERRUPTS();
		profile->group[g] = text == NULL ? NULL : pstrdup(text);
		memcpy(columns + (Size) g * n, profile->columns + (Size) sorted[g] * n, n * sizeof(MlColumnProfile));
	}
	pfree(profile->columns);
	profile->columns = columns;
}

/* ---- all of it ---- */

static MlProfile *
describe(MlProfileStore *store)
{
	MlProfile  *profile = create_profile(store);
	MlProfileOrder order = ml_profile_store_order(store);

	for (int g = 0; g < store->n_groups; g++)
		for (int c = 0; c < store->n_columns; c++)
		{
			CHECK_FOR_INTERRUPTS();
			start_column(store, g, c, &profile->columns[(Size) g * store->n_columns + c]);
		}
	ml_profile_numbers(store, &order, profile);
	for (int c = 0; c < store->n_columns; c++)
		if (store->columns[c].kind == ML_PROFILE_TEXT && store->columns[c].sketch == NULL)
			ml_profile_texts(store, c, &order, profile);
	for (int g = 0; g < store->n_groups; g++)
		for (int c = 0; c < store->n_columns; c++)
		{
			MlColumnProfile *out = &profile->columns[(Size) g * store->n_columns + c];

			CHECK_FOR_INTERRUPTS();
			if (store->columns[c].sketch != NULL)
				ml_profile_sketch_describe(store, c, g, out);
			ml_profile_remark(out);
		}
	if (store->by >= 0)
		put_in_order(store, profile);
	return profile;
}

MlProfile *
ml_profile_source(MlSource *source, char **columns, int n_columns, const char *by, MlBudget *budget, MlkPool *pool)
{
	Size		limit = (Size) ml_max_memory_kb * 1024;
	MlProfileStore store = {.pool = pool};
	MemoryContext caller = CurrentMemoryContext;
	MlProfile  *profile;

	store.context = AllocSetContextCreate(caller, "mlops profile columns", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(store.context);
	/* one of our own, so that what is kept goes as soon as it is described */
	store.limit = limit - Min(limit / 2, ml_budget_used(budget));
	store.budget = ml_budget_create(store.context, store.limit);
	choose_columns(&store, source, columns, n_columns, by);
	choose_batch(&store);
	ml_profile_store_start(&store);
	(void) ml_dataset_stream(source, store.request, store.n_request, store.batch, store.budget, ml_profile_store_batch, &store);
	MemoryContextSwitchTo(caller);
	profile = describe(&store);
	MemoryContextDelete(store.context);
	return profile;
}
