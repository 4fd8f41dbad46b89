-- Cleaning: each rule, tables and views alike, dry runs, what is rejected, and what is refused.
SET mlops.progress = off;
SET datestyle = 'ISO, MDY';
CREATE SCHEMA tidy;
SET search_path = tidy, public;
\pset null '(null)'

CREATE TABLE raw (id int, name text, city varchar(20), price text, sold text, n int, x float8, doc json);
INSERT INTO raw VALUES
	(1, '  Ann ', 'Berlin', '1,234.50', '2024-01-31', 5, 1.5, '{"a": 1}'),
	(2, 'Bob', 'berlin', 'N/A', '31.01.2024', -999, 2.5, NULL),
	(3, 'Bob', 'Munich', '12', '?', 7, 'NaN', NULL),
	(3, 'Bob', 'Munich', '12', '?', 7, 'NaN', NULL),
	(4, '?', 'Berlin ', 'abc', '2024-02-30', 8, 1e6, NULL),
	(5, 'Eve  A', 'BERLIN', '7', '2024-03-01', 9, 3.5, NULL),
	(6, NULL, 'Hamburg', NULL, NULL, NULL, NULL, NULL),
	(7, 'Joe', 'Hamborg', '-3.25', '2024-05-05', 10, 2, NULL),
	(8, 'Max', 'Hamburg', '$ 4', '2024-05-06', 10, 2, NULL);
CREATE TABLE rules (rules jsonb);
INSERT INTO rules VALUES ('[
	{"rule": "collapse_space"},
	{"rule": "placeholders"},
	{"rule": "to_number", "column": "price", "thousands": ",", "strip": "$"},
	{"rule": "to_date", "column": "sold", "order": "DMY"},
	{"rule": "merge_similar", "columns": ["city"]},
	{"rule": "clip", "columns": ["x"]},
	{"rule": "drop_missing_rows"},
	{"rule": "drop_duplicates"},
	{"rule": "fill", "columns": ["n"]}]');

-- a table, with what was thrown out beside it
CREATE TEMP TABLE first AS SELECT row_number() OVER () AS line, c.*
	FROM rules, mlops_clean('raw', 'cleaned', jsonb_build_object('rejected', true, 'rules', rules)) AS c;
SELECT step, rule, column_name, rows_touched, examples, detail FROM first WHERE rows_touched > 0 ORDER BY line;
SELECT * FROM cleaned ORDER BY id;
SELECT * FROM cleaned_rejected ORDER BY id;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'cleaned'::regclass AND attnum > 0 ORDER BY attnum;
SELECT count(*) FROM raw;

-- the view by the same rules has the same rows, and cleans fresh ones
SELECT count(*) FROM rules, mlops_clean('raw', 'clean_view', jsonb_build_object('as', 'view', 'rejected', true, 'rules', rules));
CREATE FUNCTION pg_temp.differences(a text, b text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM (SELECT t::text FROM %1$s AS t EXCEPT ALL SELECT t::text FROM %2$s AS t) AS d', a, b) INTO n;
	EXECUTE format('SELECT $1 + count(*) FROM (SELECT t::text FROM %2$s AS t EXCEPT ALL SELECT t::text FROM %1$s AS t) AS d', a, b) INTO n USING n;
	RETURN n;
END $$;
SELECT pg_temp.differences('cleaned', 'clean_view'), pg_temp.differences('cleaned_rejected', 'clean_view_rejected');
INSERT INTO raw VALUES (9, ' New ', 'BERLIN', 'n.a.', '01.02.2024', NULL, -50, NULL);
SELECT * FROM clean_view WHERE id = 9;
DELETE FROM raw WHERE id = 9;

-- the rules as applied, with what they learned, do the same again
SELECT count(*) FROM mlops_clean('raw', 'again', (SELECT jsonb_agg(applied ORDER BY line) FROM first));
SELECT pg_temp.differences('cleaned', 'again');

-- a dry run tells the same and makes nothing
CREATE TEMP TABLE dry AS SELECT row_number() OVER () AS line, c.* FROM rules, mlops_clean('raw', 'nothing', rules, dry_run => true) AS c;
SELECT to_regclass('nothing'), (SELECT count(*) FROM (TABLE first EXCEPT ALL TABLE dry) AS d) AS different;

-- proposed from the profile
SELECT rule, column_name, rows_touched, detail FROM mlops_clean('raw', NULL, dry_run => true);
SELECT rule, column_name, rows_touched, detail FROM mlops_clean('SELECT i, i % 3 AS three FROM generate_series(1, 50) AS i', NULL, dry_run => true);
SELECT count(*) FROM mlops_clean('raw', 'proposed', '{"rejected": true}');
SELECT count(*) FROM proposed;

-- duplicates: whole rows, keys with the first or last by a column, keys that are missing
CREATE TABLE visits (who text, at timestamp, amount numeric, tags jsonb);
INSERT INTO visits VALUES ('a', '2024-01-01', 1.0, '[1]'), ('a', '2024-01-01', 1.00, '[1]'), ('a', '2024-02-01', 3, NULL), ('b', '2024-01-05', 4, NULL),
	('b', NULL, 5, NULL), (NULL, '2024-01-01', 6, NULL), (NULL, '2024-01-01', 7, NULL);
SELECT rows_touched FROM mlops_clean('visits', 'v1', '[{"rule": "drop_duplicates"}]');
SELECT who, at, amount::float8 FROM v1 ORDER BY 3;
SELECT rows_touched FROM mlops_clean('visits', 'v2', '[{"rule": "drop_duplicates", "key": "who", "by": "at", "keep": "last"}]');
TABLE v2 ORDER BY amount;
SELECT rows_touched FROM mlops_clean('visits', 'v3', '{"as": "view", "rules": [{"rule": "drop_duplicates", "key": ["who"], "by": "at", "keep": "first"}]}');
SELECT who, at FROM v3 ORDER BY 1, 2;
SELECT rule, column_name, rows_touched FROM mlops_clean('SELECT who, tags::json FROM visits', 'v4', '[{"rule": "drop_duplicates"}, {"rule": "drop_columns", "column": "tags"}, {"rule": "drop_duplicates"}]');
TABLE v4 ORDER BY who;

CREATE TABLE twice (rules jsonb);
INSERT INTO twice VALUES ('[{"rule": "drop_duplicates"}]'), ('[{"rule": "drop_duplicates"}, {"rule": "drop_columns", "column": "at"}]'),
	('[{"rule": "drop_duplicates"}, {"rule": "drop_columns", "column": "at"}, {"rule": "drop_duplicates"}, {"rule": "clip", "column": "amount", "max": 5}, {"rule": "drop_duplicates", "key": ["who"], "by": "amount"}]'),
	('[{"rule": "drop_missing_rows", "columns": ["at"]}, {"rule": "clip", "column": "amount"}, {"rule": "drop_duplicates"}, {"rule": "fill", "column": "amount", "method": "mean"}]');
SELECT (SELECT sum(rows_touched) FROM mlops_clean('SELECT who, at, amount::float8 FROM visits', 'as_table', t.rules, replace => true)) AS in_table,
	(SELECT sum(rows_touched) FROM mlops_clean('SELECT who, at, amount::float8 FROM visits', 'as_view', jsonb_build_object('as', 'view', 'rules', t.rules), replace => true)) AS in_view,
	pg_temp.differences('as_table', 'as_view')
FROM twice AS t;

-- what is missing: rows and columns
CREATE TABLE gaps AS SELECT i AS id, CASE WHEN i % 4 = 0 THEN i END AS quarter, CASE WHEN i % 2 = 0 THEN i::float8 ELSE 'NaN' END AS half, NULL::text AS none FROM generate_series(1, 20) AS i;
SELECT rule, column_name, rows_touched, detail FROM mlops_clean('gaps', 'g1', '[{"rule": "drop_missing_columns", "share": 0.6}, {"rule": "trim"}, {"rule": "drop_missing_rows", "columns": ["half"]}]');
SELECT count(*), min(id), (SELECT count(*) FROM pg_attribute WHERE attrelid = 'g1'::regclass AND attnum > 0) AS columns FROM g1;
SELECT rule, column_name, rows_touched, detail FROM mlops_clean('gaps', 'g2', '[{"rule": "drop_missing_columns", "columns": ["id", "half"], "share": 0.4}, {"rule": "fill", "columns": ["quarter", "half"], "method": "mean"}]');
SELECT rows_touched FROM mlops_clean('gaps', 'g3', '[{"rule": "drop_missing_rows", "share": 0.5}]');
SELECT count(*) FROM g3;

-- outliers and ranges; bounds of integer columns are whole numbers (test/reference/clean.py has them from numpy)
CREATE TABLE numbers AS SELECT i AS id, CASE WHEN i = 50 THEN 1000 ELSE i % 10 END AS whole, (CASE i WHEN 7 THEN -1e9 WHEN 8 THEN 'infinity' WHEN 9 THEN 'nan' ELSE i % 5 END)::float8 AS real,
	(i % 7)::numeric(6, 2) AS exact, date '2024-01-01' + i AS day FROM generate_series(1, 100) AS i;
UPDATE numbers SET day = 'infinity' WHERE id = 3;
SELECT column_name, rows_touched, examples, detail FROM mlops_clean('numbers', 'n1', '[{"rule": "clip", "columns": ["whole", "real", "exact"]}]');
SELECT max(whole), min(real), (SELECT real FROM n1 WHERE id = 9) AS nan FROM n1;
SELECT method, column_name, rows_touched, applied FROM unnest('{z,robust_z,quantile}'::text[]) AS method,
	mlops_clean('numbers', NULL, jsonb_build_array(jsonb_build_object('rule', 'drop_outliers', 'columns', array['whole', 'real'], 'method', method)), true);
SELECT rule, column_name, rows_touched, examples FROM mlops_clean('numbers', 'n2', '[{"rule": "range", "column": "day", "min": "2024-01-05", "max": "2024-12-31"},
	{"rule": "range", "column": "whole", "max": 8.5, "outside": "drop"}, {"rule": "drop_outliers", "column": "real", "min": -1, "max": 4}]');
SELECT count(*), min(day), max(day), count(day), max(whole) FROM n2;

-- categories: rare ones, spellings, case, maps, constants
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE kinds_of AS SELECT i AS id, (CASE WHEN i <= 60 THEN 'oak' WHEN i <= 95 THEN 'elm' ELSE 'yew' || i END)::char(10) AS tree,
	(ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::mood AS mood, (ARRAY['New York', 'new-york', 'Newyork', 'Boston', 'Bostn', 'Boston', 'A+', 'A-', 'Boeing 737', 'Boeing 747'])[1 + i % 10] AS word, i % 2 = 0 AS even
	FROM generate_series(1, 100) AS i;
SELECT column_name, rows_touched, examples, detail, applied FROM mlops_clean('kinds_of', 'k1', '[{"rule": "merge_rare", "columns": ["tree"], "share": 0.05}, {"rule": "merge_similar", "column": "word"}, {"rule": "fold_case", "column": "mood", "to": "upper"},
	{"rule": "map", "column": "even", "values": {"false": null}}, {"rule": "map", "column": "id", "values": {"1": 1000}}, {"rule": "fill", "column": "even", "method": "most_frequent"}]');
SELECT tree, mood, word, even, count(*), max(id) FROM k1 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT 3;
SELECT method, examples FROM unnest('{case,trigram}'::text[]) AS method, mlops_clean('kinds_of', NULL, jsonb_build_array(jsonb_build_object('rule', 'merge_similar', 'column', 'word', 'method', method)), true);
SELECT rows_touched, detail FROM mlops_clean('SELECT i::text AS t FROM generate_series(1, 500) AS i', NULL, '[{"rule": "merge_rare", "columns": "*"}]', true);

-- numbers and dates out of texts
SELECT t, mlops.read_numeric(t, '.', ',', '$%') AS numeric, mlops.read_bigint(t, '.', ',', '$%') AS bigint, mlops.read_float(t, '.', ',', '$%') AS float
FROM unnest(ARRAY['12', ' -1,234.5 ', '12,34', '1,2345', '1e3', '1.5e', '$-5', '-$5', '7 %', '.5', '5.', '.', '', '+', '1e999', '9223372036854775807', '9223372036854775808', '0.00', '1_000', 'NaN', '0x10', E'\u00a042']) AS t;
SELECT mlops.read_numeric('1.234,5 €', ',', '.', '€');
SELECT t, mlops.read_date(t, '', 'DMY') AS dmy, mlops.read_date(t, '', 'MDY') AS mdy, mlops.read_timestamp(t, '', 'YMD') AS timestamp, mlops.read_date(t, 'DD/MM/YYYY', 'YMD') AS format
FROM unnest(ARRAY['2024-01-31', '01/02/2024', '31/01/2024', '30.02.2024', 'Jan 5, 2024', '2024-01-31T10:11:12+02', 'today', 'infinity', '12:30', '20240131', 'x', '', '99999999-01-01', repeat('1', 110)]) AS t;
SHOW datestyle;
SELECT mlops.read_timestamptz('2024-01-31 10:00+02', '', 'YMD') = timestamptz '2024-01-31 08:00+00' AS zoned, mlops.read_timestamp('31.01.24 10:11', 'DD.MM.YY HH24:MI', 'YMD');
SELECT mlops.read_date('x', 'NOTHING TO READ', 'YMD');
SELECT column_name, rows_touched, examples, detail FROM mlops_clean('raw', 'r1', '{"rejected": true, "rules": [{"rule": "to_number", "column": "price", "failures": "drop", "type": "double precision"}, {"rule": "to_timestamp", "column": "sold", "failures": null, "type": "timestamptz"}]}');
SELECT count(*), sum(price) FROM r1;
SELECT id, price, reject_reason FROM r1_rejected ORDER BY id;
SELECT mlops.trim(E' \u00a0\u3000x y\t\n'), mlops.collapse_space(E'\u2003 a \t b\n'), mlops.without(' n/A ', '{N/A,?}'), mlops.without('x', '{}');

-- sources of all kinds, names of all kinds
\getenv source PG_ABS_SRCDIR
\set file :source '/test/data/iris.csv'
SET client_min_messages = warning;
CREATE VIEW raw_view AS SELECT * FROM raw;
CREATE EXTENSION IF NOT EXISTS file_fdw;
CREATE SERVER clean_files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE iris_to_clean (sepal_length float8, sepal_width float8, petal_length float8, petal_width float8, species text)
	SERVER clean_files OPTIONS (filename '/nonexistent', format 'csv');
RESET client_min_messages;
ALTER FOREIGN TABLE iris_to_clean OPTIONS (SET filename :'file', ADD header 'true');
SELECT rows_touched FROM mlops_clean('iris_to_clean', 'iris_clean', '[{"rule": "drop_duplicates"}]');
SELECT count(*) FROM mlops_clean('raw_view', 'from_view', '[{"rule": "trim"}]');
CREATE SCHEMA "Größe ""x""";
CREATE TABLE "Größe ""x"""."Täble" ("Spalte ""1""" text, "select" int, "c0_0" text, "duplicate_rank" text);
INSERT INTO "Größe ""x"""."Täble" VALUES (' ä ''quoted'' ', 1, '\ back', '$$'), ('ä ''quoted''', 1, '\ back', '$$');
SELECT rule, column_name, rows_touched, examples FROM mlops_clean('"Größe ""x"""."Täble"', '"Größe ""x"""."Sauber"', '[{"rule": "trim"}, {"rule": "map", "column": "Spalte \"1\"", "values": {"ä ''quoted''": "o''k \\"}}, {"rule": "drop_duplicates"}]');
TABLE "Größe ""x"""."Sauber";
SELECT count(*) FROM mlops_clean('SELECT * FROM raw WHERE id < 3', 'pg_temp.small', '[{"rule": "trim"}]');
SELECT count(*) FROM pg_temp.small;

-- no rows, one row, a thousand columns
SELECT sum(rows_touched) FROM rules, mlops_clean('SELECT * FROM raw WHERE false', 'empty', rules);
SELECT count(*) FROM empty;
SELECT sum(rows_touched) FROM rules, mlops_clean('SELECT * FROM raw WHERE id = 1', 'one', rules);
SELECT * FROM one;
DO $$ BEGIN
	EXECUTE (SELECT format('CREATE TABLE thousand AS SELECT %s FROM generate_series(1, 3) AS i', string_agg(format('CASE i WHEN 1 THEN '' a '' ELSE ''?'' END AS c%s', c), ', ')) FROM generate_series(1, 1000) AS c);
END $$;
SELECT rule, count(*), sum(rows_touched) FROM mlops_clean('thousand', 'thousand_clean', '{"rejected": true, "rules": [{"rule": "trim"}, {"rule": "placeholders"}, {"rule": "drop_missing_columns", "share": 0.9}, {"rule": "drop_missing_rows"}, {"rule": "fold_case", "columns": "*", "to": "upper"}, {"rule": "drop_duplicates"}]}') GROUP BY 1 ORDER BY 1;
SELECT c1, c1000 FROM thousand_clean;
SELECT c1, c1000, reject_reason FROM thousand_clean_rejected;

-- replacing
SELECT count(*) FROM mlops_clean('raw', 'cleaned', '[]');
SELECT count(*) FROM mlops_clean('raw', 'cleaned', '[]', replace => true);
SELECT count(*) FROM mlops_clean('raw', 'cleaned', '{"as": "view", "replace": true, "rules": [{"rule": "trim"}]}');
SELECT relkind FROM pg_class WHERE oid = 'cleaned'::regclass;
CREATE VIEW on_it AS SELECT * FROM again;
SELECT count(*) FROM mlops_clean('raw', 'again', '[]', replace => true);
SELECT count(*) FROM mlops_clean('raw', 'raw', '[]', replace => true);
SELECT count(*) FROM mlops_clean('SELECT * FROM visits WHERE who IN (SELECT who FROM again)', 'again', '[]', replace => true);
CREATE MATERIALIZED VIEW stored AS SELECT 1 AS a;
SELECT count(*) FROM mlops_clean('raw', 'stored', '[]', replace => true);
SELECT count(*) FROM again;

-- refused
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "trimm"}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "trim", "columns": ["nam"]}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "clip", "columns": ["x"], "methd": "z"}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "clip", "columns": ["x"], "method": "zz"}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "clip", "columns": ["x"], "method": "z", "min": 1}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "clip", "columns": ["x"], "min": 2, "max": 1}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "clip"}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "trim", "columns": ["doc"]}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "to_number", "column": "price"}, {"rule": "fold_case", "column": "price"}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "drop_columns", "column": "price"}, {"rule": "map", "column": "price", "values": {"a": "b"}}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "fold_case", "column": "name"}, {"rule": "trim"}, {"rule": "fold_case", "column": "name", "to": "upper"}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "fill", "column": "n"}, {"rule": "drop_missing_rows", "columns": ["n"]}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "fill", "column": "name", "method": "mean"}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "fill", "column": "n", "value": "many"}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "drop_duplicates", "keep": "last"}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "drop_duplicates", "columns": ["id"]}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "to_number", "columns": "*"}]');
SELECT * FROM mlops_clean('raw', 'no', '[{"rule": "drop_columns", "columns": ["id", "name", "city", "price", "sold", "n", "x", "doc"]}]');
SELECT * FROM mlops_clean('raw', 'no', '["trim"]');
SELECT * FROM mlops_clean('raw', 'no', '{"ass": "view"}');
SELECT * FROM mlops_clean('raw', 'no', '{"as": "index"}');
SELECT * FROM mlops_clean('raw', 'no', '1');
SELECT * FROM mlops_clean('raw', NULL, '[]');
SELECT * FROM mlops_clean('SELECT 1 AS a, 2 AS a', 'no', '[]');
SELECT * FROM mlops_clean('raw', 'nowhere.no', '[]');
SELECT to_regclass('no');

-- rights: the caller's own
CREATE ROLE cleaner;
GRANT USAGE, CREATE ON SCHEMA tidy TO cleaner;
CREATE TABLE secret (owner text, value text);
INSERT INTO secret VALUES ('cleaner', ' mine '), ('other', ' theirs ');
CREATE SCHEMA closed;
SET ROLE cleaner;
SELECT * FROM mlops_clean('secret', 'mine', '[{"rule": "trim"}]');
RESET ROLE;
GRANT SELECT ON secret TO cleaner;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secret USING (owner = current_user);
SET ROLE cleaner;
SELECT rows_touched FROM mlops_clean('secret', 'mine', '[{"rule": "trim", "column": "value"}]');
TABLE mine;
SELECT relname, relowner::regrole FROM pg_class WHERE oid = 'mine'::regclass;
SELECT * FROM mlops_clean('secret', 'closed.mine', '[]');
SELECT * FROM mlops_clean('secret', 'visits', '[]', replace => true);
SELECT rows_touched FROM mlops_clean('secret', 'mine_view', '{"as": "view", "rules": [{"rule": "trim", "column": "value"}]}');
TABLE mine_view;
RESET ROLE;
BEGIN READ ONLY;
SELECT rows_touched FROM mlops_clean('secret', NULL, '[{"rule": "trim", "column": "value"}]', dry_run => true);
SELECT * FROM mlops_clean('secret', 'no', '[]');
ROLLBACK;

-- gone with the transaction
BEGIN;
SELECT count(*) FROM mlops_clean('raw', 'v2', '[]', replace => true);
ROLLBACK;
SELECT count(*) FROM v2;

-- an event trigger that adds to each new table would be passed over by rows written in bulk
CREATE FUNCTION add_index() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	IF tg_tag = 'CREATE TABLE AS' THEN CREATE INDEX ON tidy.indexed (id); END IF;
END $$;
CREATE EVENT TRIGGER add_index ON ddl_command_end WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION add_index();
SELECT * FROM mlops_clean('raw', 'indexed', '[]');
DROP EVENT TRIGGER add_index;
DROP FUNCTION add_index;

SET client_min_messages = warning;
DROP EXTENSION file_fdw CASCADE;
DROP SCHEMA "Größe ""x""", closed, tidy CASCADE;
DROP ROLE cleaner;
