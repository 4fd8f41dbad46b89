-- Calls in turns; medians as ratios to the floor.  The stages of each training come as debug messages.
SET client_min_messages = debug1;
SET mlops.progress = off;
CREATE TEMP TABLE call (n serial, name text, target text, workers int, statement text);
INSERT INTO call (name, target, workers, statement) VALUES
	('floor: sum(x1 + ... + x20)', '1', 0, 'SELECT sum(SUM_) FROM bench'),
	('the same, parallel plan', '', 2, 'SELECT sum(SUM_) FROM bench'),
	('mlops_train, linear_regression', 'at most 2', 2,
		$$SELECT mlops_train('linear', 'bench', target => 'y', exclude => '{label}', algorithm => 'linear_regression', deploy => 'always')$$),
	('mlops_train, logistic_regression', 'at most 5', 2,
		$$SELECT mlops_train('logistic', 'bench', target => 'label', exclude => '{y}', algorithm => 'logistic_regression', deploy => 'always')$$),
	('mlops_predict, values', 'at most 2', 0, $$SELECT sum(mlops_predict('linear', VALUES_)) FROM bench$$),
	('mlops_predict, values, parallel plan', 'scales', 2, $$SELECT sum(mlops_predict('linear', VALUES_)) FROM bench$$),
	('mlops_predict, whole row', 'at most 4', 0, $$SELECT sum(mlops_predict('linear', b)) FROM bench AS b$$),
	('mlops_predict, whole row, parallel plan', 'scales', 2, $$SELECT sum(mlops_predict('linear', b)) FROM bench AS b$$),
	('mlops_probability, values', '', 0, $$SELECT sum(mlops_probability('logistic', VALUES_)) FROM bench$$),
	('mlops_predict_table', '', 2, $$SELECT sum(value) FROM mlops_predict_table('linear', 'bench')$$),
	('mlops_profile, 20 columns', 'at most 6', 2, $$SELECT count(*) FROM mlops_profile('bench', columns => COLUMNS_)$$),
	('mlops_correlation, 20 columns', '', 2, $$SELECT count(*) FROM mlops_correlation('bench', columns => COLUMNS_)$$),
	('mlops_associate, 20 columns', '', 2, $$SELECT count(*) FROM mlops_associate('bench', 'label', COLUMNS_)$$),
	('mlops_evaluate', '', 2, $$SELECT count(*) FROM mlops_evaluate('linear', 'bench')$$);
UPDATE call SET statement = replace(replace(replace(statement, 'VALUES_', list), 'SUM_', sum), 'COLUMNS_', '''{' || list || '}''')
FROM (SELECT string_agg('x' || i, ', ' ORDER BY i) AS list, string_agg('x' || i, ' + ' ORDER BY i) AS sum FROM generate_series(1, 20) AS i) AS x;
CREATE TEMP TABLE took (n int, turn int, seconds float8);
SELECT set_config('bench.turns', :'turns', false) AS turns \gset

DO $$
DECLARE
	c record;
	began timestamptz;
BEGIN
	-- turn 0 warms the cache and is not counted
	FOR turn IN 0..current_setting('bench.turns')::int LOOP
		FOR c IN SELECT * FROM call ORDER BY n LOOP
			PERFORM set_config('max_parallel_workers_per_gather', c.workers::text, true);
			began := clock_timestamp();
			EXECUTE c.statement;
			IF turn > 0 THEN
				INSERT INTO took VALUES (c.n, turn, extract(epoch FROM clock_timestamp() - began));
			END IF;
		END LOOP;
	END LOOP;
END
$$;

SET client_min_messages = notice;
\pset footer off
WITH m AS (SELECT n, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds FROM took GROUP BY n)
SELECT c.name AS call, round(m.seconds::numeric, 3) AS seconds, round((m.seconds / f.seconds)::numeric, 2) AS "ratio to the floor", c.target
FROM m JOIN call AS c USING (n) CROSS JOIN (SELECT seconds FROM m WHERE n = 1) AS f ORDER BY c.n;
