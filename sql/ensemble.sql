-- ensembles: several algorithms mixed by weights that are not negative and add up to 1
\set VERBOSITY default
\pset null -
SET mlops.progress = off;
SET client_min_messages = warning;

-- the mean of the members, each trained alone on the same rows: three classes, categories, NULLs
CREATE VIEW some_members AS SELECT * FROM (VALUES
	('alone_1', 'gradient_boosting', '{"max_iter": 20}'::jsonb), ('alone_2', 'logistic_regression', '{}'), ('alone_3', 'random_forest', '{"n_estimators": 10}')) AS t(model, algorithm, params);
SELECT count(*) FROM some_members AS m, mlops_train(m.model, 'penguins', 'species', algorithm => m.algorithm, params => m.params);
SELECT model, version, algorithm, task, train_rows, test_rows, metric, round(value::numeric, 4) AS value, deployed
FROM mlops_train('mixed', 'penguins', 'species', algorithm => 'ensemble', params => (SELECT jsonb_build_object('members',
	jsonb_agg(jsonb_build_object('algorithm', algorithm, 'params', params) ORDER BY model), 'weights', '[1, 2, 1]'::jsonb) FROM some_members));
CREATE VIEW both_ways AS SELECT species, class, (mixed ->> class)::float8 AS mixed, ((one ->> class)::float8 + 2 * (two ->> class)::float8 + (three ->> class)::float8) / 4 AS mean
FROM (SELECT species, mlops_probabilities('mixed', p) AS mixed, mlops_probabilities('alone_1', p) AS one, mlops_probabilities('alone_2', p) AS two,
	mlops_probabilities('alone_3', p) AS three FROM penguins AS p) AS t, unnest('{Adelie,Chinstrap,Gentoo}'::text[]) AS class;
SELECT count(*), max(abs(mixed - mean)) < 1e-14 AS same FROM both_ways;
-- by row, by table, from jsonb, and by the evaluations
SELECT bool_and(t.prediction = mlops_predict_label AND t.probability = (probabilities ->> t.prediction)::float8) AS same, count(*)
FROM (SELECT row_number() OVER ()::text AS key, mlops_classify('mixed', to_jsonb(p)) AS mlops_predict_label, mlops_probabilities('mixed', p) AS probabilities FROM penguins AS p) AS r
JOIN mlops_predict_table('mixed', 'SELECT row_number() OVER () AS id, * FROM penguins', 'id') AS t USING (key);
SELECT metric, round(value::numeric, 4) AS value FROM mlops_evaluate('mixed', 'penguins') WHERE metric IN ('rows', 'accuracy', 'log_loss') AND label IS NULL;
SELECT round(-avg(ln(mean))::numeric, 4) AS log_loss FROM both_ways WHERE class = species;
-- a category and a text that nobody has seen, a NULL for everything
SELECT round(((mlops_probabilities('mixed', j) ->> 'Gentoo')::float8 - ((mlops_probabilities('alone_1', j) ->> 'Gentoo')::float8 + 2 * (mlops_probabilities('alone_2', j) ->> 'Gentoo')::float8
	+ (mlops_probabilities('alone_3', j) ->> 'Gentoo')::float8) / 4)::numeric, 12) AS difference
FROM (VALUES ('{"island": "Atlantis", "bill_length_mm": 50, "bill_depth_mm": null, "flipper_length_mm": 220, "body_mass_g": 5000, "sex": null}'::jsonb),
	('{"island": null, "bill_length_mm": null, "bill_depth_mm": null, "flipper_length_mm": null, "body_mass_g": null, "sex": null}')) AS t(j);

-- a text is words to one member and a category to the other
CREATE TABLE letters AS SELECT i, (ARRAY['the quick brown fox jumps over', 'a lazy dog sleeps all day', 'stocks rise on news of merger', 'rain expected in the north'])[1 + i % 4] || ' ' || i AS body,
	(i % 4 IN (0, 1) OR i % 13 = 0)::text AS label, i % 5 AS k FROM generate_series(1, 400) AS i;
SELECT count(*) FROM mlops_train('words', 'letters', 'label', algorithm => 'logistic_regression', features => '{body,k}');
SELECT count(*) FROM mlops_train('codes', 'letters', 'label', algorithm => 'random_forest', features => '{body,k}', params => '{"n_estimators": 5}');
SELECT count(*) FROM mlops_train('both', 'letters', 'label', algorithm => 'ensemble', features => '{body,k}',
	params => '{"members": [{"algorithm": "logistic_regression"}, {"algorithm": "random_forest", "params": {"n_estimators": 5}}], "weights": [1, 1]}');
SELECT max(abs(mlops_probability('both', l) - (mlops_probability('words', l) + mlops_probability('codes', l)) / 2)) < 1e-14 AS same,
	max(abs(mlops_probability('both', l) - t.probability)) AS difference FROM letters AS l JOIN mlops_predict_table('both', 'letters', 'i') AS t ON t.key = l.i::text;

-- what it says of itself
SELECT params ->> 'weights' AS weights, jsonb_array_length(preprocess) AS kinds_of_preprocessing FROM mlops.versions WHERE model = 'mixed';
SELECT feature, count(*) FROM mlops_features('mixed') WHERE origin = '{body_mass_g}' GROUP BY feature;
SELECT feature, round(value::numeric, 6) AS value FROM mlops_transform('mixed', 'SELECT * FROM penguins ORDER BY body_mass_g LIMIT 1') WHERE feature LIKE 'island%' OR feature = 'body_mass_g';
SELECT count(*) FROM mlops_importance('mixed', method => 'permutation', source => 'penguins');
SELECT * FROM mlops_importance('mixed');
SELECT * FROM mlops_coefficients('mixed');
SELECT * FROM mlops_tree('mixed');
SELECT * FROM mlops_training_curve('mixed');
SELECT * FROM mlops_explain('mixed', (SELECT p FROM penguins AS p LIMIT 1));

-- trained again it is the same, whatever the threads; and so it is in a session that has to read it
SELECT version, algorithm FROM mlops_retrain('mixed');
SET mlops.max_threads = 1;
SELECT version, algorithm FROM mlops_retrain('mixed');
RESET mlops.max_threads;
SELECT count(*) AS versions, count(DISTINCT md5(bytes)) AS different FROM (SELECT string_agg(c.data, '' ORDER BY c.chunk) AS bytes
	FROM mlops.model_chunk AS c JOIN mlops.model_version USING (version_id) JOIN mlops.model USING (model_id) WHERE name = 'mixed' GROUP BY version_id) AS t;
CREATE TABLE before AS SELECT species, class, mixed FROM both_ways;
\c
\pset null -
SET mlops.progress = off;
SET client_min_messages = warning;
SELECT count(*) AS different FROM (TABLE before EXCEPT ALL SELECT species, class, mixed FROM both_ways) AS t;

-- weights that nobody gave, against a closed form: folds in time are the blocks of 60 rows after the first, so that each member can be
-- trained by hand on what comes before a block
CREATE TABLE timed AS SELECT row_number() OVER (ORDER BY md5(d::text)) AS t, * FROM diabetes AS d LIMIT 400;
SELECT train_rows, test_rows FROM mlops_train('weighed', 'timed', 'progression', algorithm => 'ensemble', exclude => '{t}', split => '{"method": "time", "column": "t", "test_size": 0.1}',
	params => '{"members": [{"algorithm": "ridge", "params": {"alpha": 300}}, {"algorithm": "decision_tree", "params": {"max_depth": 3}}]}');
CREATE TABLE by_hand (t bigint, y float8, ridge float8, tree float8);
DO $$
BEGIN
	FOR fold IN 1 .. 5 LOOP
		PERFORM mlops_train('hand_ridge', format('SELECT * FROM timed WHERE t <= %s', 60 * fold), 'progression', algorithm => 'ridge', exclude => '{t}', params => '{"alpha": 300}', split => '{"method": "none"}', deploy => 'always');
		PERFORM mlops_train('hand_tree', format('SELECT * FROM timed WHERE t <= %s', 60 * fold), 'progression', algorithm => 'decision_tree', exclude => '{t}', params => '{"max_depth": 3}', split => '{"method": "none"}', deploy => 'always');
		INSERT INTO by_hand SELECT t, progression, mlops_predict('hand_ridge', s), mlops_predict('hand_tree', s) FROM timed AS s WHERE t > 60 * fold AND t <= 60 * fold + 60;
	END LOOP;
END $$;
SELECT count(*), round(sum((y - tree) * (ridge - tree))::numeric / sum((ridge - tree) ^ 2)::numeric, 5) AS closed_form,
	(SELECT round((params -> 'weights' ->> 0)::numeric, 5) FROM mlops.versions WHERE model = 'weighed') AS found FROM by_hand;

-- two classes: at the least of the log loss the mean of p / mixture is 1 for every member that counts, and at most 1 for the others
CREATE TABLE grown AS SELECT row_number() OVER (ORDER BY md5(b::text)) AS t, * FROM breast_cancer AS b LIMIT 400;
SELECT metric, round(value::numeric, 2) AS value FROM mlops_train('logged', 'grown', 'diagnosis', algorithm => 'ensemble', exclude => '{t}', split => '{"method": "time", "column": "t", "test_size": 0.1}',
	params => '{"members": [{"algorithm": "logistic_regression", "params": {"C": 0.001}}, {"algorithm": "decision_tree", "params": {"max_depth": 2}}, {"algorithm": "dummy"}]}');
CREATE TABLE logged_by_hand (weight float8, member int, t bigint, p float8);
DO $$
DECLARE
	algorithms text[] = '{logistic_regression,decision_tree,dummy}';
	params jsonb[] = ARRAY['{"C": 0.001}', '{"max_depth": 2}', '{}']::jsonb[];
BEGIN
	FOR fold IN 1 .. 5 LOOP
		FOR m IN 1 .. 3 LOOP
			PERFORM mlops_train('hand_' || m, format('SELECT * FROM grown WHERE t <= %s', 60 * fold), 'diagnosis', algorithm => algorithms[m], exclude => '{t}', params => params[m], split => '{"method": "none"}', deploy => 'always');
			INSERT INTO logged_by_hand SELECT (v.params -> 'weights' ->> m - 1)::float8, m, t, (mlops_probabilities('hand_' || m, s) ->> diagnosis)::float8
			FROM grown AS s, mlops.versions AS v WHERE t > 60 * fold AND t <= 60 * fold + 60 AND v.model = 'logged';
		END LOOP;
	END LOOP;
END $$;
SELECT member, round(weight::numeric, 2) AS weight, round(avg(p / mixture)::numeric, 4) AS mean FROM logged_by_hand
JOIN (SELECT t, sum(weight * p) AS mixture FROM logged_by_hand GROUP BY t) AS m USING (t) GROUP BY member, weight ORDER BY member;

-- what is learned around an algorithm is learned around an ensemble
SELECT metric, round(value::numeric, 1) AS value FROM mlops_train('around', 'breast_cancer', 'diagnosis', algorithm => 'ensemble',
	params => '{"members": [{"algorithm": "logistic_regression"}, {"algorithm": "gradient_boosting", "params": {"max_iter": 10}}], "calibrate": "sigmoid", "threshold": "f1", "conformal": true}');
SELECT bool_and(mlops_classify('around', b) IS NOT NULL) AS classes, count(*) FILTER (WHERE diagnosis = ANY (mlops_label_set('around', b, coverage => 0.9))) > 0.85 * count(*) AS covered FROM breast_cancer AS b;
SELECT count(*) > 0 AS drift FROM mlops_drift('around', 'SELECT * FROM breast_cancer WHERE mean_radius > 14');
SELECT statistic, round(value::numeric, 2) AS value FROM mlops_cross_validate('diabetes', 'progression', 'ensemble', '{"members": [{"algorithm": "ridge"}, {"algorithm": "linear_regression"}], "weights": [1, 1]}', folds => 3)
WHERE metric = 'r2' AND statistic <> 'value';
SELECT algorithm, params -> 'weights' AS weights, trials FROM mlops_tune('tuned', 'diabetes', 'progression', 'ensemble', '{"weights": [[1, 0], [0, 1]]}', params => '{"members": [{"algorithm": "ridge"}, {"algorithm": "dummy"}]}', folds => 3);
-- a member that cannot be trained ends its trial
SELECT algorithm, trials FROM mlops_tune('tuned_2', 'SELECT bmi, ltg, progression - 100 AS y FROM diabetes', 'y', 'ensemble',
	'{"members": [[{"algorithm": "ridge"}, {"algorithm": "gradient_boosting", "params": {"loss": "poisson"}}], [{"algorithm": "ridge"}, {"algorithm": "dummy"}]]}', folds => 3);
SELECT status, message FROM mlops.trials WHERE model = 'tuned_2' ORDER BY trial;

-- a search that may end with one: it has its place in the leaderboard, wins when it is better, and retraining repeats it.
-- These algorithms have a number of variants that the time is more than enough for, so that the search is the same each time
CREATE TABLE half_and_half AS SELECT x, a, b, 3 * x + 1.5 * ((a > 0.5) <> (b > 0.5))::int + 0.2 * noise AS y
FROM (SELECT v[1] AS x, v[2] AS a, v[3] AS b, v[4] AS noise FROM generate_series(1, 400) AS i,
	LATERAL (SELECT array_agg(('x' || substr(md5(i || ' ' || k), 1, 6))::bit(24)::int / 16777216.0 ORDER BY k) AS v FROM generate_series(1, 4) AS k) AS r) AS t;
SELECT algorithm, trials > 10 AS several FROM mlops_auto('auto', 'half_and_half', 'y', '{"max_seconds": 600, "folds": 3, "ensemble": true, "algorithms": ["linear_regression", "decision_tree", "dummy"]}', features => '{x,a,b}');
SELECT max(mean) FILTER (WHERE algorithm = 'ensemble') > max(mean) FILTER (WHERE algorithm <> 'ensemble') AS better FROM mlops.leaderboard WHERE model = 'auto';
SELECT rank, status, folds, jsonb_array_length(params -> 'members') AS members,
	(SELECT round(sum(w::float8)::numeric, 5) FROM jsonb_array_elements_text(params -> 'weights') AS w) AS weights FROM mlops.trials WHERE model = 'auto' AND algorithm = 'ensemble';
SELECT v.algorithm, v.params @> l.params AS parameters FROM mlops.versions AS v JOIN mlops.leaderboard AS l USING (model, version) WHERE model = 'auto' AND rank = 1;
SELECT version, algorithm FROM mlops_retrain('auto');
SELECT count(DISTINCT params) AS parameters, count(DISTINCT value) AS results FROM mlops.versions WHERE model = 'auto';
SELECT algorithm FROM mlops_train('auto_train', 'half_and_half', 'y', algorithm => 'auto', features => '{x,a,b}', params => '{"max_seconds": 600, "folds": 3, "ensemble": 2, "algorithms": ["linear_regression", "decision_tree"]}');
-- what does not help is left out, and where one is left there is no ensemble
RESET client_min_messages;
CREATE TABLE line AS SELECT i AS x, 3 * i - 1 AS y FROM generate_series(1, 60) AS i;
SELECT algorithm, trials FROM mlops_auto('line', 'line', 'y', '{"max_seconds": 600, "ensemble": 5, "algorithms": ["linear_regression", "dummy"]}', task => 'regression');
SELECT algorithm, trials FROM mlops_auto('alone', 'diabetes', 'progression', '{"max_seconds": 600, "ensemble": true, "algorithms": ["dummy"]}');
SELECT algorithm, trials FROM mlops_auto('alone', 'diabetes', 'progression', '{"max_seconds": 600, "ensemble": false, "algorithms": ["dummy"]}');

-- refused
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"ensemble": 1}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"ensemble": 6}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"ensemble": 2.5}');
SELECT * FROM mlops_auto('bad', 'iris', 'species', '{"ensemble": "yes"}');
CREATE FUNCTION try_ensemble(params jsonb, target text DEFAULT 'species') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM mlops_train('bad', CASE target WHEN 'species' THEN 'iris' ELSE 'diabetes' END, target, algorithm => 'ensemble', params => params);
	RETURN 'trained';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN sqlstate || ': ' || sqlerrm || CASE detail WHEN '' THEN '' ELSE '; ' || detail END;
END $$;
SELECT try_ensemble(params) FROM unnest(ARRAY[
	'{"members": 3}', '{"members": "mlp"}', '{"members": []}', '{"members": [{"algorithm": "mlp"}]}', '{"members": [{"algorithm": "mlp"}, "mlp"]}',
	'{"members": [{"algorithm": "mlp"}, {"params": {}}]}', '{"members": [{"algorithm": "mlp"}, {"algorithm": "mlp", "weight": 1}]}', '{"members": [{"algorithm": "mlp"}, {"algorithm": "mlp", "params": [1]}]}',
	'{"members": [{"algorithm": "mlp"}, {"algorithm": "mpl"}]}', '{"members": [{"algorithm": "mlp"}, {"algorithm": "ensemble"}]}', '{"members": [{"algorithm": "mlp"}, {"algorithm": "ridge"}]}',
	'{"members": [{"algorithm": "mlp"}, {"algorithm": "dummy", "params": {"strategie": "prior"}}]}', '{"members": [{"algorithm": "mlp"}, {"algorithm": "dummy", "params": {"strategy": "mean"}}]}',
	'{"members": [{"algorithm": "mlp"}, {"algorithm": "dummy", "params": {"conformal": true}}]}', '{"members": [{"algorithm": "dummy"}, {"algorithm": "mlp", "params": {"warm_start": true}}]}',
	'{"members": [{"algorithm": "dummy"}, {"algorithm": "dummy"}, {"algorithm": "dummy"}, {"algorithm": "dummy"}, {"algorithm": "dummy"}, {"algorithm": "dummy"}]}',
	'{"weights": [1, 2]}', '{"weights": [1, 2, -1]}', '{"weights": [0, 0, 0]}', '{"weights": 1}', '{"weights": [1, 2, "3"]}', '{"weights": [1, 2, null]}', '{"weights": [1e308, 1e308, 1e308]}']::jsonb[]) AS params;
SELECT name, type, "default", range FROM mlops_parameters('ensemble') LIMIT 2;
SELECT * FROM mlops_train('bad', 'SELECT * FROM diabetes LIMIT 11', 'progression', algorithm => 'ensemble');
SELECT * FROM mlops_train('bad', 'diabetes', 'progression', algorithm => 'ensemble', preprocess => '{"bmi": {"scale": "robust"}}');

SELECT count(mlops_drop(name)) FROM mlops.model WHERE name ~ '^(both|words|codes|line|alone|mixed|weighed|hand|logged|around|tuned|auto)';
DROP FUNCTION try_ensemble;
DROP TABLE half_and_half, letters, line, before, timed, by_hand, grown, logged_by_hand;
DROP VIEW both_ways, some_members;
