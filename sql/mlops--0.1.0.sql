/* sql/mlops--0.1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION mlops" to load this file. \quit

-- Nothing that lies in the target schema may stand in for a built-in function or operator.
SET LOCAL search_path TO pg_catalog, pg_temp;

/*
 * The catalog.  Written by the extension alone, as the owner of these tables.  Users read the views.
 * Columns are appended, never moved: the C code knows them by number.
 *
 * There are no foreign keys: a parallel pg_restore loads the tables of an extension in any order.  What belongs to a
 * model changes under the lock of its row in mlops.model only, and goes with it.
 */

CREATE SCHEMA mlops;
COMMENT ON SCHEMA mlops IS 'catalog of the extension mlops: models, versions, deployments';

CREATE TABLE mlops.model (
	model_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT model_pkey PRIMARY KEY,
	name text COLLATE "C" NOT NULL CONSTRAINT model_name_key UNIQUE
		CONSTRAINT model_name_length CHECK (octet_length(name) BETWEEN 1 AND 200),
	owner regrole NOT NULL,
	task text NOT NULL CONSTRAINT model_task CHECK (task IN ('regression', 'classification')),
	live_version_id bigint,
	last_version integer NOT NULL DEFAULT 0 CONSTRAINT model_last_version CHECK (last_version >= 0),
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mlops.model IS 'a name under which versions are trained and deployed';
COMMENT ON COLUMN mlops.model.model_id IS 'key';
COMMENT ON COLUMN mlops.model.name IS 'what functions take as model; unique in the database';
COMMENT ON COLUMN mlops.model.owner IS 'role that may do everything with the model, together with its members';
COMMENT ON COLUMN mlops.model.task IS 'regression or classification, the same for all versions';
COMMENT ON COLUMN mlops.model.live_version_id IS 'version_id of the deployed version; NULL when none is';
COMMENT ON COLUMN mlops.model.last_version IS 'highest version number ever given; numbers are not given twice';
COMMENT ON COLUMN mlops.model.created_at IS 'when the first version was stored';

CREATE TABLE mlops.model_version (
	version_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT model_version_pkey PRIMARY KEY,
	model_id bigint NOT NULL,
	version integer NOT NULL CONSTRAINT model_version_version CHECK (version >= 1),
	algorithm text NOT NULL,
	task text NOT NULL CONSTRAINT model_version_task CHECK (task IN ('regression', 'classification')),
	params jsonb NOT NULL,
	definition jsonb NOT NULL,
	preprocess jsonb NOT NULL,
	features jsonb NOT NULL,
	classes jsonb,
	reference jsonb,
	metrics jsonb NOT NULL,
	metric text,
	value float8,
	baseline float8,
	train_rows bigint NOT NULL CONSTRAINT model_version_train_rows CHECK (train_rows >= 0),
	test_rows bigint NOT NULL CONSTRAINT model_version_test_rows CHECK (test_rows >= 0),
	skipped_rows bigint NOT NULL CONSTRAINT model_version_skipped_rows CHECK (skipped_rows >= 0),
	seed bigint NOT NULL,
	fingerprint bigint NOT NULL,
	seconds float8 CONSTRAINT model_version_seconds CHECK (seconds >= 0),
	bytes bigint NOT NULL CONSTRAINT model_version_bytes CHECK (bytes >= 0),
	build text,
	created_by regrole NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT model_version_number_key UNIQUE (model_id, version)
);
COMMENT ON TABLE mlops.model_version IS 'one training''s result; rows never change';
COMMENT ON COLUMN mlops.model_version.version_id IS 'key';
COMMENT ON COLUMN mlops.model_version.model_id IS 'the model';
COMMENT ON COLUMN mlops.model_version.version IS 'number within the model, counted from 1';
COMMENT ON COLUMN mlops.model_version.algorithm IS 'one of mlops_algorithms()';
COMMENT ON COLUMN mlops.model_version.task IS 'regression or classification';
COMMENT ON COLUMN mlops.model_version.params IS 'hyperparameters, complete with defaults';
COMMENT ON COLUMN mlops.model_version.definition IS 'the call of mlops_train, its source with all names schema-qualified: what mlops_retrain repeats';
COMMENT ON COLUMN mlops.model_version.preprocess IS 'preprocessing as resolved, defaults spelled out';
COMMENT ON COLUMN mlops.model_version.features IS 'array of {"name", "type"}, in the order of plain arguments to mlops_predict';
COMMENT ON COLUMN mlops.model_version.classes IS 'class labels in order; NULL for regression';
COMMENT ON COLUMN mlops.model_version.reference IS 'distribution of each feature in the training rows: what mlops_drift compares with';
COMMENT ON COLUMN mlops.model_version.metrics IS '{"train": ..., "test": ..., "baseline": ...}';
COMMENT ON COLUMN mlops.model_version.metric IS 'name of the deciding metric';
COMMENT ON COLUMN mlops.model_version.value IS 'the deciding metric on the test rows; NULL when it is not defined';
COMMENT ON COLUMN mlops.model_version.baseline IS 'the deciding metric of the dummy algorithm on the same rows';
COMMENT ON COLUMN mlops.model_version.train_rows IS 'rows learned from';
COMMENT ON COLUMN mlops.model_version.test_rows IS 'rows held out for the metrics';
COMMENT ON COLUMN mlops.model_version.skipped_rows IS 'rows left out because their target is NULL';
COMMENT ON COLUMN mlops.model_version.seed IS 'seed of split and algorithm';
COMMENT ON COLUMN mlops.model_version.fingerprint IS '64-bit fingerprint of the rows, independent of their order';
COMMENT ON COLUMN mlops.model_version.seconds IS 'how long the training took';
COMMENT ON COLUMN mlops.model_version.bytes IS 'size of the model, to be found in mlops.model_chunk';
COMMENT ON COLUMN mlops.model_version.build IS 'extension, server and BLAS library that made it';
COMMENT ON COLUMN mlops.model_version.created_by IS 'who trained it';
COMMENT ON COLUMN mlops.model_version.created_at IS 'when it was stored';

CREATE TABLE mlops.model_chunk (
	version_id bigint NOT NULL,
	chunk integer NOT NULL CONSTRAINT model_chunk_chunk CHECK (chunk >= 0),
	data bytea NOT NULL,
	CONSTRAINT model_chunk_pkey PRIMARY KEY (version_id, chunk)
);
-- dense numbers hardly compress, and reading them back should cost no decompression
ALTER TABLE mlops.model_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE mlops.model_chunk IS 'bytes of a version, in pieces of 16 MB; rows never change';
COMMENT ON COLUMN mlops.model_chunk.version_id IS 'the version';
COMMENT ON COLUMN mlops.model_chunk.chunk IS 'position, counted from 0';
COMMENT ON COLUMN mlops.model_chunk.data IS 'the piece; the format of the whole is doc/model-format.md';

CREATE TABLE mlops.model_metric (
	version_id bigint NOT NULL,
	dataset text NOT NULL CONSTRAINT model_metric_dataset CHECK (dataset IN ('train', 'test', 'baseline')),
	metric text NOT NULL,
	label text,
	value float8,
	CONSTRAINT model_metric_key UNIQUE NULLS NOT DISTINCT (version_id, dataset, metric, label)
);
COMMENT ON TABLE mlops.model_metric IS 'metrics of a version, one a row; rows never change';
COMMENT ON COLUMN mlops.model_metric.version_id IS 'the version';
COMMENT ON COLUMN mlops.model_metric.dataset IS 'train, test, or baseline (the dummy algorithm on the test rows)';
COMMENT ON COLUMN mlops.model_metric.metric IS 'name of the metric';
COMMENT ON COLUMN mlops.model_metric.label IS 'class it is about; NULL when it is about all rows';
COMMENT ON COLUMN mlops.model_metric.value IS 'NULL when the metric is not defined on these rows';

CREATE TABLE mlops.deployment (
	deployment_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT deployment_pkey PRIMARY KEY,
	model_id bigint NOT NULL,
	version_id bigint NOT NULL,
	version integer NOT NULL,
	action text NOT NULL CONSTRAINT deployment_action CHECK (action IN ('deploy', 'rollback')),
	reason text,
	previous_id bigint,
	deployed_by regrole NOT NULL,
	deployed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deployment_model_id_idx ON mlops.deployment (model_id, deployment_id);
COMMENT ON TABLE mlops.deployment IS 'history of what was live';
COMMENT ON COLUMN mlops.deployment.deployment_id IS 'key; ascending in the order of the deployments of a model';
COMMENT ON COLUMN mlops.deployment.model_id IS 'the model';
COMMENT ON COLUMN mlops.deployment.version_id IS 'the version that became live; it may have been dropped since';
COMMENT ON COLUMN mlops.deployment.version IS 'its number';
COMMENT ON COLUMN mlops.deployment.action IS 'deploy or rollback';
COMMENT ON COLUMN mlops.deployment.reason IS 'why';
COMMENT ON COLUMN mlops.deployment.previous_id IS 'deployment that a roll-back from here returns to; NULL when there is none';
COMMENT ON COLUMN mlops.deployment.deployed_by IS 'who did it';
COMMENT ON COLUMN mlops.deployment.deployed_at IS 'start of the transaction that did it';

CREATE TABLE mlops.model_alias (
	model_id bigint NOT NULL,
	alias text COLLATE "C" NOT NULL CONSTRAINT model_alias_length CHECK (octet_length(alias) BETWEEN 1 AND 200),
	version_id bigint NOT NULL,
	set_by regrole NOT NULL,
	set_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT model_alias_pkey PRIMARY KEY (model_id, alias)
);
COMMENT ON TABLE mlops.model_alias IS 'further names of versions, as in ''churn@challenger''';
COMMENT ON COLUMN mlops.model_alias.model_id IS 'the model';
COMMENT ON COLUMN mlops.model_alias.alias IS 'the part behind the @';
COMMENT ON COLUMN mlops.model_alias.version_id IS 'the version it means';
COMMENT ON COLUMN mlops.model_alias.set_by IS 'who set it last';
COMMENT ON COLUMN mlops.model_alias.set_at IS 'when that was';

CREATE TABLE mlops.model_privilege (
	model_id bigint NOT NULL,
	grantee regrole NOT NULL,
	privilege text COLLATE "C" NOT NULL CONSTRAINT model_privilege_privilege CHECK (privilege IN ('predict', 'manage')),
	granted_by regrole NOT NULL,
	granted_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT model_privilege_pkey PRIMARY KEY (model_id, grantee, privilege)
);
COMMENT ON TABLE mlops.model_privilege IS 'what others than the owner may do with a model';
COMMENT ON COLUMN mlops.model_privilege.model_id IS 'the model';
COMMENT ON COLUMN mlops.model_privilege.grantee IS 'role that may; 0 (shown as -) is everybody';
COMMENT ON COLUMN mlops.model_privilege.privilege IS 'predict: score and inspect; manage: also train, deploy, roll back, alias, schedule, drop versions';
COMMENT ON COLUMN mlops.model_privilege.granted_by IS 'who granted it';
COMMENT ON COLUMN mlops.model_privilege.granted_at IS 'when that was';

CREATE TABLE mlops.model_schedule (
	model_id bigint NOT NULL CONSTRAINT model_schedule_pkey PRIMARY KEY,
	job_id bigint NOT NULL,
	job_name text NOT NULL,
	schedule text NOT NULL,
	options jsonb NOT NULL,
	created_by regrole NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mlops.model_schedule IS 'which pg_cron job retrains a model';
COMMENT ON COLUMN mlops.model_schedule.model_id IS 'the model';
COMMENT ON COLUMN mlops.model_schedule.job_id IS 'jobid in cron.job';
COMMENT ON COLUMN mlops.model_schedule.job_name IS 'jobname in cron.job: both must agree before the job is touched';
COMMENT ON COLUMN mlops.model_schedule.schedule IS 'when, as pg_cron reads it';
COMMENT ON COLUMN mlops.model_schedule.options IS 'options as given to mlops_schedule';
COMMENT ON COLUMN mlops.model_schedule.created_by IS 'role that the job runs as';
COMMENT ON COLUMN mlops.model_schedule.created_at IS 'when it was scheduled';

-- A version never changes.
CREATE FUNCTION mlops.refuse_update() RETURNS trigger
	AS 'MODULE_PATHNAME', 'mlops_refuse_update' LANGUAGE C;
REVOKE ALL ON FUNCTION mlops.refuse_update() FROM PUBLIC;
COMMENT ON FUNCTION mlops.refuse_update() IS 'trigger: refuses to change what is stored of a version';
CREATE TRIGGER refuse_update BEFORE UPDATE ON mlops.model_version
	FOR EACH STATEMENT EXECUTE FUNCTION mlops.refuse_update();
CREATE TRIGGER refuse_update BEFORE UPDATE ON mlops.model_chunk
	FOR EACH STATEMENT EXECUTE FUNCTION mlops.refuse_update();
CREATE TRIGGER refuse_update BEFORE UPDATE ON mlops.model_metric
	FOR EACH STATEMENT EXECUTE FUNCTION mlops.refuse_update();

-- Models are part of a dump.
SELECT pg_extension_config_dump('mlops.model', '');
SELECT pg_extension_config_dump('mlops.model_model_id_seq', '');
SELECT pg_extension_config_dump('mlops.model_version', '');
SELECT pg_extension_config_dump('mlops.model_version_version_id_seq', '');
SELECT pg_extension_config_dump('mlops.model_chunk', '');
SELECT pg_extension_config_dump('mlops.model_metric', '');
SELECT pg_extension_config_dump('mlops.deployment', '');
SELECT pg_extension_config_dump('mlops.deployment_deployment_id_seq', '');
SELECT pg_extension_config_dump('mlops.model_alias', '');
SELECT pg_extension_config_dump('mlops.model_privilege', '');
SELECT pg_extension_config_dump('mlops.model_schedule', '');

/*
 * Functions, in the order of a model's life.
 */

CREATE FUNCTION @extschema@.mlops_train(
	model text, source text, target text DEFAULT NULL, algorithm text DEFAULT NULL, params jsonb DEFAULT '{}',
	task text DEFAULT NULL, features text[] DEFAULT NULL, exclude text[] DEFAULT NULL, preprocess jsonb DEFAULT '{}',
	split jsonb DEFAULT '{"test_size": 0.2}', weight text DEFAULT NULL, seed bigint DEFAULT 0,
	deploy text DEFAULT 'if_better', metric text DEFAULT NULL)
	RETURNS TABLE (model text, version integer, algorithm text, task text, train_rows bigint, test_rows bigint,
		metric text, value float8, baseline float8, deployed boolean, seconds float8, metrics jsonb)
	AS 'MODULE_PATHNAME', 'mlops_train' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION @extschema@.mlops_train(text, text, text, text, jsonb, text, text[], text[], jsonb, jsonb, text, bigint, text, text) IS
'Trains a version of a model and stores it; returns one row about it.
model: name of 1 to 200 bytes without "/" and "@"; made when it does not exist, and then owned by the caller.
source: name of a table, view, materialised view or foreign table, or one SELECT; read with the caller''s rights.
target: column to predict; rows where it is NULL are left out.
algorithm: one of mlops_algorithms(); by default linear_regression or logistic_regression.
params: hyperparameters, see mlops_parameters(algorithm).
task: regression or classification; by default classification for text, boolean and enum targets.
features, exclude: columns to use, or not to use; by default all that can help.
preprocess: {"column": {"impute": "median", "scale": "robust", ...}}, "*" stands for every column.
split: {"test_size": 0.2}, {"method": "time", "column": c}, {"method": "column", "column": c} or {"method": "none"}.
weight: column of non-negative row weights.
seed: of split and algorithm; same rows, seed and parameters give the same model.
deploy: if_better (than the live version, by metric, on the new test rows), always or never.
metric: the deciding metric; by default r2 for numbers, roc_auc for two classes, accuracy for more.
Errors: 42501 without the right to manage the model or to read the source, 42703 unknown column, 42701 two columns of one name, 22023 unknown or bad parameter, 42P17 the model has another task.';

CREATE FUNCTION @extschema@.mlops_retrain(model text, source text DEFAULT NULL)
	RETURNS TABLE (model text, version integer, algorithm text, task text, train_rows bigint, test_rows bigint,
		metric text, value float8, baseline float8, deployed boolean, seconds float8, metrics jsonb)
	AS 'MODULE_PATHNAME', 'mlops_retrain' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION @extschema@.mlops_retrain(text, text) IS
'Trains again from the recorded definition of a version, on today''s rows; deploys if better. Returns one row, as mlops_train does.
model: ''churn'' repeats the live version, ''churn/3'' and ''churn@alias'' another one.
source: replaces the recorded source when given.
Errors: 42501 without the right to manage the model or to read the source, 42704 unknown model or version, and those of mlops_train.';

CREATE FUNCTION @extschema@.mlops_predict(model text, VARIADIC "any") RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_predict' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION @extschema@.mlops_predict(text, "any") IS
'Predicts a number for one row: the value of a regression, or the predicted class when classes are numbers or booleans.
model: ''churn'' is the live version, ''churn/3'' a fixed one, ''churn@alias'' an alias; NULL gives NULL.
The row: one composite (mlops_predict(''m'', t) FROM t), matched by column name; one jsonb object, by name; the values themselves in the order of the features; or one float8[]. NULL features are imputed as in training; a NULL row gives NULL.
Errors: 42501 without the right to predict, 42703 missing column, 42704 unknown model or nothing deployed, 42804 wrong type, or classes that are no numbers (use mlops_classify).';

CREATE FUNCTION @extschema@.mlops_classify(model text, VARIADIC "any") RETURNS text
	AS 'MODULE_PATHNAME', 'mlops_classify' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION @extschema@.mlops_classify(text, "any") IS
'Predicts the class label of one row.
model and row: as for mlops_predict.
Errors: 42809 for a regression model, otherwise as for mlops_predict.';

CREATE FUNCTION @extschema@.mlops_probability(model text, VARIADIC "any") RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_probability' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION @extschema@.mlops_probability(text, "any") IS
'Probability, between 0 and 1, of the positive (second) class of two, or of the predicted one of more.
model and row: as for mlops_predict.
Errors: 42809 for a regression model, otherwise as for mlops_predict.';

CREATE FUNCTION @extschema@.mlops_probabilities(model text, VARIADIC "any") RETURNS jsonb
	AS 'MODULE_PATHNAME', 'mlops_probabilities' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION @extschema@.mlops_probabilities(text, "any") IS
'Probabilities of all classes of one row, as {"label": probability, ...}.
model and row: as for mlops_predict.
Errors: 42809 for a regression model, otherwise as for mlops_predict.';

CREATE FUNCTION @extschema@.mlops_predict_table(model text, source text, key text DEFAULT NULL)
	RETURNS TABLE (key text, prediction text, value float8, probability float8)
	AS 'MODULE_PATHNAME', 'mlops_predict_table' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10000;
COMMENT ON FUNCTION @extschema@.mlops_predict_table(text, text, text) IS
'Scores all rows of a source, in blocks: faster than a call a row.
model: as for mlops_predict. source: as for mlops_train.
key: column that identifies rows in the result; by default the one-column primary key of the table, else the row''s number.
Returns key and prediction as text, value (NULL when the prediction is no number) and probability (NULL for regression).
Errors: as for mlops_predict, and 42501 without the right to read the source.';

CREATE FUNCTION @extschema@.mlops_evaluate(model text, source text)
	RETURNS TABLE (metric text, label text, value float8)
	AS 'MODULE_PATHNAME', 'mlops_evaluate' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION @extschema@.mlops_evaluate(text, text) IS
'Metrics of a version on the rows of a source, which must hold the features and the target.
model: as for mlops_predict. source: as for mlops_train.
Returns one row a metric; label is NULL for metrics of all rows, else the class.
Errors: 42501 without the right to predict or to read the source, 42703 missing column, 42804 wrong type, 02000 no row with a target.';

CREATE FUNCTION @extschema@.mlops_coefficients(model text)
	RETURNS TABLE (feature text, class text, estimate float8, std_error float8, statistic float8, p_value float8,
		conf_low float8, conf_high float8)
	AS 'MODULE_PATHNAME', 'mlops_coefficients' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 50;
COMMENT ON FUNCTION @extschema@.mlops_coefficients(text) IS
'Coefficients of a linear model in the units of the data, with standard errors, t or z statistics, p-values and 95 % confidence limits where the algorithm knows them.
model: as for mlops_predict.
class is NULL for regression and for two classes, where coefficients speak of the positive (second) one.
Errors: 42501 without the right to predict, 42704 unknown model, 42809 for an algorithm without coefficients.';

CREATE FUNCTION @extschema@.mlops_importance(model text, source text DEFAULT NULL, method text DEFAULT 'gain')
	RETURNS TABLE (feature text, importance float8, rank integer)
	AS 'MODULE_PATHNAME', 'mlops_importance' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION @extschema@.mlops_importance(text, text, text) IS
'How much each feature matters to a model, the most important first.
model: as for mlops_predict. method: gain (share of what all splits have gained; trees only), split (how many splits test it; trees only),
permutation (any model: the default metric on the source''s rows, less its mean over 5 permutations of the column).
source: for permutation: as for mlops_train, with the features and the target; it is read once.
Errors: 42501 without the right to predict or to read the source, 42809 for an algorithm without splits, 22023 unknown method or no source, 42703 missing column, 02000 no row with a target.';

CREATE FUNCTION @extschema@.mlops_explain(model text, VARIADIC "any")
	RETURNS TABLE (feature text, value text, contribution float8)
	AS 'MODULE_PATHNAME', 'mlops_explain' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 30;
COMMENT ON FUNCTION @extschema@.mlops_explain(text, "any") IS
'What each feature of a row contributes to its prediction: SHAP values, exact for trees (path-dependent) and for linear models.
Arguments as for mlops_predict. The line "(base)" is what the model says of an average training row; all contributions add up to the raw score:
the value of a regression (its logarithm for losses on a log scale), the log-odds of the positive class, the score of the predicted class of several, or the probability (forests).
Errors: as for mlops_predict, and 42809 for an algorithm that cannot be explained this way.';

CREATE FUNCTION @extschema@.mlops_tree(model text, tree integer DEFAULT 1)
	RETURNS TABLE (node integer, parent integer, depth integer, rule text, feature text, threshold float8, categories text[],
		missing_goes text, gain float8, "rows" bigint, value float8, class text)
	AS 'MODULE_PATHNAME', 'mlops_tree' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 60;
COMMENT ON FUNCTION @extschema@.mlops_tree(text, integer) IS
'The nodes of one tree of a model. Trees and nodes are counted from 1; the left child of a node comes right before the right one.
rule: what a row must satisfy to come from the parent to this node. feature, threshold, categories, missing_goes: the node''s own split; rows with
feature <= threshold, or a category of the list, go left. gain: of the split. rows: training rows. value: what a leaf adds to the raw score; in forests what the tree by itself says, of class where there are several.
Errors: 42501 without the right to predict, 42704 unknown model, 42809 for an algorithm without trees, 22023 no such tree.';

CREATE FUNCTION @extschema@.mlops_deploy(model text, version integer) RETURNS integer
	AS 'MODULE_PATHNAME', 'mlops_deploy' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.mlops_deploy(text, integer) IS
'Makes a version the live one; others see it when the transaction commits, at their next statement. Returns the version''s number.
model: its name alone. version: one of mlops.versions.
Errors: 42501 without the right to manage the model, 42704 unknown model or version.';

CREATE FUNCTION @extschema@.mlops_rollback(model text) RETURNS integer
	AS 'MODULE_PATHNAME', 'mlops_rollback' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.mlops_rollback(text) IS
'Makes the version live that was so before the live one; again, goes further back. Returns the number of the version now live.
model: its name alone.
Errors: 42501 without the right to manage the model, 42704 unknown model, 55000 when there is no earlier deployment.';

CREATE FUNCTION @extschema@.mlops_drop(model text, version integer DEFAULT NULL) RETURNS integer
	AS 'MODULE_PATHNAME', 'mlops_drop' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.mlops_drop(text, integer) IS
'Drops a version, or the model with all its versions, history and schedule. Returns the number of versions dropped.
model: its name alone. version: NULL (the default) drops the whole model, which only the owner may.
Errors: 42501 without the right, 42704 unknown model or version, 55006 when the version is live or has an alias.';

CREATE FUNCTION @extschema@.mlops_alias(model text, alias text, version integer) RETURNS void
	AS 'MODULE_PATHNAME', 'mlops_alias' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.mlops_alias(text, text, integer) IS
'Lets ''model@alias'' mean a version.
model: its name alone. alias: 1 to 200 bytes without "/" and "@". version: NULL removes the alias.
Errors: 42501 without the right to manage the model, 42704 unknown model, version or alias, 22023 unusable alias.';

CREATE FUNCTION @extschema@.mlops_grant(model text, role name, privilege text DEFAULT 'predict') RETURNS void
	AS 'MODULE_PATHNAME', 'mlops_grant' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.mlops_grant(text, name, text) IS
'Lets a role use a model.
model: its name alone. role: a role, or public for everybody.
privilege: predict (score, evaluate, inspect) or manage (also train, deploy, roll back, alias, schedule, drop versions).
Errors: 42501 unless called by the owner, 42704 unknown model or role, 22023 unknown privilege.';

CREATE FUNCTION @extschema@.mlops_revoke(model text, role name, privilege text DEFAULT 'predict') RETURNS void
	AS 'MODULE_PATHNAME', 'mlops_revoke' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.mlops_revoke(text, name, text) IS
'Takes back what mlops_grant gave; arguments and errors as there. A privilege that was not granted is only noticed.';

CREATE FUNCTION @extschema@.mlops_schedule(model text, schedule text, options jsonb DEFAULT '{}') RETURNS bigint
	AS 'MODULE_PATHNAME', 'mlops_schedule' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.mlops_schedule(text, text, jsonb) IS
'Lets pg_cron call mlops_retrain regularly, as the caller; replaces an earlier schedule of the model. Returns pg_cron''s job id.
model: its name alone. schedule: as pg_cron reads it, ''0 3 * * *'' is every night at three (GMT).
options: {"source": "..."} is passed on to mlops_retrain.
Errors: 55000 when pg_cron is not installed in this database, 42501 without the right to manage the model or to use schema cron, 22023 malformed schedule or unknown option.';

CREATE FUNCTION @extschema@.mlops_unschedule(model text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'mlops_unschedule' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.mlops_unschedule(text) IS
'Ends the schedule of a model; false when there was none.
model: its name alone.
Errors: 42501 without the right to manage the model, 42704 unknown model.';

CREATE FUNCTION @extschema@.mlops_drift(model text, source text)
	RETURNS TABLE (feature text, statistic text, value float8, threshold float8, drifted boolean)
	AS 'MODULE_PATHNAME', 'mlops_drift' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION @extschema@.mlops_drift(text, text) IS
'Compares the features of a source with the training distribution kept in the version: population stability index (psi) over deciles, or over the most frequent categories.
model: as for mlops_predict. source: as for mlops_train; the target is not needed.
drifted: value is over threshold.
Errors: 42501 without the right to predict or to read the source, 42703 missing column, 42804 wrong type, 02000 empty source.';

CREATE FUNCTION @extschema@.mlops_algorithms()
	RETURNS TABLE (name text, tasks text[], help text)
	AS 'MODULE_PATHNAME', 'mlops_algorithms' LANGUAGE C STABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION @extschema@.mlops_algorithms() IS
'The algorithms there are, and the tasks each can do.';

CREATE FUNCTION @extschema@.mlops_parameters(algorithm text)
	RETURNS TABLE (name text, type text, "default" jsonb, range text, help text)
	AS 'MODULE_PATHNAME', 'mlops_parameters' LANGUAGE C STABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION @extschema@.mlops_parameters(text) IS
'The hyperparameters of an algorithm: what mlops_train takes in params.
algorithm: one of mlops_algorithms().
Errors: 22023 unknown algorithm.';

CREATE FUNCTION @extschema@.mlops_version()
	RETURNS TABLE (extension text, postgresql text, compiler text, blas text, blas_kernel text, threads integer)
	AS 'MODULE_PATHNAME', 'mlops_version' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1;
COMMENT ON FUNCTION @extschema@.mlops_version() IS
'Version of the extension''s library and of the server, compiler, BLAS library with the kernel it uses on this CPU (NULL for built-in loops), and threads a call may use.';

CREATE FUNCTION @extschema@.mlops_progress()
	RETURNS TABLE (pid integer, datname text, usename text, command text, model text, stage text, phase text,
		done bigint, total bigint, percent float8, started timestamptz)
	AS 'MODULE_PATHNAME', 'mlops_progress' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION @extschema@.mlops_progress() IS
'Running calls of the caller''s own roles, or all of them for members of pg_read_all_stats: stage (load, split, preprocess, fit, evaluate, store) and how much of it is done. total and percent are NULL when the end is not known. Long model names are cut.';

CREATE FUNCTION @extschema@.mlops_cache()
	RETURNS TABLE (models bigint, bytes bigint, hits bigint, misses bigint)
	AS 'MODULE_PATHNAME', 'mlops_cache' LANGUAGE C VOLATILE PARALLEL RESTRICTED ROWS 1;
COMMENT ON FUNCTION @extschema@.mlops_cache() IS
'Models that this session keeps ready for scoring, their memory (limit: mlops.cache_size), and how often they were found there or had to be read.';

/*
 * Views.  They read as their owner and show what the current user may see: security_barrier keeps
 * conditions of the query from looking at other rows.
 */

CREATE VIEW mlops.visible_model WITH (security_barrier) AS
	SELECT m.* FROM mlops.model m
	WHERE pg_has_role(m.owner, 'USAGE')
		OR EXISTS (SELECT FROM mlops.model_privilege p
			WHERE p.model_id = m.model_id AND (p.grantee = 0::oid OR pg_has_role(p.grantee, 'USAGE')));
COMMENT ON VIEW mlops.visible_model IS 'models that the current user owns or was granted: what the other views begin with';

CREATE VIEW mlops.models WITH (security_barrier) AS
	SELECT m.name AS model, m.task, v.version AS live_version, v.algorithm, v.metric, v.value,
		(SELECT count(*) FROM mlops.model_version a WHERE a.model_id = m.model_id) AS versions,
		m.owner, m.created_at
	FROM mlops.visible_model m LEFT JOIN mlops.model_version v ON v.version_id = m.live_version_id;
COMMENT ON VIEW mlops.models IS 'models, with algorithm and metric of the live version';

CREATE VIEW mlops.versions WITH (security_barrier) AS
	SELECT m.name AS model, v.version, v.algorithm, v.task, v.version_id IS NOT DISTINCT FROM m.live_version_id AS live,
		v.metric, v.value, v.baseline, v.train_rows, v.test_rows, v.skipped_rows, v.params, v.preprocess, v.features,
		v.classes, v.metrics, v.definition, v.seed, lpad(to_hex(v.fingerprint), 16, '0') AS fingerprint, v.seconds,
		v.bytes, v.build, v.created_by, v.created_at
	FROM mlops.visible_model m JOIN mlops.model_version v ON v.model_id = m.model_id;
COMMENT ON VIEW mlops.versions IS 'versions: how each was made and how good it is';

CREATE VIEW mlops.deployments WITH (security_barrier) AS
	SELECT m.name AS model, d.version, d.action, d.reason, d.deployed_by, d.deployed_at AS live_from,
		lead(d.deployed_at) OVER (PARTITION BY d.model_id ORDER BY d.deployment_id) AS live_until,
		d.deployment_id
	FROM mlops.visible_model m JOIN mlops.deployment d ON d.model_id = m.model_id;
COMMENT ON VIEW mlops.deployments IS 'what was live when, by whom and why; live_until is NULL for what is live now';

CREATE VIEW mlops.metrics WITH (security_barrier) AS
	SELECT m.name AS model, v.version, e.dataset, e.metric, e.label, e.value
	FROM mlops.visible_model m JOIN mlops.model_version v ON v.model_id = m.model_id
		JOIN mlops.model_metric e ON e.version_id = v.version_id;
COMMENT ON VIEW mlops.metrics IS 'metrics of all versions; label is NULL for metrics of all rows';

CREATE VIEW mlops.aliases WITH (security_barrier) AS
	SELECT m.name AS model, a.alias, v.version, a.set_by, a.set_at
	FROM mlops.visible_model m JOIN mlops.model_alias a ON a.model_id = m.model_id
		JOIN mlops.model_version v ON v.version_id = a.version_id;
COMMENT ON VIEW mlops.aliases IS 'what ''model@alias'' means';

CREATE VIEW mlops.privileges WITH (security_barrier) AS
	SELECT m.name AS model, CASE WHEN p.grantee = 0::oid THEN 'public' ELSE pg_get_userbyid(p.grantee) END AS grantee,
		p.privilege, p.granted_by, p.granted_at
	FROM mlops.visible_model m JOIN mlops.model_privilege p ON p.model_id = m.model_id;
COMMENT ON VIEW mlops.privileges IS 'what others than the owner may do with a model';

CREATE VIEW mlops.schedules WITH (security_barrier) AS
	SELECT m.name AS model, s.schedule, s.options, s.job_id, s.created_by, s.created_at
	FROM mlops.visible_model m JOIN mlops.model_schedule s ON s.model_id = m.model_id;
COMMENT ON VIEW mlops.schedules IS 'models that pg_cron retrains; job_id leads to cron.job and cron.job_run_details';

CREATE VIEW mlops.progress WITH (security_barrier) AS
	SELECT * FROM @extschema@.mlops_progress();
COMMENT ON VIEW mlops.progress IS 'running calls: see mlops_progress()';

REVOKE ALL ON ALL TABLES IN SCHEMA mlops FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA mlops FROM PUBLIC;
GRANT USAGE ON SCHEMA mlops TO PUBLIC;
GRANT SELECT ON mlops.models, mlops.versions, mlops.deployments, mlops.metrics, mlops.aliases, mlops.privileges,
	mlops.schedules, mlops.progress TO PUBLIC;
