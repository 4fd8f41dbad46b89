/*
 * neighbours.c: imputation from nearest neighbours (see neighbours.h).
 *
 * One pass over the donors; every missing column keeps a list of its nearest ones, in ascending order.
 */
#include <string.h>

#include "kernels/neighbours.h"

/* the nearest donors of a missing column so far */
typedef struct Nearest
{
	double		distance;		/* squared, times cols */
	double		value;
} Nearest;

typedef struct Lists
{
	int32_t		missing;		/* columns */
	int32_t    *column;			/* [missing] */
	int32_t    *count;			/* [missing] */
	Nearest    *nearest;		/* [missing, neighbours] */
} Lists;

size_t
mlk_neighbours_scratch(const MlkDonors *donors)
{
	return (size_t) donors->cols * (sizeof(Nearest) * donors->neighbours + 2 * sizeof(int32_t));
}

/* squared distance times cols over the number of common columns; NaN without any */
MLK_CLONES
static double
square_distance(const double *x, const double *y, int32_t cols)
{
	double		sum = 0.0;
	double		common = 0.0;

	for (int32_t j = 0; j < cols; j++)
	{
		double		difference = x[j] - y[j];
		bool		both = difference == difference;

		sum += both ? difference * difference : 0.0;
		common += both ? 1.0 : 0.0;
	}
	return sum / common * cols;
}

static void
offer(Nearest *list, int32_t *count, int32_t room, double distance, double value)
{
	int32_t		i = *count;

	if (i == room && !(distance < list[room - 1].distance))
		return;
	if (i < room)
		*count = i + 1;
	else
		i--;
	for (; i > 0 && distance < list[i - 1].distance; i--)
		list[i] = list[i - 1];
	list[i] = (Nearest) {distance, value};
}

static double
average(const MlkDonors *donors, const Nearest *list, int32_t count)
{
	double		sum = 0.0;
	double		weight = 0.0;
	bool		same = donors->by_distance && list[0].distance == 0.0;

	for (int32_t i = 0; i < count; i++)
	{
		double		w = 1.0;

		if (same)
			w = list[i].distance == 0.0 ? 1.0 : 0.0;
		else if (donors->by_distance)
			w = 1.0 / sqrt(list[i].distance);
		sum += w * list[i].value;
		weight += w;
	}
	return sum / weight;
}

static void
search(const MlkDonors *donors, const double *row, Lists *lists)
{
	for (int64_t i = 0; i < donors->n; i++)
	{
		const double *donor = donors->value + i * donors->cols;
		double		distance = square_distance(row, donor, donors->cols);

		if (isnan(distance))
			continue;
		for (int32_t m = 0; m < lists->missing; m++)
		{
			double		value = donor[lists->column[m]];

			if (!isnan(value))
				offer(lists->nearest + (size_t) m * donors->neighbours, &lists->count[m], donors->neighbours, distance, value);
		}
	}
}

void
mlk_neighbours_fill(const MlkDonors *donors, double *row, void *scratch)
{
	Lists		lists = {.nearest = scratch};

	lists.column = (int32_t *) (lists.nearest + (size_t) donors->cols * donors->neighbours);
	lists.count = lists.column + donors->cols;
	for (int32_t j = 0; j < donors->cols; j++)
	{
		if (!isnan(row[j]))
			continue;
		lists.count[lists.missing] = 0;
		lists.column[lists.missing++] = j;
	}
	if (lists.missing == 0)
		return;
	search(donors, row, &lists);
	for (int32_t m = 0; m < lists.missing; m++)
	{
		int32_t		j = lists.column[m];

		row[j] = lists.count[m] > 0 ?
			average(donors, lists.nearest + (size_t) m * donors->neighbours, lists.count[m]) : donors->mean[j];
	}
}
