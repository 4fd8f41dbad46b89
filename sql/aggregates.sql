-- The metrics as aggregates against scikit-learn's, to 1e-9.
SET mlops.progress = off;

-- test/reference/aggregates.py
CREATE TEMP TABLE truth (part text, metric text, value float8);
COPY truth FROM stdin (DELIMITER ' ');
all rmse 1.15472940553188
all mae 1
all mape 9007199254741.84
all r2 0.83999183999184
all log_loss 1.30242819492495
all brier 0.33510935
all roc_auc 0.49968226689356
all pr_auc 0.664967339073954
all accuracy 0.4335
all balanced_accuracy 0.4335
all mcc 0.333639075695421
all precision 0.547976046366604
all recall 0.36125
all f1 0.397507499468913
all precision_B 0.429184549356223
all recall_B 0.5
all f1_B 0.46189376443418
weighted rmse 1.15455619178973
weighted mae 1
weighted mape 1.0513400267103
weighted r2 0.840037920492966
weighted log_loss 1.33785303962827
weighted brier 0.342102875
weighted roc_auc 0.484322028175102
weighted pr_auc 0.651244438464343
weighted accuracy 0.484
weighted balanced_accuracy 0.45875
weighted mcc 0.322014458601563
weighted precision 0.443655537741192
weighted recall 0.305833333333333
weighted f1 0.34414036322849
quarter rmse 1.15464280190888
quarter mae 1
quarter mape 0.680563267935057
quarter r2 0.840013440215043
quarter log_loss 1.32272301686931
quarter brier 0.3359392
quarter roc_auc 0.495720271169373
quarter pr_auc 0.660103760021791
quarter accuracy 0.4
quarter balanced_accuracy 0.4
quarter mcc 0.353819517998817
quarter precision 0.7225
quarter recall 0.333333333333333
quarter f1 0.407141859624185
quarter precision_B 0.335
quarter recall_B 0.67
quarter f1_B 0.446666666666667
\.

CREATE TABLE scored AS
	SELECT i, y, y + (i * 104729 % 200 - 100) / 50.0::float8 AS p, (i * 7919 + i / 3) % 7 < 3 AS positive,
		(i * 31337 % 101) / 100.0::float8 AS prob, truth, CASE WHEN i % 3 = 0 THEN truth ELSE chr((65 + i * 17 % 6)::int) END AS predicted,
		(i % 5)::float8 AS w
	FROM (SELECT i, (i * 7919 % 1000) / 100.0::float8 AS y, chr((65 + i * 13 % 5)::int) AS truth FROM generate_series(1, 2000::bigint) i) r;

CREATE FUNCTION pg_temp.measure(name text, condition text) RETURNS TABLE (part text, metric text, value float8)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		SELECT %L, v.metric, v.value FROM (SELECT
			mlops_rmse(y, p), mlops_mae(y, p), mlops_mape(y, p), mlops_r2(y, p), mlops_log_loss(positive, prob),
			mlops_brier(positive, prob), mlops_roc_auc(positive, prob), mlops_pr_auc(positive, prob),
			mlops_accuracy(truth, predicted), mlops_balanced_accuracy(truth, predicted), mlops_mcc(truth, predicted),
			mlops_precision(truth, predicted), mlops_recall(truth, predicted), mlops_f1(truth, predicted),
			mlops_precision(truth, predicted, 'B'), mlops_recall(truth, predicted, 'B'), mlops_f1(truth, predicted, 'B')
			FROM scored WHERE %s) AS a (rmse, mae, mape, r2, log_loss, brier, roc_auc, pr_auc, accuracy, balanced_accuracy, mcc,
			precision_all, recall_all, f1_all, precision_b, recall_b, f1_b),
		LATERAL (VALUES ('rmse', rmse), ('mae', mae), ('mape', mape), ('r2', r2), ('log_loss', log_loss), ('brier', brier),
			('roc_auc', roc_auc), ('pr_auc', pr_auc), ('accuracy', accuracy), ('balanced_accuracy', balanced_accuracy),
			('mcc', mcc), ('precision', precision_all), ('recall', recall_all), ('f1', f1_all), ('precision_B', precision_b),
			('recall_B', recall_b), ('f1_B', f1_b)) AS v (metric, value)$q$, name, condition);
END $$;

CREATE TEMP TABLE measured AS
	SELECT * FROM pg_temp.measure('all', 'true')
	UNION ALL SELECT * FROM pg_temp.measure('quarter', 'i % 4 = 1');
INSERT INTO measured
	SELECT 'weighted', v.* FROM (SELECT
		mlops_rmse(y, p, w) AS rmse, mlops_mae(y, p, w) AS mae, mlops_mape(y, p, w) AS mape, mlops_r2(y, p, w) AS r2,
		mlops_log_loss(positive, prob, w) AS log_loss, mlops_brier(positive, prob, w) AS brier,
		mlops_roc_auc(positive, prob, w) AS roc_auc, mlops_pr_auc(positive, prob, w) AS pr_auc,
		mlops_accuracy(truth, predicted, w) AS accuracy, mlops_balanced_accuracy(truth, predicted, w) AS balanced_accuracy,
		mlops_mcc(truth, predicted, w) AS mcc, mlops_precision(truth, predicted, w) AS "precision",
		mlops_recall(truth, predicted, w) AS recall, mlops_f1(truth, predicted, w) AS f1 FROM scored) a,
	LATERAL (VALUES ('rmse', rmse), ('mae', mae), ('mape', mape), ('r2', r2), ('log_loss', log_loss), ('brier', brier),
		('roc_auc', roc_auc), ('pr_auc', pr_auc), ('accuracy', accuracy), ('balanced_accuracy', balanced_accuracy), ('mcc', mcc),
		('precision', "precision"), ('recall', recall), ('f1', f1)) AS v (metric, value);

SELECT count(*) FROM truth;
SELECT t.*, m.value AS measured FROM truth t LEFT JOIN measured m USING (part, metric)
	WHERE m.value IS NULL OR abs(m.value - t.value) > 1e-9 * greatest(1, abs(t.value));

-- They merge: groups of a parallel plan, and the same by hand in one process.
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT mlops_roc_auc(positive, prob), mlops_f1(truth, predicted), mlops_r2(y, p) FROM scored;
CREATE TEMP TABLE parallel AS SELECT mlops_roc_auc(positive, prob) AS roc_auc, mlops_pr_auc(positive, prob, w) AS pr_auc,
	mlops_f1(truth, predicted) AS f1, mlops_mcc(truth, predicted, w) AS mcc, mlops_precision(truth, predicted, 'B') AS precision_b,
	mlops_r2(y, p) AS r2, mlops_rmse(y, p, w) AS rmse, mlops_log_loss(positive, prob) AS log_loss, mlops_brier(positive, prob, w) AS brier FROM scored;
SET max_parallel_workers_per_gather = 0;
SELECT abs(mlops_roc_auc(positive, prob) - min(a.roc_auc)) < 1e-12 AS roc_auc, abs(mlops_pr_auc(positive, prob, w) - min(a.pr_auc)) < 1e-12 AS pr_auc,
	abs(mlops_f1(truth, predicted) - min(f1)) < 1e-12 AS f1, abs(mlops_mcc(truth, predicted, w) - min(mcc)) < 1e-12 AS mcc,
	abs(mlops_precision(truth, predicted, 'B') - min(precision_b)) < 1e-12 AS precision_b, abs(mlops_r2(y, p) - min(r2)) < 1e-12 AS r2,
	abs(mlops_rmse(y, p, w) - min(rmse)) < 1e-12 AS rmse, abs(mlops_log_loss(positive, prob) - min(log_loss)) < 1e-12 AS log_loss,
	abs(mlops_brier(positive, prob, w) - min(brier)) < 1e-12 AS brier FROM scored, parallel a;
SELECT g, round(mlops_roc_auc(positive, prob)::numeric, 6) AS roc_auc, round(mlops_f1(truth, predicted)::numeric, 6) AS f1,
		round(mlops_r2(y, p)::numeric, 6) AS r2, round(mlops_brier(positive, prob)::numeric, 6) AS brier
	FROM (SELECT *, i % 4 AS g FROM scored) s GROUP BY g ORDER BY g;
RESET ALL;
SET mlops.progress = off;

-- FILTER, DISTINCT ON the way in, windows
SELECT round(mlops_accuracy(truth, predicted) FILTER (WHERE i % 3 = 0)::numeric, 6) AS all_right,
	round(mlops_accuracy(truth, predicted)::numeric, 6) AS accuracy FROM scored;
SELECT i, round(mlops_mae(y, p) OVER (ORDER BY i)::numeric, 6) AS so_far,
		round(mlops_roc_auc(positive, prob) OVER (ORDER BY i ROWS BETWEEN 9 PRECEDING AND CURRENT ROW)::numeric, 6) AS last_ten
	FROM scored ORDER BY i LIMIT 12;

-- nothing, one row, one side, constants, NULLs
SELECT mlops_rmse(y, p), mlops_r2(y, p), mlops_roc_auc(positive, prob), mlops_accuracy(truth, predicted), mlops_f1(truth, predicted, 'B'),
	mlops_mcc(truth, predicted), mlops_log_loss(positive, prob) FROM scored WHERE false;
SELECT mlops_rmse(y, p) IS NULL AS rmse, mlops_r2(1, y) AS constant, mlops_r2(1, 1) AS exact,
	mlops_roc_auc(true, prob) AS one_side, mlops_pr_auc(true, prob) AS pr, mlops_pr_auc(false, prob) AS no_positive,
	mlops_mcc('A', predicted) AS mcc, mlops_f1(truth, predicted, 'never') AS never FROM scored WHERE i <= 10;
SELECT mlops_r2(1, 2), mlops_rmse(1, 2), mlops_roc_auc(true, 0.5), mlops_accuracy('a', 'a'), mlops_mcc('a', 'a');
SELECT mlops_rmse(a, b), mlops_mae(a, b, c) FROM (VALUES (1, 2, 1), (NULL, 5, 1), (3, NULL, 1), (4, 4, NULL), (9, 1, 0)) v (a, b, c) WHERE c IS DISTINCT FROM 0;
SELECT mlops_accuracy(a, b), mlops_f1(a, b) FROM (VALUES ('x', 'x'), ('x', NULL), (NULL, 'x'), ('', ''), ('', 'x')) v (a, b);
SELECT mlops_roc_auc(t, s) FROM (VALUES (true, 'infinity'::float8), (false, 0), (false, '-infinity')) v (t, s);

-- numbers that lie near each other, far from 0: R2 is that of their distances, all of which are exact here
SELECT abs(mlops_r2(1e9 + y, 1e9 + p) - mlops_r2(y, p)) < 1e-13 AS shifted, abs(mlops_r2(1e9 + y, 1e9 + p, i % 3) - mlops_r2(y, p, i % 3)) < 1e-13 AS weighted,
		mlops_r2(1e9 + y, 1e9 + y) AS exact
	FROM (SELECT i, (i * 7919 % 1000) / 1024.0::float8 AS y, (i * 7919 % 1000 + i % 37) / 1024.0::float8 AS p FROM generate_series(1, 10000::bigint) i) r;
-- one side is constant where rows of the other labels weigh nothing; rounded sums of weights do not tell
SELECT mlops_mcc(t, p, w), mlops_mcc(p, t, w) AS turned FROM (VALUES ('a', 'x', 0.1), ('b', 'x', 0.2), ('a', 'x', 0.7), ('c', 'x', 0.3), ('b', 'y', 0)) v (t, p, w);
SELECT mlops_mcc('a', 'b', 0) AS nothing, abs(mlops_mcc((i % 2)::text, (i % 4)::text, 1e140) - mlops_mcc((i % 2)::text, (i % 4)::text)) < 1e-12 AS huge FROM generate_series(1, 100) i;

-- a perfect prediction is 1 to the bit, whatever is summed
SELECT bool_and(f1 = 1 AND mcc <= 1 AND roc_auc <= 1) AS at_most_1 FROM (SELECT mlops_f1(i::text, i::text) AS f1,
	mlops_mcc((i % 3)::text, (i % 3)::text, 1.0 / i) AS mcc, mlops_roc_auc(i % 3 = 0, (i % 3 = 0)::int, 1.0 / i) AS roc_auc
	FROM generate_series(1, 200) n, generate_series(1, n) i GROUP BY n) s;
-- weights of any size
SELECT w, mlops_roc_auc(b, s, w) AS roc_auc, round(mlops_pr_auc(b, s, w)::numeric, 3) AS pr_auc, round(mlops_f1(b::text, 'true', w)::numeric, 3) AS f1,
		mlops_mcc(b::text, (s > 0.3)::text, w) AS mcc, round(mlops_rmse(s, 0, w)::numeric, 3) AS rmse
	FROM (VALUES (true, 1.0), (false, 0.5), (true, 0.2), (false, 0.1)) v (b, s), unnest('{1e-140,1,1e140}'::float8[]) AS w GROUP BY w ORDER BY w;

-- what cannot be
SELECT mlops_brier(true, 1.5);
SELECT mlops_brier(true, 1.0000000001);
SELECT mlops_rmse('infinity', 1);
SELECT mlops_r2(1, '-infinity');
SELECT mlops_log_loss(true, -0.1);
SELECT mlops_roc_auc(true, 'nan');
SELECT mlops_rmse('nan', 1);
SELECT mlops_mae(1, 1, -1);
SELECT mlops_mae(1, 1, 'infinity');
SELECT mlops_accuracy('a', 'a', 1e141);
SELECT mlops_f1(truth, predicted, predicted) FROM scored;
SELECT mlops_f1('a', 'a', NULL::text);
SET mlops.max_memory = '16MB';
SELECT mlops_roc_auc(i % 2 = 0, i) FROM generate_series(1, 3000000) i;
-- what sorting takes counts too
SELECT mlops_roc_auc(i % 2 = 0, i) FROM generate_series(1, 1000000) i;
SELECT mlops_f1(repeat(i::text, 10000), 'a') FROM generate_series(1, 3000) i;
RESET mlops.max_memory;
SELECT mlops_accuracy(i::text, i::text) FROM generate_series(1, 1100000) i;
DROP TABLE scored;
