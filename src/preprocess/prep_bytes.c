/*
 * prep_bytes.c: a preprocessing as bytes (doc/model-format.md), and back.
 *
 * The bytes may come from anywhere: nothing is allocated before the bytes that justify it are known to be there, and what
 * passes is safe to score with.
 */
#include "postgres.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include "access/htup_details.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "preprocess/chain.h"

#define SECTION_VERSION 1
#define SECTION_VERSION_STAGES 2	/* stages follow the dense outputs; written only when there are any */
#define SECTION_VERSION_PARTS 3		/* several side by side, none of them such a one itself */

/* least size of a part: version, number of inputs, number of dense outputs */
#define MIN_PART_BYTES (3 * 4)

/* least size of an input's entry: name of one byte, type, oid, width, step, number of options */
#define MIN_INPUT_BYTES (4 + 1 + 1 + 4 + 4 + 1 + 1)
/* fill, center and scale of a dense output */
#define DENSE_BYTES (3 * sizeof(double))

/* ---- writing ---- */

static void
write_step(const MlStep *step, MlBlobWriter *w)
{
	const MlInput *input = step->input;
	int			n_options = ml_step_option_count(step->kind);

	ml_blob_put_string(w, input->name);
	ml_blob_put_u8(w, (uint8) input->type);
	ml_blob_put_u32(w, input->type_oid);
	ml_blob_put_u32(w, input->width);
	ml_blob_put_u8(w, step->kind->id);
	ml_blob_put_u8(w, (uint8) n_options);
	for (int i = 0; i < n_options; i++)
		ml_blob_put_f64(w, step->kind->options[i].type == ML_OPTION_CONFIG ? 0 : step->option[i]);
	if (step->kind->write != NULL)
		step->kind->write(step, w);
}

void
ml_prep_write(const MlPrep *prep, MlBlobWriter *w)
{
	if (prep->n_parts > 0)
	{
		ml_blob_put_u32(w, SECTION_VERSION_PARTS);
		ml_blob_put_u32(w, prep->n_parts);
		for (int i = 0; i < prep->n_parts; i++)
			ml_prep_write(prep->parts[i], w);
		return;
	}
	ml_blob_put_u32(w, prep->n_stages > 0 ? SECTION_VERSION_STAGES : SECTION_VERSION);
	ml_blob_put_u32(w, prep->n_inputs);
	for (int i = 0; i < prep->n_inputs; i++)
		write_step(prep->steps[i], w);
	ml_blob_put_u32(w, prep->n_dense);
	for (int j = 0; j < prep->n_dense; j++)
	{
		ml_blob_put_f64(w, prep->fill[j]);
		ml_blob_put_f64(w, prep->center[j]);
		ml_blob_put_f64(w, prep->scale[j]);
	}
	if (prep->n_stages > 0)
		ml_chain_write(prep, w);
}

/* ---- reading ---- */

static void
read_input(MlInput *input, MlBlobReader *r)
{
	uint32		length;
	const char *name = ml_blob_get_string(r, &length);
	uint8		type = ml_blob_get_u8(r);
	uint32		width;

	input->type_oid = ml_blob_get_u32(r);
	width = ml_blob_get_u32(r);
	if (!ml_blob_ok(r))
		return;
	if (length == 0 || length >= NAMEDATALEN)
		ml_blob_fail(r, "the name of a column has no sensible length");
	else if (type < ML_TYPE_BOOL || type > ML_TYPE_ARRAY)
		ml_blob_fail(r, "a column is of an unknown kind");
	else if (type == ML_TYPE_ARRAY ? width < 1 || width > MaxAllocSize / sizeof(double) : width != 1)
		ml_blob_fail(r, "the width of a column does not fit its kind");
	else
	{
		input->name = pnstrdup(name, length);
		input->type = type;
		input->width = width;
	}
}

/* options that were added to the table after the bytes were written keep their defaults */
static double *
read_options(const MlStepKind *kind, MlBlobReader *r)
{
	int			known = ml_step_option_count(kind);
	int			stored = ml_blob_get_u8(r);
	double	   *option = palloc0(sizeof(double) * Max(known, 1));

	if (stored > known)
		ml_blob_fail(r, "a step has more options than are known");
	for (int i = 0; i < known && ml_blob_ok(r); i++)
	{
		option[i] = i < stored ? ml_blob_get_f64(r) : kind->options[i].fallback;
		if (!ml_option_valid(&kind->options[i], option[i]))
			ml_blob_fail(r, "an option of a step is out of range");
	}
	return option;
}

static MlStep *
read_step(const MlInput *input, MlBlobReader *r)
{
	const MlStepKind *kind = ml_step_by_id(ml_blob_get_u8(r));
	MlStep	   *step;
	double	   *option;

	if (ml_blob_ok(r) && (kind == NULL || (kind->types & ML_TYPE_BIT(input->type)) == 0))
		ml_blob_fail(r, "a step is unknown or does not fit its column");
	if (!ml_blob_ok(r))
		return NULL;
	option = read_options(kind, r);
	if (!ml_blob_ok(r))
		return NULL;
	step = ml_prep_make_step(kind, input, option);
	if (kind->read != NULL)
		kind->read(step, r);
	return step;
}

static void
read_inputs(MlPrep *prep, MlBlobReader *r)
{
	prep->n_inputs = (int) ml_blob_get_count(r, MIN_INPUT_BYTES, MaxTupleAttributeNumber);
	prep->inputs = palloc0(sizeof(MlInput) * Max(prep->n_inputs, 1));
	prep->steps = palloc0(sizeof(MlStep *) * Max(prep->n_inputs, 1));
	for (int i = 0; i < prep->n_inputs && ml_blob_ok(r); i++)
	{
		MlInput    *input = &prep->inputs[i];

		CHECK_FOR_INTERRUPTS();
		read_input(input, r);
		input->offset = prep->n_values;
		if (input->width > INT_MAX - prep->n_values)
			ml_blob_fail(r, "columns have too many values");
		prep->n_values += ml_blob_ok(r) ? input->width : 0;
		if (ml_blob_ok(r))
			prep->steps[i] = read_step(input, r);
	}
}

/* what the steps will ask room for must agree with what is stored, before the room is taken */
static bool
dense_agrees(const MlPrep *prep, uint32 stored)
{
	int64		n = 0;

	for (int i = 0; i < prep->n_inputs; i++)
		n += prep->steps[i]->kind->n_dense(prep->steps[i]->input, prep->steps[i]->option);
	return n == stored;
}

static void
read_dense(MlPrep *prep, MlBlobReader *r)
{
	for (int j = 0; j < prep->n_dense; j++)
	{
		prep->fill[j] = ml_blob_get_f64(r);
		prep->center[j] = ml_blob_get_f64(r);
		prep->scale[j] = ml_blob_get_f64(r);
		if (isinf(prep->fill[j]) || !isfinite(prep->center[j]) ||
			!isfinite(prep->scale[j]) || prep->scale[j] < DBL_MIN)
			ml_blob_fail(r, "the scale of a column is out of range");
	}
}

/* of a single preprocessing, whose version was read */
static MlPrep *
read_single(MlBlobReader *r, uint32 version)
{
	MlPrep	   *prep = palloc0(sizeof(MlPrep));

	if (version != SECTION_VERSION && version != SECTION_VERSION_STAGES)
		ml_blob_fail(r, "the preprocessing has a version that is not known");
	read_inputs(prep, r);
	if (ml_blob_ok(r) && !dense_agrees(prep, ml_blob_get_count(r, DENSE_BYTES, INT_MAX)))
		ml_blob_fail(r, "the steps do not agree with the number of columns");
	if (ml_blob_ok(r))
	{
		ml_prep_layout(prep);
		read_dense(prep, r);
		ml_prep_set_inverse(prep);
	}
	if (ml_blob_ok(r) && version == SECTION_VERSION_STAGES)
		ml_chain_read(prep, r);
	if (ml_blob_ok(r))
		ml_chain_outline(prep);
	return prep;
}

/* each takes the same values, which are handed to all of them */
static bool
same_inputs(const MlPrep *a, const MlPrep *b)
{
	if (a->n_inputs != b->n_inputs)
		return false;
	for (int i = 0; i < a->n_inputs; i++)
	{
		if (strcmp(a->inputs[i].name, b->inputs[i].name) != 0 || a->inputs[i].type != b->inputs[i].type ||
			a->inputs[i].type_oid != b->inputs[i].type_oid || a->inputs[i].width != b->inputs[i].width)
			return false;
	}
	return true;
}

static MlPrep *
read_parts(MlBlobReader *r)
{
	uint32		n = ml_blob_get_count(r, MIN_PART_BYTES, ML_PREP_MAX_PARTS);
	MlPrep	   *parts[ML_PREP_MAX_PARTS];

	if (n == 0)
		ml_blob_fail(r, "the preprocessing has no parts");
	for (uint32 i = 0; i < n && ml_blob_ok(r); i++)
	{
		parts[i] = read_single(r, ml_blob_get_u32(r));
		if (ml_blob_ok(r) && !same_inputs(parts[0], parts[i]))
			ml_blob_fail(r, "the parts of the preprocessing have different inputs");
	}
	return ml_blob_ok(r) ? ml_prep_join(parts, (int) n) : NULL;
}

MlPrep *
ml_prep_read(MlBlobReader *r)
{
	uint32		version = ml_blob_get_u32(r);
	MlPrep	   *prep = version == SECTION_VERSION_PARTS ? read_parts(r) : read_single(r, version);

	if (!ml_blob_ok(r))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("model bytes are damaged: preprocessing"),
				 errdetail("Reading stopped because %s.", r->error),
				 errhint("Restore the model from a backup, or train it again.")));
	return prep;
}
