-- Preprocessing against scikit-learn, to 1e-9: coefficients of models on what it makes of the same columns.
SET mlops.progress = off;

-- test/reference/preprocess.py
CREATE TEMP TABLE truth (problem text, feature text, estimate float8);
COPY truth FROM stdin (DELIMITER '|');
mean_standard|intercept|-978.588595911956
mean_standard|bill_length_mm|22.2885701922769
mean_standard|bill_depth_mm|17.8210711824447
mean_standard|flipper_length_mm|18.7613523169042
mean_standard|species=Adelie|-129.954610740723
mean_standard|species=Chinstrap|-418.639484713225
mean_standard|species=Gentoo|548.594095454259
mean_standard|island=Biscoe|28.548284734807
mean_standard|island=Dream|-15.0384189768247
mean_standard|island=Torgersen|-13.5098657581736
mean_standard|sex=female|-151.854523386186
mean_standard|sex=male|283.334343278513
mean_standard|sex is null|-131.479819892476
median_robust|intercept|-915.058938569721
median_robust|bill_length_mm|22.1469527889281
median_robust|bill_depth_mm|18.9034382232504
median_robust|bill_depth_mm is null|-43.2683456572739
median_robust|flipper_length_mm|18.412437698731
median_robust|species=Adelie|-137.653906033178
median_robust|species=Chinstrap|-421.331971318296
median_robust|species=Gentoo|558.985877351825
median_robust|island=Biscoe|26.5509616103031
median_robust|island=Dream|-14.4886111718646
median_robust|island=Torgersen|-12.0623504385772
median_robust|sex=female|-151.50805452074
median_robust|sex=male|284.810038224949
median_robust|sex is null|-133.301983704364
frequent_minmax|intercept|-33.9940176379932
frequent_minmax|bill_length_mm|18.0305596128057
frequent_minmax|bill_depth_mm|17.5717539441805
frequent_minmax|flipper_length_mm|15.0452669240303
frequent_minmax|species=Adelie|-200.285883973327
frequent_minmax|species=Chinstrap|-420.859735063267
frequent_minmax|species=Gentoo|621.14561903702
frequent_minmax|island=Biscoe|24.070616779605
frequent_minmax|island=Dream|-17.6712534790865
frequent_minmax|island=Torgersen|-6.39936330070377
frequent_minmax|sex=female|-165.530539726976
frequent_minmax|sex=male|310.350663733966
frequent_minmax|sex is null|-144.820124007139
constant_none|intercept|-987.39921241317
constant_none|bill_length_mm|23.2257527003531
constant_none|bill_depth_mm|10.519722627417
constant_none|bill_depth_mm is null|161.681223196709
constant_none|flipper_length_mm|19.2579042890577
constant_none|species=Adelie|-114.110895798189
constant_none|species=Chinstrap|-412.982988121986
constant_none|species=Gentoo|527.093883920531
constant_none|island=Biscoe|26.929116919783
constant_none|island=Dream|-15.2164321595668
constant_none|island=Torgersen|-11.7126847603399
constant_none|sex=female|-151.896965135372
constant_none|sex=male|283.584267419138
constant_none|sex is null|-131.687302283917
customers|intercept|52.4210334815741
customers|tenure|-0.897464335946132
customers|total_charges|0.0168786674688925
customers|senior_citizen|3.98068018647172
customers|contract=Month-to-month|4.63910827061318
customers|contract=One year|-1.47214009040685
customers|contract=Two year|-3.16696818021004
customers|payment_method=Bank transfer (automatic)|1.15338724162566
customers|payment_method=Credit card (automatic)|0.452260493914129
customers|payment_method=Electronic check|6.94637310282754
customers|payment_method=Mailed check|-8.5520208384939
min_frequency|intercept|34.1249755022123
min_frequency|displ|-3.31033100404999
min_frequency|trans=auto(l4)|-1.13312060838315
min_frequency|trans=auto(l5)|-1.58751383884872
min_frequency|trans=auto(s6)|0.807433592958264
min_frequency|trans=manual(m5)|-0.230541532432053
min_frequency|trans=manual(m6)|1.17851895656144
min_frequency|trans=(other)|0.96522343014466
min_frequency|model=caravan 2wd|0.0224925419467376
min_frequency|model=ram 1500 pickup 4wd|-1.52362339853676
min_frequency|model=(other)|1.50113085659016
min_share|intercept|35.7745729114561
min_share|displ|-3.41387146804531
min_share|trans=auto(l4)|-1.11251893935334
min_share|trans=auto(l5)|-1.63921958073659
min_share|trans=auto(s6)|1.00024797482216
min_share|trans=manual(m5)|-0.14960340981815
min_share|trans=manual(m6)|0.945636514935091
min_share|trans=(other)|0.955457440151232
min_share|model=(other)|0
max_categories|intercept|35.7745729114561
max_categories|displ|-3.41387146804531
max_categories|trans=auto(l4)|-1.11251893935334
max_categories|trans=auto(l5)|-1.63921958073658
max_categories|trans=auto(s6)|1.00024797482217
max_categories|trans=manual(m5)|-0.149603409818146
max_categories|trans=manual(m6)|0.945636514935094
max_categories|trans=(other)|0.955457440151237
both|intercept|35.2936042047197
both|displ|-3.41472222145217
both|trans=auto(l4)|-0.634152570189079
both|trans=auto(l5)|-1.16702521365438
both|trans=manual(m5)|0.325498783498789
both|trans=(other)|1.47567900034493
drop_first|intercept|39.01726033358
drop_first|displ|-0.937042124858932
drop_first|drv=f|2.56020069039816
drop_first|drv=r|1.39609053999242
drop_first|fl=d|2.66514604689541
drop_first|fl=e|-10.3618953595212
drop_first|fl=p|-6.43712399981825
drop_first|fl=r|-5.98325648440501
drop_first|class=compact|-3.62000298099684
drop_first|class=midsize|-3.43577538716439
drop_first|class=minivan|-7.04871234892354
drop_first|class=pickup|-8.68528536168907
drop_first|class=subcompact|-3.89078519923212
drop_first|class=suv|-8.08848125757625
drop_first|cyl=5|-0.746205137311411
drop_first|cyl=6|-2.8670103964792
drop_first|cyl=8|-3.40404738462321
\.

-- more holes than nature made
CREATE VIEW birds AS SELECT species, island, sex, bill_length_mm, CASE WHEN flipper_length_mm % 7 > 0 THEN bill_depth_mm END AS bill_depth_mm,
	flipper_length_mm, body_mass_g FROM penguins;
CREATE TEMP TABLE problems (problem text, source text, target text, algorithm text, features text[], preprocess jsonb);
INSERT INTO problems VALUES
	('mean_standard', 'birds', 'body_mass_g', 'ridge', NULL, '{}'),
	('median_robust', 'birds', 'body_mass_g', 'ridge', NULL, '{"*": {"impute": "median", "scale": "robust"}, "bill_depth_mm": {"indicator": true}}'),
	('frequent_minmax', 'birds', 'body_mass_g', 'ridge', NULL, '{"*": {"impute": "most_frequent", "scale": "minmax"}}'),
	('constant_none', 'birds', 'body_mass_g', 'ridge', NULL,
	 '{"*": {"impute": "constant", "fill": -2.5, "scale": "none"}, "bill_depth_mm": {"indicator": true}}'),
	('customers', 'customers', 'monthly_charges', 'ridge', '{tenure,total_charges,senior_citizen,contract,payment_method}', '{}'),
	('min_frequency', 'mpg', 'hwy', 'ridge', '{displ,trans,model}', '{"*": {"min_frequency": 10}}'),
	('min_share', 'mpg', 'hwy', 'ridge', '{displ,trans,model}', '{"*": {"min_frequency": 0.05}}'),
	-- scikit-learn counts its class for rare values as one of the categories
	('max_categories', 'mpg', 'hwy', 'ridge', '{displ,trans}', '{"trans": {"max_categories": 5}}'),
	('both', 'mpg', 'hwy', 'ridge', '{displ,trans}', '{"trans": {"max_categories": 3, "min_frequency": 30}}'),
	('drop_first', 'mpg', 'hwy', 'linear_regression', '{displ,drv,fl,class,cyl}', '{"cyl": {"encode": "onehot"}}');
SELECT count(*) FROM problems AS p, mlops_train(p.problem, p.source, target => p.target, algorithm => p.algorithm, features => p.features,
	preprocess => p.preprocess, split => '{"method": "none"}');
SELECT p.problem, count(c.estimate) AS features, count(t.feature) AS compared, bool_and(abs(c.estimate - t.estimate) <= 1e-9 * greatest(abs(t.estimate), 1)) AS same
FROM problems AS p CROSS JOIN mlops_coefficients(p.problem) AS c FULL JOIN truth AS t ON t.problem = p.problem AND t.feature = c.feature
GROUP BY p.problem ORDER BY p.problem;

-- parts of times are what extract says of them in UTC, and come round in these periods; before 1970, leap days, the end of a year
SET timezone = 'Pacific/Auckland';
CREATE TABLE moments AS
SELECT at, sin(i) * 100 + extract(doy FROM at AT TIME ZONE 'UTC')::float8 + 3 * extract(hour FROM at AT TIME ZONE 'UTC')::float8 AS y
FROM (SELECT i, timestamptz '1899-12-31 22:59:57.25+00' + i * interval '163 days 5 hours 37 minutes 11.5 seconds' AS at FROM generate_series(1, 300) AS i) AS s;
CREATE VIEW parts AS
SELECT extract(epoch FROM at)::float8 AS at, y, extract(year FROM u)::float8 AS "at.year", extract(quarter FROM u)::float8 AS "at.quarter",
	extract(month FROM u)::float8 AS "at.month", extract(week FROM u)::float8 AS "at.week", extract(day FROM u)::float8 AS "at.day",
	extract(dow FROM u)::float8 AS "at.dow", extract(doy FROM u)::float8 AS "at.doy", extract(hour FROM u)::float8 AS "at.hour",
	extract(minute FROM u)::float8 AS "at.minute", floor(extract(second FROM u))::float8 AS "at.second"
FROM (SELECT at, y, at AT TIME ZONE 'UTC' AS u FROM moments) AS s;
CREATE VIEW circles AS
SELECT y, sin(a * (month - 1) / 12) AS "at.month.sin", cos(a * (month - 1) / 12) AS "at.month.cos", sin(a * dow / 7) AS "at.dow.sin", cos(a * dow / 7) AS "at.dow.cos",
	sin(a * hour / 24) AS "at.hour.sin", cos(a * hour / 24) AS "at.hour.cos"
FROM (SELECT y, 2 * pi() AS a, "at.month" AS month, "at.dow" AS dow, "at.hour" AS hour FROM parts) AS s;
SELECT FROM mlops_train('of_times', 'moments', target => 'y', algorithm => 'ridge', split => '{"method": "none"}',
	preprocess => '{"at": {"parts": ["year", "quarter", "month", "week", "day", "dow", "doy", "hour", "minute", "second"]}}');
SELECT FROM mlops_train('of_parts', 'parts', target => 'y', algorithm => 'ridge', split => '{"method": "none"}');
SELECT FROM mlops_train('of_dates', 'SELECT at::date AS at, y FROM moments', target => 'y', algorithm => 'ridge', split => '{"method": "none"}',
	preprocess => '{"at": {"parts": ["month", "dow", "doy"]}}');
SELECT FROM mlops_train('of_dates_parts', 'SELECT extract(epoch FROM d)::float8 AS at, extract(month FROM d)::float8 AS "at.month",
	extract(dow FROM d)::float8 AS "at.dow", extract(doy FROM d)::float8 AS "at.doy", y FROM (SELECT at::date AS d, y FROM moments) AS s',
	target => 'y', algorithm => 'ridge', split => '{"method": "none"}');
SELECT FROM mlops_train('round', 'moments', target => 'y', algorithm => 'ridge', split => '{"method": "none"}',
	preprocess => '{"at": {"parts": ["month", "dow", "hour"], "cyclical": true, "epoch": false, "scale": "none"}}');
SELECT FROM mlops_train('round_parts', 'circles', target => 'y', algorithm => 'ridge', split => '{"method": "none"}', preprocess => '{"*": {"scale": "none"}}');
SELECT a.model, count(*) AS compared, bool_and(abs(c.estimate - d.estimate) <= 1e-9 * greatest(abs(d.estimate), 1)) AS same
FROM (VALUES ('of_times', 'of_parts'), ('of_dates', 'of_dates_parts'), ('round', 'round_parts')) AS a (model, by_hand),
	LATERAL mlops_coefficients(a.model) AS c JOIN LATERAL mlops_coefficients(a.by_hand) AS d USING (feature) GROUP BY a.model ORDER BY a.model;
RESET timezone;

SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP VIEW birds, parts, circles;
DROP TABLE moments;
