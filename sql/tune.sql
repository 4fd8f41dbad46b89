-- mlops_tune: spaces, methods, trials, and what is refused
\set VERBOSITY default
\pset null -
SET mlops.progress = off;

-- a grid is tried in full; the best trial becomes a version
SELECT model, version, algorithm, task, params, trials, metric, round(mean::numeric, 4) AS mean, round(stddev::numeric, 4) AS stddev, round(value::numeric, 4) AS value,
	round(baseline::numeric, 2) AS baseline, deployed, seconds >= 0 AS seconds
FROM mlops_tune('tuned', 'diabetes', 'progression', 'ridge', '{"alpha": [0.01, 1, 100, 10000], "fit_intercept": [true, false]}', method => 'grid');
SELECT version, command, trial, rank, algorithm, params, status, message, folds, train_rows, metric, round(mean::numeric, 4) AS mean, round(stddev::numeric, 4) AS stddev,
	seconds >= 0 AS seconds, started_at <= clock_timestamp() AS started FROM mlops.trials WHERE model = 'tuned' ORDER BY trial;
-- rank follows the mean, and the version has the best trial's parameters: those that retraining repeats
SELECT bool_and(rank = r) AS ranked FROM (SELECT rank, rank() OVER (ORDER BY mean DESC, trial) AS r FROM mlops.trials WHERE model = 'tuned') t;
SELECT (SELECT params FROM mlops.versions WHERE model = 'tuned') @> (SELECT params FROM mlops.trials WHERE model = 'tuned' AND rank = 1) AS same;
SELECT version, algorithm, round(value::numeric, 4) AS value FROM mlops_retrain('tuned');
-- what cross-validation says of the same parameters and rows of the training set is another dealing of other rows, but the version's own metric is that of mlops_train
SELECT round(t.value::numeric, 10) = round(v.value::numeric, 10) AS same FROM mlops_train('plain', 'diabetes', 'progression', 'ridge',
	(SELECT params FROM mlops.trials WHERE model = 'tuned' AND rank = 1)) t, mlops.versions v WHERE v.model = 'tuned' AND v.version = 1;

-- ranges, whole numbers, logarithms, words; trials at random; the same seed, the same trials
SELECT algorithm, trials, metric, mean > 0.9 AS good FROM mlops_tune('drawn', 'iris', 'species', 'decision_tree',
	'{"max_depth": {"min": 1, "max": 8}, "min_samples_leaf": {"min": 1, "max": 40, "log": true}, "criterion": ["gini", "entropy"]}', n_iter => 8, seed => 3);
SELECT algorithm, trials FROM mlops_tune('drawn', 'iris', 'species', 'decision_tree',
	'{"max_depth": {"min": 1, "max": 8}, "min_samples_leaf": {"min": 1, "max": 40, "log": true}, "criterion": ["gini", "entropy"]}', n_iter => 8, seed => 3, deploy => 'never');
SELECT count(*), bool_and(a.params = b.params AND a.mean = b.mean AND a.rank = b.rank) AS same, bool_and((a.params->>'max_depth')::int BETWEEN 1 AND 8) AS depth,
	bool_and((a.params->>'min_samples_leaf')::int BETWEEN 1 AND 40) AS leaf, count(DISTINCT a.params->>'criterion') AS criteria
FROM mlops.trials a JOIN mlops.trials b ON b.model = a.model AND b.trial = a.trial AND b.version = 2 WHERE a.model = 'drawn' AND a.version = 1;

-- a space of fewer points than trials is tried once each
SELECT trials FROM mlops_tune('few', 'iris', 'species', 'decision_tree', '{"max_depth": [1, 2, 3]}', n_iter => 50, folds => 3, metric => 'log_loss');
SELECT rank, params FROM mlops.trials WHERE model = 'few' AND rank = 1;

-- halving: all on few rows, fewer on more
CREATE TABLE waves AS SELECT i, (i * 7919 % 1000) / 100.0 AS x, (i * 104729 % 1000) / 100.0 AS z, sin((i * 7919 % 1000) / 100.0) * 3 + (i * 31 % 7) * 0.1 AS y
FROM generate_series(1, 6000) i;
SELECT trials, mean > 0.9 AS good FROM mlops_tune('halved', 'waves', 'y', 'decision_tree', '{"max_depth": {"min": 1, "max": 12}, "min_samples_leaf": {"min": 1, "max": 500, "log": true}}',
	method => 'halving', n_iter => 12, exclude => '{i}');
SELECT status, count(*), count(DISTINCT train_rows) AS sizes, max(train_rows) > 3000 AS all_rows FROM mlops.trials WHERE model = 'halved' GROUP BY status ORDER BY status;

-- bayes finds a narrow valley sooner than chance
SELECT trials, mean > 0.95 AS good FROM mlops_tune('proposed', 'waves', 'y', 'decision_tree', '{"max_depth": {"min": 1, "max": 14}, "min_samples_leaf": {"min": 1, "max": 2000, "log": true}}',
	method => 'bayes', n_iter => 15, folds => 3, exclude => '{i}');
SELECT avg(mean) FILTER (WHERE trial > 7) > avg(mean) FILTER (WHERE trial <= 7) AS learns FROM mlops.trials WHERE model = 'proposed';

-- the usual space of an algorithm; parameters that all trials share; a metric of which less is better
SELECT algorithm, trials, metric, params ? 'alpha' AS alpha, params->'fit_intercept' AS fit_intercept FROM mlops_tune('usual', 'diabetes', 'progression', 'ridge', n_iter => 5, metric => 'rmse',
	params => '{"fit_intercept": true}');
SELECT bool_and(rank = r) AS ranked FROM (SELECT rank, rank() OVER (ORDER BY mean, trial) AS r FROM mlops.trials WHERE model = 'usual') t;

-- parameters that lead to an error end their own trial
SELECT params, trials FROM mlops_tune('failing', 'SELECT *, body_mass_g AS w FROM penguins', 'species', 'logistic_regression', '{"class_weight": [null, {"Adelie": 2}, {"Emperor": 2}]}');
SELECT trial, rank, status, message FROM mlops.trials WHERE model = 'failing' ORDER BY trial;
SELECT * FROM mlops_tune('all failing', 'penguins', 'species', 'logistic_regression', '{"class_weight": [{"King": 2}, {"Emperor": 2}]}');

-- a split in time is tuned in time
SELECT trials, metric FROM mlops_tune('in time', 'SELECT timestamp ''2026-01-01'' + i * interval ''1 hour'' AS at, x, z, y FROM waves', 'y', 'ridge', '{"alpha": [0.1, 10]}',
	split => '{"method": "time", "column": "at"}', folds => 3);
SELECT trial, folds, train_rows FROM mlops.trials WHERE model = 'in time' ORDER BY trial;

-- values that are allowed one by one and exclude each other: that trial alone fails, before it has met a row
SELECT trials, params, deployed FROM mlops_tune('excluded', 'iris', 'species', 'random_forest', '{"bootstrap": [false, true], "max_samples": [0.5]}', params => '{"n_estimators": 5}',
	method => 'grid', folds => 3);
SELECT trial, rank, params, status, message, folds FROM mlops.trials WHERE model = 'excluded' ORDER BY trial;
SELECT trials, params->'hidden_layer_sizes' AS best FROM mlops_tune('excluded', 'iris', 'species', 'mlp', '{"hidden_layer_sizes": [[8], [100000]]}', params => '{"solver": "lbfgs"}', folds => 2, deploy => 'never');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'mlp', '{"hidden_layer_sizes": [[100000], [200000]]}');

-- units of one layer as a range
SELECT trials FROM mlops_tune('units', 'iris', 'species', 'mlp', '{"hidden_layer_sizes": {"min": 4, "max": 6}}', params => '{"solver": "lbfgs"}', n_iter => 3, folds => 2);
SELECT bool_and((params->>'hidden_layer_sizes')::int BETWEEN 4 AND 6) AS whole, count(*) FROM mlops.trials WHERE model = 'units';
SELECT count(mlops_drop(model)) FROM unnest('{excluded,units}'::text[]) AS model;

-- too little time: the best so far and a warning
SELECT trials, version FROM mlops_tune('hurried', 'waves', 'y', 'decision_tree', '{"max_depth": [2, 3, 4]}', max_seconds => 0.000001, exclude => '{i}');
SELECT trial, rank, status, folds FROM mlops.trials WHERE model = 'hurried';

-- trials go with their versions
SELECT mlops_drop('drawn', 2);
SELECT DISTINCT version FROM mlops.trials WHERE model = 'drawn';
SELECT mlops_drop('drawn');
SELECT count(*) FROM mlops.trials WHERE model = 'drawn';
UPDATE mlops.trial SET mean = 1;

-- seen by those who may see the model
CREATE ROLE regress_tuner;
SET ROLE regress_tuner;
SELECT count(*) FROM mlops.trials;
SELECT count(*) FROM mlops.trial;
RESET ROLE;
SELECT mlops_grant('few', 'regress_tuner');
SET ROLE regress_tuner;
SELECT DISTINCT model FROM mlops.trials;
RESET ROLE;
SELECT mlops_revoke('few', 'regress_tuner');
DROP ROLE regress_tuner;

-- refused before a row is read
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '[]');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_dept": [1, 2]}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": []}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": 3}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_dept": 3}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": [1, 0]}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": [1, "two"]}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": {"min": 8, "max": 2}}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": {"min": 2, "max": 2}}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": {"min": 2}}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": {"min": "a", "max": 2}}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": {"min": 0, "max": 2}}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": {"min": 1, "max": 2, "step": 1}}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": {"min": 1, "max": 2, "log": 1}}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"ccp_alpha": {"min": 0, "max": 1, "log": true}}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"criterion": {"min": 0, "max": 1}}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": {"min": 1, "max": 9}}', method => 'grid');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": [1, 2]}', params => '{"max_depth": 3}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'gradient_boosting', '{"max_iter": [10, 20]}', params => '{"n_estimators": 3}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'gradient_boosting', '{"max_iter": [10, 20], "n_estimators": [3]}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": [1, 2]}', method => 'bayesian');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": [1, 2]}', n_iter => 0);
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": [1, 2]}', folds => 1);
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": [1, 2]}', folds => 130);
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": [1, 2]}', metric => 'r2');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": [1, 2]}', max_seconds => 0);
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decision_tree', '{"max_depth": [1, 2]}', max_seconds => 'NaN');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'dummy');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'mlp', '{"alpha": [1]}', params => '{"warm_start": true}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'mlp', '{"warm_start": [true, false]}');
SELECT * FROM mlops_tune('bad', 'iris', 'species', 'decission_tree');
SELECT * FROM mlops_tune('bad', 'iris', NULL, 'decision_tree');
SELECT count(*) FROM mlops.models WHERE model LIKE 'bad%' OR model = 'all failing';
SELECT count(mlops_drop(model)) FROM unnest('{tuned,plain,few,halved,proposed,usual,failing,in time,hurried}'::text[]) AS model;
SELECT count(*) FROM mlops.trial;
DROP TABLE waves;
