-- Bad input to trees, and data at the edge of sense.
SET mlops.progress = off;
CREATE TABLE small AS SELECT i, sin(i) AS x, 'c' || i % 5 AS c, NULL::float8 AS nothing, 7 AS same, cos(i) AS y, i % 2 = 0 AS even FROM generate_series(1, 200) AS i;

-- names and values
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"monotonic_cst": {"xx": 1}}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"monotonic_cst": {"c": 1}}', features => '{x,c}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"monotonic_cst": {"x": 2}}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"monotonic_cst": ["x"]}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"interaction_cst": [["x", "d"]]}', features => '{x,c}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"interaction_cst": ["x"]}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"early_stopping": "maybe"}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"refit": "maybe"}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"max_cat_threshold": 0}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"cat_smooth": -1}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'random_forest', params => '{"cat_penalty": -1}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"max_bins": 256}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"learning_rate": 0}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"max_iter": 5, "n_estimators": 5}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"lerning_rate": 0.1}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"loss": "log_loss"}');
SELECT mlops_train('m', 'small', target => 'even', algorithm => 'gradient_boosting', params => '{"loss": "squared_error"}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"loss": "poisson"}', features => '{x,c}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', params => '{"loss": "gamma"}', features => '{x,c}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'random_forest', params => '{"max_features": "cube"}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'random_forest', params => '{"max_features": 2.5}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', preprocess => '{"x": {"scale": "minmax"}}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', preprocess => '{"c": {"max_categories": 3}}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'gradient_boosting', preprocess => '{"c": {"encode": "onehot"}}');
SELECT mlops_train('m', 'small', target => 'y', algorithm => 'ridge', preprocess => '{"c": {"encode": "number"}}');

-- infinities, and NaN, which is missing
SELECT mlops_train('m', $$SELECT CASE WHEN i = 9 THEN 'inf' ELSE x END AS x, y FROM small$$, target => 'y', algorithm => 'gradient_boosting');
SELECT train_rows FROM mlops_train('nan', $$SELECT CASE WHEN i % 9 = 0 THEN 'NaN' ELSE x END AS x, y FROM small$$, target => 'y', algorithm => 'gradient_boosting');
SELECT mlops_predict('nan', 'NaN'::float8) = mlops_predict('nan', NULL::float8) AS nan_is_null;
SELECT mlops_predict('nan', 'inf'::float8);

SELECT mlops_train('m', $$SELECT x, CASE WHEN i = 9 THEN 'inf' ELSE y END AS y FROM small$$, target => 'y', algorithm => 'random_forest');
SELECT mlops_train('m', 'SELECT x, 1e200 * y AS y FROM small WHERE i < 3', target => 'y', algorithm => 'gradient_boosting', split => '{"method": "none"}');

-- a feature without a value, asked for by name
SELECT a AS algorithm, t.train_rows FROM unnest('{gradient_boosting,random_forest,extra_trees,decision_tree}'::text[]) AS a,
	mlops_train('empty_' || a, 'small', target => 'y', algorithm => a, features => '{nothing,same}') AS t ORDER BY a;
SELECT count(DISTINCT mlops_predict('empty_gradient_boosting', s)) AS predictions FROM small AS s;

-- targets that never change
SELECT a AS algorithm, t.train_rows FROM unnest('{gradient_boosting,random_forest,extra_trees,decision_tree}'::text[]) AS a,
	mlops_train('constant_' || a, 'SELECT x, 7.0::float8 AS y FROM small', target => 'y', algorithm => a) AS t ORDER BY a;
SELECT a AS algorithm, mlops_predict('constant_' || a, 0.5) AS prediction
FROM unnest('{gradient_boosting,random_forest,extra_trees,decision_tree}'::text[]) AS a ORDER BY a;
SELECT mlops_train('m', 'SELECT x, true AS y FROM small', target => 'y', algorithm => 'gradient_boosting');
SELECT version FROM mlops_train('constant_linear', 'SELECT x, 7 AS y FROM small', target => 'y', algorithm => 'linear_regression');
-- weights decide which rows there are
SELECT version FROM mlops_train('constant_weighted', 'SELECT x, (i > 20)::int AS y, (i > 20)::int AS w FROM small', target => 'y', weight => 'w', algorithm => 'gradient_boosting', task => 'regression');

-- one row of each in a leaf
SELECT a AS algorithm, round((metrics->'train'->>'r2')::numeric, 6) AS r2
FROM unnest('{random_forest,extra_trees,decision_tree}'::text[]) AS a,
	mlops_train('leaf_' || a, 'small', target => 'y', algorithm => a, features => '{x}', params => CASE a WHEN 'random_forest' THEN '{"bootstrap": false}' ELSE '{}' END::jsonb) AS t ORDER BY a;
SELECT round((metrics->'train'->>'r2')::numeric, 3) > 0.99 AS fits FROM mlops_train('leaf', 'small', target => 'y', algorithm => 'gradient_boosting', features => '{x}',
	params => '{"min_samples_leaf": 1, "max_leaf_nodes": null, "early_stopping": false}');

-- one case in a thousand
CREATE TABLE rare AS SELECT i, (i * 7919 % 10007) / 10007.0 AS x, CASE WHEN i % 1000 = 0 THEN 'yes' ELSE 'no' END AS y FROM generate_series(1, 20000) AS i;
SELECT a AS algorithm, t.train_rows + t.test_rows AS rows, t.value IS NOT NULL AS known
FROM unnest('{gradient_boosting,random_forest,extra_trees,decision_tree}'::text[]) AS a,
	mlops_train('rare_' || a, 'rare', target => 'y', algorithm => a, features => '{x}', params => '{"class_weight": "balanced"}') AS t ORDER BY a;

-- one case in twenty thousand, and none to hold back
SELECT train_rows, value IS NULL AS unknown FROM mlops_train('rarest', 'SELECT x, i = 77 AS y FROM rare', target => 'y', algorithm => 'gradient_boosting', split => '{"method": "none"}', params => '{"early_stopping": true}');

-- extremes of what cuts of categories ask for
SELECT n, train_rows FROM unnest('{"{\"min_data_per_group\": 1000000000}","{\"cat_smooth\": 0, \"cat_l2\": 0, \"max_cat_threshold\": 1, \"min_data_per_group\": 1}","{\"cat_penalty\": 1e308, \"cat_l2\": 1e308}"}'::jsonb[]) WITH ORDINALITY AS p (p, n),
	mlops_train('extreme', 'SELECT c, y FROM small', target => 'y', algorithm => 'gradient_boosting', params => p, deploy => 'never');

-- early stopping with next to nothing to validate on
SELECT train_rows FROM mlops_train('tiny', 'SELECT x, y FROM small LIMIT 12', target => 'y', algorithm => 'gradient_boosting', params => '{"early_stopping": true, "min_samples_leaf": 2}');
SELECT train_rows FROM mlops_train('tiny_classes', 'SELECT x, even FROM small LIMIT 12', target => 'even', algorithm => 'gradient_boosting', params => '{"early_stopping": true, "min_samples_leaf": 2}');
SELECT train_rows FROM mlops_train('one', 'SELECT x, y FROM small LIMIT 1', target => 'y', algorithm => 'gradient_boosting', split => '{"method": "none"}');

-- too many categories
CREATE TABLE names AS SELECT 'n' || i % 65536 AS name, i % 2 AS y FROM generate_series(1, 131072) AS i;
SELECT mlops_train('m', 'names', target => 'y', algorithm => 'gradient_boosting');
SELECT train_rows + test_rows AS rows FROM mlops_train('wide', $$SELECT * FROM names WHERE name <> 'n77'$$, target => 'y', algorithm => 'decision_tree', params => '{"max_depth": 3}');
SELECT mlops_predict('wide', 'n77'::text) = mlops_predict('wide', NULL::text) AS unseen_as_null;

-- a model too large is refused before it is trained
SELECT mlops_train('m', 'rare', target => 'y', algorithm => 'gradient_boosting', params => '{"max_iter": 1000000, "max_leaf_nodes": 1000}');
SELECT train_rows > 0 AS trained FROM mlops_train('long', 'SELECT x, y FROM small', target => 'y', algorithm => 'gradient_boosting',
	params => '{"max_iter": 10000, "max_leaf_nodes": 3, "early_stopping": false}');

SELECT count(mlops_drop(model)) FROM mlops.models;
DROP TABLE small, rare, names;
