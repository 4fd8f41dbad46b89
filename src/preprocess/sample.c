/*
 * sample.c: the training values of one element of a column (see sample.h).
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "interrupts.h"
#include "kernels/sort.h"
#include "preprocess/sample.h"

#define PIECE 4096				/* rows between two looks at interrupts */

MlSample
ml_sample_take(const MlFitInput *data, int element)
{
	MlSample	sample = {ml_budget_alloc(data->budget, Max(data->n, 1), sizeof(double), "column copy"), 0};

	/* an array that is NULL in every row has no elements */
	if (data->column->width == 0)
		return sample;
	for (int64 from = 0; from < data->n; from += PIECE)
	{
		int64		rows = Min(PIECE, data->n - from);
		double	   *x = sample.x + sample.n;
		int64		kept = 0;

		CHECK_FOR_INTERRUPTS();
		ml_column_gather(data->column, element, data->order + from, rows, x, 1);
		for (int64 i = 0; i < rows; i++)
		{
			if (!isnan(x[i]))
				x[kept++] = x[i];
		}
		sample.n += kept;
	}
	return sample;
}

void
ml_sample_sort(const MlFitInput *data, MlSample *sample)
{
	uint32	   *order = ml_budget_alloc(data->budget, Max(sample->n, 1), sizeof(uint32), "sorted column");
	void	   *scratch = ml_budget_alloc(data->budget, Max(mlk_argsort_scratch(sample->n), 1), 1, "sort space");
	double	   *sorted;

	ml_check_status(mlk_argsort_f64(data->pool, sample->x, sample->n, order, scratch));
	ml_budget_free(data->budget, scratch);
	sorted = ml_budget_alloc(data->budget, Max(sample->n, 1), sizeof(double), "sorted column");
	for (int64 i = 0; i < sample->n; i++)
	{
		if (i % PIECE == 0)
			CHECK_FOR_INTERRUPTS();
		sorted[i] = sample->x[order[i]];
	}
	ml_budget_free(data->budget, order);
	ml_budget_free(data->budget, sample->x);
	sample->x = sorted;
}

void
ml_sample_free(const MlFitInput *data, MlSample *sample)
{
	ml_budget_free(data->budget, sample->x);
	sample->x = NULL;
}
