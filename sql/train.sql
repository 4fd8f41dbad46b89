-- Training: what comes back, what is stored, what is left out, how rows are split.
SET mlops.progress = off;

-- every algorithm on data that fits it
SELECT model, version, algorithm, task, train_rows, test_rows, metric, deployed, round(value::numeric, 3) AS value, round(baseline::numeric, 3) AS baseline
FROM mlops_train('sugar', 'diabetes', target => 'progression', algorithm => 'linear_regression');
SELECT algorithm, round(value::numeric, 3) AS value, deployed FROM mlops_train('sugar', 'diabetes', target => 'progression', algorithm => 'ridge', params => '{"alpha": 10}', deploy => 'never');
SELECT algorithm, round(value::numeric, 3) AS value, deployed FROM mlops_train('sugar', 'diabetes', target => 'progression', algorithm => 'lasso', params => '{"alpha": 1}', deploy => 'always');
SELECT algorithm, round(value::numeric, 3) AS value, deployed FROM mlops_train('sugar', 'diabetes', target => 'progression', algorithm => 'elastic_net', deploy => 'never');
SELECT algorithm, round(value::numeric, 3) AS value, deployed FROM mlops_train('sugar', 'diabetes', target => 'progression', algorithm => 'dummy');
SELECT model, version, algorithm, task, train_rows, test_rows, deployed, value >= 0.9 AS good
FROM mlops_train('flower', 'iris', target => 'species', algorithm => 'logistic_regression', metric => 'accuracy');
SELECT algorithm, task FROM mlops_train('chosen', 'iris', target => 'species');
SELECT algorithm, task FROM mlops_train('chosen_number', 'iris', target => 'petal_width', exclude => '{species}');

-- what is stored
SELECT model, version, algorithm FROM mlops.versions ORDER BY model, version;
SELECT model, task, live_version FROM mlops.models ORDER BY model;
SELECT dataset, metric, label IS NOT NULL AS labelled, count(*), count(value) FROM mlops.metrics WHERE model = 'flower' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT jsonb_object_keys(metrics) FROM mlops_train('keys', 'iris', target => 'species') ORDER BY 1;

-- left out with a notice: constant, all NULL, like an id; unless features names them
CREATE TABLE useless AS SELECT i AS id, 'k' || i AS code, 7 AS same, NULL::float8 AS nothing, sin(i) AS x, i % 10 + sin(i) AS y FROM generate_series(1, 200) AS i;
SELECT train_rows + test_rows AS rows FROM mlops_train('useless', 'useless', target => 'y');
SELECT feature FROM mlops_coefficients('useless');
SELECT train_rows + test_rows AS rows FROM mlops_train('useless', 'useless', target => 'y', features => '{id,x,same}', deploy => 'always');
SELECT feature FROM mlops_coefficients('useless');

-- rows without a target are left out and counted
SELECT train_rows + test_rows AS rows FROM mlops_train('partly', 'SELECT x, CASE WHEN id > 50 THEN y END AS y FROM useless', target => 'y');

-- splits
SELECT train_rows, test_rows FROM mlops_train('split', 'iris', target => 'species', split => '{"test_size": 0.4}');
SELECT train_rows, test_rows FROM mlops_train('split', 'iris', target => 'species', split => '{"method": "none"}');
SELECT train_rows, test_rows FROM mlops_train('split_column', 'SELECT x, y, id % 4 = 0 AS held_out FROM useless', target => 'y', split => '{"method": "column", "column": "held_out"}');
SELECT train_rows, test_rows FROM mlops_train('split_time', $$SELECT x, y, '2024-01-01'::date + id AS day FROM useless$$, target => 'y', split => '{"method": "time", "column": "day", "test_size": 0.25}');

-- sources: names and selects
CREATE VIEW flowers AS SELECT * FROM iris;
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."Odd Table" AS SELECT petal_length AS "Länge, cm", petal_width AS "wid""th" FROM iris;
SELECT train_rows FROM mlops_train('v', 'flowers', target => 'species');
SELECT train_rows FROM mlops_train('odd "name" with ünicode', '"Odd Schema"."Odd Table"', target => 'wid"th');
SELECT feature FROM mlops_coefficients('odd "name" with ünicode');
SELECT train_rows FROM mlops_train('w', 'WITH f AS (SELECT * FROM iris WHERE species <> ''setosa'') TABLE f', target => 'species');
SELECT train_rows FROM mlops_train('vals', 'VALUES (1, 2.0), (2, 4.1), (3, 6.2), (4, 7.9), (5, 10.1)', target => 'column2', features => '{column1}');

-- weights: a weight of 2 is a row twice
SELECT FROM mlops_train('weighted', 'SELECT x, y, 1 + id % 2 AS w FROM useless', target => 'y', weight => 'w', split => '{"method": "none"}', algorithm => 'linear_regression');
SELECT FROM mlops_train('repeated', 'SELECT x, y FROM useless, generate_series(1, 1 + id % 2)', target => 'y', split => '{"method": "none"}', algorithm => 'linear_regression');
SELECT feature, abs(w.estimate - r.estimate) < 1e-12 AS same FROM mlops_coefficients('weighted') AS w JOIN mlops_coefficients('repeated') AS r USING (feature);

-- dependent columns are named, and scoring works all the same
SELECT FROM mlops_train('dependent', 'SELECT x, 2 * x + 1 AS twice, y FROM useless', target => 'y', algorithm => 'linear_regression');
SELECT feature, estimate IS NULL AS dropped FROM mlops_coefficients('dependent');

-- separated classes are said
SELECT FROM mlops_train('separated', $$SELECT x, x > 0 AS y FROM useless$$, target => 'y', algorithm => 'logistic_regression', params => '{"penalty": "none"}');

SELECT count(mlops_drop(model)) FROM mlops.models;
DROP SCHEMA "Odd Schema" CASCADE;
