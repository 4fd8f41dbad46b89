-- Sources: all kinds of relations and SELECTs give the same model from the same rows; what changes under a model is said.
\getenv source PG_ABS_SRCDIR
SET mlops.progress = off;

-- every kind of relation: the same rows are the same training
CREATE VIEW iris_view AS SELECT * FROM iris;
CREATE MATERIALIZED VIEW iris_stored AS SELECT * FROM iris;
CREATE TEMP TABLE iris_temporary AS SELECT * FROM iris;
CREATE TABLE iris_parts (LIKE iris) PARTITION BY LIST (species);
CREATE TABLE iris_part_1 PARTITION OF iris_parts FOR VALUES IN ('setosa');
CREATE TABLE iris_part_2 (species text, gone int, petal_width float8, petal_length float8, sepal_width float8, sepal_length float8);
ALTER TABLE iris_part_2 DROP COLUMN gone;
ALTER TABLE iris_parts ATTACH PARTITION iris_part_2 DEFAULT;
INSERT INTO iris_parts SELECT * FROM iris;
CREATE TABLE iris_parent (LIKE iris);
CREATE TABLE iris_child (extra int) INHERITS (iris_parent);
INSERT INTO iris_parent SELECT * FROM iris WHERE species = 'setosa';
INSERT INTO iris_child SELECT * FROM iris WHERE species <> 'setosa';
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
\set file :source '/test/data/iris.csv'
CREATE FOREIGN TABLE iris_foreign (sepal_length float8, sepal_width float8, petal_length float8, petal_width float8, species text)
	SERVER files OPTIONS (filename :'file', format 'csv', header 'true');
CREATE TEMP TABLE kinds (source text);
INSERT INTO kinds VALUES ('iris'), ('iris_view'), ('iris_stored'), ('iris_temporary'), ('iris_parts'), ('iris_parent'), ('iris_foreign'),
	(' public . "iris" '), ('TABLE iris;'), ('(SELECT * FROM iris)'), ('-- all of them' || chr(10) || 'SELECT * FROM iris /* here */'),
	('WITH i AS (SELECT * FROM iris) SELECT * FROM i WHERE sepal_length < 6 UNION ALL SELECT * FROM iris WHERE sepal_length >= 6');
SELECT k.source, m.train_rows
FROM (SELECT source, row_number() OVER () AS n FROM kinds) AS k, mlops_train('kind ' || k.n, k.source, target => 'petal_width', exclude => '{species}') AS m;
SELECT count(*) AS versions, count(DISTINCT fingerprint) AS trainings, count(DISTINCT metrics) AS results FROM mlops.versions;
SELECT count(mlops_predict('kind 1', i)) FROM iris_parts AS i;
SELECT count(mlops_predict('kind 1', i)) FROM iris_parent AS i;
SELECT count(mlops_predict('kind 1', i)) FROM iris_foreign AS i;
SELECT count(mlops_drop(model)) FROM mlops.models;

-- a SELECT may compute, and a volatile function runs once a row
CREATE SEQUENCE counted;
SELECT train_rows + test_rows AS rows FROM mlops_train('volatile', 'SELECT nextval(''counted'') % 7 AS n, petal_length, petal_width FROM iris', target => 'petal_width');
SELECT last_value FROM counted;

-- no source
SELECT mlops_train('m', 'counted', target => 'y');
SELECT mlops_train('m', 'generate_series(1, 3)', target => 'y');
SELECT mlops_train('m', 'Odd Name', target => 'y');
SELECT mlops_train('m', '"Iris"', target => 'y');
SELECT mlops_train('m', 'no_schema.iris', target => 'y');
SELECT mlops_train('m', 'EXPLAIN SELECT * FROM iris', target => 'y');

-- two columns of one name: an error where one of them is used, here and when scoring
SELECT mlops_train('m', 'SELECT petal_length AS x, petal_length AS x, petal_width AS y FROM iris', target => 'y');
SELECT mlops_train('m', 'SELECT petal_length AS x, petal_width AS y, petal_width AS y FROM iris', target => 'y');
SELECT mlops_train('m', 'SELECT petal_length AS x, petal_length AS x, petal_width AS y FROM iris', target => 'y', features => '{x}');
SELECT mlops_train('m', 'SELECT petal_length AS x, petal_width AS y, 1 AS w, 2 AS w FROM iris', target => 'y', weight => 'w');
SELECT version FROM mlops_train('m', 'SELECT petal_length AS x, petal_width AS y, 1 AS w, 2 AS w FROM iris', target => 'y', exclude => '{w}');
SELECT version FROM mlops_train('m', 'SELECT petal_length AS x, petal_width AS y, 1 AS w, 2 AS w FROM iris', target => 'y', features => '{x}', deploy => 'always');
SELECT mlops_predict('m', s) FROM (SELECT 1 AS x, 2 AS x) AS s;
SELECT * FROM mlops_predict_table('m', 'SELECT 1 AS x, 2 AS x');
SELECT * FROM mlops_predict_table('m', 'SELECT 1 AS x, 2 AS k, 3 AS k', key => 'k');
SELECT * FROM mlops_evaluate('m', 'SELECT 1 AS x, 2 AS x, 3 AS y');
SELECT * FROM mlops_evaluate('m', 'SELECT 1 AS x, 2 AS y, 3 AS y');
SELECT * FROM mlops_drift('m', 'SELECT 1 AS x, 2 AS x');
SELECT mlops_predict('m', s) IS NOT NULL AS unused FROM (SELECT 1 AS x, 2 AS w, 3 AS w) AS s;

-- nothing to read, or nothing to compare with
SELECT * FROM mlops_evaluate('m', 'SELECT 1 AS x, 2 AS y WHERE false');
SELECT * FROM mlops_evaluate('m', 'SELECT 1 AS x, NULL::int AS y');
SELECT * FROM mlops_evaluate('m', 'SELECT 1 AS x, ''one'' AS y');
SELECT * FROM mlops_drift('m', 'SELECT 1 AS x WHERE false');
SELECT * FROM mlops_predict_table('m', 'SELECT 1 AS x WHERE false');
SELECT FROM mlops_train('species', 'iris', target => 'species');
SELECT * FROM mlops_evaluate('species', 'SELECT sepal_length, sepal_width, petal_length, petal_width, ''rose'' AS species FROM iris');

-- names resolved when trained are the ones read when retrained, whatever the search_path
CREATE SCHEMA aside;
CREATE TABLE aside.things AS SELECT i % 10 AS n, i % 3 AS g, i AS y FROM generate_series(1, 200) AS i;
CREATE FUNCTION aside.twice(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1';
CREATE TYPE aside.size AS ENUM ('small', 'large');
CREATE OPERATOR aside.<+> (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
SET search_path = aside, public;
SELECT version FROM mlops_train('aside', 'SELECT twice(n) AS t, n <+> g AS s, CASE WHEN n > 5 THEN ''large''::size ELSE ''small'' END AS z, y FROM things', target => 'y', algorithm => 'ridge');
RESET search_path;
SELECT definition ->> 'source' AS source FROM mlops.versions WHERE model = 'aside';
SET client_min_messages = warning;
SELECT version, train_rows + test_rows AS rows FROM mlops_retrain('aside');
SET search_path = pg_catalog;
SELECT version, train_rows + test_rows AS rows FROM public.mlops_retrain('aside');
RESET search_path;
RESET client_min_messages;

-- a temporary table is found by its name in another session, or is not there
SELECT version FROM mlops_train('temporary', 'iris_temporary', target => 'species', deploy => 'always');
SELECT definition ->> 'source' AS source FROM mlops.versions WHERE model = 'temporary';
\c -
SET mlops.progress = off;
SELECT mlops_retrain('temporary');
SELECT version FROM mlops_retrain('temporary', 'iris');
CREATE TEMP TABLE iris_temporary AS SELECT * FROM iris;
SELECT train_rows + test_rows AS rows FROM mlops_retrain('temporary');

-- columns added, retyped, renamed and dropped under a prepared statement
CREATE TABLE changing AS SELECT sin(i) AS x, cos(i) AS z, 'c' || i % 3 AS c, i * 1.0 AS y FROM generate_series(1, 100) AS i;
SELECT FROM mlops_train('changing', 'changing', target => 'y', algorithm => 'ridge');
SELECT mlops_predict('changing', each) AS first FROM changing AS each LIMIT 1 \gset
PREPARE score AS SELECT abs(mlops_predict('changing', each) - :first) < 1e-4 AS same FROM changing AS each LIMIT 1;
EXECUTE score;
ALTER TABLE changing ADD COLUMN more int DEFAULT 5;
EXECUTE score;
ALTER TABLE changing ALTER COLUMN x TYPE float4, ALTER COLUMN c TYPE varchar(4), ALTER COLUMN z TYPE numeric;
EXECUTE score;
ALTER TABLE changing DROP COLUMN more;
EXECUTE score;
ALTER TABLE changing RENAME COLUMN z TO zz;
EXECUTE score;
ALTER TABLE changing RENAME COLUMN zz TO z;
ALTER TABLE changing ALTER COLUMN x TYPE text;
EXECUTE score;
SELECT * FROM mlops_evaluate('changing', 'changing');
SELECT * FROM mlops_drift('changing', 'changing');
SELECT * FROM mlops_predict_table('changing', 'changing');
SELECT version, deployed FROM mlops_retrain('changing');
ALTER TABLE changing ALTER COLUMN x TYPE float8 USING x::float8, ALTER COLUMN z TYPE float8[] USING ARRAY[z, z];
SELECT version, deployed FROM mlops_retrain('changing');
SELECT version, deployed FROM mlops_train('changing', 'changing', target => 'y', algorithm => 'ridge', deploy => 'always');
ALTER TABLE changing ALTER COLUMN z TYPE float8[] USING z || z;
SELECT version, deployed FROM mlops_retrain('changing');
SELECT mlops_predict('changing', each) FROM changing AS each LIMIT 1;
SELECT * FROM mlops_evaluate('changing', 'changing');
DROP TABLE changing;
EXECUTE score;
SELECT mlops_retrain('changing');
DEALLOCATE score;

SELECT count(mlops_drop(model)) FROM mlops.models;
DROP SCHEMA aside CASCADE;
DROP EXTENSION file_fdw CASCADE;
DROP TABLE iris_parts, iris_parent, iris_child, iris_temporary;
DROP VIEW iris_view;
DROP MATERIALIZED VIEW iris_stored;
DROP SEQUENCE counted;
