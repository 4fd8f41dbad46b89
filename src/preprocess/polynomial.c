/*
 * polynomial.c: products and powers of the dense numbers, as scikit-learn's PolynomialFeatures without the bias.
 *
 * The numbers are those that learners would get, imputed and scaled; codes pass beside.  Terms come by degree, and within one in
 * the order of their factors: a, b, a^2, a b, b^2.  A term is a term of one degree less times a number, so that a row costs a
 * multiplication a term.  Terms are in units of their own.
 */
#include "postgres.h"

#include <float.h>

#include "miscadmin.h"

#include "dataset/bigmem.h"
#include "preprocess/stage.h"

#define MAX_DEGREE 8
#define MAX_TERMS (1 << 18)

enum
{
	OPTION_DEGREE,
	OPTION_INTERACTION_ONLY
};

static const MlOptionSpec options[] = {
	{.name = "degree",.type = ML_OPTION_NUMBER,.fallback = 2,.min = 2,.max = MAX_DEGREE,.integral = true,
	.help = "factors of a product at most"},
	{.name = "interaction_only",.type = ML_OPTION_BOOL,
	.help = "no number is multiplied by itself"},
	{.name = NULL}
};

typedef struct MlPolynomial
{
	MlStage		stage;
	int			terms;
	int		   *parent;			/* the term without its last factor; -1: the number itself */
	int		   *factor;			/* number of in: the last factor, none before it stands later */
} MlPolynomial;

/* n numbers make so many terms: arithmetic that stops at the limit */
static int64
count_terms(int64 n, int degree, bool interaction_only)
{
	double		terms = 0;
	double		of_degree = 1;

	for (int d = 1; d <= degree; d++)
	{
		of_degree *= (double) (interaction_only ? n - d + 1 : n + d - 1) / d;
		if (of_degree <= 0)
			break;
		terms += of_degree;
		if (terms > MAX_TERMS)
			return (int64) MAX_TERMS + 1;
	}
	return (int64) (terms + 0.5);
}

static int64
stage_terms(const MlStage *stage)
{
	return count_terms(stage->in->n_dense, (int) stage->option[OPTION_DEGREE], stage->option[OPTION_INTERACTION_ONLY] != 0);
}

/* nothing is learned, but too much is refused */
static void
polynomial_fit(MlStage *stage, const MlStageFit *data)
{
	if (stage_terms(stage) > MAX_TERMS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("preprocess option \"polynomial\" makes too many features"),
				 errdetail("%d numbers and degree %d make more than %d.", stage->in->n_dense, (int) stage->option[OPTION_DEGREE],
						   MAX_TERMS),
				 errhint("Choose a smaller degree, \"interaction_only\": true, or fewer features.")));
}

/* every term of the degree before, times each number that is not before its last factor */
static void
polynomial_shape(MlStage *stage)
{
	MlPolynomial *p = (MlPolynomial *) stage;
	int			n = stage->in->n_dense;
	int			own = stage->option[OPTION_INTERACTION_ONLY] != 0 ? 1 : 0;
	int			before = 0;		/* first term of the degree before */

	p->terms = (int) stage_terms(stage);
	p->parent = ml_palloc_array(Max(p->terms, 1), sizeof(int));
	p->factor = ml_palloc_array(Max(p->terms, 1), sizeof(int));
	p->terms = 0;
	for (int j = 0; j < n; j++)
	{
		p->parent[p->terms] = -1;
		p->factor[p->terms++] = j;
	}
	for (int d = 2; d <= stage->option[OPTION_DEGREE]; d++)
	{
		int			end = p->terms;

		for (int t = before; t < end; t++)
		{
			for (int j = p->factor[t] + own; j < n; j++)
			{
				p->parent[p->terms] = t;
				p->factor[p->terms++] = j;
			}
		}
		before = end;
	}
	ml_shape_dense(&stage->out, stage->in, p->terms);
}

static void
polynomial_apply(const MlStage *stage, int64 n, double *dense, const uint32 *codes, double *out, uint32 *out_codes,
				 void *scratch)
{
	const MlPolynomial *p = (const MlPolynomial *) stage;
	int			numbers = stage->in->n_dense;

	for (int64 i = 0; i < n; i++)
	{
		const double *x = dense + i * numbers;
		double	   *term = out + i * p->terms;

		memcpy(term, x, sizeof(double) * numbers);
		for (int t = numbers; t < p->terms; t++)
			term[t] = term[p->parent[t]] * x[p->factor[t]];
	}
}

static int
polynomial_source(const MlStage *stage, int k)
{
	if (k < stage->in->n_dense)
		return k;
	if (k < stage->out.n_dense)
		return -1;
	return k - stage->out.n_dense + stage->in->n_dense;
}

/* exponent of each factor of a term, the first factor first; returns how many */
static int
factors(const MlPolynomial *p, int k, int *factor, int *exponent)
{
	int			n = 0;

	for (int t = k; t >= 0; t = p->parent[t])
	{
		if (n > 0 && factor[n - 1] == p->factor[t])
		{
			exponent[n - 1]++;
			continue;
		}
		factor[n] = p->factor[t];
		exponent[n++] = 1;
	}
	for (int i = 0; i < n / 2; i++)
	{
		int			f = factor[i];
		int			e = exponent[i];

		factor[i] = factor[n - 1 - i];
		exponent[i] = exponent[n - 1 - i];
		factor[n - 1 - i] = f;
		exponent[n - 1 - i] = e;
	}
	return n;
}

static void
polynomial_name(const MlStage *stage, const char *const *names, int k, StringInfo name)
{
	int			factor[MAX_DEGREE];
	int			exponent[MAX_DEGREE];
	int			n = factors((const MlPolynomial *) stage, k, factor, exponent);

	for (int i = 0; i < n; i++)
	{
		appendStringInfo(name, "%s%s", i > 0 ? " " : "", names[factor[i]]);
		if (exponent[i] > 1)
			appendStringInfo(name, "^%d", exponent[i]);
	}
}

static Bitmapset *
polynomial_origin(const MlStage *stage, Bitmapset *const *origins, int k)
{
	int			factor[MAX_DEGREE];
	int			exponent[MAX_DEGREE];
	int			n = factors((const MlPolynomial *) stage, k, factor, exponent);
	Bitmapset  *origin = NULL;

	for (int i = 0; i < n; i++)
		origin = bms_add_members(origin, origins[factor[i]]);
	return origin;
}

/* {"powers": {"a": 2, "b": 1}} */
static void
polynomial_describe(const MlStage *stage, const char *const *names, int k, JsonbParseState **state)
{
	JsonbValue	key = {.type = jbvString,.val.string = {.val = "powers",.len = 6}};
	int			factor[MAX_DEGREE];
	int			exponent[MAX_DEGREE];
	int			n;

	if (polynomial_source(stage, k) >= 0)
		return;
	n = factors((const MlPolynomial *) stage, k, factor, exponent);
	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < n; i++)
		ml_json_put_float(state, names[factor[i]], exponent[i]);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* all follows from the options */
static void
polynomial_write(const MlStage *stage, MlBlobWriter *w)
{
}

static void
polynomial_read(MlStage *stage, MlBlobReader *r)
{
	if (stage_terms(stage) > MAX_TERMS)
		ml_blob_fail(r, "a polynomial has too many terms");
}

const MlStageKind ml_stage_polynomial = {
	.name = "polynomial",
	.id = 3,
	.size = sizeof(MlPolynomial),
	.options = options,
	.native_hint = "Trees find products by themselves: leave it out, or compute the product in the source.",
	.fit = polynomial_fit,
	.shape = polynomial_shape,
	.apply = polynomial_apply,
	.keeps_codes = true,
	.source = polynomial_source,
	.name_column = polynomial_name,
	.origin = polynomial_origin,
	.describe = polynomial_describe,
	.write = polynomial_write,
	.read = polynomial_read
};
