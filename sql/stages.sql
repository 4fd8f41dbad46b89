-- Stages of preprocessing (all columns at once) against scikit-learn to 1e-9, by what mlops_transform and mlops_features show.
SET mlops.progress = off;
SET client_min_messages = warning;

-- test/reference/stages.py: the sum of a column, and that of its values times their row's number; or a score and 0
CREATE TEMP TABLE truth (problem text, feature text, total float8, moment float8);
COPY truth FROM stdin (DELIMITER '|');
polynomial 2 False|age|3.5527136788005e-15|5288.79593927048
polynomial 2 False|bmi|4.44089209850063e-14|3301.73373381909
polynomial 2 False|bp|4.68958205601666e-13|3469.53022461247
polynomial 2 False|tc|-1.27897692436818e-13|5450.76957391098
polynomial 2 False|age^2|442|93398.5108467599
polynomial 2 False|age bmi|81.8074224367775|14829.5898132894
polynomial 2 False|age bp|148.258993483646|32866.9376498545
polynomial 2 False|age tc|114.946882506416|21882.1610585971
polynomial 2 False|bmi^2|442|103533.027594851
polynomial 2 False|bmi bp|174.771617233229|40392.5854667459
polynomial 2 False|bmi tc|110.401620410146|23038.4943920705
polynomial 2 False|bp^2|442|101805.924374674
polynomial 2 False|bp tc|107.169098036512|19694.5522785179
polynomial 2 False|tc^2|442|102608.430930487
polynomial 3 True|age|3.5527136788005e-15|5288.79593927048
polynomial 3 True|bmi|4.44089209850063e-14|3301.73373381909
polynomial 3 True|bp|4.68958205601666e-13|3469.53022461247
polynomial 3 True|tc|-1.27897692436818e-13|5450.76957391098
polynomial 3 True|age bmi|81.8074224367775|14829.5898132894
polynomial 3 True|age bp|148.258993483646|32866.9376498545
polynomial 3 True|age tc|114.946882506416|21882.1610585971
polynomial 3 True|bmi bp|174.771617233229|40392.5854667459
polynomial 3 True|bmi tc|110.401620410146|23038.4943920705
polynomial 3 True|bp tc|107.169098036512|19694.5522785179
polynomial 3 True|age bmi bp|-42.1868089201511|-6129.38395511796
polynomial 3 True|age bmi tc|-104.096444580186|-18276.4447597698
polynomial 3 True|age bp tc|-52.5324314645013|-8447.72382320979
polynomial 3 True|bmi bp tc|-62.0066454809364|-11962.2620854628
pca 3 False|pca1|1.4210854715202e-14|12553.4392305838
pca 3 False|pca2|-1.4210854715202e-14|-798.166141437679
pca 3 False|pca3|-1.77635683940025e-15|1229.46457481439
pca 0.9 True|pca1|0|6938.37567393646
pca 0.9 True|pca2|-1.59872115546023e-14|-676.147673578011
pca 0.9 True|pca3|-2.66453525910038e-15|1231.59010377997
pca 0.9 True|pca4|0|2214.86718742025
pca 0.9 True|pca5|-3.99680288865056e-15|691.444212469487
pca 0.9 True|pca6|-1.35447209004269e-14|-397.669724936813
knn uniform 5|age|21306.4|4796226.6
knn uniform 5|bmi|11666.5|2598714.54
knn uniform 5|bp|41860.248|9305388.316
knn uniform 5|tc|83487.6|18677377.8
knn uniform 5|ldl|50989.74|11450621.88
knn uniform 5|hdl|21958.6|4819786.5
knn uniform 5|ltg|2048.45298|456416.8193
knn uniform 5|glu|40343.2|8991023
knn distance 3|age|21338.5024305575|4802180.12028828
knn distance 3|bmi|11677.8649314811|2600440.35817792
knn distance 3|bp|41849.1197678938|9305868.51671817
knn distance 3|tc|83416.6956263252|18664551.653168
knn distance 3|ldl|50989.1778906156|11448652.1947206
knn distance 3|hdl|22000.1243867748|4831547.62383046
knn distance 3|ltg|2048.09590395075|456112.909712414
knn distance 3|glu|40331.8840269674|8991010.73974247
iterative|age|21334.0998464458|4800451.18213966
iterative|bmi|11646.0465548343|2593315.12852823
iterative|bp|41895.802106407|9317971.08241778
iterative|tc|83557.0938392005|18696806.6577786
iterative|ldl|51046.8407548995|11456560.5378392
iterative|hdl|22063.7780624531|4846646.93373858
iterative|ltg|2051.83886466376|457256.036808717
iterative|glu|40333.7652792676|8991441.07870576
iterative 2|age|21333.9522003156|4800396.64055556
iterative 2|bmi|11646.386959532|2593376.39560411
iterative 2|bp|41894.2720499582|9317815.63085907
iterative 2|tc|83565.9613590286|18698298.3658627
iterative 2|ldl|51040.5087330141|11454956.0804297
iterative 2|hdl|22060.6240925306|4845943.51387529
iterative 2|ltg|2051.76606623208|457233.33605141
iterative 2|glu|40332.2299090268|8991034.964107
variance_threshold|bp|4.68958205601666e-13|3469.53022461247
variance_threshold|tc|-1.27897692436818e-13|5450.76957391098
variance_threshold|ldl|-5.50670620214078e-14|4882.17919948241
scores f regression|age|16.1013740107456|0
scores f regression|bmi|230.653764494127|0
scores f regression|bp|106.520130855284|0
scores f regression|tc|20.7105674463202|0
scores f regression|ldl|13.7460791731907|0
scores f regression|hdl|81.2396586787559|0
scores f regression|ltg|207.271193617075|0
scores f regression|glu|75.3996831974031|0
select 3|bmi|4.44089209850063e-14|3301.73373381909
select 3|bp|4.68958205601666e-13|3469.53022461247
select 3|ltg|9.9475983006414e-14|4869.62777410902
percentile 40|bmi|4.44089209850063e-14|3301.73373381909
percentile 40|bp|4.68958205601666e-13|3469.53022461247
percentile 40|ltg|9.9475983006414e-14|4869.62777410902
scores f classes|mean_radius|646.981020978646|0
scores f classes|mean_texture|118.09605934498|0
scores f classes|mean_smoothness|83.6511234084251|0
scores f classes|symmetry_error|0.0241174066866849|0
scores f classes|worst_area|661.600205533627|0
scores f species|bill_length_mm|410.600255040508|0
scores f species|bill_depth_mm|359.789148823152|0
scores f species|flipper_length_mm|594.801627438517|0
scores f species|island=Biscoe|295.056573171459|0
scores f species|island=Dream|210.765644374093|0
scores f species|island=Torgersen|48.2777631578948|0
scores f mass|bill_length_mm|186.442676128258|0
scores f mass|bill_depth_mm|97.4140026892579|0
scores f mass|flipper_length_mm|1070.74459221373|0
scores f mass|island=Biscoe|220.658447274216|0
scores f mass|island=Dream|91.4600173952363|0
scores f mass|island=Torgersen|24.4432824487528|0
mutual classes|a|0|0
mutual classes|b|1.07310578899666|0
mutual classes|c|0|0
mutual number|a|0.810215437448647|0
mutual number|b|0.211031937145403|0
mutual number|c|0.0204292487778179|0
mutual islands|island=Biscoe|0.426463549081788|0
mutual islands|island=Dream|0.363740287358278|0
mutual islands|island=Torgersen|0.13881860984872|0
words f classes|model:2wd|12.5939235110914|699.229450382699
words f classes|model:4wd|27.2853335274394|2889.2688134739
words f classes|model:c1500|3.1577798910317|66.3133777116657
words f classes|model:corvette|5|130
words f classes|model:mustang|9|855
words f classes|model:navigator|2.50933557234788|341.269637839312
words f classes|model:pickup|13.4392536833003|917.495862799132
words f classes|model:suburban|3.1577798910317|66.3133777116657
words f number|model:1500|5.88758714697153|409.187306714521
words f number|model:4wd|27.2853335274394|2889.2688134739
words f number|model:beetle|4.24264068711929|952.47283425828
words f number|model:civic|9|936
words f number|model:corolla|5|980
words f number|model:new|4.24264068711929|952.47283425828
words f number|model:pickup|13.4392536833003|917.495862799132
words f number|model:ram|5.88758714697153|409.187306714521
words variance|model:2wd|12.5939235110914|699.229450382699
words variance|model:4runner|5.42054826705726|956.726769135607
words variance|model:4wd|27.2853335274394|2889.2688134739
words variance|model:a4|12.4406156764143|90.567080278764
words variance|model:altima|6|867
words variance|model:awd|9.12069933802753|1519.1124599106
words variance|model:camry|11.553528466037|2146.17040854703
words variance|model:caravan|8.43803944293173|362.835696046064
words variance|model:civic|9|936
words variance|model:corolla|5|980
words variance|model:corvette|5|130
words variance|model:dakota|6.62633474209158|351.195741330854
words variance|model:durango|6.28829752364853|383.586148942561
words variance|model:explorer|5.42054826705726|436.35413549811
words variance|model:grand|8.16782906514094|1129.82030633429
words variance|model:gti|5|1050
words variance|model:jetta|9|1953
words variance|model:malibu|5|175
words variance|model:mustang|9|855
words variance|model:passat|7|1617
words variance|model:pickup|13.4392536833003|917.495862799132
words variance|model:quattro|7.71528507010295|98.9016540987011
words variance|model:sonata|7|784
words variance|model:tiburon|7|833
words both|model:1500|5.88758714697153|409.187306714521
words both|model:4wd|27.2853335274394|2889.2688134739
words both|model:civic|9|936
words both|model:pickup|13.4392536833003|917.495862799132
words both|model:ram|5.88758714697153|409.187306714521
\.

CREATE TABLE patients AS SELECT row_number() OVER () AS i, age, bmi, bp, tc, ldl, hdl, ltg, glu, progression AS y FROM diabetes;
CREATE TABLE gaps AS SELECT i, CASE WHEN i * 2 % 11 <> 3 THEN age END AS age, CASE WHEN i * 3 % 11 <> 3 THEN bmi END AS bmi,
	CASE WHEN i * 4 % 11 <> 3 THEN bp END AS bp, CASE WHEN i * 5 % 11 <> 3 THEN tc END AS tc, CASE WHEN i * 6 % 11 <> 3 THEN ldl END AS ldl,
	CASE WHEN i * 7 % 11 <> 3 THEN hdl END AS hdl, CASE WHEN i * 8 % 11 <> 3 THEN ltg END AS ltg, CASE WHEN i * 9 % 11 <> 3 THEN glu END AS glu, y
	FROM patients;
CREATE TABLE made AS SELECT a, b, c, (floor(b * 1.5)::int + 3) % 3 AS class, a / 50 + sin(i * 0.77) + b AS y
	FROM (SELECT i, sin(i * 1.7) * i AS a, cos(i * 0.3) + i / 100.0::float8 AS b, exp(sin(i * 2.9)) AS c FROM generate_series(1, 300) AS i) AS s;

CREATE TEMP TABLE problems (problem text, source text, target text, algorithm text, features text[], preprocess jsonb);
INSERT INTO problems VALUES
	('polynomial 2 False', 'patients', 'y', 'ridge', '{age,bmi,bp,tc}', '{"*": {"polynomial": 2}}'),
	('polynomial 3 True', 'patients', 'y', 'ridge', '{age,bmi,bp,tc}', '{"*": {"polynomial": {"degree": 3, "interaction_only": true}}}'),
	('pca 3 False', 'patients', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}', '{"*": {"pca": 3}}'),
	('pca 0.9 True', 'patients', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}', '{"*": {"pca": {"n_components": 0.9, "whiten": true}}}'),
	('knn uniform 5', 'gaps', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}', '{"*": {"impute": "knn", "scale": "none"}}'),
	('knn distance 3', 'gaps', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}',
	 '{"*": {"impute": "knn", "n_neighbors": 3, "weights": "distance", "scale": "none"}}'),
	('iterative', 'gaps', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}', '{"*": {"impute": "iterative", "scale": "none"}}'),
	('iterative 2', 'gaps', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}', '{"*": {"impute": "iterative", "max_iter": 2, "scale": "none"}}'),
	('variance_threshold', 'patients', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}', '{"*": {"variance_threshold": 180}}'),
	('select 3', 'patients', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}', '{"*": {"select": 3}}'),
	('percentile 40', 'patients', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}', '{"*": {"select": {"percentile": 40}}}'),
	('scores f regression', 'patients', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}', '{"*": {"select": "all"}}'),
	('scores f classes', 'breast_cancer', 'diagnosis', 'logistic_regression',
	 '{mean_radius,mean_texture,mean_smoothness,symmetry_error,worst_area}', '{"*": {"select": "all"}}'),
	('scores f species', 'SELECT * FROM penguins WHERE body_mass_g IS NOT NULL', 'species', 'logistic_regression',
	 '{bill_length_mm,bill_depth_mm,flipper_length_mm,island}', '{"*": {"select": "all"}}'),
	('scores f mass', 'SELECT * FROM penguins WHERE body_mass_g IS NOT NULL', 'body_mass_g', 'ridge',
	 '{bill_length_mm,bill_depth_mm,flipper_length_mm,island}', '{"*": {"select": "all"}}'),
	('mutual classes', 'made', 'class', 'logistic_regression', '{a,b,c}', '{"*": {"select": {"k": "all", "by": "mutual_info"}}}'),
	('mutual number', 'made', 'y', 'ridge', '{a,b,c}', '{"*": {"select": {"k": "all", "by": "mutual_info"}}}'),
	('words f classes', 'mpg', 'drv', 'logistic_regression', '{model}', '{"*": {"select": 8}, "model": {"encode": "tfidf"}}'),
	('words f number', 'mpg', 'hwy', 'ridge', '{model}', '{"*": {"select": 8}, "model": {"encode": "tfidf"}}'),
	('words variance', 'mpg', 'hwy', 'ridge', '{model}', '{"*": {"variance_threshold": 0.02}, "model": {"encode": "tfidf"}}'),
	('words both', 'mpg', 'hwy', 'ridge', '{model}', '{"*": {"variance_threshold": 0.01, "select": 5}, "model": {"encode": "tfidf"}}'),
	('mutual islands', 'SELECT * FROM penguins WHERE body_mass_g IS NOT NULL', 'species', 'logistic_regression', '{island}',
	 '{"*": {"select": {"k": "all", "by": "mutual_info"}}}');
SELECT count(*) FROM problems AS p, mlops_train(p.problem, p.source, target => p.target, algorithm => p.algorithm, features => p.features,
	task => CASE WHEN p.target = 'class' THEN 'classification' END, preprocess => p.preprocess, split => '{"method": "none"}');

-- every column of the design is there, and no other
SELECT p.problem, count(s.total) AS features, count(t.total) AS compared,
	bool_and(abs(s.total - t.total) <= 1e-9 * greatest(abs(t.total), CASE WHEN p.problem ~ 'scores|mutual' THEN 0 ELSE 100 END) AND abs(s.moment - t.moment) <= 1e-9 * greatest(abs(t.moment), 100)) AS same
FROM problems AS p CROSS JOIN LATERAL (
		SELECT feature, sum(value) AS total, sum(value * row) AS moment FROM mlops_transform(p.problem, p.source)
		WHERE p.problem !~ 'scores|mutual' GROUP BY feature
		UNION ALL
		SELECT feature, coalesce((fitted->>'f')::float8, (fitted->>'mutual_info')::float8), 0 FROM mlops_features(p.problem)
		WHERE p.problem ~ 'scores|mutual') AS s
	FULL JOIN truth AS t USING (problem, feature)
GROUP BY p.problem ORDER BY p.problem;

-- a row alone and in a table: bit for bit; trees, whose bins come from the same rows, too
INSERT INTO problems VALUES
	('tree knn', 'gaps', 'y', 'gradient_boosting', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}', '{"*": {"impute": "knn", "select": 4}}'),
	('tree iterative', 'gaps', 'y', 'random_forest', '{age,bmi,bp,tc}', '{"*": {"impute": "iterative", "variance_threshold": 100}, "age": {"impute": "none"}}'),
	('all', 'gaps', 'y', 'ridge', '{age,bmi,bp,tc,ldl,hdl,ltg,glu}',
	 '{"*": {"impute": "iterative", "polynomial": 2, "variance_threshold": 0.5, "select": 20, "pca": 0.95}, "age": {"impute": "knn"}, "bmi": {"impute": "knn"}}'),
	('with codes', 'penguins', 'body_mass_g', 'ridge', NULL, '{"*": {"impute": "knn", "variance_threshold": 0.2, "select": 6, "pca": 2}}'),
	('tree with codes', 'penguins', 'body_mass_g', 'gradient_boosting', NULL, '{"*": {"impute": "knn", "variance_threshold": 0.2, "select": {"k": 4, "by": "mutual_info"}}}');
SELECT p.problem, mlops_train(p.problem, p.source, target => p.target, algorithm => p.algorithm, features => p.features,
	preprocess => p.preprocess, split => '{"method": "none"}') IS NOT NULL AS trained FROM problems AS p WHERE p.problem ~ 'tree|all|codes' ORDER BY 1;
SELECT m.problem, count(*) AS rows, bool_and(float8send(mlops_predict(m.problem, g)) = float8send(t.value)) AS same
FROM (VALUES ('tree knn'), ('tree iterative'), ('all'), ('knn distance 3'), ('pca 3 False'), ('select 3')) AS m (problem),
	LATERAL mlops_predict_table(m.problem, 'gaps', key => 'i') AS t JOIN gaps AS g ON g.i = t.key::int GROUP BY m.problem ORDER BY m.problem;
CREATE TEMP VIEW numbered AS SELECT row_number() OVER () AS i, * FROM penguins;
SELECT m.problem, count(*) AS rows, bool_and(float8send(mlops_predict(m.problem, g)) = float8send(t.value)) AS same
FROM (VALUES ('with codes'), ('tree with codes')) AS m (problem),
	LATERAL mlops_predict_table(m.problem, 'SELECT row_number() OVER () AS i, * FROM penguins', key => 'i') AS t JOIN numbered AS g ON g.i = t.key::int
	GROUP BY m.problem ORDER BY m.problem;
CREATE TEMP TABLE cars AS SELECT row_number() OVER () AS i, * FROM mpg;
SELECT count(*) AS rows, bool_and(float8send(mlops_predict('words both', c)) = float8send(t.value)) AS same
FROM mlops_predict_table('words both', 'SELECT row_number() OVER () AS i, * FROM mpg', key => 'i') AS t JOIN cars AS c ON c.i = t.key::int;
-- batches are not whole sources: the same rows in many of them
SELECT count(*) AS differ FROM mlops_transform('all', 'gaps') AS a
	JOIN (SELECT (row - 1) % 442 + 1 AS row, feature, value FROM mlops_transform('all', 'SELECT g.* FROM generate_series(1, 40) AS k, gaps AS g ORDER BY k, g.i')) AS b
	USING (row, feature) WHERE a.value <> b.value;

-- what the features are
SELECT position, feature, origin, step FROM mlops_features('polynomial 2 False') ORDER BY position;
SELECT position, feature, origin, step, round((fitted->>'ratio')::numeric, 6) AS ratio, round((fitted->'loadings'->>'bmi')::numeric, 6) AS bmi
	FROM mlops_features('pca 3 False') ORDER BY position;
SELECT position, feature, origin, step FROM mlops_features('with codes') ORDER BY position;
SELECT position, feature, origin, step FROM mlops_features('tree with codes') ORDER BY position;
SELECT fitted - 'f' - 'variance' FROM mlops_features('scores f species') WHERE feature = 'island=Dream';
SELECT preprocess->'*' AS stages FROM mlops.versions WHERE model IN ('all', 'with codes', 'scores f species') ORDER BY model;

-- functions that speak of inputs and of features, where one is not the other
SELECT feature, value IS NOT NULL AS shown FROM mlops_explain('with codes', (SELECT p FROM penguins AS p LIMIT 1));
SELECT feature FROM mlops_explain('tree with codes', (SELECT p FROM penguins AS p LIMIT 1)) ORDER BY feature;
SELECT feature FROM mlops_coefficients('with codes');
SELECT feature FROM mlops_importance('tree with codes') ORDER BY feature;
SELECT feature, importance > 0.01 AS important FROM mlops_importance('with codes', 'penguins', 'permutation') ORDER BY feature;
SELECT round(value::numeric, 4) AS r2 FROM mlops_evaluate('all', 'gaps') WHERE metric = 'r2';
SELECT count(*) > 0 AS nodes FROM mlops_tree('tree knn');
SELECT version FROM mlops_retrain('all');

-- the same bytes whatever the order of the rows
SELECT FROM mlops_train('turned', 'SELECT * FROM gaps ORDER BY md5(i::text)', target => 'y', algorithm => 'ridge', features => '{age,bmi,bp,tc,ldl,hdl,ltg,glu}',
	preprocess => (SELECT preprocess FROM problems WHERE problem = 'all'), split => '{"method": "none"}');
SELECT count(DISTINCT (feature, fitted)) AS features, count(*) AS shown
	FROM (SELECT * FROM mlops_features('turned') UNION ALL SELECT * FROM mlops_features('all/1')) AS f;

-- a missing value that no training row had; a row with nothing; columns without a value
SELECT round(mlops_predict('knn uniform 5', '{"age": null, "bmi": null, "bp": null, "tc": null, "ldl": null, "hdl": null, "ltg": null, "glu": null}'::jsonb)::numeric, 4) AS means;
SELECT round(mlops_predict('iterative', '{"age": null, "bmi": null, "bp": null, "tc": null, "ldl": null, "hdl": null, "ltg": null, "glu": null}'::jsonb)::numeric, 4) AS means;
SELECT FROM mlops_train('empty', 'SELECT age, bmi, NULL::float8 AS gone, y FROM gaps', target => 'y', algorithm => 'ridge', preprocess => '{"*": {"impute": "iterative", "pca": "all"}}');
SELECT feature, value FROM mlops_transform('empty', 'SELECT NULL::float8 AS age, NULL::float8 AS bmi, NULL::float8 AS gone') WHERE value = 0;
SELECT FROM mlops_train('donors', 'gaps', target => 'y', algorithm => 'ridge', features => '{age,bmi,bp}', preprocess => '{"*": {"impute": "knn", "max_donors": 20}}');
SELECT FROM mlops_train('codes only', 'penguins', target => 'body_mass_g', algorithm => 'ridge', features => '{island,sex}',
	preprocess => '{"*": {"polynomial": 2, "pca": "all", "select": 2, "impute": "knn"}}');
SELECT feature FROM mlops_features('codes only');

-- options that cannot be
CREATE FUNCTION try(preprocess jsonb, algorithm text DEFAULT 'ridge') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	PERFORM mlops_train('tried', 'gaps', target => 'y', algorithm => try.algorithm, features => '{age,bmi,bp}', preprocess => try.preprocess);
	RETURN 'trained';
EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
END $$;
\pset format unaligned
SELECT preprocess, try(preprocess) FROM (VALUES ('{"*": {"pca": 4}}'::jsonb), ('{"*": {"pca": 0}}'), ('{"*": {"pca": 1.5}}'), ('{"*": {"pca": "most"}}'), ('{"*": {"pca": []}}'),
	('{"*": {"pca": {"components": 2}}}'), ('{"*": {"pac": 2}}'), ('{"age": {"pca": 2}}'), ('{"age": {"n_neighbors": 2}}'), ('{"*": {"n_neighbors": 0}}'),
	('{"*": {"weights": "near"}}'), ('{"*": {"polynomial": 1}}'), ('{"*": {"polynomial": 9}}'), ('{"*": {"polynomial": true}}'), ('{"*": {"variance_threshold": -1}}'),
	('{"*": {"variance_threshold": 1e6}}'), ('{"*": {"select": {"k": 2, "percentile": 10}}}'), ('{"*": {"select": {"percentile": 1}}}'),
	('{"*": {"select": {"by": "chi2"}}}'), ('{"*": {"select": {"k": 99}}}'), ('{"*": {"impute": "nearest"}}')) AS o (preprocess);
SELECT preprocess, try(preprocess, 'random_forest') FROM (VALUES ('{"*": {"pca": 2}}'::jsonb), ('{"*": {"polynomial": 2}}'), ('{"*": {"select": 2}}')) AS o (preprocess);
\pset format aligned
SELECT * FROM mlops_transform('all', 'SELECT 1 AS age');

SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP FUNCTION try;
DROP TABLE patients, gaps, made;
