/*
 * design_view.c: design columns as people know them (see design_view.h).
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"

#include "api/design_view.h"

#define EPOCH_DAYS (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

MlDesignView *
ml_design_view(const MlPrep *prep)
{
	MlDesignView *view = palloc(sizeof(MlDesignView));

	view->prep = prep;
	view->names = ml_prep_names(prep, &view->cols);
	view->input = ml_palloc_array(view->cols + 1, sizeof(int));
	ml_prep_origin(prep, view->input);
	return view;
}

/* columns may have been left out between the elements of an array, so the name tells which one it is */
int
ml_view_element(const MlDesignView *view, int column)
{
	const MlInput *input = ml_prep_input(view->prep, view->input[column]);
	Size		length = strlen(input->name);
	const char *name = view->names[column];
	char	   *end;
	long		element;

	if (input->type != ML_TYPE_ARRAY)
		return strcmp(name, input->name) == 0 ? 0 : -1;
	if (strncmp(name, input->name, length) != 0 || name[length] != '[')
		return -1;
	element = strtol(name + length + 1, &end, 10);
	return strcmp(end, "]") == 0 && element >= 1 && element <= input->width ? (int) element - 1 : -1;
}

bool
ml_view_is_input(const MlDesignView *view, int column)
{
	return view->input[column] >= 0 && ml_view_element(view, column) >= 0;
}

/* the moment, or NULL for a type or a number that is none */
static char *
moment_text(Oid type, double seconds)
{
	double		micros = rint((seconds - EPOCH_DAYS * (double) SECS_PER_DAY) * USECS_PER_SEC);

	if (!(micros > (double) MIN_TIMESTAMP && micros < (double) END_TIMESTAMP))
		return NULL;
	if (type == DATEOID && fmod(seconds, SECS_PER_DAY) == 0.0)
		return DatumGetCString(DirectFunctionCall1(date_out,
												   DateADTGetDatum((DateADT) (seconds / SECS_PER_DAY) - EPOCH_DAYS)));
	if (type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID)
		return DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum((Timestamp) micros)));
	return NULL;
}

char *
ml_view_number(const MlDesignView *view, int column, double value)
{
	const MlInput *input = ml_view_is_input(view, column) ? ml_prep_input(view->prep, view->input[column]) : NULL;
	char	   *text = NULL;

	if (isnan(value))
		return NULL;
	if (input != NULL && input->type == ML_TYPE_BOOL && (value == 0.0 || value == 1.0))
		return pstrdup(value == 1.0 ? "true" : "false");
	if (input != NULL && input->type == ML_TYPE_TIME)
		text = moment_text(input->type_oid, value);
	if (text == NULL)
	{
		text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);
		double_to_shortest_decimal_buf(value, text);
	}
	return text;
}
