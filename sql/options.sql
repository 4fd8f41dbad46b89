-- Options and data at their edges: what is refused says what would be right, what is taken does what it says.
SET mlops.progress = off;
CREATE TABLE o AS SELECT CASE WHEN i % 10 > 0 THEN (i % 10)::float8 END AS age, (ARRAY['Paris', 'Oslo', NULL, 'Rome', 'Lima'])[1 + i % 5] AS city,
	'2024-03-01 12:00'::timestamp + i * interval '5 hours' AS signup, i % 3 = 0 AS member, ARRAY[i % 4, i % 5] AS v, i * interval '1 day' AS since,
	1 + i % 4 AS w, i * 0.5 AS y
FROM generate_series(1, 210) AS i;
CREATE FUNCTION try(preprocess jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	PERFORM mlops_train('o', 'o', target => 'y', algorithm => 'ridge', features => '{age,city,signup,member,v,since}', deploy => 'never', preprocess => preprocess);
	RETURN 'taken';
EXCEPTION WHEN invalid_parameter_value OR undefined_column OR not_null_violation OR data_exception THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', message, nullif(detail, ''), nullif(hint, ''));
END
$$;

-- preprocess
SELECT p AS preprocess, try(p) FROM unnest(ARRAY[
	'{"age": {"impute": 3}}', '{"age": "mean"}', '{"age": null}', '{"*": {"inpute": "mean"}}', '{"age": {"impute": "constant", "fill": "x"}}',
	'{"age": {"fill": 3}}', '{"age": {"impute": "none"}}', '{"age": {"indicator": 1}}', '{"age": {"parts": ["dow"]}}', '{"age": {"scale": "max"}}',
	'{"city": {"max_categories": 0}}', '{"city": {"max_categories": 2.5}}', '{"city": {"max_categories": 1e12}}', '{"city": {"min_frequency": -1}}',
	'{"city": {"impute": "most_frequent"}}', '{"city": {"encode": "ordinal"}}', '{"signup": {"parts": ["dow", "weekday"]}}', '{"signup": {"cyclical": "yes"}}',
	'{"since": {"parts": ["hour"]}}', '{"v": {"encode": "onehot"}}', '{"Age": {"scale": "none"}}', '{"y": {"scale": "none"}}', '{"": {}}',
	'{"*": {"scale": "robust", "max_categories": 3}, "age": {"scale": "minmax"}}', '{"age": {"impute": "constant"}}', '{"city": {"min_frequency": 0.3}}',
	'{"city": {"drop": "first"}}', '{"signup": {"parts": "dow"}}', '{"signup": {"parts": []}}', '{"member": {"encode": "onehot"}}',
	'{"v": {"impute": "median", "indicator": true}}', '{"since": {"scale": "minmax"}}', '{}']::jsonb[]) AS p;

-- split
SELECT mlops_train('o', 'o', target => 'y', split => '{"method": 3}');
SELECT mlops_train('o', 'o', target => 'y', split => '{"test_size": "half"}');
SELECT mlops_train('o', 'o', target => 'y', split => '{"test_size": 0}');
SELECT mlops_train('o', 'o', target => 'y', split => '{"column": "member"}');
SELECT mlops_train('o', 'o', target => 'y', split => '[]');
SELECT mlops_train('o', 'o', target => 'y', split => '{"method": "column", "column": "city"}');
SELECT mlops_train('o', 'o', target => 'y', split => '{"method": "time", "column": "city"}');
SELECT mlops_train('o', 'SELECT *, true AS test FROM o', target => 'y', split => '{"method": "column", "column": "test"}');
SELECT train_rows, test_rows FROM mlops_train('o', 'SELECT age, y, NULLIF(member, false) AS test FROM o', target => 'y', split => '{"method": "column", "column": "test"}', deploy => 'never');
SELECT train_rows, test_rows FROM mlops_train('o', 'SELECT age, y, false AS test FROM o', target => 'y', split => '{"method": "column", "column": "test"}');
SELECT train_rows, test_rows FROM mlops_train('o', 'SELECT age, y FROM o', target => 'y', split => '{"method": "none"}');
SELECT train_rows, test_rows FROM mlops_train('o', 'SELECT age, y FROM o', target => 'y', split => NULL, params => NULL, preprocess => NULL, seed => NULL, deploy => 'never');

-- weight, target, features
SELECT mlops_train('o', 'o', target => 'y', weight => 'y');
SELECT mlops_train('o', 'o', target => 'y', weight => 'city');
SELECT mlops_train('o', 'SELECT age, y, 0 AS w FROM o', target => 'y', weight => 'w');
SELECT mlops_train('o', 'SELECT age, y, NULLIF(w, 3) AS w FROM o', target => 'y', weight => 'w');
SELECT mlops_train('o', 'o', target => 'v');
SELECT mlops_train('o', 'SELECT age, to_jsonb(y) AS y FROM o', target => 'y');
SELECT mlops_train('o', 'o', target => 'city', algorithm => 'ridge');
SELECT mlops_train('o', 'o', target => 'y', features => '{age,age}');
SELECT mlops_train('o', 'o', target => 'y', features => '{age,w}', exclude => '{w}');
SELECT mlops_train('o', 'o', target => 'y', features => '{age}', exclude => '{ww}');
SELECT mlops_train('o', 'SELECT age, ARRAY[city] AS cities, y FROM o', target => 'y', features => '{cities}');
SELECT version FROM mlops_train('typed', 'SELECT age, ARRAY[city] AS cities, point(1, 2) AS place, y FROM o', target => 'y');

-- text targets with NULLs, times as targets, whole numbers over 2^53 as labels
SELECT train_rows + test_rows AS rows FROM mlops_train('city', 'SELECT age, v, city FROM o', target => 'city');
SELECT FROM mlops_train('signup', 'o', target => 'signup', features => '{age}', algorithm => 'ridge');
SELECT mlops_predict('signup', 3.0) BETWEEN extract(epoch FROM min(signup)) AND extract(epoch FROM max(signup)) AS seconds FROM o;
SELECT FROM mlops_train('labels', 'SELECT age, 9007199254740993 + w % 2 AS label FROM o', target => 'label', task => 'classification', features => '{age}');
SELECT jsonb_object_keys(mlops_probabilities('labels', 3.0)) AS label;

-- values that are no numbers, or too large to be one
SELECT mlops_train('o', 'SELECT age, CASE WHEN w = 2 THEN ''NaN'' ELSE y END AS y FROM o', target => 'y');
SELECT mlops_train('o', 'SELECT age, CASE WHEN w = 2 THEN ''infinity'' ELSE signup END AS at, y FROM o', target => 'y');
SELECT mlops_train('o', 'SELECT CASE WHEN w = 2 THEN 1e400 * y ELSE y END AS x, y FROM o', target => 'y');
SELECT mlops_train('o', 'SELECT 1e400 * y AS x, age, y FROM o', target => 'y');
SELECT version FROM mlops_train('nan', 'SELECT CASE WHEN w = 2 THEN ''NaN'' ELSE age END AS age, y FROM o', target => 'y', algorithm => 'ridge');
SELECT mlops_predict('nan', 'NaN'::float8) = mlops_predict('nan', NULL::float8) AS missing;
SELECT version FROM mlops_train('void', 'SELECT age, NULL::float8 AS number, NULL::text AS word, NULL::int[] AS list, y FROM o', target => 'y',
	features => '{age,number,word,list}', algorithm => 'ridge');
SELECT mlops_predict('void', 3, 1, 'word', ARRAY[7]) = mlops_predict('void', 3, NULL, NULL, NULL) AS says_nothing;
SELECT mlops_train('o', 'SELECT age, ''{}''::int[] AS list, y FROM o', target => 'y');
SELECT mlops_train('classes', 'SELECT i AS x, md5(i::text) AS y FROM generate_series(1, 2000) AS i', target => 'y', features => '{x}');

SELECT mlops_train('o', 'SELECT md5((i % 70000)::text) AS code, i % 10 AS y FROM generate_series(1, 140000) AS i', target => 'y');
SELECT FROM mlops_train('classes', 'SELECT v[1] AS x, v[2] AS z, CASE WHEN y < 50 THEN '''' ELSE ''more'' END AS y FROM o', target => 'y');
SELECT jsonb_object_keys(mlops_probabilities('classes', 1, 2)) AS label;

-- parameters
SELECT mlops_train('o', 'o', target => 'y', algorithm => 'ridge', params => '{"alpha": null}');
SELECT mlops_train('o', 'o', target => 'y', algorithm => 'ridge', params => '{"alpha": true}');
SELECT mlops_train('o', 'o', target => 'y', algorithm => 'lasso', params => '{"max_iter": 1.5}');
SELECT mlops_train('o', 'o', target => 'y', algorithm => 'lasso', params => '{"max_iter": 1e30}');
SELECT mlops_train('o', 'o', target => 'y', algorithm => 'elastic_net', params => '{"l1_ratio": 2}');
SELECT mlops_train('o', 'o', target => 'member', algorithm => 'logistic_regression', params => '{"c": 1}');
SELECT mlops_train('o', 'o', target => 'member', algorithm => 'logistic_regression', params => '{"class_weight": "balance"}');

-- column names of every kind
CREATE TABLE "Odd ""Names""" ("a""b" float8, "Größe" float8, "select" float8, "from" text, "A" float8, a float8, "x=y" text, "is null" float8,
	"sp ace" float8, "'" float8, "\" float8, "日本" text, y float8);
INSERT INTO "Odd ""Names""" SELECT i % 5, i % 6, i % 7, 'k' || i % 3, i % 8, i % 4, 'v' || i % 2, NULLIF(i % 9, 0), i % 11, i % 13, i % 17, '値' || i % 3, i
	FROM generate_series(1, 200) AS i;
SELECT train_rows FROM mlops_train('it''s "odd"', '"Odd ""Names"""', target => 'y', algorithm => 'ridge',
	preprocess => '{"is null": {"indicator": true}, "a\"b": {"scale": "robust"}, "Größe": {"impute": "median"}}');
SELECT feature FROM mlops_coefficients('it''s "odd"');
SELECT count(*) FILTER (WHERE mlops_predict('it''s "odd"', o) = mlops_predict('it''s "odd"', to_jsonb(o))) AS same FROM "Odd ""Names""" AS o;
SELECT count(*) FROM mlops_predict_table('it''s "odd"', '"Odd ""Names"""', key => 'Größe');
SELECT feature FROM mlops_drift('it''s "odd"', '"Odd ""Names"""') WHERE drifted;
SET client_min_messages = warning;
SELECT train_rows FROM mlops_retrain('it''s "odd"/1');
RESET client_min_messages;
SELECT mlops_train('o', '"Odd ""Names"""', target => 'y', features => '{größe}');

SELECT count(mlops_drop(model)) FROM mlops.models;
DROP TABLE o, "Odd ""Names""";
DROP FUNCTION try;
