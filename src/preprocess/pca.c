/*
 * pca.c: principal components of the dense numbers, as scikit-learn's PCA with svd_solver "full".
 *
 * The numbers are those that learners would get, imputed and scaled; codes pass beside.  The triangular factor of the centred
 * training rows has their singular values and vectors.  The sign of a component is that which makes its largest score among the training
 * rows positive.  Directions in which the training rows do not vary have the component 0.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "dataset/bigmem.h"
#include "interrupts.h"
#include "kernels/components.h"
#include "kernels/qr.h"
#include "preprocess/stage.h"

#define MAX_COLUMNS 4096
#define BLOCK_ROWS 1024

enum
{
	OPTION_COMPONENTS,
	OPTION_WHITEN
};

static const MlOptionSpec options[] = {
	{.name = "n_components",.type = ML_OPTION_NUMBER,.fallback = NAN,.min = 0,.max = MAX_COLUMNS,.word = "all",
	.help = "how many, or below 1 the share of the variance that they must explain"},
	{.name = "whiten",.type = ML_OPTION_BOOL,
	.help = "divides each component by its standard deviation"},
	{.name = NULL}
};

typedef struct MlPca
{
	MlStage		stage;
	int			n;				/* components */
	double	   *mean;			/* [in->n_dense] */
	double	   *vector;			/* [n, in->n_dense], signs set, not whitened */
	double	   *variance;		/* [n]: explained, with n - 1 in the denominator */
	double		total;			/* variance of all numbers */

	double	   *applied;		/* vector, or when whitened divided by the root of its variance */
} MlPca;

static void
pca_check(const double *option)
{
	double		n = option[OPTION_COMPONENTS];

	if (n == 0 || (n >= 1 && n != floor(n)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("preprocess option \"n_components\" cannot be %g", n),
				 errhint("A number below 1 is the share of the variance to explain; from 1 on it is a whole number of components.")));
}

/* ---- fit ---- */

/* R of [1 X]; in the budget */
static double *
factor(const MlPca *pca, const MlStageFit *data, void **memory)
{
	int			d = pca->stage.in->n_dense;
	MlkBlock	block = {.kind = MLK_BLOCK_DENSE,.cols = d,.stride = d,.dense = data->dense};
	MlkDesign	x = {.rows = data->n,.cols = d,.n_blocks = 1,.blocks = &block};
	MlkTsqr		t;
	double		size = mlk_tsqr_plan(&t, &x, true, NULL, NULL, mlk_pool_threads(data->pool));

	*memory = ml_budget_alloc(data->budget, (Size) size, sizeof(double), "factorisation of the numbers");
	mlk_tsqr_start(&t, *memory);
	while (t.rounds.next < t.rounds.blocks)
		ml_check_status(mlk_tsqr_round(&t, data->pool));
	ml_check_status(mlk_tsqr_finish(&t, data->pool));
	return t.slots;
}

/* as many as were asked for; s are the singular values of all */
static int
choose_components(const MlPca *pca, const double *s, int64 rows)
{
	int			d = pca->stage.in->n_dense;
	double		wanted = pca->stage.option[OPTION_COMPONENTS];
	double		share = 0;
	int			n = 0;

	if (isnan(wanted))
		return (int) Min(d, rows);
	if (wanted >= 1)
		return (int) Min(Min(wanted, d), rows);
	while (n < Min(d, rows))
	{
		share += s[n] * s[n] / (rows - 1) / pca->total;
		n++;
		if (share > wanted)
			break;
	}
	return n;
}

typedef struct Peak
{
	double		size;			/* largest absolute score, the first on ties */
	double		score;
} Peak;

typedef struct SignJob
{
	const MlPca *pca;
	const MlStageFit *data;
	double	   *scratch;		/* of a thread: scores of a row and the row, centred */
	Peak	   *peaks;			/* [blocks, n] */
} SignJob;

static void
sign_block(void *arg, int64 block, int worker)
{
	const SignJob *job = arg;
	int			d = job->pca->stage.in->n_dense;
	int			n = job->pca->n;
	double	   *score = job->scratch + (Size) worker * (n + d);
	Peak	   *peaks = job->peaks + block * n;
	int64		end = Min((block + 1) * BLOCK_ROWS, job->data->n);

	memset(peaks, 0, sizeof(Peak) * n);
	for (int64 i = block * BLOCK_ROWS; i < end; i++)
	{
		mlk_project(1, d, job->data->dense + i * d, job->pca->mean, n, job->pca->vector, score, score + n);
		for (int c = 0; c < n; c++)
		{
			if (fabs(score[c]) > peaks[c].size)
				peaks[c] = (Peak)
			{
				fabs(score[c]), score[c]
			};
		}
	}
}

/* blocks in their order, so that threads do not show */
static void
set_signs(MlPca *pca, const MlStageFit *data)
{
	int			d = pca->stage.in->n_dense;
	int64		blocks = (data->n + BLOCK_ROWS - 1) / BLOCK_ROWS;
	SignJob		job = {.pca = pca,.data = data};

	job.scratch = ml_budget_alloc(data->budget, mul_size(mlk_pool_threads(data->pool), pca->n + d), sizeof(double), "scores of components");
	job.peaks = ml_budget_alloc(data->budget, Max(mul_size(blocks, pca->n), 1), sizeof(Peak), "scores of components");
	ml_check_status(mlk_parallel_for(data->pool, blocks, sign_block, &job));
	for (int c = 0; c < pca->n; c++)
	{
		Peak		peak = {0};

		for (int64 b = 0; b < blocks; b++)
		{
			if (job.peaks[b * pca->n + c].size > peak.size)
				peak = job.peaks[b * pca->n + c];
		}
		for (int j = 0; j < d && peak.score < 0; j++)
			pca->vector[(Size) c * d + j] = 0.0 - pca->vector[(Size) c * d + j];
	}
	ml_budget_free(data->budget, job.peaks);
	ml_budget_free(data->budget, job.scratch);
}

static void
check_data(const MlStage *stage, const MlStageFit *data)
{
	int			d = stage->in->n_dense;
	double		wanted = stage->option[OPTION_COMPONENTS];

	if (d > MAX_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("there are too many numbers for principal components"),
				 errdetail("There are %d numbers; %d are possible.", d, MAX_COLUMNS),
				 errhint("Select some before, with preprocess option \"select\".")));
	if (wanted >= 1 && wanted > Min(d, data->n))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("preprocess option \"pca\" asks for %g components", wanted),
				 errdetail("There are %d numbers and %lld training rows.", d, (long long) data->n),
				 errhint("Ask for %lld at most, or for \"all\".", (long long) Min(d, data->n))));
}

static void
pca_fit(MlStage *stage, const MlStageFit *data)
{
	MlPca	   *pca = (MlPca *) stage;
	int			d = stage->in->n_dense;
	void	   *memory;
	double	   *r;
	double	   *a;
	double	   *s = ml_palloc_array(Max(d, 1), sizeof(double));

	check_data(stage, data);
	pca->mean = ml_palloc_array(Max(d, 1), sizeof(double));
	pca->variance = ml_palloc_array(Max(d, 1), sizeof(double));
	a = ml_budget_alloc(data->budget, Max(mul_size(d, d), 1), sizeof(double), "components");
	r = factor(pca, data, &memory);
	for (int i = 0; i < d; i++)
	{
		pca->mean[i] = r[1 + i] / r[0];
		for (int j = 0; j < d; j++)
			a[(Size) i * d + j] = j < i ? 0 : r[(Size) (i + 1) * (d + 1) + j + 1];
	}
	ml_budget_free(data->budget, memory);
	ml_check_status(mlk_right_singular(data->pool, d, a, s));
	for (int i = 0; i < d; i++)
	{
		pca->variance[i] = s[i] * s[i] / Max(data->n - 1, 1);
		pca->total += pca->variance[i];
	}
	pca->n = choose_components(pca, s, data->n);
	pca->vector = ml_palloc_array(Max(mul_size(pca->n, d), 1), sizeof(double));
	memcpy(pca->vector, a, sizeof(double) * pca->n * d);
	ml_budget_free(data->budget, a);
	set_signs(pca, data);
}

static void
pca_shape(MlStage *stage)
{
	MlPca	   *pca = (MlPca *) stage;
	int			d = stage->in->n_dense;

	pca->applied = pca->vector;
	if (stage->option[OPTION_WHITEN] != 0)
	{
		pca->applied = ml_palloc_array(Max(mul_size(pca->n, d), 1), sizeof(double));
		for (Size i = 0; i < (Size) pca->n * d; i++)
			pca->applied[i] = pca->variance[i / d] > 0 ? pca->vector[i] / sqrt(pca->variance[i / d]) : 0;
	}
	ml_shape_dense(&stage->out, stage->in, pca->n);
}

/* ---- rows ---- */

static Size
pca_scratch(const MlStage *stage)
{
	return sizeof(double) * Max(stage->in->n_dense, 1);
}

static void
pca_apply(const MlStage *stage, int64 n, double *dense, const uint32 *codes, double *out, uint32 *out_codes, void *scratch)
{
	const MlPca *pca = (const MlPca *) stage;

	mlk_project(n, stage->in->n_dense, dense, pca->mean, pca->n, pca->applied, out, scratch);
}

/* ---- for people ---- */

static int
pca_source(const MlStage *stage, int k)
{
	return k < stage->out.n_dense ? -1 : k - stage->out.n_dense + stage->in->n_dense;
}

static void
pca_name(const MlStage *stage, const char *const *names, int k, StringInfo name)
{
	appendStringInfo(name, "pca%d", k + 1);
}

static Bitmapset *
pca_origin(const MlStage *stage, Bitmapset *const *origins, int k)
{
	Bitmapset  *origin = NULL;

	for (int j = 0; j < stage->in->n_dense; j++)
		origin = bms_add_members(origin, origins[j]);
	return origin;
}

/* {"variance": 2.9, "ratio": 0.73, "loadings": {"a": 0.52, ...}} */
static void
pca_describe(const MlStage *stage, const char *const *names, int k, JsonbParseState **state)
{
	const MlPca *pca = (const MlPca *) stage;
	JsonbValue	key = {.type = jbvString,.val.string = {.val = "loadings",.len = 8}};

	if (k >= pca->n)
		return;
	ml_json_put_float(state, "variance", pca->variance[k]);
	ml_json_put_float(state, "ratio", pca->total > 0 ? pca->variance[k] / pca->total : 0);
	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int j = 0; j < stage->in->n_dense; j++)
		ml_json_put_float(state, names[j], pca->vector[(Size) k * stage->in->n_dense + j]);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* ---- bytes ---- */

static void
pca_write(const MlStage *stage, MlBlobWriter *w)
{
	const MlPca *pca = (const MlPca *) stage;

	ml_blob_put_u32(w, pca->n);
	ml_blob_put_f64(w, pca->total);
	ml_blob_put_f64_array(w, pca->mean, stage->in->n_dense);
	ml_blob_put_f64_array(w, pca->variance, pca->n);
	ml_blob_put_f64_array(w, pca->vector, (uint32) pca->n * stage->in->n_dense);
}

static void
read_finite(MlBlobReader *r, double *v, uint32 n)
{
	ml_blob_get_f64_array(r, v, n);
	for (uint32 i = 0; i < n && ml_blob_ok(r); i++)
	{
		if (!isfinite(v[i]))
			ml_blob_fail(r, "a number of a component is not finite");
	}
}

static void
pca_read(MlStage *stage, MlBlobReader *r)
{
	MlPca	   *pca = (MlPca *) stage;
	int			d = stage->in->n_dense;

	if (d > MAX_COLUMNS)
		ml_blob_fail(r, "there are too many numbers for components");
	pca->n = (int) ml_blob_get_count(r, sizeof(double) * ((Size) d + 1), d);
	pca->total = ml_blob_get_f64(r);
	if (!ml_blob_ok(r))
		return;
	pca->mean = ml_palloc_array(Max(d, 1), sizeof(double));
	pca->variance = ml_palloc_array(Max(pca->n, 1), sizeof(double));
	pca->vector = ml_palloc_array(Max(mul_size(pca->n, d), 1), sizeof(double));
	read_finite(r, pca->mean, d);
	read_finite(r, pca->variance, pca->n);
	read_finite(r, pca->vector, (uint32) pca->n * d);
	for (int c = 0; c < pca->n && ml_blob_ok(r); c++)
	{
		if (pca->variance[c] < 0)
			ml_blob_fail(r, "a variance of a component is negative");
	}
}

const MlStageKind ml_stage_pca = {
	.name = "pca",
	.id = 6,
	.size = sizeof(MlPca),
	.options = options,
	.native_hint = "Leave it out, or store the components in a table with mlops_transform of a linear model.",
	.check = pca_check,
	.fit = pca_fit,
	.shape = pca_shape,
	.scratch = pca_scratch,
	.apply = pca_apply,
	.keeps_codes = true,
	.source = pca_source,
	.name_column = pca_name,
	.origin = pca_origin,
	.describe = pca_describe,
	.write = pca_write,
	.read = pca_read
};
