/*
 * linear_state.c: scoring, bytes and coefficient table of linear models (see linear_state.h).
 */
#include "algorithms/linear_state.h"

#include "algorithms/fit.h"
#include "kernels/sigmoid.h"
#include "kernels/special.h"

#define PREDICT_ROWS 256		/* rows of one class's linear predictor on the stack */

MlLinearState *
ml_linear_state_create(MlTask task, int cols, int outputs)
{
	MlLinearState *state = palloc0(sizeof(MlLinearState));
	Size		weights = (Size) outputs * cols;
	Size		rows = (Size) outputs * (1 + cols);

	state->task = task;
	state->cols = cols;
	state->outputs = outputs;
	state->intercept = ml_fit_doubles(outputs);
	state->weights = ml_fit_doubles(weights);
	state->estimate = ml_fit_doubles(rows);
	state->std_error = ml_fit_doubles(rows);
	state->mean = ml_fit_doubles(cols);
	memset(state->mean, 0, sizeof(double) * cols);
	memset(state->intercept, 0, sizeof(double) * outputs);
	memset(state->weights, 0, sizeof(double) * weights);
	memset(state->estimate, 0, sizeof(double) * rows);
	for (Size i = 0; i < rows; i++)
		state->std_error[i] = NAN;
	return state;
}

void
ml_linear_state_estimate(MlLinearState *state, const MlkDesign *x, bool constant)
{
	state->has_intercept = constant;
	for (int k = 0; k < state->outputs; k++)
	{
		const double *w = state->weights + (Size) k * state->cols;
		double	   *estimate = state->estimate + (Size) k * (1 + state->cols);

		estimate[0] = state->intercept[k];
		for (int j = 0; j < state->cols; j++)
		{
			estimate[1 + j] = w[j] / ml_linear_scale(x, j);
			estimate[0] += w[j] * ml_linear_shift(x, j);
			/* centred columns leave a constant behind even when none was fitted */
			state->has_intercept |= ml_linear_shift(x, j) != 0.0;
		}
	}
}

void
ml_linear_state_means(MlLinearState *state, const MlProblem *problem, const MlFitControl *control)
{
	Size		length = 1 + (Size) state->cols;
	double	   *zero = ml_fit_doubles(length);
	double	   *product = ml_fit_doubles(length);

	memset(zero, 0, sizeof(double) * length);
	(void) ml_fit_squares(problem, control, "means", NULL, zero, product);
	for (int j = 0; j < state->cols; j++)
		state->mean[j] = product[1 + j] / product[0];
	pfree(zero);
	pfree(product);
}

/* binary: eta in the upper half of out, probabilities spread from there; entry i is read before it is overwritten */
static void
predict_binary(const MlLinearState *s, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	double	   *p = out + rows;

	mlk_design_dot(x, from, rows, s->weights, s->intercept[0], p);
	mlk_sigmoid(p, rows);
	for (int64 i = 0; i < rows; i++)
	{
		double		positive = p[i];

		out[2 * i] = 1.0 - positive;
		out[2 * i + 1] = positive;
	}
}

static void
predict_classes(const MlLinearState *s, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	double		eta[PREDICT_ROWS];

	for (int64 at = 0; at < rows; at += PREDICT_ROWS)
	{
		int64		count = Min(rows - at, PREDICT_ROWS);
		double	   *block = out + at * s->outputs;

		for (int k = 0; k < s->outputs; k++)
		{
			mlk_design_dot(x, from + at, count, s->weights + (Size) k * s->cols, s->intercept[k], eta);
			for (int64 i = 0; i < count; i++)
				block[i * s->outputs + k] = eta[i];
		}
		mlk_softmax(block, count, s->outputs);
	}
}

void
ml_linear_predict(const void *state, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	const MlLinearState *s = state;

	if (s->task == ML_TASK_REGRESSION)
		mlk_design_dot(x, from, rows, s->weights, s->intercept[0], out);
	else if (s->outputs == 1)
		predict_binary(s, x, from, rows, out);
	else
		predict_classes(s, x, from, rows, out);
}

void
ml_linear_write(const void *state, MlBlobWriter *w)
{
	const MlLinearState *s = state;

	ml_blob_put_u8(w, s->has_intercept);
	ml_blob_put_u8(w, s->inference);
	ml_blob_put_f64(w, s->df);
	ml_blob_put_u32(w, s->outputs);
	ml_blob_put_f64_array(w, s->intercept, s->outputs);
	for (int k = 0; k < s->outputs; k++)
	{
		ml_blob_put_f64_array(w, s->weights + (Size) k * s->cols, s->cols);
		ml_blob_put_f64_array(w, s->estimate + (Size) k * (1 + s->cols), 1 + s->cols);
		ml_blob_put_f64_array(w, s->std_error + (Size) k * (1 + s->cols), 1 + s->cols);
	}
	ml_blob_put_f64_array(w, s->mean, s->cols);
}

void *
ml_linear_read(MlBlobReader *r, const MlShape *shape)
{
	uint32		expected = shape->task == ML_TASK_CLASSIFICATION && shape->n_classes > 2 ? shape->n_classes : 1;
	bool		has_intercept = ml_blob_get_bool(r);
	uint8		inference = ml_blob_get_u8(r);
	double		df = ml_blob_get_f64(r);
	uint32		outputs = ml_blob_get_u32(r);
	MlLinearState *s;

	if (ml_blob_ok(r) && (outputs != expected || inference > ML_INFER_Z || shape->cols < 0))
		ml_blob_fail(r, "the linear model does not fit its features or classes");
	/* every array must still be there before memory is taken for it */
	if (ml_blob_ok(r) && (double) ml_blob_left(r) < ((double) outputs * 3.0 + 1.0) * shape->cols * sizeof(double))
		ml_blob_fail(r, "the linear model is cut short");
	if (!ml_blob_ok(r))
		return NULL;

	s = ml_linear_state_create(shape->task, shape->cols, outputs);
	s->has_intercept = has_intercept;
	s->inference = inference;
	s->df = df;
	ml_blob_get_f64_array(r, s->intercept, outputs);
	for (uint32 k = 0; k < outputs; k++)
	{
		ml_blob_get_f64_array(r, s->weights + (Size) k * s->cols, s->cols);
		ml_blob_get_f64_array(r, s->estimate + (Size) k * (1 + s->cols), 1 + s->cols);
		ml_blob_get_f64_array(r, s->std_error + (Size) k * (1 + s->cols), 1 + s->cols);
	}
	ml_blob_get_f64_array(r, s->mean, s->cols);
	return ml_blob_ok(r) ? s : NULL;
}

/* one line of the table; quantile: half width of the 95 % interval in standard errors */
static void
fill_line(const MlLinearState *s, Size at, double quantile, MlCoefficient *out)
{
	double		error = s->std_error[at];

	out->estimate = s->estimate[at];
	out->std_error = error;
	out->statistic = out->p_value = out->conf_low = out->conf_high = NAN;
	if (s->inference == ML_INFER_NOTHING || isnan(out->estimate) || !(error > 0.0))
		return;
	out->statistic = out->estimate / error;
	out->p_value = s->inference == ML_INFER_T ? mlk_t_two_sided(out->statistic, s->df)
		: mlk_normal_two_sided(out->statistic);
	out->conf_low = out->estimate - quantile * error;
	out->conf_high = out->estimate + quantile * error;
}

MlCoefficient *
ml_linear_coefficients(const void *state, int *n)
{
	const MlLinearState *s = state;
	MlCoefficient *table = MemoryContextAllocHuge(CurrentMemoryContext,
												  sizeof(MlCoefficient) * s->outputs * ((Size) s->cols + 1));
	double		quantile = s->inference == ML_INFER_T ? mlk_t_quantile(0.975, s->df) : mlk_normal_quantile(0.975);

	*n = 0;
	for (int k = 0; k < s->outputs; k++)
	{
		for (int j = s->has_intercept ? -1 : 0; j < s->cols; j++)
		{
			MlCoefficient *line = &table[(*n)++];

			line->column = j;
			line->class_index = s->outputs == 1 ? -1 : k;
			fill_line(s, (Size) k * (1 + s->cols) + 1 + j, quantile, line);
		}
	}
	return table;
}

void
ml_linear_explain(const void *state, const MlkDesign *x, int64 row, int class_index, double *out, double *base)
{
	const MlLinearState *s = state;
	int			output = s->outputs == 1 ? 0 : class_index;
	const double *w = s->weights + (Size) output * s->cols;

	mlk_design_expand(x, row, 1, out, s->cols);
	*base = s->intercept[output];
	for (int j = 0; j < s->cols; j++)
	{
		*base += w[j] * s->mean[j];
		out[j] = w[j] * (out[j] - s->mean[j]);
	}
}
