/*
 * rounding.c: the gradients of a tree as whole numbers (see grow_internal.h).
 */
#include "kernels/grow_internal.h"

/* coarse unless there are fewer rows, or the largest gradient is more times the mean one than this */
#define COARSE_ROWS 65536
#define COARSE_SPREAD 512.0

typedef struct Round
{
	MlkGrower  *g;
	uint32_t	seed;
	float		gradient_scale;
	float		hessian_scale;
} Round;

MLK_CLONES
static void
measure_block(void *arg, int64_t block, int worker)
{
	MlkGrower  *g = ((Round *) arg)->g;
	int64_t		from = block * MLK_ROUND_ROWS;
	int64_t		to = from + MLK_ROUND_ROWS < g->data->rows ? from + MLK_ROUND_ROWS : g->data->rows;
	double		sum[2][8] = {{0}};
	float		most[2][8] = {{0}};
	double	   *out = g->statistics + 4 * block;

	for (int64_t i = from; i < to; i++)
	{
		float		gradient = fabsf(g->gradient[i]);
		float		hessian = g->hessian != NULL ? g->hessian[i] : 1.0f;
		int			lane = i & 7;

		sum[0][lane] += gradient;
		sum[1][lane] += hessian;
		most[0][lane] = gradient > most[0][lane] ? gradient : most[0][lane];
		most[1][lane] = hessian > most[1][lane] ? hessian : most[1][lane];
	}
	for (int k = 0; k < 2; k++)
	{
		out[k] = 0.0;
		out[2 + k] = 0.0;
		for (int lane = 0; lane < 8; lane++)
		{
			out[k] += sum[k][lane];
			out[2 + k] = most[k][lane] > out[2 + k] ? most[k][lane] : out[2 + k];
		}
	}
}

/* 32 bits that look random for a row of a tree: the finaliser of MurmurHash3 */
static inline uint32_t
row_noise(uint32_t row, uint32_t seed)
{
	uint32_t	x = row * 0x9e3779b1u ^ seed;

	x = (x ^ (x >> 16)) * 0x85ebca6bu;
	x = (x ^ (x >> 13)) * 0xc2b2ae35u;
	return x ^ (x >> 16);
}

static inline float
at_most(float x, float limit)
{
	return x < limit ? x : limit;
}

MLK_CLONES
static void
round_coarse(void *arg, int64_t block, int worker)
{
	const Round *r = arg;
	MlkGrower  *g = r->g;
	int64_t		from = block * MLK_ROUND_ROWS;
	int64_t		to = from + MLK_ROUND_ROWS < g->data->rows ? from + MLK_ROUND_ROWS : g->data->rows;
	const float *gradient = g->gradient;
	const float *hessian = g->hessian;
	int32_t    *out = g->rounded;

	if (hessian == NULL)
	{
		for (int64_t i = from; i < to; i++)
		{
			float		u = (float) (row_noise((uint32_t) i, r->seed) & 0xffff) * 0x1p-16f;
			int32_t		q = (int32_t) at_most(floorf(gradient[i] * r->gradient_scale + u), (float) MLK_HIST_COARSE);

			out[i] = (1 << 16) | (q & 0xffff);
		}
		return;
	}
	for (int64_t i = from; i < to; i++)
	{
		uint32_t	noise = row_noise((uint32_t) i, r->seed);
		float		u = (float) (int32_t) (noise & 0xffff) * 0x1p-16f;
		float		v = (float) (int32_t) (noise >> 16) * 0x1p-16f;
		int32_t		q = (int32_t) at_most(floorf(gradient[i] * r->gradient_scale + u), (float) MLK_HIST_COARSE);
		int32_t		p = (int32_t) at_most(hessian[i] * r->hessian_scale + v, (float) MLK_HIST_COARSE);

		out[i] = (p << 16) | (q & 0xffff);
	}
}

static void
round_fine(void *arg, int64_t block, int worker)
{
	MlkGrower  *g = ((Round *) arg)->g;
	int64_t		from = block * MLK_ROUND_ROWS;
	int64_t		to = from + MLK_ROUND_ROWS < g->data->rows ? from + MLK_ROUND_ROWS : g->data->rows;

	for (int64_t i = from; i < to; i++)
	{
		g->rounded[2 * i] = (int32_t) rint(g->gradient[i] / g->gradient_unit);
		g->rounded[2 * i + 1] = g->hessian == NULL ? 1 : (int32_t) rint(g->hessian[i] / g->hessian_unit);
	}
}

/* units of the rounded numbers; the coarse ones are powers of two and some, as float holds them */
static void
choose_units(Round *r, const double *statistics)
{
	MlkGrower  *g = r->g;
	double		limit;
	double		rows = (double) g->data->rows;
	bool		spread = statistics[2] * rows > COARSE_SPREAD * statistics[0] ||
		(g->hessian != NULL && statistics[3] * rows > COARSE_SPREAD * statistics[1]);

	g->fine = g->data->rows < COARSE_ROWS || spread;
	limit = g->fine ? MLK_HIST_FINE : MLK_HIST_COARSE;
	g->gradient_unit = statistics[2] > 0.0 ? statistics[2] / limit : 1.0;
	g->hessian_unit = g->hessian != NULL && statistics[3] > 0.0 ? statistics[3] / limit : 1.0;
	r->gradient_scale = (float) (1.0 / g->gradient_unit);
	r->hessian_scale = (float) (1.0 / g->hessian_unit);
	if (!g->fine && !(isfinite(r->gradient_scale) && isfinite(r->hessian_scale)))
		g->fine = true;
	if (g->fine && limit != MLK_HIST_FINE)
	{
		g->gradient_unit *= MLK_HIST_COARSE / MLK_HIST_FINE;
		g->hessian_unit *= g->hessian != NULL ? MLK_HIST_COARSE / MLK_HIST_FINE : 1.0;
	}
}

MlkStatus
mlk_grow_round(MlkGrower *g, uint64_t seed)
{
	Round		r = {.g = g, .seed = (uint32_t) (seed ^ (seed >> 32))};
	int64_t		blocks = (g->data->rows + MLK_ROUND_ROWS - 1) / MLK_ROUND_ROWS;
	double		total[4] = {0};
	MlkStatus	status = mlk_parallel_for(g->pool, blocks, measure_block, &r);

	if (status != MLK_OK)
		return status;
	for (int64_t block = 0; block < blocks; block++)
	{
		const double *s = g->statistics + 4 * block;

		for (int k = 0; k < 2; k++)
		{
			total[k] += s[k];
			total[2 + k] = s[2 + k] > total[2 + k] ? s[2 + k] : total[2 + k];
		}
	}
	if (!isfinite(total[0]) || !isfinite(total[1]))
		return MLK_NOT_FINITE;
	choose_units(&r, total);
	return mlk_parallel_for(g->pool, blocks, g->fine ? round_fine : round_coarse, &r);
}
