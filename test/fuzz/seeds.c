/*
 * seeds.c: valid model bytes to start from, made by the writers themselves, so that they follow every change of the format.
 */
#include "postgres.h"

#include <math.h>

#include "algorithms/algorithm.h"
#include "algorithms/ensemble.h"
#include "algorithms/linear_state.h"
#include "algorithms/mlp.h"
#include "algorithms/params.h"
#include "algorithms/tree_state.h"
#include "fuzz.h"
#include "kernels/hash.h"
#include "model/envelope.h"
#include "pgstub.h"
#include "preprocess/preprocess.h"
#include "preprocess/prep.h"
#include "preprocess/stage.h"
#include "preprocess/step.h"
#include "scoring/held.h"
#include "target.h"

#define ROWS 12
#define N_COLUMNS 5

typedef struct Seeds
{
	FuzzSeed   *seed;
	int			room;
	int			n;
} Seeds;

/* keeps head and body as one input */
static void
add(Seeds *seeds, const uint8 *head, size_t head_size, const uint8 *body, size_t size)
{
	FuzzSeed   *seed;

	if (seeds->n == seeds->room)
		return;
	seed = &seeds->seed[seeds->n++];
	seed->size = head_size + size;
	seed->data = malloc(seed->size + 1);
	memcpy(seed->data, head, head_size);
	if (size > 0)
		memcpy(seed->data + head_size, body, size);
}

/* ---- a small training: numbers, times, arrays and a category, with NULLs ---- */

static MlDictionary *
make_dictionary(void)
{
	static const char *const text[] = {"Paris", "Lyon", "", "Nice"};
	MlDictionary *dict = palloc0(sizeof(MlDictionary));

	dict->n = lengthof(text);
	dict->text = palloc(sizeof(text));
	dict->length = palloc(sizeof(uint32) * dict->n);
	dict->hash = palloc(sizeof(uint64) * dict->n);
	for (uint32 i = 0; i < dict->n; i++)
	{
		dict->text[i] = pstrdup(text[i]);
		dict->length[i] = strlen(text[i]);
		dict->hash[i] = mlk_hash_bytes(text[i], dict->length[i], 0);
	}
	return dict;
}

static void
fill_column(MlColumn *column, const char *name, MlType type, int width)
{
	column->name = pstrdup(name);
	column->type = type;
	column->type_oid = 25;
	column->base_type = 25;
	column->width = width;
	column->number = palloc(sizeof(double *));
	column->number[0] = palloc(sizeof(double) * ROWS * width);
	column->code = palloc(sizeof(uint32 *));
	column->code[0] = palloc(sizeof(uint32) * ROWS);
	for (int i = 0; i < ROWS * width; i++)
		column->number[0][i] = i == 2 ? NAN : type == ML_TYPE_TIME ? i * 1e8 : i * 0.5;
	for (int i = 0; i < ROWS; i++)
		column->code[0][i] = i == 3 ? ML_NULL_CODE : i % 4;
	column->dict = make_dictionary();
}

static MlPrep *
train_prep(int n_features, const char *scale, bool drop_first, bool native)
{
	MlDataset	data = {.rows = ROWS,.n_columns = N_COLUMNS};
	uint32		order[ROWS];
	MlRows		rows = {.n = ROWS,.n_train = ROWS - 2,.order = order};
	int			features[N_COLUMNS] = {0, 1, 2, 3, 4};
	MlPrepDefaults defaults = {scale, drop_first, native};
	MlkDesign  *design;

	data.columns = palloc0(sizeof(MlColumn) * N_COLUMNS);
	fill_column(&data.columns[0], "age", ML_TYPE_FLOAT, 1);
	fill_column(&data.columns[1], "city", ML_TYPE_CATEGORY, 1);
	fill_column(&data.columns[2], "signup", ML_TYPE_TIME, 1);
	fill_column(&data.columns[3], "v", ML_TYPE_ARRAY, 3);
	fill_column(&data.columns[4], "ok", ML_TYPE_BOOL, 1);
	for (int i = 0; i < ROWS; i++)
		order[i] = ROWS - 1 - i;
	if (native)
		return ml_prep_fit_native(&data, &rows, features, n_features, NULL, &defaults, NULL, NULL);
	return ml_prep_fit(&data, &rows, features, n_features, NULL, &defaults, NULL, NULL, &design);
}

/* one step of a column and some of its options; NULL ends them */
typedef struct StepSeed
{
	uint8		id;
	MlType		type;
	int			width;
	struct
	{
		const char *name;
		double		value;
	}			option[4];
} StepSeed;

static const StepSeed step_seeds[] = {
	{1, ML_TYPE_FLOAT, 1, {{"clip", ML_CLIP_IQR}, {"transform", 4}, {"indicator", 1}}},
	{1, ML_TYPE_FLOAT, 1, {{"transform", 2}}},
	{1, ML_TYPE_ARRAY, 3, {{"clip", ML_CLIP_RANGE}, {"clip high", 4}, {"transform", 6}, {"n_quantiles", 5}}},
	{1, ML_TYPE_FLOAT, 1, {{"clip", ML_CLIP_QUANTILES}, {"clip low", 0.25}, {"clip high", 0.75}, {"transform", 7}}},
	{2, ML_TYPE_CATEGORY, 1, {{"drop", 2}, {"max_categories", 1}}},
	{5, ML_TYPE_CATEGORY, 1, {{"indicator", 1}}},
	{5, ML_TYPE_FLOAT, 1, {{"unseen", -1}}},
	{6, ML_TYPE_CATEGORY, 1, {{"frequency", 1}}},
	{6, ML_TYPE_BOOL, 1},
	{7, ML_TYPE_CATEGORY, 1, {{"n_features", 5}}},
	{7, ML_TYPE_FLOAT, 1, {{"n_features", 3}}},
	{8, ML_TYPE_CATEGORY, 1, {{"n_features", 4}}},
	{9, ML_TYPE_CATEGORY, 1},
	{9, ML_TYPE_FLOAT, 1, {{"smooth", 2}}},
	{10, ML_TYPE_FLOAT, 1, {{"n_bins", 3}}},
	{10, ML_TYPE_TIME, 1, {{"n_bins", 4}, {"strategy", 2}, {"output", 1}}},
	{11, ML_TYPE_FLOAT, 1, {{"strategy", 1}}},
	{12, ML_TYPE_FLOAT, 1, {{"extrapolation", 1}, {"indicator", 1}}},
	{12, ML_TYPE_ARRAY, 3, {{"extrapolation", 2}, {"knots", 1}, {"degree", 2}, {"include_bias", 0}}}
};

static double *
seed_options(const MlStepKind *kind, const StepSeed *seed)
{
	double	   *option = palloc(sizeof(double) * Max(ml_step_option_count(kind), 1));

	for (int i = 0; kind->options[i].name != NULL; i++)
	{
		option[i] = kind->options[i].fallback;
		for (int k = 0; k < lengthof(seed->option) && seed->option[k].name != NULL; k++)
		{
			if (strcmp(seed->option[k].name, kind->options[i].name) == 0)
				option[i] = seed->option[k].value;
		}
	}
	return option;
}

/* a model of one column, which its step learns from a few rows; of two classes, or with wide of three */
static void
write_step_prep(const StepSeed *seed, bool wide, MlBlobWriter *w)
{
	static const int32 labels[2][ROWS] = {{0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0}, {0, 1, 2, 0, 1, 2, 2, 1, 0, 1, 0, 2}};
	static const char *const classes[] = {"a", "b", "c"};
	const MlStepKind *kind = ml_step_by_id(seed->id);
	MlPrepTarget target = {.label = labels[wide],.n_classes = wide ? 3 : 2,.classes = classes};
	MlInput		input = {.name = "age",.type = seed->type,.width = seed->width};
	MlColumn	column = {0};
	uint32		order[ROWS];
	MlFitInput	data = {.column = &column,.order = order,.n = ROWS,.target = &target};
	MlStep	   *step = ml_prep_make_step(kind, &input, seed_options(kind, seed));
	int64		n_dense;

	fill_column(&column, "age", seed->type, seed->width);
	for (int i = 0; i < ROWS; i++)
		order[i] = ROWS - 1 - i;
	kind->fit(step, &data);
	n_dense = kind->n_dense(&input, step->option);

	ml_blob_put_u32(w, 1);
	ml_blob_put_u32(w, 1);
	ml_blob_put_string(w, input.name);
	ml_blob_put_u8(w, input.type);
	ml_blob_put_u32(w, 25);
	ml_blob_put_u32(w, input.width);
	ml_blob_put_u8(w, kind->id);
	ml_blob_put_u8(w, ml_step_option_count(kind));
	for (int i = 0; i < ml_step_option_count(kind); i++)
		ml_blob_put_f64(w, step->option[i]);
	kind->write(step, w);
	ml_blob_put_u32(w, n_dense);
	for (int64 j = 0; j < n_dense; j++)
	{
		ml_blob_put_f64(w, NAN);
		ml_blob_put_f64(w, 0.5);
		ml_blob_put_f64(w, 2);
	}
}

/* a model of one text column: its step's options, then its terms */
static void
write_text_prep(const char *encode, double analyzer, MlBlobWriter *w)
{
	static const char *const term[] = {"knows", "model", "that"};
	double		idf[] = {1.5, 2, 1};
	const MlStepKind *kind = ml_step_by_name(encode, ML_TYPE_CATEGORY, false);

	ml_blob_put_u32(w, 1);
	ml_blob_put_u32(w, 1);
	ml_blob_put_string(w, "message");
	ml_blob_put_u8(w, ML_TYPE_CATEGORY);
	ml_blob_put_u32(w, 25);
	ml_blob_put_u32(w, 1);
	ml_blob_put_u8(w, kind->id);
	ml_blob_put_u8(w, ml_step_option_count(kind));
	for (int i = 0; i < ml_step_option_count(kind); i++)
	{
		double		value = kind->options[i].fallback;

		if (strcmp(kind->options[i].name, "analyzer") == 0)
			value = analyzer;
		if (strcmp(kind->options[i].name, "n_features") == 0)
			value = 7;
		ml_blob_put_f64(w, value);
	}
	ml_blob_put_string(w, analyzer == 3 ? "pg_catalog.english" : "");
	if (strcmp(encode, "tfidf") == 0)
	{
		ml_blob_put_u32(w, lengthof(term));
		for (int i = 0; i < lengthof(term); i++)
			ml_blob_put_string(w, term[i]);
		ml_blob_put_f64_array(w, idf, lengthof(term));
	}
	ml_blob_put_u32(w, 0);
}

/* ---- states ---- */

static void
no_progress(const char *phase, int64 done, int64 total)
{
}

static MlLinearState *
linear_state(MlTask task, int cols, int outputs)
{
	MlLinearState *state = ml_linear_state_create(task, cols, outputs);

	for (int i = 0; i < outputs; i++)
		state->intercept[i] = 0.5;
	for (int i = 0; i < outputs * cols; i++)
		state->weights[i] = 0.25 * i;
	return state;
}

/* bins of a design's columns: three a number, the codes of a category */
static MlkBinned *
make_bins(const MlkDesign *x)
{
	static const double edges[] = {0.5, 1.5};
	MlkBinned  *binned = palloc0(sizeof(MlkBinned));
	MlkBinFeature *feature = palloc0(sizeof(MlkBinFeature) * (x->cols + 1));

	binned->n_features = x->cols;
	binned->features = feature;
	for (int j = 0; j < x->cols; j++)
	{
		feature[j].n_bins = 3;
		feature[j].edges = edges;
	}
	for (int b = 0; b < x->n_blocks; b++)
	{
		if (x->blocks[b].kind != MLK_BLOCK_CATEGORY)
			continue;
		feature[x->blocks[b].first].category = true;
		feature[x->blocks[b].first].n_bins = x->blocks[b].n_codes;
	}
	return binned;
}

/* two trees a score: one split on every column, one below the other */
static MlTreeState *
tree_state(MlTask task, int n_classes, bool boosting, const MlkDesign *x)
{
	int			outputs = task == ML_TASK_REGRESSION || (boosting && n_classes == 2) ? 1 : n_classes;
	int			per_leaf = boosting ? 1 : outputs;
	MlTreeLink	link = !boosting ? ML_TREE_AVERAGE : task == ML_TASK_REGRESSION ? ML_TREE_EXP :
		n_classes == 2 ? ML_TREE_LOGISTIC : ML_TREE_SOFTMAX;
	MlTreeState *state = ml_tree_state_create(make_bins(x), outputs, per_leaf, link);
	MlkGrownNode *node = palloc0(sizeof(MlkGrownNode) * (2 * x->cols + 1));
	double	   *value = palloc0(sizeof(double) * per_leaf * (x->cols + 1));
	uint32		set[1] = {5};

	for (int j = 0; j <= x->cols; j++)
	{
		node[2 * j].feature = j < x->cols ? j : -1;
		node[2 * j].left = 2 * j + 1;
		node[2 * j].right = 2 * j + 2;
		node[2 * j].bin = j % 3;
		node[2 * j].missing_left = j % 2 == 1;
		node[2 * j].gain = 1.0 / (j + 1);
		node[2 * j].rows = x->cols + 1 - j;
		if (j < x->cols)
		{
			node[2 * j + 1].feature = -1;
			node[2 * j + 1].rows = 1;
		}
	}
	for (int i = 0; i < per_leaf * (x->cols + 1); i++)
		value[i] = 0.125 * i;
	for (int t = 0; t < 2 * (outputs / per_leaf); t++)
		ml_tree_state_add(state, node, 2 * x->cols + 1, set, value);
	ml_tree_state_finish(state, NULL, 0.5);
	return state;
}

/* two hidden layers; three classes have one output each, by either loss */
static MlMlpState *
network_state(MlTask task, int n_classes, int cols)
{
	static MlCurvePoint curve[] = {{1, 0.5, NAN}, {2, 0.25, 0.75}};
	MlkMlp		net = {.unit = MLK_UNIT_TANH,.n_layers = 3,.width = {cols, 3, 2}};
	float	   *params;
	MlMlpState *state;

	net.loss = task == ML_TASK_REGRESSION ? MLK_MLP_SQUARED : n_classes == 2 ? MLK_MLP_LOGISTIC : MLK_MLP_SOFTMAX;
	net.width[3] = ml_mlp_outputs(net.loss, n_classes);
	mlk_mlp_place(&net);
	params = palloc(sizeof(float) * net.n_params);
	mlk_mlp_initialise(&net, 1, params);
	state = ml_mlp_state_create(task, &net, params);
	state->curve = curve;
	state->n_curve = lengthof(curve);
	return state;
}

/* every parameter's default, read without the server's JSON */
static MlParams *
default_params(const MlAlgorithm *algorithm)
{
	MlParams   *params = palloc0(sizeof(MlParams));

	params->algorithm = algorithm;
	params->specs = ml_params_specs(algorithm, &params->n, &params->n_own);
	params->values = palloc0(sizeof(MlParamValue) * (params->n + 1));
	for (int i = 0; i < params->n; i++)
	{
		const char *text = params->specs[i]->fallback;
		MlParamValue *value = &params->values[i];

		value->is_null = strcmp(text, "null") == 0;
		value->number = strcmp(text, "true") == 0 ? 1 : strtod(text, NULL);
		if (text[0] == '"')
			value->text = pnstrdup(text + 1, strlen(text) - 2);
	}
	return params;
}

/* what an algorithm of its own state learns from four rows of zeros */
static void *
fitted_state(const MlAlgorithm *algorithm, MlTask task, int n_classes, int cols)
{
	static const double y[4] = {1, 2, 3, 4};
	static const int32_t label[4] = {0, 1, 1, 0};
	double	   *zeros = palloc0(sizeof(double) * 4 * Max(cols, 1));
	MlkBlock	block = {.kind = MLK_BLOCK_DENSE,.cols = cols,.stride = cols,.dense = zeros};
	MlkDesign	x = {.rows = 4,.cols = cols,.n_blocks = 1,.blocks = &block};
	MlProblem	problem = {.task = task,.rows = 4,.x = &x,.n_classes = n_classes};
	MlFitControl control = {no_progress};

	if (task == ML_TASK_REGRESSION)
		problem.y = y;
	else
		problem.label = label;
	return algorithm->fit(&problem, default_params(algorithm), &control);
}

/* a forest of classes or numbers, a network and a linear model; the last two take the last part */
static MlEnsemble *
ensemble_state(MlTask task, int n_classes, const MlkDesign *x)
{
	const MlkDesign *last = &x->parts[x->n_parts - 1];
	MlEnsemble *state = palloc0(sizeof(MlEnsemble));
	const char *const names[] = {"extra_trees", "mlp", task == ML_TASK_REGRESSION ? "ridge" : "logistic_regression"};

	state->outputs = task == ML_TASK_REGRESSION ? 1 : n_classes;
	state->n = lengthof(names);
	for (int i = 0; i < state->n; i++)
	{
		state->member[i].algorithm = ml_algorithm_find(names[i]);
		state->member[i].weight = i == 0 ? 0.5 : 0.25;
		state->member[i].part = i == 0 ? 0 : x->n_parts - 1;
	}
	state->member[0].state = tree_state(task, n_classes, false, &x->parts[0]);
	state->member[1].state = network_state(task, n_classes, last->cols);
	state->member[2].state = linear_state(task, last->cols, n_classes > 2 ? n_classes : 1);
	return state;
}

static void
write_state(const MlAlgorithm *algorithm, MlTask task, int n_classes, const MlkDesign *x, MlBlobWriter *w)
{
	int			outputs = n_classes > 2 ? n_classes : 1;
	int			cols = x->cols;
	void	   *state;

	if (algorithm->write == ml_linear_write)
		state = linear_state(task, cols, outputs);
	else if (algorithm->write == ml_tree_write)
		state = tree_state(task, n_classes, strcmp(algorithm->name, "gradient_boosting") == 0, x);
	else if (algorithm->write == ml_mlp_write)
		state = network_state(task, n_classes, cols);
	else if (algorithm->layout == ML_LAYOUT_PARTS)
		state = ensemble_state(task, n_classes, x);
	else
		state = fitted_state(algorithm, task, n_classes, cols);
	algorithm->write(state, w);
}

/* ---- one input of every sort ---- */

static void
add_envelope(Seeds *seeds)
{
	const uint8 head[] = {TARGET_ENVELOPE};
	MlEnvelope	envelope = {"dummy", 1};
	MlBlobWriter w = ml_blob_writer();
	uint8	   *sealed;
	size_t		len;

	ml_blob_put_string(&w, "payload");
	sealed = ml_envelope_seal(&envelope, &w, &len);
	add(seeds, head, sizeof(head), sealed, len);
}

static void
add_blob(Seeds *seeds)
{
	const uint8 head[] = {TARGET_BLOB, 9, 0, 1, 2, 3, 4, 14, 6, 7, 8};
	MlBlobWriter w = ml_blob_writer();
	double		numbers[3] = {1, 2, 3};

	ml_blob_put_u8(&w, 7);
	ml_blob_put_u8(&w, 1);
	ml_blob_put_u32(&w, 7);
	ml_blob_put_u64(&w, 7);
	ml_blob_put_f64(&w, 7);
	ml_blob_put_u32(&w, 1);
	ml_blob_put_string(&w, "text");
	ml_blob_put_f64_array(&w, numbers, 3);
	add(seeds, head, sizeof(head), w.data, w.len);
}

/* a sigmoid of two classes with a threshold; isotonic ones of three; errors of a regression; errors of two classes, one beyond all */
static void
add_held(Seeds *seeds)
{
	static const double score[] = {-1, 0.5, 2};
	static const double value[] = {0, 0.25, 1};
	double		point[] = {0, 0.5, 2};
	double		far[] = {0.25, INFINITY};
	MlkCalibrator sigmoid = {.kind = MLK_CALIBRATION_SIGMOID,.slope = -1.5,.offset = 0.25};
	MlkCalibrator isotonic = {.kind = MLK_CALIBRATION_ISOTONIC,.n = 3,.score = score,.value = value};
	MlkCalibrator three[] = {isotonic, isotonic, isotonic};
	const struct
	{
		uint8		n_classes;
		MlHeld		held;
	}			sample[] = {
		{2, {.calibrators = &sigmoid,.n_calibrators = 1,.log_odds = true,.has_threshold = true,.threshold = 0.25}},
		{3, {.calibrators = three,.n_calibrators = 3}},
		{0, {.conformal_rows = 3,.n_points = 3,.point = point}},
		{2, {.conformal_rows = 2,.n_points = 2,.point = far}}
	};

	for (int i = 0; i < lengthof(sample); i++)
	{
		const uint8 head[] = {TARGET_HELD, sample[i].n_classes};
		MlBlobWriter w = ml_blob_writer();

		ml_held_write(&sample[i].held, &w);
		add(seeds, head, sizeof(head), w.data, w.len);
	}
}

static void
add_preps(Seeds *seeds)
{
	static const char *const scale[] = {"none", "standard", "minmax", "robust"};
	const uint8 head[] = {TARGET_MODEL, NO_ALGORITHM, 0, 0};

	for (int i = 0; i <= N_COLUMNS; i++)
	{
		MlBlobWriter w = ml_blob_writer();

		ml_prep_write(train_prep(i, scale[i % lengthof(scale)], i % 2 == 0, i == N_COLUMNS), &w);
		add(seeds, head, sizeof(head), w.data, w.len);
	}
}

static void
add_steps(Seeds *seeds)
{
	const uint8 head[] = {TARGET_MODEL, NO_ALGORITHM, 0, 0};

	for (int i = 0; i < 2 * lengthof(step_seeds); i++)
	{
		MlBlobWriter w = ml_blob_writer();

		write_step_prep(&step_seeds[i / 2], i % 2 == 1, &w);
		add(seeds, head, sizeof(head), w.data, w.len);
	}
}

static void
add_texts(Seeds *seeds)
{
	const uint8 head[] = {TARGET_MODEL, NO_ALGORITHM, 0, 0};

	for (int analyzer = 0; analyzer <= 3; analyzer++)
	{
		MlBlobWriter tfidf = ml_blob_writer();
		MlBlobWriter hashing = ml_blob_writer();

		write_text_prep("tfidf", analyzer, &tfidf);
		add(seeds, head, sizeof(head), tfidf.data, tfidf.len);
		write_text_prep("hashing", analyzer, &hashing);
		add(seeds, head, sizeof(head), hashing.data, hashing.len);
	}
}

static void
write_number(const char *name, MlBlobWriter *w)
{
	const MlStepKind *kind = ml_step_by_name("number", ML_TYPE_FLOAT, false);

	ml_blob_put_string(w, name);
	ml_blob_put_u8(w, ML_TYPE_FLOAT);
	ml_blob_put_u32(w, 701);
	ml_blob_put_u32(w, 1);
	ml_blob_put_u8(w, kind->id);
	ml_blob_put_u8(w, ml_step_option_count(kind));
	for (int i = 0; i < ml_step_option_count(kind); i++)
		ml_blob_put_f64(w, kind->options[i].fallback);
}

static void
write_stage(uint8 id, MlBlobWriter *w)
{
	const MlStageKind *kind = ml_stage_by_id(id);

	ml_blob_put_u8(w, id);
	ml_blob_put_u8(w, ml_stage_option_count(kind));
	for (int i = 0; i < ml_stage_option_count(kind); i++)
		ml_blob_put_f64(w, kind->options[i].fallback);
}

/* both numbers and their means */
static void
write_joint(MlBlobWriter *w)
{
	const uint32 column[] = {0, 1};
	const double mean[] = {0.5, 2};

	ml_blob_put_u32(w, 2);
	ml_blob_put_u32_array(w, column, 2);
	ml_blob_put_f64_array(w, mean, 2);
}

/* of so many columns all but the first stay */
static void
write_keep(int cols, MlBlobWriter *w)
{
	ml_blob_put_u32(w, cols);
	for (int j = 0; j < cols; j++)
		ml_blob_put_u8(w, j > 0);
	for (int j = 0; j < cols; j++)
		ml_blob_put_f64(w, j);
}

static void
write_learned(uint8 id, MlBlobWriter *w)
{
	const double donor[] = {1, 2, NAN, 3, 4, NAN};
	const uint32 order[] = {1, 0};
	const double vector[] = {0.5, 0.5, 0.5, 0.5, 0, 1};

	if (id <= 2)
		write_joint(w);
	if (id == 1)
	{
		ml_blob_put_u32(w, 3);
		for (int i = 0; i < lengthof(donor); i++)
			ml_blob_put_f64(w, donor[i]);
	}
	else if (id == 2)
	{
		ml_blob_put_u32_array(w, order, 2);
		ml_blob_put_u32(w, 1);
		for (int i = 0; i < 4; i++)
			ml_blob_put_f64(w, i);
	}
	else if (id == 4 || id == 5)
		write_keep(id == 4 ? 5 : 4, w);
	else if (id == 6)
	{
		ml_blob_put_u32(w, 2);
		ml_blob_put_f64(w, 3);
		ml_blob_put_f64_array(w, vector, 3);
		ml_blob_put_f64_array(w, vector, 2);
		ml_blob_put_f64_array(w, vector, 6);
	}
}

/* two numbers and all stages, whose shapes must fit each other: 2, 5 products and powers, 4, 3, 2 columns */
static void
add_stages(Seeds *seeds)
{
	const uint8 head[] = {TARGET_MODEL, NO_ALGORITHM, 0, 0};
	MlBlobWriter w = ml_blob_writer();

	ml_blob_put_u32(&w, 2);
	ml_blob_put_u32(&w, 2);
	write_number("a", &w);
	write_number("b", &w);
	ml_blob_put_u32(&w, 2);
	for (int i = 0; i < 6; i++)
		ml_blob_put_f64(&w, 1);
	ml_blob_put_u32(&w, 6);
	for (uint8 id = 1; id <= 6; id++)
	{
		write_stage(id, &w);
		write_learned(id, &w);
	}
	add(seeds, head, sizeof(head), w.data, w.len);
}

static void
add_models(Seeds *seeds)
{
	const MlkBlock block = {.kind = MLK_BLOCK_DENSE,.cols = 2,.stride = 2};
	const MlkDesign two_numbers = {.rows = 1,.cols = 2,.n_blocks = 1,.blocks = &block};
	const MlkDesign joined = {.rows = 1,.n_parts = 1,.parts = &two_numbers};

	for (int a = 0; a < ml_algorithm_count(); a++)
	{
		for (int n_classes = 0; n_classes <= 3; n_classes += n_classes == 0 ? 2 : 1)
		{
			const MlAlgorithm *algorithm = ml_algorithm_get(a);
			MlTask		task = n_classes == 0 ? ML_TASK_REGRESSION : ML_TASK_CLASSIFICATION;
			uint8		head[] = {TARGET_MODEL, a, n_classes == 0 ? 0 : 1, Max(n_classes - 2, 0), 0, 0};
			MlBlobWriter w = ml_blob_writer();
			bool		native = algorithm->layout == ML_LAYOUT_NATIVE;
			bool		parts = algorithm->layout == ML_LAYOUT_PARTS;
			MlPrep	   *prep = train_prep(N_COLUMNS, native ? "none" : "standard", false, native);

			if (parts)
				prep = ml_prep_join((MlPrep *[]) {train_prep(N_COLUMNS, "none", false, true), prep}, 2);
			if ((algorithm->tasks & task) == 0)
				continue;
			ml_prep_write(prep, &w);
			write_state(algorithm, task, n_classes, &ml_prep_row_create(prep)->design, &w);
			add(seeds, head, 4, w.data, w.len);

			w = ml_blob_writer();
			head[0] = TARGET_STATE;
			head[4] = 2;
			write_state(algorithm, task, n_classes, parts ? &joined : &two_numbers, &w);
			add(seeds, head, 6, w.data, w.len);
		}
	}
}

static void
make_seeds(void *arg)
{
	add_envelope(arg);
	add_blob(arg);
	add_held(arg);
	add_preps(arg);
	add_models(arg);
	add_texts(arg);
	add_steps(arg);
	add_stages(arg);
}

int
fuzz_seeds(FuzzSeed *seeds, int room)
{
	Seeds		all = {seeds, room, 0};

	if (!stub_run(make_seeds, &all, false))
	{
		fprintf(stderr, "fuzz: seeds cannot be made: %s\n", stub_message());
		abort();
	}
	return all.n;
}
