/*
 * balance.c: classes of different size made alike, among the training rows alone: test rows stay as the world is.
 *
 * Rows stand in the order of their hash, so the first rows of a class are a uniform sample of it, and the same one every time.
 * Rows are not copied: a row that should count three times weighs three times as much, which is the same to every algorithm.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "api/train.h"

/* rows that count, by class */
static int64 *
count_classes(const MlTraining *t)
{
	int64	   *count = palloc0(sizeof(int64) * t->model.n_classes);

	for (int64 i = 0; i < t->rows->n_train; i++)
	{
		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		count[t->label[i]] += t->weight == NULL || t->weight[i] > 0;
	}
	return count;
}

/* size of the smallest class, and of the largest; a class without a row has no say */
static void
extremes(const MlTraining *t, const int64 *count, int64 *least, int64 *most)
{
	*least = t->rows->n_train;
	*most = 1;
	for (int k = 0; k < t->model.n_classes; k++)
	{
		if (count[k] == 0)
			continue;
		*least = Min(*least, count[k]);
		*most = Max(*most, count[k]);
	}
}

#define CLASSES_SHOWN 10

static void
notice(const MlTraining *t, const char *what, const int64 *before, const int64 *after, const char *detail)
{
	StringInfoData text;
	int			shown = Min(t->model.n_classes, CLASSES_SHOWN);

	initStringInfo(&text);
	for (int k = 0; k < shown; k++)
		appendStringInfo(&text, "%s%s " INT64_FORMAT " (of " INT64_FORMAT ")", k > 0 ? ", " : "", t->model.classes[k], after[k], before[k]);
	if (shown < t->model.n_classes)
		appendStringInfo(&text, " and %d more", t->model.n_classes - shown);
	ereport(NOTICE,
			(errmsg("%s: %s", what, text.data),
			 errdetail("%s", detail)));
}

/* the first `least` rows of each class stay, then the test rows; labels and weights move with them */
static void
undersample(MlTraining *t, const int64 *count, int64 least)
{
	MlRows	   *rows = t->rows;
	uint32	   *order = ml_budget_alloc(t->budget, rows->n, sizeof(uint32), "balanced rows");
	int64	   *kept = palloc0(sizeof(int64) * t->model.n_classes);
	int64		n = 0;
	int64		n_train = 0;

	for (int64 i = 0; i < rows->n; i++)
	{
		bool		train = i < rows->n_train;

		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		if (train && ((t->weight != NULL && t->weight[i] == 0) || kept[t->label[i]] == least))
			continue;
		if (train)
		{
			kept[t->label[i]]++;
			n_train++;
		}
		order[n] = rows->order[i];
		t->label[n] = t->label[i];
		if (t->weight != NULL)
			t->weight[n] = t->weight[i];
		n++;
	}
	rows->order = order;
	rows->n = n;
	rows->n_train = n_train;
	notice(t, "undersampled the training rows", count, kept, "The first rows of each class in the order of their hash stay: a uniform sample.");
}

/* whole multiples, so that it is as if rows had been repeated */
static void
oversample(MlTraining *t, const int64 *count, int64 most)
{
	int64	   *times = palloc0(sizeof(int64) * t->model.n_classes);
	int64	   *after = palloc0(sizeof(int64) * t->model.n_classes);
	bool		bare = t->weight == NULL;

	for (int k = 0; k < t->model.n_classes; k++)
	{
		times[k] = count[k] == 0 ? 1 : (int64) rint((double) most / count[k]);
		after[k] = times[k] * count[k];
	}
	if (bare)
		t->weight = ml_budget_alloc(t->budget, t->rows->n, sizeof(double), "weights");
	for (int64 i = 0; i < t->rows->n; i++)
	{
		double		own = bare ? 1 : t->weight[i];

		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		t->weight[i] = i < t->rows->n_train ? own * times[t->label[i]] : own;
	}
	notice(t, "oversampled the training rows", count, after, "Rows are not copied: they weigh as often as they would be there.");
}

void
ml_train_balance(MlTraining *t)
{
	int64	   *count;
	int64		least;
	int64		most;

	if (t->definition->balance == ML_BALANCE_NONE)
		return;
	count = count_classes(t);
	extremes(t, count, &least, &most);
	if (t->definition->balance == ML_BALANCE_UNDERSAMPLE)
		undersample(t, count, least);
	else
		oversample(t, count, most);
}
