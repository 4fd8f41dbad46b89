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
DROP TABLE answers, mixed;
