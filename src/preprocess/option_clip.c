/*
 * option_clip.c: the option "clip", which takes an array, an object or a word.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "preprocess/step.h"

#define QUANTILES "quantiles"

static bool
is_word(const JsonbValue *v, const char *word)
{
	return v->type == jbvString && v->val.string.len == strlen(word) &&
		memcmp(v->val.string.val, word, v->val.string.len) == 0;
}

/* the two numbers of an array, null being open; false when it is anything else or does not ascend */
static bool
read_pair(JsonbContainer *array, double *pair)
{
	if (!JsonContainerIsArray(array) || JsonContainerSize(array) != 2)
		return false;
	for (int i = 0; i < 2; i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(array, i);

		if (item->type == jbvNull)
			pair[i] = i == 0 ? -DBL_MAX : DBL_MAX;
		else if (item->type == jbvNumeric)
			pair[i] = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(item->val.numeric)));
		else
			return false;
	}
	return isfinite(pair[0]) && isfinite(pair[1]) && pair[0] <= pair[1];
}

/* {"quantiles": [low, high]} */
static bool
read_quantiles(JsonbContainer *object, double *pair)
{
	JsonbValue	v;

	if (!JsonContainerIsObject(object) || JsonContainerSize(object) != 1 ||
		getKeyJsonValueFromContainer(object, QUANTILES, strlen(QUANTILES), &v) == NULL ||
		v.type != jbvBinary || !read_pair(v.val.binary.data, pair))
		return false;
	if (pair[0] == -DBL_MAX)
		pair[0] = 0;
	if (pair[1] == DBL_MAX)
		pair[1] = 1;
	return pair[0] >= 0 && pair[1] <= 1;
}

void
ml_option_clip(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v, double *option)
{
	double	   *pair = option + 1;

	pair[0] = pair[1] = 0;
	if (v->type == jbvNull || is_word(v, "none"))
		option[0] = ML_CLIP_NONE;
	else if (is_word(v, "iqr"))
		option[0] = ML_CLIP_IQR;
	else if (v->type == jbvBinary && read_pair(v->val.binary.data, pair))
		option[0] = ML_CLIP_RANGE;
	else if (v->type == jbvBinary && read_quantiles(v->val.binary.data, pair))
		option[0] = ML_CLIP_QUANTILES;
	else
		ml_option_refuse(place, spec, v);
}

static void
push_text(JsonbParseState **state, JsonbIteratorToken token, const char *text)
{
	JsonbValue	v = {.type = jbvString};

	v.val.string.val = unconstify(char *, text);
	v.val.string.len = strlen(text);
	pushJsonbValue(state, token, &v);
}

static void
push_pair(JsonbParseState **state, const double *pair)
{
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < 2; i++)
	{
		JsonbValue	v = {.type = jbvNull};

		if (fabs(pair[i]) < DBL_MAX)
		{
			v.type = jbvNumeric;
			v.val.numeric = DatumGetNumeric(DirectFunctionCall1(float8_numeric, Float8GetDatum(pair[i])));
		}
		pushJsonbValue(state, WJB_ELEM, &v);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

void
ml_option_push_clip(JsonbParseState **state, const double *option)
{
	switch ((MlClip) option[0])
	{
		case ML_CLIP_NONE:
			push_text(state, WJB_VALUE, "none");
			break;
		case ML_CLIP_IQR:
			push_text(state, WJB_VALUE, "iqr");
			break;
		case ML_CLIP_RANGE:
			push_pair(state, option + 1);
			break;
		case ML_CLIP_QUANTILES:
			pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
			push_text(state, WJB_KEY, QUANTILES);
			push_pair(state, option + 1);
			pushJsonbValue(state, WJB_END_OBJECT, NULL);
			break;
	}
}
