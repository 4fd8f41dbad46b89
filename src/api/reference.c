/*
 * reference.c: the training distribution that a version keeps, as JSON and back.
 */
#include "postgres.h"

#include <math.h>

#include "api/args.h"
#include "api/reference.h"

static void
append_floats(StringInfo out, const char *key, const double *values, int n)
{
	ml_json_key(out, key);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < n; i++)
		ml_json_float(out, NULL, values[i]);
	appendStringInfoChar(out, ']');
}

Jsonb *
ml_reference_json(const MlReference *reference, int n)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (int i = 0; i < n; i++)
	{
		const MlReference *r = &reference[i];

		ml_json_key(&out, NULL);
		appendStringInfoChar(&out, '{');
		ml_json_text(&out, "feature", r->feature);
		if (r->category)
			ml_json_text_array(&out, "labels", r->labels, Max(r->bins - 1, 0));
		else
			append_floats(&out, "edges", r->edges, Max(r->bins - 1, 0));
		append_floats(&out, "counts", r->counts, r->bins + 1);
		appendStringInfoChar(&out, '}');
	}
	appendStringInfoChar(&out, ']');
	return ml_json_parse(out.data);
}

static void
refuse(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the stored training distribution is damaged"),
			 errdetail("%s.", why)));
}

static bool
ascending(const double *x, int n)
{
	for (int i = 0; i < n; i++)
		if (isnan(x[i]) || (i > 0 && x[i] <= x[i - 1]))
			return false;
	return true;
}

static MlReference
parse_one(Jsonb *object)
{
	MlReference r = {0};
	int			n_edges;
	int			n_labels;
	int			n_counts;

	r.feature = ml_json_get_text(object, "feature");
	r.edges = ml_json_get_floats(object, "edges", &n_edges);
	r.labels = ml_json_get_text_array(object, "labels", &n_labels);
	r.counts = ml_json_get_floats(object, "counts", &n_counts);
	r.category = r.labels != NULL;
	r.bins = n_counts - 1;
	if (r.feature == NULL || n_counts < 2)
		refuse("A feature or its counts are missing");
	if ((r.category ? n_labels : n_edges) != r.bins - 1)
		refuse("Bins and counts do not agree");
	if (!r.category && !ascending(r.edges, n_edges))
		refuse("Bin edges do not ascend");
	for (int i = 0; r.category && i < n_labels; i++)
		if (r.labels[i] == NULL)
			refuse("A category has no label");
	return r;
}

MlReference *
ml_reference_parse(Jsonb *json, int *n)
{
	MlReference *result;

	if (json == NULL || !JB_ROOT_IS_ARRAY(json))
		refuse("It is not a JSON array");
	*n = JB_ROOT_COUNT(json);
	result = palloc(sizeof(MlReference) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(&json->root, i);

		if (item->type != jbvBinary || !JsonContainerIsObject(item->val.binary.data))
			refuse("An entry is not a JSON object");
		result[i] = parse_one(JsonbValueToJsonb(item));
	}
	return result;
}
