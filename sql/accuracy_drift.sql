-- Drift against the same index computed by hand in SQL, to 1e-12.
SET mlops.progress = off;

CREATE TABLE trained AS SELECT * FROM customers WHERE right(customer_id, 1) < '5';
CREATE TABLE today AS SELECT churn, CASE WHEN contract = 'Two year' THEN NULL ELSE tenure + 3 END AS tenure, senior_citizen, monthly_charges * 1.2 AS monthly_charges,
	total_charges, CASE contract WHEN 'One year' THEN 'Three years' ELSE contract END AS contract, payment_method
FROM customers WHERE right(customer_id, 1) >= '5';
SELECT FROM mlops_train('drifting', 'trained', target => 'churn', features => '{tenure,senior_citizen,monthly_charges,total_charges,contract,payment_method}',
	split => '{"method": "none"}');

-- sum of (q - p) ln(q / p) over the bins, a share being at least half a row
CREATE FUNCTION psi(expected bigint[], actual bigint[]) RETURNS float8 LANGUAGE sql AS $$
	SELECT sum((q - p) * ln(q / p)) FROM (
		SELECT greatest(coalesce(e, 0), 0.5)::float8 / (SELECT sum(x) FROM unnest(expected) AS x)::float8 AS p,
			greatest(coalesce(a, 0), 0.5)::float8 / (SELECT sum(x) FROM unnest(actual) AS x)::float8 AS q
		FROM unnest(expected, actual) AS u (e, a)) AS s $$;

-- deciles: the bin of a number is how many of the distinct edges below the maximum are less than it; NULL has a bin of its own
CREATE FUNCTION psi_of_number(feature text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	result float8;
BEGIN
	EXECUTE format('WITH sorted AS (SELECT %1$I::float8 AS x, row_number() OVER (ORDER BY %1$I) AS place, count(*) OVER () AS n FROM trained WHERE %1$I IS NOT NULL),
		edges AS (SELECT DISTINCT x FROM sorted, generate_series(1, 9) AS i WHERE place = (i * n + 9) / 10 AND x < (SELECT max(x) FROM sorted)),
		bins AS (SELECT generate_series(-1, (SELECT count(*) FROM edges)) AS bin),
		e AS (SELECT CASE WHEN t.%1$I IS NULL THEN -1 ELSE (SELECT count(*) FROM edges WHERE edges.x < t.%1$I) END AS bin, count(*) AS n FROM trained AS t GROUP BY 1),
		a AS (SELECT CASE WHEN t.%1$I IS NULL THEN -1 ELSE (SELECT count(*) FROM edges WHERE edges.x < t.%1$I) END AS bin, count(*) AS n FROM today AS t GROUP BY 1)
		SELECT psi(array_agg(coalesce(e.n, 0)), array_agg(coalesce(a.n, 0))) FROM bins LEFT JOIN e USING (bin) LEFT JOIN a USING (bin)', feature) INTO result;
	RETURN result;
END
$$;
-- categories: at most 20 here, so each has its bin; then one for values that training did not see, and one for NULL
CREATE FUNCTION psi_of_category(feature text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	result float8;
BEGIN
	EXECUTE format('WITH known AS (SELECT DISTINCT %1$I AS x FROM trained), bins AS (SELECT x FROM known UNION ALL VALUES (''(other)''), (''(null)'')),
		e AS (SELECT coalesce(%1$I, ''(null)'') AS x, count(*) AS n FROM trained GROUP BY 1),
		a AS (SELECT CASE WHEN %1$I IS NULL THEN ''(null)'' WHEN %1$I IN (SELECT x FROM known) THEN %1$I ELSE ''(other)'' END AS x, count(*) AS n FROM today GROUP BY 1)
		SELECT psi(array_agg(coalesce(e.n, 0)), array_agg(coalesce(a.n, 0))) FROM bins LEFT JOIN e USING (x) LEFT JOIN a USING (x)', feature) INTO result;
	RETURN result;
END
$$;
SELECT feature, round(value::numeric, 4) AS value, threshold, drifted, drifted = (value > threshold) AS judged,
	abs(value - CASE WHEN feature IN ('contract', 'payment_method') THEN psi_of_category(feature) ELSE psi_of_number(feature) END) < 1e-12 AS same
FROM mlops_drift('drifting', 'today') ORDER BY feature;
-- the rows of the training have not drifted at all
SELECT bool_and(value = 0) AS none, bool_or(drifted) AS drifted FROM mlops_drift('drifting', 'trained');

-- on few rows chance alone moves the index: the threshold is 99.9 % of what it does, (1/n + 1/m) qchisq(0.999, bins - 1)
-- R: qchisq(0.999, c(9, 3)) = 27.87716 16.26624; the formula behind is good to 2 %
CREATE TABLE few AS SELECT sin(i) AS x, (ARRAY['a', 'b', 'c', 'd'])[i % 4 + 1] AS c, i % 7 AS y FROM generate_series(1, 100) AS i;
SELECT FROM mlops_train('drifting_few', 'few', target => 'y', split => '{"method": "none"}', algorithm => 'ridge');
SELECT feature, abs(threshold / ((1 / 100.0 + 1 / 25.0) * CASE feature WHEN 'x' THEN 27.87716 ELSE 16.26624 END) - 1) < 0.02 AS threshold
FROM mlops_drift('drifting_few', 'SELECT * FROM few LIMIT 25') ORDER BY feature;

SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP TABLE trained, today, few;
DROP FUNCTION psi, psi_of_number, psi_of_category;
