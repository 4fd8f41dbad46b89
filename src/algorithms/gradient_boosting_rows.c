/*
 * gradient_boosting_rows.c: the rows that a booster learns from, and those it holds back to see when to stop.
 *
 * Rows come in canonical order, which is that of their hashes, so any stretch of them is a uniform sample: the last ones of each
 * class (or of all, for numbers) are held back.
 */
#include "algorithms/gradient_boosting.h"

#include "algorithms/fit.h"

static bool
has_weight(const MlBoost *b, int64 row)
{
	return b->loss.weight == NULL || b->loss.weight[row] > 0.0;
}

static int
class_of(const MlBoost *b, int64 row)
{
	return b->loss.label == NULL ? 0 : b->loss.label[row];
}

/*
 * How many of count rows are held back: the nearest to the share, at least one, and never the only one.  Shares of
 * classes are rounded alone, so that a rare class is on both sides as soon as it has two rows.
 */
static int64
share_of(const MlBoost *b, int64 count)
{
	double		share = rint(b->validation_fraction * (double) count);

	if (count < 2)
		return 0;
	return (int64) Max(1.0, Min(share, (double) (count - 1)));
}

/* keep[class]: rows of the class to learn from before the first one is held back */
static int64 *
count_kept(MlBoost *b, int64 *counted)
{
	int			classes = Max(b->problem->n_classes, 1);
	int64	   *keep = palloc0(sizeof(int64) * classes);

	*counted = 0;
	for (int64 i = 0; i < b->problem->rows; i++)
	{
		if (!has_weight(b, i))
			continue;
		keep[class_of(b, i)]++;
		(*counted)++;
	}
	for (int k = 0; k < classes && b->stopping; k++)
	{
		int64		held = share_of(b, keep[k]);

		keep[k] -= held;
		b->n_held += held;
	}
	return keep;
}

void
ml_boost_choose_rows(MlBoost *b)
{
	const MlFitControl *control = b->control;
	int64		rows = b->problem->rows;
	int64		counted;
	int64	   *keep = count_kept(b, &counted);
	int64		held = 0;

	b->stopping = b->n_held > 0;
	b->n_train = counted - b->n_held;
	if (b->n_train < rows)
		b->train = control->alloc(control->budget, b->n_train, sizeof(uint32), "training rows");
	if (b->n_held > 0)
		b->held = control->alloc(control->budget, b->n_held, sizeof(uint32), "validation rows");
	b->n_train = 0;
	for (int64 i = 0; i < rows && b->train != NULL; i++)
	{
		if (!has_weight(b, i))
			continue;
		if (keep[class_of(b, i)]-- > 0)
			b->train[b->n_train++] = (uint32) i;
		else
			b->held[held++] = (uint32) i;
	}
	if (b->train == NULL)
		b->n_train = rows;
	if (b->subsample < 1.0)
		b->bag = control->alloc(control->budget, b->n_train, sizeof(uint32), "rows of an iteration");
	pfree(keep);
}

static void
release(MlBoost *b, uint32 **rows)
{
	if (*rows != NULL)
		b->control->release(b->control->budget, *rows);
	*rows = NULL;
}

void
ml_boost_choose_all_rows(MlBoost *b)
{
	release(b, &b->bag);
	release(b, &b->held);
	release(b, &b->train);
	b->n_held = 0;
	b->stopping = false;
	ml_boost_choose_rows(b);
}

/* each row with probability subsample, at least one; the others fill the array from its end */
void
ml_boost_draw_bag(MlBoost *b)
{
	int64		out = b->n_train;

	if (b->bag == NULL)
		return;
	b->n_bag = 0;
	for (int64 i = 0; i < b->n_train; i++)
	{
		uint32		row = b->train == NULL ? (uint32) i : b->train[i];

		if (mlk_rng_uniform(&b->rng) < b->subsample || (b->n_bag == 0 && i == b->n_train - 1))
			b->bag[b->n_bag++] = row;
		else
			b->bag[--out] = row;
	}
}
