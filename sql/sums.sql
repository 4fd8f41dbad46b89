-- Least squares on many rows learns from sums, which no order of the rows changes: against PostgreSQL's own aggregates, whatever the order.
SET client_min_messages = warning;
SET extra_float_digits = 0;
SELECT setseed(0.5);
CREATE TABLE sums_plain AS
	SELECT a, b, c, 1e6 + 3 * a - 0.25 * b + 40 * c + random() - 0.5 AS y
	FROM (SELECT random() * 10 AS a, (random() * 1000)::int AS b, 5e4 + random() + random() AS c FROM generate_series(1, 60000) AS i) AS x;
CREATE TABLE sums_turned AS SELECT * FROM sums_plain ORDER BY a;

-- one feature: slope, intercept and their errors in closed form
SELECT version FROM mlops_train('sums_one', 'sums_plain', target => 'y', features => '{a}', split => '{"method": "none"}');
SELECT k.feature, abs(k.estimate / t.estimate - 1) < 1e-11 AS estimate, abs(k.std_error / t.std_error - 1) < 1e-9 AS std_error
FROM mlops_coefficients('sums_one') AS k
JOIN (SELECT regr_slope(y, a) AS slope, regr_intercept(y, a) AS constant,
		sqrt((regr_syy(y, a) - regr_sxy(y, a) ^ 2 / regr_sxx(y, a)) / (count(*) - 2) / regr_sxx(y, a)) AS error,
		sqrt(avg(a * a)) AS root
	FROM sums_plain) AS s ON true
CROSS JOIN LATERAL (VALUES ('a', slope, error), ('intercept', constant, error * root)) AS t (feature, estimate, std_error)
WHERE t.feature = k.feature ORDER BY 1;
SELECT abs((v.metrics->'train'->>'r2')::float8 / (SELECT regr_r2(y, a) FROM sums_plain) - 1) < 1e-9 AS r2
FROM mlops.model_version AS v JOIN mlops.model AS m USING (model_id) WHERE m.name = 'sums_one';

-- the same model from any order of rows, by any number of threads; ridge alike
SELECT version FROM mlops_train('sums', 'sums_plain', target => 'y');
SELECT version FROM mlops_train('sums', 'sums_turned', target => 'y');
SET mlops.max_threads = 1;
SELECT version FROM mlops_train('sums', 'SELECT c, a, b, y FROM sums_turned', target => 'y', features => '{a,b,c}');
RESET mlops.max_threads;
SELECT version FROM mlops_train('sums_ridge', 'sums_plain', target => 'y', algorithm => 'ridge', params => '{"alpha": 100}');
SELECT version FROM mlops_train('sums_ridge', 'sums_turned', target => 'y', algorithm => 'ridge', params => '{"alpha": 100}');
SELECT name, count(*) AS versions, count(DISTINCT metrics) AS metrics, count(DISTINCT sha256(data)) AS models
FROM mlops.model_chunk JOIN mlops.model_version USING (version_id) JOIN mlops.model USING (model_id)
WHERE name IN ('sums', 'sums_ridge') GROUP BY 1 ORDER BY 1;

-- a design says the same where one is made: with weights
SELECT version FROM mlops_train('sums_design', 'SELECT *, 1 AS w FROM sums_plain', target => 'y', weight => 'w', split => '{"method": "none"}');
SELECT version FROM mlops_train('sums_rows', 'sums_plain', target => 'y', split => '{"method": "none"}');
SELECT a.feature, abs(a.estimate / b.estimate - 1) < 1e-10 AS estimate, abs(a.std_error / b.std_error - 1) < 1e-9 AS std_error
FROM mlops_coefficients('sums_design') AS a JOIN mlops_coefficients('sums_rows') AS b USING (feature) ORDER BY 1;
SELECT version FROM mlops_train('sums_design', 'SELECT *, 1 AS w FROM sums_plain', target => 'y', weight => 'w', split => '{"method": "none"}',
	algorithm => 'ridge', params => '{"alpha": 5000}', deploy => 'always');
SELECT version FROM mlops_train('sums_rows', 'sums_plain', target => 'y', split => '{"method": "none"}',
	algorithm => 'ridge', params => '{"alpha": 5000}', deploy => 'always');
SELECT a.feature, abs(a.estimate / b.estimate - 1) < 1e-10 AS estimate, abs(a.std_error / b.std_error - 1) < 1e-9 AS std_error
FROM mlops_coefficients('sums_design') AS a JOIN mlops_coefficients('sums_rows') AS b USING (feature) ORDER BY 1;

SELECT version FROM mlops_train('sums_design', 'SELECT *, 1 AS w FROM sums_plain', target => 'y', weight => 'w', split => '{"method": "none"}',
	params => '{"fit_intercept": false}', deploy => 'always');
SELECT version FROM mlops_train('sums_rows', 'sums_plain', target => 'y', split => '{"method": "none"}', params => '{"fit_intercept": false}',
	deploy => 'always');
SELECT a.feature, abs(a.estimate / b.estimate - 1) < 1e-8 AS estimate, abs(a.std_error / b.std_error - 1) < 1e-9 AS std_error
FROM mlops_coefficients('sums_design') AS a JOIN mlops_coefficients('sums_rows') AS b USING (feature) ORDER BY 1;

-- an exact fit; what sums are refused for: a combination of others, a value far out
SELECT version FROM mlops_train('sums_exact', 'SELECT a, b, c, 2 + 3 * a - 4 * b + c AS y FROM sums_plain', target => 'y');
SELECT feature, estimate::numeric(12, 6) FROM mlops_coefficients('sums_exact') ORDER BY 1;
SELECT version FROM mlops_train('sums_twice', 'SELECT a, b, 2 * a - b AS d, y FROM sums_plain', target => 'y');
SELECT feature, estimate IS NULL AS dropped FROM mlops_coefficients('sums_twice') ORDER BY 1;
SELECT version FROM mlops_train('sums_far', 'SELECT CASE WHEN row_number() OVER (ORDER BY a, c) = 1 THEN -1e12 ELSE a END AS a, c, y FROM sums_plain UNION ALL SELECT a, c, y FROM sums_plain', target => 'y');
SELECT count(*) FROM mlops_coefficients('sums_far');
SELECT mlops_drop(name) FROM (SELECT name FROM mlops.model WHERE name LIKE 'sums%' ORDER BY 1) AS m;
DROP TABLE sums_plain, sums_turned;
