-- What the extension says of itself.
SELECT DISTINCT name, tasks FROM mlops_algorithms() ORDER BY name;
SELECT name, type, "default", range FROM mlops_parameters('logistic_regression');
SELECT name, type, "default", range FROM mlops_parameters('ridge');
SELECT count(*) FROM mlops_parameters('dummy');
SELECT count(*) > 0 AS something FROM mlops_version();

-- the signatures, which programs rely on
\pset format unaligned
SELECT p.proname || '(' || pg_get_function_arguments(p.oid) || ')' AS function, pg_get_function_result(p.oid) AS result,
	p.provolatile AS volatile, p.proparallel AS parallel
FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'mlops') AND p.proname LIKE 'mlops%' ORDER BY p.proname COLLATE "C";
SELECT c.relname AS view, string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'mlops'::regnamespace AND c.relkind = 'v' AND a.attnum > 0 GROUP BY c.relname ORDER BY c.relname;
\pset format aligned

-- every object that a user meets is described
SELECT p.oid::regprocedure AS undescribed FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'mlops') AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT c.oid::regclass AS undescribed FROM pg_class AS c WHERE c.relnamespace = 'mlops'::regnamespace AND c.relkind IN ('r', 'v')
AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT a.attrelid::regclass AS undescribed, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'mlops'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND col_description(a.attrelid, a.attnum) IS NULL;

-- nothing of ours is left when the extension goes, and it comes back
DROP EXTENSION mlops;
SELECT count(*) FROM pg_namespace WHERE nspname = 'mlops';
CREATE SCHEMA elsewhere;
CREATE EXTENSION mlops SCHEMA elsewhere;
SELECT model, version FROM elsewhere.mlops_train('moved', 'iris', target => 'species');
SELECT elsewhere.mlops_classify('moved', 5.0, 3.4, 1.5, 0.2);
SELECT version FROM elsewhere.mlops_retrain('moved');
DROP EXTENSION mlops;
DROP SCHEMA elsewhere;
CREATE EXTENSION mlops;
