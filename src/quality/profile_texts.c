/*
 * profile_texts.c: columns of texts described by their dictionaries.
 *
 * What a text looks like is found once a distinct text; a group then adds up its own.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/varlena.h"

#include "quality/profile_internal.h"

/* one column; per distinct text */
typedef struct TextJob
{
	MlProfileStore *store;
	MlProfileColumn *column;
	Oid			collation;
	uint8	   *form;
	uint64	   *fold;
	uint64	   *folds;			/* of one group, to be sorted */
	void	   *scratch;
} TextJob;

/* the distinct texts of one group; code NULL: all of the dictionary */
typedef struct GroupTexts
{
	const uint32 *code;
	const int64 *count;
	int64		n;
} GroupTexts;

static void
look_at_texts(TextJob *job)
{
	const MlDictionary *dict = job->column->dict;

	for (uint32 code = 0; code < dict->n; code++)
	{
		CHECK_FOR_INTERRUPTS();
		job->form[code] = ml_profile_text_form(dict->text[code], dict->length[code]);
		job->fold[code] = ml_profile_text_fold(dict->text[code], dict->length[code]);
	}
}

/* ---- one group ---- */

/* most frequent first, ties by the texts' bytes */
static bool
comes_before(const MlDictionary *dict, uint32 a, int64 count_a, uint32 b, int64 count_b)
{
	return count_a != count_b ? count_a > count_b : strcmp(dict->text[a], dict->text[b]) < 0;
}

static void
find_top(const TextJob *job, const GroupTexts *texts, MlColumnProfile *out)
{
	const MlDictionary *dict = job->column->dict;
	uint32		top[ML_PROFILE_TOP];

	for (int64 i = 0; i < texts->n; i++)
	{
		uint32		code = texts->code == NULL ? i : texts->code[i];
		int			place = out->n_top;

		if (place == ML_PROFILE_TOP)
		{
			if (!comes_before(dict, code, texts->count[i], top[place - 1], out->top[place - 1].count))
				continue;
			place--;
		}
		else
			out->n_top++;
		for (; place > 0 && comes_before(dict, code, texts->count[i], top[place - 1], out->top[place - 1].count); place--)
		{
			top[place] = top[place - 1];
			out->top[place] = out->top[place - 1];
		}
		top[place] = code;
		out->top[place].count = texts->count[i];
	}
	for (int i = 0; i < out->n_top; i++)
	{
		out->top[i].text = pnstrdup(dict->text[top[i]], dict->length[top[i]]);
		out->top[i].number = get_float8_nan();
	}
}

/* smallest and largest by the column's collation, as min() and max() have them */
static void
find_range(const TextJob *job, const GroupTexts *texts, MlColumnProfile *out)
{
	const MlDictionary *dict = job->column->dict;
	uint32		min = 0;
	uint32		max = 0;

	for (int64 i = 0; i < texts->n; i++)
	{
		uint32		code = texts->code == NULL ? i : texts->code[i];

		CHECK_FOR_INTERRUPTS();
		if (i == 0)
			min = max = code;
		else if (varstr_cmp(dict->text[code], dict->length[code], dict->text[min], dict->length[min], job->collation) < 0)
			min = code;
		else if (varstr_cmp(dict->text[code], dict->length[code], dict->text[max], dict->length[max], job->collation) > 0)
			max = code;
	}
	if (texts->n == 0)
		return;
	out->min_text = pnstrdup(dict->text[min], dict->length[min]);
	out->max_text = pnstrdup(dict->text[max], dict->length[max]);
}

/* how many texts share their lower case with another one */
static int64
count_case_variants(const TextJob *job, const GroupTexts *texts)
{
	int64		variants = 0;

	for (int64 i = 0; i < texts->n; i++)
		job->folds[i] = job->fold[texts->code == NULL ? i : texts->code[i]];
	(void) mlk_sort_keys(NULL, job->folds, texts->n, job->scratch);
	for (int64 i = 0; i < texts->n; i++)
		variants += (i > 0 && job->folds[i] == job->folds[i - 1]) ||
			(i + 1 < texts->n && job->folds[i] == job->folds[i + 1]);
	return variants;
}

static void
describe_texts(const TextJob *job, const GroupTexts *texts, MlColumnProfile *out)
{
	out->distinct = texts->n;
	for (int64 i = 0; i < texts->n; i++)
	{
		int			form = job->form[texts->code == NULL ? i : texts->code[i]];

		out->number_texts += (form & ML_TEXT_NUMBER) ? texts->count[i] : 0;
		out->time_texts += (form & ML_TEXT_TIME) ? texts->count[i] : 0;
		out->spaced += (form & ML_TEXT_SPACED) ? texts->count[i] : 0;
		out->placeholders += (form & ML_TEXT_PLACEHOLDER) ? texts->count[i] : 0;
	}
	out->case_variants = count_case_variants(job, texts);
	find_top(job, texts, out);
	find_range(job, texts, out);
}

/* ---- groups ---- */

/* The distinct codes of the group's rows, ascending, and their counts; sorted is room for the largest group. */
static GroupTexts
count_group(const TextJob *job, const MlProfileOrder *order, int group, uint64 *sorted, void *scratch,
			uint32 *code, int64 *count)
{
	const MlProfileStore *store = job->store;
	GroupTexts	texts = {code, count, 0};
	int64		rows = 0;

	for (int64 i = order->start[group]; i < order->start[group + 1]; i++)
	{
		uint32		row = order->order[i];
		uint32		at = job->column->code[row >> store->batch_bits][row & (store->batch - 1)];

		if (at != ML_NULL_CODE)
			sorted[rows++] = at;
	}
	(void) mlk_sort_keys(NULL, sorted, rows, scratch);
	for (int64 from = 0, to; from < rows; from = to)
	{
		for (to = from + 1; to < rows && sorted[to] == sorted[from]; to++)
			;
		code[texts.n] = (uint32) sorted[from];
		count[texts.n++] = to - from;
	}
	return texts;
}

static void
describe_groups(const TextJob *job, int column, const MlProfileOrder *order, MlProfile *profile)
{
	MlBudget   *budget = job->store->budget;
	int64		most = 1;
	uint64	   *sorted;
	void	   *scratch;
	uint32	   *code;
	int64	   *count;

	for (int group = 0; group < profile->n_groups; group++)
		most = Max(most, order->start[group + 1] - order->start[group]);
	sorted = ml_budget_alloc(budget, most, sizeof(uint64), "sorted texts");
	scratch = ml_budget_alloc(budget, mlk_sort_scratch(most), 1, "sorted texts");
	code = ml_budget_alloc(budget, most, sizeof(uint32), "sorted texts");
	count = ml_budget_alloc(budget, most, sizeof(int64), "sorted texts");
	for (int group = 0; group < profile->n_groups; group++)
	{
		GroupTexts	texts;

		CHECK_FOR_INTERRUPTS();
		texts = count_group(job, order, group, sorted, scratch, code, count);
		describe_texts(job, &texts, &profile->columns[(Size) group * profile->n_columns + column]);
	}
	ml_budget_free(budget, count);
	ml_budget_free(budget, code);
	ml_budget_free(budget, scratch);
	ml_budget_free(budget, sorted);
}

void
ml_profile_texts(MlProfileStore *store, int column, const MlProfileOrder *order, MlProfile *profile)
{
	TextJob		job = {store, &store->columns[column]};
	MlBudget   *budget = store->budget;
	uint32		n = job.column->dict->n;

	job.collation = OidIsValid(job.column->attribute->attcollation) ? job.column->attribute->attcollation : C_COLLATION_OID;
	job.form = ml_budget_alloc(budget, (Size) n + 1, 1, "distinct texts");
	job.fold = ml_budget_alloc(budget, (Size) n + 1, sizeof(uint64), "distinct texts");
	job.folds = ml_budget_alloc(budget, (Size) n + 1, sizeof(uint64), "distinct texts");
	job.scratch = ml_budget_alloc(budget, mlk_sort_scratch(n) + 1, 1, "distinct texts");
	look_at_texts(&job);
	if (store->by >= 0)
		describe_groups(&job, column, order, profile);
	else
	{
		GroupTexts	texts = {NULL, job.column->count, n};

		describe_texts(&job, &texts, &profile->columns[column]);
	}
	ml_budget_free(budget, job.scratch);
	ml_budget_free(budget, job.folds);
	ml_budget_free(budget, job.fold);
	ml_budget_free(budget, job.form);
}
