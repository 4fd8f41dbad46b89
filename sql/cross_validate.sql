-- mlops_cross_validate: folds, what they may not share, and what is refused
\set VERBOSITY default
\pset null -
CREATE TEMP TABLE before AS SELECT count(*) AS versions FROM mlops.versions;

-- a row a fold and metric, then mean and standard deviation
SELECT repeat, fold, train_rows, test_rows, metric, statistic, round(value::numeric, 4) AS value
FROM mlops_cross_validate('diabetes', 'progression', 'linear_regression') WHERE metric IN ('r2', 'mae');

-- stratified: 50 of each species, so 10 of each in every fold; the metric alone
SELECT repeat, fold, train_rows, test_rows, metric, statistic, value > 0.9 AS good
FROM mlops_cross_validate('iris', 'species', 'logistic_regression', metric => 'accuracy');

-- mean and standard deviation are those of the rows
SELECT bool_and(abs(f.value - m.value) < 1e-12) AS mean, bool_and(abs(f.deviation - d.value) < 1e-12) AS stddev
FROM (SELECT metric, avg(value) AS value, stddev_samp(value) AS deviation
	FROM mlops_cross_validate('penguins', 'species', 'decision_tree', repeats => 2, folds => 3) WHERE statistic = 'value' GROUP BY metric) f
JOIN mlops_cross_validate('penguins', 'species', 'decision_tree', repeats => 2, folds => 3) m ON m.metric = f.metric AND m.statistic = 'mean'
JOIN mlops_cross_validate('penguins', 'species', 'decision_tree', repeats => 2, folds => 3) d ON d.metric = f.metric AND d.statistic = 'stddev';

-- the same rows in another order: the same folds; another seed or repeat: others
CREATE TEMP TABLE shuffled AS SELECT * FROM penguins ORDER BY body_mass_g DESC, bill_length_mm;
SELECT (SELECT array_agg(v ORDER BY v::text) FROM mlops_cross_validate('penguins', 'species', 'decision_tree') v) =
	(SELECT array_agg(v ORDER BY v::text) FROM mlops_cross_validate('shuffled', 'species', 'decision_tree') v) AS same,
	(SELECT array_agg(v ORDER BY v::text) FROM mlops_cross_validate('penguins', 'species', 'decision_tree') v) =
	(SELECT array_agg(v ORDER BY v::text) FROM mlops_cross_validate('penguins', 'species', 'decision_tree', seed => 1) v) AS seed,
	(SELECT count(DISTINCT value) > 5 FROM mlops_cross_validate('diabetes', 'progression', repeats => 3, folds => 2, metric => 'mae')
		WHERE statistic = 'value') AS repeats;

-- equal rows stay together: a tree that learns rows by heart knows no row of another fold
CREATE TEMP TABLE twins AS SELECT i % 60 AS id, (i % 60) * 7919 % 101 AS x, md5((i % 60)::text) AS noise, (i % 60 * 31 % 17) % 2 = 0 AS y FROM generate_series(1, 240) i;
SELECT fold, train_rows, test_rows FROM mlops_cross_validate('twins', 'y', 'decision_tree', folds => 4, metric => 'accuracy', features => '{x}')
WHERE statistic = 'value';

-- groups never straddle: what only the group tells is not known of another
CREATE TEMP TABLE visits AS SELECT 'p' || i % 20 AS patient, (i % 20) * 7919 % 101 AS x, i % 17 AS z, ((i % 20) * 13 % 7) * 10.0 AS y FROM generate_series(1, 400) i;
SELECT method, round(min(value)::numeric, 2) > 0.9 AS known
FROM (VALUES ('random'), ('group')) m (method),
	LATERAL mlops_cross_validate('visits', 'y', 'decision_tree', method => method, group_column => CASE method WHEN 'group' THEN 'patient' END,
		exclude => CASE method WHEN 'random' THEN '{patient}'::text[] END, metric => 'r2')
WHERE statistic = 'mean' GROUP BY method ORDER BY method DESC;
SELECT fold, train_rows, test_rows FROM mlops_cross_validate('visits', 'y', 'decision_tree', method => 'group', group_column => 'patient', folds => 3, metric => 'r2')
WHERE statistic = 'value';

-- time: sizes as scikit-learn's TimeSeriesSplit(3, gap=10) on 400 rows; rows of one day stay together; a gap of days
CREATE TEMP TABLE series AS SELECT i, date '2024-01-01' + i / 4 AS day, timestamp '2024-01-01' + i * interval '1 hour' AS at, i % 7 AS x, i * 0.5 + i % 7 AS y FROM generate_series(0, 399) i;
SELECT fold, train_rows, test_rows FROM mlops_cross_validate('series', 'y', method => 'time', time_column => 'at', folds => 3, gap => '10', metric => 'r2', features => '{x}')
WHERE statistic = 'value';
SELECT fold, train_rows, test_rows FROM mlops_cross_validate('series', 'y', method => 'time', time_column => 'day', folds => 7, metric => 'r2', features => '{x}')
WHERE statistic = 'value';
SELECT fold, train_rows, test_rows FROM mlops_cross_validate('series', 'y', method => 'time', time_column => 'at', folds => 3, gap => '1 day', metric => 'r2', features => '{x}')
WHERE statistic = 'value';
-- training rows come before the tested ones: what rises is not reached by a tree
SELECT statistic, value < 0 AS bad FROM mlops_cross_validate('series', 'y', 'decision_tree', method => 'time', time_column => 'at', metric => 'r2', features => '{i}')
WHERE fold IS NULL AND statistic = 'mean';

-- preprocessing is fitted in each fold: a column without any value in the training rows of one
SELECT count(*) FROM mlops_cross_validate('SELECT x, CASE WHEN i > 300 THEN x END AS late, at, y FROM series', 'y', method => 'time', time_column => 'at', folds => 3);

-- rows without a group or time are left out
SELECT sum(test_rows) FROM mlops_cross_validate('SELECT NULLIF(patient, ''p3'') AS patient, x, y FROM visits', 'y', 'linear_regression',
	method => 'group', group_column => 'patient', metric => 'r2') WHERE statistic = 'value';
SELECT sum(test_rows), max(train_rows) FROM mlops_cross_validate('SELECT CASE WHEN i % 4 > 0 THEN at END AS at, x, y FROM series', 'y', method => 'time',
	time_column => 'at', folds => 2, metric => 'r2') WHERE statistic = 'value';

-- a class rarer than folds, and one that the training rows of a fold lack
SELECT statistic, round(value::numeric, 2) FROM mlops_cross_validate(
	'SELECT * FROM iris WHERE species <> ''setosa'' OR sepal_length > 5.7', 'species', 'decision_tree', metric => 'accuracy') WHERE fold IS NULL;
SELECT fold, train_rows, test_rows FROM mlops_cross_validate(
	'SELECT i, x, CASE WHEN i < 250 THEN CASE WHEN x > 3 THEN ''a'' ELSE ''b'' END ELSE CASE WHEN x > 5 THEN ''a'' ELSE ''c'' END END AS y FROM series', 'y',
	'decision_tree', method => 'time', time_column => 'i', folds => 3, metric => 'accuracy') WHERE statistic = 'value';
-- a metric that is not defined in a fold does not count
SELECT statistic, round(value::numeric, 2) AS value FROM mlops_cross_validate(
	'SELECT i, x, CASE WHEN i < 200 THEN x > 3 ELSE true END AS y FROM series', 'y', 'decision_tree', method => 'time', time_column => 'i', folds => 3, metric => 'roc_auc');

-- refused, before a row is read where that can be
SELECT * FROM mlops_cross_validate('iris', 'species', folds => 1);
SELECT * FROM mlops_cross_validate('iris', 'species', folds => 151);
SELECT * FROM mlops_cross_validate('twins', 'y', features => '{x}', folds => 61);
SELECT * FROM mlops_cross_validate('iris', 'species', method => 'stratfied');
SELECT * FROM mlops_cross_validate('iris', 'species', method => 'group');
SELECT * FROM mlops_cross_validate('visits', 'y', method => 'time');
SELECT * FROM mlops_cross_validate('visits', 'y', group_column => 'patient');
SELECT * FROM mlops_cross_validate('visits', 'y', gap => '3');
SELECT * FROM mlops_cross_validate('series', 'y', method => 'time', time_column => 'at', repeats => 2);
SELECT * FROM mlops_cross_validate('visits', 'y', method => 'group', group_column => 'pateint');
SELECT * FROM mlops_cross_validate('visits', 'y', method => 'group', group_column => 'y');
SELECT * FROM mlops_cross_validate('visits', 'y', method => 'group', group_column => 'patient', folds => 21);
SELECT * FROM mlops_cross_validate('SELECT ''one'' AS patient, x, y FROM visits', 'y', method => 'group', group_column => 'patient');
SELECT * FROM mlops_cross_validate('visits', 'y', method => 'time', time_column => 'patient');
SELECT * FROM mlops_cross_validate('series', 'y', method => 'time', time_column => 'x', folds => 10);
SELECT * FROM mlops_cross_validate('series', 'y', method => 'time', time_column => 'at', gap => '100');
SELECT * FROM mlops_cross_validate('series', 'y', method => 'time', time_column => 'at', gap => '-1 day');
SELECT * FROM mlops_cross_validate('series', 'y', method => 'time', time_column => 'i', gap => '1 day');
SELECT * FROM mlops_cross_validate('series', 'y', method => 'time', time_column => 'at', gap => 'much');
SELECT * FROM mlops_cross_validate('SELECT i, x, CASE WHEN i < 200 THEN ''a'' ELSE ''b'' END AS y FROM series', 'y', method => 'time', time_column => 'i', folds => 3);
SELECT * FROM mlops_cross_validate('SELECT i, x, CASE WHEN i < 100 THEN i % 2 ELSE 2 END::text AS y FROM series', 'y', method => 'time', time_column => 'i', folds => 3);
SELECT * FROM mlops_cross_validate('iris', 'species', metric => 'r2');
SELECT * FROM mlops_cross_validate('iris', 'species', 'logistic_regression', '{"C": -1}');
SELECT * FROM mlops_cross_validate('iris', 'species', 'mlp', '{"warm_start": true}');
SELECT * FROM mlops_cross_validate('iris', NULL);
SELECT * FROM mlops_cross_validate('iris', 'species', 'auto');
SELECT * FROM mlops_cross_validate('SELECT * FROM iris WHERE false', 'species');

-- nothing is stored
SELECT versions = (SELECT count(*) FROM mlops.versions) AS same FROM before;
