/*
 * mlp_state.c: scoring, bytes and training curve of a network.
 */
#include "algorithms/mlp.h"

#include "kernels/sigmoid.h"
#include "utils/memutils.h"

#define ALIGNMENT 64

int
ml_mlp_outputs(MlkMlpLoss loss, int n_classes)
{
	return loss != MLK_MLP_SQUARED && n_classes > 2 ? n_classes : 1;
}

MlMlpState *
ml_mlp_state_create(MlTask task, const MlkMlp *net, const float *params)
{
	MlMlpState *state = palloc0(sizeof(MlMlpState));
	char	   *memory = MemoryContextAllocHuge(CurrentMemoryContext,
												(Size) mlk_mlp_scorer_size(net) * sizeof(float) + ALIGNMENT);

	state->task = task;
	state->net = *net;
	state->scale = 1.0;
	mlk_mlp_scorer(&state->scorer, &state->net, params, (float *) TYPEALIGN(ALIGNMENT, memory));
	return state;
}

/* ---- scoring ---- */

/* z in the upper half of out, probabilities spread from there; entry i is read before it is overwritten */
static void
predict_binary(const MlMlpState *s, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	double	   *p = out + rows;

	mlk_mlp_outputs(&s->scorer, x, from, rows, p, 1);
	mlk_sigmoid(p, rows);
	for (int64 i = 0; i < rows; i++)
	{
		double		positive = p[i];

		out[2 * i] = 1.0 - positive;
		out[2 * i + 1] = positive;
	}
}

/* logistic outputs of three and more classes do not sum to 1 by themselves; the logistic function is never 0 */
static void
share_out(double *out, int64 rows, int classes)
{
	mlk_sigmoid(out, rows * classes);
	for (int64 i = 0; i < rows; i++)
	{
		double	   *row = out + i * classes;
		double		sum = 0.0;

		for (int k = 0; k < classes; k++)
			sum += row[k];
		for (int k = 0; k < classes; k++)
			row[k] /= sum;
	}
}

void
ml_mlp_predict(const void *state, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	const MlMlpState *s = state;
	int			outputs = s->net.width[s->net.n_layers];

	if (s->task == ML_TASK_CLASSIFICATION && outputs == 1)
	{
		predict_binary(s, x, from, rows, out);
		return;
	}
	mlk_mlp_outputs(&s->scorer, x, from, rows, out, outputs);
	if (s->task == ML_TASK_REGRESSION)
	{
		for (int64 i = 0; i < rows; i++)
			out[i] = s->center + s->scale * out[i];
	}
	else if (s->net.loss == MLK_MLP_SOFTMAX)
		mlk_softmax(out, rows, outputs);
	else
		share_out(out, rows, outputs);
}

/* ---- bytes ---- */

/* 32-bit numbers as their bits */
static void
put_floats(MlBlobWriter *w, const float *v, Size n)
{
	uint32	   *bits = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * Max(n, 1));

	memcpy(bits, v, sizeof(float) * n);
	ml_blob_put_u32_array(w, bits, (uint32) n);
	pfree(bits);
}

void
ml_mlp_write(const void *state, MlBlobWriter *w)
{
	const MlMlpState *s = state;
	float	   *params = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * s->net.n_params);

	mlk_mlp_scorer_params(&s->scorer, params);
	ml_blob_put_u8(w, s->net.unit);
	ml_blob_put_u8(w, s->net.loss);
	ml_blob_put_u32(w, s->net.n_layers - 1);
	for (int l = 1; l < s->net.n_layers; l++)
		ml_blob_put_u32(w, s->net.width[l]);
	ml_blob_put_f64(w, s->center);
	ml_blob_put_f64(w, s->scale);
	put_floats(w, params, s->net.n_params);
	pfree(params);
	ml_blob_put_u32(w, s->n_curve);
	for (uint32 i = 0; i < s->n_curve; i++)
	{
		ml_blob_put_f64(w, s->curve[i].train_loss);
		ml_blob_put_f64(w, s->curve[i].validation_value);
	}
}

static bool
loss_fits(MlkMlpLoss loss, const MlShape *shape)
{
	switch (loss)
	{
		case MLK_MLP_SQUARED:
			return shape->task == ML_TASK_REGRESSION;
		case MLK_MLP_LOGISTIC:
			return shape->n_classes == 2;
		case MLK_MLP_SOFTMAX:
			return shape->n_classes > 2;
		case MLK_MLP_SIGMOID_SQUARED:
			return shape->n_classes >= 2;
	}
	return false;
}

/* the shape, checked; nothing of its size is taken yet */
static void
read_shape(MlBlobReader *r, const MlShape *shape, MlkMlp *net)
{
	uint32		hidden;

	net->unit = ml_blob_get_u8(r);
	net->loss = ml_blob_get_u8(r);
	hidden = ml_blob_get_count(r, sizeof(uint32), MLK_MLP_MAX_LAYERS);
	if (ml_blob_ok(r) && (net->unit < MLK_UNIT_IDENTITY || net->unit > MLK_UNIT_RELU || !loss_fits(net->loss, shape) || shape->cols < 0))
		ml_blob_fail(r, "the network does not fit its features or classes");
	net->n_layers = (int) hidden + 1;
	net->width[0] = shape->cols;
	net->width[net->n_layers] = ml_mlp_outputs(net->loss, shape->n_classes);
	for (uint32 l = 1; l <= hidden && ml_blob_ok(r); l++)
	{
		uint32		width = ml_blob_get_u32(r);

		if (width < 1 || width > MLK_MLP_MAX_WIDTH)
			ml_blob_fail(r, "a layer of the network has too many units, or none");
		net->width[l] = (int32_t) width;
	}
	if (ml_blob_ok(r) && mlk_mlp_price(net) > ML_MLP_MOST_PARAMS)
		ml_blob_fail(r, "the network has too many weights");
}

/* NULL when they are not there or not all finite */
static float *
read_params(MlBlobReader *r, Size n)
{
	const uint8 *items = ml_blob_get_array(r, sizeof(uint32), (uint32) n);
	float	   *params;
	bool		finite = true;

	if (items == NULL)
		return NULL;
	params = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * Max(n, 1));
	for (Size i = 0; i < n; i++)
	{
		uint32		bits = ml_blob_load_u32(items, i);

		memcpy(&params[i], &bits, sizeof(bits));
		finite &= isfinite(params[i]);
	}
	if (!finite)
		ml_blob_fail(r, "a weight of the network is not a finite number");
	return params;
}

static void
read_curve(MlBlobReader *r, MlMlpState *s)
{
	s->n_curve = ml_blob_get_count(r, 2 * sizeof(double), PG_INT32_MAX);
	s->curve = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(MlCurvePoint) * Max((Size) s->n_curve, 1));
	for (uint32 i = 0; i < s->n_curve; i++)
	{
		s->curve[i].iteration = (int32) i + 1;
		s->curve[i].train_loss = ml_blob_get_f64(r);
		s->curve[i].validation_value = ml_blob_get_f64(r);
	}
}

void *
ml_mlp_read(MlBlobReader *r, const MlShape *shape)
{
	MlkMlp		net = {0};
	MlMlpState *s;
	double		center;
	double		scale;
	float	   *params;

	read_shape(r, shape, &net);
	if (!ml_blob_ok(r))
		return NULL;
	mlk_mlp_place(&net);
	center = ml_blob_get_f64(r);
	scale = ml_blob_get_f64(r);
	if (!isfinite(center) || !isfinite(scale))
		ml_blob_fail(r, "the scale of the network's output is not a finite number");
	params = read_params(r, net.n_params);
	if (!ml_blob_ok(r))
		return NULL;
	s = ml_mlp_state_create(shape->task, &net, params);
	pfree(params);
	s->center = center;
	s->scale = scale;
	read_curve(r, s);
	return ml_blob_ok(r) ? s : NULL;
}

MlCurvePoint *
ml_mlp_curve(const void *state, int *n)
{
	const MlMlpState *s = state;
	MlCurvePoint *curve = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(MlCurvePoint) * Max((Size) s->n_curve, 1));

	*n = (int) s->n_curve;
	memcpy(curve, s->curve, sizeof(MlCurvePoint) * s->n_curve);
	return curve;
}
