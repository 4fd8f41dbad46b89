/*
 * options.c: the caller's preprocess options, checked by name, type and range.
 *
 * {"*": {...}, "age": {...}}: "*" speaks to every column whose step knows the option, a column's own entry wins
 * and must fit its step.  "encode" names the step.  Defaults come from the step's table, or from the algorithm.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "nearest.h"
#include "preprocess/options.h"
#include "preprocess/stage.h"
#include "preprocess/step.h"

#define ALL_COLUMNS "*"

/* one "key": value of an object; strings are NUL-terminated copies */
typedef struct Entry
{
	char	   *key;
	JsonbValue	value;
} Entry;

/* the pairs of an object; container NULL or anything else than an object: ERROR */
static Entry *
object_entries(JsonbContainer *container, const char *what, int *n)
{
	JsonbIterator *it;
	JsonbValue	v;
	JsonbIteratorToken token;
	Entry	   *entries;

	if (container == NULL || !JsonContainerIsObject(container))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a JSON object", what),
				 errhint("For example preprocess => '{\"*\": {\"impute\": \"median\"}, \"age\": {\"scale\": \"robust\"}}'.")));
	entries = palloc(sizeof(Entry) * Max(JsonContainerSize(container), 1));
	*n = 0;
	it = JsonbIteratorInit(container);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			entries[*n].key = pnstrdup(v.val.string.val, v.val.string.len);
		else if (token == WJB_VALUE)
			entries[(*n)++].value = v;
	}
	return entries;
}

static Entry *
column_entries(const Entry *entry, int *n)
{
	JsonbContainer *container = entry->value.type == jbvBinary ? entry->value.val.binary.data : NULL;

	return object_entries(container, psprintf("preprocess entry \"%s\"", entry->key), n);
}

/* the entries of one key of options, n = 0 when it is absent */
static Entry *
entries_of(Jsonb *options, const char *key, int *n)
{
	Entry	   *all;
	int			n_all;

	*n = 0;
	if (options == NULL)
		return NULL;
	all = object_entries(&options->root, "preprocess", &n_all);
	for (int i = 0; i < n_all; i++)
	{
		if (strcmp(all[i].key, key) == 0)
			return column_entries(&all[i], n);
	}
	return NULL;
}

/* names of the options of one step, or of all; "encode" among them */
static const char **
option_names(const MlStepKind *only, int *n)
{
	const char **names;
	int			room = 1;

	for (int i = 0; i < ml_step_count(); i++)
		room += ml_step_option_count(ml_step_get(i));
	names = palloc(sizeof(char *) * room);
	*n = 0;
	names[(*n)++] = ML_OPTION_ENCODE;
	for (int i = 0; i < ml_step_count(); i++)
	{
		const MlStepKind *kind = ml_step_get(i);

		if (only != NULL && kind != only)
			continue;
		for (int j = 0; kind->options[j].name != NULL; j++)
		{
			int			k = 0;

			if (kind->options[j].type == ML_OPTION_PART)
				continue;
			while (k < *n && strcmp(names[k], kind->options[j].name) != 0)
				k++;
			if (k == *n)
				names[(*n)++] = kind->options[j].name;
		}
	}
	return names;
}

/* some step that knows the option, NULL when none does; the one of that name (NULL: any) before others */
static const MlStepKind *
kind_with_option(const char *name, const char *preferred)
{
	for (int i = 0; i < ml_step_count() && preferred != NULL; i++)
	{
		if (strcmp(ml_step_get(i)->name, preferred) == 0 && ml_step_option_find(ml_step_get(i), name) >= 0)
			return ml_step_get(i);
	}
	for (int i = 0; i < ml_step_count(); i++)
	{
		if (ml_step_option_find(ml_step_get(i), name) >= 0)
			return ml_step_get(i);
	}
	return NULL;
}

/* the options of all steps, and for "*" the stages */
static const char **
all_option_names(bool stages, int *n)
{
	const char **steps = option_names(NULL, n);
	const char **names = palloc(sizeof(char *) * (*n + ml_stage_count()));

	memcpy(names, steps, sizeof(char *) * *n);
	for (int i = 0; i < ml_stage_count() && stages; i++)
	{
		if (ml_stage_get(i)->impute == ML_IMPUTE_NONE)
			names[(*n)++] = ml_stage_get(i)->name;
	}
	return names;
}

static void
unknown_option(const MlOptionPlace *place, const char *option)
{
	int			n;
	const char **names = all_option_names(place->column == NULL, &n);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown preprocess option \"%s\" of %s", option, ml_option_place(place)),
			 errhint("%s", ml_nearest_hint(option, names, n))));
}

/* an option that exists, but not for this column */
static void
foreign_option(const MlOptionPlace *place, const MlStepKind *kind, const char *option)
{
	int			n;
	const char **names = option_names(kind, &n);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("preprocess option \"%s\" is not for %s", option, ml_option_place(place)),
			 errdetail("The column is of kind %s, and its encoding is \"%s\".", ml_type_name(place->type), kind->name),
			 errhint("%s", ml_nearest_hint(option, names, n))));
}

/* what looks at all columns at once cannot be asked for by one */
static void
refuse_stage(const MlOptionPlace *place, const char *option)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("preprocess option \"%s\" of %s is for all columns together", option, ml_option_place(place)),
			 errhint("Write it under \"*\", as in preprocess => '{\"*\": {\"%s\": ...}}'.", option)));
}

/* names of the steps of a layout that take a type; type 0: of all steps of both */
static const char **
step_names(MlType type, bool native, int *n)
{
	const char **names = palloc(sizeof(char *) * ml_step_count());

	*n = 0;
	for (int i = 0; i < ml_step_count(); i++)
	{
		const char *name = ml_step_get(i)->name;
		int			k = 0;

		if (type != 0 && !ml_step_fits(ml_step_get(i), type, native))
			continue;
		/* a step may have a kind of its own for each layout */
		while (k < *n && strcmp(names[k], name) != 0)
			k++;
		if (k == *n)
			names[(*n)++] = name;
	}
	return names;
}

static bool
for_texts(const char *name)
{
	const MlStepKind *kind = ml_step_by_name(name, ML_TYPE_CATEGORY, false);

	return kind != NULL && kind->vector != NULL;
}

static void
refuse_texts(const MlOptionPlace *place, const char *given)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("preprocess option \"%s\" of %s cannot be \"%s\" for trees", ML_OPTION_ENCODE, ml_option_place(place), given),
			 errdetail("A text becomes thousands of sparse columns, which linear algorithms take and trees do not."),
			 errhint("Use logistic_regression, ridge, lasso or another linear algorithm, or leave the column out with exclude.")));
}

/* ERROR unless the value of "encode" is the name of a step that takes the type (0: of any step); its name */
static const char *
encode_name(const MlOptionPlace *place, bool native, const JsonbValue *v)
{
	int			n;
	const char **names = step_names(place->type, native, &n);
	const char *given = v->type == jbvString ? pnstrdup(v->val.string.val, v->val.string.len) : "";

	for (int i = 0; i < n; i++)
	{
		if (strcmp(names[i], given) == 0)
			return names[i];
	}
	if (native && for_texts(given))
		refuse_texts(place, given);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("preprocess option \"%s\" of %s cannot be %s", ML_OPTION_ENCODE, ml_option_place(place), ml_option_value_text(v)),
			 place->type == 0 ? 0 :
			 native ? errdetail("The column is of kind %s, and the algorithm takes columns as they are.", ml_type_name(place->type)) :
			 errdetail("The column is of kind %s.", ml_type_name(place->type)),
			 errhint("%s", ml_nearest_hint(given, names, n))));
	return NULL;
}

static const JsonbValue *
find_entry(const Entry *entries, int n, const char *key)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(entries[i].key, key) == 0)
			return &entries[i].value;
	}
	return NULL;
}

static bool
knows_options(const MlStepKind *kind, const Entry *own, int n_own)
{
	for (int i = 0; i < n_own; i++)
	{
		if (ml_step_option_find(kind, own[i].key) < 0)
			return false;
	}
	return true;
}

/* without "encode": the step that is suggested, or else the first for texts, when it is meant by options that the default does not have */
static const MlStepKind *
guess_kind(MlType type, bool native, const MlStepKind *suggestion, const Entry *own, int n_own)
{
	const MlStepKind *usual = ml_step_default(type, native);

	if (suggestion != NULL && knows_options(suggestion, own, n_own))
		return suggestion;
	for (int i = 0; i < ml_step_count() && !knows_options(usual, own, n_own); i++)
	{
		const MlStepKind *kind = ml_step_get(i);

		if (kind->vector != NULL && ml_step_fits(kind, type, native) && knows_options(kind, own, n_own))
			return kind;
	}
	return usual;
}

/* the column's own "encode", else that of "*" where it can be, else what goes without saying */
static const MlStepKind *
choose_kind(const MlOptionPlace *place, bool native, const MlStepKind *suggestion,
			const Entry *own, int n_own, const Entry *all, int n_all)
{
	const JsonbValue *v = find_entry(own, n_own, ML_OPTION_ENCODE);
	const MlStepKind *kind;

	if (v != NULL)
		return ml_step_by_name(encode_name(place, native, v), place->type, native);
	v = find_entry(all, n_all, ML_OPTION_ENCODE);
	if (v != NULL)
	{
		const MlOptionPlace everywhere = {NULL, 0};

		kind = ml_step_by_name(encode_name(&everywhere, native, v), place->type, native);
		if (kind != NULL)
			return kind;
	}
	return guess_kind(place->type, native, suggestion, own, n_own);
}

static double
default_value(const MlOptionSpec *spec, const MlPrepDefaults *defaults)
{
	if (spec->source == ML_OPTION_DROP)
		return defaults->drop_first;
	if (spec->source == ML_OPTION_IMPUTE && defaults->native)
		return ML_IMPUTE_NONE;
	if (spec->source == ML_OPTION_SCALE)
	{
		for (int i = 0; spec->choices[i] != NULL; i++)
		{
			if (strcmp(spec->choices[i], defaults->scale) == 0)
				return i;
		}
		elog(ERROR, "unknown default scale \"%s\"", defaults->scale);
	}
	return spec->fallback;
}

/* a column's own wish that would change nothing is a mistake; that of "*" may be meant for other algorithms */
static double
native_scale(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *own)
{
	if (own != NULL && ml_option_value(place, spec, own) != ML_SCALE_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("preprocess option \"%s\" of %s has no effect", spec->name, ml_option_place(place)),
				 errdetail("Trees split by the order of values, which scaling keeps."),
				 errhint("Leave it out.")));
	return ML_SCALE_NONE;
}

MlStepChoice
ml_options_resolve(Jsonb *options, const char *column, MlType type, const MlStepKind *suggestion,
				   const MlPrepDefaults *defaults)
{
	const MlOptionPlace place = {column, type};
	const MlOptionPlace everywhere = {NULL, 0};
	int			n_all;
	int			n_own;
	Entry	   *all = entries_of(options, ALL_COLUMNS, &n_all);
	Entry	   *own = entries_of(options, column, &n_own);
	MlStepChoice choice;

	choice.kind = choose_kind(&place, defaults->native, suggestion, own, n_own, all, n_all);
	choice.option = palloc(sizeof(double) * Max(ml_step_option_count(choice.kind), 1));
	for (int i = 0; choice.kind->options[i].name != NULL; i++)
	{
		const MlOptionSpec *spec = &choice.kind->options[i];
		const JsonbValue *from_own = find_entry(own, n_own, spec->name);
		const JsonbValue *from_all = find_entry(all, n_all, spec->name);

		if (spec->type == ML_OPTION_PART)
			continue;
		for (int k = i; k == i || choice.kind->options[k].type == ML_OPTION_PART; k++)
			choice.option[k] = default_value(&choice.kind->options[k], defaults);
		if (defaults->native && spec->source == ML_OPTION_SCALE)
			choice.option[i] = native_scale(&place, spec, from_own);
		else if (from_own != NULL)
			ml_option_take(&place, spec, from_own, &choice.option[i]);
		else if (from_all != NULL)
			ml_option_take(&everywhere, spec, from_all, &choice.option[i]);
	}
	for (int i = 0; i < n_own; i++)
	{
		if (strcmp(own[i].key, ML_OPTION_ENCODE) == 0 || ml_step_option_find(choice.kind, own[i].key) >= 0)
			continue;
		if (ml_stage_knows(own[i].key))
			refuse_stage(&place, own[i].key);
		if (kind_with_option(own[i].key, NULL) == NULL)
			unknown_option(&place, own[i].key);
		foreign_option(&place, choice.kind, own[i].key);
	}
	if (choice.kind->check != NULL)
		choice.kind->check(column, choice.option);
	return choice;
}

/* entries of "*": known to some step or stage, and right for it */
static void
check_everywhere(const Entry *entry, const MlPrepDefaults *defaults)
{
	const MlOptionPlace place = {NULL, 0};
	int			n;
	Entry	   *entries = column_entries(entry, &n);
	const JsonbValue *encode = find_entry(entries, n, ML_OPTION_ENCODE);
	const char *step = encode != NULL ? encode_name(&place, false, encode) : NULL;

	for (int i = 0; i < n; i++)
	{
		const MlStepKind *kind;
		double		ignored[1 + ML_CLIP_PARTS];

		if (strcmp(entries[i].key, ML_OPTION_ENCODE) == 0)
			continue;
		if (ml_stage_knows(entries[i].key))
		{
			ml_stage_check_entry(entries[i].key, &entries[i].value, defaults);
			continue;
		}
		kind = kind_with_option(entries[i].key, step);
		if (kind == NULL)
			unknown_option(&place, entries[i].key);
		ml_option_take(&place, &kind->options[ml_step_option_find(kind, entries[i].key)], &entries[i].value, ignored);
	}
}

static void
unknown_column(const char *given, const MlColumn *columns, int n)
{
	const char **names = palloc(sizeof(char *) * (n + 1));

	for (int i = 0; i < n; i++)
		names[i] = columns[i].name;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("preprocess names column \"%s\", which is no feature", given),
			 errhint("%s", ml_nearest_hint(given, names, n))));
}

void
ml_options_check(Jsonb *options, const MlColumn *columns, int n, const MlPrepDefaults *defaults)
{
	Entry	   *entries;
	int			n_entries;

	if (options == NULL)
		return;
	entries = object_entries(&options->root, "preprocess", &n_entries);
	for (int i = 0; i < n_entries; i++)
	{
		int			c = 0;

		CHECK_FOR_INTERRUPTS();
		if (strcmp(entries[i].key, ALL_COLUMNS) == 0)
		{
			check_everywhere(&entries[i], defaults);
			continue;
		}
		while (c < n && strcmp(columns[c].name, entries[i].key) != 0)
			c++;
		if (c == n)
			unknown_column(entries[i].key, columns, n);
		ml_options_resolve(options, columns[c].name, columns[c].type, NULL, defaults);
	}
}
