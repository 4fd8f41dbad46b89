/*
 * kbins.c: numbers as the bin they fall into, as scikit-learn's KBinsDiscretizer cuts them.
 *
 * A bin holds its lower edge; the outermost bins are open.  Bins that are narrower than 1e-8 are merged into
 * the one before, unless all have the same width.  As "onehot" the bins are columns, of which a row sets one, and NULL has one of its own when training rows had it; as "ordinal" the bin's number is a
 * number, imputed and scaled like any other.  The native layout knows the latter alone: a kind of its own.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "interrupts.h"
#include "kernels/kmeans_line.h"
#include "kernels/quantiles.h"
#include "preprocess/sample.h"
#include "preprocess/stage.h"

#define PIECE 512				/* rows gathered at a time, on the stack */
#define MAX_BINS 1000
#define LEAST_WIDTH 1e-8

/* places in options[]: append only */
enum
{
	OPTION_BINS,
	OPTION_STRATEGY,
	OPTION_IMPUTE,
	OPTION_FILL,
	OPTION_SCALE,
	OPTION_OUTPUT				/* not in the native layout */
};

/* choices of OPTION_STRATEGY and OPTION_OUTPUT: append only */
enum
{
	STRATEGY_QUANTILE,
	STRATEGY_UNIFORM,
	STRATEGY_KMEANS
};
enum
{
	OUTPUT_ONEHOT,
	OUTPUT_ORDINAL
};

static const char *const strategy_choices[] = {"quantile", "uniform", "kmeans", NULL};
static const char *const output_choices[] = {"onehot", "ordinal", NULL};

#define COMMON_ROWS \
	{.name = "n_bins",.type = ML_OPTION_NUMBER,.fallback = 5,.min = 2,.max = MAX_BINS,.integral = true, \
	.help = "bins that the numbers are sorted into"}, \
	{.name = "strategy",.type = ML_OPTION_CHOICE,.choices = strategy_choices, \
	.help = "bins of as many rows each, of the same width, or around the centers of k-means"}, \
	{.name = "impute",.type = ML_OPTION_CHOICE,.fallback = ML_IMPUTE_MEAN,.source = ML_OPTION_IMPUTE,.choices = ml_impute_choices, \
	.help = "what stands for a missing bin in the output \"ordinal\""}, \
	{.name = "fill",.type = ML_OPTION_NUMBER,.min = -DBL_MAX,.max = DBL_MAX, \
	.help = "the bin that \"impute\": \"constant\" puts in"}, \
	{.name = "scale",.type = ML_OPTION_CHOICE,.fallback = ML_SCALE_NONE,.source = ML_OPTION_SCALE,.choices = ml_scale_choices, \
	.help = "how numbers of different size are made comparable, in the output \"ordinal\""}

static const MlOptionSpec options[] = {
	COMMON_ROWS,
	{.name = "output",.type = ML_OPTION_CHOICE,.choices = output_choices,
	.help = "a feature a bin, or one feature with the number of the bin"},
	{.name = NULL}
};

static const MlOptionSpec native_options[] = {
	COMMON_ROWS,
	{.name = NULL}
};

typedef struct MlKbins
{
	MlStep		step;
	bool		has_null;		/* onehot: NULL has a column */
	int			n;				/* bins, >= 1 */
	double	   *edge;			/* n - 1 inner ones, ascending */
} MlKbins;

extern const MlStepKind ml_step_kbins;

static bool
is_onehot(const MlStepKind *kind, const double *option)
{
	return kind == &ml_step_kbins && option[OPTION_OUTPUT] == OUTPUT_ONEHOT;
}

/* ---- learning ---- */

static double
uniform_edge(const MlSample *s, int bins, int k)
{
	double		low = s->x[0];
	double		high = s->x[s->n - 1];

	return k == bins ? high : low + k * ((high - low) / bins);
}

/* all edges, the outermost ones among them, before bins are merged */
static void
find_edges(const MlFitInput *data, const MlSample *s, int strategy, int bins, double *edge)
{
	double	   *center;

	for (int k = 0; k <= bins; k++)
		edge[k] = strategy == STRATEGY_QUANTILE ? mlk_quantile_sorted(s->x, s->n, (double) k / bins) : uniform_edge(s, bins, k);
	if (strategy != STRATEGY_KMEANS)
		return;
	center = palloc(sizeof(double) * bins * 6);
	for (int k = 0; k < bins; k++)
		center[k] = 0.5 * (edge[k] + edge[k + 1]);
	ml_check_status(mlk_kmeans_line(data->pool, s->x, s->n, bins, center, center + bins));
	for (int k = 1; k < bins; k++)
		edge[k] = 0.5 * (center[k - 1] + center[k]);
	pfree(center);
}

static void
kbins_fit(MlStep *step, const MlFitInput *data)
{
	MlKbins    *b = (MlKbins *) step;
	int			bins = (int) step->option[OPTION_BINS];
	double	   *edge = palloc(sizeof(double) * (bins + 1));
	bool		merge = step->option[OPTION_STRATEGY] != STRATEGY_UNIFORM;
	MlSample	s = ml_sample_take(data, 0);
	double		before;

	b->has_null = s.n < data->n;
	b->n = 1;
	b->edge = palloc(sizeof(double) * bins);
	ml_sample_sort(data, &s);
	if (s.n > 0 && s.x[0] < s.x[s.n - 1])
	{
		find_edges(data, &s, (int) step->option[OPTION_STRATEGY], bins, edge);
		before = edge[0];
		for (int k = 1; k <= bins; k++)
		{
			/* the last edge that is kept is the outermost one, and not an inner edge */
			if (!merge || edge[k] - before > LEAST_WIDTH)
				b->edge[b->n++ - 1] = edge[k];
			before = edge[k];
		}
		b->n = Max(b->n - 1, 1);
	}
	ml_sample_free(data, &s);
	pfree(edge);
}

/* ---- layout ---- */

static void
kbins_check(const char *column, const double *option)
{
	ml_step_check_fill(column, option[OPTION_IMPUTE], option[OPTION_FILL]);
}

static int64
kbins_n_dense(const MlInput *input, const double *option)
{
	return option[OPTION_OUTPUT] == OUTPUT_ONEHOT ? 0 : 1;
}

static int64
native_n_dense(const MlInput *input, const double *option)
{
	return 1;
}

static MlDenseRule
kbins_rule(const MlStep *step, int k)
{
	MlDenseRule rule = {(MlImpute) step->option[OPTION_IMPUTE], step->option[OPTION_FILL], (MlScale) step->option[OPTION_SCALE]};

	return rule;
}

static int
kbins_code_cols(const MlStep *step)
{
	const MlKbins *b = (const MlKbins *) step;

	return is_onehot(step->kind, step->option) ? b->n + (b->has_null ? 1 : 0) : 0;
}

static void
kbins_dense_name(const MlStep *step, int k, StringInfo name)
{
	appendStringInfo(name, "%s.bin", step->input->name);
}

static void
kbins_code_name(const MlStep *step, int k, StringInfo name)
{
	if (k < ((const MlKbins *) step)->n)
		appendStringInfo(name, "%s=bin %d", step->input->name, k);
	else
		appendStringInfo(name, "%s is null", step->input->name);
}

/* ---- applying ---- */

/* how many inner edges are at most x */
static inline uint32
bin_of(const MlKbins *b, double x)
{
	int			low = 0;
	int			high = b->n - 1;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (b->edge[middle] <= x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* of one number; shared by blocks and rows */
static inline void
kbins_output(const MlKbins *b, double x, double *dense, uint32 *code)
{
	if (code != NULL)
		*code = !isnan(x) ? bin_of(b, x) : b->has_null ? b->n : MLK_NO_CODE;
	else
		*dense = isnan(x) ? NAN : bin_of(b, x);
}

static void
kbins_block(const MlBoundStep *bound, const uint32 *order, int64 n,
			double *dense, int64 stride, uint32 *codes, int64 code_stride)
{
	double		x[PIECE];

	for (int64 from = 0; from < n; from += PIECE)
	{
		int64		rows = Min(PIECE, n - from);

		ml_column_gather(bound->column, 0, order + from, rows, x, 1);
		for (int64 i = 0; i < rows; i++)
			kbins_output((const MlKbins *) bound->step, x[i], codes != NULL ? NULL : dense + (from + i) * stride,
						 codes == NULL ? NULL : codes + (from + i) * code_stride);
	}
}

static void
kbins_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	kbins_output((const MlKbins *) step, value->number, dense, code);
}

/* the ends of a bin; the outermost ones are open */
static void
kbins_describe(const MlStep *step, int k, JsonbParseState **state)
{
	const MlKbins *b = (const MlKbins *) step;

	if (!is_onehot(step->kind, step->option))
		ml_json_put_float(state, "bins", b->n);
	else if (k < b->n)
	{
		if (k > 0)
			ml_json_put_float(state, "from", b->edge[k - 1]);
		if (k < b->n - 1)
			ml_json_put_float(state, "to", b->edge[k]);
	}
}

/* ---- bytes ---- */

static void
kbins_write(const MlStep *step, MlBlobWriter *w)
{
	const MlKbins *b = (const MlKbins *) step;

	ml_blob_put_u8(w, b->has_null);
	ml_blob_put_f64_array(w, b->edge, b->n - 1);
}

static void
kbins_read(MlStep *step, MlBlobReader *r)
{
	MlKbins    *b = (MlKbins *) step;
	MlBlobReader ahead;
	uint32		edges;

	b->has_null = ml_blob_get_bool(r);
	ahead = *r;
	edges = ml_blob_get_count(&ahead, sizeof(double), MAX_BINS - 1);
	b->n = edges + 1;
	b->edge = palloc0(sizeof(double) * Max(edges, 1));
	ml_blob_get_f64_array(r, b->edge, edges);
	for (uint32 i = 0; i < edges; i++)
	{
		if (!isfinite(b->edge[i]) || (i > 0 && b->edge[i] < b->edge[i - 1]))
			ml_blob_fail(r, "the edges of bins do not ascend");
	}
}

#define COMMON_MEMBERS \
	.name = "kbins", \
	.size = sizeof(MlKbins), \
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_TIME) | ML_TYPE_BIT(ML_TYPE_INTERVAL), \
	.check = kbins_check, \
	.rule = kbins_rule, \
	.fit = kbins_fit, \
	.dense_name = kbins_dense_name, \
	.block = kbins_block, \
	.row = kbins_row, \
	.describe = kbins_describe, \
	.write = kbins_write, \
	.read = kbins_read

const MlStepKind ml_step_kbins = {
	COMMON_MEMBERS,
	.id = 10,
	.options = options,
	.default_types = ML_TYPES_ON_REQUEST,
	.n_dense = kbins_n_dense,
	.code_cols = kbins_code_cols,
	.code_name = kbins_code_name
};

const MlStepKind ml_step_kbins_native = {
	COMMON_MEMBERS,
	.id = 11,
	.options = native_options,
	.native_types = ML_TYPES_ON_REQUEST,
	.n_dense = native_n_dense
};
