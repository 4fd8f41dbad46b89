-- Bad input: each is an error that names the culprit, with a hint for the next step.
SET mlops.progress = off;
CREATE TABLE t AS SELECT i AS id, sin(i) AS x, cos(i) AS z, i % 2 = 0 AS flag, 'c' || i % 3 AS c, i * 0.5 AS y FROM generate_series(1, 60) AS i;
SELECT FROM mlops_train('errors', 't', target => 'y', features => '{x,z,c}');

-- the call
SELECT mlops_train('m', 'no_such_table', target => 'y');
SELECT mlops_train('m', 't');
SELECT mlops_train('m', 't', target => 'Y');
SELECT mlops_train('m', 't', target => 'y', algorithm => 'linear_regresion');
SELECT mlops_train('m', 't', target => 'y', algorithm => 'logistic_regression', task => 'regression');
SELECT mlops_train('m', 't', target => 'y', task => 'clasification');
SELECT mlops_train('m', 't', target => 'y', features => '{x,zz}');
SELECT mlops_train('m', 't', target => 'y', features => '{x,y}');
SELECT mlops_train('m', 't', target => 'y', exclude => '{xx}');
SELECT mlops_train('m', 't', target => 'y', weight => 'wait');
SELECT mlops_train('m', 't', target => 'y', weight => 'x');
SELECT mlops_train('m', 't', target => 'y', metric => 'rsme');
SELECT mlops_train('m', 't', target => 'y', metric => 'accuracy');
SELECT mlops_train('m', 't', target => 'y', deploy => 'maybe');
SELECT mlops_train('', 't', target => 'y');
SELECT mlops_train('a/b', 't', target => 'y');
SELECT mlops_train(NULL, 't', target => 'y');
SELECT mlops_train('m', NULL, target => 'y');

-- parameters and options
SELECT mlops_train('m', 't', target => 'y', algorithm => 'ridge', params => '{"alhpa": 1}');
SELECT mlops_train('m', 't', target => 'y', algorithm => 'ridge', params => '{"alpha": "much"}');
SELECT mlops_train('m', 't', target => 'y', algorithm => 'ridge', params => '{"alpha": -1}');
SELECT mlops_train('m', 't', target => 'y', algorithm => 'ridge', params => '[1]');
SELECT mlops_train('m', 't', target => 'flag', algorithm => 'logistic_regression', params => '{"penalty": "l3"}');
SELECT mlops_train('m', 't', target => 'flag', algorithm => 'logistic_regression', params => '{"class_weight": {"maybe": 2}}');
SELECT mlops_train('m', 't', target => 'y', preprocess => '{"xx": {"impute": "mean"}}');
SELECT mlops_train('m', 't', target => 'y', preprocess => '{"x": {"inpute": "mean"}}');
SELECT mlops_train('m', 't', target => 'y', preprocess => '{"x": {"impute": "average"}}');
SELECT mlops_train('m', 't', target => 'y', preprocess => '{"c": {"scale": "robust"}}');
SELECT mlops_train('m', 't', target => 'y', split => '{"test_size": 1.5}');
SELECT mlops_train('m', 't', target => 'y', split => '{"method": "tim"}');
SELECT mlops_train('m', 't', target => 'y', split => '{"method": "time"}');
SELECT mlops_train('m', 't', target => 'y', split => '{"method": "time", "column": "when"}');
SELECT mlops_train('m', 't', target => 'y', split => '{"methode": "time"}');

-- sources that are no single SELECT
SELECT mlops_train('m', 'SELECT 1; SELECT 2', target => 'y');
SELECT mlops_train('m', 'DELETE FROM t', target => 'y');
SELECT mlops_train('m', 'WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone', target => 'y');
SELECT mlops_train('m', 'SELECT * INTO copy FROM t', target => 'y');
SELECT mlops_train('m', 'SELECT * FROM t FOR UPDATE', target => 'y');
SELECT mlops_train('m', 'SELECT * FROM t WHERE x > $1', target => 'y');
SELECT mlops_train('m', 'SELECT * FORM t', target => 'y');
SELECT mlops_train('m', '', target => 'y');
SELECT count(*) FROM t;

-- data
SELECT mlops_train('m', 'SELECT * FROM t WHERE false', target => 'y');
SELECT mlops_train('m', 'SELECT x, NULL::float8 AS y FROM t', target => 'y');
SELECT mlops_train('m', 'SELECT x, ''one''::text AS y FROM t', target => 'y');
SELECT mlops_train('m', 'SELECT 1 / (id - 30.0)::float8 AS x, y FROM t WHERE id <> 30 UNION ALL SELECT ''infinity'', 1', target => 'y');
SELECT mlops_train('m', 'SELECT x, ''infinity''::float8 AS y FROM t', target => 'y');
SELECT mlops_train('m', 'SELECT c, c AS y FROM t', target => 'y', task => 'regression');
SELECT mlops_train('m', 'SELECT id % 9 AS x, ARRAY[x, z] || CASE WHEN id = 9 THEN ARRAY[1.0] END AS v, y FROM t', target => 'y');

-- the model
SELECT mlops_predict('erors', 1, 2, 'c1');
SELECT mlops_predict('errors/7', 1, 2, 'c1');
SELECT mlops_predict('errors@champion', 1, 2, 'c1');
SELECT mlops_predict('errors', 1, 2);
SELECT mlops_predict('errors', 1, 'two', 'c1');
SELECT mlops_predict('errors', s) FROM (SELECT x, c FROM t LIMIT 1) AS s;
SELECT mlops_predict('errors', s) FROM (SELECT x::text, z, c FROM t LIMIT 1) AS s;
SELECT mlops_predict('errors', '{"x": 1, "z": 2}'::jsonb);
SELECT mlops_predict('errors', '{"x": "one", "z": 2, "c": "c1"}'::jsonb);
SELECT mlops_predict('errors', 'infinity', 2, 'c1');
SELECT mlops_classify('errors', 1, 2, 'c1');
SELECT mlops_probability('errors', 1, 2, 'c1');
SELECT mlops_probabilities('errors', 1, 2, 'c1');
SELECT * FROM mlops_predict_table('errors', 't', key => 'idd');
SELECT * FROM mlops_evaluate('errors', 'SELECT x, z, c FROM t');
SELECT mlops_train('errors', 't', target => 'flag', features => '{x,z}');
SELECT mlops_deploy('errors', 9);
SELECT mlops_rollback('errors');
SELECT mlops_drop('errors', 1);
SELECT mlops_drop('nothing');
SELECT mlops_retrain('nothing');
SELECT * FROM mlops_parameters('rigde');
SELECT mlops_schedule('errors', '0 3 * * *');

-- no features at all are no error: the model is its constant
SELECT version, train_rows FROM mlops_train('constant', 't', target => 'y', features => '{}');
SELECT version, train_rows FROM mlops_train('constant', 't', target => 'y', exclude => '{id,x,z,flag,c}', deploy => 'never');
SELECT version, train_rows FROM mlops_train('constant', 'SELECT y FROM t', target => 'y', deploy => 'never');
SELECT feature FROM mlops_coefficients('constant');
SELECT mlops_drop('constant');

-- a column that went away, or changed its type, is said when the model is retrained or scored
CREATE TABLE changing AS SELECT x, z, y FROM t;
SELECT FROM mlops_train('changing', 'changing', target => 'y');
ALTER TABLE changing ALTER COLUMN z TYPE text;
SELECT mlops_predict('changing', c) FROM changing AS c LIMIT 1;
ALTER TABLE changing DROP COLUMN z;
SELECT mlops_predict('changing', c) FROM changing AS c LIMIT 1;
SELECT version FROM mlops_retrain('changing');
DROP TABLE changing;
SELECT mlops_retrain('changing');

-- nothing was stored by what failed
SELECT model, version FROM mlops.versions ORDER BY 1, 2;
SELECT mlops_drop('errors'), mlops_drop('changing');
DROP TABLE t;
