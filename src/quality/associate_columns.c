/*
 * associate_columns.c: names of columns to places in the source.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "nearest.h"
#include "quality/associate.h"

int
ml_source_attribute(const MlSource *source, const char *name)
{
	TupleDesc	desc = source->desc;
	const char **names;

	for (int i = 0; i < desc->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return i;
	names = ml_palloc_array(desc->natts + 1, sizeof(char *));
	for (int i = 0; i < desc->natts; i++)
		names[i] = NameStr(TupleDescAttr(desc, i)->attname);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\" does not exist in source %s", name, ml_source_label(source)),
			 errhint("%s", ml_nearest_hint(name, names, desc->natts))));
	return -1;
}

static bool
is_usable(Form_pg_attribute attribute)
{
	MlType		type;

	return ml_type_classify(attribute->atttypid, &type) && type != ML_TYPE_ARRAY;
}

int *
ml_associate_columns(const MlSource *source, char **columns, int n_columns, const char *skip, int *n)
{
	TupleDesc	desc = source->desc;
	int			asked = columns == NULL ? desc->natts : n_columns;
	int		   *places = ml_palloc_array(asked + 1, sizeof(int));
	StringInfoData left_out;

	*n = 0;
	initStringInfo(&left_out);
	for (int i = 0; i < asked; i++)
	{
		int			place = columns == NULL ? i : ml_source_attribute(source, columns[i]);
		Form_pg_attribute attribute = TupleDescAttr(desc, place);

		if (skip != NULL && strcmp(NameStr(attribute->attname), skip) == 0)
			continue;
		if (is_usable(attribute))
			places[(*n)++] = place;
		else if (columns != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of type %s cannot be compared with others", NameStr(attribute->attname),
							format_type_be(attribute->atttypid)),
					 errhint("Leave the column out, or convert it in a SELECT given as source.")));
		else
			appendStringInfo(&left_out, "%s\"%s\" (%s)", left_out.len > 0 ? ", " : "", NameStr(attribute->attname),
							 format_type_be(attribute->atttypid));
	}
	if (left_out.len > 0)
		ereport(NOTICE, (errmsg("columns left out for their type: %s", left_out.data)));
	return places;
}
