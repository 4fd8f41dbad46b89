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
	inspection jsonb,
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
COMMENT ON COLUMN mlops.model_version.inspection IS 'what was found wrong with its data; NULL when mlops.inspect was off';

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

CREATE TABLE mlops.contract (
	contract_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT contract_pkey PRIMARY KEY,
	name text COLLATE "C" NOT NULL CONSTRAINT contract_name_key UNIQUE
		CONSTRAINT contract_name_length CHECK (octet_length(name) BETWEEN 1 AND 200),
	owner regrole NOT NULL,
	source text NOT NULL,
	path text NOT NULL,
	rules jsonb NOT NULL CONSTRAINT contract_rules CHECK (jsonb_typeof(rules) = 'array'),
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mlops.contract IS 'what tables must hold';
COMMENT ON COLUMN mlops.contract.contract_id IS 'key';
COMMENT ON COLUMN mlops.contract.name IS 'what functions take as contract; unique in the database';
COMMENT ON COLUMN mlops.contract.owner IS 'role that may check by it, change and drop it, together with its members';
COMMENT ON COLUMN mlops.contract.source IS 'query that it was written for, every name qualified';
COMMENT ON COLUMN mlops.contract.path IS 'search path that its expressions are read under';
COMMENT ON COLUMN mlops.contract.rules IS 'the rules, as mlops_expect takes them';
COMMENT ON COLUMN mlops.contract.created_at IS 'when it was first written down';
COMMENT ON COLUMN mlops.contract.updated_at IS 'when it was last written down';

CREATE TABLE mlops.trial (
	model_id bigint NOT NULL,
	version integer NOT NULL,
	trial integer NOT NULL CONSTRAINT trial_trial CHECK (trial >= 1),
	command text NOT NULL CONSTRAINT trial_command CHECK (command IN ('tune', 'auto')),
	rank integer CONSTRAINT trial_rank CHECK (rank >= 1),
	algorithm text NOT NULL,
	params jsonb NOT NULL,
	status text NOT NULL CONSTRAINT trial_status CHECK (status IN ('done', 'stopped', 'failed')),
	message text,
	folds integer NOT NULL CONSTRAINT trial_folds CHECK (folds >= 0),
	train_rows bigint NOT NULL CONSTRAINT trial_train_rows CHECK (train_rows >= 0),
	metric text NOT NULL,
	mean float8,
	stddev float8,
	seconds float8 NOT NULL CONSTRAINT trial_seconds CHECK (seconds >= 0),
	started_at timestamptz NOT NULL,
	CONSTRAINT trial_pkey PRIMARY KEY (model_id, version, trial)
);
COMMENT ON TABLE mlops.trial IS 'what was tried before a version was trained, one set of parameters a row; rows never change';
COMMENT ON COLUMN mlops.trial.model_id IS 'the model';
COMMENT ON COLUMN mlops.trial.version IS 'the version that the best trial became';
COMMENT ON COLUMN mlops.trial.trial IS 'number within the search, from 1, in the order of the first fits';
COMMENT ON COLUMN mlops.trial.command IS 'tune or auto';
COMMENT ON COLUMN mlops.trial.rank IS 'place among those judged on all folds and rows; NULL for the others';
COMMENT ON COLUMN mlops.trial.algorithm IS 'one of mlops_algorithms()';
COMMENT ON COLUMN mlops.trial.params IS 'hyperparameters as tried, without defaults';
COMMENT ON COLUMN mlops.trial.status IS 'done: judged on all folds and rows; stopped: beaten before that, or out of time; failed: these parameters led to an error';
COMMENT ON COLUMN mlops.trial.message IS 'the error';
COMMENT ON COLUMN mlops.trial.folds IS 'folds it was judged on';
COMMENT ON COLUMN mlops.trial.train_rows IS 'rows that its last fit learned from';
COMMENT ON COLUMN mlops.trial.metric IS 'the deciding metric';
COMMENT ON COLUMN mlops.trial.mean IS 'mean of the metric over these folds; NULL when it is not defined';
COMMENT ON COLUMN mlops.trial.stddev IS 'standard deviation over these folds';
COMMENT ON COLUMN mlops.trial.seconds IS 'how long its fits took';
COMMENT ON COLUMN mlops.trial.started_at IS 'when its first fit began';

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
CREATE TRIGGER refuse_update BEFORE UPDATE ON mlops.trial
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
SELECT pg_extension_config_dump('mlops.trial', '');
SELECT pg_extension_config_dump('mlops.contract', '');
SELECT pg_extension_config_dump('mlops.contract_contract_id_seq', '');

/*
 * Functions, in the order of a model's life.
 */

CREATE FUNCTION @extschema@.mlops_train(
	model text, source text, target text DEFAULT NULL, algorithm text DEFAULT NULL, params jsonb DEFAULT '{}',
	task text DEFAULT NULL, features text[] DEFAULT NULL, exclude text[] DEFAULT NULL, preprocess jsonb DEFAULT '{}',
	split jsonb DEFAULT '{"test_size": 0.2}', weight text DEFAULT NULL, seed bigint DEFAULT 0,
	deploy text DEFAULT 'if_better', metric text DEFAULT NULL, contract text DEFAULT NULL)
	RETURNS TABLE (model text, version integer, algorithm text, task text, train_rows bigint, test_rows bigint,
		metric text, value float8, baseline float8, deployed boolean, seconds float8, metrics jsonb)
	AS 'MODULE_PATHNAME', 'mlops_train' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION @extschema@.mlops_train(text, text, text, text, jsonb, text, text[], text[], jsonb, jsonb, text, bigint, text, text, text) IS
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
contract: name of a contract of mlops_expect() that the source must keep; checked before anything is read, and again by mlops_retrain.
Errors: 23514 the contract is broken, 42501 without the right to manage the model or to read the source, 42703 unknown column, 42701 two columns of one name, 22023 unknown or bad parameter, 42P17 the model has another task.';

CREATE FUNCTION @extschema@.mlops_retrain(model text, source text DEFAULT NULL)
	RETURNS TABLE (model text, version integer, algorithm text, task text, train_rows bigint, test_rows bigint,
		metric text, value float8, baseline float8, deployed boolean, seconds float8, metrics jsonb)
	AS 'MODULE_PATHNAME', 'mlops_retrain' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION @extschema@.mlops_retrain(text, text) IS
'Trains again from the recorded definition of a version, on today''s rows; deploys if better. Returns one row, as mlops_train does.
model: ''churn'' repeats the live version, ''churn/3'' and ''churn@alias'' another one.
source: replaces the recorded source when given.
Errors: 42501 without the right to manage the model or to read the source, 42704 unknown model or version, and those of mlops_train.';

-- Before a model is stored: how good parameters would be, and which are best.
CREATE FUNCTION @extschema@.mlops_cross_validate(
	source text, target text, algorithm text DEFAULT NULL, params jsonb DEFAULT '{}', folds integer DEFAULT 5,
	method text DEFAULT 'stratified', group_column text DEFAULT NULL, time_column text DEFAULT NULL, gap text DEFAULT NULL,
	repeats integer DEFAULT 1, task text DEFAULT NULL, features text[] DEFAULT NULL, exclude text[] DEFAULT NULL,
	preprocess jsonb DEFAULT '{}', weight text DEFAULT NULL, seed bigint DEFAULT 0, metric text DEFAULT NULL)
	RETURNS TABLE (repeat integer, fold integer, train_rows bigint, test_rows bigint, metric text, statistic text, value float8)
	AS 'MODULE_PATHNAME', 'mlops_cross_validate' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION @extschema@.mlops_cross_validate(text, text, text, jsonb, integer, text, text, text, text, integer, text, text[], text[], jsonb, text, bigint, text) IS
'Trains on all folds but one and tests on that one, in turns; stores nothing. The rows are read once; preprocessing is fitted on the training rows of each fold.
source, target, algorithm, params, task, features, exclude, preprocess, weight, seed: as for mlops_train.
folds: 2 or more. repeats: deals the rows out again so many times.
method: stratified (classes alike in all folds; random for regression), random, group (rows of one group_column value stay together) or time (each fold is tested by what lies before it in time_column).
gap: for time: what to leave out between training and test rows, as a number of rows or an interval.
metric: the only one to return; by default all.
Returns one row a fold and metric (statistic value), then mean and stddev (repeat, fold and rows NULL); folds where a metric is not defined have value NULL and do not count.
Errors: 22023 folds over rows, groups or times, unknown or bad parameter, 42501 without the right to read the source, 42703 unknown column.';

CREATE FUNCTION @extschema@.mlops_tune(
	model text, source text, target text, algorithm text DEFAULT NULL, search jsonb DEFAULT NULL, method text DEFAULT 'random',
	n_iter integer DEFAULT 20, folds integer DEFAULT 5, metric text DEFAULT NULL, max_seconds float8 DEFAULT NULL, seed bigint DEFAULT 0,
	deploy text DEFAULT 'if_better', params jsonb DEFAULT '{}', task text DEFAULT NULL, features text[] DEFAULT NULL,
	exclude text[] DEFAULT NULL, preprocess jsonb DEFAULT '{}', split jsonb DEFAULT '{"test_size": 0.2}', weight text DEFAULT NULL,
	contract text DEFAULT NULL)
	RETURNS TABLE (model text, version integer, algorithm text, task text, params jsonb, trials integer, metric text, mean float8,
		stddev float8, value float8, baseline float8, deployed boolean, seconds float8)
	AS 'MODULE_PATHNAME', 'mlops_tune' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION @extschema@.mlops_tune(text, text, text, text, jsonb, text, integer, integer, text, float8, bigint, text, jsonb, text, text[], text[], jsonb, jsonb, text, text) IS
'Searches for the best parameters by cross-validation on the training rows, trains a version with them and stores it; the trials are rows of mlops.trials.
model, source, target, algorithm, task, features, exclude, preprocess, split, weight, seed, deploy, contract: as for mlops_train.
search: {"learning_rate": {"min": 0.01, "max": 0.3, "log": true}, "max_leaf_nodes": [15, 31, 63]}; by default the algorithm''s usual space.
params: parameters that all trials share.
method: grid (all combinations of lists), random, halving (all on few rows, the better third on three times as many, and so on) or bayes (each where the ones before promise most).
n_iter: number of trials; a grid is tried in full. folds: in time when the split is, else stratified.
metric: the deciding metric, as for mlops_train. max_seconds: for the search; the best trial so far is trained after it.
Returns one row: params of the best trial, mean and stddev of the metric over its folds, value and baseline on the test rows as mlops_train does.
Errors: 22023 a space that the algorithm has no use for, an unknown metric, folds over rows, and those of mlops_train.';

CREATE FUNCTION @extschema@.mlops_auto(
	model text, source text, target text, params jsonb DEFAULT '{}', metric text DEFAULT NULL, task text DEFAULT NULL,
	features text[] DEFAULT NULL, exclude text[] DEFAULT NULL, preprocess jsonb DEFAULT '{}',
	split jsonb DEFAULT '{"test_size": 0.2}', weight text DEFAULT NULL, seed bigint DEFAULT 0, deploy text DEFAULT 'if_better',
	contract text DEFAULT NULL)
	RETURNS TABLE (model text, version integer, algorithm text, task text, params jsonb, trials integer, metric text, mean float8,
		stddev float8, value float8, baseline float8, deployed boolean, seconds float8)
	AS 'MODULE_PATHNAME', 'mlops_auto' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION @extschema@.mlops_auto(text, text, text, jsonb, text, text, text[], text[], jsonb, jsonb, text, bigint, text, text) IS
'Searches for the best algorithm and parameters within a time, by cross-validation on the training rows, trains a version with them and stores it; what was tried is in mlops.leaderboard and mlops.trials.
model, source, target, task, features, exclude, preprocess, split, weight, seed, deploy, metric, contract: as for mlops_train.
params: {"max_seconds": 60, "folds": 5, "algorithms": ["ridge", "gradient_boosting"]}; by default all that fit the task. Every algorithm is judged with its defaults first. "ensemble": true, or a number from 2 to 5, tries a mixture of the best as well.
Returns one row, as mlops_tune does. mlops_train(..., algorithm => ''auto'') is the same.
Errors: 22023 an unknown option, algorithm or metric, and those of mlops_train.';

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

-- How far off a prediction may be.
CREATE FUNCTION @extschema@.mlops_interval(model text, "row" "any", coverage float8 DEFAULT 0.9, OUT low float8, OUT high float8)
	AS 'MODULE_PATHNAME', 'mlops_interval' LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION @extschema@.mlops_interval(text, "any", float8) IS
'The interval around the predicted number that holds the true one with the probability asked for (split conformal prediction), whatever the algorithm.
model: as for mlops_predict, a regression trained with params => ''{"conformal": true}''. row: one composite, one jsonb object or one float8[]. coverage: between 0 and 1.
Returns low and high; both are infinite when too few rows were held back for the coverage. NULL for a NULL model, row or coverage.
Errors: 42809 for a model trained without conformal, or of classes (use mlops_label_set), 22023 for a coverage that is no share, otherwise as for mlops_predict.';

CREATE FUNCTION @extschema@.mlops_label_set(model text, "row" "any", coverage float8 DEFAULT 0.9) RETURNS text[]
	AS 'MODULE_PATHNAME', 'mlops_label_set' LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION @extschema@.mlops_label_set(text, "any", float8) IS
'The labels among which the true one is with the probability asked for (split conformal prediction), whatever the algorithm.
model: as for mlops_predict, a classification trained with params => ''{"conformal": true}''. row and coverage: as for mlops_interval.
Returns labels in the order of the classes, the likeliest always among them; all of them when too few rows were held back for the coverage.
Errors: 42809 for a model trained without conformal, or a regression (use mlops_interval), 22023 for a coverage that is no share, otherwise as for mlops_predict.';

CREATE FUNCTION @extschema@.mlops_predict_table(model text, source text, key text DEFAULT NULL)
	RETURNS TABLE (key text, prediction text, value float8, probability float8)
	AS 'MODULE_PATHNAME', 'mlops_predict_table' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10000;
COMMENT ON FUNCTION @extschema@.mlops_predict_table(text, text, text) IS
'Scores all rows of a source, in blocks: faster than a call a row.
model: as for mlops_predict. source: as for mlops_train.
key: column that identifies rows in the result; by default the one-column primary key of the table, else the row''s number.
Returns key and prediction as text, value (NULL when the prediction is no number) and probability (NULL for regression).
Errors: as for mlops_predict, and 42501 without the right to read the source.';

-- What a model sees.
CREATE FUNCTION @extschema@.mlops_transform(model text, source text)
	RETURNS TABLE ("row" bigint, feature text, value float8)
	AS 'MODULE_PATHNAME', 'mlops_transform' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100000;
COMMENT ON FUNCTION @extschema@.mlops_transform(text, text) IS
'The rows of a source as the model sees them: imputed, scaled, encoded.
model: as for mlops_predict. source: as for mlops_train; the target is not needed.
Returns row (number in the order of the source, from 1), feature (as in mlops_features) and value: every number, NULL where it is
missing and stays so; of features that are 0 for most rows (one-hot, words of a text) those that are not 0; the code of a
category for algorithms that take categories as they are.
Errors: as for mlops_predict_table.';

CREATE FUNCTION @extschema@.mlops_features(model text)
	RETURNS TABLE ("position" integer, feature text, origin text[], step text, fitted jsonb)
	AS 'MODULE_PATHNAME', 'mlops_features' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION @extschema@.mlops_features(text) IS
'The features that a model''s columns became, in the order in which the model sees them.
model: as for mlops_predict.
Returns position (from 1), feature, origin (the columns it comes from), step (the encoding or the stage that made it) and fitted:
what was learned of it on the training rows, as an object that depends on the step.
Errors: 42704 for a model that is not there, 42501 without the right to use it.';

CREATE FUNCTION @extschema@.mlops_evaluate(model text, source text, by text DEFAULT NULL, bootstrap integer DEFAULT 0,
		coverage float8 DEFAULT 0.95, seed bigint DEFAULT 0)
	RETURNS TABLE (metric text, label text, value float8, by_value text, low float8, high float8)
	AS 'MODULE_PATHNAME', 'mlops_evaluate' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION @extschema@.mlops_evaluate(text, text, text, integer, float8, bigint) IS
'Metrics of a version on the rows of a source, which must hold the features and the target.
model: as for mlops_predict. source: as for mlops_train; rows without a target are left out.
by: a column of the source: metrics of the rows of each of its values, at most 10,000. bootstrap: how many resamples of the rows give
low and high, the interval that holds a metric with probability coverage; 0: none. seed: of the resamples.
Returns one row a metric; label is NULL for metrics of all rows, else the class.
Errors: 42501 without the right to predict or to read the source, 42703 missing column, 42804 wrong type, 02000 no row with a target, 54000 too many values of by, 22023 bootstrap or coverage out of range.';

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

CREATE FUNCTION @extschema@.mlops_training_curve(model text)
	RETURNS TABLE (iteration integer, train_loss float8, validation_value float8)
	AS 'MODULE_PATHNAME', 'mlops_training_curve' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION @extschema@.mlops_training_curve(text) IS
'How the training of a version went, one row an iteration: of mlp, once through all rows (adam, sgd) or one step (lbfgs).
train_loss: what was minimised, penalty included, the mean over the iteration''s batches; for numbers in the target''s unit squared. validation_value: of the rows
held back by early_stopping, accuracy or R2; NULL when none were.
Errors: 42501 without the right to predict, 42704 unknown model, 42809 for an algorithm that keeps no record.';

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

CREATE FUNCTION @extschema@.mlops_inspect(source text, target text, split jsonb DEFAULT '{"test_size": 0.2}')
	RETURNS TABLE (finding text, severity text, column_name text, value float8, detail text)
	AS 'MODULE_PATHNAME', 'mlops_inspect' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION @extschema@.mlops_inspect(text, text, jsonb) IS
'What is wrong with the data of a training with these arguments; no rows when nothing was found. Every training looks, too, unless mlops.inspect is off:
warnings come as NOTICEs, and all is kept in mlops.versions.inspection.
leak: a column that alone predicts the target almost perfectly. later: a time after the row''s own (of a split by time), or in the future.
id, constant: columns a training leaves out. missing: over 95 % NULL. wide_category: over 1,000 categories. repeated_rows, test_rows_in_training: shares of equal rows.
shift: a classifier can tell test rows from training rows. more_columns_than_rows, missing_target, tiny_class: under ten training rows.
source, target, split: as for mlops_train.
Errors: as for mlops_train.';

CREATE FUNCTION @extschema@.mlops_expect(name text, source text, rules jsonb DEFAULT NULL)
	RETURNS TABLE (rule_id integer, rule text, column_name text, expected text, severity text, tolerance float8)
	AS 'MODULE_PATHNAME', 'mlops_expect' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 50;
COMMENT ON FUNCTION @extschema@.mlops_expect(text, text, jsonb) IS
'Writes down, or learns, what a table must hold: a contract. Returns its rules. The owner''s next call under the same name replaces it.
name: of the contract, 1 to 200 bytes. source: as for mlops_train.
rules: array of objects, each {"rule": ..., "severity": "error" | "warning", "tolerance": share of the rows that must satisfy it, ...}:
type (column, type), not_null (column), null_share (column, max), range (column, min, max), in (column, values), matches (column, pattern),
unique (column or columns), expression (expression: a boolean SQL expression on the columns of a row; NULL counts as true),
row_count (min, max), freshness (column, max_age). NULL: learned from the rows of the source.
Errors: 22023 a rule that cannot be, 42703 unknown column, 42601 no single expression, 42804 an expression that is not boolean, 42803 aggregates, 42P17 volatile functions, 42501 a contract of somebody else, or no right to read the source.';

CREATE FUNCTION @extschema@.mlops_check(name text, source text DEFAULT NULL)
	RETURNS TABLE (rule_id integer, rule text, column_name text, severity text, passed boolean, observed text, expected text,
		failing_rows bigint, examples jsonb)
	AS 'MODULE_PATHNAME', 'mlops_check' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 50;
COMMENT ON FUNCTION @extschema@.mlops_check(text, text) IS
'Whether a table keeps a contract: one row a rule, in one pass over the table and a short one for the examples of each rule that failed.
name: of a contract of mlops_expect(). source: as for mlops_train; NULL: the one it was written for.
observed: what is there. failing_rows: rows that violate the rule, NULL for rules about the whole table. examples: up to three of them.
A column that is gone or has another type makes its rules fail. Expressions run with the caller''s rights.
Errors: 42704 unknown contract, 42501 a contract of somebody else, or no right to read the source.';

CREATE FUNCTION @extschema@.mlops_drop_contract(name text) RETURNS void
	AS 'MODULE_PATHNAME', 'mlops_drop_contract' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.mlops_drop_contract(text) IS
'Forgets a contract. Versions that were trained under it stay; retraining them fails until it is written down again.
Errors: 42704 unknown contract, 42501 a contract of somebody else.';

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

CREATE FUNCTION @extschema@.mlops_running_trials()
	RETURNS TABLE (model text, command text, trial integer, algorithm text, params jsonb, status text, folds integer, train_rows bigint,
		metric text, mean float8, stddev float8, seconds float8)
	AS 'MODULE_PATHNAME', 'mlops_running_trials' LANGUAGE C VOLATILE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION @extschema@.mlops_running_trials() IS
'Trials of searches that are running in this database: of the caller''s own roles, or of all for members of pg_read_all_stats. Columns as in mlops.trials; status is running for the one at hand. The last 500 of a search are shown.';

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
 * What a table holds.
 */

CREATE FUNCTION @extschema@.mlops_profile(source text, columns text[] DEFAULT NULL, by text DEFAULT NULL)
	RETURNS TABLE (by_value text, column_name text, data_type text, "rows" bigint, nulls bigint, distinct_values bigint, exact boolean,
		min text, max text, mean float8, stddev float8, skew float8, p01 float8, p05 float8, p25 float8, p50 float8, p75 float8,
		p95 float8, p99 float8, zeros bigint, infinities bigint, outliers_iqr bigint, outliers_z bigint, top_values jsonb,
		histogram_edges float8[], histogram_counts bigint[], sparkline text, remark text)
	AS 'MODULE_PATHNAME', 'mlops_profile' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION @extschema@.mlops_profile(text, text[], text) IS
'What the columns of a source hold: one row a column, and with by one row a column and group.
source: as for mlops_train; it is read once. columns: NULL (the default) is all but by. by: profile the rows of each of its values apart, at most 10,000.
exact is false where the columns did not fit into mlops.max_memory: distinct_values, quantiles, outliers, top_values and histogram are then estimates.
Times are seconds since 1970 in mean, stddev, quantiles and histogram. remark says what stands out.
Errors: 42501 without the right to read the source, 42703 unknown column, 54000 too many groups.';

CREATE FUNCTION @extschema@.mlops_correlation(source text, method text DEFAULT 'auto', columns text[] DEFAULT NULL)
	RETURNS TABLE (a text, b text, measure text, value float8, "rows" bigint)
	AS 'MODULE_PATHNAME', 'mlops_correlation' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION @extschema@.mlops_correlation(text, text, text[]) IS
'Correlation of every pair of columns, over the rows where both have a value.
source: as for mlops_train. columns: NULL (the default) is all that the method can use.
method: pearson, spearman (numbers), cramers_v, cramers_v_corrected (categories), correlation_ratio (a category and a number), or auto: for two numbers
pearson, for two categories cramers_v, for one of each correlation_ratio.
value is NULL where a column does not vary.
Errors: 42501 without the right to read the source, 42703 unknown column, 42804 a column that the method cannot use, 22023 unknown method, 02000 empty source.';

CREATE FUNCTION @extschema@.mlops_associate(source text, target text, columns text[] DEFAULT NULL)
	RETURNS TABLE (rank integer, feature text, mutual_information float8, share float8, method text, "rows" bigint)
	AS 'MODULE_PATHNAME', 'mlops_associate' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION @extschema@.mlops_associate(text, text, text[]) IS
'Ranks columns by what they say about a target: mutual information, in nats.
source: as for mlops_train; rows without a target are left out. columns: NULL (the default) is all but the target.
share: of the target''s entropy; NULL where the target is a number. method: counts (two discrete columns, all rows) or nearest_neighbours (3 neighbours, at most 10,000 rows).
Texts, booleans, and integers of at most 20 values are discrete.
Errors: 42501 without the right to read the source, 42703 unknown column, 42804 a column that cannot be compared, 02000 no row with a target.';

/*
 * Cleaning.  The functions in schema mlops are what cleaned values go through; the views that mlops_clean makes call them.
 */

CREATE FUNCTION @extschema@.mlops_clean(source text, destination text, rules jsonb DEFAULT NULL, dry_run boolean DEFAULT false,
		replace boolean DEFAULT false)
	RETURNS TABLE (step integer, rule text, column_name text, rows_touched bigint, examples jsonb, detail text, applied jsonb)
	AS 'MODULE_PATHNAME', 'mlops_clean' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION @extschema@.mlops_clean(text, text, jsonb, boolean, boolean) IS
'Makes a cleaned table (or view) from a source; one row a rule and column. The source is not changed.
source: as for mlops_train. destination: name of the table or view to make; NULL is allowed in a dry run.
rules: an array of {"rule": name, "columns": [names] or "*", options}, applied in that order, or {"as": "table" or "view", "replace": bool, "rejected": bool, "rules": [...]}; NULL proposes rules from the profile. Rules: drop_duplicates, drop_missing_rows, drop_missing_columns, drop_columns, trim, collapse_space, fold_case, placeholders, to_number, to_date, to_timestamp, clip, drop_outliers, range, merge_rare, merge_similar, map, fill.
"rejected": rows that rules drop go to <destination>_rejected, as the source has them, with the reason.
dry_run: show what the rules would do and make nothing. replace: drop what has the name now, in the same transaction.
applied: the rule with what it learned, to be given again.
Errors: 42P07 the destination exists, 42501 without the right to read the source or to create the destination, 42703 unknown column, 42804 a rule that cannot work on a type, 22023 unknown or contradictory rules, 55006 the source reads the destination, 2BP01 something depends on what is to be replaced.';

CREATE FUNCTION mlops.trim(value text) RETURNS text
	AS 'MODULE_PATHNAME', 'mlops_trim' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.trim(text) IS 'value without white space, of Unicode too, at both ends';

CREATE FUNCTION mlops.collapse_space(value text) RETURNS text
	AS 'MODULE_PATHNAME', 'mlops_collapse_space' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.collapse_space(text) IS 'value trimmed, with one blank for each run of white space';

CREATE FUNCTION mlops.without(value text, placeholders text[]) RETURNS text
	AS 'MODULE_PATHNAME', 'mlops_without' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.without(text, text[]) IS 'NULL when value, trimmed and whatever its case, is one of the placeholders; else value';

CREATE FUNCTION mlops.read_numeric(value text, decimal_sign text, thousands text, strip text) RETURNS numeric
	AS 'MODULE_PATHNAME', 'mlops_read_numeric' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.read_numeric(text, text, text, text) IS
'The number in value, or NULL when it is none. strip: characters to take off both ends.';

CREATE FUNCTION mlops.read_bigint(value text, decimal_sign text, thousands text, strip text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'mlops_read_bigint' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.read_bigint(text, text, text, text) IS
'The whole number in value, or NULL when it is none. strip: characters to take off both ends.';

CREATE FUNCTION mlops.read_float(value text, decimal_sign text, thousands text, strip text) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_read_float' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.read_float(text, text, text, text) IS
'The number in value as a double, or NULL when it is none. strip: characters to take off both ends.';

CREATE FUNCTION mlops.read_date(value text, format text, date_order text) RETURNS date
	AS 'MODULE_PATHNAME', 'mlops_read_date' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.read_date(text, text, text) IS
'The date in value, or NULL when it is none. format: as for to_date, or empty; date_order: YMD, DMY or MDY where digits alone do not tell.';

CREATE FUNCTION mlops.read_timestamp(value text, format text, date_order text) RETURNS timestamp
	AS 'MODULE_PATHNAME', 'mlops_read_timestamp' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.read_timestamp(text, text, text) IS
'The timestamp in value, or NULL when it is none; a time zone is passed over. format: as for to_timestamp, or empty; date_order: YMD, DMY or MDY.';

CREATE FUNCTION mlops.read_timestamptz(value text, format text, date_order text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'mlops_read_timestamptz' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.read_timestamptz(text, text, text) IS
'The timestamp with time zone in value, or NULL when it is none. format: as for to_timestamp, or empty; date_order: YMD, DMY or MDY.';

/*
 * Evaluation in full.
 */

CREATE FUNCTION @extschema@.mlops_classification_report(model text, source text DEFAULT NULL, by text DEFAULT NULL)
	RETURNS TABLE (by_value text, label text, "precision" float8, recall float8, f1 float8, support float8)
	AS 'MODULE_PATHNAME', 'mlops_classification_report' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION @extschema@.mlops_classification_report(text, text, text) IS
'Precision, recall and f1 of every class that occurs in truth or prediction, and their averages in the last three rows, as scikit-learn''s classification_report.
model, source, by: as for mlops_evaluate. Without a source: of the rows that training held back, for all classes, from what is recorded with the version.
label: the class, or accuracy (which stands in f1), macro avg, weighted avg. support: rows of the class (in the record of a training with weights: their sum).
Errors: as for mlops_evaluate, 42809 for a regression, 02000 without a source for a version without test rows.';

CREATE FUNCTION @extschema@.mlops_confusion_matrix(model text, source text, by text DEFAULT NULL)
	RETURNS TABLE (by_value text, truth text, predicted text, "rows" bigint)
	AS 'MODULE_PATHNAME', 'mlops_confusion_matrix' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION @extschema@.mlops_confusion_matrix(text, text, text) IS
'How many rows of each class were predicted as which: one row for each pair of classes that occur in truth or prediction, pairs without rows too.
model, source, by: as for mlops_evaluate.
Errors: as for mlops_evaluate, and 42809 for a regression.';

CREATE FUNCTION @extschema@.mlops_roc_curve(model text, source text, by text DEFAULT NULL, label text DEFAULT NULL)
	RETURNS TABLE (by_value text, threshold float8, false_positive_rate float8, true_positive_rate float8)
	AS 'MODULE_PATHNAME', 'mlops_roc_curve' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1000;
COMMENT ON FUNCTION @extschema@.mlops_roc_curve(text, text, text, text) IS
'The ROC curve of the probability of a class, from (0, 0) to (1, 1), without points on a straight line between their neighbours, as scikit-learn''s roc_curve.
model, source, by: as for mlops_evaluate. label: the class that is set against the others; NULL: the positive one of two.
threshold: rows of at least this probability are taken as positive. A rate of no rows is NULL.
Errors: as for mlops_evaluate, 42809 for a regression, 22023 unknown label, or none with more than two classes.';

CREATE FUNCTION @extschema@.mlops_pr_curve(model text, source text, by text DEFAULT NULL, label text DEFAULT NULL)
	RETURNS TABLE (by_value text, threshold float8, "precision" float8, recall float8)
	AS 'MODULE_PATHNAME', 'mlops_pr_curve' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1000;
COMMENT ON FUNCTION @extschema@.mlops_pr_curve(text, text, text, text) IS
'Precision and recall at every distinct probability of a class, in ascending order, as scikit-learn''s precision_recall_curve; the last point is (1, 0), with a NULL threshold.
model, source, by, label: as for mlops_roc_curve. recall is NULL without a row of the class.
Errors: as for mlops_roc_curve.';

CREATE FUNCTION @extschema@.mlops_calibration_curve(model text, source text, bins integer DEFAULT 10, strategy text DEFAULT 'uniform',
		by text DEFAULT NULL, label text DEFAULT NULL)
	RETURNS TABLE (by_value text, bin integer, mean_predicted float8, observed float8, "rows" bigint)
	AS 'MODULE_PATHNAME', 'mlops_calibration_curve' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION @extschema@.mlops_calibration_curve(text, text, integer, text, text, text) IS
'What was predicted beside what was so: the mean probability of a class in each bin, and the share of rows of the class, as scikit-learn''s calibration_curve. Bins without rows are left out.
model, source, by, label: as for mlops_roc_curve. bins: 2 to 10,000. strategy: uniform (bins of equal width) or quantile (of equal numbers of rows).
Errors: as for mlops_roc_curve, and 22023 for bins out of range or an unknown strategy.';

CREATE FUNCTION @extschema@.mlops_lift(model text, source text, groups integer DEFAULT 10, by text DEFAULT NULL, label text DEFAULT NULL)
	RETURNS TABLE (by_value text, decile integer, "rows" bigint, positives float8, rate float8, lift float8, cumulative_gain float8,
		ks float8)
	AS 'MODULE_PATHNAME', 'mlops_lift' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION @extschema@.mlops_lift(text, text, integer, text, text) IS
'The rows in groups of equal size, the most probable first: how many of a class there are, and how many more than by chance.
model, source, by, label: as for mlops_roc_curve. groups: 2 to 10,000; 10 makes deciles.
positives: rows of the class; a fraction where a boundary parts rows of equal probability, which then count on either side with their mean.
rate: positives / rows. lift: rate / rate of all rows. cumulative_gain: share of all positives up to here. ks: that, less the same share of the other rows.
Errors: as for mlops_roc_curve, and 22023 for groups out of range.';

CREATE FUNCTION @extschema@.mlops_thresholds(model text, source text, cost jsonb DEFAULT NULL, by text DEFAULT NULL, label text DEFAULT NULL)
	RETURNS TABLE (by_value text, threshold float8, "precision" float8, recall float8, f1 float8, cost float8, best boolean)
	AS 'MODULE_PATHNAME', 'mlops_thresholds' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION @extschema@.mlops_thresholds(text, text, jsonb, text, text) IS
'What comes of taking rows of at least some probability as positive, at up to 100 of the distinct probabilities, evenly spaced by rank, and at the best one.
model, source, by, label: as for mlops_roc_curve.
cost: what one row costs by what becomes of it, {"fp": 1, "fn": 5, "tp": 0, "tn": 0}; what is not named costs 0, a gain is negative. The sum over the rows is
in cost. best: the threshold of least cost, or without cost of the best f1, among all distinct probabilities; the highest one of several.
With cost there is also the threshold Infinity, which takes no row.
Errors: as for mlops_roc_curve, and 22023 for costs that are unknown, no numbers, or make no difference.';

CREATE FUNCTION @extschema@.mlops_residuals(model text, source text, by text DEFAULT NULL)
	RETURNS TABLE (by_value text, decile integer, "rows" bigint, mean_predicted float8, mean_residual float8, stddev float8, skew float8,
		min float8, p05 float8, p25 float8, p50 float8, p75 float8, p95 float8, max float8)
	AS 'MODULE_PATHNAME', 'mlops_residuals' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 11;
COMMENT ON FUNCTION @extschema@.mlops_residuals(text, text, text) IS
'Errors of a regression, truth less prediction: of all rows (decile NULL), and by deciles of the prediction, the lowest first.
model, source, by: as for mlops_evaluate. Rows of equal prediction are in one decile.
Errors: as for mlops_evaluate, and 42809 for a classification.';

/*
 * Metrics as aggregates over truth and prediction.  Their states are internal and travel between parallel workers as
 * bytes; those of one family share a state.
 */

CREATE FUNCTION mlops.errors_accum(internal, float8, float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_errors_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.errors_accum(internal, float8, float8) IS 'mlops_rmse, mlops_mae, mlops_mape and mlops_r2: takes a row into the state';
CREATE FUNCTION mlops.errors_accum_weighted(internal, float8, float8, float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_errors_accum_weighted' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.errors_accum_weighted(internal, float8, float8, float8) IS 'mlops_rmse, mlops_mae, mlops_mape and mlops_r2: takes a row with its weight into the state';
CREATE FUNCTION mlops.errors_combine(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_errors_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.errors_combine(internal, internal) IS 'mlops_rmse, mlops_mae, mlops_mape and mlops_r2: joins two states';
CREATE FUNCTION mlops.errors_serial(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'mlops_errors_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.errors_serial(internal) IS 'mlops_rmse, mlops_mae, mlops_mape and mlops_r2: the state as bytes, for a parallel worker';
CREATE FUNCTION mlops.errors_deserial(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_errors_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.errors_deserial(bytea, internal) IS 'mlops_rmse, mlops_mae, mlops_mape and mlops_r2: the state from its bytes';
CREATE FUNCTION mlops.rmse_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_rmse_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.rmse_final(internal) IS 'mlops_rmse from the state';
CREATE FUNCTION mlops.mae_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_mae_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.mae_final(internal) IS 'mlops_mae from the state';
CREATE FUNCTION mlops.mape_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_mape_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.mape_final(internal) IS 'mlops_mape from the state';
CREATE FUNCTION mlops.r2_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_r2_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.r2_final(internal) IS 'mlops_r2 from the state';

CREATE FUNCTION mlops.losses_accum(internal, boolean, float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_losses_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.losses_accum(internal, boolean, float8) IS 'mlops_log_loss and mlops_brier: takes a row into the state';
CREATE FUNCTION mlops.losses_accum_weighted(internal, boolean, float8, float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_losses_accum_weighted' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.losses_accum_weighted(internal, boolean, float8, float8) IS 'mlops_log_loss and mlops_brier: takes a row with its weight into the state';
CREATE FUNCTION mlops.losses_combine(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_losses_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.losses_combine(internal, internal) IS 'mlops_log_loss and mlops_brier: joins two states';
CREATE FUNCTION mlops.losses_serial(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'mlops_losses_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.losses_serial(internal) IS 'mlops_log_loss and mlops_brier: the state as bytes, for a parallel worker';
CREATE FUNCTION mlops.losses_deserial(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_losses_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.losses_deserial(bytea, internal) IS 'mlops_log_loss and mlops_brier: the state from its bytes';
CREATE FUNCTION mlops.log_loss_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_log_loss_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.log_loss_final(internal) IS 'mlops_log_loss from the state';
CREATE FUNCTION mlops.brier_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_brier_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.brier_final(internal) IS 'mlops_brier from the state';

CREATE FUNCTION mlops.ranking_accum(internal, boolean, float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_ranking_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.ranking_accum(internal, boolean, float8) IS 'mlops_roc_auc and mlops_pr_auc: takes a row into the state';
CREATE FUNCTION mlops.ranking_accum_weighted(internal, boolean, float8, float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_ranking_accum_weighted' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.ranking_accum_weighted(internal, boolean, float8, float8) IS 'mlops_roc_auc and mlops_pr_auc: takes a row with its weight into the state';
CREATE FUNCTION mlops.ranking_combine(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_ranking_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.ranking_combine(internal, internal) IS 'mlops_roc_auc and mlops_pr_auc: joins two states';
CREATE FUNCTION mlops.ranking_serial(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'mlops_ranking_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.ranking_serial(internal) IS 'mlops_roc_auc and mlops_pr_auc: the state as bytes, for a parallel worker';
CREATE FUNCTION mlops.ranking_deserial(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_ranking_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.ranking_deserial(bytea, internal) IS 'mlops_roc_auc and mlops_pr_auc: the state from its bytes';
CREATE FUNCTION mlops.roc_auc_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_roc_auc_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.roc_auc_final(internal) IS 'mlops_roc_auc from the state';
CREATE FUNCTION mlops.pr_auc_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_pr_auc_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.pr_auc_final(internal) IS 'mlops_pr_auc from the state';

CREATE FUNCTION mlops.labels_accum(internal, text, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_labels_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.labels_accum(internal, text, text) IS 'mlops_accuracy and its kin: takes a row into the state';
CREATE FUNCTION mlops.labels_accum_weighted(internal, text, text, float8) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_labels_accum_weighted' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.labels_accum_weighted(internal, text, text, float8) IS 'mlops_accuracy and its kin: takes a row with its weight into the state';
CREATE FUNCTION mlops.labels_accum_positive(internal, text, text, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_labels_accum_positive' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.labels_accum_positive(internal, text, text, text) IS 'mlops_accuracy and its kin: takes a row into the state of one label';
CREATE FUNCTION mlops.labels_combine(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_labels_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.labels_combine(internal, internal) IS 'mlops_accuracy and its kin: joins two states';
CREATE FUNCTION mlops.labels_serial(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'mlops_labels_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.labels_serial(internal) IS 'mlops_accuracy and its kin: the state as bytes, for a parallel worker';
CREATE FUNCTION mlops.labels_deserial(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'mlops_labels_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION mlops.labels_deserial(bytea, internal) IS 'mlops_accuracy and its kin: the state from its bytes';
CREATE FUNCTION mlops.accuracy_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_accuracy_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.accuracy_final(internal) IS 'mlops_accuracy from the state';
CREATE FUNCTION mlops.balanced_accuracy_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_balanced_accuracy_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.balanced_accuracy_final(internal) IS 'mlops_balanced_accuracy from the state';
CREATE FUNCTION mlops.mcc_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_mcc_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.mcc_final(internal) IS 'mlops_mcc from the state';
CREATE FUNCTION mlops.precision_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_precision_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.precision_final(internal) IS 'mlops_precision from the state';
CREATE FUNCTION mlops.recall_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_recall_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.recall_final(internal) IS 'mlops_recall from the state';
CREATE FUNCTION mlops.f1_final(internal) RETURNS float8
	AS 'MODULE_PATHNAME', 'mlops_f1_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mlops.f1_final(internal) IS 'mlops_f1 from the state';

CREATE AGGREGATE @extschema@.mlops_rmse(truth float8, predicted float8) (
	SFUNC = mlops.errors_accum, STYPE = internal, FINALFUNC = mlops.rmse_final,
	COMBINEFUNC = mlops.errors_combine, SERIALFUNC = mlops.errors_serial, DESERIALFUNC = mlops.errors_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_rmse(float8, float8) IS
'Root mean squared error of a regression.
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for NaN, an infinite value, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_rmse(truth float8, predicted float8, weight float8) (
	SFUNC = mlops.errors_accum_weighted, STYPE = internal, FINALFUNC = mlops.rmse_final,
	COMBINEFUNC = mlops.errors_combine, SERIALFUNC = mlops.errors_serial, DESERIALFUNC = mlops.errors_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_rmse(float8, float8, float8) IS
'Root mean squared error of a regression.
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for NaN, an infinite value, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_mae(truth float8, predicted float8) (
	SFUNC = mlops.errors_accum, STYPE = internal, FINALFUNC = mlops.mae_final,
	COMBINEFUNC = mlops.errors_combine, SERIALFUNC = mlops.errors_serial, DESERIALFUNC = mlops.errors_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_mae(float8, float8) IS
'Mean absolute error of a regression.
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for NaN, an infinite value, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_mae(truth float8, predicted float8, weight float8) (
	SFUNC = mlops.errors_accum_weighted, STYPE = internal, FINALFUNC = mlops.mae_final,
	COMBINEFUNC = mlops.errors_combine, SERIALFUNC = mlops.errors_serial, DESERIALFUNC = mlops.errors_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_mae(float8, float8, float8) IS
'Mean absolute error of a regression.
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for NaN, an infinite value, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_mape(truth float8, predicted float8) (
	SFUNC = mlops.errors_accum, STYPE = internal, FINALFUNC = mlops.mape_final,
	COMBINEFUNC = mlops.errors_combine, SERIALFUNC = mlops.errors_serial, DESERIALFUNC = mlops.errors_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_mape(float8, float8) IS
'Mean absolute percentage error of a regression, as a fraction: mean of |truth - predicted| / |truth|.
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for NaN, an infinite value, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_mape(truth float8, predicted float8, weight float8) (
	SFUNC = mlops.errors_accum_weighted, STYPE = internal, FINALFUNC = mlops.mape_final,
	COMBINEFUNC = mlops.errors_combine, SERIALFUNC = mlops.errors_serial, DESERIALFUNC = mlops.errors_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_mape(float8, float8, float8) IS
'Mean absolute percentage error of a regression, as a fraction: mean of |truth - predicted| / |truth|.
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for NaN, an infinite value, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_r2(truth float8, predicted float8) (
	SFUNC = mlops.errors_accum, STYPE = internal, FINALFUNC = mlops.r2_final,
	COMBINEFUNC = mlops.errors_combine, SERIALFUNC = mlops.errors_serial, DESERIALFUNC = mlops.errors_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_r2(float8, float8) IS
'Coefficient of determination: 1 - sum of squared errors / sum of squared deviations of the truth. Constant truth: 1 when met exactly, else 0. Fewer than two rows: NULL.
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for NaN, an infinite value, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_r2(truth float8, predicted float8, weight float8) (
	SFUNC = mlops.errors_accum_weighted, STYPE = internal, FINALFUNC = mlops.r2_final,
	COMBINEFUNC = mlops.errors_combine, SERIALFUNC = mlops.errors_serial, DESERIALFUNC = mlops.errors_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_r2(float8, float8, float8) IS
'Coefficient of determination: 1 - sum of squared errors / sum of squared deviations of the truth. Constant truth: 1 when met exactly, else 0. Fewer than two rows: NULL.
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for NaN, an infinite value, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_log_loss(truth boolean, probability float8) (
	SFUNC = mlops.losses_accum, STYPE = internal, FINALFUNC = mlops.log_loss_final,
	COMBINEFUNC = mlops.losses_combine, SERIALFUNC = mlops.losses_serial, DESERIALFUNC = mlops.losses_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_log_loss(boolean, float8) IS
'Mean negative logarithm of the probability that was given to what happened, probabilities kept 2.2e-16 away from 0 and 1.
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for a probability outside of 0 to 1, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_log_loss(truth boolean, probability float8, weight float8) (
	SFUNC = mlops.losses_accum_weighted, STYPE = internal, FINALFUNC = mlops.log_loss_final,
	COMBINEFUNC = mlops.losses_combine, SERIALFUNC = mlops.losses_serial, DESERIALFUNC = mlops.losses_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_log_loss(boolean, float8, float8) IS
'Mean negative logarithm of the probability that was given to what happened, probabilities kept 2.2e-16 away from 0 and 1.
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for a probability outside of 0 to 1, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_brier(truth boolean, probability float8) (
	SFUNC = mlops.losses_accum, STYPE = internal, FINALFUNC = mlops.brier_final,
	COMBINEFUNC = mlops.losses_combine, SERIALFUNC = mlops.losses_serial, DESERIALFUNC = mlops.losses_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_brier(boolean, float8) IS
'Mean squared distance of the probability from what happened (0 or 1).
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for a probability outside of 0 to 1, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_brier(truth boolean, probability float8, weight float8) (
	SFUNC = mlops.losses_accum_weighted, STYPE = internal, FINALFUNC = mlops.brier_final,
	COMBINEFUNC = mlops.losses_combine, SERIALFUNC = mlops.losses_serial, DESERIALFUNC = mlops.losses_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_brier(boolean, float8, float8) IS
'Mean squared distance of the probability from what happened (0 or 1).
Rows with a NULL are left out; without any the result is NULL. weight: from 0 to 1e140.
Errors: 22003 for a probability outside of 0 to 1, or a weight that cannot be.';

CREATE AGGREGATE @extschema@.mlops_roc_auc(truth boolean, score float8) (
	SFUNC = mlops.ranking_accum, STYPE = internal, FINALFUNC = mlops.roc_auc_final,
	COMBINEFUNC = mlops.ranking_combine, SERIALFUNC = mlops.ranking_serial, DESERIALFUNC = mlops.ranking_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_roc_auc(boolean, float8) IS
'Area under the ROC curve of a score; ties count half. NULL when all rows are true, or none is.
Rows with a NULL are left out. weight: from 0 to 1e140. Keeps 9 bytes a row (17 with weights).
Errors: 22003 for a NaN score, 53200 for more rows than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_roc_auc(truth boolean, score float8, weight float8) (
	SFUNC = mlops.ranking_accum_weighted, STYPE = internal, FINALFUNC = mlops.roc_auc_final,
	COMBINEFUNC = mlops.ranking_combine, SERIALFUNC = mlops.ranking_serial, DESERIALFUNC = mlops.ranking_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_roc_auc(boolean, float8, float8) IS
'Area under the ROC curve of a score; ties count half. NULL when all rows are true, or none is.
Rows with a NULL are left out. weight: from 0 to 1e140. Keeps 9 bytes a row (17 with weights).
Errors: 22003 for a NaN score, 53200 for more rows than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_pr_auc(truth boolean, score float8) (
	SFUNC = mlops.ranking_accum, STYPE = internal, FINALFUNC = mlops.pr_auc_final,
	COMBINEFUNC = mlops.ranking_combine, SERIALFUNC = mlops.ranking_serial, DESERIALFUNC = mlops.ranking_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_pr_auc(boolean, float8) IS
'Average precision of a score. NULL when no row is true.
Rows with a NULL are left out. weight: from 0 to 1e140. Keeps 9 bytes a row (17 with weights).
Errors: 22003 for a NaN score, 53200 for more rows than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_pr_auc(truth boolean, score float8, weight float8) (
	SFUNC = mlops.ranking_accum_weighted, STYPE = internal, FINALFUNC = mlops.pr_auc_final,
	COMBINEFUNC = mlops.ranking_combine, SERIALFUNC = mlops.ranking_serial, DESERIALFUNC = mlops.ranking_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_pr_auc(boolean, float8, float8) IS
'Average precision of a score. NULL when no row is true.
Rows with a NULL are left out. weight: from 0 to 1e140. Keeps 9 bytes a row (17 with weights).
Errors: 22003 for a NaN score, 53200 for more rows than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_accuracy(truth text, predicted text) (
	SFUNC = mlops.labels_accum, STYPE = internal, FINALFUNC = mlops.accuracy_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_accuracy(text, text) IS
'Share of rows whose prediction equals the truth.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_accuracy(truth text, predicted text, weight float8) (
	SFUNC = mlops.labels_accum_weighted, STYPE = internal, FINALFUNC = mlops.accuracy_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_accuracy(text, text, float8) IS
'Share of rows whose prediction equals the truth.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_balanced_accuracy(truth text, predicted text) (
	SFUNC = mlops.labels_accum, STYPE = internal, FINALFUNC = mlops.balanced_accuracy_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_balanced_accuracy(text, text) IS
'Mean over the labels that occur as truth of the share of their rows that was predicted right.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_balanced_accuracy(truth text, predicted text, weight float8) (
	SFUNC = mlops.labels_accum_weighted, STYPE = internal, FINALFUNC = mlops.balanced_accuracy_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_balanced_accuracy(text, text, float8) IS
'Mean over the labels that occur as truth of the share of their rows that was predicted right.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_mcc(truth text, predicted text) (
	SFUNC = mlops.labels_accum, STYPE = internal, FINALFUNC = mlops.mcc_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_mcc(text, text) IS
'Matthews correlation coefficient, of any number of labels; 0 when truth or prediction is constant.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_mcc(truth text, predicted text, weight float8) (
	SFUNC = mlops.labels_accum_weighted, STYPE = internal, FINALFUNC = mlops.mcc_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_mcc(text, text, float8) IS
'Matthews correlation coefficient, of any number of labels; 0 when truth or prediction is constant.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_precision(truth text, predicted text) (
	SFUNC = mlops.labels_accum, STYPE = internal, FINALFUNC = mlops.precision_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_precision(text, text) IS
'Share of the rows predicted as a label that have it: mean over the labels that occur, or of one label.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_precision(truth text, predicted text, weight float8) (
	SFUNC = mlops.labels_accum_weighted, STYPE = internal, FINALFUNC = mlops.precision_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_precision(text, text, float8) IS
'Share of the rows predicted as a label that have it: mean over the labels that occur, or of one label.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_recall(truth text, predicted text) (
	SFUNC = mlops.labels_accum, STYPE = internal, FINALFUNC = mlops.recall_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_recall(text, text) IS
'Share of the rows of a label that are predicted as it: mean over the labels that occur, or of one label.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_recall(truth text, predicted text, weight float8) (
	SFUNC = mlops.labels_accum_weighted, STYPE = internal, FINALFUNC = mlops.recall_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_recall(text, text, float8) IS
'Share of the rows of a label that are predicted as it: mean over the labels that occur, or of one label.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_f1(truth text, predicted text) (
	SFUNC = mlops.labels_accum, STYPE = internal, FINALFUNC = mlops.f1_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_f1(text, text) IS
'Harmonic mean of precision and recall: mean over the labels that occur (macro), or of one label.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_f1(truth text, predicted text, weight float8) (
	SFUNC = mlops.labels_accum_weighted, STYPE = internal, FINALFUNC = mlops.f1_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_f1(text, text, float8) IS
'Harmonic mean of precision and recall: mean over the labels that occur (macro), or of one label.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_precision(truth text, predicted text, positive text) (
	SFUNC = mlops.labels_accum_positive, STYPE = internal, FINALFUNC = mlops.precision_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_precision(text, text, text) IS
'Share of the rows predicted as a label that have it: mean over the labels that occur, or of one label. positive: the label, a constant.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_recall(truth text, predicted text, positive text) (
	SFUNC = mlops.labels_accum_positive, STYPE = internal, FINALFUNC = mlops.recall_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_recall(text, text, text) IS
'Share of the rows of a label that are predicted as it: mean over the labels that occur, or of one label. positive: the label, a constant.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

CREATE AGGREGATE @extschema@.mlops_f1(truth text, predicted text, positive text) (
	SFUNC = mlops.labels_accum_positive, STYPE = internal, FINALFUNC = mlops.f1_final,
	COMBINEFUNC = mlops.labels_combine, SERIALFUNC = mlops.labels_serial, DESERIALFUNC = mlops.labels_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE @extschema@.mlops_f1(text, text, text) IS
'Harmonic mean of precision and recall: mean over the labels that occur (macro), or of one label. positive: the label, a constant.
Labels are compared byte by byte; cast other types to text. Rows with a NULL are left out; without any the result is NULL.
Errors: 54000 for more than a million pairs of labels, 53200 for more of their text than mlops.max_memory holds.';

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

CREATE VIEW mlops.contracts WITH (security_barrier) AS
	SELECT c.name AS contract, c.source, c.rules, c.owner, c.created_at, c.updated_at
	FROM mlops.contract c WHERE pg_has_role(c.owner, 'USAGE');
COMMENT ON VIEW mlops.contracts IS 'contracts: what tables must hold';

CREATE VIEW mlops.versions WITH (security_barrier) AS
	SELECT m.name AS model, v.version, v.algorithm, v.task, v.version_id IS NOT DISTINCT FROM m.live_version_id AS live,
		v.metric, v.value, v.baseline, v.train_rows, v.test_rows, v.skipped_rows, v.params, v.preprocess, v.features,
		v.classes, v.metrics, v.definition, v.seed, lpad(to_hex(v.fingerprint), 16, '0') AS fingerprint, v.seconds,
		v.bytes, v.build, v.created_by, v.created_at, v.inspection
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

CREATE VIEW mlops.trials WITH (security_barrier) AS
	SELECT m.name AS model, t.version, t.command, t.trial, t.rank, t.algorithm, t.params, t.status, t.message, t.folds, t.train_rows,
		t.metric, t.mean, t.stddev, t.seconds, t.started_at
	FROM mlops.visible_model m JOIN mlops.trial t ON t.model_id = m.model_id
	UNION ALL
	SELECT r.model, NULL, r.command, r.trial, NULL, r.algorithm, r.params, r.status, NULL, r.folds, r.train_rows,
		r.metric, r.mean, r.stddev, r.seconds, NULL
	FROM @extschema@.mlops_running_trials() r;
COMMENT ON VIEW mlops.trials IS 'what mlops_tune and mlops_auto tried before they trained a version; version is NULL while they run';

CREATE VIEW mlops.leaderboard WITH (security_barrier) AS
	SELECT m.name AS model, t.version, t.rank, t.algorithm, t.params, t.metric, t.mean, t.stddev, t.seconds
	FROM mlops.visible_model m JOIN mlops.trial t ON t.model_id = m.model_id
	WHERE t.command = 'auto' AND t.rank IS NOT NULL
	ORDER BY m.name, t.version, t.rank;
COMMENT ON VIEW mlops.leaderboard IS 'what mlops_auto judged on all folds, the best first (rank 1)';

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
GRANT SELECT ON mlops.models, mlops.trials, mlops.leaderboard, mlops.contracts, mlops.versions, mlops.deployments, mlops.metrics, mlops.aliases, mlops.privileges,
	mlops.schedules, mlops.progress TO PUBLIC;
