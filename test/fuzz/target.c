/*
 * target.c: hostile bytes through every reader of model bytes, and what passes through scoring.
 *
 * A reader must do one of two things: raise an ERROR, or hand out something that is safe to score with and that writes
 * itself to bytes which read alike.  It may never take much more memory than the bytes it was given.
 */
#include "postgres.h"

#include <math.h>

#include "algorithms/algorithm.h"
#include "fuzz.h"
#include "kernels/hash.h"
#include "model/envelope.h"
#include "pgstub.h"
#include "preprocess/preprocess.h"
#include "scoring/held.h"
#include "target.h"

/* memory a reader may take: a small multiple of its input, and room for fixed tables: the columns of "hashing" are not in bytes */
#define MEMORY_FACTOR 100
#define MEMORY_BASE (96 * 1024 * 1024)

typedef struct Input
{
	const uint8 *data;
	size_t		size;
} Input;

static void
require(bool condition, const char *what)
{
	if (!condition)
	{
		fprintf(stderr, "fuzz: %s\n", what);
		abort();
	}
}

/* the next byte modulo n, 0 at the end */
static int
choose(Input *in, int n)
{
	int			value = in->size > 0 ? in->data[0] % n : 0;

	if (in->size > 0)
	{
		in->data++;
		in->size--;
	}
	return value;
}

static void
run_envelope(Input *in)
{
	MlEnvelope	head;
	MlBlobReader r = ml_envelope_open(in->data, in->size, &head);

	require(strlen(head.algorithm) > 0, "an algorithm without a name");
	while (ml_blob_left(&r) > 0)
		ml_blob_get_u8(&r);
	ml_envelope_finish(&r, "payload");
}

/* ---- preprocessing: rows and blocks must agree to the bit ---- */

/* row i's number of any column; some that are extreme */
static double
sample_number(int i, int k)
{
	static const double sample[] = {0.0, 1.0, NAN, -1e300, 1.7e9, 2.5, INFINITY, -0.0};

	return sample[(i + k) % lengthof(sample)];
}

static const char *const sample_texts[] = {"", "Paris", "a text that no model knows", "Lyon"};

#define SAMPLE_ROWS 8

static const struct varlena *
sample_varlena(const char *text)
{
	struct varlena *value = palloc(VARHDRSZ + strlen(text));

	SET_VARSIZE(value, VARHDRSZ + strlen(text));
	memcpy(VARDATA(value), text, strlen(text));
	return value;
}

static void
fill_values(const MlPrep *prep, int row, MlValue *value)
{
	for (int i = 0; i < ml_prep_n_inputs(prep); i++)
	{
		const MlInput *input = ml_prep_input(prep, i);
		int			t = row % (lengthof(sample_texts) + 1);

		if (input->type != ML_TYPE_CATEGORY)
		{
			for (int k = 0; k < input->width; k++)
				value[input->offset + k].number = sample_number(row, k);
		}
		else if (ml_prep_wants_text(prep, i))
			value[input->offset].text = t < lengthof(sample_texts) ? sample_varlena(sample_texts[t]) : NULL;
		else if (t < lengthof(sample_texts))
			value[input->offset].code = ml_prep_code(prep, i, sample_texts[t], strlen(sample_texts[t]));
		else
			value[input->offset].code = ML_NULL_CODE;
	}
}

static MlDictionary *
sample_dictionary(void)
{
	MlDictionary *dict = palloc0(sizeof(MlDictionary));

	dict->n = lengthof(sample_texts);
	dict->text = palloc(sizeof(sample_texts));
	dict->length = palloc(sizeof(uint32) * dict->n);
	dict->hash = palloc(sizeof(uint64) * dict->n);
	for (uint32 t = 0; t < dict->n; t++)
	{
		dict->text[t] = pstrdup(sample_texts[t]);
		dict->length[t] = strlen(sample_texts[t]);
		dict->hash[t] = mlk_hash_bytes(sample_texts[t], dict->length[t], 0);
	}
	return dict;
}

/* a dataset with the columns that prep wants and the values of fill_values */
static MlDataset *
sample_dataset(const MlPrep *prep)
{
	MlDataset  *data = palloc0(sizeof(MlDataset));
	MlDictionary *dict = sample_dictionary();

	data->rows = SAMPLE_ROWS;
	data->n_columns = ml_prep_n_inputs(prep);
	data->columns = palloc0(sizeof(MlColumn) * Max(data->n_columns, 1));
	for (int i = 0; i < data->n_columns; i++)
	{
		const MlInput *input = ml_prep_input(prep, i);
		MlColumn   *column = &data->columns[i];

		column->name = pstrdup(input->name);
		column->type = input->type;
		column->width = input->width;
		column->dict = dict;
		column->number = palloc(sizeof(double *));
		column->number[0] = ml_palloc_array(SAMPLE_ROWS * (Size) input->width, sizeof(double));
		column->code = palloc(sizeof(uint32 *));
		column->code[0] = palloc(sizeof(uint32) * SAMPLE_ROWS);
		for (int row = 0; row < SAMPLE_ROWS; row++)
		{
			uint32		t = row % (lengthof(sample_texts) + 1);

			for (int k = 0; k < input->width; k++)
				column->number[0][row * input->width + k] = sample_number(row, k);
			column->code[0][row] = t < lengthof(sample_texts) ? t : ML_NULL_CODE;
		}
	}
	return data;
}

/* the row's design against row of a block's; NaN equals NaN */
static void
compare_rows(const MlkDesign *one, const MlkDesign *block, int64 row)
{
	double	   *a = ml_palloc_array(Max(one->cols, 1), sizeof(double));
	double	   *b = ml_palloc_array(Max(one->cols, 1), sizeof(double));

	mlk_design_expand(one, 0, 1, a, one->cols);
	mlk_design_expand(block, row, 1, b, one->cols);
	for (int j = 0; j < one->cols; j++)
		require((isnan(a[j]) && isnan(b[j])) || memcmp(&a[j], &b[j], sizeof(double)) == 0,
				"a row differs from the same row in a block");
	pfree(a);
	pfree(b);
}

static void
score(const MlAlgorithm *algorithm, const void *state, const MlkDesign *x, int outputs)
{
	double	   *out = palloc(sizeof(double) * outputs);

	algorithm->predict(state, x, 0, 1, out);
	if (algorithm->explain != NULL)
	{
		double	   *contribution = ml_palloc_array(Max(x->cols, 1), sizeof(double));
		double		base;

		algorithm->explain(state, x, 0, outputs > 2 ? outputs - 1 : 0, contribution, &base);
		pfree(contribution);
	}
	pfree(out);
}

/* rows of a dataset that may not match: two inputs of one name and different kinds are an ERROR of apply */
static void
use_prep(const MlPrep *prep, const MlAlgorithm *algorithm, const void *state, int outputs)
{
	MlPrepRow  *row = ml_prep_row_create(prep);
	MlValue    *values = ml_palloc_array(ml_prep_n_values(prep) + 1, sizeof(MlValue));
	MlDataset  *data = sample_dataset(prep);
	uint32		order[SAMPLE_ROWS] = {3, 1, 0, 2, 7, 6, 5, 4};
	MlkDesign  *block;

	for (int i = 0; i < SAMPLE_ROWS; i++)
	{
		fill_values(prep, i, values);
		ml_prep_row(prep, values, row);
		if (algorithm != NULL)
			score(algorithm, state, &row->design, outputs);
	}
	for (int i = 0; i < ml_prep_n_parts(prep); i++)
		use_prep(ml_prep_part(prep, i), NULL, NULL, 0);
	if (ml_prep_n_parts(prep) > 0)
		return;
	block = ml_prep_apply(prep, data, order, SAMPLE_ROWS, NULL, NULL);
	for (int i = 0; i < SAMPLE_ROWS; i++)
	{
		fill_values(prep, order[i], values);
		ml_prep_row(prep, values, row);
		compare_rows(&row->design, block, i);
	}
}

/* what was read writes bytes that read and write alike */
static void
write_again(const MlPrep *prep)
{
	MlBlobWriter first = ml_blob_writer();
	MlBlobWriter second = ml_blob_writer();
	MlBlobReader r;

	ml_prep_write(prep, &first);
	r = ml_blob_reader(first.data, first.len);
	ml_prep_write(ml_prep_read(&r), &second);
	require(ml_blob_ok(&r) && ml_blob_left(&r) == 0, "written preprocessing is not read to its end");
	require(first.len == second.len && memcmp(first.data, second.data, first.len) == 0,
			"written preprocessing changes when read");
}

/* ---- algorithms ---- */

static const MlAlgorithm *
choose_algorithm(Input *in)
{
	int			i = choose(in, 256);

	return i == NO_ALGORITHM ? NULL : ml_algorithm_get(i % ml_algorithm_count());
}

static MlShape
choose_shape(Input *in)
{
	MlShape		shape = {.task = choose(in, 2) == 0 ? ML_TASK_REGRESSION : ML_TASK_CLASSIFICATION};
	int			classes = 2 + choose(in, MAX_FUZZ_CLASSES - 1);

	shape.n_classes = shape.task == ML_TASK_REGRESSION ? 0 : classes;
	return shape;
}

static int
n_outputs(const MlShape *shape)
{
	return shape->task == ML_TASK_REGRESSION ? 1 : shape->n_classes;
}

static void *
read_state(const MlAlgorithm *algorithm, const MlShape *shape, MlBlobReader *r)
{
	void	   *state = algorithm->read(r, shape);
	MlBlobWriter w = ml_blob_writer();
	int			n;
	int			n_trees;

	ml_envelope_finish(r, algorithm->name);
	require(state != NULL, "a reader that is fine gave no state");
	algorithm->write(state, &w);
	if (algorithm->coefficients != NULL)
		algorithm->coefficients(state, &n);
	if (algorithm->importance != NULL)
		algorithm->importance(state, true, ml_palloc_array(shape->cols + 1, sizeof(double)));
	if (algorithm->tree != NULL)
		algorithm->tree(state, 0, &n, &n_trees);
	return state;
}

/* as ml_model_read does it */
static MlShapePart *
read_parts(const MlPrep *prep, MlShape *shape)
{
	MlShapePart *parts = palloc0(sizeof(MlShapePart) * Max(ml_prep_n_parts(prep), 1));

	shape->n_parts = ml_prep_n_parts(prep);
	for (int i = 0; i < shape->n_parts; i++)
	{
		parts[i].cols = ml_prep_cols(ml_prep_part(prep, i));
		parts[i].fits[ML_LAYOUT_DESIGN] = ml_prep_fits(ml_prep_part(prep, i), false);
		parts[i].fits[ML_LAYOUT_NATIVE] = ml_prep_fits(ml_prep_part(prep, i), true);
	}
	return parts;
}

static void
run_model(Input *in)
{
	const MlAlgorithm *algorithm = choose_algorithm(in);
	MlShape		shape = choose_shape(in);
	MlEnvelope	head = {"any", 1};
	MlBlobWriter payload = ml_blob_writer();
	void	   *state = NULL;
	MlBlobReader r;
	MlPrep	   *prep;
	uint8	   *sealed;
	size_t		len;

	ml_blob_put_bytes(&payload, in->data, in->size);
	sealed = ml_envelope_seal(&head, &payload, &len);
	r = ml_envelope_open(sealed, len, &head);
	prep = ml_prep_read(&r);
	write_again(prep);
	(void) ml_prep_names(prep, &shape.cols);
	require(shape.cols == ml_prep_cols(prep), "names and columns disagree");
	shape.parts = read_parts(prep, &shape);
	if (algorithm != NULL && (algorithm->layout == ML_LAYOUT_PARTS) != (shape.n_parts > 0))
		return;
	if (algorithm != NULL)
		state = read_state(algorithm, &shape, &r);
	use_prep(prep, algorithm, state, n_outputs(&shape));
}

static void
run_state(Input *in)
{
	const MlAlgorithm *algorithm = choose_algorithm(in);
	MlShape		shape = choose_shape(in);
	MlBlobReader r;
	void	   *state;
	MlkBlock	block = {.kind = MLK_BLOCK_DENSE};
	MlkDesign	x = {.rows = 1,.n_blocks = 1,.blocks = &block};
	MlkDesign	joined = {.rows = 1,.n_parts = 1,.parts = &x};
	MlShapePart part = {.fits = {true, true}};
	double	   *row;

	shape.cols = choose(in, 256);
	shape.cols += 256 * choose(in, 16);
	if (algorithm == NULL)
		return;
	part.cols = shape.cols;
	shape.parts = &part;
	shape.n_parts = algorithm->layout == ML_LAYOUT_PARTS ? 1 : 0;
	r = ml_blob_reader(in->data, in->size);
	state = read_state(algorithm, &shape, &r);

	row = palloc(sizeof(double) * Max(shape.cols, 1));
	for (int j = 0; j < shape.cols; j++)
		row[j] = sample_number(0, j);
	block.cols = block.stride = x.cols = shape.cols;
	block.dense = row;
	x.n_blocks = shape.cols > 0 ? 1 : 0;
	score(algorithm, state, shape.n_parts > 0 ? &joined : &x, n_outputs(&shape));
}

/* ---- the cursor itself ---- */

static void
run_blob(Input *in)
{
	int			wanted = choose(in, 64);
	int			n = (int) Min((size_t) wanted, in->size);
	const uint8 *program = in->data;
	MlBlobReader r = ml_blob_reader(in->data + n, in->size - n);
	double		numbers[4];
	uint32		codes[4];
	uint32		length;

	for (int i = 0; i < n; i++)
	{
		size_t		before = ml_blob_left(&r);
		const char *text;

		switch (program[i] % 9)
		{
			case 0:
				ml_blob_get_u8(&r);
				break;
			case 1:
				ml_blob_get_bool(&r);
				break;
			case 2:
				ml_blob_get_u32(&r);
				break;
			case 3:
				ml_blob_get_u64(&r);
				break;
			case 4:
				ml_blob_get_f64(&r);
				break;
			case 5:
				length = ml_blob_get_count(&r, program[i] / 9, 1000);
				require(length * (size_t) (program[i] / 9) <= ml_blob_left(&r), "a count without its bytes");
				break;
			case 6:
				text = ml_blob_get_string(&r, &length);
				require(text != NULL || length == 0, "a length without its text");
				require(text == NULL || memchr(text, 0, length) == NULL, "a zero byte in a text");
				break;
			case 7:
				ml_blob_get_f64_array(&r, numbers, program[i] % lengthof(numbers));
				break;
			case 8:
				ml_blob_get_u32_array(&r, codes, program[i] % lengthof(codes));
				break;
		}
		require(ml_blob_left(&r) <= before, "the cursor went back");
	}
}

/* ---- held-back rows ---- */

/* probabilities stay probabilities, quantiles ascend, and what was read writes the bytes it was read from */
static void
use_held(const MlHeld *held, int n_classes)
{
	static const double sample[] = {0.0, 1.0, 0.5, 1e-300, 1.0 - 1e-16, 0.25, NAN};
	static const double coverage[] = {1e-9, 0.1, 0.5, 0.9, 0.9999};
	double		p[MAX_FUZZ_CLASSES];
	double		last = 0;

	for (int i = 0; i < lengthof(sample) && held->calibrators != NULL; i++)
	{
		for (int c = 0; c < n_classes; c++)
			p[c] = sample[(i + c) % lengthof(sample)];
		mlk_calibrate_rows(held->calibrators, held->log_odds, n_classes, p, 1);
		for (int c = 0; c < n_classes; c++)
			require(isnan(p[c]) || (p[c] >= 0 && p[c] <= 1.0 + 1e-9), "a calibrated probability is none");
	}
	for (int i = 0; i < lengthof(coverage) && held->conformal_rows > 0; i++)
	{
		double		quantile = ml_held_quantile(held, coverage[i]);

		require(quantile >= last, "quantiles do not ascend");
		last = quantile;
	}
}

static void
run_held(Input *in)
{
	int			n_classes = choose(in, MAX_FUZZ_CLASSES);
	MlBlobReader r;
	MlBlobWriter w = ml_blob_writer();
	MlHeld	   *held;

	if (n_classes == 1)
		n_classes = 2;
	r = ml_blob_reader(in->data, in->size);
	held = ml_held_read(&r, n_classes);
	require((held != NULL) == ml_blob_ok(&r), "a reader that fails without saying so");
	if (held == NULL)
		return;
	use_held(held, n_classes);
	ml_held_write(held, &w);
	require(w.len == r.pos && memcmp(w.data, in->data, w.len) == 0, "held-back rows write other bytes than they read");
}

static void
run_target(void *arg)
{
	Input		in = *(Input *) arg;

	switch (choose(&in, N_TARGETS))
	{
		case TARGET_ENVELOPE:
			run_envelope(&in);
			break;
		case TARGET_MODEL:
			run_model(&in);
			break;
		case TARGET_STATE:
			run_state(&in);
			break;
		case TARGET_BLOB:
			run_blob(&in);
			break;
		case TARGET_HELD:
			run_held(&in);
			break;
	}
}

void
fuzz_one(const uint8_t *data, size_t size)
{
	Input		in = {data, size};

	stub_run(run_target, &in, false);
	require(stub_peak() <= MEMORY_BASE + MEMORY_FACTOR * size, "much more memory than bytes");
}
