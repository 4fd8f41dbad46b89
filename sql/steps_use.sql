-- Steps of one column in use: every learner, rows and tables alike, what is refused and how it reads, values never seen.
SET mlops.progress = off;
CREATE TABLE s AS SELECT i, CASE WHEN i % 11 > 0 THEN (i * 37 % 101)::float8 + 0.5 END AS x, (ARRAY['a', 'b', 'c', 'd', NULL, 'e'])[1 + i * i % 6] AS c,
	'2024-03-01 12:00'::timestamp + i * interval '5 hours' AS at, ARRAY[i % 4, i % 7]::float8[] AS v, i % 3 = 0 AS member, i % 9 AS k,
	sqrt(i * 37 % 101) + CASE i * i % 6 WHEN 1 THEN 3 WHEN 4 THEN -2 ELSE 0 END AS y, CASE WHEN i * i % 6 < 2 THEN 'low' WHEN i * 37 % 101 > 50 THEN 'high' ELSE 'mid' END AS z
FROM generate_series(1, 400) AS i;
-- rows to score: values never seen, NULLs, numbers out of range
CREATE TABLE fresh AS SELECT * FROM (VALUES (1, 3.5::float8, 'a', '2024-03-04'::timestamp, '{1,2}'::float8[], true, 3), (2, -1000, 'unknown', '1999-01-01', '{-5,90}', false, 77),
	(3, NULL, NULL, NULL, NULL, NULL, NULL), (4, 1e6, 'b', '2100-01-01', '{NULL,3}', NULL, 0)) AS f (i, x, c, at, v, member, k);

CREATE TEMP TABLE ways (way text, preprocess jsonb);
INSERT INTO ways VALUES
	('transforms', '{"x": {"clip": [2, 90], "transform": "log"}, "v": {"clip": {"quantiles": [0.1, null]}, "transform": "quantile_uniform", "n_quantiles": 4}, "k": {"transform": "yeo-johnson", "indicator": true}}'),
	('powers', '{"x": {"transform": "box-cox", "indicator": true}, "v": {"transform": "sqrt"}, "k": {"clip": "iqr", "transform": "log1p"}}'),
	('splines', '{"x": {"encode": "spline", "indicator": true}, "v": {"encode": "spline", "degree": 2, "n_knots": 3, "extrapolation": "linear", "knots": "quantile", "include_bias": false}, "at": {"encode": "spline", "n_knots": 3, "extrapolation": "continue", "degree": 1}}'),
	('bins', '{"x": {"encode": "kbins", "n_bins": 4}, "k": {"encode": "kbins", "strategy": "kmeans", "n_bins": 3}, "at": {"encode": "kbins", "strategy": "uniform"}}'),
	('targets', '{"*": {"encode": "target"}, "at": {"encode": "datetime"}, "x": {"encode": "number"}}'),
	('counts', '{"*": {"encode": "frequency"}, "k": {"frequency": "count"}, "x": {"encode": "number"}}'),
	('buckets', '{"c": {"encode": "hash", "n_features": 7}, "k": {"encode": "hash", "n_features": 5}}'),
	('places', '{"c": {"encode": "ordinal"}, "k": {"scale": "none"}, "member": {"indicator": true}}');
CREATE TEMP TABLE trained (way text, algorithm text, model text);
INSERT INTO trained SELECT way, algorithm, way || ' ' || algorithm FROM ways, unnest('{linear_regression,ridge,lasso,logistic_regression,gradient_boosting,random_forest}'::text[]) AS algorithm;
SELECT count(*) FROM trained JOIN ways USING (way), mlops_train(model, 's', target => CASE algorithm WHEN 'logistic_regression' THEN 'z' ELSE 'y' END, algorithm => algorithm, preprocess => preprocess,
	features => '{x,c,at,v,member,k}', params => CASE WHEN algorithm IN ('random_forest') THEN '{"n_estimators": 10}'::jsonb ELSE '{}' END);

-- a row alone and in a table, from the columns and from jsonb
CREATE FUNCTION same_rows(model text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	same boolean;
BEGIN
	EXECUTE format('SELECT bool_and(t.prediction = mlops_classify(%1$L, f) AND t.prediction = mlops_classify(%1$L, to_jsonb(f)))
		FROM fresh AS f JOIN mlops_predict_table(%1$L, ''fresh'', key => ''i'') AS t ON t.key = f.i::text', model) INTO same;
	RETURN same;
EXCEPTION WHEN wrong_object_type THEN
	EXECUTE format('SELECT bool_and(t.value = mlops_predict(%1$L, f) AND t.value = mlops_predict(%1$L, to_jsonb(f)))
		FROM fresh AS f JOIN mlops_predict_table(%1$L, ''fresh'', key => ''i'') AS t ON t.key = f.i::text', model) INTO same;
	RETURN same;
END
$$;
SELECT way, bool_and(same_rows(model)) AS same FROM trained GROUP BY way ORDER BY way;

-- what the models see of a new row
SELECT feature, round(value::numeric, 4) AS value FROM mlops_transform('targets ridge', 'SELECT * FROM fresh WHERE i = 2') ORDER BY feature;
SELECT "row", feature, round(value::numeric, 4) AS value FROM mlops_transform('bins ridge', 'SELECT * FROM fresh ORDER BY i') WHERE feature ~ 'bin|null' ORDER BY "row", feature;
SELECT "row", feature, value FROM mlops_transform('places gradient_boosting', 'SELECT * FROM fresh ORDER BY i') WHERE feature ~ '^c' ORDER BY "row", feature;
SELECT "row", feature, value FROM mlops_transform('bins gradient_boosting', 'SELECT * FROM fresh ORDER BY i') WHERE feature ~ '^[xk]' ORDER BY "row", feature;
SELECT "row", feature, value FROM mlops_transform('transforms gradient_boosting', 'SELECT * FROM fresh ORDER BY i') WHERE feature ~ '^v' ORDER BY "row", feature;
SELECT count(DISTINCT feature) AS classes FROM mlops_transform('targets logistic_regression', 'fresh') WHERE feature LIKE 'c.target=%';

-- what was learned of each, in whole digits
SELECT f.feature, f.step, (SELECT jsonb_object_agg(key, CASE jsonb_typeof(value) WHEN 'number' THEN to_jsonb(round(value::numeric, 4)) ELSE value END) FROM jsonb_each(f.fitted)) AS fitted
FROM trained, mlops_features(model) AS f WHERE model IN ('transforms ridge', 'bins ridge', 'targets random_forest', 'splines random_forest', 'counts ridge') AND feature ~ '^[xkc]' ORDER BY model, position;
-- the other functions
SELECT way, bool_and(abs(mlops_predict(model, f) - e.sum) < 1e-9) AS explained
FROM trained, fresh AS f, LATERAL (SELECT sum(contribution) FROM mlops_explain(model, f)) AS e WHERE f.i < 4 AND algorithm IN ('ridge', 'gradient_boosting') GROUP BY way ORDER BY way;
SELECT feature, value FROM mlops_explain('bins ridge', (SELECT f FROM fresh AS f WHERE i = 1)) ORDER BY feature;
SELECT feature, value FROM mlops_explain('buckets random_forest', (SELECT f FROM fresh AS f WHERE i = 4)) ORDER BY feature;
SELECT way, algorithm, count(*) AS features, count(importance) AS known
FROM trained, mlops_importance(model, method => CASE algorithm WHEN 'lasso' THEN 'permutation' ELSE 'gain' END, source => CASE algorithm WHEN 'lasso' THEN 's' END)
WHERE algorithm IN ('lasso', 'random_forest') GROUP BY way, algorithm ORDER BY way, algorithm;
SELECT way, count(*) AS lines, count(*) FILTER (WHERE drifted) AS drifted FROM trained, mlops_drift(model, 's') WHERE algorithm = 'ridge' GROUP BY way ORDER BY way;
SELECT DISTINCT feature FROM mlops_tree('targets random_forest') WHERE feature IS NOT NULL AND feature NOT IN ('at', 'x', 'v[1]', 'v[2]') ORDER BY feature;
SELECT preprocess->'x' AS x, preprocess->'v' AS v FROM mlops.versions WHERE model = 'transforms ridge';
SELECT preprocess->'c' AS c FROM mlops.versions WHERE model IN ('targets ridge', 'targets logistic_regression', 'places ridge') ORDER BY model;
SET client_min_messages = warning;
SET mlops.max_threads = 1;
SELECT count(*) AS retrained FROM trained AS t, mlops_retrain(t.model) WHERE t.algorithm IN ('ridge', 'gradient_boosting');
-- the same rows and seed: the same bytes, whatever the threads
SELECT count(DISTINCT md5(b.bytes)) AS models, count(*) AS versions FROM trained AS t JOIN mlops.model AS m ON m.name = t.model JOIN mlops.model_version AS v USING (model_id)
CROSS JOIN LATERAL (SELECT string_agg(data, '' ORDER BY chunk) AS bytes FROM mlops.model_chunk AS k WHERE k.version_id = v.version_id) AS b WHERE t.algorithm IN ('ridge', 'gradient_boosting');
RESET client_min_messages;
RESET mlops.max_threads;

-- cross-fitting: a column of 150 random words says nothing about y, and a tree that sees its encodings finds nothing
CREATE TABLE noise AS SELECT i, 'w' || i * 7919 % 150 AS word, sin(i * i)::float8 AS y FROM generate_series(1, 600) AS i;
SELECT a AS algorithm, (metrics->'train'->>'r2')::float8 < 0.1 AS cautious
FROM unnest('{linear_regression,decision_tree}'::text[]) AS a, mlops_train('noise ' || a, 'noise', target => 'y', algorithm => a, features => '{word}',
	params => CASE a WHEN 'decision_tree' THEN '{"max_depth": 1, "min_samples_leaf": 50}'::jsonb ELSE '{}' END, preprocess => '{"word": {"encode": "target", "smooth": 0}}');

-- what is refused
CREATE FUNCTION try(preprocess jsonb, algorithm text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	PERFORM mlops_train('t', 's', target => 'y', algorithm => algorithm, features => '{x,c,at,v,member,k}', deploy => 'never', preprocess => preprocess);
	RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END
$$;
SELECT p AS preprocess, try(p, 'ridge') FROM unnest(ARRAY[
	'{"x": {"transform": "lgo"}}', '{"x": {"transform": 1}}', '{"x": {"clip": 3}}', '{"x": {"clip": [3]}}', '{"x": {"clip": [3, 1]}}', '{"x": {"clip": ["a", 1]}}',
	'{"x": {"clip": {"quantiles": [0.5, 2]}}}', '{"x": {"clip": {"quantile": [0.1, 0.9]}}}', '{"x": {"clip": "sigma"}}', '{"x": {"clip low": 1}}', '{"x": {"n_quantiles": 10}}',
	'{"x": {"n_quantiles": 1, "transform": "quantile_normal"}}', '{"k": {"transform": "log"}}', '{"k": {"transform": "box-cox"}}', '{"at": {"transform": "log"}}', '{"c": {"transform": "log"}}',
	'{"c": {"encode": "ordnial"}}', '{"c": {"encode": "kbins"}}', '{"v": {"encode": "kbins"}}', '{"v": {"encode": "target"}}', '{"c": {"encode": "ordinal", "unseen": "zero"}}',
	'{"c": {"encode": "ordinal", "fill": 2}}', '{"c": {"encode": "target", "smooth": -1}}', '{"c": {"encode": "target", "smooth": "atuo"}}', '{"c": {"encode": "target", "folds": 1}}',
	'{"c": {"encode": "target", "folds": 2.5}}', '{"c": {"encode": "target", "outputs": 3}}', '{"c": {"encode": "frequency", "frequency": "log"}}', '{"c": {"encode": "hash", "n_features": 1}}',
	'{"x": {"encode": "kbins", "n_bins": 1}}', '{"x": {"encode": "kbins", "strategy": "equal"}}', '{"x": {"encode": "kbins", "output": "dense"}}', '{"x": {"encode": "kbins", "indicator": true}}',
	'{"x": {"encode": "spline", "degree": 11}}', '{"x": {"encode": "spline", "n_knots": 2, "degree": 0, "include_bias": false}}', '{"x": {"encode": "spline", "extrapolation": "error"}}',
	'{"x": {"encode": "spline", "knots": [1, 2]}}', '{"c": {"drop": "second"}}', '{"*": {"encode": "target", "folds": 3, "smooth": 4}}', '{"*": {"clip": [0, null]}}', '{"*": {"clip": 0}}',
	'{"x": {"clip": null, "transform": null}}', '{"c": {"drop": "if_binary"}}', '{"x": {"transform": "log", "impute": "none"}}']::jsonb[]) AS p;
SELECT p AS preprocess, try(p, 'decision_tree') FROM unnest(ARRAY[
	'{"c": {"encode": "onehot"}}', '{"c": {"encode": "ordinal", "unseen": 3}}', '{"x": {"encode": "kbins", "output": "onehot"}}', '{"x": {"scale": "robust", "transform": "log"}}',
	'{"x": {"encode": "spline", "scale": "minmax"}}', '{"*": {"encode": "onehot"}}', '{"c": {"encode": "target", "scale": "standard"}}']::jsonb[]) AS p;

-- data at their edges: constant, NULL, a single value
CREATE TABLE edge AS SELECT 5.0::float8 AS constant, NULL::float8 AS empty, NULL::text AS no_text, 'one' AS word, CASE WHEN i = 7 THEN 1.0::float8 END AS single, i % 5 AS y FROM generate_series(1, 50) AS i;
SET client_min_messages = error;
SELECT e AS preprocess, train_rows FROM unnest(ARRAY['{"*": {"transform": "yeo-johnson"}}', '{"*": {"transform": "quantile_normal"}}', '{"*": {"clip": "iqr"}}', '{"*": {"encode": "kbins"}}',
	'{"*": {"encode": "kbins", "strategy": "kmeans", "output": "ordinal"}}', '{"*": {"encode": "spline"}}', '{"*": {"encode": "spline", "knots": "quantile"}}', '{"*": {"encode": "target"}}',
	'{"*": {"encode": "frequency"}}', '{"*": {"encode": "hash"}}', '{"*": {"encode": "ordinal", "indicator": true}}']::jsonb[]) WITH ORDINALITY AS e (e, n),
	mlops_train('edge' || n, 'edge', target => 'y', algorithm => 'ridge', features => '{constant,empty,no_text,word,single}', preprocess => e, split => '{"method": "none"}');
SELECT count(*) AS not_finite FROM generate_series(1, 11) AS n, mlops_transform('edge' || n, 'edge') AS t WHERE NOT t.value BETWEEN -1e6 AND 1e6;
SELECT mlops_train('few', 'SELECT word, y FROM edge LIMIT 4', target => 'y', algorithm => 'ridge', features => '{word}', preprocess => '{"word": {"encode": "target"}}', split => '{"method": "none"}');
SELECT mlops_train('few', 'SELECT y * 4e307 AS x, y FROM edge', target => 'y', algorithm => 'ridge', features => '{x}', preprocess => '{"x": {"encode": "spline"}}');
RESET client_min_messages;

SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP TABLE s, fresh, noise, edge;
DROP FUNCTION try, same_rows;
