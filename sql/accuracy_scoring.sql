-- Scoring: every way to score a row gives the same number, bit for bit; probabilities sum to 1; the label is the likeliest.
SET mlops.progress = off;

CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE TABLE mixed AS
SELECT i AS id, NULLIF(i % 13, 5) AS small, (i * 7919 % 10007)::bigint * 1000003 AS big, CASE WHEN i % 11 > 0 THEN sin(i) END AS x,
	CASE WHEN i % 17 > 0 THEN cos(i)::float4 END AS single, CASE WHEN i % 7 > 0 THEN (i * 1.0000001)::numeric(20, 7) END AS exact,
	CASE i % 5 WHEN 0 THEN NULL ELSE i % 5 > 2 END AS flag, CASE WHEN i % 9 > 0 THEN 'town ' || i % 23 END AS town, NULLIF(i % 6, 1)::text::varchar(10) AS code,
	(enum_range(NULL::colour))[1 + i % 3] AS colour, CASE WHEN i % 19 > 0 THEN date '2020-02-27' + i END AS day,
	CASE WHEN i % 8 > 0 THEN timestamptz '2001-09-09 01:46:40+00' + i * interval '1 day 7 hours 11.125 seconds' END AS at, i * interval '90 minutes' AS span,
	CASE WHEN i % 12 > 0 THEN ARRAY[i % 4, CASE WHEN i % 5 > 0 THEN i END, sqrt(i)] END AS v, '7'::char(3) || (i % 2)::text AS padded,
	sin(i) + i % 23 / 10.0 + CASE WHEN i % 3 = 0 THEN 0.7 ELSE 0 END AS y, CASE WHEN sin(3 * i) + sin(i) + i % 23 / 20.0 > 0.6 THEN 'yes' ELSE 'no' END AS yes,
	(i % 23 + i % 3) % 4 AS kind
FROM generate_series(1, 600) AS i;
CREATE TEMP TABLE models (model text, target text, task text, preprocess jsonb);
INSERT INTO models VALUES
	('m_number', 'y', 'regression', '{"*": {"impute": "median", "scale": "robust"}, "x": {"indicator": true}, "at": {"parts": ["dow", "hour"], "cyclical": true}, "town": {"max_categories": 10}}'),
	('m_plain', 'y', 'regression', '{}'),
	('m_binary', 'yes', 'classification', '{"*": {"scale": "minmax", "indicator": true}, "day": {"parts": ["month"]}, "small": {"encode": "onehot"}}'),
	('m_multi', 'kind', 'classification', '{"town": {"min_frequency": 27}}');
SELECT count(*) FROM models AS m, mlops_train(m.model, 'mixed', target => m.target, task => m.task, preprocess => m.preprocess, split => '{"method": "none"}',
	features => '{small,big,x,single,exact,flag,town,code,colour,day,at,span,v,padded}', algorithm => CASE task WHEN 'regression' THEN 'ridge' ELSE 'logistic_regression' END);

-- rows that training did not see too: unseen categories, other NULLs
CREATE TABLE scored AS SELECT * FROM mixed UNION ALL
SELECT 600 + id, small + 20, -big, x * 100, NULL, exact, NOT flag, 'village', NULL, colour, day - 20000, at - interval '100 years', -span, ARRAY[1, 2, 3], padded, y, yes, kind FROM mixed WHERE id <= 60;
ALTER TABLE scored ADD PRIMARY KEY (id);

-- (a float4 in JSON is its shortest text, which is another number as a double)
SELECT model, count(*), count(t.value) AS numbers,
	bool_and(float8send(t.value) IS NOT DISTINCT FROM float8send(mlops_predict(model, s))) AS row,
	bool_and(float8send(t.value) IS NOT DISTINCT FROM float8send(mlops_predict(model, to_jsonb(s) || jsonb_build_object('single', s.single::float8)))) AS object,
	bool_and(float8send(t.value) IS NOT DISTINCT FROM
		float8send(mlops_predict(model, small, big, x, single, exact, flag, town, code, colour, day, at, span, v, padded))) AS values
FROM models, mlops_predict_table(model, 'scored') AS t JOIN scored AS s ON s.id = t.key::int
WHERE model <> 'm_binary' GROUP BY model ORDER BY model;
SELECT model, bool_and(t.prediction = mlops_classify(model, s)) AS label,
	bool_and(float8send(t.probability) = float8send(mlops_probability(model, s))) AS row,
	bool_and(float8send(t.probability) = float8send(mlops_probability(model, to_jsonb(s) || jsonb_build_object('single', s.single::float8)))) AS object,
	bool_and(float8send(t.probability) = float8send(mlops_probability(model, small, big, x, single, exact, flag, town, code, colour, day, at, span, v, padded))) AS values
FROM models, mlops_predict_table(model, 'scored') AS t JOIN scored AS s ON s.id = t.key::int
WHERE task = 'classification' GROUP BY model ORDER BY model;
SELECT model, count(*), max(abs(total - 1)) < 1e-15 AS sum, bool_and(label = likeliest) AS likeliest,
	bool_and(CASE model WHEN 'm_binary' THEN float8send(p) = float8send((all_of->>'yes')::float8) ELSE float8send(p) = float8send((all_of->>label)::float8) END) AS probability
FROM (SELECT model, mlops_classify(model, s) AS label, mlops_probability(model, s) AS p, mlops_probabilities(model, s) AS all_of FROM models, scored AS s WHERE task = 'classification') AS q,
	LATERAL (SELECT sum(value::float8) AS total, (array_agg(key ORDER BY value::float8 DESC, key))[1] AS likeliest FROM jsonb_each_text(all_of)) AS l
GROUP BY model ORDER BY model;
-- scored row by row or in blocks, by a sequence of rows in another order
SELECT bool_and(float8send(a.value) = float8send(b.value)) AS same
FROM mlops_predict_table('m_plain', 'scored') AS a JOIN mlops_predict_table('m_plain', 'SELECT * FROM scored ORDER BY md5(id::text)', key => 'id') AS b USING (key);
-- a number for the classes that are numbers
SELECT bool_and(mlops_predict('m_multi', s) = mlops_classify('m_multi', s)::float8) AS number FROM scored AS s;
-- an element of an array that is never there is named
SELECT FROM mlops_train('holes', 'SELECT ARRAY[x, NULL, cos(id)] AS v, y FROM mixed', target => 'y', algorithm => 'ridge');

SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP TABLE mixed, scored;
DROP TYPE colour;
