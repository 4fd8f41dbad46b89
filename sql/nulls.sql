-- NULL for each argument of each function, and values of types that nobody meant: an answer or an error, never a crash.
SET mlops.progress = off;
SET client_min_messages = warning;
CREATE TABLE nulls AS SELECT sin(i) AS x, cos(i) AS z, ARRAY[i, i % 7]::float8[] AS e, 'c' || i % 3 AS c, 1 AS w, i * 0.5 AS y
	FROM generate_series(1, 60) AS i;
SELECT version FROM mlops_train('nulls', 'nulls', target => 'y', features => '{x,z}');
SELECT version FROM mlops_train('nulls c', 'nulls', target => 'c', features => '{x,z}');
SELECT version FROM mlops_train('nulls e', 'nulls', target => 'y', features => '{e}');
SELECT version FROM mlops_train('nulls gone', 'nulls', target => 'y', features => '{x}');
SELECT version FROM mlops_train('nulls tree', 'nulls', target => 'y', algorithm => 'gradient_boosting', features => '{x,z}');
SELECT version FROM mlops_train('nulls interval', 'nulls', target => 'y', features => '{x,z}', params => '{"conformal": true}');
SELECT version FROM mlops_train('nulls set', 'nulls', target => 'c', features => '{x,z}', params => '{"conformal": true}');

SELECT count(*) FROM mlops_expect('nulls', 'nulls', '[{"rule": "row_count", "min": 1}]');

CREATE FUNCTION attempt(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE call INTO answer;
	RETURN coalesce(answer, 'NULL');
EXCEPTION WHEN others THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;

-- every function of the extension with arguments is in the list; aggregates have an input of their own
CREATE TABLE calls (function text, arguments text[]);
INSERT INTO calls VALUES
	('mlops_train', ARRAY['''nulls''', '''nulls''', '''y''', '''ridge''', '''{}''', '''regression''', '''{x,z}''', '''{}''', '''{}''',
		'''{"test_size": 0.2}''', '''w''', '1', '''never''', '''rmse''', '''nulls''']),
	('mlops_retrain', ARRAY['''nulls''', '''nulls''']),
	('mlops_predict', ARRAY['''nulls''', '''{"x": null, "z": null}''::jsonb']),
	('mlops_classify', ARRAY['''nulls c''', '''{"x": null, "z": null}''::jsonb']),
	('mlops_probability', ARRAY['''nulls c''', '''{"x": null, "z": null}''::jsonb']),
	('mlops_probabilities', ARRAY['''nulls c''', '''{"x": null, "z": null}''::jsonb']),
	('mlops_predict_table', ARRAY['''nulls''', '''nulls''', '''c''']),
	('mlops_interval', ARRAY['''nulls interval''', '''{"x": null, "z": null}''::jsonb', '0.5']),
	('mlops_label_set', ARRAY['''nulls set''', '''{"x": null, "z": null}''::jsonb', '0.5']),
	('mlops_transform', ARRAY['''nulls''', '''nulls''']),
	('mlops_features', ARRAY['''nulls''']),
	('mlops_evaluate', ARRAY['''nulls''', '''nulls''', '''c''', '5', '0.9', '1']),
	('mlops_classification_report', ARRAY['''nulls c''', '''nulls''', '''w''']),
	('mlops_confusion_matrix', ARRAY['''nulls c''', '''nulls''', '''w''']),
	('mlops_roc_curve', ARRAY['''nulls c''', '''nulls''', '''w''', '''c1''']),
	('mlops_pr_curve', ARRAY['''nulls c''', '''nulls''', '''w''', '''c1''']),
	('mlops_calibration_curve', ARRAY['''nulls c''', '''nulls''', '5', '''uniform''', '''w''', '''c1''']),
	('mlops_lift', ARRAY['''nulls c''', '''nulls''', '5', '''w''', '''c1''']),
	('mlops_thresholds', ARRAY['''nulls c''', '''nulls''', '''{"fp": 1}''', '''w''', '''c1''']),
	('mlops_residuals', ARRAY['''nulls''', '''nulls''', '''c''']),
	('mlops_coefficients', ARRAY['''nulls''']),
	('mlops_deploy', ARRAY['''nulls''', '1']),
	('mlops_rollback', ARRAY['''nulls''']),
	('mlops_drop', ARRAY['''nulls gone''', '1']),
	('mlops_alias', ARRAY['''nulls''', '''best''', '1']),
	('mlops_grant', ARRAY['''nulls''', '''public''', '''predict''']),
	('mlops_revoke', ARRAY['''nulls''', '''public''', '''predict''']),
	('mlops_schedule', ARRAY['''nulls''', '''0 3 * * *''', '''{}''']),
	('mlops_unschedule', ARRAY['''nulls''']),
	('mlops_drift', ARRAY['''nulls''', '''nulls''']),
	('mlops_parameters', ARRAY['''ridge''']),
	('mlops_importance', ARRAY['''nulls tree''', '''nulls''', '''permutation''']),
	('mlops_explain', ARRAY['''nulls tree''', '''{"x": null, "z": null}''::jsonb']),
	('mlops_tree', ARRAY['''nulls tree''', '1']),
	('mlops_training_curve', ARRAY['''nulls''']),
	('mlops_profile', ARRAY['''nulls''', '''{x}''', '''c''']),
	('mlops_correlation', ARRAY['''nulls''', '''auto''', '''{x,z}''']),
	('mlops_associate', ARRAY['''nulls''', '''y''', '''{x,z}''']),
	('mlops_inspect', ARRAY['''nulls''', '''y''', '''{}''']),
	('mlops_expect', ARRAY['''nulls''', '''nulls''', '''[{"rule": "not_null", "column": "x"}]''']),
	('mlops_check', ARRAY['''nulls''', '''nulls''']),
	('mlops_drop_contract', ARRAY['''nulls''']),
	('mlops_clean', ARRAY['''nulls''', '''nulls_clean''', '''[{"rule": "trim", "column": "c"}]''', 'true', 'false']),
	('mlops_cross_validate', ARRAY['''nulls''', '''y''', '''ridge''', '''{}''', '3', '''random''', '''c''', '''w''', '''1''', '1', '''regression''', '''{x,z}''', '''{}''', '''{}''',
		'''w''', '1', '''rmse''']),
	('mlops_tune', ARRAY['''nulls tuned''', '''nulls''', '''y''', '''ridge''', '''{"alpha": [1, 2]}''', '''grid''', '2', '2', '''rmse''', '9', '1', '''never''', '''{}''', '''regression''',
		'''{x,z}''', '''{}''', '''{}''', '''{}''', '''w''', '''nulls''']),
	('mlops_auto', ARRAY['''nulls found''', '''nulls''', '''y''', '''{"max_seconds": 1, "algorithms": ["dummy"]}''', '''rmse''', '''regression''', '''{x,z}''', '''{}''', '''{}''', '''{}''', '''w''',
		'1', '''never''', '''nulls''']),
	('mlops_training_curve', ARRAY['''nulls''']);
SELECT p.proname AS "not in the list" FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
	WHERE e.extname = 'mlops' AND p.pronargs > 0 AND p.prokind = 'f' AND p.pronamespace <> 'mlops'::regnamespace AND p.proname NOT IN (SELECT function FROM calls);
SELECT c.function, p.proargnames[i] AS argument, attempt(format('SELECT ''some'' FROM %I(%s) LIMIT 1', c.function,
		(SELECT string_agg(CASE WHEN k = i THEN 'NULL' ELSE a END, ', ' ORDER BY k) FROM unnest(arguments) WITH ORDINALITY AS u(a, k)))) AS answer
	FROM calls c JOIN pg_proc p ON p.proname = c.function, generate_subscripts(arguments, 1) AS i ORDER BY c.function, i;
SELECT function, attempt(format('SELECT ''some'' FROM %I(%s) LIMIT 1', function, (SELECT string_agg('NULL', ', ') FROM unnest(arguments)))) AS "all NULL"
	FROM calls ORDER BY function;

-- rows of the wrong form, and values of the wrong type
SELECT row, attempt(format('SELECT round(mlops_predict(''nulls'', %s)::numeric, 6)', row)) AS answer FROM (VALUES
	('NULL'), ('NULL, NULL'), ('NULL::jsonb'), ('NULL::nulls'), ('NULL::float8[]'), ('VARIADIC NULL::float8[]'), ('VARIADIC ''{}''::float8[]'),
	('''1''::jsonb, ''2''::jsonb'), ('''{"x": 1}''::jsonb, ''[]''::json'), ('ARRAY[''1'', ''2'']::jsonb[]'),
	('(SELECT r FROM (SELECT ''1''::jsonb AS x, 2 AS z) AS r)'), ('(SELECT r FROM (SELECT ''1'' AS x, 2 AS z) AS r)'),
	('ROW(1, 2)'), ('ROW()'), ('ROW(NULL)'), ('''[1, 2]''::jsonb'), ('''7''::jsonb'), ('''null''::jsonb'), ('''"x"''::jsonb'), ('''{}''::jsonb'),
	('''{"x": {"x": 1}, "z": 1}''::jsonb'), ('''{"x": [[1]], "z": 1}''::jsonb'), ('''{"x": 1e400, "z": 1}''::jsonb'), ('''{"x": 1e-400, "z": 1}''::jsonb'),
	('''{1,2}''::text[]'), ('''{{1},{2}}''::int[]'), ('''{1,NULL}''::int[]'), ('''{{1,2},{3,4}}''::int[]'), ('''{}''::int[]'),
	('''\x00''::bytea, 1'), ('''(1,2)''::point, 1'), ('''[1,2)''::int4range, 1'), ('''1''::xid, 1'), ('''{1}''::int[], 1'),
	('interval ''1 day'', 1'), ('date ''2026-01-01'', 1'), ('true, 1::int2'), ('1e400, 1'), ('''NaN''::numeric, 1'), ('''-Infinity''::float4, 1'),
	('''x'', 1'), ('''{'', 1'), ('''{'''), ('''{"x": 1,'''), ('''{1,2'''), ('''{1,2}'''), ('1, 2, 3')) AS v(row);
SELECT row, attempt(format('SELECT round(mlops_predict(''nulls e'', %s)::numeric, 6)', row)) AS answer FROM (VALUES
	('NULL'), ('NULL::float8[]'), ('ARRAY[1, 2]'), ('ARRAY[1]'), ('ARRAY[1, 2, 3]'), ('ARRAY[''a'', ''b'']'), ('ARRAY[1, NULL]'), ('1'),
	('''{"e": [1, 2]}''::jsonb'), ('''{"e": [1]}''::jsonb'), ('''{"e": [1, "a"]}''::jsonb'), ('''{"e": [1, [2]]}''::jsonb'), ('''{"e": {"a": 1}}''::jsonb'),
	('''{"e": 1}''::jsonb'), ('''{"e": null}''::jsonb'), ('''{"e": []}''::jsonb')) AS v(row);

-- a source whose arrays have another length
SELECT source, attempt('SELECT count(*) FROM mlops_drift(''nulls e'', ' || quote_literal(source) || ')') AS drift,
	attempt('SELECT count(*) FROM mlops_predict_table(''nulls e'', ' || quote_literal(source) || ')') AS predict_table FROM (VALUES
	('SELECT ARRAY[1, 2] AS e FROM generate_series(1, 9)'), ('SELECT ARRAY[1] AS e FROM generate_series(1, 9)'),
	('SELECT ARRAY[1, 2, 3] AS e FROM generate_series(1, 9)'), ('SELECT NULL::int[] AS e FROM generate_series(1, 9)'),
	('SELECT ''{}''::int[] AS e'), ('SELECT ''[]''::jsonb AS e')) AS v(source);

-- JSON arguments of every shape
SELECT argument, value, attempt(format('SELECT version > 0 FROM mlops_train(''nulls'', ''nulls'', ''y'', ''ridge'', features => ''{x,z}'', deploy => ''never'', %s => %L)',
		argument, value)) AS answer
	FROM (VALUES ('params'), ('preprocess'), ('split')) AS a(argument),
		(VALUES ('null'), ('1'), ('"x"'), ('[]'), ('[{"x": 1}]'), ('{"x": {}}'), ('{"x": []}'), ('{"x": {"x": {"x": []}}}')) AS v(value) ORDER BY 1, 2;
SELECT argument, value, attempt(format('SELECT version > 0 FROM mlops_train(''nulls'', ''nulls'', ''y'', ''ridge'', features => ''{x,z}'', deploy => ''never'', %s => %L)',
		argument, value)) AS answer FROM (VALUES
	('params', '{"alpha": null}'), ('params', '{"alpha": {}}'), ('params', '{"alpha": 1e400}'), ('params', '{"alpha": 1e-400}'), ('params', '{"fit_intercept": [true]}'),
	('preprocess', '{"x": null}'), ('preprocess', '{"*": {"impute": null}}'), ('preprocess', '{"x": {"impute": "constant", "fill": 1e400}}'),
	('preprocess', '{"x": {"impute": ["mean"]}}'), ('preprocess', '{"x": {"indicator": 1}}'), ('preprocess', '{"x": {"encode": {}}}'),
	('preprocess', '{"x": {"encode": "onehot", "max_categories": 1e18}}'),
	('split', '{"test_size": null}'), ('split', '{"test_size": {}}'), ('split', '{"test_size": 1e400}'), ('split', '{"test_size": 1e-400}'), ('split', '{"method": {}}'),
	('split', '{"method": "time", "column": ["x"]}')) AS v(argument, value);
SELECT value, attempt(format('SELECT version > 0 FROM mlops_train(''nulls c'', ''nulls'', ''c'', features => ''{x,z}'', deploy => ''never'', params => %L)', value)) AS answer
	FROM (VALUES ('{"class_weight": []}'), ('{"class_weight": [1]}'), ('{"class_weight": {}}'), ('{"class_weight": {"c0": [1]}}'), ('{"class_weight": {"c0": 1e400}}'),
		('{"class_weight": {"c0": null}}'), ('{"class_weight": {"c0": 0, "c1": 0, "c2": 0}}'), ('{"class_weight": 1}')) AS v(value);
SELECT attempt('SELECT mlops_schedule(''nulls'', ''0 3 * * *'', ' || quote_literal(value) || ')') AS schedule FROM (VALUES ('[]'), ('1'), ('{"source": {}}'), ('{"source": 1}')) AS v(value);
SELECT attempt('SELECT count(*) FROM mlops_train(''nulls'', ''nulls'', ''y'', features => ' || value || ')') AS features
	FROM (VALUES ('''{}'''), ('''{NULL}'''), ('''{{x},{z}}'''), ('''{x,x}'''), ('ARRAY['''']')) AS v(value);

-- a set where no set can be
SELECT attempt('SELECT CASE WHEN mlops_evaluate(''nulls'', ''nulls'') IS NULL THEN 1 END') AS "set in a CASE";
SELECT count(*) FROM (SELECT mlops_coefficients('nulls')) AS s;

SELECT mlops_drop_contract(contract) FROM mlops.contracts;
SELECT count(mlops_drop(model)) FROM mlops.models WHERE model IN ('nulls tuned', 'nulls found');
SELECT mlops_drop('nulls'), mlops_drop('nulls c'), mlops_drop('nulls e'), mlops_drop('nulls tree');
DROP TABLE IF EXISTS nulls_clean;
DROP TABLE nulls, calls;
DROP FUNCTION attempt(text);
