/*
 * frequency.c: categories as how often the training rows had them.
 *
 * NULL is a value like any other; one that the training rows did not have has the frequency 0.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "preprocess/lookup.h"

/* places in options[]: append only */
enum
{
	OPTION_FREQUENCY,
	OPTION_SCALE
};

/* choices of OPTION_FREQUENCY: append only */
enum
{
	FREQUENCY_SHARE,
	FREQUENCY_COUNT
};

static const char *const frequency_choices[] = {"share", "count", NULL};

static const MlOptionSpec options[] = {
	{.name = "frequency",.type = ML_OPTION_CHOICE,.choices = frequency_choices,
	.help = "the share of the training rows that have the value, or their number"},
	{.name = "scale",.type = ML_OPTION_CHOICE,.fallback = ML_SCALE_NONE,.source = ML_OPTION_SCALE,.choices = ml_scale_choices,
	.help = "how numbers of different size are made comparable"},
	{.name = NULL}
};

typedef struct MlFrequency
{
	MlLookup	lookup;
	double	   *frequency;		/* of each category, then of NULL, then 0 */
} MlFrequency;

static int64
frequency_n_dense(const MlInput *input, const double *option)
{
	return 1;
}

static MlDenseRule
frequency_rule(const MlStep *step, int k)
{
	MlDenseRule rule = {ML_IMPUTE_NONE, 0, (MlScale) step->option[OPTION_SCALE]};

	return rule;
}

static void
frequency_dense_name(const MlStep *step, int k, StringInfo name)
{
	appendStringInfo(name, "%s.frequency", step->input->name);
}

static void
frequency_fit(MlStep *step, const MlFitInput *data)
{
	MlFrequency *f = (MlFrequency *) step;
	double		unit = step->option[OPTION_FREQUENCY] == FREQUENCY_COUNT ? 1 : (double) data->n;
	uint64	   *rows;

	ml_lookup_fit_all(&f->lookup, data, &rows);
	f->frequency = palloc0(sizeof(double) * (f->lookup.kept.n + 2));
	for (uint32 i = 0; i <= f->lookup.kept.n; i++)
		f->frequency[i] = rows[i] / unit;
	pfree(rows);
}

static inline double
frequency_of(const MlFrequency *f, uint32 place)
{
	uint32		n = f->lookup.kept.n;

	return f->frequency[place < n ? place : place == ML_NULL_CODE ? n : n + 1];
}

static inline void
put_frequency(const MlBoundStep *bound, uint32 row, uint32 place, double *dense)
{
	dense[0] = frequency_of((const MlFrequency *) bound->step, place);
}

static void
frequency_block(const MlBoundStep *bound, const uint32 *order, int64 n,
				double *dense, int64 stride, uint32 *codes, int64 code_stride)
{
	ml_lookup_block(bound, order, n, dense, stride, put_frequency);
}

static void
frequency_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	const MlFrequency *f = (const MlFrequency *) step;

	dense[0] = frequency_of(f, ml_lookup_value(&f->lookup, value));
}

static void
frequency_write(const MlStep *step, MlBlobWriter *w)
{
	const MlFrequency *f = (const MlFrequency *) step;

	ml_category_write(&f->lookup.kept, w);
	ml_blob_put_f64_array(w, f->frequency, f->lookup.kept.n + 1);
}

static void
frequency_read(MlStep *step, MlBlobReader *r)
{
	MlFrequency *f = (MlFrequency *) step;
	uint32		n;

	ml_category_read(&f->lookup.kept, step->input->type, r);
	n = f->lookup.kept.n;
	f->frequency = palloc0(sizeof(double) * (n + 2));
	ml_blob_get_f64_array(r, f->frequency, n + 1);
	for (uint32 i = 0; i <= n; i++)
	{
		if (!(f->frequency[i] >= 0 && f->frequency[i] <= DBL_MAX))
			ml_blob_fail(r, "a frequency is out of range");
	}
}

const MlStepKind ml_step_frequency = {
	.name = "frequency",
	.id = 6,
	.size = sizeof(MlFrequency),
	.options = options,
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.default_types = ML_TYPES_ON_REQUEST,
	.native_types = ML_TYPES_ON_REQUEST,
	.takes_missing = true,
	.n_dense = frequency_n_dense,
	.rule = frequency_rule,
	.fit = frequency_fit,
	.dense_name = frequency_dense_name,
	.refresh = ml_lookup_refresh,
	.block = frequency_block,
	.row = frequency_row,
	.code = ml_lookup_code,
	.describe = ml_lookup_describe,
	.write = frequency_write,
	.read = frequency_read
};
