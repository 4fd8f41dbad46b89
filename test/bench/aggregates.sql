-- Metrics as aggregates beside the server's own sort of the scores, one process each, in turns; the median of the turns counts.
CREATE TEMP TABLE scored AS SELECT label = 'yes' AS positive, label AS truth, CASE WHEN x1 > 0.5 THEN 'yes' ELSE 'no' END AS predicted,
	y, 1 / (1 + exp(-y)) AS score FROM bench;
VACUUM (ANALYZE, FREEZE) scored;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE metric (n serial, name text, target text, statement text);
INSERT INTO metric (name, target, statement) VALUES
	('ORDER BY score', '1', 'SELECT count(*) FROM (SELECT score FROM scored ORDER BY score OFFSET 0) AS s'),
	('mlops_roc_auc', 'at most 4', 'SELECT mlops_roc_auc(positive, score) FROM scored'),
	('mlops_pr_auc', '', 'SELECT mlops_pr_auc(positive, score) FROM scored'),
	('mlops_log_loss', '', 'SELECT mlops_log_loss(positive, score) FROM scored'),
	('mlops_accuracy', '', 'SELECT mlops_accuracy(truth, predicted) FROM scored'),
	('mlops_rmse', '', 'SELECT mlops_rmse(y, score) FROM scored');
CREATE TEMP TABLE spent (n int, seconds float8);
SELECT set_config('bench.turns', :'turns', false) AS turns \gset

DO $$
DECLARE
	m record;
	began timestamptz;
BEGIN
	-- turn 0 warms the cache and is not counted
	FOR turn IN 0..current_setting('bench.turns')::int LOOP
		FOR m IN SELECT * FROM metric ORDER BY n LOOP
			began := clock_timestamp();
			EXECUTE m.statement;
			IF turn > 0 THEN
				INSERT INTO spent VALUES (m.n, extract(epoch FROM clock_timestamp() - began));
			END IF;
		END LOOP;
	END LOOP;
END
$$;

\pset footer off
WITH s AS (SELECT n, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds FROM spent GROUP BY n)
SELECT m.name AS aggregate, round(s.seconds::numeric, 3) AS seconds, round((s.seconds / f.seconds)::numeric, 2) AS "ratio to the sort", m.target
FROM s JOIN metric AS m USING (n) CROSS JOIN (SELECT seconds FROM s WHERE n = 1) AS f ORDER BY m.n;
