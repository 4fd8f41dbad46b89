-- Reports, curves, lift, thresholds, residuals and intervals; slices; against scikit-learn's, to 1e-9.
SET mlops.progress = off;

-- test/reference/evaluation.py
CREATE TEMP TABLE truth (problem text, part text, field text, points bigint, plain float8, placed float8);
COPY truth FROM stdin (DELIMITER ' ');
ties roc threshold 145 43.928091788231 2050.22253059357
ties roc false_positive_rate 145 55.7156938538848 5678.41070738307
ties roc true_positive_rate 145 94.4210807918673 8607.85981808454
ties pr threshold 145 42.337664487757 4159.15099337838
ties pr precision 146 66.8869782241377 5723.77884258009
ties pr recall 146 95.3349384697699 5271.76297485286
ties uniform mean_predicted 8 3.18284713960666 18.3786076828365
ties uniform observed 8 3.22542454717586 18.9685941816968
ties quantile mean_predicted 10 2.7144351312507 19.9772633997076
ties quantile observed 10 2.70588428223478 19.9713254128652
ties f1 threshold 1 0.30607423263 0.30607423263
ties f1 precision 1 0.448765640852215 0.448765640852215
ties f1 recall 1 0.710005350454789 0.710005350454789
ties f1 f1 1 0.549937836717779 0.549937836717779
ties cost threshold 1 0.182471061408 0.182471061408
ties cost recall 1 0.845906902086677 0.845906902086677
ties cost cost 1 4041 4041
ties lift rows 10 7043 38726
ties lift positives 10 1869 6795.00770823544
ties lift rate 10 2.65270079043899 9.64803637186886
ties lift lift 10 9.99623952223746 36.3569396292522
ties lift cumulative_gain 10 7.36436184685102 47.2987152298661
ties lift ks 10 2.53579445059369 11.9682743262364
negative roc threshold 145 103.728992658988 6427.85736341384
negative roc false_positive_rate 145 50.5789192081327 5407.38202247191
negative roc true_positive_rate 145 89.2843061461152 8128.91940471589
negative pr threshold 145 102.662335512243 8562.85197816586
negative pr precision 146 125.978833075842 9650.44524418524
negative pr recall 146 89.624855044453 4952.89137997681
negative uniform mean_predicted 8 4.81715286039335 25.7329834263766
negative uniform observed 8 4.77457545282414 25.939773257114
negative quantile mean_predicted 10 7.41918200059783 45.4413194377363
negative quantile observed 10 7.44267088363106 45.6351123918867
negative f1 threshold 1 0.441922931956 0.441922931956
negative f1 precision 1 0.757771437152726 0.757771437152726
negative f1 recall 1 0.975260919984538 0.975260919984538
negative f1 f1 1 0.852869094904082 0.852869094904082
negative cost threshold 1 0.30148712309 0.30148712309
negative cost recall 1 0.99768071124855 0.99768071124855
negative cost cost 1 1855 1855
negative lift rows 10 7043 38726
negative lift positives 10 5174 24966.8300491957
negative lift rate 10 7.34552623437533 35.4565457946533
negative lift lift 10 9.99894496882594 48.2644862836768
negative lift cumulative_gain 10 6.17455932562898 42.0591648765074
negative lift ks 10 2.53634100075167 13.3877465089575
ties report precision 5 2.80740455195183 8.41816440259412
ties report recall 5 2.4337517712846 7.27628474573706
ties report f1 5 3.09132630701319 9.25544616855625
ties report support 5 28172 93428
ties confusion rows 4 7043 11241
Month-to-month roc threshold 144 43.528043833874 2019.65331186956
Month-to-month roc false_positive_rate 144 84.968018018018 8081.85630630631
Month-to-month roc true_positive_rate 144 101.578247734139 9061.4586102719
Month-to-month pr threshold 144 41.868658353106 4087.9806960549
Month-to-month pr precision 145 75.3403672685007 6046.4887134057
Month-to-month pr recall 145 102.578247734139 5769.96555891239
Month-to-month uniform mean_predicted 8 3.21017894655027 18.4349516869619
Month-to-month uniform observed 8 3.73723375195964 20.3722449908924
Month-to-month quantile mean_predicted 10 3.72328159121886 24.8255599134729
Month-to-month quantile observed 10 4.26308833036538 26.9966355671643
Month-to-month f1 threshold 1 0.241916937711 0.241916937711
Month-to-month f1 precision 1 0.475240943835161 0.475240943835161
Month-to-month f1 recall 1 0.86404833836858 0.86404833836858
Month-to-month f1 f1 1 0.613207547169811 0.613207547169811
Month-to-month cost threshold 1 0.051382283944 0.051382283944
Month-to-month cost recall 1 1 1
Month-to-month cost cost 1 2216 2216
Month-to-month lift rows 10 3875 21300
Month-to-month lift positives 10 1655 7667.60066724533
Month-to-month lift rate 10 4.2695664041864 19.7937102624538
Month-to-month lift lift 10 9.9967189221887 46.3447898894311
Month-to-month lift cumulative_gain 10 6.36700866027473 42.6969273356456
Month-to-month lift ks 10 1.50772908043449 7.29756460613811
Month-to-month report precision 5 2.49281693938478 7.49439502455865
Month-to-month report recall 5 2.2618864554058 6.51852429956513
Month-to-month report f1 5 2.65018714038744 7.78933472862101
Month-to-month report support 5 15500 52030
Month-to-month confusion rows 4 3875 7632
One_year roc threshold 126 31.851166633058 1332.32387283329
One_year roc false_positive_rate 126 47.2456006120887 4321.60749808722
One_year roc true_positive_rate 126 44.0542168674699 4098.31325301205
One_year pr threshold 129 32.486342630046 2796.67414745473
One_year pr precision 130 12.7476300635889 791.013167663292
One_year pr recall 130 44.0542168674699 1496.57228915663
One_year uniform mean_predicted 7 2.40161442039457 12.2359139354384
One_year uniform observed 7 0.542328448472119 1.5462421381662
One_year quantile mean_predicted 10 1.84071595710364 13.2002537235565
One_year quantile observed 10 1.11589079183625 5.81479206053859
One_year f1 threshold 1 0.049445704424 0.049445704424
One_year f1 precision 1 0.11380985426787 0.11380985426787
One_year f1 recall 1 0.987951807228916 0.987951807228916
One_year f1 f1 1 0.204107031736154 0.204107031736154
One_year cost threshold 1 2 2
One_year cost recall 1 0 0
One_year cost cost 1 830 830
One_year lift rows 10 1473 8091
One_year lift positives 10 166 952.791858678955
One_year lift rate 10 1.12727523441809 6.47767577367643
One_year lift lift 10 10.0028700017943 57.4796169555746
One_year lift cumulative_gain 10 5.2602900079581 37.2524660855403
One_year lift ks 10 -0.278188843364743 -1.44079376893582
One_year report precision 5 2.11605731829095 6.59158022595168
One_year report recall 5 2.36538618364429 7.3682469090401
One_year report f1 5 3.11294412135197 9.5957828583089
One_year report support 5 5892 19315
One_year confusion rows 4 1473 1817
Two_year roc threshold 100 22.301144861531 722.341857622475
Two_year roc false_positive_rate 100 22.1918639951427 1661.08621736491
Two_year roc true_positive_rate 100 16.25 1390.8125
Two_year pr threshold 103 21.636931476677 1485.59615729895
Two_year pr precision 104 2.14380327659005 131.225512242895
Two_year pr recall 104 16.4583333333333 260.604166666667
Two_year uniform mean_predicted 6 1.82112865572701 8.21144329502137
Two_year uniform observed 6 0.0734902049031859 0.123650650773816
Two_year quantile mean_predicted 10 1.11166349362082 8.21995064404354
Two_year quantile observed 10 0.307866038991451 1.58138478558102
Two_year f1 threshold 1 0.047578453075 0.047578453075
Two_year f1 precision 1 0.0327868852459016 0.0327868852459016
Two_year f1 recall 1 0.958333333333333 0.958333333333333
Two_year f1 f1 1 0.0634045485871813 0.0634045485871813
Two_year cost threshold 1 2 2
Two_year cost recall 1 0 0
Two_year cost cost 1 240 240
Two_year lift rows 10 1695 9310
Two_year lift positives 10 48 266.003877075389
Two_year lift rate 10 0.283128796469915 1.57063061445619
Two_year lift lift 10 9.99798562534386 55.4628935729841
Two_year lift cumulative_gain 10 5.45825256092939 39.9599337057776
Two_year lift ks 10 -0.0505536789463785 1.4645340809308
Two_year report precision 5 2.40164557887808 7.63573674917199
Two_year report recall 5 2.47018069861534 7.85363573351387
Two_year report f1 5 3.40652252032714 10.6564279149107
Two_year report support 5 6780 22083
Two_year confusion rows 4 1695 1792
versicolor roc threshold 10 5.665047377723 18.378487110503
versicolor roc false_positive_rate 10 1.46 13.52
versicolor roc true_positive_rate 10 7.82 51.18
versicolor pr threshold 149 49.837896613842 5942.71887798969
versicolor pr precision 150 104.622991949019 9520.28647007289
versicolor pr recall 150 124.28 7894.6
versicolor uniform mean_predicted 10 5.05035678420574 36.120688585642
versicolor uniform observed 10 5 39.5
versicolor quantile mean_predicted 10 3.3333333333334 28.1678485463405
versicolor quantile observed 10 3.33333333333333 29.3333333333333
versicolor f1 threshold 1 0.584854041495 0.584854041495
versicolor f1 precision 1 1 1
versicolor f1 recall 1 0.94 0.94
versicolor f1 f1 1 0.969072164948454 0.969072164948454
versicolor cost threshold 1 0.437251325691 0.437251325691
versicolor cost recall 1 1 1
versicolor cost cost 1 4 4
versicolor lift rows 10 150 825
versicolor lift positives 10 50 110
versicolor lift rate 10 3.33333333333333 7.33333333333333
versicolor lift lift 10 10 22
versicolor lift cumulative_gain 10 8.8 53.2
versicolor lift ks 10 4.95 22.05
multi report precision 6 4.86912393162393 16.4973290598291
multi report recall 6 4.86666666666667 16.5266666666667
multi report f1 6 5.8399466453248 20.4006029078298
multi report support 6 600 2550
multi confusion rows 9 150 752
absent report precision 5 3.84294871794872 11.5104166666667
absent report recall 5 3.84 11.54
absent report f1 5 4.79993597438976 14.4006082432973
absent report support 5 400 1350
absent confusion rows 4 100 252
number residuals values 10 202.019731506197 1583.77967180089
number_1 residuals values 10 198.787377443333 1587.01612957832
number_2 residuals values 10 227.429297097221 1577.22274890834
\.

SELECT model, version FROM mlops_train('ties', 'customers', target => 'churn', features => '{tenure,senior_citizen}', split => '{"method": "none"}');
SELECT model, version FROM mlops_train('multi', 'iris', target => 'species', split => '{"method": "none"}');
SELECT model, version FROM mlops_train('number', 'diabetes', target => 'progression', split => '{"method": "none"}');

-- a column is compared by its number of values, its sum, and its sum weighted with the places
CREATE TEMP TABLE answer (problem text, part text, place bigint, line jsonb);
CREATE FUNCTION compared() RETURNS TABLE (problem text, parts bigint, fields bigint, same bool) LANGUAGE sql AS $$
	WITH a AS (
		SELECT t.problem, t.part, t.field, t.points, t.plain, t.placed, count(value) AS n, sum(value) AS sum, sum(value * place) AS placed_sum
		FROM truth AS t LEFT JOIN (
			SELECT problem, part, field, value::float8, row_number() OVER (PARTITION BY problem, part, field ORDER BY place) AS place
			FROM answer, jsonb_each_text(line) AS e(field, value) WHERE value IS NOT NULL) AS v USING (problem, part, field)
		GROUP BY 1, 2, 3, 4, 5, 6)
	SELECT problem, count(DISTINCT part), count(*), bool_and(coalesce(n = points AND abs(sum - plain) <= 1e-9 * greatest(1, abs(plain)) AND
		abs(placed_sum - placed) <= 1e-9 * greatest(1, abs(placed)), false))
	FROM a GROUP BY problem ORDER BY problem COLLATE "C" $$;
CREATE FUNCTION curves(problem text, model text, source text, by text, label text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO answer SELECT coalesce(replace(a.by_value, ' ', '_'), problem), part, place, line FROM (
		SELECT by_value, 'roc' AS part, ordinality AS place, jsonb_build_object('threshold', threshold, 'false_positive_rate', false_positive_rate,
			'true_positive_rate', true_positive_rate) AS line
		FROM mlops_roc_curve(model, source, by, label) WITH ORDINALITY
		UNION ALL
		SELECT by_value, 'pr', ordinality, jsonb_build_object('threshold', threshold, 'precision', precision, 'recall', recall)
		FROM mlops_pr_curve(model, source, by, label) WITH ORDINALITY
		UNION ALL
		SELECT by_value, strategy, ordinality, jsonb_build_object('mean_predicted', mean_predicted, 'observed', observed)
		FROM unnest('{uniform,quantile}'::text[]) AS strategy, mlops_calibration_curve(model, source, 10, strategy, by, label) WITH ORDINALITY
		UNION ALL
		SELECT by_value, 'f1', ordinality, jsonb_build_object('threshold', threshold, 'precision', precision, 'recall', recall, 'f1', f1)
		FROM mlops_thresholds(model, source, NULL, by, label) WITH ORDINALITY WHERE best
		UNION ALL
		SELECT by_value, 'cost', ordinality, jsonb_build_object('threshold', least(threshold, 2), 'recall', recall, 'cost', cost)
		FROM mlops_thresholds(model, source, '{"fp": 1, "fn": 5}', by, label) WITH ORDINALITY WHERE best
		UNION ALL
		SELECT by_value, 'lift', ordinality, jsonb_build_object('rows', rows, 'positives', positives, 'rate', rate, 'lift', lift,
			'cumulative_gain', cumulative_gain, 'ks', ks)
		FROM mlops_lift(model, source, 10, by, label) WITH ORDINALITY) AS a $$;
CREATE FUNCTION reports(problem text, model text, source text, by text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO answer SELECT coalesce(replace(a.by_value, ' ', '_'), problem), part, place, line FROM (
		SELECT by_value, 'report' AS part, ordinality AS place, jsonb_build_object('precision', coalesce(precision, 0), 'recall', coalesce(recall, 0),
			'f1', f1, 'support', support) AS line
		FROM mlops_classification_report(model, source, by) WITH ORDINALITY
		UNION ALL
		SELECT by_value, 'confusion', ordinality, jsonb_build_object('rows', rows) FROM mlops_confusion_matrix(model, source, by) WITH ORDINALITY) AS a $$;
CREATE FUNCTION errors(model text, source text, by text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO answer SELECT model || coalesce('_' || by_value, ''), 'residuals', ordinality * 20 + place, jsonb_build_object('values', value)
	FROM mlops_residuals(model, source, by) WITH ORDINALITY,
		unnest(ARRAY[mean_predicted, stddev, skew, min, p05, p25, p50, p75, p95, max]) WITH ORDINALITY AS u(value, place) WHERE decile IS NULL $$;
SELECT curves('ties', 'ties', 'customers', NULL, NULL), curves('negative', 'ties/1', 'customers', NULL, 'No'),
	curves('', 'ties', 'customers', 'contract', 'Yes'), curves('versicolor', 'multi', 'iris', NULL, 'versicolor');
SELECT reports('ties', 'ties', 'customers', NULL), reports('', 'ties', 'SELECT * FROM customers', 'contract'), reports('multi', 'multi', 'iris', NULL),
	reports('absent', 'multi', 'SELECT * FROM iris WHERE species <> ''setosa''', NULL);
SELECT errors('number', 'diabetes', NULL), errors('number', 'diabetes', 'sex');
SELECT * FROM compared();

-- what it looks like
SELECT label, round(precision::numeric, 3) AS precision, round(recall::numeric, 3) AS recall, round(f1::numeric, 3) AS f1, support
FROM mlops_classification_report('multi', 'iris');
SELECT * FROM mlops_confusion_matrix('multi', 'iris');
SELECT round(threshold::numeric, 4) AS threshold, false_positive_rate, true_positive_rate FROM mlops_roc_curve('multi', 'iris', label => 'setosa');
SELECT decile, rows, round(mean_predicted::numeric, 3) AS mean_predicted, round(mean_residual::numeric, 3) AS mean_residual,
	round(stddev::numeric, 3) AS stddev, round(p50::numeric, 3) AS p50 FROM mlops_residuals('number', 'diabetes');
SELECT decile, rows, round(positives::numeric, 3) AS positives, round(lift::numeric, 3) AS lift, round(ks::numeric, 3) AS ks FROM mlops_lift('ties', 'customers', 4);
SELECT by_value, count(*), count(*) FILTER (WHERE best) AS best, count(DISTINCT threshold) AS thresholds
FROM mlops_thresholds('ties', 'customers', by => 'contract') GROUP BY by_value ORDER BY by_value;
SELECT count(*), count(*) FILTER (WHERE best) AS best, max(threshold) FROM mlops_thresholds('ties', 'customers', '{"fp": 1, "fn": 5}');
-- where an alarm never pays no row is taken, and where it costs nothing all are
SELECT threshold, recall, cost FROM mlops_thresholds('ties', 'customers', '{"fp": 1000, "fn": 1}') WHERE best;
SELECT recall, cost FROM mlops_thresholds('ties', 'customers', '{"fn": 1}') WHERE best;
SELECT recall, cost FROM mlops_thresholds('ties', 'customers', '{"tp": -10}') WHERE best;

-- slices: values in the order of their type, NULL last; the same as a source of these rows alone
SELECT by_value, value FROM mlops_evaluate('multi', 'SELECT *, CASE WHEN sepal_length < 7 THEN floor(sepal_length)::int + 5 END AS size FROM iris', by => 'size')
WHERE metric = 'rows';
SELECT count(*), count(*) FILTER (WHERE s.value IS DISTINCT FROM a.value) AS differ
FROM mlops_evaluate('ties', 'customers', by => 'contract') AS s
JOIN (SELECT contract, e.* FROM (SELECT DISTINCT contract FROM customers) AS c,
	mlops_evaluate('ties', format('SELECT * FROM customers WHERE contract = %L', contract)) AS e) AS a
	ON a.contract = s.by_value AND a.metric = s.metric AND a.label IS NOT DISTINCT FROM s.label;
SELECT by_value, count(*), sum(rows) FROM mlops_residuals('number', 'SELECT *, bmi > 25 AS heavy FROM diabetes', 'heavy') WHERE decile IS NOT NULL
GROUP BY by_value ORDER BY by_value;
SELECT by_value, support FROM mlops_classification_report('multi', 'SELECT *, sepal_width::numeric(2,0) AS width FROM iris', 'width') WHERE label = 'accuracy';

-- intervals: the same whatever the order of the rows and the number of threads, another one for another seed
CREATE FUNCTION intervals(model text, source text, seed bigint DEFAULT 0) RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(format('%s %s %s %s', metric, label, low, high), ',' ORDER BY metric, label)) FROM mlops_evaluate(model, source, bootstrap => 50, seed => seed) $$;
SET mlops.max_threads = 1;
SELECT intervals('ties', 'customers') AS ties, intervals('multi', 'iris') AS multi, intervals('number', 'diabetes') AS number \gset
SET mlops.max_threads = 2;
SELECT intervals('ties', 'SELECT * FROM customers ORDER BY customer_id DESC') = :'ties' AS ties, intervals('multi', 'SELECT * FROM iris ORDER BY petal_width') = :'multi' AS multi,
	intervals('number', 'SELECT * FROM diabetes ORDER BY -age') = :'number' AS number, intervals('number', 'diabetes', 1) = :'number' AS "other seed";
RESET mlops.max_threads;
SELECT metric, low < value AND value < high AS within, round(((high - low) / value)::numeric, 1) AS width
FROM mlops_evaluate('number', 'diabetes', bootstrap => 200) ORDER BY metric;
SELECT count(*), count(*) FILTER (WHERE low <= value AND value <= high) AS within, count(*) FILTER (WHERE low IS NULL) AS none
FROM mlops_evaluate('ties', 'customers', by => 'contract', bootstrap => 40, coverage => 0.999);
-- the width follows the coverage; a bootstrap of one resample is a point
SELECT bool_and(a.high - a.low > b.high - b.low) AS narrower FROM mlops_evaluate('number', 'diabetes', bootstrap => 100) AS a
JOIN mlops_evaluate('number', 'diabetes', bootstrap => 100, coverage => 0.5) AS b USING (metric);
SELECT bool_and(low = high) AS point FROM mlops_evaluate('number', 'diabetes', bootstrap => 1) WHERE metric <> 'rows';
-- standard error of the mean absolute error: the interval of the normal distribution for 442 rows
WITH e AS (SELECT stddev(abs(d.progression - mlops_predict('number', d))) / sqrt(count(*)) AS se FROM diabetes AS d)
SELECT abs((high - low) / (2 * 1.96 * se) - 1) < 0.1 AS close FROM e, mlops_evaluate('number', 'diabetes', bootstrap => 1000) WHERE metric = 'mae';

-- rows that cannot be judged are left out, and said
SELECT sum(rows) FROM mlops_confusion_matrix('multi', 'SELECT sepal_length, sepal_width, petal_length, petal_width, CASE WHEN sepal_width > 3 THEN species END AS species FROM iris');
SELECT sum(rows) FROM mlops_confusion_matrix('multi', 'SELECT * FROM iris UNION ALL SELECT 1, 2, 3, 4, ''rose'' UNION ALL SELECT 1, 2, 3, 4, NULL');
SELECT rows FROM mlops_residuals('number', 'SELECT *, nullif(progression, 0) FROM diabetes WHERE age > 70') WHERE decile IS NULL;

-- one side only: what sets the sides against each other is NULL
SELECT * FROM mlops_roc_curve('ties', 'SELECT tenure, senior_citizen, churn FROM customers WHERE churn = ''No'' AND tenure > 71 ORDER BY customer_id LIMIT 10');
SELECT count(*), count(recall) AS recalls, count(f1) AS f1s, count(*) FILTER (WHERE best) AS best FROM mlops_thresholds('ties', 'SELECT * FROM customers WHERE churn = ''No''');
SELECT decile, rows, positives, lift, cumulative_gain, ks FROM mlops_lift('ties', 'SELECT * FROM customers WHERE churn = ''Yes''', 2);
SELECT max(precision), count(recall) FROM mlops_pr_curve('ties', 'SELECT * FROM customers WHERE churn = ''No''');
SELECT label, precision, recall, f1 FROM mlops_classification_report('ties', 'SELECT * FROM customers WHERE churn = ''No'' AND tenure > 60') ORDER BY label;
SELECT metric, value, low, high FROM mlops_evaluate('ties', 'SELECT * FROM customers WHERE churn = ''No''', bootstrap => 5) WHERE metric IN ('roc_auc', 'pr_auc');
-- one row
SELECT decile, rows, stddev, skew, p05 = max AS same FROM mlops_residuals('number', 'SELECT * FROM diabetes ORDER BY progression, age LIMIT 1');
SELECT bin, rows FROM mlops_calibration_curve('ties', 'SELECT * FROM customers ORDER BY customer_id LIMIT 1', strategy => 'quantile');
SELECT decile, rows FROM mlops_lift('ties', 'SELECT * FROM customers ORDER BY customer_id LIMIT 1', 7);

-- slices come in the order of their type
CREATE TYPE size AS ENUM ('small', 'middle', 'large');
CREATE DOMAIN whole AS int;
SET datestyle = 'German';
SELECT b, string_agg(coalesce(by_value, 'NULL'), ', ' ORDER BY ordinality) AS slices
FROM unnest('{a number,an enum,a domain,a date,an interval,a text}'::text[]) AS b, mlops_residuals('number', $$SELECT d.*, (bmi * 10)::int % 3 * 9 AS "a number",
	(enum_range(NULL::size))[(bmi * 10)::int % 3 + 1] AS "an enum", nullif('2024-01-21'::date + (bmi * 10)::int % 4 * 11, '2024-02-01') AS "a date",
	(bmi * 10)::int % 3 * 9 * interval '1 day' AS "an interval", (bmi * 10)::int % 3 * 9 || ' a' AS "a text", ((bmi * 10)::int % 3 * 9)::whole AS "a domain" FROM diabetes AS d$$, by => b)
	WITH ORDINALITY WHERE decile IS NULL GROUP BY b ORDER BY b;
RESET datestyle;

-- without a source: the test rows, from the record
SELECT model, version FROM mlops_train('held back', 'SELECT *, sepal_length > 6 AS test FROM iris', target => 'species', split => '{"method": "column", "column": "test"}');
SELECT r.label, r.support, bool_and((r.precision, r.recall, r.f1, r.support) IS NOT DISTINCT FROM (s.precision, s.recall, s.f1, s.support)) AS same
FROM mlops_classification_report('held back') AS r LEFT JOIN mlops_classification_report('held back', 'SELECT * FROM iris WHERE sepal_length > 6') AS s USING (label)
GROUP BY r.label, r.support ORDER BY r.label;

-- bad input
CREATE FUNCTION refused(call text) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT * FROM ' || call;
	message := 'no error';
	RETURN NEXT;
EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN NEXT;
END $$;
\pset format unaligned
SELECT r.* FROM unnest(ARRAY[
	'mlops_classification_report(''number'', ''diabetes'')', 'mlops_roc_curve(''number'', ''diabetes'')', 'mlops_residuals(''ties'', ''customers'')',
	'mlops_roc_curve(''ties'', ''customers'', by => ''contrakt'')', 'mlops_evaluate(''ties'', ''customers'', by => ''nothing'')',
	'mlops_pr_curve(''multi'', ''iris'')', 'mlops_pr_curve(''multi'', ''iris'', label => ''versicolour'')', 'mlops_lift(''ties'', ''customers'', label => ''yes'')',
	'mlops_calibration_curve(''ties'', ''customers'', 1)', 'mlops_calibration_curve(''ties'', ''customers'', 1000000)', 'mlops_calibration_curve(''ties'', ''customers'', NULL)',
	'mlops_calibration_curve(''ties'', ''customers'', strategy => ''quantiles'')', 'mlops_lift(''ties'', ''customers'', 0)',
	'mlops_thresholds(''ties'', ''customers'', ''{"fq": 1}'')', 'mlops_thresholds(''ties'', ''customers'', ''{"fp": "1"}'')', 'mlops_thresholds(''ties'', ''customers'', ''{"fp": 1e400}'')',
	'mlops_thresholds(''ties'', ''customers'', ''{}'')', 'mlops_thresholds(''ties'', ''customers'', ''{"fp": {"a": 1}}'')', 'mlops_thresholds(''ties'', ''customers'', ''[1]'')',
	'mlops_evaluate(''ties'', ''customers'', bootstrap => -1)', 'mlops_evaluate(''ties'', ''customers'', bootstrap => 2000000000)',
	'mlops_evaluate(''ties'', ''customers'', bootstrap => 10, coverage => 1)', 'mlops_evaluate(''ties'', ''customers'', bootstrap => 10, coverage => ''NaN'')',
	'mlops_evaluate(''ties'', ''customers'', bootstrap => NULL)', 'mlops_evaluate(''ties'', ''customers'', seed => NULL)',
	'mlops_confusion_matrix(''ties'', ''SELECT * FROM customers WHERE false'')', 'mlops_residuals(''number'', ''SELECT * FROM diabetes WHERE false'', ''sex'')',
	'mlops_confusion_matrix(''ties'', ''SELECT tenure, senior_citizen, ''''perhaps'''' AS churn FROM customers'')',
	'mlops_roc_curve(''ties'', ''SELECT tenure, churn FROM customers'')', 'mlops_roc_curve(''ties'', ''SELECT tenure, senior_citizen FROM customers'')',
	'mlops_residuals(''number'', ''SELECT d.*, i AS id FROM diabetes AS d, generate_series(1, 50) AS i'', ''bmi'')',
	'mlops_confusion_matrix(''multi'', ''SELECT iris.*, row_number() OVER () AS id FROM iris, generate_series(1, 100) AS i'', ''id'')',
	'mlops_classification_report(''multi'')', 'mlops_classification_report(''number'')', 'mlops_classification_report(''held back'', by => ''species'')',
	'mlops_roc_curve(''tie'', ''customers'')', 'mlops_evaluate(''ties'', ''nothing'')',
	'mlops_evaluate(''number'', ''SELECT age, sex, bmi, bp, tc, ldl, hdl, ltg, glu, progression FROM diabetes'')']) AS call, refused(call) AS r;
\pset format aligned
-- what does not fit into memory is refused with both numbers
SET mlops.max_memory = '1MB';
SELECT left(message, 22) AS message, hint FROM refused('mlops_evaluate(''ties'', ''SELECT c.* FROM customers AS c, generate_series(1, 20) AS i'')');
SELECT left(message, 38) AS message, hint FROM refused('mlops_evaluate(''number'', ''diabetes'', bootstrap => 100000)');
SELECT left(message, 22) AS message FROM unnest(ARRAY['mlops_roc_curve(''ties'', ''SELECT c.* FROM customers AS c, generate_series(1, 3) AS i'')',
	'mlops_evaluate(''ties'', ''SELECT c.* FROM customers AS c, generate_series(1, 3) AS i'')',
	'mlops_residuals(''number'', ''SELECT d.* FROM diabetes AS d, generate_series(1, 60) AS i'')']) AS call, refused(call);
RESET mlops.max_memory;

SELECT count(mlops_drop(model)) AS dropped FROM mlops.models WHERE model IN ('ties', 'multi', 'number', 'held back');
DROP FUNCTION compared, curves, reports, errors, intervals, refused;
DROP TYPE size, whole;
