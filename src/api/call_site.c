/*
 * call_site.c: functions of a row and a model: which version the row meets, and what that says of it.
 *
 * Each call site keeps in fn_extra the model it resolved, pinned, and a reader for its arguments, so that a row
 * costs the decoding, the preprocessing and the prediction and nothing else.  What was resolved holds for one
 * statement: one snapshot (compared by value, because a snapshot's address is soon another one's), one
 * transaction and subtransaction (a deployment rolled back to a savepoint leaves no trace in the snapshot), one
 * user (rights).  So a loop in PL/pgSQL, whose expressions outlive their statements, sees a new deployment at
 * its next statement, while within one statement all rows meet one version, in parallel workers too, which
 * share their leader's snapshot.  No SPI, no lock, no write: fit for hot standbys.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "api/call_site.h"
#include "api/row_values.h"

#define FIRST_VALUE 1			/* argument 0 names the model */

/* the statement, as far as it decides which version is live and who may use it */
typedef struct Statement
{
	TransactionId xmin;
	TransactionId xmax;
	uint32		xcnt;
	int32		subxcnt;
	CommandId	curcid;
	bool		suboverflowed;
	LocalTransactionId lxid;
	SubTransactionId subxid;
	Oid			user;
} Statement;

typedef struct CallSite
{
	MemoryContext context;		/* this struct lives there */
	MemoryContext model_context;	/* what belongs to the model below: reset when it changes */
	MemoryContextCallback unpin;
	Statement	statement;
	char	   *reference;		/* the model as the call named it */
	int			reference_length;
	const MlCallKind *kind;

	MlModel    *model;			/* NULL: nothing resolved; pinned until the transaction statement.lxid ends */
	MlRowReader *reader;		/* NULL: the model is not bound to the arguments yet */
	MlPrepRow  *row;
	double	   *out;
} CallSite;

/* ---- which model ---- */

static inline void
current_statement(Statement *now)
{
	Snapshot	snapshot = GetActiveSnapshot();

	now->xmin = snapshot->xmin;
	now->xmax = snapshot->xmax;
	now->xcnt = snapshot->xcnt;
	now->subxcnt = snapshot->subxcnt;
	now->curcid = snapshot->curcid;
	now->suboverflowed = snapshot->suboverflowed;
	now->lxid = MyProc->lxid;
	now->subxid = GetCurrentSubTransactionId();
	now->user = GetUserId();
}

/*
 * Two snapshots of one transaction with one xmax see the same commits when as many transactions are running:
 * below xmax that set can only shrink.
 */
static inline bool
same_statement(const Statement *a, const Statement *b)
{
	return a->xmax == b->xmax && a->xmin == b->xmin && a->xcnt == b->xcnt && a->subxcnt == b->subxcnt &&
		a->curcid == b->curcid && a->suboverflowed == b->suboverflowed &&
		a->lxid == b->lxid && a->subxid == b->subxid && a->user == b->user;
}

static inline bool
same_reference(const CallSite *site, const text *reference)
{
	return VARSIZE_ANY_EXHDR(reference) == site->reference_length &&
		memcmp(VARDATA_ANY(reference), site->reference, site->reference_length) == 0;
}

/* the pin of an earlier transaction went with that transaction, and perhaps the model with it */
static bool
holds_pin(const CallSite *site)
{
	return site->model != NULL && site->statement.lxid == MyProc->lxid;
}

static void
forget_model(void *arg)
{
	CallSite   *site = arg;

	if (holds_pin(site))
		ml_model_release(site->model);
	site->model = NULL;
	site->reader = NULL;
}

static CallSite *
create_site(FunctionCallInfo fcinfo, const MlCallKind *kind)
{
	MemoryContext context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "mlops call", ALLOCSET_SMALL_SIZES);
	CallSite   *site = MemoryContextAllocZero(context, sizeof(CallSite));

	site->context = context;
	site->model_context = AllocSetContextCreate(context, "mlops call's model", ALLOCSET_SMALL_SIZES);
	site->kind = kind;
	site->unpin.func = forget_model;
	site->unpin.arg = site;
	MemoryContextRegisterResetCallback(context, &site->unpin);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

/* everything that depends on the model and on the types of the arguments */
static void
bind_model(CallSite *site, MlModel *model, FunctionCallInfo fcinfo)
{
	MemoryContext caller = MemoryContextSwitchTo(site->model_context);

	site->kind->check(model);
	site->row = ml_prep_row_create(model->prep);
	site->out = palloc(sizeof(double) * ml_model_outputs(model));
	site->reader = ml_row_reader_create(model, fcinfo, FIRST_VALUE, site->kind->whole_row ? 1 : PG_NARGS() - FIRST_VALUE);
	MemoryContextSwitchTo(caller);
}

static void
remember_reference(CallSite *site, const char *name)
{
	int			length = strlen(name);

	if (site->reference != NULL && strcmp(site->reference, name) == 0)
		return;
	if (site->reference != NULL)
		pfree(site->reference);
	site->reference_length = 0;
	site->reference = NULL;
	site->reference = MemoryContextStrdup(site->context, name);
	site->reference_length = length;
}

/*
 * Resolve the name in the current statement, which checks the caller's right to use the model.  The same
 * version again keeps its reader.  An error on the way leaves the site without a statement, so that the next
 * call starts here.
 */
static void
resolve(CallSite *site, FunctionCallInfo fcinfo, const text *reference, const Statement *now)
{
	char	   *name = text_to_cstring(reference);
	bool		bound = holds_pin(site) && site->reader != NULL;
	MlModelRef	ref;
	MlModel    *model;

	site->statement.user = InvalidOid;
	ml_catalog_resolve(name, ML_PRIV_PREDICT, &ref);
	model = ml_model_acquire(&ref);
	if (bound && model == site->model)
		ml_model_release(model);	/* one pin a site */
	else
	{
		forget_model(site);
		site->model = model;
		site->statement.lxid = now->lxid;
		MemoryContextReset(site->model_context);
		bind_model(site, model, fcinfo);
	}
	remember_reference(site, name);
	site->statement = *now;
	pfree(name);
}

/* ---- one row ---- */

/* overflow on the way: finite features so large that the model's arithmetic left the range */
static void
not_finite(const MlModel *model)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the prediction of model \"%s\" is out of range", model->name),
			 errhint("Look for extreme values in the features of this row.")));
}

const double *
ml_call_score(FunctionCallInfo fcinfo, const MlCallKind *kind, const MlModel **model)
{
	CallSite   *site = fcinfo->flinfo->fn_extra;
	const MlValue *values;
	Statement	now;
	text	   *reference;

	if (PG_ARGISNULL(0))
		return NULL;
	if (unlikely(site == NULL))
		site = create_site(fcinfo, kind);
	reference = PG_GETARG_TEXT_PP(0);
	if (unlikely(!ActiveSnapshotSet()))
		elog(ERROR, "a model is scored without a snapshot");
	current_statement(&now);
	if (unlikely(!same_statement(&site->statement, &now) || !same_reference(site, reference)))
		resolve(site, fcinfo, reference, &now);

	values = ml_row_reader_read(site->reader, fcinfo);
	if (values == NULL)
		return NULL;
	ml_prep_row(site->model->prep, values, site->row);
	ml_model_predict_rows(site->model, &site->row->design, 0, 1, site->out);
	if (unlikely(!isfinite(site->out[0])))
		not_finite(site->model);
	*model = site->model;
	return site->out;
}

void
ml_call_check_classes(const MlModel *model)
{
	if (model->task == ML_TASK_REGRESSION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" has no classes", model->name),
				 errdetail("It is a regression of \"%s\".", model->target),
				 errhint("Use mlops_predict.")));
}
