-- Intervals and label sets with a promised coverage.
SET mlops.progress = off;
SET mlops.inspect = off;
SET client_min_messages = warning;

-- a regression: half of the rows to learn and hold back, half to count
CREATE TEMP TABLE noisy AS SELECT sin(i) AS x, cos(i * 0.7) AS z, 3 * sin(i) + cos(i * 0.7) + 0.5 * sin(i * i * 1.3) * (1 + cos(i * 3.1)) AS y, i % 2 = 0 AS later
	FROM generate_series(1, 8000) AS i;
SELECT train_rows, test_rows, metrics->'fit'->'conformal_rows' AS conformal_rows
FROM mlops_train('noisy', 'noisy', target => 'y', algorithm => 'linear_regression', params => '{"conformal": true}', split => '{"method": "column", "column": "later"}');
SELECT coverage, abs(avg((y BETWEEN low AND high)::int) - coverage) < 0.03 AS kept, round(avg(high - low)::numeric, 1) AS width
FROM unnest('{0.5,0.8,0.9,0.99}'::float8[]) AS coverage, noisy AS n, mlops_interval('noisy', n, coverage) WHERE later GROUP BY coverage ORDER BY coverage;
SELECT round(low::numeric, 3) AS low, round(high::numeric, 3) AS high, round(mlops_predict('noisy', '{"x": 0.5, "z": 0.1}'::jsonb)::numeric, 3) AS prediction
FROM mlops_interval('noisy', '{"x": 0.5, "z": 0.1}', coverage => 0.9);
-- the forms of a row
SELECT a = b AS array, a = c AS "row" FROM (VALUES (mlops_interval('noisy', '{0.5,0.1}'::float8[]), mlops_interval('noisy', '{"x": 0.5, "z": 0.1}'::jsonb),
	mlops_interval('noisy', (SELECT r FROM (SELECT 0.1 AS z, 0.5 AS x, 'more' AS w) AS r)))) AS v (a, b, c);
-- other learners, with the same promise
SELECT model FROM unnest('{gradient_boosting,ridge,dummy}'::text[]) AS name,
	mlops_train('noisy ' || name, 'noisy', target => 'y', algorithm => name, params => '{"conformal": true}', split => '{"method": "column", "column": "later"}');
SELECT name, abs(avg((y BETWEEN low AND high)::int) - 0.9) < 0.03 AS kept, round(avg(high - low)::numeric, 1) AS width
FROM unnest('{gradient_boosting,ridge,dummy}'::text[]) AS name, noisy AS n, mlops_interval('noisy ' || name, n) WHERE later GROUP BY name ORDER BY name;

-- label sets
SELECT train_rows, test_rows, metrics->'fit'->'conformal_rows' AS conformal_rows
FROM mlops_train('set', 'customers', target => 'churn', algorithm => 'gradient_boosting', params => '{"conformal": true, "max_iter": 30}');
SELECT coverage, abs(avg((churn = ANY (labels))::int) - coverage) < 0.04 AS kept, round(avg(cardinality(labels))::numeric, 2) AS labels, min(cardinality(labels)) AS least
FROM unnest('{0.85,0.9,0.95,0.99}'::float8[]) AS coverage, customers AS c, mlops_label_set('set', c, coverage) AS labels GROUP BY coverage ORDER BY coverage;
-- sets grow with the coverage, and hold the likeliest label
SELECT bool_and(mlops_label_set('set', c, 0.8) <@ mlops_label_set('set', c, 0.95)) AS grow, bool_and(mlops_classify('set', c) = ANY (mlops_label_set('set', c, 0.01))) AS likeliest
FROM customers AS c;
-- several classes, few rows: all labels when the coverage cannot be promised
SELECT train_rows, metrics->'fit'->'conformal_rows' AS conformal_rows FROM mlops_train('few', 'iris', target => 'species', params => '{"conformal": true}');
SELECT mlops_label_set('few', i, 0.9) AS "0.9", mlops_label_set('few', i, 0.97) AS "0.97" FROM iris AS i WHERE species = 'virginica' ORDER BY i LIMIT 1;
SELECT train_rows FROM mlops_train('few numbers', 'longley', target => 'totemp', algorithm => 'ridge', params => '{"conformal": true, "calibration_fraction": 0.4}');
SELECT low > -'Infinity'::float8 AS "finite at 0.5", mlops_interval('few numbers', l, 0.9) AS "0.9" FROM longley AS l, mlops_interval('few numbers', l, 0.5) LIMIT 1;

-- with calibration as well, half of the held-back rows are for each
SELECT metrics->'fit'->'calibration_rows' AS calibration_rows, metrics->'fit'->'conformal_rows' AS conformal_rows
FROM mlops_train('two uses', 'customers', target => 'churn', params => '{"conformal": true, "calibrate": "sigmoid"}');
SELECT abs(avg((churn = ANY (mlops_label_set('two uses', c, 0.9)))::int) - 0.9) < 0.03 AS kept FROM customers AS c;
-- more held-back rows than are stored: their quantiles
SELECT metrics->'fit'->'conformal_rows' AS conformal_rows
FROM mlops_train('many', 'SELECT sin(i) AS x, sin(i * 7.7) AS y FROM generate_series(1, 100000) AS i', target => 'y', params => '{"conformal": true}', split => '{"method": "none"}');
SELECT coverage, abs(avg((y BETWEEN low AND high)::int) - coverage) < 0.01 AS kept FROM unnest('{0.1,0.5,0.9,0.999}'::float8[]) AS coverage,
	(SELECT sin(i) AS x, sin(i * 7.7) AS y FROM generate_series(100001, 120000) AS i) AS r, mlops_interval('many', r, coverage) GROUP BY coverage ORDER BY coverage;
SELECT sum(length(data)) BETWEEN 80000 AND 81000 AS bounded FROM mlops.model_chunk WHERE version_id IN
	(SELECT version_id FROM mlops.model_version v JOIN mlops.model m USING (model_id) WHERE m.name = 'many');

-- NULL, prepared statements, a deployment between calls
SELECT mlops_interval(NULL, '{}'::jsonb), mlops_interval('noisy', NULL::jsonb), mlops_interval('noisy', '{"x": 1, "z": 1}', NULL),
	mlops_label_set(NULL, '{}'::jsonb), mlops_label_set('few', NULL::iris), mlops_label_set('few', i, NULL) FROM iris AS i LIMIT 1;
SELECT low < high AS "NULL is a value" FROM mlops_interval('noisy', '{"x": null, "z": null}');

-- what cannot be
SELECT train_rows FROM mlops_train('plain', 'noisy', target => 'y', features => '{x,z}');
SELECT mlops_interval('plain', '{"x": 1, "z": 1}');
SELECT mlops_interval('few', i) FROM iris AS i LIMIT 1;
SELECT mlops_label_set('noisy', '{"x": 1, "z": 1}');
SELECT train_rows FROM mlops_train('plain set', 'iris', target => 'species');
SELECT mlops_label_set('plain set', i) FROM iris AS i LIMIT 1;
SELECT mlops_interval('noisy', '{"x": 1, "z": 1}', 0);
SELECT mlops_interval('noisy', '{"x": 1, "z": 1}', 1);
SELECT mlops_interval('noisy', '{"x": 1, "z": 1}', 90);
SELECT mlops_label_set('few', i, 'NaN') FROM iris AS i LIMIT 1;
SELECT mlops_interval('noisy', '{"x": 1}');
SELECT mlops_interval('noisy', 1.5);
SELECT mlops_train('bad', 'noisy', target => 'y', params => '{"conformal": 1}');
SELECT mlops_train('bad', 'SELECT 1.5 AS x, 2.0 AS y FROM generate_series(1, 10)', target => 'y', features => '{x}', split => '{"method": "none"}', params => '{"conformal": true}');

SELECT sum(mlops_drop(model)) > 0 AS dropped FROM mlops.models WHERE model ~ '^(noisy|set|few|two uses|many|plain)';
