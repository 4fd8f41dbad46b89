-- What a model has learned and why it says what it says: importance, contributions, trees.
SET mlops.progress = off;
CREATE TABLE visits AS SELECT i AS id, CASE WHEN i % 11 = 0 THEN NULL ELSE i * 37 % 100 END::float8 AS age,
	CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'Paris' WHEN 2 THEN 'Lyon' WHEN 3 THEN 'Nice' ELSE 'Lille' END AS city,
	i % 3 = 0 AS member, '2024-01-01'::date + i * 7 % 200 AS day, ARRAY[i % 7, i % 13]::float8[] AS pair
FROM generate_series(1, 1000) AS i;
ALTER TABLE visits ADD spent float8, ADD again boolean, ADD sort text;
UPDATE visits SET spent = 2 * coalesce(age, 20) + CASE city WHEN 'Paris' THEN 30 WHEN 'Nice' THEN 10 ELSE 0 END + pair[1];
UPDATE visits SET again = spent > 110, sort = CASE WHEN spent < 60 THEN 'low' WHEN spent < 150 THEN 'mid' ELSE 'top' END;

SELECT a AS algorithm, (mlops_train('spent_' || a, 'visits', target => 'spent', algorithm => a, exclude => '{id,again,sort}', split => '{"method": "none"}')).version
FROM unnest('{gradient_boosting,random_forest,decision_tree,linear_regression}'::text[]) AS a;
SELECT a AS algorithm, (mlops_train('again_' || a, 'visits', target => 'again', algorithm => a, exclude => '{id,spent,sort}', split => '{"method": "none"}')).version
FROM unnest('{gradient_boosting,random_forest,extra_trees,logistic_regression}'::text[]) AS a;
SELECT a AS algorithm, (mlops_train('sort_' || a, 'visits', target => 'sort', algorithm => a, exclude => '{id,spent,again}', split => '{"method": "none"}')).version
FROM unnest('{gradient_boosting,random_forest,logistic_regression}'::text[]) AS a;
SELECT version FROM mlops_train('parts', 'visits', target => 'spent', algorithm => 'ridge', features => '{age,city,day}',
	preprocess => '{"age": {"indicator": true}, "city": {"drop": "first"}, "day": {"parts": ["dow", "month"], "epoch": false}}');
SELECT version FROM mlops_train('simple', 'visits', target => 'spent', algorithm => 'dummy', exclude => '{id,again,sort}');

-- importance: shares of the gain, counts of splits, losses by permutation
SELECT feature, rank FROM mlops_importance('spent_gradient_boosting') WHERE rank <= 2;
SELECT round(sum(importance)::numeric, 9) AS sum, count(*) AS features FROM mlops_importance('again_random_forest');
SELECT sum(importance) = floor(sum(importance)) AS whole, min(importance) >= 0 AS counts FROM mlops_importance('spent_decision_tree', method => 'split');
SELECT m AS model, (SELECT string_agg(feature, ' ' ORDER BY rank) FROM mlops_importance('spent_' || m, 'visits', 'permutation') WHERE rank <= 3)
FROM unnest('{gradient_boosting,linear_regression}'::text[]) AS m;
SELECT count(*) AS features, max(importance) = 0 AS nothing, max(rank) AS rank FROM mlops_importance('simple', 'visits', 'permutation');
SELECT count(*) FROM mlops_importance('sort_random_forest', 'SELECT * FROM visits WHERE id < 50', 'permutation') WHERE importance BETWEEN -1 AND 1;
SELECT * FROM mlops_importance('spent_linear_regression');
SELECT * FROM mlops_importance('spent_linear_regression', method => 'permutation');
SELECT * FROM mlops_importance('spent_linear_regression', 'visits', 'permutations');
SELECT * FROM mlops_importance('spent_linear_regression', 'SELECT age FROM visits', 'permutation');
SELECT * FROM mlops_importance('spent_linear_regression', 'SELECT * FROM visits WHERE false', 'permutation');

-- contributions: each with the value it belongs to
SELECT feature, value FROM mlops_explain('spent_gradient_boosting', (SELECT v FROM visits AS v WHERE id = 11));
SELECT feature, value FROM mlops_explain('spent_linear_regression', (SELECT v FROM visits AS v WHERE id = 10));
SELECT feature, value FROM mlops_explain('parts', (SELECT v FROM visits AS v WHERE id = 11));
SELECT feature, value FROM mlops_explain('parts', 40, 'a city never seen', '2024-03-01'::date);
SELECT feature FROM mlops_explain('spent_random_forest', NULL::visits);
SELECT feature FROM mlops_explain(NULL, 1);
SELECT feature FROM mlops_explain('simple', (SELECT v FROM visits AS v WHERE id = 11));

-- ... and they add up: to the value, to the log-odds, to the score of the predicted class
SELECT m AS model, max(abs(s.sum - mlops_predict('spent_' || m, v))) < 1e-9 AS adds_up
FROM visits AS v, unnest('{gradient_boosting,random_forest,decision_tree,linear_regression}'::text[]) AS m,
	LATERAL (SELECT sum(contribution) FROM mlops_explain('spent_' || m, v)) AS s
WHERE id <= 100 GROUP BY m ORDER BY m;
SELECT m AS model, max(abs(CASE WHEN m ~ 'boost|logis' THEN 1 / (1 + exp(-s.sum)) ELSE s.sum END - mlops_probability('again_' || m, v))) < 1e-9 AS adds_up
FROM visits AS v, unnest('{gradient_boosting,random_forest,extra_trees,logistic_regression}'::text[]) AS m,
	LATERAL (SELECT sum(contribution) FROM mlops_explain('again_' || m, v)) AS s
WHERE id <= 100 GROUP BY m ORDER BY m;
SELECT max(abs(s.sum - mlops_probability('sort_random_forest', v))) < 1e-9 AS adds_up
FROM visits AS v, LATERAL (SELECT sum(contribution) FROM mlops_explain('sort_random_forest', v)) AS s WHERE id <= 100;
SELECT count(DISTINCT feature) AS features FROM visits AS v, mlops_explain('sort_gradient_boosting', v), mlops_explain('sort_logistic_regression', v) AS l (f, l, c) WHERE id = 3;

-- trees as rules
SELECT version FROM mlops_train('small', 'SELECT CASE WHEN i % 4 = 0 THEN NULL ELSE i % 4 END::float8 AS x, CASE WHEN i % 2 = 0 THEN ''a'' ELSE ''b'' END AS c,
	CASE WHEN i % 4 = 0 THEN 40 WHEN i % 4 = 1 THEN 10 WHEN i % 4 = 2 THEN 20 ELSE 30 END::float8 AS y FROM generate_series(1, 400) AS i',
	target => 'y', algorithm => 'decision_tree', split => '{"method": "none"}');
SELECT node, parent, depth, rule, feature, threshold, categories, missing_goes, rows, value, class FROM mlops_tree('small');
SELECT count(*) FILTER (WHERE parent IS NULL) AS roots, count(*) FILTER (WHERE value IS NOT NULL) - count(*) FILTER (WHERE feature IS NOT NULL) AS one,
	bool_and((value IS NULL) = (feature IS NOT NULL)) AS either, max(class) IS NULL AS no_class FROM mlops_tree('again_gradient_boosting', 7);
SELECT string_agg(DISTINCT class, ' ') AS class FROM mlops_tree('sort_gradient_boosting', 2);
SELECT bool_and(class IN ('low', 'mid', 'top') AND value BETWEEN 0 AND 1) AS shares FROM mlops_tree('sort_random_forest', 100) WHERE value IS NOT NULL;
SELECT bool_and(p.rows = c.rows) AS rows_add_up FROM mlops_tree('spent_random_forest') AS p,
	LATERAL (SELECT sum(rows) AS rows FROM mlops_tree('spent_random_forest') WHERE parent = p.node) AS c WHERE p.feature IS NOT NULL;
SELECT * FROM mlops_tree('small', 2);
SELECT * FROM mlops_tree('small', 0);
SELECT * FROM mlops_tree('spent_linear_regression');
SELECT * FROM mlops_tree('small', NULL);

SELECT mlops_drop(m) FROM (SELECT 'spent_' || unnest('{gradient_boosting,random_forest,decision_tree,linear_regression}'::text[]) AS m
	UNION ALL SELECT 'again_' || unnest('{gradient_boosting,random_forest,extra_trees,logistic_regression}'::text[])
	UNION ALL SELECT 'sort_' || unnest('{gradient_boosting,random_forest,logistic_regression}'::text[])
	UNION ALL SELECT unnest('{parts,simple,small}'::text[])) AS models;
DROP TABLE visits;
