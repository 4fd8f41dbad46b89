-- mlops_auto: every algorithm with its defaults, then variants, then a version
\set VERBOSITY default
\pset null -
SET mlops.progress = off;

-- defaults of all algorithms of the task are judged, and the winner is never behind them
SELECT model, version, task, metric, trials >= 6 AS trials, mean > 0.4 AS good, value > 0.3 AS test, deployed
FROM mlops_auto('best', 'diabetes', 'progression', '{"max_seconds": 6}');
SELECT algorithm, folds, status FROM mlops.trials WHERE model = 'best' AND params = '{}' ORDER BY trial;
SELECT bool_and(mean <= before) AS ranked, count(*) >= 6 AS judged, bool_and(metric = 'r2') AS metric FROM
	(SELECT mean, lag(mean) OVER (ORDER BY rank) AS before, metric FROM mlops.leaderboard WHERE model = 'best') t;
SELECT v.algorithm = l.algorithm AND v.params @> l.params AS winner FROM mlops.versions v JOIN mlops.leaderboard l USING (model, version) WHERE model = 'best' AND rank = 1;
-- defaults are judged on all folds, or given up far behind
SELECT bool_and(t.folds = 5 OR t.mean < l.mean) AS never_behind FROM mlops.trials t JOIN mlops.leaderboard l USING (model, version)
WHERE model = 'best' AND t.params = '{}' AND l.rank = 1;
-- in the end it is a version as any other
SELECT mlops_predict('best', d) IS NOT NULL AS predicts FROM diabetes d LIMIT 1;
SET client_min_messages = warning;
SELECT (SELECT algorithm FROM mlops.versions WHERE model = 'best' AND version = 1) = algorithm AS same, version FROM mlops_retrain('best');
RESET client_min_messages;

-- the same as an algorithm of mlops_train
SELECT model, version, task, metric, value > 0.9 AS good FROM mlops_train('species', 'penguins', 'species', algorithm => 'auto', params => '{"max_seconds": 4, "folds": 3}');
SELECT DISTINCT command, version, max(folds) OVER () AS folds FROM mlops.trials WHERE model = 'species';

-- named algorithms alone; without anything to vary the search ends by itself, and is the same each time
SELECT algorithm, trials, seconds < 30 AS soon FROM mlops_auto('named', 'iris', 'species', '{"algorithms": ["dummy"], "max_seconds": 60}');
SELECT rank, algorithm, params, round(mean::numeric, 6) AS mean, round(stddev::numeric, 6) AS stddev FROM mlops.leaderboard WHERE model = 'named' ORDER BY rank;

-- too short for all: a warning names them, the best so far is trained
SELECT algorithm, trials, version FROM mlops_auto('hurried', 'iris', 'species', '{"max_seconds": 0.000001, "folds": 3, "algorithms": ["dummy", "logistic_regression"]}');

-- refused before a row is read
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"max_second": 3}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"max_seconds": 0}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"max_seconds": "long"}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"folds": 1}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"folds": 2.5}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"algorithms": []}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"algorithms": "ridge"}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"algorithms": ["rigde"]}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"algorithms": ["ridge"]}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', metric => 'rmse');
SELECT * FROM mlops_auto('bad', 'iris', 'specie');
SELECT count(mlops_drop(model)) FROM unnest('{best,species,named,hurried}'::text[]) AS model;
