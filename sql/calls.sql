-- Where the functions can be called from: transactions, PL/pgSQL, cursors, many rows, read-only transactions, views and triggers.
SET mlops.progress = off;
CREATE TABLE numbers AS SELECT i AS id, i % 10 AS x, i % 7 AS z, i % 3 AS part, 2 * (i % 10) + i % 7 + i % 2 AS y FROM generate_series(1, 300) AS i;

-- scored before commit; rolled back to a savepoint; gone with the transaction
BEGIN;
SELECT version FROM mlops_train('inside', 'numbers', target => 'y', features => '{x,z}', algorithm => 'linear_regression');
SELECT round(mlops_predict('inside', 1, 2)) AS linear;
SAVEPOINT before;
SELECT version FROM mlops_train('inside', 'numbers', target => 'y', features => '{x,z}', algorithm => 'dummy', deploy => 'always');
SELECT round(mlops_predict('inside', 1, 2)) AS dummy;
ROLLBACK TO before;
SELECT round(mlops_predict('inside', 1, 2)) AS linear;
SELECT mlops_train('inside', 'numbers', target => 'nothing');
ROLLBACK TO before;
SELECT round(mlops_predict('inside', 1, 2)) AS linear;
ROLLBACK;
SELECT mlops_predict('inside', 1, 2);
SELECT count(*) FROM mlops.progress;

-- a model for each row of a table, in one statement
CREATE TABLE segments AS SELECT part, format('SELECT x, z, y FROM numbers WHERE part = %s', part) AS source FROM generate_series(0, 2) AS part;
SELECT s.part, t.model, t.version, t.train_rows FROM segments AS s, mlops_train('part ' || s.part, s.source, target => 'y') AS t ORDER BY part;
SELECT count(*) FROM (SELECT mlops_train('part ' || part, source, target => 'y', deploy => 'never') FROM segments) AS t;
SELECT part, round(avg(abs(mlops_predict('part ' || part, x, z) - y))::numeric, 1) AS error FROM numbers GROUP BY part ORDER BY part;

-- PL/pgSQL: an error caught leaves nothing behind, and each statement sees what the one before deployed
DO $$
DECLARE
	trained record;
BEGIN
	BEGIN
		PERFORM mlops_train('caught', 'numbers', target => 'y', features => '{x,z}');
		PERFORM 1 / 0;
	EXCEPTION WHEN division_by_zero THEN
		RAISE NOTICE 'models after a failed block: %', (SELECT count(*) FROM mlops.models WHERE model = 'caught');
	END;
	BEGIN
		PERFORM mlops_train('caught', 'numbers', target => 'nothing');
	EXCEPTION WHEN undefined_column THEN
		RAISE NOTICE '%', SQLERRM;
	END;
	FOR trained IN SELECT * FROM mlops_train('caught', 'numbers', target => 'y', features => '{x,z}', algorithm => 'ridge') LOOP
		RAISE NOTICE 'version %, deployed %', trained.version, trained.deployed;
	END LOOP;
	PERFORM mlops_train('caught', 'numbers', target => 'y', features => '{x,z}', algorithm => 'dummy', deploy => 'never');
	FOR i IN 1..2 LOOP
		PERFORM mlops_deploy('caught', i);
		RAISE NOTICE 'as version %: %', i, mlops_predict('caught', 1, 2) = mlops_predict('caught/' || i, 1, 2);
	END LOOP;
END
$$;
CREATE PROCEDURE train_thrice() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..3 LOOP
		PERFORM mlops_train('thrice', 'numbers', target => 'y', features => '{x}', deploy => 'always', algorithm => 'ridge', seed => i);
		COMMIT;
		RAISE NOTICE 'live: %', mlops_predict('thrice', 1) = mlops_predict('thrice/' || i, 1);
	END LOOP;
END
$$;
CALL train_thrice();

-- a cursor stays with its statement's version, even when the model is dropped meanwhile
BEGIN;
DECLARE trained CURSOR FOR SELECT version FROM mlops_train('cursor', 'numbers', target => 'y', features => '{x}');
FETCH ALL FROM trained;
DECLARE scored CURSOR WITH HOLD FOR SELECT id, mlops_predict('thrice', x) = mlops_predict('thrice/3', x) AS same FROM numbers WHERE id <= 5 ORDER BY id;
FETCH 1 FROM scored;
SAVEPOINT before;
SELECT mlops_deploy('thrice', 1);
FETCH 1 FROM scored;
ROLLBACK TO before;
FETCH 1 FROM scored;
COMMIT;
FETCH ALL FROM scored;
CLOSE scored;

-- reading is possible in a read-only transaction, writing is not
BEGIN READ ONLY;
SELECT mlops_predict('caught/1', 1, 2) IS NOT NULL AS predicted, (SELECT count(*) FROM mlops_predict_table('caught', 'numbers')) AS scored,
	(SELECT count(*) > 0 FROM mlops_evaluate('caught', 'numbers')) AS evaluated, (SELECT count(*) FROM mlops_drift('caught/1', 'numbers')) AS features;
SAVEPOINT before;
SELECT mlops_train('caught', 'numbers', target => 'y');
ROLLBACK TO before;
SELECT mlops_retrain('caught');
ROLLBACK TO before;
SELECT mlops_deploy('caught', 1);
ROLLBACK TO before;
SELECT mlops_rollback('caught');
ROLLBACK TO before;
SELECT mlops_drop('caught');
ROLLBACK TO before;
SELECT mlops_alias('caught', 'a', 1);
ROLLBACK TO before;
SELECT mlops_grant('caught', 'public');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT version FROM mlops_train('caught', 'numbers', target => 'y', features => '{x}', algorithm => 'ridge', deploy => 'always');
SELECT mlops_predict('caught', 1) = mlops_predict('caught/3', 1) AS live;
COMMIT;

-- inside views, triggers, SQL functions, joins with the model's name as a column; not where the answer would have to be immutable
CREATE VIEW scored AS SELECT id, mlops_predict('thrice', n) AS p FROM numbers AS n;
SELECT count(p) FROM scored;
CREATE FUNCTION score_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.p := mlops_predict('thrice', NEW.x); RETURN NEW; END $$;
CREATE TABLE arriving (x int, p float8);
CREATE TRIGGER score_new BEFORE INSERT ON arriving FOR EACH ROW EXECUTE FUNCTION score_new();
INSERT INTO arriving (x) SELECT x FROM numbers;
SELECT count(p) FROM arriving;
CREATE FUNCTION score(int) RETURNS float8 LANGUAGE sql AS $$ SELECT mlops_predict('thrice', $1) $$;
SELECT count(score(x)) FROM numbers;
SELECT m.name, mlops_predict(m.name, 4) = mlops_predict('thrice/' || m.n, 4) AS same FROM (VALUES ('thrice/1', 1), ('thrice/2', 2), ('thrice', 3)) AS m (name, n);
SELECT count(*) FROM numbers AS n WHERE mlops_predict('thrice', n) > 9;
CREATE INDEX ON numbers (mlops_predict('thrice', x));

-- a record of another shape each time
DO $$
DECLARE
	r record;
BEGIN
	SELECT 1 AS x, 2 AS z INTO r;
	RAISE NOTICE '%', mlops_predict('caught/1', r) = mlops_predict('caught/1', 1, 2);
	SELECT 'more' AS more, 2.0 AS z, 1::float8 AS x INTO r;
	RAISE NOTICE '%', mlops_predict('caught/1', r) = mlops_predict('caught/1', 1, 2);
END
$$;

-- an alias that is also a column's name means the column
SELECT mlops_predict('caught/1', x) FROM numbers AS x LIMIT 1;

-- a model without features: SQL wants one argument
SELECT FROM mlops_train('mean', 'numbers', target => 'y', features => '{}');
SELECT mlops_predict('mean', '{}'::jsonb) = mlops_predict('mean', '{}') AS jsonb, mlops_predict('mean', '{}'::jsonb) = mlops_predict('mean', n) AS row FROM numbers AS n LIMIT 1;
SELECT mlops_predict('mean', 1, 2);
SELECT mlops_predict('mean');
SELECT count(*) FROM mlops_predict_table('mean', 'SELECT FROM numbers');
SELECT count(*) > 0 AS evaluated FROM mlops_evaluate('mean', 'SELECT y FROM numbers');
SELECT count(*) FROM mlops_drift('mean', 'SELECT FROM numbers');

-- names that name nothing
SELECT mlops_predict('thrice/', 1);
SELECT mlops_predict('thrice/0', 1);
SELECT mlops_predict('thrice/99999999999999999999', 1);
SELECT mlops_predict('thrice@', 1);
SELECT mlops_predict('thrice/1/2', 1);
SELECT mlops_deploy('thrice/1', 1);
SELECT mlops_drop('thrice@a');
SELECT FROM mlops_train('never', 'numbers', target => 'y', features => '{x}', deploy => 'never');
SELECT mlops_predict('never', 1);
SELECT mlops_retrain('never');
SELECT version FROM mlops_retrain('never/1');
SELECT mlops_alias('never', 'a/b', 1);
SELECT mlops_alias('never', 'a', 7);
SELECT mlops_alias('never', 'a', 1);
SELECT mlops_drop('never', 1);
SET client_min_messages = warning;
SELECT version FROM mlops_retrain('never@a');
RESET client_min_messages;

SELECT count(mlops_drop(model)) FROM mlops.models;
DROP VIEW scored;
DROP TABLE numbers, segments, arriving;
DROP PROCEDURE train_thrice;
DROP FUNCTION score_new, score;
