/*
 * model_bytes.c: a model as bytes, and back.  The format is written down in doc/model-format.md.
 *
 * The bytes come from a table that a superuser, a restore or a broken disk can have changed, so the reader
 * believes nothing: counts are bounded by the bytes that are left, texts must be valid in the database's
 * encoding, and preprocessing and fitted state must agree on the number of design columns and classes before
 * anything is scored.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "dataset/bigmem.h"
#include "model/envelope.h"
#include "scoring/scorer.h"

#define MAX_CLASSES 65535
/* a class takes at least the length of its text and its number */
#define MIN_CLASS_BYTES (sizeof(uint32) + sizeof(double))

static void
corrupted(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("model bytes are corrupted"),
			 errdetail("%s", detail),
			 errhint("Restore the version from a backup, or train it again.")));
}

/* stop at the first failed part, so that nothing is built upon it */
static void
require_ok(const MlBlobReader *r, const char *part)
{
	if (!ml_blob_ok(r))
		ml_envelope_finish(r, part);
}

/* ---- writing ---- */

uint8 *
ml_model_write(const MlModel *model, Size *len)
{
	MlBlobWriter w = ml_blob_writer();
	MlEnvelope	head = {.state_version = model->algorithm->state_version,.has_held = model->held != NULL};

	Assert(strlen(model->algorithm->name) < sizeof(head.algorithm));
	strlcpy(head.algorithm, model->algorithm->name, sizeof(head.algorithm));

	ml_blob_put_u8(&w, (uint8) model->task);
	ml_blob_put_string(&w, model->target);
	ml_blob_put_u8(&w, (uint8) model->target_type);
	ml_blob_put_u32(&w, model->n_classes);
	for (int i = 0; i < model->n_classes; i++)
	{
		ml_blob_put_string(&w, model->classes[i]);
		ml_blob_put_f64(&w, model->class_value[i]);
	}
	ml_prep_write(model->prep, &w);
	model->algorithm->write(model->state, &w);
	if (model->held != NULL)
		ml_held_write(model->held, &w);
	return ml_envelope_seal(&head, &w, len);
}

/* ---- reading ---- */

/* the algorithm that wrote the bytes, in the version this library reads */
static const MlAlgorithm *
find_algorithm(const MlEnvelope *head)
{
	const MlAlgorithm *algorithm = ml_algorithm_find(head->algorithm);

	if (algorithm == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model of unknown algorithm \"%s\"", head->algorithm),
				 errdetail("It was written by a newer mlops, or by a build with more algorithms."),
				 errhint("Install the version of mlops that trained the model, or train it again.")));
	if (head->state_version != algorithm->state_version)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 head->state_version > algorithm->state_version ?
				 errmsg("the model was written by a newer mlops") :
				 errmsg("the model was written by an mlops too old to be read"),
				 errdetail("Its \"%s\" state has version %u; this library reads version %u.",
						   head->algorithm, head->state_version, algorithm->state_version),
				 errhint("Install the version of mlops that trained the model, or train it again.")));
	return algorithm;
}

static char *
read_text(MlBlobReader *r, const char *part)
{
	uint32		len = 0;
	const char *text = ml_blob_get_string(r, &len);

	require_ok(r, part);
	if (!pg_verifymbstr(text, len, true))
		corrupted(psprintf("The %s is not valid in encoding \"%s\".", part, GetDatabaseEncodingName()));
	return pnstrdup(text, len);
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* two classes of one name would make probabilities and labels ambiguous */
static void
check_distinct(char **classes, int n)
{
	char	  **sorted = ml_palloc_array(n, sizeof(char *));

	memcpy(sorted, classes, n * sizeof(char *));
	qsort(sorted, n, sizeof(char *), compare_texts);
	for (int i = 1; i < n; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			corrupted("Two classes have the same label.");
	pfree(sorted);
}

static void
read_classes(MlBlobReader *r, MlModel *model)
{
	model->n_classes = ml_blob_get_count(r, MIN_CLASS_BYTES, MAX_CLASSES);
	require_ok(r, "number of classes");
	if (model->task == ML_TASK_REGRESSION ? model->n_classes != 0 : model->n_classes < 2)
		corrupted("The number of classes does not fit the task.");
	if (model->n_classes == 0)
		return;

	model->classes = ml_palloc_array(model->n_classes, sizeof(char *));
	model->class_value = ml_palloc_array(model->n_classes, sizeof(double));
	for (int i = 0; i < model->n_classes; i++)
	{
		model->classes[i] = read_text(r, "class label");
		model->class_value[i] = ml_blob_get_f64(r);
	}
	require_ok(r, "classes");
	check_distinct(model->classes, model->n_classes);
}

static void
read_head(MlBlobReader *r, MlModel *model)
{
	uint8		task = ml_blob_get_u8(r);
	uint8		type;

	model->target = read_text(r, "target column");
	type = ml_blob_get_u8(r);
	require_ok(r, "head of the model");
	if (task != ML_TASK_REGRESSION && task != ML_TASK_CLASSIFICATION)
		corrupted("The task is neither regression nor classification.");
	if ((model->algorithm->tasks & task) == 0)
		corrupted("The algorithm does not know the task.");
	if (type < ML_TYPE_BOOL || type > ML_TYPE_ARRAY)
		corrupted("The type of the target is unknown.");
	model->task = task;
	model->target_type = type;
}

/*
 * The features' layout must be sound, because the scorer writes by offset: offsets ascend without gaps up to
 * the number of values.
 */
static void
check_inputs(const MlPrep *prep)
{
	int			next = 0;

	for (int i = 0; i < ml_prep_n_inputs(prep); i++)
	{
		const MlInput *input = ml_prep_input(prep, i);

		if (input->offset != next || input->width < 1 ||
			(input->type != ML_TYPE_ARRAY && input->width != 1) ||
			input->type < ML_TYPE_BOOL || input->type > ML_TYPE_ARRAY)
			corrupted("The features do not agree with their values.");
		if (!pg_verifymbstr(input->name, strlen(input->name), true))
			corrupted(psprintf("The name of a feature is not valid in encoding \"%s\".", GetDatabaseEncodingName()));
		next += input->width;
	}
	if (next != ml_prep_n_values(prep))
		corrupted("The features do not agree with their values.");
}

/* what the state must agree with; ERROR when the preprocessing is of another kind than the algorithm works with */
static MlShape
read_shape(const MlModel *model)
{
	const MlPrep *prep = model->prep;
	MlShape		shape = {.task = model->task,.n_classes = model->n_classes,.cols = ml_prep_cols(prep),.n_parts = ml_prep_n_parts(prep)};
	MlShapePart *parts = palloc0(sizeof(MlShapePart) * Max(shape.n_parts, 1));
	MlLayout	layout = model->algorithm->layout;

	if (layout == ML_LAYOUT_PARTS ? shape.n_parts == 0 : !ml_prep_fits(prep, layout == ML_LAYOUT_NATIVE))
		corrupted("The preprocessing is not of the kind that the algorithm works with.");
	for (int i = 0; i < shape.n_parts; i++)
	{
		parts[i].cols = ml_prep_cols(ml_prep_part(prep, i));
		parts[i].fits[ML_LAYOUT_DESIGN] = ml_prep_fits(ml_prep_part(prep, i), false);
		parts[i].fits[ML_LAYOUT_NATIVE] = ml_prep_fits(ml_prep_part(prep, i), true);
	}
	shape.parts = parts;
	return shape;
}

MlModel *
ml_model_read(const uint8 *data, Size len)
{
	MlModel    *model = palloc0(sizeof(MlModel));
	MlEnvelope	head;
	MlBlobReader r = ml_envelope_open(data, len, &head);
	MlShape		shape;

	model->context = CurrentMemoryContext;
	model->algorithm = find_algorithm(&head);
	read_head(&r, model);
	read_classes(&r, model);

	model->prep = ml_prep_read(&r);
	require_ok(&r, "preprocessing");
	check_inputs(model->prep);
	shape = read_shape(model);
	model->state = model->algorithm->read(&r, &shape);
	require_ok(&r, psprintf("%s model", model->algorithm->name));
	if (head.has_held)
		model->held = ml_held_read(&r, model->n_classes);
	ml_envelope_finish(&r, psprintf("%s model", model->algorithm->name));
	return model;
}
