-- What mlops_profile says of a source: against pandas, numpy and scipy to 1e-9, and of columns of every kind.
SET mlops.progress = off;

-- test/reference/profile.py
CREATE TEMP TABLE truth (source text, column_name text, statistic text, value float8);
COPY truth FROM stdin (DELIMITER ' ');
penguins species nulls 0
penguins species distinct_values 3
penguins island nulls 0
penguins island distinct_values 3
penguins bill_length_mm nulls 2
penguins bill_length_mm distinct_values 164
penguins bill_length_mm mean 43.9219298245614
penguins bill_length_mm stddev 5.45958371392653
penguins bill_length_mm skew 0.0528848085932766
penguins bill_length_mm p01 34.041
penguins bill_length_mm p05 35.7
penguins bill_length_mm p25 39.225
penguins bill_length_mm p50 44.45
penguins bill_length_mm p75 48.5
penguins bill_length_mm p95 51.995
penguins bill_length_mm p99 55.513
penguins bill_length_mm zeros 0
penguins bill_length_mm outliers_iqr 0
penguins bill_length_mm outliers_z 0
penguins bill_length_mm histogram 3118
penguins bill_depth_mm nulls 2
penguins bill_depth_mm distinct_values 80
penguins bill_depth_mm mean 17.1511695906433
penguins bill_depth_mm stddev 1.97479315681678
penguins bill_depth_mm skew -0.142834626202594
penguins bill_depth_mm p01 13.441
penguins bill_depth_mm p05 13.9
penguins bill_depth_mm p25 15.6
penguins bill_depth_mm p50 17.3
penguins bill_depth_mm p75 18.7
penguins bill_depth_mm p95 20
penguins bill_depth_mm p99 21.1
penguins bill_depth_mm zeros 0
penguins bill_depth_mm outliers_iqr 0
penguins bill_depth_mm outliers_z 0
penguins bill_depth_mm histogram 3488
penguins flipper_length_mm nulls 2
penguins flipper_length_mm distinct_values 55
penguins flipper_length_mm mean 200.915204678363
penguins flipper_length_mm stddev 14.0617136793569
penguins flipper_length_mm skew 0.344163833530009
penguins flipper_length_mm p01 178
penguins flipper_length_mm p05 181
penguins flipper_length_mm p25 190
penguins flipper_length_mm p50 197
penguins flipper_length_mm p75 213
penguins flipper_length_mm p95 225
penguins flipper_length_mm p99 230
penguins flipper_length_mm zeros 0
penguins flipper_length_mm outliers_iqr 0
penguins flipper_length_mm outliers_z 0
penguins flipper_length_mm histogram 3531
penguins body_mass_g nulls 2
penguins body_mass_g distinct_values 94
penguins body_mass_g mean 4201.75438596491
penguins body_mass_g stddev 801.954535698096
penguins body_mass_g skew 0.468263964166992
penguins body_mass_g p01 2900
penguins body_mass_g p05 3150
penguins body_mass_g p25 3550
penguins body_mass_g p50 4050
penguins body_mass_g p75 4750
penguins body_mass_g p95 5650
penguins body_mass_g p99 5979.5
penguins body_mass_g zeros 0
penguins body_mass_g outliers_iqr 0
penguins body_mass_g outliers_z 0
penguins body_mass_g histogram 3027
penguins sex nulls 11
penguins sex distinct_values 2
customers customer_id nulls 0
customers customer_id distinct_values 7043
customers churn nulls 0
customers churn distinct_values 2
customers female nulls 0
customers female distinct_values 2
customers female mean 0.495243504188556
customers female stddev 0.500012873647176
customers female skew 0.0190268442015063
customers female p01 0
customers female p05 0
customers female p25 0
customers female p50 0
customers female p75 1
customers female p95 1
customers female p99 1
customers female zeros 3555
customers female outliers_iqr 0
customers female outliers_z 0
customers senior_citizen nulls 0
customers senior_citizen distinct_values 2
customers senior_citizen mean 0.162146812437882
customers senior_citizen stddev 0.368611605610027
customers senior_citizen skew 1.83324219860798
customers senior_citizen p01 0
customers senior_citizen p05 0
customers senior_citizen p25 0
customers senior_citizen p50 0
customers senior_citizen p75 0
customers senior_citizen p95 1
customers senior_citizen p99 1
customers senior_citizen zeros 5901
customers senior_citizen outliers_iqr 1142
customers senior_citizen outliers_z 0
customers partner nulls 0
customers partner distinct_values 2
customers partner mean 0.483032798523357
customers partner stddev 0.499747510720017
customers partner skew 0.0679079166361663
customers partner p01 0
customers partner p05 0
customers partner p25 0
customers partner p50 0
customers partner p75 1
customers partner p95 1
customers partner p99 1
customers partner zeros 3641
customers partner outliers_iqr 0
customers partner outliers_z 0
customers dependents nulls 0
customers dependents distinct_values 2
customers dependents mean 0.299588243646173
customers dependents stddev 0.458110167510008
customers dependents skew 0.875012168732442
customers dependents p01 0
customers dependents p05 0
customers dependents p25 0
customers dependents p50 0
customers dependents p75 1
customers dependents p95 1
customers dependents p99 1
customers dependents zeros 4933
customers dependents outliers_iqr 0
customers dependents outliers_z 0
customers tenure nulls 0
customers tenure distinct_values 73
customers tenure mean 32.3711486582422
customers tenure stddev 24.5594810230942
customers tenure skew 0.239488729984622
customers tenure p01 1
customers tenure p05 1
customers tenure p25 9
customers tenure p50 29
customers tenure p75 55
customers tenure p95 72
customers tenure p99 72
customers tenure zeros 11
customers tenure outliers_iqr 0
customers tenure outliers_z 0
customers tenure histogram 66864
customers phone_service nulls 0
customers phone_service distinct_values 2
customers phone_service mean 0.903166264375976
customers phone_service stddev 0.29575223178365
customers phone_service skew -2.72657208206674
customers phone_service p01 0
customers phone_service p05 0
customers phone_service p25 1
customers phone_service p50 1
customers phone_service p75 1
customers phone_service p95 1
customers phone_service p99 1
customers phone_service zeros 682
customers phone_service outliers_iqr 682
customers phone_service outliers_z 0
customers multiple_lines nulls 0
customers multiple_lines distinct_values 3
customers internet_service nulls 0
customers internet_service distinct_values 3
customers online_security nulls 0
customers online_security distinct_values 3
customers online_backup nulls 0
customers online_backup distinct_values 3
customers device_protection nulls 0
customers device_protection distinct_values 3
customers tech_support nulls 0
customers tech_support distinct_values 3
customers streaming_tv nulls 0
customers streaming_tv distinct_values 3
customers streaming_movies nulls 0
customers streaming_movies distinct_values 3
customers contract nulls 0
customers contract distinct_values 3
customers paperless_billing nulls 0
customers paperless_billing distinct_values 2
customers paperless_billing mean 0.592219224762175
customers paperless_billing stddev 0.491456924049444
customers paperless_billing skew -0.3753157919539
customers paperless_billing p01 0
customers paperless_billing p05 0
customers paperless_billing p25 0
customers paperless_billing p50 1
customers paperless_billing p75 1
customers paperless_billing p95 1
customers paperless_billing p99 1
customers paperless_billing zeros 2872
customers paperless_billing outliers_iqr 0
customers paperless_billing outliers_z 0
customers payment_method nulls 0
customers payment_method distinct_values 4
customers monthly_charges nulls 0
customers monthly_charges distinct_values 1585
customers monthly_charges mean 64.7616924605992
customers monthly_charges stddev 30.0900470976785
customers monthly_charges skew -0.220477464439177
customers monthly_charges p01 19.2
customers monthly_charges p05 19.65
customers monthly_charges p25 35.5
customers monthly_charges p50 70.35
customers monthly_charges p75 89.85
customers monthly_charges p95 107.4
customers monthly_charges p99 114.729
customers monthly_charges zeros 0
customers monthly_charges outliers_iqr 0
customers monthly_charges outliers_z 0
customers monthly_charges histogram 69613
customers total_charges nulls 11
customers total_charges distinct_values 6530
customers total_charges mean 2283.30044084187
customers total_charges stddev 2266.77136188315
customers total_charges skew 0.961437359049007
customers total_charges p01 19.9
customers total_charges p05 49.605
customers total_charges p25 401.45
customers total_charges p50 1397.475
customers total_charges p75 3794.7375
customers total_charges p95 6923.59
customers total_charges p99 8039.883
customers total_charges zeros 0
customers total_charges outliers_iqr 0
customers total_charges outliers_z 136
customers total_charges histogram 40654
diabetes age nulls 0
diabetes age distinct_values 58
diabetes age mean 48.5180995475113
diabetes age stddev 13.1090278220411
diabetes age skew -0.230595560123989
diabetes age p01 20
diabetes age p05 25
diabetes age p25 38.25
diabetes age p50 50
diabetes age p75 59
diabetes age p95 68
diabetes age p99 73.59
diabetes age zeros 0
diabetes age outliers_iqr 0
diabetes age outliers_z 0
diabetes age histogram 4648
diabetes sex nulls 0
diabetes sex distinct_values 2
diabetes sex mean 1.4683257918552
diabetes sex stddev 0.499561170435354
diabetes sex skew 0.126951818864005
diabetes sex p01 1
diabetes sex p05 1
diabetes sex p25 1
diabetes sex p50 1
diabetes sex p75 2
diabetes sex p95 2
diabetes sex p99 2
diabetes sex zeros 0
diabetes sex outliers_iqr 0
diabetes sex outliers_z 0
diabetes bmi nulls 0
diabetes bmi distinct_values 163
diabetes bmi mean 26.3757918552036
diabetes bmi stddev 4.41812156061577
diabetes bmi skew 0.596116655621437
diabetes bmi p01 18.8
diabetes bmi p05 20.2
diabetes bmi p25 23.2
diabetes bmi p50 25.7
diabetes bmi p75 29.275
diabetes bmi p95 34.3
diabetes bmi p99 38.118
diabetes bmi zeros 0
diabetes bmi outliers_iqr 3
diabetes bmi outliers_z 2
diabetes bmi histogram 3297
diabetes bp nulls 0
diabetes bp distinct_values 100
diabetes bp mean 94.6470135746606
diabetes bp stddev 13.831283419783
diabetes bp skew 0.289671038275908
diabetes bp p01 67.64
diabetes bp p05 73.05
diabetes bp p25 84
diabetes bp p50 93
diabetes bp p75 105
diabetes bp p95 118.95
diabetes bp p99 125.59
diabetes bp zeros 0
diabetes bp outliers_iqr 0
diabetes bp outliers_z 0
diabetes bp histogram 4286
diabetes tc nulls 0
diabetes tc distinct_values 141
diabetes tc mean 189.140271493213
diabetes tc stddev 34.6080516750431
diabetes tc skew 0.376823822728095
diabetes tc p01 117.23
diabetes tc p05 136
diabetes tc p25 164.25
diabetes tc p50 186
diabetes tc p75 209.75
diabetes tc p95 249.95
diabetes tc p99 281.59
diabetes tc zeros 0
diabetes tc outliers_iqr 8
diabetes tc outliers_z 0
diabetes tc histogram 4207
diabetes ldl nulls 0
diabetes ldl distinct_values 302
diabetes ldl mean 115.439140271493
diabetes ldl stddev 30.4130809692765
diabetes ldl skew 0.43510875835702
diabetes ldl p01 51.984
diabetes ldl p05 69
diabetes ldl p25 96.05
diabetes ldl p50 113
diabetes ldl p75 134.5
diabetes ldl p95 166.19
diabetes ldl p99 197.036
diabetes ldl zeros 0
diabetes ldl outliers_iqr 7
diabetes ldl outliers_z 2
diabetes ldl histogram 3476
diabetes hdl nulls 0
diabetes hdl distinct_values 63
diabetes hdl mean 49.7884615384615
diabetes hdl stddev 12.9342021548633
diabetes hdl skew 0.796540153097294
diabetes hdl p01 28.41
diabetes hdl p05 32
diabetes hdl p25 40.25
diabetes hdl p50 48
diabetes hdl p75 57.75
diabetes hdl p95 70.95
diabetes hdl p99 89.7699999999999
diabetes hdl zeros 0
diabetes hdl outliers_iqr 7
diabetes hdl outliers_z 4
diabetes hdl histogram 3417
diabetes tch nulls 0
diabetes tch distinct_values 66
diabetes tch mean 4.07024886877828
diabetes tch stddev 1.29044989660828
diabetes tch skew 0.732875679657332
diabetes tch p01 2
diabetes tch p05 2
diabetes tch p25 3
diabetes tch p50 4
diabetes tch p75 5
diabetes tch p95 6.259
diabetes tch p99 7.77699999999999
diabetes tch zeros 0
diabetes tch outliers_iqr 2
diabetes tch outliers_z 0
diabetes tch histogram 2771
diabetes ltg nulls 0
diabetes ltg distinct_values 184
diabetes ltg mean 4.64141085972851
diabetes ltg stddev 0.522390561069491
diabetes ltg skew 0.290762679965343
diabetes ltg p01 3.5835
diabetes ltg p05 3.8501
diabetes ltg p25 4.2767
diabetes ltg p50 4.62005
diabetes ltg p75 4.9972
diabetes ltg p95 5.508585
diabetes ltg p99 6.063644
diabetes ltg zeros 0
diabetes ltg outliers_iqr 4
diabetes ltg outliers_z 0
diabetes ltg histogram 4504
diabetes glu nulls 0
diabetes glu distinct_values 56
diabetes glu mean 91.2601809954751
diabetes glu stddev 11.4963347393342
diabetes glu skew 0.207210350561512
diabetes glu p01 66.82
diabetes glu p05 73
diabetes glu p25 83.25
diabetes glu p50 91
diabetes glu p75 98
diabetes glu p95 111
diabetes glu p99 122.59
diabetes glu zeros 0
diabetes glu outliers_iqr 9
diabetes glu outliers_z 0
diabetes glu histogram 4696
diabetes progression nulls 0
diabetes progression distinct_values 214
diabetes progression mean 152.133484162896
diabetes progression stddev 77.0930045329911
diabetes progression skew 0.439066399324773
diabetes progression p01 39.41
diabetes progression p05 51
diabetes progression p25 87
diabetes progression p50 140.5
diabetes progression p75 211.5
diabetes progression p95 282.9
diabetes progression p99 319.36
diabetes progression zeros 0
diabetes progression outliers_iqr 0
diabetes progression outliers_z 0
diabetes progression histogram 3707
\.
CREATE TEMP TABLE found AS
SELECT s.source, p.column_name, v.* FROM (VALUES ('penguins'), ('customers'), ('diabetes')) AS s (source), mlops_profile(s.source) AS p,
	LATERAL (VALUES ('nulls', nulls), ('distinct_values', distinct_values), ('mean', mean), ('stddev', stddev), ('skew', skew),
		('p01', p01), ('p05', p05), ('p25', p25), ('p50', p50), ('p75', p75), ('p95', p95), ('p99', p99), ('zeros', zeros),
		('outliers_iqr', outliers_iqr), ('outliers_z', outliers_z),
		('histogram', (SELECT sum(i * c) FROM unnest(histogram_counts) WITH ORDINALITY AS h (c, i)))) AS v (statistic, value)
WHERE p.exact;
SELECT source, count(*) AS statistics, count(*) FILTER (WHERE abs(f.value - t.value) <= 1e-9 * greatest(abs(t.value), 1)) AS same
FROM truth AS t LEFT JOIN found AS f USING (source, column_name, statistic) GROUP BY source ORDER BY source;
SELECT source, column_name, statistic, t.value, f.value FROM truth AS t LEFT JOIN found AS f USING (source, column_name, statistic)
WHERE (abs(f.value - t.value) <= 1e-9 * greatest(abs(t.value), 1)) IS NOT TRUE;

-- columns of every kind
CREATE TYPE pair AS (a int, b text);
CREATE TABLE kinds AS
SELECT i AS whole, i::bigint * 1000000007 AS big, i / 8.0::float4 AS single, CASE i % 10 WHEN 0 THEN 'NaN' WHEN 1 THEN 'infinity' WHEN 2 THEN NULL ELSE i / 4.0 END::float8 AS wild,
	(i * 1.25)::numeric(12, 3) AS exact_number, i % 3 = 0 AS truth, '2020-01-01'::date + i AS day, '2020-01-01 00:00:00'::timestamp + i * interval '1 hour 1.5 s' AS moment,
	'2020-01-01 00:00:00+00'::timestamptz + i * interval '1 day' AS instant, '00:00'::time + i * interval '1 minute' AS clock, i * interval '90 min' AS span,
	'name ' || i AS label, CASE i % 4 WHEN 0 THEN ' Paris' WHEN 1 THEN 'paris' WHEN 2 THEN 'PARIS' ELSE 'Rome  IT' END AS city,
	i::text AS number_text, to_char('2020-01-01'::date + i, 'DD.MM.YYYY') AS date_text, CASE WHEN i % 5 = 0 THEN 'N/A' ELSE (i % 7)::text END AS gap,
	CASE WHEN i % 25 = 0 THEN -999 ELSE i % 50 END AS coded, CASE WHEN i = 1 THEN 1e6 ELSE i % 13 END::float8 AS spiked, 7 AS same, NULL::int AS nothing,
	CASE WHEN i > 190 THEN i % 3 END AS sparse, md5(i::text)::uuid AS id, '12-ab-' || i AS code, to_char('2020-01-01'::date + i, 'DD Mon YYYY HH24:MI') AS spoken, '{"a": 1}'::json AS doc, '\x00'::bytea AS bytes, point(i, i) AS place,
	CASE WHEN i % 2 = 0 THEN ARRAY[i, i] END AS vector, ROW(i, 'x')::pair AS pair, 'c' || i % 4 AS "We""ird Ünï"
FROM generate_series(1, 200) AS i;
INSERT INTO kinds (day, instant) VALUES ('infinity', '-infinity');
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';
SELECT column_name, data_type, rows, nulls, distinct_values AS distinct, min, max, round(mean::numeric, 3) AS mean, zeros, infinities AS infinite, remark FROM mlops_profile('kinds');
SELECT column_name, sparkline, histogram_counts, top_values FROM mlops_profile('kinds', '{wild,truth,city,coded,sparse}');

-- by a column: NULL is a group of its own, numbers are in their order
SELECT by_value, column_name, rows, nulls, distinct_values AS distinct, min, max, remark FROM mlops_profile('kinds', '{wild,city,day,doc}', by => 'truth');
SELECT by_value, column_name, rows, min, max, round(mean::numeric, 6) AS mean FROM mlops_profile('SELECT cyl * 2 AS cyl2, hwy, class FROM mpg', by => 'cyl2');
-- groups add up to what SQL says of them
SELECT count(*) AS groups, bool_and(p.rows = m.rows AND p.nulls = m.nulls AND abs(p.mean - m.mean) < 1e-9 AND abs(p.p25 - m.p25) < 1e-9 AND p.distinct_values = m.values) AS same
FROM mlops_profile('SELECT i % 1000 AS g, CASE WHEN i % 7 > 0 THEN i::bigint * i % 1013 END AS x FROM generate_series(1, 50000) AS i', by => 'g') AS p
	JOIN (SELECT (i % 1000)::text AS g, count(*) AS rows, count(*) - count(x) AS nulls, avg(x) AS mean, percentile_cont(0.25) WITHIN GROUP (ORDER BY x) AS p25, count(DISTINCT x) AS values
		FROM (SELECT i, CASE WHEN i % 7 > 0 THEN i::bigint * i % 1013 END AS x FROM generate_series(1, 50000) AS i) AS t GROUP BY 1) AS m ON m.g = p.by_value;

-- few rows, none, many columns
SELECT column_name, rows, distinct_values AS distinct, mean, stddev, remark FROM mlops_profile('SELECT 1 AS a, ''x'' AS b, NULL::float8 AS c');
SELECT column_name, rows, nulls, mean, min, top_values, sparkline, remark FROM mlops_profile('SELECT 1 AS a, ''x'' AS b WHERE false');
SELECT count(*) AS columns, sum(rows) AS rows FROM mlops_profile((SELECT 'SELECT ' || string_agg(i || ' AS c' || i, ', ') FROM generate_series(1, 1000) AS i));
SELECT count(*) FROM mlops_profile('SELECT 1 AS a WHERE false', by => 'a', columns => '{a}');
CREATE VIEW kinds_view AS SELECT whole, city FROM kinds WHERE whole <= 10;
SELECT column_name, rows FROM mlops_profile('kinds_view');

-- beyond mlops.max_memory: estimates that stay near the truth, in sums and extremes nothing is lost
CREATE VIEW many AS SELECT i, i::bigint * i % 10007 AS x, CASE WHEN i % 4 = 0 THEN NULL ELSE ln(i) END AS l, md5(i::text) AS t, 'k' || i % 5 AS k,
	CASE WHEN i % 3 = 0 THEN 'often' ELSE i::text END AS o FROM generate_series(1, 100000) AS i;
CREATE TEMP TABLE whole AS SELECT * FROM mlops_profile('many');
SET mlops.max_memory = '2MB';
CREATE TEMP TABLE sketched AS SELECT * FROM mlops_profile('many');
CREATE TEMP TABLE grouped AS SELECT * FROM mlops_profile('many', by => 'k');
RESET mlops.max_memory;
SELECT column_name, w.exact, s.exact AS sketched_exact, s.rows = w.rows AND s.nulls = w.nulls AND s.min = w.min AND s.max = w.max AS same, abs(s.distinct_values::numeric / w.distinct_values - 1) < 0.04 AS distinct,
	abs(s.mean / w.mean - 1) < 1e-12 AS mean, abs(s.stddev / w.stddev - 1) < 1e-12 AS stddev, abs(s.skew - w.skew) < 1e-9 AS skew,
	(SELECT count(*) FROM unnest(ARRAY[s.p01, s.p05, s.p25, s.p50, s.p75, s.p95, s.p99], ARRAY[w.p01, w.p05, w.p25, w.p50, w.p75, w.p95, w.p99]) AS q (a, b)
		WHERE abs(a - b) < 0.005 * CASE WHEN w.p50 IS NOT NULL THEN w.max::float8 - w.min::float8 END) AS quantiles, (SELECT sum(c) FROM unnest(s.histogram_counts) AS c) AS counted, s.top_values -> 0 ->> 'value' AS top, s.remark
FROM whole AS w JOIN sketched AS s USING (column_name) ORDER BY column_name COLLATE "C";
SELECT by_value, column_name, exact, rows, nulls, distinct_values BETWEEN 0.85 * rows AND rows AS distinct, abs(p50 - 50000) < 1000 AS median FROM grouped WHERE column_name IN ('i', 't') ORDER BY by_value, column_name;
DROP VIEW many;

SELECT * FROM mlops_profile('kinds', '{whol}');
SELECT * FROM mlops_profile('kinds', by => 'truht');
SELECT * FROM mlops_profile('kindz');
SELECT * FROM mlops_profile(NULL);
SELECT * FROM mlops_profile('kinds', ARRAY[NULL]);
SELECT * FROM mlops_profile('SELECT i AS g, i FROM generate_series(1, 10001) AS i', by => 'g');
CREATE ROLE profile_reader;
SET ROLE profile_reader;
SELECT * FROM mlops_profile('kinds');
RESET ROLE;
GRANT SELECT ON kinds TO profile_reader;
ALTER TABLE kinds ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON kinds USING (whole <= 5);
SET ROLE profile_reader;
SELECT column_name, rows, max FROM mlops_profile('kinds', '{whole}');
RESET ROLE;
REVOKE ALL ON kinds FROM profile_reader;
DROP VIEW kinds_view;
DROP TABLE kinds;
DROP TYPE pair;
DROP ROLE profile_reader;
