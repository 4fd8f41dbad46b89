/*
 * progress.c: where a long call is, kept in the server's own progress slots.
 *
 * A slot holds 20 integers a backend; the first ones are numbers, the rest carry three short texts.  The server clears the
 * slot at the end of a failed transaction or subtransaction by itself; what we remember here is cleared along with it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/elog.h"

#include "guc.h"
#include "monitoring/progress.h"

/* far from the server's own commands, which count up from 1 */
#define PROGRESS_COMMAND_MLOPS ((ProgressCommandType) 100)

#define NOTICE_SECONDS 5.0

/* places in the slot; texts are packed eight bytes a parameter, filled up with zeros */
enum
{
	PARAM_STAGE,
	PARAM_DONE,
	PARAM_TOTAL,
	PARAM_STARTED,
	PARAM_COMMAND,
	PARAM_PHASE = PARAM_COMMAND + 3,
	PARAM_MODEL = PARAM_PHASE + 4,
	PARAM_BOARD = PGSTAT_NUM_PROGRESS_PARAM - 1,
	PARAM_END = PARAM_BOARD		/* of the model */
};

#define TEXT_BYTES(from, to) (((to) - (from)) * sizeof(int64))
#define COMMAND_BYTES TEXT_BYTES(PARAM_COMMAND, PARAM_PHASE)
#define PHASE_BYTES TEXT_BYTES(PARAM_PHASE, PARAM_MODEL)
#define MODEL_BYTES TEXT_BYTES(PARAM_MODEL, PARAM_END)

#define N_STAGES (ML_STAGE_STORE + 1)

static const char *const stage_names[N_STAGES] = {
	[ML_STAGE_LOAD] = "load",
	[ML_STAGE_SPLIT] = "split",
	[ML_STAGE_PREPROCESS] = "preprocess",
	[ML_STAGE_FIT] = "fit",
	[ML_STAGE_EVALUATE] = "evaluate",
	[ML_STAGE_STORE] = "store",
};

/* the call at hand; seconds outlive it until the next one starts */
typedef struct Call
{
	bool		active;
	bool		cleared;		/* the server emptied the slot meanwhile */
	int			nest_level;		/* transaction nesting at the start: a failing inner block leaves it alone */
	int			stage;			/* 0 before the first */
	char		command[COMMAND_BYTES + 1];
	char		model[MODEL_BYTES + 1];
	char		prefix[PHASE_BYTES + 1];
	char		phase[PHASE_BYTES + 1];
	uint32		board;
	int			hushed;			/* client_min_messages that the client asked for; 0: as it is */
	TimestampTz wall_started;
	instr_time	started;
	instr_time	stage_started;
	instr_time	noticed;
	double		seconds[N_STAGES];
} Call;

static Call call;
static bool callbacks_registered = false;

static double
seconds_between(instr_time from, instr_time to)
{
	INSTR_TIME_SUBTRACT(to, from);
	return INSTR_TIME_GET_DOUBLE(to);
}

/* the longest start of text that fits into size bytes and does not cut a character */
static void
clip(char *into, Size size, const char *text)
{
	Size		length = text == NULL ? 0 : pg_mbcliplen(text, strlen(text), size);

	memset(into, 0, size + 1);
	if (length > 0)
		memcpy(into, text, length);
}

static void
publish_text(int param, int end, const char *text)
{
	int64		packed[PGSTAT_NUM_PROGRESS_PARAM];
	int			index[PGSTAT_NUM_PROGRESS_PARAM];
	int			n = end - param;

	memcpy(packed, text, n * sizeof(int64));
	for (int i = 0; i < n; i++)
		index[i] = param + i;
	pgstat_progress_update_multi_param(n, index, packed);
}

static void
publish_call(void)
{
	pgstat_progress_start_command(PROGRESS_COMMAND_MLOPS, InvalidOid);
	pgstat_progress_update_param(PARAM_STARTED, call.wall_started);
	publish_text(PARAM_COMMAND, PARAM_PHASE, call.command);
	publish_text(PARAM_PHASE, PARAM_MODEL, call.phase);
	publish_text(PARAM_MODEL, PARAM_END, call.model);
	pgstat_progress_update_param(PARAM_BOARD, call.board);
	call.cleared = false;
}

static void
publish_numbers(int64 done, int64 total)
{
	const int	index[] = {PARAM_STAGE, PARAM_DONE, PARAM_TOTAL};
	const int64 value[] = {call.stage, done, total};

	if (call.cleared)
		publish_call();
	pgstat_progress_update_multi_param(lengthof(index), index, value);
}

/* ---- ends ---- */

static void
close_stage(instr_time now)
{
	call.seconds[call.stage] += seconds_between(call.stage_started, now);
	call.stage_started = now;
}

static void
forget_at_xact_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		call.active = false;
}

/*
 * The call lives on when a block inside it (an exception handler of a function in the source) fails, but the server has
 * cleared its slot then: it is published again at the next occasion.
 */
static void
forget_at_subxact_abort(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	if (GetCurrentTransactionNestLevel() <= call.nest_level)
		call.active = false;
	call.cleared = true;
}

void
ml_progress_start(const char *command, const char *model)
{
	if (!callbacks_registered)
	{
		RegisterXactCallback(forget_at_xact_end, NULL);
		RegisterSubXactCallback(forget_at_subxact_abort, NULL);
		callbacks_registered = true;
	}
	memset(&call, 0, sizeof(call));
	call.nest_level = GetCurrentTransactionNestLevel();
	clip(call.command, COMMAND_BYTES, command);
	clip(call.model, MODEL_BYTES, model);
	call.wall_started = GetCurrentTimestamp();
	INSTR_TIME_SET_CURRENT(call.started);
	call.stage_started = call.started;
	call.noticed = call.started;
	publish_call();
	call.active = true;
}

void
ml_progress_stage(MlStage stage, int64 total)
{
	instr_time	now;

	CHECK_FOR_INTERRUPTS();
	if (!call.active)
		return;
	INSTR_TIME_SET_CURRENT(now);
	close_stage(now);
	call.stage = stage;
	clip(call.phase, PHASE_BYTES, call.prefix);
	publish_text(PARAM_PHASE, PARAM_MODEL, call.phase);
	publish_numbers(0, total);
}

void
ml_progress_end(void)
{
	instr_time	now;

	if (!call.active)
		return;
	INSTR_TIME_SET_CURRENT(now);
	close_stage(now);
	call.active = false;
	pgstat_progress_end_command();
}

const double *
ml_progress_seconds(void)
{
	instr_time	now;

	if (call.active)
	{
		INSTR_TIME_SET_CURRENT(now);
		close_stage(now);
	}
	return call.seconds;
}

/* ---- on the way ---- */

/* only to a client that waits at the other end: neither in background workers nor into the log */
static void
notify(int64 done, int64 total, double seconds)
{
	char		where[64] = "";

	if (total > 0)
		snprintf(where, sizeof(where), ", " INT64_FORMAT " of " INT64_FORMAT, done, total);
	else if (done > 0)
		snprintf(where, sizeof(where), ", " INT64_FORMAT, done);
	ereport(NOTICE,
			(errmsg("%s \"%s\": %s%s%s%s, %.0f s so far", call.command, call.model,
					call.stage > 0 ? stage_names[call.stage] : "start",
					call.phase[0] ? ", " : "", call.phase, where, seconds),
			 errhidestmt(true), errhidecontext(true)));
}

static void
set_phase(const char *phase)
{
	char		text[2 * PHASE_BYTES + 1];

	if (call.prefix[0] != '\0')
	{
		snprintf(text, sizeof(text), "%s%s", call.prefix, phase);
		phase = text;
	}
	if (strncmp(phase, call.phase, PHASE_BYTES) == 0)
		return;
	clip(call.phase, PHASE_BYTES, phase);
	publish_text(PARAM_PHASE, PARAM_MODEL, call.phase);
}

void
ml_progress_update(const char *phase, int64 done, int64 total)
{
	instr_time	now;
	int			level;

	CHECK_FOR_INTERRUPTS();
	if (!call.active)
		return;
	if (phase != NULL)
		set_phase(phase);
	publish_numbers(done, total);
	if (!ml_progress || whereToSendOutput != DestRemote)
		return;
	INSTR_TIME_SET_CURRENT(now);
	if (seconds_between(call.noticed, now) < NOTICE_SECONDS)
		return;
	call.noticed = now;
	level = client_min_messages;
	if (call.hushed != 0)
		client_min_messages = call.hushed;
	notify(done, total, seconds_between(call.started, now));
	client_min_messages = level;
}

void
ml_progress_board(uint32 handle)
{
	call.board = handle;
	if (call.active)
		pgstat_progress_update_param(PARAM_BOARD, handle);
}

void
ml_progress_prefix(const char *prefix)
{
	clip(call.prefix, PHASE_BYTES, prefix);
}

int
ml_progress_hush(void)
{
	int			level = client_min_messages;

	if (level < ERROR)
	{
		call.hushed = level;
		client_min_messages = ERROR;
	}
	return level;
}

void
ml_progress_unhush(int level)
{
	client_min_messages = level;
	call.hushed = 0;
}

/* ---- reading ---- */

int
ml_progress_backends(void)
{
	return pgstat_fetch_stat_numbackends();
}

/* NULL when empty, or when it comes from a database of another encoding and makes no sense here */
static char *
unpack_text(const int64 *params, int from, int to)
{
	char	   *text = palloc0(TEXT_BYTES(from, to) + 1);

	memcpy(text, params + from, TEXT_BYTES(from, to));
	return text[0] != '\0' && pg_verifymbstr(text, strlen(text), true) ? text : NULL;
}

/* NULL when it runs none of our calls, or the caller may not see it */
static const PgBackendStatus *
status_of(int backend)
{
	LocalPgBackendStatus *local = pgstat_fetch_stat_local_beentry(backend + 1);

	if (local == NULL || local->backendStatus.st_progress_command != PROGRESS_COMMAND_MLOPS)
		return NULL;
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) && !has_privs_of_role(GetUserId(), local->backendStatus.st_userid))
		return NULL;
	return &local->backendStatus;
}

uint32
ml_progress_read_board(int backend)
{
	const PgBackendStatus *status = status_of(backend);

	return status != NULL ? (uint32) status->st_progress_param[PARAM_BOARD] : 0;
}

bool
ml_progress_read(int backend, MlProgressRow *out)
{
	const PgBackendStatus *status = status_of(backend);
	const int64 *params;
	int64		stage;

	if (status == NULL)
		return false;
	params = status->st_progress_param;
	stage = params[PARAM_STAGE];
	out->pid = status->st_procpid;
	out->database = status->st_databaseid;
	out->user = status->st_userid;
	out->command = unpack_text(params, PARAM_COMMAND, PARAM_PHASE);
	out->phase = unpack_text(params, PARAM_PHASE, PARAM_MODEL);
	out->model = unpack_text(params, PARAM_MODEL, PARAM_END);
	out->stage = stage > 0 && stage < N_STAGES ? stage_names[stage] : "start";
	out->done = params[PARAM_DONE];
	out->total = params[PARAM_TOTAL];
	out->started = params[PARAM_STARTED];
	return true;
}
