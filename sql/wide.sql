-- Tables of odd shapes: 1,600 columns, fewer rows than features, no features, one row.
SET mlops.progress = off;
SET client_min_messages = error;
DO $$ BEGIN EXECUTE 'CREATE TABLE widest AS SELECT ' || (SELECT string_agg(format('(i * %s %% 101)::float4 AS c%s', n, n), ', ') FROM generate_series(1, 1599) AS n) || ', i::float4 AS y FROM generate_series(1, 60) AS i'; END $$;
SELECT train_rows, test_rows FROM mlops_train('widest', 'widest', target => 'y', algorithm => 'ridge');
SELECT count(*) FROM mlops_coefficients('widest');
SELECT count(mlops_predict('widest', w)) FROM widest AS w;
SELECT train_rows FROM mlops_train('wide_ols', 'widest', target => 'y', algorithm => 'linear_regression', features => (SELECT array_agg('c' || n) FROM generate_series(1, 90) AS n));
SELECT count(mlops_predict('wide_ols', w)) FROM widest AS w;
RESET client_min_messages;
SELECT train_rows, test_rows, value FROM mlops_train('one', 'SELECT 1.0 AS x, 2.0 AS y', target => 'y', features => '{x}', algorithm => 'dummy');
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
SELECT mlops_train('nothing', 'nothing', target => 'y');
SELECT count(mlops_drop(model)) FROM mlops.models;
DROP TABLE widest, nothing;
