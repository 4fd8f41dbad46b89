-- Trees: columns as they are, NULL and categories in the splits, versions and scoring as for every other algorithm.
SET mlops.progress = off;
CREATE TABLE mixed AS SELECT i AS id, CASE WHEN i % 10 = 3 THEN NULL ELSE (i * 37 % 1000) / 100.0 END AS x, (i * 7919 % 50)::int AS k,
	CASE WHEN i % 8 = 5 THEN NULL ELSE 'city ' || i * 31 % 23 END AS city, i % 3 = 0 AS flag, '2024-01-01'::date + i % 300 AS day,
	ARRAY[(i * 17 % 100) / 10.0, (i * 29 % 100) / 10.0] AS pair, 1 + i % 4 AS w
FROM generate_series(1, 3000) AS i;
CREATE TABLE answers AS SELECT *, coalesce(x, 12) + CASE WHEN city IN ('city 3', 'city 7', 'city 11') THEN 8 WHEN city IS NULL THEN -5 ELSE 0 END
	+ CASE WHEN flag THEN pair[1] ELSE 0 END AS y FROM mixed;
ALTER TABLE answers ADD high boolean, ADD level text;
UPDATE answers SET high = y > 10, level = CASE WHEN y < 5 THEN 'low' WHEN y < 12 THEN 'mid' ELSE 'top' END;

-- every algorithm, every task: better than knowing nothing by far
SELECT a AS algorithm, t.train_rows, t.test_rows, t.metric, t.value > 0.9 AS good, t.deployed
FROM unnest('{gradient_boosting,random_forest,extra_trees,decision_tree}'::text[]) AS a,
	mlops_train('number_' || a, 'answers', target => 'y', algorithm => a, exclude => '{id,high,level}') AS t ORDER BY a;
SELECT a AS algorithm, t.metric, t.value > 0.9 AS good
FROM unnest('{gradient_boosting,random_forest,extra_trees,decision_tree}'::text[]) AS a,
	mlops_train('two_' || a, 'answers', target => 'high', algorithm => a, exclude => '{id,y,level}', weight => 'w') AS t ORDER BY a;
SELECT a AS algorithm, t.metric, t.value > 0.8 AS good
FROM unnest('{gradient_boosting,random_forest,extra_trees,decision_tree}'::text[]) AS a,
	mlops_train('many_' || a, 'answers', target => 'level', algorithm => a, task => 'classification', exclude => '{id,y,high}') AS t ORDER BY a;

-- by row, by table and at evaluation the same numbers come out
SELECT a AS algorithm, count(*) AS rows, count(*) FILTER (WHERE mlops_predict('number_' || a, r) = t.value) AS same
FROM unnest('{gradient_boosting,random_forest,extra_trees,decision_tree}'::text[]) AS a, answers AS r,
	LATERAL (SELECT value FROM mlops_predict_table('number_' || a, 'SELECT * FROM answers WHERE id = ' || r.id)) AS t
WHERE r.id % 100 = 7 GROUP BY a ORDER BY a;
SELECT count(*) AS rows, count(*) FILTER (WHERE abs((SELECT sum(value::text::float8) FROM jsonb_each(mlops_probabilities('many_gradient_boosting', r))) - 1) < 1e-12) AS sum_to_one,
	count(*) FILTER (WHERE mlops_classify('many_gradient_boosting', r) = r.level) > 2700 AS right
FROM answers AS r;

-- NULL and a category that training has not seen go the same way
SELECT a AS algorithm, mlops_predict('number_' || a, r) = mlops_predict('number_' || a, u) AS unseen_as_null
FROM unnest('{gradient_boosting,random_forest,extra_trees,decision_tree}'::text[]) AS a,
	(SELECT x, k, NULL::text AS city, flag, day, pair, w FROM mixed WHERE id = 11) AS r,
	(SELECT x, k, 'nowhere' AS city, flag, day, pair, w FROM mixed WHERE id = 11) AS u ORDER BY a;

-- what a version records
SELECT preprocess->'city' AS city, preprocess->'x' AS x, params->'learning_rate' AS learning_rate, params->'max_iter' AS max_iter
FROM mlops.model_version JOIN mlops.model USING (model_id) WHERE name = 'number_gradient_boosting';
SELECT name, tasks FROM mlops_algorithms() WHERE name IN ('gradient_boosting', 'random_forest', 'extra_trees', 'decision_tree') ORDER BY name;
SELECT name, type, "default", range FROM mlops_parameters('gradient_boosting') ORDER BY name;
SELECT name, type, "default", range FROM mlops_parameters('random_forest') ORDER BY name;

-- names of LightGBM and XGBoost
SELECT version FROM mlops_train('alias', 'answers', target => 'y', algorithm => 'gradient_boosting', exclude => '{id,high,level}',
	params => '{"num_iterations": 5, "num_leaves": 7, "eta": 0.3, "reg_lambda": 2}');
SELECT params->'max_iter' AS max_iter, params->'max_leaf_nodes' AS max_leaf_nodes, params->'learning_rate' AS learning_rate,
	params->'l2_regularization' AS l2_regularization
FROM mlops.model_version JOIN mlops.model USING (model_id) WHERE name = 'alias';

-- options of preprocessing: what has a meaning is done
SELECT value > 0.9 AS good FROM mlops_train('options', 'answers', target => 'y', algorithm => 'gradient_boosting', exclude => '{id,high,level}',
	preprocess => '{"*": {"scale": "standard"}, "x": {"impute": "constant", "fill": 12}, "k": {"encode": "ordinal"}, "day": {"parts": ["dow", "month"]}}');
SELECT preprocess->'x' AS x, preprocess->'k' AS k FROM mlops.model_version JOIN mlops.model USING (model_id) WHERE name = 'options';

-- after early stopping once more on all rows, for the iterations that were best: as if their number had been known before
CREATE TABLE runs AS SELECT r.*, t.metrics->'fit' AS fit FROM (VALUES ('level', 'log_loss', 'null'), ('high', 'log_loss', '"balanced"'), ('y', 'squared_error', 'null'),
	('y', 'absolute_error', 'null'), ('y', 'quantile', 'null'), ('k', 'poisson', 'null')) AS r (target, loss, weights),
	mlops_train('refit_' || target || '_' || loss, 'SELECT x, city, pair, high, level, y, k + 1 AS k FROM answers', target => target, algorithm => 'gradient_boosting',
	task => CASE loss WHEN 'log_loss' THEN 'classification' ELSE 'regression' END, features => '{x,city,pair}', params => format('{"loss": "%s", "class_weight": %s,
	"early_stopping": true, "n_iter_no_change": 3, "learning_rate": 0.3, "subsample": 0.8}', loss, weights)::jsonb) AS t;
SELECT target, loss, (fit->>'validation_rows')::int BETWEEN 238 AND 242 AS tenth, (fit->>'iterations')::int BETWEEN 1 AND 99 AS stopped,
	fit->'iterations' = fit->'best_iteration' AS best, fit ? 'validation_loss' AS loss_known FROM runs ORDER BY target, loss;
SELECT count(*) AS versions FROM runs, mlops_train('straight_' || target || '_' || loss, 'SELECT x, city, pair, high, level, y, k + 1 AS k FROM answers', target => target,
	algorithm => 'gradient_boosting', task => CASE loss WHEN 'log_loss' THEN 'classification' ELSE 'regression' END, features => '{x,city,pair}', params => format('{"loss": "%s", "class_weight": %s,
	"early_stopping": false, "max_iter": %s, "learning_rate": 0.3, "subsample": 0.8}', loss, weights, fit->'iterations')::jsonb);
SELECT target, loss, count(*) AS rows, count(*) FILTER (WHERE mlops_predict('refit_' || target || '_' || loss, r) = mlops_predict('straight_' || target || '_' || loss, r)) AS same
FROM runs, answers AS r WHERE r.id % 50 = 7 AND loss <> 'log_loss' GROUP BY target, loss ORDER BY target, loss;
SELECT target, loss, count(*) AS rows, count(*) FILTER (WHERE mlops_probabilities('refit_' || target || '_' || loss, r) = mlops_probabilities('straight_' || target || '_' || loss, r)) AS same
FROM runs, answers AS r WHERE r.id % 50 = 7 AND loss = 'log_loss' GROUP BY target, loss ORDER BY target, loss;
-- not when told so, and by itself not with more rows than 100,000: later iterations stay
SELECT metrics->'fit'->>'iterations' > metrics->'fit'->>'best_iteration' AS stays FROM mlops_train('held', 'SELECT x, city, pair, y FROM answers', target => 'y', algorithm => 'gradient_boosting',
	params => '{"early_stopping": true, "learning_rate": 0.9, "n_iter_no_change": 3, "refit": false}');
SELECT refit, (metrics->'fit'->>'iterations')::int - (metrics->'fit'->>'best_iteration')::int AS later FROM unnest('{"\"auto\"",true}'::jsonb[]) AS refit,
	mlops_train('noise', 'SELECT hashint4(i) % 10 AS x, hashint4(-i) % 100 AS y FROM generate_series(1, 101000) AS i', target => 'y', algorithm => 'gradient_boosting',
	split => '{"method": "none"}', params => jsonb_build_object('refit', refit, 'n_iter_no_change', 2, 'tol', 1e9), deploy => 'never') ORDER BY refit;
-- on top of an earlier version: its trees stay in the second pass, too
SELECT version, metrics->'fit'->'iterations' = metrics->'fit'->'best_iteration' AS refit FROM mlops_train('straight_y_squared_error', 'SELECT x, city, pair, y FROM answers', target => 'y',
	algorithm => 'gradient_boosting', params => '{"early_stopping": true, "warm_start": true, "max_iter": 20, "subsample": 0.8}', deploy => 'always');
SELECT (SELECT count(*) FROM mlops_tree('straight_y_squared_error/2', sum((metrics->'fit'->>'iterations')::int)::int)) > 0 AS all_there,
	bool_and((SELECT string_agg(rule, ';') FROM mlops_tree('straight_y_squared_error/' || version, 1)) = (SELECT string_agg(rule, ';') FROM mlops_tree('straight_y_squared_error/1', 1))) AS same_first
FROM mlops.model_version JOIN mlops.model USING (model_id) WHERE name = 'straight_y_squared_error';

-- a category of many values that mean nothing does no harm, one whose values mean something is used
CREATE TABLE wide_category AS SELECT i, (hashint4(i) % 100) / 100.0 AS x, 'c' || hashint4(i + 100000) % 900 AS c, hashint4(i + 200000) % 100 / 50.0 AS noise FROM generate_series(1, 12000) AS i;
SELECT count(*) AS versions FROM unnest('{gradient_boosting,random_forest,decision_tree}'::text[]) AS a, unnest('{y,z}'::text[]) AS target,
	mlops_train('wide_' || target || '_' || a, 'SELECT x, c, x + noise AS y, substr(c, 2)::int % 2 + noise / 2 AS z FROM wide_category', target => target, features => '{x,c}', algorithm => a,
		params => CASE a WHEN 'random_forest' THEN '{"n_estimators": 10, "min_samples_leaf": 20}' WHEN 'decision_tree' THEN '{"min_samples_leaf": 50}' ELSE '{}' END::jsonb);
SELECT a AS algorithm, target, sum(importance) FILTER (WHERE feature = 'c') < 0.1 AS means_nothing, sum(importance) FILTER (WHERE feature = 'c') > 0.5 AS means_most
FROM unnest('{gradient_boosting,random_forest,decision_tree}'::text[]) AS a, unnest('{y,z}'::text[]) AS target, mlops_importance('wide_' || target || '_' || a) GROUP BY a, target ORDER BY target, a;

-- more trees on top of the live version
SELECT version, deployed FROM mlops_train('warm', 'answers', target => 'y', algorithm => 'gradient_boosting', exclude => '{id,high,level}',
	params => '{"max_iter": 10, "early_stopping": false, "warm_start": true}');
SELECT version, deployed, value > 0.5 AS good FROM mlops_train('warm', 'answers', target => 'y', algorithm => 'gradient_boosting', exclude => '{id,high,level}',
	params => '{"max_iter": 30, "early_stopping": false, "warm_start": true}');
SELECT mlops_train('warm', 'answers', target => 'y', algorithm => 'gradient_boosting', exclude => '{id,high,level,k}', params => '{"warm_start": true}');
SELECT mlops_train('warm', 'SELECT *, k / 3 AS k2 FROM answers', target => 'y', algorithm => 'gradient_boosting', exclude => '{id,high,level}', params => '{"warm_start": true}');
SELECT mlops_train('number_decision_tree', 'answers', target => 'y', algorithm => 'gradient_boosting', params => '{"warm_start": true}');
SELECT mlops_train('many_gradient_boosting', $$SELECT * FROM answers WHERE level <> 'mid'$$, target => 'level', task => 'classification',
	algorithm => 'gradient_boosting', exclude => '{id,y,high}', params => '{"warm_start": true}');

-- a monotone feature never pulls the prediction down
SELECT version FROM mlops_train('up', 'answers', target => 'y', algorithm => 'gradient_boosting', features => '{x,city,k}', params => '{"monotonic_cst": {"x": 1}}');
WITH p AS (SELECT c, mlops_predict('up', jsonb_build_object('x', v / 10.0, 'city', 'city ' || c, 'k', 3)) AS p, v FROM generate_series(0, 100) AS v, generate_series(0, 5) AS c)
SELECT bool_and(ok) AS monotone FROM (SELECT p >= lag(p, 1, p) OVER (PARTITION BY c ORDER BY v) AS ok FROM p) AS t;

-- the live version is beaten on the same rows, or stays; linear models and trees may follow one another
SELECT algorithm, deployed FROM mlops_train('number_decision_tree', 'answers', target => 'y', algorithm => 'gradient_boosting', exclude => '{id,high,level}');
SELECT algorithm, deployed FROM mlops_train('number_decision_tree', 'answers', target => 'y', algorithm => 'linear_regression', exclude => '{id,high,level}');
SELECT metric, value > 0.9 AS good FROM mlops_evaluate('number_decision_tree', 'answers') WHERE metric = 'r2';

SELECT count(mlops_drop(model)) FROM mlops.models;
DROP TABLE answers, mixed, runs, wide_category;
