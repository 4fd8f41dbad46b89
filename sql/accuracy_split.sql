-- Splits: how many rows on each side, who stays where, and that neither order nor duplicates matter.
SET mlops.progress = off;

-- up to 1,000 rows: exact, and each class gets its share to less than a row
CREATE TEMP TABLE sizes AS SELECT size, seed FROM unnest('{0.1,0.25,0.5,0.73}'::float8[]) AS size, generate_series(0, 2) AS seed;
SELECT size, count(DISTINCT t.test_rows) AS splits, bool_and(t.test_rows = round(size * 342) AND t.train_rows + t.test_rows = 342) AS exact
FROM sizes, mlops_train(format('birds %s %s', size, seed), 'SELECT * FROM penguins WHERE body_mass_g IS NOT NULL', target => 'species', seed => seed,
	split => jsonb_build_object('test_size', size), algorithm => 'dummy') AS t GROUP BY size ORDER BY size;
SELECT m.label, count(*), bool_and(abs(m.value - size * c.n) < 1) AS share
FROM sizes JOIN mlops.metrics AS m ON m.model = format('birds %s %s', size, seed) AND m.dataset = 'test' AND m.metric = 'support'
	JOIN (SELECT species, count(*) AS n FROM penguins WHERE body_mass_g IS NOT NULL GROUP BY species) AS c ON c.species = m.label
GROUP BY m.label ORDER BY m.label;
SELECT train_rows, test_rows FROM mlops_train('one of a class', 'SELECT CASE WHEN i = 1 THEN ''rare'' ELSE ''common'' END AS y, i AS x FROM generate_series(1, 20) AS i',
	target => 'y', split => '{"test_size": 0.5}', features => '{x}');
SELECT label, value FROM mlops.metrics WHERE model = 'one of a class' AND dataset = 'train' AND metric = 'support' ORDER BY label;

-- rows whose target is NULL are on no side, and counted
SELECT train_rows + test_rows AS rows FROM mlops_train('partly', 'penguins', target => 'sex', features => '{bill_length_mm,bill_depth_mm}');
SELECT skipped_rows, (SELECT count(*) FROM penguins WHERE sex IS NULL) AS missing FROM mlops.versions WHERE model = 'partly';

-- which rows were trained on is seen in a model that has a coefficient for each
CREATE FUNCTION trained(model text) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT substr(feature, 4) FROM mlops_coefficients(model) WHERE feature LIKE 'id=%' $$;
CREATE TABLE growing AS SELECT md5(i::text) AS id, i, sin(i) > 0 AS y FROM generate_series(1, 2400) AS i;
SELECT abs(test_rows - 0.2 * 1200) < 4 * sqrt(1200 * 0.2 * 0.8) AS share
FROM mlops_train('small', 'SELECT id, y FROM growing WHERE i <= 1200', target => 'y', features => '{id}', params => '{"solver": "lbfgs"}', preprocess => '{"id": {"max_categories": 10000}}');
SELECT abs(test_rows - 0.2 * 2400) < 4 * sqrt(2400 * 0.2 * 0.8) AS share
FROM mlops_train('grown', 'SELECT id, y FROM growing', target => 'y', features => '{id}', params => '{"solver": "lbfgs"}', preprocess => '{"id": {"max_categories": 10000}}');
-- over 1,000 rows a row stays on its side when the table grows; another seed is another split
SELECT count(*) AS moved FROM growing WHERE i <= 1200 AND (id IN (SELECT trained('small'))) <> (id IN (SELECT trained('grown')));
SELECT FROM mlops_train('other seed', 'SELECT id, y FROM growing WHERE i <= 1200', target => 'y', features => '{id}', seed => 1, params => '{"solver": "lbfgs"}',
	preprocess => '{"id": {"max_categories": 10000}}');
SELECT count(*) BETWEEN 250 AND 500 AS moved FROM growing WHERE i <= 1200 AND (id IN (SELECT trained('small'))) <> (id IN (SELECT trained('other seed')));

-- equal rows never straddle, whether the split is exact or by hash: all copies of what was trained on are training rows
CREATE TABLE copies AS SELECT md5(i::text) AS id, i, (i % 3)::text AS class, copy FROM generate_series(1, 400) AS i, generate_series(1, 1 + i % 5) AS copy;
-- (exact but for half a group of equal rows in each class; by hash, four standard deviations of what groups of up to five do)
SELECT name, train_rows + test_rows AS rows, abs(test_rows - 0.3 * (train_rows + test_rows)) < CASE name WHEN 'few copies' THEN 3 * 2.5 ELSE 4 * sqrt(0.21 * 4400) END AS share
FROM (VALUES ('few copies', 200), ('many copies', 400)) AS v (name, most),
	mlops_train(name, format('SELECT id, class FROM copies WHERE i <= %s', most), target => 'class', algorithm => 'logistic_regression', features => '{id}',
		split => '{"test_size": 0.3}', params => '{"solver": "lbfgs"}', preprocess => '{"id": {"max_categories": 10000}}') ORDER BY rows;
SELECT v.train_rows = (SELECT count(*) FROM copies WHERE i <= 200 AND id IN (SELECT trained('few copies'))) AS together FROM mlops.versions AS v WHERE model = 'few copies';
SELECT v.train_rows = (SELECT count(*) FROM copies WHERE id IN (SELECT trained('many copies'))) AS together FROM mlops.versions AS v WHERE model = 'many copies';
-- nothing but equal rows: no test rows
SELECT train_rows, test_rows FROM mlops_train('equal', 'SELECT 1 AS x, 2 AS y FROM generate_series(1, 10)', target => 'y', features => '{x}', algorithm => 'ridge');

-- the order of rows and columns does not matter to the fingerprint and the sides, that of rows not to the last bit of a coefficient
SELECT FROM mlops_train('in order', 'SELECT * FROM customers ORDER BY customer_id', target => 'churn', exclude => '{customer_id}');
SELECT FROM mlops_train('shuffled', 'SELECT total_charges, churn, female, senior_citizen, partner, dependents, tenure, phone_service, multiple_lines, internet_service,
	online_security, online_backup, device_protection, tech_support, streaming_tv, streaming_movies, contract, paperless_billing, payment_method, monthly_charges
	FROM customers ORDER BY md5(customer_id)', target => 'churn');
SELECT count(DISTINCT fingerprint) AS fingerprints, count(DISTINCT train_rows) AS splits, count(DISTINCT round((metrics->'test'->>'log_loss')::numeric, 12)) AS losses
FROM mlops.versions WHERE model IN ('in order', 'shuffled');
SELECT FROM mlops_train('shuffled_rows', 'SELECT * FROM customers ORDER BY md5(customer_id)', target => 'churn', exclude => '{customer_id}');
SELECT count(*), bool_and(float8send(a.estimate) = float8send(b.estimate) AND float8send(a.std_error) = float8send(b.std_error)) AS same
FROM mlops_coefficients('in order') AS a JOIN mlops_coefficients('shuffled_rows') AS b USING (feature);
-- a row less, or one changed in the tenth digit, is another fingerprint
CREATE TABLE marked (place int, a float8, y float8);
INSERT INTO marked SELECT row_number() OVER (), sepal_length, petal_width FROM iris;
SELECT FROM mlops_train('marked', 'marked', target => 'y', features => '{a}');
SELECT FROM mlops_train('marked', 'SELECT a * CASE place WHEN 9 THEN 1.0000000001 ELSE 1 END AS a, y FROM marked', target => 'y', features => '{a}', deploy => 'never');
SELECT FROM mlops_train('marked', 'SELECT a, y FROM marked WHERE place <> 9', target => 'y', features => '{a}', deploy => 'never');
SELECT FROM mlops_train('marked', 'SELECT y, a FROM marked ORDER BY md5(place::text)', target => 'y', features => '{a}', deploy => 'never');
SELECT count(DISTINCT fingerprint) AS fingerprints FROM mlops.versions WHERE model = 'marked';

SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP TABLE growing, copies, marked;
DROP FUNCTION trained;
