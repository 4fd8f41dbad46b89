-- Bins: the edges that cuts can have, the bin of NULL, and that neither the order of the table nor the threads matter.
SET mlops.progress = off;
CREATE TABLE stairs AS SELECT i, (i * i)::float8 AS x, i::float8 AS y FROM generate_series(1, 1000) AS i;

-- quantiles when there are more values than bins; from sklearn.ensemble._hist_gradient_boosting.binning (1.2.1):
-- _BinMapper(n_bins=5).fit(x).bin_thresholds_: 62750.5 250500.5 563250.5; n_bins=8: 20592.5 82082.5 184470.5 326612.5 510510.5 735306.5
SELECT b, count(*) FROM unnest('{4,7}'::int[]) AS b, mlops_train('stairs_' || b, 'stairs', target => 'y', exclude => '{i}', algorithm => 'gradient_boosting',
	params => jsonb_build_object('max_iter', 1, 'max_bins', b, 'max_leaf_nodes', b, 'min_samples_leaf', 1, 'early_stopping', false), split => '{"method": "none"}')
GROUP BY b ORDER BY b;
SELECT threshold, rows FROM mlops_tree('stairs_4') WHERE threshold IS NOT NULL ORDER BY 1;
SELECT threshold FROM mlops_tree('stairs_7') WHERE threshold IS NOT NULL ORDER BY 1;

-- midpoints when there are fewer: n_bins=256 of 0.5 1.5 4 4 NULL 9 has the thresholds 1.0 2.75 6.5, and NULL a bin of its own
CREATE TABLE few (x float8, y float8);
INSERT INTO few SELECT x, y FROM (VALUES (0.5, 1), (1.5, 5), (4, 20), (4, 20), (NULL, 60), (9, 100)) AS v (x, y), generate_series(1, 20);
SELECT train_rows FROM mlops_train('few', 'few', target => 'y', algorithm => 'gradient_boosting', split => '{"method": "none"}',
	params => '{"max_iter": 1, "min_samples_leaf": 1, "early_stopping": false, "learning_rate": 1}');
SELECT DISTINCT threshold FROM mlops_tree('few') WHERE threshold IS NOT NULL ORDER BY 1;
SELECT x, round(mlops_predict('few', x)::numeric, 4) AS y FROM (SELECT DISTINCT x FROM few) AS f ORDER BY x;

-- a constant and a column of NULLs beside it change nothing
CREATE TABLE beside AS SELECT f.*, 7::float8 AS constant, NULL::float8 AS empty FROM few AS f;
SELECT train_rows FROM mlops_train('beside', 'beside', target => 'y', algorithm => 'gradient_boosting', split => '{"method": "none"}',
	params => '{"max_iter": 1, "min_samples_leaf": 1, "early_stopping": false, "learning_rate": 1}');
SELECT (SELECT array_agg(t ORDER BY node) FROM (SELECT node, feature, threshold, rows, value FROM mlops_tree('few')) AS t)
	= (SELECT array_agg(t ORDER BY node) FROM (SELECT node, feature, threshold, rows, value FROM mlops_tree('beside')) AS t) AS same;

-- more rows than a piece of the work, in two orders, with one thread and with two: the same trees
CREATE TABLE many AS SELECT i, CASE WHEN i % 7 <> 0 THEN (i::int8 * i % 10007)::float8 END AS x, 'c' || i::int8 * i % 300 AS city, i::int8 * i % 13 AS small
FROM generate_series(1, 70000) AS i;
ALTER TABLE many ADD y float8;
UPDATE many SET y = coalesce(x, 3000) / 1000 + length(city) * small;
CREATE TABLE sorted AS SELECT * FROM many ORDER BY city, x DESC;
SET mlops.max_threads = 1;
SELECT train_rows FROM mlops_train('many_1', 'many', target => 'y', exclude => '{i}', algorithm => 'gradient_boosting', params => '{"max_iter": 3}', split => '{"method": "none"}');
SET mlops.max_threads = 2;
SELECT train_rows FROM mlops_train('many_2', 'sorted', target => 'y', exclude => '{i}', algorithm => 'gradient_boosting', params => '{"max_iter": 3}', split => '{"method": "none"}');
RESET mlops.max_threads;
SELECT (SELECT array_agg(t::text ORDER BY tree, t.node) FROM generate_series(1, 3) AS tree, mlops_tree('many_1', tree) AS t)
	= (SELECT array_agg(t::text ORDER BY tree, t.node) FROM generate_series(1, 3) AS tree, mlops_tree('many_2', tree) AS t) AS same;

SELECT mlops_drop(m) FROM unnest('{stairs_4,stairs_7,few,beside,many_1,many_2}'::text[]) AS m;
DROP TABLE stairs, few, beside, many, sorted;
