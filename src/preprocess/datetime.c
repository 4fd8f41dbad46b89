/*
 * datetime.c: points in time as seconds, and as parts of the calendar and the clock on request.
 *
 * Times are seconds since 1970-01-01 UTC and parts are those of UTC, so that neither a session's time zone nor the
 * operating system's rules change what a model sees.  "cyclical" gives the parts that come round as a point on a circle,
 * which puts 23:59 beside 00:00.  Missing times make all outputs missing; they are imputed like numbers.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "preprocess/step.h"

#define SECONDS_A_DAY 86400
/* beyond the server's last timestamp (294276 AD, 9.3e12 s); keeps the integers below from overflowing */
#define MAX_SECONDS 1e13
#define PIECE 256				/* rows gathered at a time, on the stack */

/* places in options[]: append only */
enum
{
	OPTION_IMPUTE,
	OPTION_FILL,
	OPTION_INDICATOR,
	OPTION_SCALE,
	OPTION_EPOCH,
	OPTION_PARTS,
	OPTION_CYCLICAL
};

/* bits of OPTION_PARTS: append only */
typedef enum Part
{
	PART_EPOCH,
	PART_YEAR,
	PART_QUARTER,
	PART_MONTH,
	PART_WEEK,
	PART_DAY,
	PART_DOW,
	PART_DOY,
	PART_HOUR,
	PART_MINUTE,
	PART_SECOND,
	N_PARTS
} Part;

static const char *const part_choices[] = {
	"epoch", "year", "quarter", "month", "week", "day", "dow", "doy", "hour", "minute", "second", NULL
};

/* values a part can take, from its first one on; 0: it does not come round */
static const struct
{
	int			period;
	int			first;
}			cycle[N_PARTS] =
{
	[PART_QUARTER] = {4, 1},
	[PART_MONTH] = {12, 1},
	[PART_WEEK] = {53, 1},
	[PART_DAY] = {31, 1},
	[PART_DOW] = {7, 0},
	[PART_DOY] = {366, 1},
	[PART_HOUR] = {24, 0},
	[PART_MINUTE] = {60, 0},
	[PART_SECOND] = {60, 0}
};

static const MlOptionSpec options[] = {
	{.name = "impute",.type = ML_OPTION_CHOICE,.fallback = ML_IMPUTE_MEAN,.source = ML_OPTION_IMPUTE,.choices = ml_impute_choices,
	.help = "what stands for a missing time"},
	{.name = "fill",.type = ML_OPTION_NUMBER,.min = -MAX_SECONDS,.max = MAX_SECONDS,
	.help = "the time that \"impute\": \"constant\" puts in, as seconds since 1970-01-01 UTC"},
	{.name = "indicator",.type = ML_OPTION_BOOL,
	.help = "adds a feature that is 1 where the time is missing"},
	{.name = "scale",.type = ML_OPTION_CHOICE,.fallback = ML_SCALE_NONE,.source = ML_OPTION_SCALE,.choices = ml_scale_choices,
	.help = "how numbers of different size are made comparable"},
	{.name = "epoch",.type = ML_OPTION_BOOL,.fallback = 1,
	.help = "the seconds themselves are a feature"},
	{.name = "parts",.type = ML_OPTION_SET,.choices = part_choices,
	.help = "parts of the date and the clock that become features, in UTC"},
	{.name = "cyclical",.type = ML_OPTION_BOOL,
	.help = "parts that come round become a sine and a cosine"},
	{.name = NULL}
};

typedef enum Form
{
	FORM_VALUE,
	FORM_SIN,
	FORM_COS,
	FORM_MISSING				/* 1 where the time is missing */
} Form;

typedef struct Output
{
	Part		part;
	Form		form;
} Output;

typedef struct MlDatetime
{
	MlStep		step;
	int			n;
	Output		output[2 * N_PARTS + 1];
	bool		calendar;		/* some part is asked for */
} MlDatetime;

/* the outputs that the options ask for; returns how many */
static int
list_outputs(const double *option, Output *output)
{
	uint32		parts = (uint32) option[OPTION_PARTS];
	int			n = 0;

	if (option[OPTION_EPOCH] != 0)
		parts |= 1U << PART_EPOCH;
	for (int p = 0; p < N_PARTS; p++)
	{
		if ((parts & (1U << p)) == 0)
			continue;
		if (option[OPTION_CYCLICAL] != 0 && cycle[p].period > 0)
		{
			output[n++] = (Output) {p, FORM_SIN};
			output[n++] = (Output) {p, FORM_COS};
		}
		else
			output[n++] = (Output) {p, FORM_VALUE};
	}
	if (option[OPTION_INDICATOR] != 0)
		output[n++] = (Output) {PART_EPOCH, FORM_MISSING};
	return n;
}

static void
datetime_init(MlStep *step)
{
	MlDatetime *d = (MlDatetime *) step;

	d->n = list_outputs(step->option, d->output);
	for (int k = 0; k < d->n; k++)
		d->calendar |= d->output[k].part != PART_EPOCH;
}

static void
datetime_check(const char *column, const double *option)
{
	Output		output[lengthof(((MlDatetime *) NULL)->output)];

	ml_step_check_fill(column, option[OPTION_IMPUTE], option[OPTION_FILL]);
	if (list_outputs(option, output) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("preprocess options of column \"%s\" leave nothing of it", column),
				 errdetail("\"epoch\" is false, and no \"parts\" are named."),
				 errhint("Name parts, for example \"parts\": [\"dow\", \"hour\"], or exclude the column.")));
}

/* nothing of its own is stored; bytes that no training has written may name no part */
static void
datetime_read(MlStep *step, MlBlobReader *r)
{
	if (((MlDatetime *) step)->n == 0)
		ml_blob_fail(r, "a step leaves nothing of its column");
}

static int64
datetime_n_dense(const MlInput *input, const double *option)
{
	Output		output[lengthof(((MlDatetime *) NULL)->output)];

	return list_outputs(option, output);
}

/* ---- the calendar ---- */

static inline int64
floor_divide(int64 a, int64 b)
{
	return a / b - (a % b < 0);
}

/*
 * Proleptic Gregorian year, month and day of a number of days since 1970-01-01.  Years are counted from March, which puts
 * the leap day at the end and makes the days before a month (153 m + 2) / 5; 400 years have 146097 days.
 */
static void
civil_date(int64 days, int64 *year, int *month, int *day)
{
	int64		from_era = days + 719468;	/* since 0000-03-01 */
	int64		era = floor_divide(from_era, 146097);
	int64		day_of_era = from_era - era * 146097;
	int64		year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64		day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int			march_month = (int) ((5 * day_of_year + 2) / 153);

	*day = (int) (day_of_year - (153 * march_month + 2) / 5) + 1;
	*month = march_month < 10 ? march_month + 3 : march_month - 9;
	*year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

static int
day_of_year(int64 year, int month, int day)
{
	static const int before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	bool		leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return before[month - 1] + day + (month > 2 && leap ? 1 : 0);
}

/* ISO 8601: the week belongs to the year that has its Thursday */
static int
iso_week(int64 days)
{
	int64		monday = floor_divide(days + 3, 7) * 7 - 3;
	int64		year;
	int			month;
	int			day;

	civil_date(monday + 3, &year, &month, &day);
	return (day_of_year(year, month, day) - 1) / 7 + 1;
}

/* all parts of a time, as the server's EXTRACT gives them (seconds whole) */
static void
split_time(double seconds, double *part)
{
	int64		whole = (int64) floor(seconds);
	int64		days = floor_divide(whole, SECONDS_A_DAY);
	int			clock = (int) (whole - days * SECONDS_A_DAY);
	int64		year;
	int			month;
	int			day;

	civil_date(days, &year, &month, &day);
	part[PART_EPOCH] = seconds;
	part[PART_YEAR] = year;
	part[PART_QUARTER] = (month + 2) / 3;
	part[PART_MONTH] = month;
	part[PART_WEEK] = iso_week(days);
	part[PART_DAY] = day;
	part[PART_DOW] = days + 4 - floor_divide(days + 4, 7) * 7;
	part[PART_DOY] = day_of_year(year, month, day);
	part[PART_HOUR] = clock / 3600;
	part[PART_MINUTE] = clock / 60 % 60;
	part[PART_SECOND] = clock % 60;
}

static inline double
output_value(const Output *output, const double *part, bool missing)
{
	double		value = part[output->part];
	double		angle;

	if (output->form == FORM_MISSING)
		return missing ? 1 : 0;
	if (output->form == FORM_VALUE)
		return value;
	angle = 2 * M_PI * (value - cycle[output->part].first) / cycle[output->part].period;
	return output->form == FORM_SIN ? sin(angle) : cos(angle);
}

/* outputs of one time; shared by blocks and rows */
static void
datetime_outputs(const MlDatetime *d, double seconds, double *dense)
{
	double		part[N_PARTS];

	part[PART_EPOCH] = seconds;
	if (d->calendar && fabs(seconds) <= MAX_SECONDS)
		split_time(seconds, part);
	else if (d->calendar)
	{
		for (int p = PART_EPOCH + 1; p < N_PARTS; p++)
			part[p] = NAN;
	}
	for (int k = 0; k < d->n; k++)
		dense[k] = output_value(&d->output[k], part, isnan(seconds));
}

static void
datetime_block(const MlBoundStep *bound, const uint32 *order, int64 n,
			   double *dense, int64 stride, uint32 *codes, int64 code_stride)
{
	const MlDatetime *d = (const MlDatetime *) bound->step;
	double		seconds[PIECE];

	for (int64 from = 0; from < n; from += PIECE)
	{
		int64		rows = Min(PIECE, n - from);

		ml_column_gather(bound->column, 0, order + from, rows, seconds, 1);
		for (int64 i = 0; i < rows; i++)
			datetime_outputs(d, seconds[i], dense + (from + i) * stride);
	}
}

static void
datetime_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	datetime_outputs((const MlDatetime *) step, value->number, dense);
}

/* a constant is a time, and the parts are those of that time */
static MlDenseRule
datetime_rule(const MlStep *step, int k)
{
	const MlDatetime *d = (const MlDatetime *) step;
	MlDenseRule rule = {ML_IMPUTE_NONE, 0, ML_SCALE_NONE};
	double		constant[lengthof(d->output)];

	if (d->output[k].form == FORM_MISSING)
		return rule;
	datetime_outputs(d, step->option[OPTION_FILL], constant);
	rule.impute = (MlImpute) step->option[OPTION_IMPUTE];
	rule.constant = constant[k];
	rule.scale = (MlScale) step->option[OPTION_SCALE];
	return rule;
}

static void
datetime_dense_name(const MlStep *step, int k, StringInfo name)
{
	const Output *output = &((const MlDatetime *) step)->output[k];

	appendStringInfoString(name, step->input->name);
	if (output->form == FORM_MISSING)
		appendStringInfoString(name, " is null");
	else if (output->part != PART_EPOCH)
		appendStringInfo(name, ".%s%s", part_choices[output->part],
						 output->form == FORM_SIN ? ".sin" : output->form == FORM_COS ? ".cos" : "");
}

const MlStepKind ml_step_datetime = {
	.name = "datetime",
	.id = 3,
	.size = sizeof(MlDatetime),
	.options = options,
	.types = ML_TYPE_BIT(ML_TYPE_TIME),
	.default_types = ML_TYPE_BIT(ML_TYPE_TIME),
	.native_types = ML_TYPE_BIT(ML_TYPE_TIME),
	.check = datetime_check,
	.init = datetime_init,
	.read = datetime_read,
	.n_dense = datetime_n_dense,
	.rule = datetime_rule,
	.dense_name = datetime_dense_name,
	.block = datetime_block,
	.row = datetime_row
};
