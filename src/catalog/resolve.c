/*
 * resolve.c: from the text that names a model to the version that is meant.
 *
 * 'churn' is the live version, 'churn/3' a fixed one, 'churn@challenger' an alias.  New names hold neither '/' nor
 * '@', so at most one reading exists; the whole text is tried first all the same.
 */
#include "postgres.h"

#include <limits.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "catalog/tables.h"
#include "nearest.h"

/* names offered in a hint come from at most so many models: looking for a typo must stay cheap */
#define MAX_HINT_NAMES 1000

static void
model_from_tuple(HeapTuple tuple, TupleDesc desc, MlModelRow *out)
{
	Datum		values[MODEL_COLUMNS];
	bool		nulls[MODEL_COLUMNS];

	heap_deform_tuple(tuple, desc, values, nulls);
	out->model_id = DatumGetInt64(values[MODEL_ID - 1]);
	out->name = TextDatumGetCString(values[MODEL_NAME - 1]);
	out->owner = DatumGetObjectId(values[MODEL_OWNER - 1]);
	out->task = TextDatumGetCString(values[MODEL_TASK - 1]);
	out->live_version_id = nulls[MODEL_LIVE_VERSION_ID - 1] ? 0 : DatumGetInt64(values[MODEL_LIVE_VERSION_ID - 1]);
}

bool
ml_catalog_find_model(const char *name, MlModelRow *out)
{
	ScanKeyData key;
	MlScan		scan;
	HeapTuple	tuple;
	bool		found;

	ml_key_text(&key, MODEL_NAME, name);
	ml_scan_begin(&scan, ML_TABLE_MODEL, ML_INDEX_MODEL_NAME, GetActiveSnapshot(), &key, 1);
	tuple = ml_scan_next(&scan);
	found = (tuple != NULL);
	if (found)
		model_from_tuple(tuple, RelationGetDescr(scan.heap), out);
	ml_scan_end(&scan);
	return found;
}

void
ml_catalog_unknown_model(const char *name)
{
	const char **names = palloc(sizeof(char *) * MAX_HINT_NAMES);
	int			n = 0;
	MlScan		scan;
	HeapTuple	tuple;

	if (strpbrk(name, "/@") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" does not exist", name),
				 errhint("A model's name has neither \"/\" nor \"@\". Functions that change a model take its name alone.")));
	ml_scan_begin_all(&scan, ML_TABLE_MODEL, GetActiveSnapshot());
	while (n < MAX_HINT_NAMES && (tuple = ml_scan_next(&scan)) != NULL)
	{
		MlModelRow	model;

		CHECK_FOR_INTERRUPTS();
		model_from_tuple(tuple, RelationGetDescr(scan.heap), &model);
		if (ml_catalog_allowed(&model, ML_PRIV_PREDICT))
			names[n++] = model.name;
	}
	ml_scan_end(&scan);
	/* a scan finds them wherever the table had room */
	qsort(names, n, sizeof(names[0]), pg_qsort_strcmp);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" does not exist", name),
			 errhint("%s", n > 0 ? ml_nearest_hint(name, names, n) : "Train one with mlops_train().")));
}

void
ml_catalog_unknown_version(const MlModelRow *model, int version)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" has no version %d", model->name, version),
			 errhint("The view mlops.versions lists what there is.")));
}

static void
unknown_alias(const MlModelRow *model, const char *alias)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" has no alias \"%s\"", model->name, alias),
			 errhint("The view mlops.aliases lists what there is.")));
}

static void
nothing_deployed(const MlModelRow *model)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" has no deployed version", model->name),
			 errhint("Deploy one with mlops_deploy(%s, version), or name one as in '%s/1'.",
					 quote_literal_cstr(model->name), model->name)));
}

static int64
alias_version_id(int64 model_id, const char *alias)
{
	ScanKeyData keys[2];
	MlScan		scan;
	HeapTuple	tuple;
	bool		isnull;
	int64		version_id = 0;

	ml_key_int64(&keys[0], ALIAS_MODEL_ID, model_id);
	ml_key_text(&keys[1], ALIAS_NAME, alias);
	ml_scan_begin(&scan, ML_TABLE_ALIAS, ML_INDEX_ALIAS, GetActiveSnapshot(), keys, 2);
	tuple = ml_scan_next(&scan);
	if (tuple != NULL)
		version_id = DatumGetInt64(heap_getattr(tuple, ALIAS_VERSION_ID, RelationGetDescr(scan.heap), &isnull));
	ml_scan_end(&scan);
	return version_id;
}

/* digits only, no sign, no leading zero; 0 when it is no version number */
static int
parse_version(const char *text)
{
	int64		value = 0;

	if (*text < '1' || *text > '9')
		return 0;
	for (; *text; text++)
	{
		if (*text < '0' || *text > '9')
			return 0;
		value = value * 10 + (*text - '0');
		if (value > INT_MAX)
			return 0;
	}
	return (int) value;
}

/* the last '/' or '@', or NULL; both are ASCII, which no server encoding uses inside a character */
static char *
last_separator(char *text)
{
	char	   *slash = strrchr(text, '/');
	char	   *at = strrchr(text, '@');

	return slash == NULL || (at != NULL && at > slash) ? at : slash;
}

/*
 * The model's part before the separator; rights are checked before anything is said about versions or aliases.
 */
static void
resolve_part(const char *ref, MlPrivilege need, MlModelRef *out)
{
	char	   *name = pstrdup(ref);
	char	   *separator = last_separator(name);
	bool		alias;
	const char *part;

	if (separator == NULL)
		ml_catalog_unknown_model(ref);
	alias = (*separator == '@');
	*separator = '\0';
	part = separator + 1;
	if (!ml_catalog_find_model(name, &out->model))
		ml_catalog_unknown_model(name);
	ml_catalog_require(&out->model, need);

	if (alias)
	{
		out->version_id = alias_version_id(out->model.model_id, part);
		if (out->version_id == 0)
			unknown_alias(&out->model, part);
		out->version = ml_catalog_version_number(out->version_id);
		return;
	}
	out->version = parse_version(part);
	if (out->version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("\"%s\" names no version of model \"%s\"", part, out->model.name),
				 errhint("Write the version as a number, as in '%s/1', or an alias as in '%s@name'.",
						 out->model.name, out->model.name)));
	out->version_id = ml_catalog_version_id(out->model.model_id, out->version);
	if (out->version_id == 0)
		ml_catalog_unknown_version(&out->model, out->version);
}

void
ml_catalog_resolve(const char *ref, MlPrivilege need, MlModelRef *out)
{
	if (!ml_catalog_find_model(ref, &out->model))
	{
		resolve_part(ref, need, out);
		return;
	}
	ml_catalog_require(&out->model, need);
	if (out->model.live_version_id == 0)
		nothing_deployed(&out->model);
	out->version_id = out->model.live_version_id;
	out->version = ml_catalog_version_number(out->version_id);
}

void
ml_catalog_open(const char *name, MlPrivilege need, MlModelRow *out)
{
	if (!ml_catalog_find_model(name, out))
		ml_catalog_unknown_model(name);
	ml_catalog_require(out, need);
}

/* control characters would make messages and psql's output unreadable; blanks at the ends are typing mistakes */
void
ml_catalog_check_name(const char *text, const char *what)
{
	int			length = strlen(text);
	bool		control = false;

	if (length == 0 || length > ML_MAX_NAME_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a name of %s must have 1 to %d bytes", what, ML_MAX_NAME_BYTES),
				 errdetail("The given one has %d bytes.", length)));
	for (int i = 0; i < length; i++)
		control = control || (unsigned char) text[i] < 0x20 || text[i] == 0x7f;
	if (control || text[0] == ' ' || text[length - 1] == ' ')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" cannot be the name of %s", text, what),
				 errdetail("Names neither begin nor end with a blank and have no control characters.")));
	if (strpbrk(text, "/@") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" cannot be the name of %s", text, what),
				 errdetail("\"/\" and \"@\" separate a model's name from its version or alias."),
				 errhint("Use another character, for example \"_\".")));
}
