-- Calibrated probabilities and decision thresholds, learned of rows that the fit does not see.
SET mlops.progress = off;
SET mlops.inspect = off;
SET client_min_messages = warning;

-- classes weighted by their rarity make every probability too high; forests of few, deep trees are too sure of themselves
SELECT model, train_rows, test_rows, round((metrics->'test'->>'log_loss')::numeric, 3) AS log_loss, round((metrics->'test'->>'brier')::numeric, 3) AS brier,
	metrics->'fit'->'calibration_rows' AS calibration_rows, round((metrics->'test'->>'roc_auc')::numeric, 3) AS roc_auc
FROM (VALUES ('linear', 'logistic_regression', '{"class_weight": "balanced"}'), ('linear sigmoid', 'logistic_regression', '{"class_weight": "balanced", "calibrate": "sigmoid"}'),
	('linear isotonic', 'logistic_regression', '{"class_weight": "balanced", "calibrate": "isotonic"}'),
	('trees', 'random_forest', '{"n_estimators": 20}'), ('trees sigmoid', 'random_forest', '{"n_estimators": 20, "calibrate": "sigmoid"}'),
	('trees isotonic', 'random_forest', '{"n_estimators": 20, "calibrate": "isotonic"}')) AS v (name, algorithm, params),
	mlops_train(name, 'customers', target => 'churn', algorithm => algorithm, params => params::jsonb);

-- a training of held-back rows is one that the fit does not see: the same model as without them, but for the correction
CREATE TEMP TABLE p AS SELECT customer_id, mlops_probability('linear sigmoid', c) AS p FROM customers c;
SELECT mlops_train('unheld', 'customers', target => 'churn', algorithm => 'logistic_regression', params => '{"class_weight": "balanced", "threshold": 0.5}') IS NOT NULL AS trained;
SELECT round(corr(ln(a.p / (1 - a.p)), ln(b.p / (1 - b.p)))::numeric, 2) AS "log-odds go together" FROM p AS a,
	LATERAL (SELECT mlops_probability('unheld', c) AS p FROM customers c WHERE c.customer_id = a.customer_id) AS b;

-- rows, blocks and everything that shows probabilities agree to the bit
SELECT bool_and(t.probability = mlops_probability(m, c)) AS probability, bool_and(t.prediction = mlops_classify(m, c)) AS label,
	bool_and((mlops_probabilities(m, c)->>'Yes')::float8 = t.probability) AS probabilities
FROM unnest('{linear sigmoid,linear isotonic,trees sigmoid,trees isotonic}'::text[]) AS m, mlops_predict_table(m, 'customers', 'customer_id') AS t
	JOIN customers c ON c.customer_id = t.key;
SELECT round(value::numeric, 3) AS log_loss FROM mlops_evaluate('linear sigmoid', 'customers') WHERE metric = 'log_loss';

-- several classes: one against the rest, divided by the sum
SELECT model, metrics->'fit'->'calibration_rows' AS rows, round((metrics->'train'->>'log_loss')::numeric, 2) AS log_loss
FROM (VALUES ('sigmoid'), ('isotonic')) AS v (method),
	mlops_train('three ' || method, 'iris', target => 'species', algorithm => 'gradient_boosting', params => jsonb_build_object('calibrate', method, 'max_iter', 20));
SELECT m, max(abs(1 - s)) < 1e-12 AS "sum to 1", min(least) >= 0 AS "none below 0" FROM unnest('{three sigmoid,three isotonic}'::text[]) AS m, iris,
	LATERAL (SELECT sum(value::float8) AS s, min(value::float8) AS least FROM jsonb_each_text(mlops_probabilities(m, iris))) AS p GROUP BY m ORDER BY m DESC;
SELECT bool_and(t.probability = mlops_probability('three isotonic', i)) AS "rows and blocks agree"
FROM mlops_predict_table('three isotonic', 'iris') AS t, (SELECT row_number() OVER () AS n, iris.* FROM iris) AS i WHERE t.key = i.n::text;

-- a class of which no row was held back can be learned of by sigmoid alone
SELECT model, train_rows, metrics->'fit'->'calibration_rows' AS rows
FROM (VALUES ('isotonic'), ('sigmoid')) AS v (method), mlops_train('three unseen ' || method, 'SELECT x, CASE WHEN x > 298 THEN ''high'' WHEN x > 150 THEN ''middle'' ELSE ''low'' END AS y
	FROM generate_series(1, 300) AS x', target => 'y', split => '{"method": "none"}', params => jsonb_build_object('calibrate', method, 'calibration_fraction', 0.1));

-- a decision threshold: given, or chosen on held-back rows
CREATE TEMP TABLE decided AS SELECT m.model, train_rows, metrics
FROM (VALUES ('never', '0.999999'), ('always', '0'), ('some', '0.3'), ('f1', '"f1"'), ('costly', '{"cost": {"fp": 1, "fn": 5}}')) AS v (name, threshold),
	mlops_train('decide ' || name, 'customers', target => 'churn', params => jsonb_build_object('threshold', threshold::jsonb)) AS m;
SELECT d.model, d.train_rows, round((d.metrics->'fit'->>'threshold')::numeric, 2) AS threshold, round((d.metrics->'test'->>'accuracy')::numeric, 2) AS accuracy,
	round((d.metrics->'test'->'classes'->'Yes'->>'recall')::numeric, 2) AS recall, round((d.metrics->'test'->'classes'->'Yes'->>'f1')::numeric, 2) AS f1,
	v.params->'threshold' AS recorded, v.params ? 'calibrate' AS "others recorded"
FROM decided AS d JOIN mlops.versions AS v USING (model) ORDER BY model;
SELECT metrics->'fit'->'threshold' AS "as it was given" FROM decided WHERE model = 'decide some';
SELECT m, count(*) FILTER (WHERE (mlops_classify(m, c) = 'Yes') <> (mlops_probability(m, c) >= threshold)) AS disagree,
	count(*) FILTER (WHERE mlops_classify(m, c) <> t.prediction) AS "rows and blocks", count(*) FILTER (WHERE t.prediction = 'Yes') > 0 AS "some are positive"
FROM (SELECT model AS m, (metrics->'fit'->>'threshold')::float8 AS threshold FROM decided) AS d, mlops_predict_table(m, 'customers', 'customer_id') AS t
	JOIN customers c ON c.customer_id = t.key GROUP BY m ORDER BY m;
-- what evaluations call a prediction is what mlops_classify says
SELECT model, abs(e.value - (SELECT avg((mlops_classify(model, c) = churn)::int) FROM customers c)) < 1e-12 AS accuracy
FROM decided, mlops_evaluate(model, 'customers') AS e WHERE e.metric = 'accuracy' ORDER BY model;
-- with numbers as classes mlops_predict decides alike
CREATE TEMP VIEW churned AS SELECT tenure, monthly_charges, (churn = 'Yes')::int AS churned FROM customers;
SELECT train_rows FROM mlops_train('decide number', 'churned', target => 'churned', task => 'classification', params => '{"threshold": 0.2}');
SELECT count(*) FILTER (WHERE (mlops_predict('decide number', c) = 1) <> (mlops_probability('decide number', c) >= 0.2)) AS disagree FROM churned c;

-- calibration and threshold of the same rows; retraining repeats them, and the champion is judged by its own threshold
SELECT version, train_rows, test_rows, metrics->'fit' ? 'threshold' AS threshold, metrics->'fit'->'calibration_rows' AS calibration_rows
FROM mlops_train('both', 'customers', target => 'churn', params => '{"calibrate": "sigmoid", "threshold": "f1", "calibration_fraction": 0.25}', metric => 'macro_f1');
SELECT version, train_rows, deployed, metrics->'fit'->'threshold' = (SELECT metrics->'fit'->'threshold' FROM mlops.versions WHERE model = 'both' AND version = 1) AS "same threshold"
FROM mlops_retrain('both');
SELECT count(DISTINCT value) AS "same metric" FROM mlops.versions WHERE model = 'both';
-- the same rows in another order, the same bytes
CREATE TEMP TABLE shuffled AS SELECT * FROM customers ORDER BY md5(customer_id);
SELECT version FROM mlops_train('both', 'shuffled', target => 'churn', params => '{"calibrate": "sigmoid", "threshold": "f1", "calibration_fraction": 0.25}', metric => 'macro_f1', exclude => '{customer_id}');
SELECT count(DISTINCT sha) FROM (SELECT version_id, sha256(string_agg(c.data, '' ORDER BY c.chunk)) AS sha FROM mlops.model_chunk AS c GROUP BY version_id) AS s
WHERE version_id IN (SELECT version_id FROM mlops.model_version v JOIN mlops.model m USING (model_id) WHERE m.name = 'both');

-- cross-validation and tuning hold rows back within each fold
SELECT metric, train_rows, test_rows, round(value::numeric, 2) AS value FROM mlops_cross_validate('customers', 'churn', 'logistic_regression',
	'{"calibrate": "isotonic", "threshold": "f1"}', folds => 3, seed => 1) WHERE metric IN ('log_loss', 'macro_f1') AND (fold = 1 OR statistic = 'mean') ORDER BY metric, fold;
SELECT params->'calibrate' AS calibrate FROM mlops_tune('tuned', 'customers', 'churn', 'logistic_regression', '{"calibrate": ["sigmoid"]}', params => '{"class_weight": "balanced"}', metric => 'log_loss', folds => 2);
SELECT train_rows, metrics->'fit'->'calibration_rows' AS calibration_rows FROM mlops.versions WHERE model = 'tuned';
SELECT train_rows, metrics->'fit'->'calibration_rows' AS calibration_rows, value = (SELECT value FROM mlops.versions WHERE model = 'tuned' AND version = 1) AS same FROM mlops_retrain('tuned');

-- what is explained is the score before its correction
SELECT round((mlops_probability('linear sigmoid', c) - 1 / (1 + exp(-sum)))::numeric, 6) <> 0 AS "another probability"
FROM (SELECT * FROM customers ORDER BY customer_id LIMIT 1) AS c, LATERAL (SELECT sum(contribution) FROM mlops_explain('linear sigmoid', c)) AS e;

-- warm start: the earlier version must have left out the same rows
SELECT train_rows FROM mlops_train('warm', 'customers', target => 'churn', algorithm => 'gradient_boosting', params => '{"max_iter": 5, "calibrate": "sigmoid"}');
SELECT train_rows FROM mlops_train('warm', 'customers', target => 'churn', algorithm => 'gradient_boosting', params => '{"max_iter": 10, "calibrate": "isotonic", "warm_start": true}', deploy => 'always');
SELECT train_rows FROM mlops_train('warm', 'customers', target => 'churn', algorithm => 'gradient_boosting',
	params => '{"max_iter": 15, "calibrate": "isotonic", "calibration_fraction": 0.3, "warm_start": true}');
SELECT train_rows FROM mlops_train('warm', 'customers', target => 'churn', algorithm => 'gradient_boosting', params => '{"max_iter": 15, "calibrate": "sigmoid", "warm_start": true}', seed => 2);

-- splits, weights and balancing
SELECT train_rows, test_rows, metrics->'fit'->'calibration_rows' AS calibration_rows FROM mlops_train('none', 'customers', target => 'churn', split => '{"method": "none"}', params => '{"calibrate": "sigmoid"}');
SELECT train_rows, test_rows, metrics->'fit'->'calibration_rows' AS calibration_rows FROM mlops_train('under', 'customers', target => 'churn',
	split => '{"balance": "undersample"}', params => '{"calibrate": "sigmoid"}');
SELECT train_rows, test_rows, metrics->'fit'->'calibration_rows' < to_jsonb(900) AS "weight 0 is left out" FROM mlops_train('weighted', $$SELECT *, partner AS w FROM customers$$, target => 'churn',
	exclude => '{partner}', weight => 'w', params => '{"calibrate": "isotonic"}');

-- what cannot be
SELECT mlops_train('bad', 'diabetes', target => 'progression', algorithm => 'gradient_boosting', params => '{"threshold": 0.5}');
SELECT mlops_train('bad', 'diabetes', target => 'progression', algorithm => 'gradient_boosting', params => '{"calibrate": "sigmoid"}');
SELECT mlops_train('bad', 'diabetes', target => 'progression', algorithm => 'ridge', params => '{"threshold": 0.5}');
SELECT mlops_train('bad', 'diabetes', target => 'progression', params => '{"calibrate": "sigmoid"}');
SELECT mlops_train('bad', 'iris', target => 'species', params => '{"threshold": 0.5}');
SELECT mlops_train('bad', 'iris', target => 'species', params => '{"threshold": "f1"}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"threshold": 1.5}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"threshold": -0.1}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"threshold": "f2"}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"threshold": true}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"threshold": [0.5]}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"threshold": {"cost": {"fp": 1}}}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"threshold": {"cost": {"fp": 0, "fn": 0}}}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"threshold": {"cost": {"fp": -1, "fn": 2}}}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"threshold": {"cost": {"fp": 1, "fn": 2, "tp": 0}}}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"calibrate": "platt"}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"calibrate": true}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"calibration_fraction": 1}');
SELECT mlops_train('bad', 'customers', target => 'churn', params => '{"calibrated": "sigmoid"}');
SELECT mlops_train('bad', 'SELECT x * 0.5 AS x, x > 5 AS y FROM generate_series(1, 10) AS x', target => 'y', split => '{"method": "none"}', params => '{"calibrate": "sigmoid", "calibration_fraction": 0.1}');
SELECT mlops_train('bad', 'SELECT 1.5 AS x, ''a'' AS y FROM generate_series(1, 10) AS x', target => 'y', split => '{"method": "none"}', features => '{x}', params => '{"calibrate": "sigmoid"}');

SELECT sum(mlops_drop(model)) > 0 AS dropped FROM mlops.models WHERE model ~ '^(linear|trees|unheld|three|decide|both|warm|tuned|none|under|weighted)';
