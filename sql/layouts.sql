-- One set of rows, one model: whatever the table's layout on disk, the way the rows come in, and the number of threads.
SET client_min_messages = warning;
SELECT setseed(0.25);
CREATE TABLE layout_plain AS
	SELECT (random() * 100)::int AS a, random()::float4 AS b, random() AS c, random() > 0.5 AS d, (random() * 30000)::int2 AS gone,
		i::int8 * 7 AS f, timestamptz '2020-01-01' + i * interval '1 hour' AS g, date '2020-01-01' + i % 1000 AS h, random() AS y
	FROM generate_series(1, 6000) i;
-- a dropped column, one added with a default that is in no tuple, NULLs in company and alone, updated rows
ALTER TABLE layout_plain DROP COLUMN gone;
ALTER TABLE layout_plain ADD COLUMN z float8 DEFAULT 3.5;
UPDATE layout_plain SET z = random() WHERE a < 50;
UPDATE layout_plain SET c = NULL WHERE a % 7 = 0;
INSERT INTO layout_plain SELECT a, b, NULL, d, f, g, h, y, NULL FROM layout_plain LIMIT 100;
-- rewritten; behind a column of variable length; partitions that differ in the order of their columns
CREATE TABLE layout_rewritten AS SELECT a, b, c, d, f, g, h, y, z FROM layout_plain;
CREATE TABLE layout_text AS SELECT 'x' || a AS note, * FROM layout_rewritten;
CREATE TABLE layout_parts (LIKE layout_rewritten) PARTITION BY RANGE (a);
CREATE TABLE layout_low PARTITION OF layout_parts FOR VALUES FROM (MINVALUE) TO (50);
CREATE TABLE layout_high (z float8, y float8, h date, g timestamptz, f int8, d bool, c float8, b float4, a int);
ALTER TABLE layout_parts ATTACH PARTITION layout_high FOR VALUES FROM (50) TO (MAXVALUE);
INSERT INTO layout_parts SELECT * FROM layout_rewritten;

SELECT version FROM mlops_train('layout', 'layout_plain', target => 'y');
SELECT version FROM mlops_train('layout', 'layout_rewritten', target => 'y');
SELECT version FROM mlops_train('layout', 'layout_text', target => 'y', exclude => '{note}');
SELECT version FROM mlops_train('layout', 'layout_parts', target => 'y');
SELECT version FROM mlops_train('layout', 'SELECT a + 0 AS a, b, c, d, f, g, h, y, z FROM layout_rewritten ORDER BY c', target => 'y');
SET mlops.max_threads = 1;
SELECT version FROM mlops_train('layout', 'layout_plain', target => 'y');
RESET mlops.max_threads;

SELECT count(*) AS versions, count(DISTINCT sha256(data)) AS models
	FROM mlops.model_chunk JOIN mlops.model_version USING (version_id) JOIN mlops.model USING (model_id)
	WHERE name = 'layout';

SELECT mlops_drop('layout');
DROP TABLE layout_plain, layout_rewritten, layout_text, layout_parts;
