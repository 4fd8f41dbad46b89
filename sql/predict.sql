-- Scoring: the forms of a row, what comes back, NULL, and that all ways agree.
SET mlops.progress = off;
SELECT FROM mlops_train('flower', 'iris', target => 'species', algorithm => 'logistic_regression');
SELECT FROM mlops_train('width', 'iris', target => 'petal_width', algorithm => 'linear_regression', exclude => '{species}');
SELECT FROM mlops_train('virginica', $$SELECT sepal_length, sepal_width, species = 'virginica' AS y FROM iris$$, target => 'y', algorithm => 'logistic_regression');
SELECT FROM mlops_train('array', 'SELECT ARRAY[sepal_length, sepal_width] AS v, petal_width FROM iris', target => 'petal_width', algorithm => 'ridge');

-- one answer, however the row is given
SELECT mlops_classify('flower', i) AS row, mlops_classify('flower', to_jsonb(i)) AS jsonb,
       mlops_classify('flower', sepal_length, sepal_width, petal_length, petal_width) AS values,
       mlops_classify('flower', ARRAY[sepal_length, sepal_width, petal_length, petal_width]) AS array, species AS truth
FROM iris AS i WHERE sepal_length = 5.8 ORDER BY i;
SELECT count(*) AS rows, count(*) FILTER (WHERE a = b AND b = c AND c = d AND d = e) AS equal
FROM (SELECT mlops_predict('width', i) AS a, mlops_predict('width', to_jsonb(i)) AS b,
	mlops_predict('width', sepal_length, sepal_width, petal_length) AS c, mlops_predict('width', ARRAY[sepal_length, sepal_width, petal_length]) AS d,
	mlops_predict('width', VARIADIC ARRAY[sepal_length, sepal_width, petal_length]) AS e FROM iris AS i) AS s;
SELECT count(*) FILTER (WHERE mlops_predict('array', i) = mlops_predict('array', ARRAY[sepal_length, sepal_width])) AS equal
FROM (SELECT ARRAY[sepal_length, sepal_width] AS v, sepal_length, sepal_width FROM iris) AS i;

-- by name: other order, further columns
SELECT count(*) AS equal FROM iris AS i, LATERAL (SELECT petal_length, 'more' AS more, sepal_width, sepal_length) AS s
WHERE mlops_predict('width', s) = mlops_predict('width', i);

-- the kinds of answer
SELECT mlops_probability('flower', 5.0, 3.4, 1.5, 0.2) > 0.9 AS sure, jsonb_object_keys(mlops_probabilities('flower', 5.0, 3.4, 1.5, 0.2)) AS label;
SELECT round(sum(value::float8)::numeric, 12) AS total FROM jsonb_each_text(mlops_probabilities('flower', 6.0, 2.9, 4.5, 1.5));
SELECT mlops_predict('virginica', 7.9, 3.8) AS number, mlops_classify('virginica', 7.9, 3.8) AS label, mlops_probability('virginica', 7.9, 3.8) > 0.5 AS positive;
SELECT mlops_predict('flower', 5.0, 3.4, 1.5, 0.2);

-- NULL: a missing value is imputed, no row or no model is NULL
SELECT mlops_classify('flower', NULL, NULL, 1.5, 0.2), mlops_classify(NULL, 5.0, 3.4, 1.5, 0.2), mlops_classify('flower', NULL::iris), mlops_predict('width', NULL::jsonb);
SELECT mlops_predict('width', 5, 3, NULL) = mlops_predict('width', '{"sepal_length": 5, "sepal_width": 3, "petal_length": null}'::jsonb) AS equal;

-- untyped literals, numerics, integers
SELECT mlops_predict('width', '5.0', 3, 1.5::numeric) = mlops_predict('width', 5.0::float8, 3.0::float8, 1.5::float8) AS equal;

-- versions, aliases
SELECT FROM mlops_train('width', 'iris', target => 'petal_width', algorithm => 'dummy', exclude => '{species}', deploy => 'never');
SELECT mlops_alias('width', 'mean', 2);
SELECT mlops_predict('width/1', i) = mlops_predict('width', i) AS live, mlops_predict('width/2', i) = mlops_predict('width@mean', i) AS alias,
       mlops_predict('width/2', i) = mlops_predict('width', i) AS other FROM iris AS i LIMIT 1;

-- whole tables
SELECT key, prediction, value, round(probability::numeric, 2) AS probability FROM mlops_predict_table('flower', 'SELECT * FROM iris WHERE sepal_length > 7.5');
CREATE TABLE keyed AS SELECT row_number() OVER (ORDER BY i) * 10 AS id, i.* FROM iris AS i;
ALTER TABLE keyed ADD PRIMARY KEY (id);
SELECT count(*) AS rows, count(*) FILTER (WHERE p.value = mlops_predict('width', k) AND p.prediction::float8 = p.value AND p.probability IS NULL) AS equal
FROM keyed AS k JOIN mlops_predict_table('width', 'keyed') AS p ON p.key = k.id::text;
SELECT count(*) FILTER (WHERE p.prediction = mlops_classify('flower', k) AND p.probability = mlops_probability('flower', k)) AS equal
FROM keyed AS k JOIN mlops_predict_table('flower', 'keyed', key => 'id') AS p ON p.key = k.id::text;
SELECT count(*) FROM mlops_predict_table('flower', 'SELECT * FROM iris WHERE false');

-- a label unseen in training, a NULL label
SELECT FROM mlops_train('penguin', 'penguins', target => 'body_mass_g', features => '{island,sex}', algorithm => 'ridge');
SELECT mlops_predict('penguin', 'Atlantis', 'male') IS NOT NULL AS unseen, mlops_predict('penguin', NULL, NULL) IS NOT NULL AS missing;

-- parallel plans and prepared statements give the same
CREATE TEMP TABLE serial AS SELECT sum(mlops_predict('width', i)) AS total FROM iris AS i;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT abs(sum(mlops_predict('width', i)) - (SELECT total FROM serial)) < 1e-9 AS parallel FROM iris AS i;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
PREPARE score(text, float8, float8, float8) AS SELECT mlops_predict($1, $2, $3, $4);
SET plan_cache_mode = force_generic_plan;
EXECUTE score('width/2', 5, 3, 1.5);
EXECUTE score('width/2', 6, 3, 1.5);
DEALLOCATE score;
RESET plan_cache_mode;

-- evaluation on rows of one's own
SELECT metric, label, round(value::numeric, 2) AS value FROM mlops_evaluate('flower', 'iris') WHERE metric IN ('accuracy', 'precision', 'recall', 'roc_auc') ORDER BY metric, label;
SELECT metric, value >= 0 AS sane FROM mlops_evaluate('width', 'iris') ORDER BY metric;
SELECT count(mlops_drop(model)) FROM mlops.models;
DROP TABLE keyed;
