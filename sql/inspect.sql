-- What is wrong with the data of a training.
SET mlops.progress = off;

-- clean data: nothing to say, or no more than a remark
SELECT finding, severity, column_name, round(value::numeric, 4) AS value, detail FROM mlops_inspect('iris', 'species');
SELECT finding, severity, column_name, round(value::numeric, 4) AS value, detail FROM mlops_inspect('diabetes', 'progression');
SELECT finding, severity, column_name, round(value::numeric, 4) AS value, detail FROM mlops_inspect('breast_cancer', 'diagnosis');

-- everything at once
CREATE TABLE faulty AS
	SELECT i AS id, hash_u / 1000.0 AS x, CASE WHEN (i * 7919) % 1000 < 980 THEN NULL ELSE i % 7 END AS rarely, 1 AS one,
		y, y::int + ((i * 31) % 100) / 1000.0 AS after_the_fact, CASE WHEN y THEN 'refund' WHEN i % 3 = 0 THEN 'none' ELSE 'other' END AS action,
		'2020-01-01 00:00Z'::timestamptz + i * interval '1 minute' AS at, '2020-01-01 00:00Z'::timestamptz + (i * 2) * interval '1 minute' AS closed_at,
		'c' || (i * 13) % 1500 AS city
	FROM (SELECT i, (i * 104729) % 1000 AS hash_u, (i * 7919) % 11 < 3 AS y FROM generate_series(1, 4000) i) r;
SELECT finding, severity, column_name, round(value::numeric, 3) AS value, detail
	FROM mlops_inspect('faulty', 'y', split => '{"method": "time", "column": "at"}');
SELECT version FROM mlops_train('faulty', 'faulty', target => 'y', algorithm => 'gradient_boosting', params => '{"max_iter": 5}',
	split => '{"method": "time", "column": "at"}');
SELECT f ->> 'finding' AS finding, f ->> 'severity' AS severity, f ->> 'column' AS column_name, round((f ->> 'value')::numeric, 3) AS value
	FROM mlops.versions, jsonb_array_elements(inspection) f WHERE model = 'faulty' AND version = 1;
SET mlops.inspect = off;
SELECT version FROM mlops_train('faulty', 'faulty', target => 'y', algorithm => 'dummy', deploy => 'never');
SELECT inspection FROM mlops.versions WHERE model = 'faulty' AND version = 2;
RESET mlops.inspect;
SELECT mlops_drop('faulty');

-- regression: a column that is the target in other units
SELECT finding, column_name, round(value::numeric, 3) AS value FROM mlops_inspect('SELECT *, progression * 2.5 + 1 AS score FROM diabetes', 'progression');
-- a category that names the class of several
SELECT finding, column_name, round(value::numeric, 3) AS value FROM mlops_inspect('SELECT *, left(species, 2) AS code FROM iris', 'species');
-- a text that is as good as an id is no leak
SELECT finding, column_name FROM mlops_inspect('SELECT i % 999 || '''' AS name, i % 7 = 0 AS y, (i * 37) % 101 AS x FROM generate_series(1, 1000) i', 'y');

-- equal rows
SELECT finding, severity, column_name, round(value::numeric, 2) AS value FROM mlops_inspect('SELECT * FROM iris UNION ALL SELECT * FROM iris', 'species');
SELECT finding, severity, column_name, round(value::numeric, 2) AS value
	FROM mlops_inspect('SELECT *, false AS test FROM iris UNION ALL SELECT *, true FROM iris', 'species', split => '{"method": "column", "column": "test"}');

-- test rows that differ
SELECT finding, severity, column_name, detail FROM mlops_inspect($$SELECT (i * 7919) % 1000 + CASE WHEN i > 1500 THEN 300 ELSE 0 END AS level, (i * 31) % 97 AS noise,
	(i * 17) % 13 AS y, i AS n FROM generate_series(1, 2000) i$$, 'y', split => '{"method": "time", "column": "n"}') WHERE finding = 'shift';

-- few rows, few of a class, many columns, missing targets
SELECT finding, severity, column_name, value, detail FROM mlops_inspect('SELECT *, CASE WHEN n < 3 THEN ''rare'' WHEN n < 20 THEN NULL ELSE species END AS y
	FROM (SELECT *, row_number() OVER (ORDER BY species, sepal_length, petal_length) AS n FROM iris) r', 'y');
SELECT finding, severity, value, detail FROM mlops_inspect('SELECT i AS y, ARRAY[i, i * i, i % 3, i % 5, i % 7, i % 11] AS x FROM generate_series(1, 5) i', 'y');
SELECT finding FROM mlops_inspect('SELECT 1 AS y, 2 AS x', 'y');

-- what cannot be
SELECT mlops_inspect('iris', 'specie');
SELECT mlops_inspect('iris', NULL);
SELECT mlops_inspect(NULL, 'species');
SELECT mlops_inspect('iris', 'species', '{"method": "time"}');
SELECT mlops_inspect('SELECT * FROM iris LIMIT 0', 'species');
SELECT mlops_inspect('SELECT ''a''::text AS y, 2 AS x', 'y');
DROP TABLE faulty;
