/*
 * stage.c: the registry of stages and their options, which stand under "*" of the preprocess options.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "fmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "nearest.h"
#include "preprocess/stage.h"

#define ML_STAGE(kind) extern const MlStageKind kind;
#include "preprocess/stages.h"
#undef ML_STAGE

static const MlStageKind *const kinds[] = {
#define ML_STAGE(kind) &kind,
#include "preprocess/stages.h"
#undef ML_STAGE
};

static const MlOptionPlace everywhere = {NULL, 0};

int
ml_stage_count(void)
{
	return lengthof(kinds);
}

const MlStageKind *
ml_stage_get(int i)
{
	return kinds[i];
}

const MlStageKind *
ml_stage_by_id(uint8 id)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (kinds[i]->id == id)
			return kinds[i];
	}
	return NULL;
}

int
ml_stage_option_count(const MlStageKind *kind)
{
	int			n = 0;

	while (kind->options[n].name != NULL)
		n++;
	return n;
}

/* ---- options ---- */

/* the stage with this key; an imputation has none */
static const MlStageKind *
kind_by_key(const char *name)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (kinds[i]->impute == ML_IMPUTE_NONE && strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	}
	return NULL;
}

static int
find_option(const MlStageKind *kind, const char *name)
{
	for (int i = 0; kind->options[i].name != NULL; i++)
	{
		if (strcmp(kind->options[i].name, name) == 0)
			return i;
	}
	return -1;
}

/* the imputation that has this option, which stands beside "impute" */
static const MlStageKind *
kind_by_option(const char *name)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (kinds[i]->impute != ML_IMPUTE_NONE && find_option(kinds[i], name) >= 0)
			return kinds[i];
	}
	return NULL;
}

bool
ml_stage_knows(const char *name)
{
	return kind_by_key(name) != NULL || kind_by_option(name) != NULL;
}

static double *
default_options(const MlStageKind *kind)
{
	int			n = ml_stage_option_count(kind);
	double	   *option = palloc(sizeof(double) * Max(n, 1));

	for (int i = 0; i < n; i++)
		option[i] = kind->options[i].fallback;
	return option;
}

static void
unknown_option(const MlStageKind *kind, const char *given)
{
	int			n = ml_stage_option_count(kind);
	const char **names = palloc(sizeof(char *) * Max(n, 1));

	for (int i = 0; i < n; i++)
		names[i] = kind->options[i].name;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown option \"%s\" of preprocess option \"%s\"", given, kind->name),
			 errhint("%s", ml_nearest_hint(given, names, n))));
}

/* {"degree": 2, ...} */
static void
read_object(const MlStageKind *kind, JsonbContainer *object, double *option)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbValue	v;
	JsonbIteratorToken token;
	int			place = -1;

	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			char	   *name = pnstrdup(v.val.string.val, v.val.string.len);

			place = find_option(kind, name);
			if (place < 0)
				unknown_option(kind, name);
		}
		else if (token == WJB_VALUE)
			option[place] = ml_option_value(&everywhere, &kind->options[place], &v);
	}
}

/* an object of options, or the value of the first one */
static double *
read_value(const MlStageKind *kind, const JsonbValue *value)
{
	double	   *option = default_options(kind);
	MlOptionSpec first = kind->options[0];

	if (value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data))
		read_object(kind, value->val.binary.data, option);
	else
	{
		/* an error should name what the caller wrote */
		first.name = kind->name;
		option[0] = ml_option_value(&everywhere, &first, value);
	}
	if (kind->check != NULL)
		kind->check(option);
	return option;
}

static void
refuse_native(const MlStageKind *kind)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("preprocess option \"%s\" is not for this algorithm", kind->name),
			 errdetail("Trees take columns as they are."),
			 errhint("%s", kind->native_hint)));
}

void
ml_stage_check_entry(const char *name, const JsonbValue *value, const MlPrepDefaults *defaults)
{
	const MlStageKind *kind = kind_by_key(name);

	if (kind == NULL)
	{
		kind = kind_by_option(name);
		ml_option_value(&everywhere, &kind->options[find_option(kind, name)], value);
		return;
	}
	if (defaults->native && kind->native_hint != NULL)
		refuse_native(kind);
	read_value(kind, value);
}

/* value of a key of "*", NULL when it is not there */
static JsonbValue *
entry_everywhere(Jsonb *options, const char *name)
{
	JsonbValue *all;

	if (options == NULL)
		return NULL;
	all = getKeyJsonValueFromContainer(&options->root, "*", 1, NULL);
	if (all == NULL || all->type != jbvBinary || !JsonContainerIsObject(all->val.binary.data))
		return NULL;
	return getKeyJsonValueFromContainer(all->val.binary.data, name, strlen(name), NULL);
}

/* options beside "impute" */
static double *
read_imputation(Jsonb *options, const MlStageKind *kind)
{
	double	   *option = default_options(kind);

	for (int i = 0; kind->options[i].name != NULL; i++)
	{
		const JsonbValue *value = entry_everywhere(options, kind->options[i].name);

		if (value != NULL)
			option[i] = ml_option_value(&everywhere, &kind->options[i], value);
	}
	return option;
}

int
ml_stages_choose(Jsonb *options, const bool *wanted, const MlPrepDefaults *defaults, MlStageChoice *choice)
{
	int			n = 0;

	for (int i = 0; i < lengthof(kinds); i++)
	{
		const JsonbValue *value = kinds[i]->impute != ML_IMPUTE_NONE ? NULL : entry_everywhere(options, kinds[i]->name);

		if (!wanted[i] && value == NULL)
			continue;
		choice[n].kind = kinds[i];
		choice[n].option = wanted[i] ? read_imputation(options, kinds[i]) : read_value(kinds[i], value);
		n++;
	}
	return n;
}

void
ml_stage_describe_options(JsonbParseState **state, const MlStage *stage)
{
	JsonbValue	key = {.type = jbvString};

	/* as the caller writes them: those of an imputation stand beside "impute" */
	if (stage->kind->impute != ML_IMPUTE_NONE)
	{
		ml_option_describe_values(state, stage->kind->options, stage->option);
		return;
	}
	key.val.string.val = unconstify(char *, stage->kind->name);
	key.val.string.len = strlen(stage->kind->name);
	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	ml_option_describe_values(state, stage->kind->options, stage->option);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* ---- helpers of kinds ---- */

void
ml_shape_place(MlRowShape *shape)
{
	shape->cols = shape->n_dense;
	for (int b = 0; b < shape->n_codes; b++)
	{
		shape->blocks[b].first = shape->cols;
		shape->cols += shape->blocks[b].cols;
	}
}

void
ml_shape_dense(MlRowShape *out, const MlRowShape *in, int n_dense)
{
	out->n_dense = n_dense;
	out->n_codes = in->n_codes;
	out->blocks = palloc(sizeof(MlkBlock) * Max(in->n_codes, 1));
	memcpy(out->blocks, in->blocks, sizeof(MlkBlock) * in->n_codes);
	out->center = palloc0(sizeof(double) * Max(n_dense, 1));
	out->scale = palloc(sizeof(double) * Max(n_dense, 1));
	for (int j = 0; j < n_dense; j++)
		out->scale[j] = 1;
	ml_shape_place(out);
}

static void
put_key(JsonbParseState **state, const char *key)
{
	JsonbValue	v = {.type = jbvString};

	v.val.string.val = pstrdup(key);
	v.val.string.len = strlen(key);
	pushJsonbValue(state, WJB_KEY, &v);
}

/* JSON knows neither NaN nor infinities: null */
void
ml_json_put_float(JsonbParseState **state, const char *key, double value)
{
	JsonbValue	v = {.type = jbvNull};

	put_key(state, key);
	if (isfinite(value))
	{
		/* by its shortest text: a cast to numeric would keep 15 digits */
		v.type = jbvNumeric;
		v.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in,
															DirectFunctionCall1(float8out, Float8GetDatum(value)),
															ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	}
	pushJsonbValue(state, WJB_VALUE, &v);
}

void
ml_json_put_text(JsonbParseState **state, const char *key, const char *value)
{
	JsonbValue	v = {.type = jbvNull};

	put_key(state, key);
	if (value != NULL)
	{
		v.type = jbvString;
		v.val.string.val = pstrdup(value);
		v.val.string.len = strlen(value);
	}
	pushJsonbValue(state, WJB_VALUE, &v);
}
