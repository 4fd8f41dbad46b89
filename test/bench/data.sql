-- 20 columns of float8, a number and a label that follow from them, in cache.
CREATE EXTENSION mlops;
SELECT setseed(0.42) AS seed \gset
SELECT format('CREATE TABLE bench AS SELECT %s, (%s + random())::float8 AS y, CASE WHEN %2$s + 4 * random() > 2 THEN ''yes'' ELSE ''no'' END AS label FROM (SELECT %s FROM generate_series(1, %s)) AS t',
	string_agg('x' || i, ', '), string_agg(format('%s * x%s', ((-1)^i * i / 20.0)::numeric(6, 2), i), ' + '),
	string_agg(format('random() AS x%s', i), ', '), :rows)
FROM generate_series(1, 20) AS i \gexec
VACUUM (ANALYZE, FREEZE) bench;
CHECKPOINT;
