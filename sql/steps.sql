-- Steps of one column against scikit-learn, to 1e-9: what the model sees of them, row by row; and what is special to each.
SET mlops.progress = off;

-- test/reference/steps.py; row 0: mean of row number times value
CREATE TEMP TABLE truth (problem text, feature text, place int, value float8);
COPY truth FROM stdin (DELIMITER '|');
log|area_error.log|0|-26.9834317036599
log|area_error.log|1|2.27254153788692
log|area_error.log|40|-0.633728859700025
log|area_error.log|200|-0.568498902932005
log1p|area_error.log1p|0|-26.8853641392612
log1p|area_error.log1p|1|2.29486226594565
log1p|area_error.log1p|40|-0.637580948997306
log1p|area_error.log1p|200|-0.573667160255237
sqrt|area_error.sqrt|0|-22.5920801376942
sqrt|area_error.sqrt|1|2.5976280777839
sqrt|area_error.sqrt|40|-0.603851362087717
sqrt|area_error.sqrt|200|-0.562921347736659
yeo-johnson|bill_depth_mm.yeo-johnson|0|-26.4080453840163
yeo-johnson|bill_depth_mm.yeo-johnson|1|0.841261783222663
yeo-johnson|bill_depth_mm.yeo-johnson|40|0
yeo-johnson|bill_depth_mm.yeo-johnson|200|-2.09223828573141
box-cox|area_error.box-cox|0|-28.2827393728806
box-cox|area_error.box-cox|1|1.88001296954449
box-cox|area_error.box-cox|40|-0.587426449794832
box-cox|area_error.box-cox|200|-0.50355001867567
quantile_uniform|bill_depth_mm.quantile_uniform|0|-25.7931933009495
quantile_uniform|bill_depth_mm.quantile_uniform|1|0.974453066349775
quantile_uniform|bill_depth_mm.quantile_uniform|40|0
quantile_uniform|bill_depth_mm.quantile_uniform|200|-1.84032903374236
quantile_normal|hdl.quantile_normal|0|-5.43199048372871
quantile_normal|hdl.quantile_normal|1|-0.922198727008831
quantile_normal|hdl.quantile_normal|40|-0.172009496861054
quantile_normal|hdl.quantile_normal|200|0.792309382797144
signs|x.yeo-johnson|0|-373.158574743303
signs|x.yeo-johnson|1|-26.7081622453841
signs|x.yeo-johnson|40|-31.6192590935234
signs|x.yeo-johnson|200|26.7098493010756
clip_quantiles|bill_depth_mm.log|0|96.6920713423555
clip_quantiles|bill_depth_mm.log|1|0.876254739488122
clip_quantiles|bill_depth_mm.log|40|0.646384335269058
clip_quantiles|bill_depth_mm.log|200|0
clip_iqr|area_error|0|-27.9427722110599
clip_iqr|area_error|1|2.11099501003829
clip_iqr|area_error|40|-0.677270239660938
clip_iqr|area_error|200|-0.640192244319193
clip_range|area_error|0|12892.515254833
clip_range|area_error|1|153.4
clip_range|area_error|40|30
clip_range|area_error|200|30
most_frequent|x|0|2860.30701754386
most_frequent|x|1|18
most_frequent|x|40|18
most_frequent|x|200|13
most_frequent|x is null|0|26.7631578947368
most_frequent|x is null|1|0
most_frequent|x is null|40|1
most_frequent|x is null|200|0
constant|x|0|2298.28070175439
constant|x|1|18
constant|x|40|-3
constant|x|200|13
constant|x is null|0|26.7631578947368
constant|x is null|1|0
constant|x is null|40|1
constant|x is null|200|0
ordinal_text|trans.ordinal|0|583.346153846154
ordinal_text|trans.ordinal|1|3
ordinal_text|trans.ordinal|40|2
ordinal_text|trans.ordinal|200|7
ordinal_number|displ.ordinal|0|1273.67948717949
ordinal_number|displ.ordinal|1|1
ordinal_number|displ.ordinal|40|11
ordinal_number|displ.ordinal|200|28
frequency|trans.frequency|0|26.723464095259
frequency|trans.frequency|1|0.166666666666667
frequency|trans.frequency|40|0.354700854700855
frequency|trans.frequency|200|0.0683760683760684
frequency_null|sex.frequency|0|28095.4824561404
frequency_null|sex.frequency|1|168
frequency_null|sex.frequency|40|165
frequency_null|sex.frequency|200|165
if_binary|year=2008|0|56.2649572649573
if_binary|year=2008|1|0
if_binary|year=2008|40|0
if_binary|year=2008|200|1
if_binary|drv=4|0|46.508547008547
if_binary|drv=4|1|0
if_binary|drv=4|40|0
if_binary|drv=4|200|1
if_binary|drv=f|0|63.6153846153846
if_binary|drv=f|1|1
if_binary|drv=f|40|1
if_binary|drv=f|200|0
if_binary|drv=r|0|7.37606837606838
if_binary|drv=r|1|0
if_binary|drv=r|40|0
if_binary|drv=r|200|0
uniform|ltg.bin|0|540.601809954751
uniform|ltg.bin|1|3
uniform|ltg.bin|40|3
uniform|ltg.bin|200|4
uniform|bmi.bin|0|675.368778280543
uniform|bmi.bin|1|5
uniform|bmi.bin|40|4
uniform|bmi.bin|200|1
quantile|ltg.bin|0|570.414027149321
quantile|ltg.bin|1|3
quantile|ltg.bin|40|3
quantile|ltg.bin|200|5
quantile|bmi.bin|0|1016.95475113122
quantile|bmi.bin|1|8
quantile|bmi.bin|40|6
quantile|bmi.bin|200|1
kmeans|ltg.bin|0|500.816742081448
kmeans|ltg.bin|1|3
kmeans|ltg.bin|40|3
kmeans|ltg.bin|200|4
kmeans|bmi.bin|0|711.880090497738
kmeans|bmi.bin|1|6
kmeans|bmi.bin|40|4
kmeans|bmi.bin|200|1
ties|cyl=bin 0|0|55.2820512820513
ties|cyl=bin 0|1|1
ties|cyl=bin 0|40|0
ties|cyl=bin 0|200|0
ties|cyl=bin 1|0|62.2179487179487
ties|cyl=bin 1|1|0
ties|cyl=bin 1|40|1
ties|cyl=bin 1|200|1
empty_bins|area_error.bin|0|356.725834797891
empty_bins|area_error.bin|1|7
empty_bins|area_error.bin|40|0
empty_bins|area_error.bin|200|0
spline|bmi.spline0|0|1.51050543261332
spline|bmi.spline0|1|0
spline|bmi.spline0|40|0
spline|bmi.spline0|200|0.00476538299650234
spline|bmi.spline1|0|32.8452093135443
spline|bmi.spline1|1|0
spline|bmi.spline1|40|0.0104043834787512
spline|bmi.spline1|200|0.35201535068037
spline|bmi.spline2|0|91.5470354208915
spline|bmi.spline2|1|0.0499974316436183
spline|bmi.spline2|40|0.412483773726486
spline|bmi.spline2|200|0.587458273616695
spline|bmi.spline3|0|68.6540292106983
spline|bmi.spline3|1|0.575447679569976
spline|bmi.spline3|40|0.540513516986808
spline|bmi.spline3|200|0.0557609927064323
spline|bmi.spline4|0|23.2424329019481
spline|bmi.spline4|1|0.368533833532499
spline|bmi.spline4|40|0.036598325807955
spline|bmi.spline4|200|0
spline|bmi.spline5|0|3.47601643541366
spline|bmi.spline5|1|0.00602105525390696
spline|bmi.spline5|40|0
spline|bmi.spline5|200|0
spline|bmi.spline6|0|0.224771284890713
spline|bmi.spline6|1|0
spline|bmi.spline6|40|0
spline|bmi.spline6|200|0
spline_quantile|bmi.spline0|0|3.72962858780999
spline_quantile|bmi.spline0|1|0
spline_quantile|bmi.spline0|40|0
spline_quantile|bmi.spline0|200|0
spline_quantile|bmi.spline1|0|23.8789702351043
spline_quantile|bmi.spline1|1|0
spline_quantile|bmi.spline1|40|0
spline_quantile|bmi.spline1|200|0.295901639344262
spline_quantile|bmi.spline2|0|44.9787204958389
spline_quantile|bmi.spline2|1|0
spline_quantile|bmi.spline2|40|0
spline_quantile|bmi.spline2|200|0.702709471766849
spline_quantile|bmi.spline3|0|38.9078860918934
spline_quantile|bmi.spline3|1|0
spline_quantile|bmi.spline3|40|0.00128700128700132
spline_quantile|bmi.spline3|200|0.00138888888888883
spline_quantile|bmi.spline4|0|37.8980757497857
spline_quantile|bmi.spline4|1|0
spline_quantile|bmi.spline4|40|0.639323960078677
spline_quantile|bmi.spline4|200|0
spline_quantile|bmi.spline5|0|48.5232222899062
spline_quantile|bmi.spline5|1|0.63250248015873
spline_quantile|bmi.spline5|40|0.359389038634321
spline_quantile|bmi.spline5|200|0
spline_quantile|bmi.spline6|0|21.2963649001267
spline_quantile|bmi.spline6|1|0.362674496882086
spline_quantile|bmi.spline6|40|0
spline_quantile|bmi.spline6|200|0
spline_linear|bmi.spline0|0|43.3081691036237
spline_linear|bmi.spline0|1|0
spline_linear|bmi.spline0|40|0
spline_linear|bmi.spline0|200|0.479338842975207
spline_linear|bmi.spline1|0|126.607727833664
spline_linear|bmi.spline1|1|0.25206611570248
spline_linear|bmi.spline1|40|0.797520661157025
spline_linear|bmi.spline1|200|0.520661157024793
spline_linear|bmi.spline2|0|47.2851800605811
spline_linear|bmi.spline2|1|0.74793388429752
spline_linear|bmi.spline2|40|0.202479338842975
spline_linear|bmi.spline2|200|0
spline_linear|bmi.spline3|0|4.29892300213155
spline_linear|bmi.spline3|1|0
spline_linear|bmi.spline3|40|0
spline_linear|bmi.spline3|200|0
constant1|bmi.spline0|0|60.2158022972503
constant1|bmi.spline0|1|0
constant1|bmi.spline0|40|0
constant1|bmi.spline0|200|0.961538461538462
constant1|bmi.spline1|0|53.8860946745562
constant1|bmi.spline1|1|0
constant1|bmi.spline1|40|0
constant1|bmi.spline1|200|0.0384615384615377
constant1|bmi.spline2|0|41.5205360250609
constant1|bmi.spline2|1|0
constant1|bmi.spline2|40|0.846153846153847
constant1|bmi.spline2|200|0
constant1|bmi.spline3|0|65.8775670031326
constant1|bmi.spline3|1|1
constant1|bmi.spline3|40|0.153846153846153
constant1|bmi.spline3|200|0
constant3|bmi.spline0|0|7.58111075125754
constant3|bmi.spline0|1|0
constant3|bmi.spline0|40|0
constant3|bmi.spline0|200|0.148166059778486
constant3|bmi.spline1|0|49.3371842885644
constant3|bmi.spline1|1|0
constant3|bmi.spline1|40|0
constant3|bmi.spline1|200|0.665215824609316
constant3|bmi.spline2|0|56.2978182318409
constant3|bmi.spline2|1|0
constant3|bmi.spline2|40|0.100971021089364
constant3|bmi.spline2|200|0.186608632984372
constant3|bmi.spline3|0|48.7143742392444
constant3|bmi.spline3|1|0.166666666666667
constant3|bmi.spline3|40|0.64481869215597
constant3|bmi.spline3|200|9.4826278258225e-06
constant3|bmi.spline4|0|49.8636381813676
constant3|bmi.spline4|1|0.666666666666667
constant3|bmi.spline4|40|0.253603398573813
constant3|bmi.spline4|200|0
constant3|bmi.spline5|0|9.70587430772525
constant3|bmi.spline5|1|0.166666666666667
constant3|bmi.spline5|40|0.000606888180852672
constant3|bmi.spline5|200|0
linear1|bmi.spline0|0|80.8855725722242
linear1|bmi.spline0|1|0
linear1|bmi.spline0|40|0
linear1|bmi.spline0|200|0.961538461538462
linear1|bmi.spline1|0|33.2163243995823
linear1|bmi.spline1|1|0
linear1|bmi.spline1|40|0
linear1|bmi.spline1|200|0.0384615384615377
linear1|bmi.spline2|0|-21.5331534980857
linear1|bmi.spline2|1|-0.846153846153848
linear1|bmi.spline2|40|0.846153846153847
linear1|bmi.spline2|200|0
linear1|bmi.spline3|0|128.931256526279
linear1|bmi.spline3|1|1.84615384615385
linear1|bmi.spline3|40|0.153846153846153
linear1|bmi.spline3|200|0
linear3|bmi.spline0|0|17.9159958887445
linear3|bmi.spline0|1|0
linear3|bmi.spline0|40|0
linear3|bmi.spline0|200|0.148166059778486
linear3|bmi.spline1|0|49.3371842885644
linear3|bmi.spline1|1|0
linear3|bmi.spline1|40|0
linear3|bmi.spline1|200|0.665215824609316
linear3|bmi.spline2|0|45.9629330943539
linear3|bmi.spline2|1|0
linear3|bmi.spline2|40|0.100971021089364
linear3|bmi.spline2|200|0.186608632984372
linear3|bmi.spline3|0|17.1875294776711
linear3|bmi.spline3|1|-0.256410256410257
linear3|bmi.spline3|40|0.64481869215597
linear3|bmi.spline3|200|9.4826278258225e-06
linear3|bmi.spline4|0|49.8636381813676
linear3|bmi.spline4|1|0.666666666666667
linear3|bmi.spline4|40|0.253603398573813
linear3|bmi.spline4|200|0
linear3|bmi.spline5|0|41.2327190692985
linear3|bmi.spline5|1|0.58974358974359
linear3|bmi.spline5|40|0.000606888180852672
linear3|bmi.spline5|200|0
continue1|bmi.spline0|0|80.8855725722242
continue1|bmi.spline0|1|0
continue1|bmi.spline0|40|0
continue1|bmi.spline0|200|0.961538461538462
continue1|bmi.spline1|0|33.2163243995823
continue1|bmi.spline1|1|0
continue1|bmi.spline1|40|0
continue1|bmi.spline1|200|0.0384615384615377
continue1|bmi.spline2|0|-21.5331534980857
continue1|bmi.spline2|1|-0.846153846153848
continue1|bmi.spline2|40|0.846153846153847
continue1|bmi.spline2|200|0
continue1|bmi.spline3|0|128.931256526279
continue1|bmi.spline3|1|1.84615384615385
continue1|bmi.spline3|40|0.153846153846153
continue1|bmi.spline3|200|0
continue3|bmi.spline0|0|30.5015087461581
continue3|bmi.spline0|1|0
continue3|bmi.spline0|40|0
continue3|bmi.spline0|200|0.148166059778486
continue3|bmi.spline1|0|20.8550623673719
continue3|bmi.spline1|1|0
continue3|bmi.spline1|40|0
continue3|bmi.spline1|200|0.665215824609316
continue3|bmi.spline2|0|5.23977317897493
continue3|bmi.spline2|1|-0.100971021089365
continue3|bmi.spline2|40|0.100971021089364
continue3|bmi.spline2|200|0.186608632984372
continue3|bmi.spline3|0|258.543625537292
continue3|bmi.spline3|1|0.404490972538312
continue3|bmi.spline3|40|0.64481869215597
continue3|bmi.spline3|200|9.4826278258225e-06
continue3|bmi.spline4|0|-259.678150794035
continue3|bmi.spline4|1|-0.352222727962376
continue3|bmi.spline4|40|0.253603398573813
continue3|bmi.spline4|200|0
continue3|bmi.spline5|0|166.038180964238
continue3|bmi.spline5|1|1.04870277651343
continue3|bmi.spline5|40|0.000606888180852672
continue3|bmi.spline5|200|0
target_auto|trans.target|0|2788.22935981897
target_auto|trans.target|1|20.7865320215482
target_auto|trans.target|40|21.9795464781666
target_auto|trans.target|200|25.1425893525997
target_m|trans.target|0|2770.06173738407
target_m|trans.target|1|21.3786822670318
target_m|trans.target|40|22.1570904371951
target_m|trans.target|200|24.4211276053381
target_weight|trans.target|0|2671.96502257846
target_weight|trans.target|1|19.6728118683049
target_weight|trans.target|40|20.8180010973362
target_weight|trans.target|200|24.3431328522552
target_null|sex.target|0|721198.621064909
target_null|sex.target|1|4543.72701038676
target_null|sex.target|40|3863.68211522753
target_null|sex.target|200|3863.68211522753
target_binary|payment_method.target|0|936.990885434136
target_binary|payment_method.target|1|0.452753419850057
target_binary|payment_method.target|40|0.167143863274144
target_binary|payment_method.target|200|0.191103523753633
target_classes|trans.target=4|0|50.8507597454403
target_classes|trans.target=4|1|0.737687215005552
target_classes|trans.target=4|40|0.409995349979057
target_classes|trans.target=4|200|0.437656918045956
target_classes|trans.target=f|0|54.7252854228971
target_classes|trans.target=f|1|0.209240833504883
target_classes|trans.target=f|40|0.4458686961748
target_classes|trans.target=f|200|0.49721159387634
target_classes|trans.target=r|0|11.6668614148982
target_classes|trans.target=r|1|0.0519989700813092
target_classes|trans.target=r|40|0.143998041377876
target_classes|trans.target=r|200|0.0641386783206902
left_out|trans.target|0|0.732870350687681
left_out|intercept|0|5.57403202008327
\.

-- more holes than nature made
CREATE VIEW birds AS SELECT species, island, sex, CASE WHEN flipper_length_mm % 7 > 0 THEN bill_depth_mm END AS bill_depth_mm, body_mass_g,
	floor(CASE WHEN flipper_length_mm % 7 > 0 THEN bill_depth_mm END) AS x
FROM penguins WHERE body_mass_g IS NOT NULL;
CREATE VIEW numbered AS SELECT CASE WHEN (row_number() OVER () - 1) % 3 = 0 THEN -hdl ELSE hdl - 40 END AS x, progression FROM diabetes;
CREATE VIEW few AS SELECT trans, hwy FROM mpg LIMIT 100;
CREATE VIEW middle AS SELECT bmi, progression FROM diabetes WHERE bmi > 22 AND bmi < 30;
CREATE TEMP TABLE problems (problem text, source text, target text, features text[], preprocess jsonb, seen text, algorithm text DEFAULT 'ridge', weight text);
INSERT INTO problems VALUES
	('log', 'breast_cancer', 'mean_radius', '{area_error}', '{"*": {"transform": "log"}}'),
	('log1p', 'breast_cancer', 'mean_radius', '{area_error}', '{"area_error": {"transform": "log1p"}}'),
	('sqrt', 'breast_cancer', 'mean_radius', '{area_error}', '{"area_error": {"transform": "sqrt"}}'),
	('yeo-johnson', 'birds', 'body_mass_g', '{bill_depth_mm}', '{"bill_depth_mm": {"transform": "yeo-johnson"}}'),
	('box-cox', 'breast_cancer', 'mean_radius', '{area_error}', '{"area_error": {"transform": "box-cox"}}'),
	('quantile_uniform', 'birds', 'body_mass_g', '{bill_depth_mm}', '{"bill_depth_mm": {"transform": "quantile_uniform"}}'),
	('quantile_normal', 'diabetes', 'progression', '{hdl}', '{"hdl": {"transform": "quantile_normal", "n_quantiles": 30}}'),
	('signs', 'numbered', 'progression', '{x}', '{"x": {"transform": "yeo-johnson", "scale": "none"}}'),
	('clip_quantiles', 'birds', 'body_mass_g', '{bill_depth_mm}',
	 '{"bill_depth_mm": {"clip": {"quantiles": [0.05, 0.9]}, "transform": "log", "impute": "median", "scale": "minmax"}}'),
	('clip_iqr', 'breast_cancer', 'mean_radius', '{area_error}', '{"area_error": {"clip": "iqr"}}'),
	('clip_range', 'breast_cancer', 'mean_radius', '{area_error}', '{"area_error": {"clip": [30, null], "scale": "none"}}'),
	('most_frequent', 'birds', 'body_mass_g', '{x}', '{"x": {"impute": "most_frequent", "indicator": true, "scale": null}}'),
	('constant', 'birds', 'body_mass_g', '{x}', '{"x": {"impute": "constant", "fill": -3, "indicator": true, "scale": null}}'),
	('ordinal_text', 'mpg', 'hwy', '{trans}', '{"trans": {"encode": "ordinal", "scale": "none"}}'),
	('ordinal_number', 'mpg', 'hwy', '{displ}', '{"displ": {"encode": "ordinal", "scale": "none"}}'),
	('frequency', 'mpg', 'hwy', '{trans}', '{"*": {"encode": "frequency", "scale": "none"}}'),
	('frequency_null', 'birds', 'body_mass_g', '{sex}', '{"sex": {"encode": "frequency", "frequency": "count", "scale": "none"}}'),
	('if_binary', 'mpg', 'hwy', '{year,drv}', '{"*": {"encode": "onehot", "drop": "if_binary"}}'),
	('uniform', 'diabetes', 'progression', '{ltg,bmi}', '{"*": {"encode": "kbins", "strategy": "uniform", "output": "ordinal", "scale": "none"}, "ltg": {"n_bins": 6}, "bmi": {"n_bins": 10}}'),
	('quantile', 'diabetes', 'progression', '{ltg,bmi}', '{"*": {"encode": "kbins", "output": "ordinal", "scale": "none"}, "ltg": {"n_bins": 6}, "bmi": {"n_bins": 10}}'),
	('kmeans', 'diabetes', 'progression', '{ltg,bmi}', '{"*": {"encode": "kbins", "strategy": "kmeans", "output": "ordinal", "scale": "none"}, "ltg": {"n_bins": 6}, "bmi": {"n_bins": 10}}'),
	('ties', 'mpg', 'hwy', '{cyl}', '{"cyl": {"encode": "kbins", "n_bins": 8}}'),
	('empty_bins', 'breast_cancer', 'mean_radius', '{area_error}', '{"area_error": {"encode": "kbins", "strategy": "kmeans", "n_bins": 12, "output": "ordinal", "scale": "none"}}'),
	('spline', 'diabetes', 'progression', '{bmi}', '{"bmi": {"encode": "spline", "scale": "none"}}'),
	('spline_quantile', 'diabetes', 'progression', '{bmi}', '{"bmi": {"encode": "spline", "n_knots": 7, "degree": 2, "knots": "quantile", "include_bias": false, "scale": "none"}}'),
	('spline_linear', 'diabetes', 'progression', '{bmi}', '{"bmi": {"encode": "spline", "n_knots": 4, "degree": 1, "scale": "none"}}'),
	('target_auto', 'mpg', 'hwy', '{trans}', '{"trans": {"encode": "target", "scale": "none"}}'),
	('target_m', 'mpg', 'hwy', '{trans}', '{"trans": {"encode": "target", "smooth": 12.5, "scale": "none"}}'),
	('target_null', 'birds', 'body_mass_g', '{sex}', '{"sex": {"encode": "target", "scale": "none"}}');
INSERT INTO problems
SELECT e || d, 'middle', 'progression', '{bmi}', jsonb_build_object('bmi', jsonb_build_object('encode', 'spline', 'n_knots', 4, 'degree', d, 'extrapolation', e, 'scale', 'none')), 'diabetes'
FROM unnest(ARRAY['constant', 'linear', 'continue']) AS e, unnest(ARRAY[1, 3]) AS d;
INSERT INTO problems (problem, source, target, features, preprocess, seen, algorithm, weight) VALUES
	('target_weight', 'mpg', 'hwy', '{trans}', '{"trans": {"encode": "target", "scale": "none"}}', NULL, 'ridge', 'cyl'),
	('target_binary', 'customers', 'churn', '{payment_method}', '{"payment_method": {"encode": "target", "scale": "none"}}',
	 'SELECT payment_method FROM customers ORDER BY customer_id', 'logistic_regression', NULL),
	('target_classes', 'mpg', 'drv', '{trans}', '{"trans": {"encode": "target", "scale": "none"}}', NULL, 'logistic_regression', NULL);
SELECT count(*) FROM problems AS p, mlops_train(p.problem, p.source, target => p.target, algorithm => p.algorithm, features => p.features,
	preprocess => p.preprocess, weight => p.weight, split => '{"method": "none"}');

CREATE TEMP TABLE seen AS SELECT p.problem, t."row", t.feature, t.value FROM problems AS p CROSS JOIN mlops_transform(p.problem, coalesce(p.seen, p.source)) AS t;
CREATE TEMP TABLE got AS
SELECT problem, feature, 0 AS place, sum(value * "row") / (SELECT max("row") FROM seen AS every WHERE every.problem = seen.problem) AS value
FROM seen GROUP BY problem, feature
UNION ALL SELECT problem, feature, "row", value FROM seen WHERE "row" IN (1, 40, 200);
-- one-hot columns that are 0 are not listed
SELECT t.problem, count(*) AS compared, bool_and(abs(coalesce(g.value, 0) - t.value) <= 1e-9 * greatest(abs(t.value), 1)) AS same
FROM truth AS t LEFT JOIN got AS g USING (problem, feature, place) WHERE t.problem <> 'left_out' GROUP BY t.problem ORDER BY t.problem;
SELECT g.* FROM got AS g LEFT JOIN truth AS t USING (problem, feature, place) WHERE t.problem IS NULL;

-- training rows see what the other folds say: with a fold a row, each sees all the others
SELECT FROM mlops_train('left_out', 'few', target => 'hwy', algorithm => 'linear_regression', split => '{"method": "none"}',
	preprocess => '{"trans": {"encode": "target", "folds": 100, "scale": "none"}}');
SELECT feature, abs(c.estimate - t.value) <= 1e-9 * abs(t.value) AS same
FROM mlops_coefficients('left_out') AS c JOIN truth AS t USING (feature) WHERE t.problem = 'left_out' ORDER BY feature;
SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP VIEW birds, numbered, few, middle;
