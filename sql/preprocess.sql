-- Preprocessing: names, imputation, scaling, categories, time; on data small enough to check by hand.
SET mlops.progress = off;
CREATE TABLE p AS SELECT CASE WHEN i % 10 = 0 THEN NULL ELSE (i % 10)::float8 END AS age,
	CASE i % 7 WHEN 0 THEN 'Paris' WHEN 1 THEN 'Oslo' WHEN 2 THEN NULL WHEN 3 THEN 'Rome' ELSE 'Lima' END AS city,
	'2024-03-01 12:00'::timestamp + i * interval '5 hours' AS signup, i % 3 = 0 AS member, ARRAY[i % 4, i % 5] AS v, i AS y
FROM generate_series(1, 210) AS i;

SELECT FROM mlops_train('names', 'p', target => 'y', algorithm => 'ridge',
	preprocess => '{"age": {"indicator": true}, "signup": {"parts": ["dow", "hour"]}}');
SELECT feature FROM mlops_coefficients('names');
SELECT FROM mlops_train('cyclical', 'p', target => 'y', algorithm => 'ridge', features => '{signup}', preprocess => '{"signup": {"parts": ["hour"], "cyclical": true}}');
SELECT feature FROM mlops_coefficients('cyclical');
SELECT FROM mlops_train('few', 'p', target => 'y', algorithm => 'ridge', features => '{city}', preprocess => '{"city": {"max_categories": 2}}');
SELECT feature FROM mlops_coefficients('few');
SELECT FROM mlops_train('frequent', 'p', target => 'y', algorithm => 'ridge', features => '{city}', preprocess => '{"city": {"min_frequency": 40}}');
SELECT feature FROM mlops_coefficients('frequent');
SELECT FROM mlops_train('codes', 'SELECT y % 4 AS zone, y FROM p', target => 'y', algorithm => 'ridge', preprocess => '{"zone": {"encode": "onehot"}}');
SELECT feature FROM mlops_coefficients('codes');

-- a model of the imputed value alone: y is what the value says, so the prediction for NULL is the fill
CREATE TABLE line AS SELECT x::float8 AS x, 10 * x::float8 AS y FROM unnest('{1,1,1,2,3,4,16}'::int[]) AS x;
DO $$
DECLARE
	method text;
BEGIN
	FOREACH method IN ARRAY '{mean,median,most_frequent,constant}'::text[] LOOP
		PERFORM mlops_train('line', 'line', target => 'y', algorithm => 'linear_regression', split => '{"method": "none"}', deploy => 'always',
			preprocess => jsonb_build_object('x', jsonb_build_object('impute', method) || CASE method WHEN 'constant' THEN '{"fill": -5}' ELSE '{}' END::jsonb));
		RAISE NOTICE '% fills with %', method, round((mlops_predict('line', NULL::float8) / 10)::numeric, 6);
	END LOOP;
END
$$;

-- scaling changes the way, not the answer, of an unpenalised fit
CREATE TEMP TABLE answers (scale text, answer numeric);
DO $$
DECLARE
	method text;
BEGIN
	FOREACH method IN ARRAY '{standard,minmax,robust,none}'::text[] LOOP
		PERFORM mlops_train('scaled', 'diabetes', target => 'progression', algorithm => 'linear_regression', deploy => 'always',
			preprocess => jsonb_build_object('*', jsonb_build_object('scale', method)));
		INSERT INTO answers SELECT method, round(sum(mlops_predict('scaled', d))::numeric, 6) FROM diabetes AS d;
	END LOOP;
END
$$;
SELECT count(DISTINCT answer) AS answers, count(*) AS scales FROM answers;

-- fitted on the training rows alone: the test rows' values do not move the fill
SELECT FROM mlops_train('held', 'SELECT CASE WHEN y <= 100 THEN age END AS age, y > 150 AS test, y FROM p', target => 'y', split => '{"method": "column", "column": "test"}', algorithm => 'ridge');
SELECT FROM mlops_train('held_2', 'SELECT CASE WHEN y <= 100 THEN age WHEN y > 150 THEN 1e6 END AS age, y > 150 AS test, y FROM p', target => 'y', split => '{"method": "column", "column": "test"}', algorithm => 'ridge');
SELECT mlops_predict('held', NULL::float8) = mlops_predict('held_2', NULL::float8) AS same;

-- what was resolved is recorded
SELECT jsonb_pretty(preprocess) FROM mlops.versions WHERE model = 'held';

-- more categories than max_categories: the rare ones share a feature
SELECT version FROM mlops_train('many', 'SELECT (y % 150)::text AS c, y FROM p', target => 'y', algorithm => 'ridge');
SELECT count(*) FROM mlops_coefficients('many');
SELECT count(mlops_drop(model)) FROM mlops.models;
DROP TABLE p, line;
