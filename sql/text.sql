-- Texts as features: tf-idf term for term, hashing, the server's text search, rows and tables alike.
\getenv source PG_ABS_SRCDIR
\set VERBOSITY terse
\pset null '(null)'
SET mlops.progress = off;

-- the values of scikit-learn (test/reference/text.py) under each option
CREATE TABLE docs (id int, body text, kind text);
INSERT INTO docs VALUES
	(1, 'The cat sat on the mat; the CAT slept.', 'a'), (2, 'A dog chased the cat, and the dog barked_twice at 3am', 'b'),
	(3, 'ÉTÉ in Straße, ΟΔΟΣ and İstanbul: naïve  two   spaces', 'b'), (4, '日本語 テスト ٣٤ x_y a1 b', 'a'), (5, '', 'b'),
	(6, 'mat mat mat cat', 'a');
CREATE TABLE text_terms (options text, doc int, term text, value float8);
\set file :source '/test/data/text_terms.csv'
COPY text_terms FROM :'file' (FORMAT csv, HEADER);
CREATE FUNCTION tfidf(options jsonb) RETURNS TABLE (doc bigint, term text, value float8) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM mlops_train('docs', 'docs', target => 'kind', features => '{body}', algorithm => 'logistic_regression',
		preprocess => jsonb_build_object('body', options || '{"encode": "tfidf"}'), split => '{"method": "none"}', deploy => 'always');
	RETURN QUERY SELECT t."row", substr(t.feature, 6), t.value FROM mlops_transform('docs', 'SELECT * FROM docs ORDER BY id') t;
END $$;
SELECT options, count(r.value) AS expected, count(m.value) AS found, max(abs(coalesce(m.value, 0) - coalesce(r.value, 0))) < 1e-9 AS alike
	FROM (SELECT o.options, f.* FROM (SELECT DISTINCT options FROM text_terms) o, tfidf(o.options::jsonb) f) m
	FULL JOIN text_terms r USING (options, doc, term) GROUP BY options ORDER BY options COLLATE "C";

-- lexemes of a text search configuration, in order; the name that default_text_search_config gave is recorded
SELECT doc, string_agg(term, ', ' ORDER BY term COLLATE "C") AS terms FROM tfidf('{"analyzer": "search", "config": "english", "ngram_range": [1, 2]}')
	WHERE doc < 3 GROUP BY doc ORDER BY doc;
SET default_text_search_config = 'pg_catalog.simple';
SELECT string_agg(term, ', ' ORDER BY term COLLATE "C") AS terms FROM tfidf('{"analyzer": "search"}') WHERE doc = 1;
SET default_text_search_config = 'pg_catalog.german';
SELECT feature FROM mlops_transform('docs', 'SELECT ''The cats of the mats''::text AS body') ORDER BY feature COLLATE "C";
SELECT preprocess #> '{body,config}' AS config FROM mlops.model_version ORDER BY version_id DESC LIMIT 1;
RESET default_text_search_config;
-- a configuration of the user's that is gone says so
CREATE TEXT SEARCH CONFIGURATION public.plain (COPY = simple);
SELECT count(*) > 0 AS trained FROM tfidf('{"analyzer": "search", "config": "public.plain"}');
DROP TEXT SEARCH CONFIGURATION public.plain;
SELECT mlops_classify('docs', 'cat'::text);

-- stop words, of our own list; runs of words close up over them
SELECT string_agg(term, ', ' ORDER BY term COLLATE "C") AS terms FROM tfidf('{"stop_words": "english", "ngram_range": [1, 2]}') WHERE doc IN (1, 2);

-- prose: messages by two hands, each with words of its own; every text but a few is another one
CREATE TABLE letters AS SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'sea' ELSE 'land' END AS hand,
	CASE WHEN i % 37 <> 0 THEN format('letter %s says %s and then %s over there', i, CASE WHEN i % 2 = 0 THEN 'the ship' ELSE 'the horse' END,
	(ARRAY['sails', 'rides', 'rests', 'turns'])[i % 4 + 1]) END AS body FROM generate_series(1, 600) i;
\set VERBOSITY default
-- one call: as text by default, said so, and not left out for being all different
SELECT algorithm, metrics #>> '{test,accuracy}' AS accuracy FROM mlops_train('letters', 'SELECT hand, body FROM letters', target => 'hand');
SELECT preprocess #>> '{body,encode}' AS encode FROM mlops.model_version ORDER BY version_id DESC LIMIT 1;
\set VERBOSITY terse
-- rows and tables get the same bits, whatever form a row has; NULL is an empty text
SELECT count(*) AS rows, count(*) FILTER (WHERE p.probability IS DISTINCT FROM mlops_probability('letters', l.body)) AS by_value,
	count(*) FILTER (WHERE p.probability IS DISTINCT FROM mlops_probability('letters', l)) AS by_row,
	count(*) FILTER (WHERE p.probability IS DISTINCT FROM mlops_probability('letters', to_jsonb(l))) AS by_json
	FROM letters l JOIN mlops_predict_table('letters', 'letters', key => 'id') p ON p.key = l.id::text;
SELECT mlops_probability('letters', NULL::text) = mlops_probability('letters', ''::text) AS alike,
	mlops_probability('letters', 'the ship sails'::varchar(20)) = mlops_probability('letters', 'The SHIP, sails!'::char(40)) AS folded,
	mlops_probability('letters', repeat('the ship sails ', 20000)) > 0.5 AS long_text;
-- what a text owes to its words
SELECT feature, value IS NOT NULL AS weighted FROM mlops_explain('letters', 'a ship on a horse'::text) ORDER BY feature COLLATE "C";
-- the other encodings in the same call
SELECT encode, value FROM (VALUES ('{"encode": "hashing"}'), ('{"encode": "hashing", "n_features": 64, "alternate_sign": false, "norm": "l1", "binary": true}'),
	('{"analyzer": "char_wb", "ngram_range": [2, 4], "max_features": 300}'), ('{"encode": "tfidf", "analyzer": "search", "config": "english"}')) AS e (encode),
	mlops_train('other', 'SELECT hand, body FROM letters', target => 'hand', metric => 'accuracy', preprocess => jsonb_build_object('body', encode::jsonb));
SELECT count(*) FILTER (WHERE p.probability IS DISTINCT FROM mlops_probability('other', l.body)) AS differ
	FROM letters l JOIN mlops_predict_table('other', 'letters', key => 'id') p ON p.key = l.id::text;
-- beside numbers and categories, for numbers and for three classes; few columns and many
CREATE TABLE mixed AS SELECT id, id % 7 AS n, (ARRAY['u', 'v', 'w'])[id % 3 + 1] AS c, body, (id % 2) * 2.0 + (id % 7) AS y,
	(ARRAY['p', 'q', 'r'])[CASE WHEN id % 2 = 0 THEN 1 ELSE id % 3 % 2 + 2 END] AS z FROM letters;
SELECT a.name, round(r.value::numeric, 3) AS value FROM (VALUES ('linear_regression'), ('ridge'), ('lasso'), ('elastic_net')) AS a (name),
	mlops_train('mixed_' || a.name, 'SELECT n, c, body, y FROM mixed', target => 'y', algorithm => a.name, metric => 'r2',
		params => CASE WHEN a.name IN ('lasso', 'elastic_net') THEN '{"alpha": 0.01}' ELSE '{}' END::jsonb,
		preprocess => '{"body": {"max_features": 20}}') r;
SELECT round(value::numeric, 3) AS value FROM mlops_train('mixed_z', 'SELECT n, c, body, z FROM mixed', target => 'z', metric => 'accuracy');
SELECT count(*) FILTER (WHERE p.value IS DISTINCT FROM mlops_predict('mixed_ridge', m)) AS differ
	FROM mixed m JOIN mlops_predict_table('mixed_ridge', 'mixed', key => 'id') p ON p.key = m.id::text;

-- what cannot be
CREATE FUNCTION try_text(options jsonb, algorithm text DEFAULT 'logistic_regression') RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text; hint text;
BEGIN
	PERFORM mlops_train('x', 'SELECT hand, body FROM letters', target => 'hand', algorithm => try_text.algorithm, preprocess => jsonb_build_object('body', options));
	RETURN 'trained';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', message, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT try_text(o::jsonb) FROM (VALUES ('{"encode": "tfidf", "ngram_range": [2, 1]}'), ('{"ngram_range": [1]}'), ('{"ngram_range": [0, 1]}'), ('{"ngram_range": ["a", 2]}'),
	('{"analyzer": "words"}'), ('{"analyzer": "search", "config": "nowhere"}'), ('{"config": "english", "encode": "tfidf"}'),
	('{"analyzer": "char", "stop_words": "english"}'), ('{"analyzer": "search", "lowercase": false}'), ('{"encode": "hashing", "n_features": 0}'),
	('{"encode": "hashing", "min_df": 2}'), ('{"encode": "tfidf", "max_df": -1}'), ('{"encode": "tfidf", "min_df": 1000}')) AS v (o);
SELECT try_text('{"encode": "tfidf"}', 'gradient_boosting');
SELECT try_text('{"encode": "hashing"}', 'random_forest');

-- classes of different size
SELECT r.train_rows, r.test_rows FROM mlops_train('under', 'SELECT id % 10 = 0 AS rare, id FROM letters', target => 'rare', features => '{id}', split => '{"balance": "undersample"}') r;
SELECT r.train_rows, r.test_rows FROM mlops_train('under', 'SELECT id % 10 = 0 AS rare, id FROM letters', target => 'rare', features => '{id}', split => '{"balance": "undersample"}',
	algorithm => 'random_forest', params => '{"n_estimators": 5}') r;
SELECT r.train_rows, r.test_rows FROM mlops_train('over', 'SELECT id % 10 = 0 AS rare, id FROM letters', target => 'rare', features => '{id}', split => '{"balance": "oversample"}') r;
SELECT r.train_rows, r.test_rows FROM mlops_retrain('over') r;
SELECT mlops_train('over', 'mixed', target => 'y', split => '{"balance": "oversample"}');
SELECT mlops_train('over', 'mixed', target => 'z', split => '{"balance": "smote"}');
SELECT mlops_train('over', 'mixed', target => 'z', split => '{"balance": 1}');
SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP TABLE docs, text_terms, letters, mixed;
DROP FUNCTION tfidf, try_text;
