/*
 * aggregate_labels.c: metrics of predicted labels against true ones.
 *
 * The state is the confusion matrix as a hash table: the weight of each pair (truth, prediction) that occurs.  Labels are
 * compared byte by byte.  Definitions are scikit-learn's, with 0 for a division by nothing; labels are those that occur on
 * either side, in rows of weight 0 too.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/builtins.h"

#include "api/aggregate.h"
#include "guc.h"

PG_FUNCTION_INFO_V1(mlops_labels_accum);
PG_FUNCTION_INFO_V1(mlops_labels_accum_weighted);
PG_FUNCTION_INFO_V1(mlops_labels_accum_positive);
PG_FUNCTION_INFO_V1(mlops_labels_combine);
PG_FUNCTION_INFO_V1(mlops_labels_serial);
PG_FUNCTION_INFO_V1(mlops_labels_deserial);
PG_FUNCTION_INFO_V1(mlops_accuracy_final);
PG_FUNCTION_INFO_V1(mlops_balanced_accuracy_final);
PG_FUNCTION_INFO_V1(mlops_precision_final);
PG_FUNCTION_INFO_V1(mlops_recall_final);
PG_FUNCTION_INFO_V1(mlops_f1_final);
PG_FUNCTION_INFO_V1(mlops_mcc_final);

/* a million pairs are no labels but ids or numbers */
#define MAX_PAIRS 1000000

/* the truth's bytes, then the prediction's */
typedef struct Pair
{
	char	   *text;
	uint32		truth_length;
	uint32		length;			/* of both */
	double		weight;
	uint32		hash;
} Pair;

typedef struct Labels
{
	MemoryContext context;
	Pair	   *pair;			/* n of them, in order of arrival */
	uint32		n;
	uint32		room;
	uint32	   *slot;			/* hash table of indices + 1, mask + 1 of them, at most half full */
	uint32		mask;
	uint32		last;			/* index of the pair of the row before */
	char	   *positive;		/* the label that precision, recall and f1 are of; NULL: the mean over labels */
	int			positive_length;
	Size		bytes;			/* of all texts */
} Labels;

/* ---- the table ---- */

static Labels *
make_labels(MemoryContext context)
{
	Labels	   *l = MemoryContextAllocZero(context, sizeof(Labels));

	l->context = context;
	l->room = 16;
	l->mask = 2 * l->room - 1;
	l->pair = MemoryContextAlloc(context, sizeof(Pair) * l->room);
	l->slot = MemoryContextAllocZero(context, sizeof(uint32) * (l->mask + 1));
	return l;
}

static bool
is_pair(const Pair *p, uint32 hash, const char *truth, uint32 truth_length, const char *predicted, uint32 predicted_length)
{
	return p->hash == hash && p->truth_length == truth_length && p->length == truth_length + predicted_length &&
		memcmp(p->text, truth, truth_length) == 0 &&
		memcmp(p->text + truth_length, predicted, predicted_length) == 0;
}

static void
put_slot(Labels *l, uint32 index)
{
	uint32		at = l->pair[index].hash & l->mask;

	while (l->slot[at] != 0)
		at = (at + 1) & l->mask;
	l->slot[at] = index + 1;
}

static void
grow(Labels *l)
{
	if (l->room >= MAX_PAIRS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many different pairs of labels"),
				 errdetail("There are more than %d pairs of truth and prediction.", MAX_PAIRS),
				 errhint("For numbers use mlops_rmse, mlops_mae or mlops_r2.")));
	l->room *= 2;
	l->mask = 2 * l->room - 1;
	l->pair = repalloc_huge(l->pair, sizeof(Pair) * (Size) l->room);
	pfree(l->slot);
	l->slot = MemoryContextAllocExtended(l->context, sizeof(uint32) * ((Size) l->mask + 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < l->n; i++)
		put_slot(l, i);
}

/* a pair of texts of that length has room within mlops.max_memory */
static void
price_text(Labels *l, Size length)
{
	l->bytes += length;
	if (l->bytes / 1024 > (Size) ml_max_memory_kb)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("labels need more than %zu MB, mlops.max_memory is %d MB", l->bytes >> 20, ml_max_memory_kb / 1024),
				 errdetail("There are %u different pairs of truth and prediction so far.", l->n),
				 errhint("Raise mlops.max_memory, or compare short names of the labels: left(...) or md5(...).")));
}

/* index of the pair, entered when it is new */
static uint32
find_pair(Labels *l, const char *truth, uint32 truth_length, const char *predicted, uint32 predicted_length)
{
	uint32		hash = hash_combine(hash_bytes((const unsigned char *) truth, truth_length),
									hash_bytes((const unsigned char *) predicted, predicted_length));
	Pair	   *p;

	for (uint32 at = hash & l->mask; l->slot[at] != 0; at = (at + 1) & l->mask)
	{
		if (is_pair(&l->pair[l->slot[at] - 1], hash, truth, truth_length, predicted, predicted_length))
			return l->slot[at] - 1;
	}
	price_text(l, (Size) truth_length + predicted_length);
	if (l->n == l->room)
		grow(l);
	p = &l->pair[l->n];
	p->hash = hash;
	p->truth_length = truth_length;
	p->length = truth_length + predicted_length;
	p->weight = 0;
	p->text = MemoryContextAllocHuge(l->context, Max((Size) truth_length + predicted_length, 1));
	memcpy(p->text, truth, truth_length);
	memcpy(p->text + truth_length, predicted, predicted_length);
	put_slot(l, l->n);
	return l->n++;
}

/* ---- rows ---- */

static void
add_row(Labels *l, const text *truth, const text *predicted, double weight)
{
	const char *a = VARDATA_ANY(truth);
	const char *b = VARDATA_ANY(predicted);
	uint32		a_length = VARSIZE_ANY_EXHDR(truth);
	uint32		b_length = VARSIZE_ANY_EXHDR(predicted);

	/* neighbours are often alike */
	if (l->n == 0 || !is_pair(&l->pair[l->last], l->pair[l->last].hash, a, a_length, b, b_length))
		l->last = find_pair(l, a, a_length, b, b_length);
	l->pair[l->last].weight += weight;
}

static Labels *
labels_state(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(0) ? make_labels(ml_aggregate_context(fcinfo)) : (Labels *) PG_GETARG_POINTER(0);
}

/* (state, truth text, predicted text) */
Datum
mlops_labels_accum(PG_FUNCTION_ARGS)
{
	Labels	   *l = labels_state(fcinfo);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
		add_row(l, PG_GETARG_TEXT_PP(1), PG_GETARG_TEXT_PP(2), 1);
	PG_RETURN_POINTER(l);
}

/* (state, truth text, predicted text, weight float8) */
Datum
mlops_labels_accum_weighted(PG_FUNCTION_ARGS)
{
	Labels	   *l = labels_state(fcinfo);
	double		weight;

	if (ml_aggregate_has_row(fcinfo, true, &weight))
		add_row(l, PG_GETARG_TEXT_PP(1), PG_GETARG_TEXT_PP(2), weight);
	PG_RETURN_POINTER(l);
}

static void
set_positive(Labels *l, const char *label, int length)
{
	if (l->positive == NULL)
	{
		l->positive = MemoryContextAlloc(l->context, Max(length, 1));
		memcpy(l->positive, label, length);
		l->positive_length = length;
	}
	else if (l->positive_length != length || memcmp(l->positive, label, length) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the positive label differs from row to row"),
				 errdetail("It was \"%.*s\", and is \"%.*s\".", l->positive_length, l->positive, length, label),
				 errhint("Give a constant.")));
}

/* (state, truth text, predicted text, positive text) */
Datum
mlops_labels_accum_positive(PG_FUNCTION_ARGS)
{
	Labels	   *l = labels_state(fcinfo);

	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the positive label must not be NULL"),
				 errhint("Leave it out for the mean over all labels.")));
	set_positive(l, VARDATA_ANY(PG_GETARG_TEXT_PP(3)), VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(3)));
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
		add_row(l, PG_GETARG_TEXT_PP(1), PG_GETARG_TEXT_PP(2), 1);
	PG_RETURN_POINTER(l);
}

/* ---- states that meet ---- */

static void
merge_labels(Labels *into, const Labels *from)
{
	if (from->positive != NULL)
		set_positive(into, from->positive, from->positive_length);
	for (uint32 i = 0; i < from->n; i++)
	{
		const Pair *p = &from->pair[i];
		uint32		at = find_pair(into, p->text, p->truth_length, p->text + p->truth_length, p->length - p->truth_length);

		into->pair[at].weight += p->weight;
	}
}

Datum
mlops_labels_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = ml_aggregate_context(fcinfo);
	Labels	   *into = PG_ARGISNULL(0) ? NULL : (Labels *) PG_GETARG_POINTER(0);

	if (PG_ARGISNULL(1))
		return PG_ARGISNULL(0) ? (fcinfo->isnull = true, (Datum) 0) : PG_GETARG_DATUM(0);
	if (into == NULL)
		into = make_labels(context);
	merge_labels(into, (const Labels *) PG_GETARG_POINTER(1));
	PG_RETURN_POINTER(into);
}

Datum
mlops_labels_serial(PG_FUNCTION_ARGS)
{
	const Labels *l = (const Labels *) PG_GETARG_POINTER(0);
	StringInfoData out;

	(void) ml_aggregate_context(fcinfo);
	pq_begintypsend(&out);
	pq_sendbyte(&out, l->positive != NULL);
	if (l->positive != NULL)
	{
		pq_sendint32(&out, l->positive_length);
		pq_sendbytes(&out, l->positive, l->positive_length);
	}
	pq_sendint32(&out, l->n);
	for (uint32 i = 0; i < l->n; i++)
	{
		const Pair *p = &l->pair[i];

		pq_sendint32(&out, p->truth_length);
		pq_sendint32(&out, p->length);
		pq_sendbytes(&out, p->text, p->length);
		pq_sendfloat8(&out, p->weight);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

static void
read_pair(StringInfo in, Labels *l)
{
	uint32		truth_length = pq_getmsgint(in, 4);
	uint32		length = pq_getmsgint(in, 4);
	const char *bytes = pq_getmsgbytes(in, length);
	uint32		at;

	if (truth_length > length)
		elog(ERROR, "damaged state of labels");
	at = find_pair(l, bytes, truth_length, bytes + truth_length, length - truth_length);
	l->pair[at].weight += pq_getmsgfloat8(in);
}

Datum
mlops_labels_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	Labels	   *l = make_labels(CurrentMemoryContext);
	StringInfoData in;
	uint32		n;

	(void) ml_aggregate_context(fcinfo);
	in.data = VARDATA_ANY(bytes);
	in.len = in.maxlen = VARSIZE_ANY_EXHDR(bytes);
	in.cursor = 0;
	if (pq_getmsgbyte(&in) != 0)
	{
		int			length = pq_getmsgint(&in, 4);

		set_positive(l, pq_getmsgbytes(&in, length), length);
	}
	n = pq_getmsgint(&in, 4);
	for (uint32 i = 0; i < n; i++)
		read_pair(&in, l);
	pq_getmsgend(&in);
	PG_RETURN_POINTER(l);
}

/* ---- metrics ---- */

/* one label that occurs, as truth or as prediction */
typedef struct Label
{
	const char *text;
	uint32		length;
	double		truth;			/* weight of the rows that have it */
	double		predicted;		/* ... that are said to have it */
	double		both;
} Label;

static int
compare_labels(const void *a, const void *b)
{
	const Label *x = a;
	const Label *y = b;
	int			order;

	/* sorting two million of them takes a while */
	CHECK_FOR_INTERRUPTS();
	order = memcmp(x->text, y->text, Min(x->length, y->length));
	return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

/* sums of equal labels in the first of them; returns how many are left */
static int
fold_labels(Label *label, int n)
{
	int			kept = 0;

	qsort(label, n, sizeof(Label), compare_labels);
	for (int i = 1; i < n; i++)
	{
		if (compare_labels(&label[kept], &label[i]) != 0)
			label[++kept] = label[i];
		else
		{
			label[kept].truth += label[i].truth;
			label[kept].predicted += label[i].predicted;
			label[kept].both += label[i].both;
		}
	}
	return n > 0 ? kept + 1 : 0;
}

/* palloc'd, in the order of their bytes; *n = 0: no rows */
static Label *
count_labels(FunctionCallInfo fcinfo, const Labels **state, int *n)
{
	const Labels *l = PG_ARGISNULL(0) ? NULL : (const Labels *) PG_GETARG_POINTER(0);
	Label	   *label = palloc_extended(sizeof(Label) * 2 * Max(l != NULL ? l->n : 0, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	*n = 0;
	*state = l;
	for (uint32 i = 0; l != NULL && i < l->n; i++)
	{
		const Pair *p = &l->pair[i];
		Label	   *truth = &label[(*n)++];
		Label	   *predicted = &label[(*n)++];

		truth->text = p->text;
		truth->length = p->truth_length;
		truth->truth = p->weight;
		predicted->text = p->text + p->truth_length;
		predicted->length = p->length - p->truth_length;
		predicted->predicted = p->weight;
		if (compare_labels(truth, predicted) == 0)
			truth->both = p->weight;
	}
	*n = fold_labels(label, *n);
	return label;
}

/* a / b; nothing by nothing is 0 */
static double
ratio(double a, double b)
{
	return b == 0 ? 0 : a / b;
}

static double
precision_of(const Label *label)
{
	return ratio(label->both, label->predicted);
}

static double
recall_of(const Label *label)
{
	return ratio(label->both, label->truth);
}

static double
f1_of(const Label *label)
{
	return ratio(2 * label->both, label->truth + label->predicted);
}

/* of the positive label, 0 when it does not occur; or the mean over all labels */
static Datum
label_metric(FunctionCallInfo fcinfo, double (*metric) (const Label *label))
{
	const Labels *state;
	int			n;
	Label	   *label = count_labels(fcinfo, &state, &n);
	double		sum = 0;

	if (n == 0)
		PG_RETURN_NULL();
	for (int i = 0; i < n; i++)
	{
		if (state->positive == NULL)
			sum += metric(&label[i]);
		else if (label[i].length == (uint32) state->positive_length &&
				 memcmp(label[i].text, state->positive, label[i].length) == 0)
			sum = metric(&label[i]);
	}
	return ml_aggregate_result(fcinfo, state->positive == NULL ? sum / n : sum);
}

Datum
mlops_precision_final(PG_FUNCTION_ARGS)
{
	return label_metric(fcinfo, precision_of);
}

Datum
mlops_recall_final(PG_FUNCTION_ARGS)
{
	return label_metric(fcinfo, recall_of);
}

Datum
mlops_f1_final(PG_FUNCTION_ARGS)
{
	return label_metric(fcinfo, f1_of);
}

Datum
mlops_accuracy_final(PG_FUNCTION_ARGS)
{
	const Labels *state;
	int			n;
	Label	   *label = count_labels(fcinfo, &state, &n);
	double		both = 0;
	double		all = 0;

	for (int i = 0; i < n; i++)
	{
		both += label[i].both;
		all += label[i].truth;
	}
	return ml_aggregate_result(fcinfo, both / all);
}

/* mean recall of the labels that occur as truth */
Datum
mlops_balanced_accuracy_final(PG_FUNCTION_ARGS)
{
	const Labels *state;
	int			n;
	Label	   *label = count_labels(fcinfo, &state, &n);
	double		sum = 0;
	int			classes = 0;

	for (int i = 0; i < n; i++)
	{
		if (label[i].truth == 0)
			continue;
		sum += recall_of(&label[i]);
		classes++;
	}
	return ml_aggregate_result(fcinfo, sum / classes);
}

/*
 * Gorodkin's multiclass coefficient (2004); 0 when one side is constant, which is counted, because differences of rounded sums of
 * weights need not vanish.  Weights are scaled by a power of two, which rounds nothing: counts stay whole, and squares finite.
 */
Datum
mlops_mcc_final(PG_FUNCTION_ARGS)
{
	const Labels *state;
	int			n;
	Label	   *label = count_labels(fcinfo, &state, &n);
	double		both = 0;
	double		all = 0;
	double		cross = 0;
	double		truths = 0;
	double		predictions = 0;
	int			true_labels = 0;
	int			predicted_labels = 0;
	int			exponent;

	for (int i = 0; i < n; i++)
		all += label[i].truth;
	if (all == 0)
		PG_RETURN_NULL();
	all = frexp(all, &exponent);
	for (int i = 0; i < n; i++)
	{
		double		truth = ldexp(label[i].truth, -exponent);
		double		predicted = ldexp(label[i].predicted, -exponent);

		both += ldexp(label[i].both, -exponent);
		cross += truth * predicted;
		truths += truth * (all - truth);
		predictions += predicted * (all - predicted);
		true_labels += truth > 0;
		predicted_labels += predicted > 0;
	}
	if (true_labels < 2 || predicted_labels < 2 || truths <= 0 || predictions <= 0)
		PG_RETURN_FLOAT8(0);
	/* rounding may lead an ulp beyond */
	return ml_aggregate_result(fcinfo, Max(-1, Min(1, (both * all - cross) / sqrt(truths) / sqrt(predictions))));
}
