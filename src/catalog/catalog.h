/*
 * catalog.h: our tables, rows in and structs out.  All SQL text lives in this room; nothing here knows about learning.
 *
 * Reads take the caller's statement snapshot and go through index scans (no SPI), so they work in parallel workers and
 * on a hot standby.  Writes check ownership and privileges first, then run as the owner of our tables, for that statement only.
 */
#ifndef ML_CATALOG_H
#define ML_CATALOG_H

#include "postgres.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

typedef struct MlModelRow
{
	int64		model_id;
	char	   *name;
	Oid			owner;
	char	   *task;			/* "regression" | "classification" */
	int64		live_version_id;	/* 0: nothing deployed */
} MlModelRow;

typedef struct MlVersionRow
{
	int64		version_id;
	int64		model_id;
	int			version;
	char	   *algorithm;
	char	   *task;
	Jsonb	   *params;			/* complete */
	Jsonb	   *definition;		/* the call: source (qualified), target, task, features, exclude, preprocess, split, weight, seed, metric, params as given */
	Jsonb	   *preprocess;		/* as resolved */
	Jsonb	   *features;		/* [{"name": ..., "type": ...}, ...] */
	Jsonb	   *classes;		/* ["No", "Yes"] or NULL */
	Jsonb	   *reference;		/* training distribution, for drift */
	Jsonb	   *metrics;		/* {"train": {...}, "test": {...}, "baseline": {...}} */
	char	   *metric;
	double		value;			/* NaN = NULL */
	double		baseline;
	int64		train_rows;
	int64		test_rows;
	int64		skipped_rows;
	int64		seed;
	uint64		fingerprint;
	double		seconds;
	char	   *build;			/* extension, server, BLAS */
	Jsonb	   *inspection;		/* what was found wrong with the data; NULL: nobody looked */
} MlVersionRow;

/* a per-class metric has a label */
typedef struct MlMetricRow
{
	const char *dataset;		/* "train" | "test" | "baseline" */
	const char *metric;
	const char *label;			/* NULL = whole set */
	double		value;			/* NaN = NULL */
} MlMetricRow;

/* 'churn' | 'churn/3' | 'churn@challenger'; a name may contain '/' and '@' when no version or alias of that form exists */
typedef struct MlModelRef
{
	MlModelRow	model;
	int64		version_id;		/* resolved */
	int			version;
} MlModelRef;

typedef enum MlPrivilege
{
	ML_PRIV_PREDICT,			/* score, evaluate, inspect */
	ML_PRIV_MANAGE,				/* new versions, deploy, roll back, drop a version, alias, schedule */
	ML_PRIV_OWN					/* grant, revoke, drop the model: cannot be granted */
} MlPrivilege;

/* ---- reading, statement snapshot ---- */
extern bool ml_catalog_find_model(const char *name, MlModelRow *out);
/* ERROR 42704 unknown model (nearest name the caller may see as hint) / version / alias / nothing deployed; 42501 no right */
extern void ml_catalog_resolve(const char *ref, MlPrivilege need, MlModelRef *out);
extern void ml_catalog_require(const MlModelRow *model, MlPrivilege need);	/* ERROR 42501 */
extern bool ml_catalog_allowed(const MlModelRow *model, MlPrivilege need);
/* a model by its name alone, for what changes models: neither version nor alias is split off, nothing need be deployed */
extern void ml_catalog_open(const char *name, MlPrivilege need, MlModelRow *out);
extern MlVersionRow *ml_catalog_version(int64 version_id);	/* without bytes */
extern uint8 *ml_catalog_bytes(int64 version_id, Size *len);	/* palloc_huge'd; ERROR XX001 when chunks are missing */
extern Oid	ml_catalog_version_relid(void);	/* part of the cache key: changes when the extension is created anew */

/* ---- writing ---- */
/* ERROR 22023 unless text may name a new model or alias; what says which ("a model") */
extern void ml_catalog_check_name(const char *text, const char *what);
/*
 * Row lock on the model (made when it is not there; then owner = current user), so that two trainings store one
 * after the other.  ERROR 42501 without MANAGE; 42P17 when the model has another task; 22023 for an unusable name.
 */
extern void ml_catalog_lock_model(const char *name, const char *task, MlModelRow *out, bool *created);
/* inserts version (number: one more than the highest ever), bytes in chunks, metrics; sets version_id and version */
extern void ml_catalog_insert_version(MlVersionRow *row, const uint8 *bytes, Size len, const MlMetricRow *metrics, int n_metrics);
/* moves the pointer and writes history; what is live already only gets a NOTICE */
extern void ml_catalog_deploy(const MlModelRow *model, int64 version_id, const char *reason);
/* to what was live before; returns the version number; ERROR 55000 when there is none */
extern int	ml_catalog_rollback(const MlModelRow *model);
extern int	ml_catalog_drop(const MlModelRow *model, int version);	/* 0 = all; the live version alone: ERROR 55006; returns versions dropped */
extern int64 ml_catalog_version_id(int64 model_id, int version);	/* 0 when there is none */
/* ERROR 42704 */
extern void ml_catalog_unknown_version(const MlModelRow *model, int version) pg_attribute_noreturn();

/* names version version_id `alias` (replacing what it named); 0 removes the alias, ERROR 42704 when there is none */
extern void ml_catalog_alias(const MlModelRow *model, const char *alias, int64 version_id);
/* grantee InvalidOid = public; revoke: false when there was nothing to revoke */
extern void ml_catalog_grant(const MlModelRow *model, Oid grantee, MlPrivilege privilege);
extern bool ml_catalog_revoke(const MlModelRow *model, Oid grantee, MlPrivilege privilege);

/* ---- schedule (schedule.c): pg_cron ---- */
/* one job a model, run as the caller; source NULL: as recorded.  Returns pg_cron's job id */
extern int64 ml_catalog_schedule(const MlModelRow *model, const char *schedule, const char *source, Jsonb *options);
/* false when there was no schedule */
extern bool ml_catalog_unschedule(const MlModelRow *model);

#endif							/* ML_CATALOG_H */
