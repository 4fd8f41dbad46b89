-- Logistic regression against independent implementations: coefficients and standard errors to 1e-6, relative.
SET mlops.progress = off;

-- test/reference/logistic.py: statsmodels (none, islands), Newton with pseudo-inverses in numpy (all others)
CREATE TEMP TABLE truth (problem text, class text, feature text, estimate float8, std_error float8);
COPY truth FROM stdin (DELIMITER ' ');
none \N intercept -31.9944109953216 5.23944052584862
none \N mean_radius 0.922414568820365 0.174779890441913
none \N mean_texture 0.370114435243881 0.0613642140423295
none \N mean_smoothness 44.6757914807351 25.15036654488
none \N mean_concave_points 72.1655533456327 16.3914329589009
none \N mean_symmetry 17.8056386607359 10.3313383080575
l2 \N intercept -31.9990509040194 8.43219423640951
l2 \N mean_radius 0.103123433582072 0.253160012620913
l2 \N mean_texture 0.0902146777788444 0.126190756195381
l2 \N mean_perimeter 0.0144603189646411 0.0371329810543027
l2 \N mean_area 0.00123891898005349 0.00259370220519564
l2 \N mean_smoothness 11.5167819533782 43.7621303336568
l2 \N mean_compactness -10.6631263350047 15.0920625099654
l2 \N mean_concavity 10.7962345865797 10.3198250226704
l2 \N mean_concave_points 24.8210390794801 21.2760358701593
l2 \N mean_symmetry -2.78234860356277 18.2639850194916
l2 \N mean_fractal_dimension -45.6789220935655 95.3003257158744
l2 \N radius_error 4.65928184720854 2.81861709612724
l2 \N texture_error -0.487916810624908 0.889239076028588
l2 \N perimeter_error 0.326707627566107 0.389663939932338
l2 \N area_error 0.022278001216841 0.0203404605371806
l2 \N smoothness_error 92.4080662545865 150.534990458242
l2 \N compactness_error -41.1528099481435 36.5257006445169
l2 \N concavity_error -3.66515479486763 19.4670024382032
l2 \N concave_points_error 54.0819383591077 108.438481884173
l2 \N symmetry_error -35.8141769400209 62.1508077413999
l2 \N fractal_dimension_error -257.558780193939 281.826546755432
l2 \N worst_radius 0.213142233175179 0.189595075986473
l2 \N worst_texture 0.214075691466414 0.103822328753551
l2 \N worst_perimeter 0.0245240921023356 0.0273115491146598
l2 \N worst_area 0.00177673438739394 0.00164429295822907
l2 \N worst_smoothness 29.3999416487989 26.5563662960742
l2 \N worst_compactness -0.283490904996699 4.94175494246291
l2 \N worst_concavity 4.18984001170183 3.65523051195697
l2 \N worst_concave_points 13.8867043517825 11.9017960323758
l2 \N worst_symmetry 14.3632600933646 8.62860624336176
l2 \N worst_fractal_dimension 26.5895570241105 39.3397429112571
l2_strong \N intercept -8.43742094416509 0.825865582481952
l2_strong \N mean_radius 0.184044748497265 0.0232600086518398
l2_strong \N mean_texture 0.0856506117503862 0.0173820492909263
l2_strong \N mean_smoothness 15.5382510958773 5.51280223185479
l2_strong \N mean_concave_points 16.5780735976818 2.20549864247124
l2_strong \N mean_symmetry 6.97240009278128 2.8312226076595
balanced \N intercept -25.7430495297861 3.75454721390054
balanced \N mean_radius 0.739970439362864 0.12384819335469
balanced \N mean_texture 0.310259609761807 0.0499789848544284
balanced \N mean_smoothness 37.5684627970341 20.0619895656232
balanced \N mean_concave_points 62.0247098299075 12.3224384803827
balanced \N mean_symmetry 13.3247280654022 8.73740402115282
by_class \N intercept -30.0011091687792 3.433190434962
by_class \N mean_radius 0.819514274739215 0.113735170442433
by_class \N mean_texture 0.335448335057355 0.0438949840749732
by_class \N mean_smoothness 38.3929737240637 17.1370614449001
by_class \N mean_concave_points 65.1745378515209 10.6486565941165
by_class \N mean_symmetry 19.1200582808768 7.7565491865787
weights \N intercept -31.8404565095352 3.35227603296079
weights \N mean_radius 0.920552456362168 0.110689966041161
weights \N mean_texture 0.382293671003885 0.0419618091622163
weights \N mean_smoothness 50.9388258217941 17.614977055254
weights \N mean_concave_points 56.5777913814267 9.80358448780838
weights \N mean_symmetry 16.1521653236109 7.24596329406786
no_constant \N intercept -24.4995850650067 3.59772272216107
no_constant \N mean_radius 0.747922965274498 0.122846720865669
no_constant \N mean_texture 0.285480216277566 0.0469799595881472
no_constant \N mean_smoothness 25.2035005737662 18.8153225217768
no_constant \N mean_concave_points 69.7804505713997 11.9851629146844
no_constant \N mean_symmetry 14.2658594020398 8.51752083100167
l1 \N intercept -16.2337763471051 \N
l1 \N mean_radius 0 \N
l1 \N mean_texture 0 \N
l1 \N mean_perimeter 0 \N
l1 \N mean_area 0 \N
l1 \N mean_smoothness 0 \N
l1 \N mean_compactness 0 \N
l1 \N mean_concavity 0 \N
l1 \N mean_concave_points 13.3994264237846 \N
l1 \N mean_symmetry 0 \N
l1 \N mean_fractal_dimension 0 \N
l1 \N radius_error 1.1544435846819 \N
l1 \N texture_error 0 \N
l1 \N perimeter_error 0 \N
l1 \N area_error 0 \N
l1 \N smoothness_error 0 \N
l1 \N compactness_error 0 \N
l1 \N concavity_error 0 \N
l1 \N concave_points_error 0 \N
l1 \N symmetry_error 0 \N
l1 \N fractal_dimension_error 0 \N
l1 \N worst_radius 0.465812634106193 \N
l1 \N worst_texture 0.119760967739655 \N
l1 \N worst_perimeter 0 \N
l1 \N worst_area 0 \N
l1 \N worst_smoothness 7.9651472259586 \N
l1 \N worst_compactness 0 \N
l1 \N worst_concavity 0.122563559223435 \N
l1 \N worst_concave_points 16.6783837624312 \N
l1 \N worst_symmetry 2.63457620873056 \N
l1 \N worst_fractal_dimension 0 \N
elasticnet \N intercept -15.9141247740063 \N
elasticnet \N mean_radius 0.0878511869629856 \N
elasticnet \N mean_texture 0.0573838095494448 \N
elasticnet \N mean_perimeter 0.0122943287804624 \N
elasticnet \N mean_area 0.000735429802222628 \N
elasticnet \N mean_smoothness 0.776398912134884 \N
elasticnet \N mean_compactness 0 \N
elasticnet \N mean_concavity 2.0386666184936 \N
elasticnet \N mean_concave_points 9.89752158107598 \N
elasticnet \N mean_symmetry 0 \N
elasticnet \N mean_fractal_dimension 0 \N
elasticnet \N radius_error 1.01678038214525 \N
elasticnet \N texture_error 0 \N
elasticnet \N perimeter_error 0.0749187075714276 \N
elasticnet \N area_error 0.00325213454924854 \N
elasticnet \N smoothness_error 0 \N
elasticnet \N compactness_error 0 \N
elasticnet \N concavity_error 0 \N
elasticnet \N concave_points_error 0 \N
elasticnet \N symmetry_error 0 \N
elasticnet \N fractal_dimension_error -30.0588056938474 \N
elasticnet \N worst_radius 0.0988009302862272 \N
elasticnet \N worst_texture 0.0717597467544215 \N
elasticnet \N worst_perimeter 0.0129459889643105 \N
elasticnet \N worst_area 0.000646108749420784 \N
elasticnet \N worst_smoothness 15.3922995651897 \N
elasticnet \N worst_compactness 0.186841057167227 \N
elasticnet \N worst_concavity 1.17036926473194 \N
elasticnet \N worst_concave_points 7.68011290754859 \N
elasticnet \N worst_symmetry 4.42835269295868 \N
elasticnet \N worst_fractal_dimension 0 \N
iris setosa intercept 6.21843553266174 7.27658661000956
iris setosa sepal_length -1.30142308614785 1.0465631250361
iris setosa sepal_width 2.67054748240342 1.65552380638259
iris setosa petal_length -1.09735557581071 0.49695860937264
iris setosa petal_width -2.38459089599118 1.15875459522092
iris versicolor intercept 2.54030212018219 6.48325980501587
iris versicolor sepal_length 0.712237149873472 0.864103233034764
iris versicolor sepal_width -0.832945420818228 1.47680992751184
iris versicolor petal_length -0.206564842043393 0.465705543725713
iris versicolor petal_width -1.08763669154555 1.02104993956997
iris virginica intercept -8.75873765284394 6.78553337942644
iris virginica sepal_length 0.589185936274376 0.880781286356347
iris virginica sepal_width -1.83760206158518 1.56914312099117
iris virginica petal_length 1.3039204178541 0.492060382915201
iris virginica petal_width 3.47222758753672 1.06417082258449
iris_l1 setosa intercept 3.64414627049206 \N
iris_l1 setosa sepal_length 0 \N
iris_l1 setosa sepal_width 1.58867048102082 \N
iris_l1 setosa petal_length -2.2900111151486 \N
iris_l1 setosa petal_width 0 \N
iris_l1 versicolor intercept 2.08872563352318 \N
iris_l1 versicolor sepal_length 0 \N
iris_l1 versicolor sepal_width 0 \N
iris_l1 versicolor petal_length 0 \N
iris_l1 versicolor petal_width 0 \N
iris_l1 virginica intercept -11.7055071277615 \N
iris_l1 virginica sepal_length 0 \N
iris_l1 virginica sepal_width -0.583185037149675 \N
iris_l1 virginica petal_length 1.35508530214704 \N
iris_l1 virginica petal_width 5.34628871479495 \N
islands Biscoe intercept 5.1751594182727 3.55334414204753
islands Biscoe bill_length_mm -0.0645191349064756 0.0340733032623927
islands Biscoe bill_depth_mm -0.472824313756765 0.0856963699195907
islands Biscoe flipper_length_mm 0.00183331204657113 0.0190179509429227
islands Biscoe body_mass_g 0.00147835661608728 0.000315304188610089
islands Dream intercept -1.53091909115453 3.10202229228923
islands Dream bill_length_mm 0.177885873609638 0.0292565523813339
islands Dream bill_depth_mm 0.177891284057837 0.0784962913614818
islands Dream flipper_length_mm -0.0232943299042519 0.0173348653324262
islands Dream body_mass_g -0.00106431860999173 0.000289974362323904
islands Torgersen intercept -3.64424032711818 3.67869805142058
islands Torgersen bill_length_mm -0.113366738703163 0.0364950321690182
islands Torgersen bill_depth_mm 0.294933029698928 0.0965365190907679
islands Torgersen flipper_length_mm 0.0214610178576808 0.0202056595136376
islands Torgersen body_mass_g -0.000414038006095547 0.000340071398322811
\.

CREATE TEMP TABLE problems (problem text, source text, target text, features text[], params jsonb, weight text);
INSERT INTO problems
SELECT problem, 'breast_cancer', 'diagnosis', CASE WHEN few THEN '{mean_radius,mean_texture,mean_smoothness,mean_concave_points,mean_symmetry}'::text[] END, params
FROM (VALUES
	('none', true, '{"penalty": "none"}'::jsonb),
	('l2', false, '{}'),
	('l2_strong', true, '{"C": 0.01}'),
	('balanced', true, '{"class_weight": "balanced"}'),
	('by_class', true, '{"class_weight": {"benign": 2.5}}'),
	('no_constant', true, '{"fit_intercept": false}'),
	('l1', false, '{"penalty": "l1", "C": 0.1}'),
	('elasticnet', false, '{"penalty": "elasticnet", "C": 0.05, "l1_ratio": 0.3}')) AS v (problem, few, params);
INSERT INTO problems VALUES
	('weights', 'SELECT *, CASE WHEN mean_radius > (SELECT avg(mean_radius) FROM breast_cancer) THEN 3 ELSE 1 END AS w FROM breast_cancer',
	 'diagnosis', '{mean_radius,mean_texture,mean_smoothness,mean_concave_points,mean_symmetry}', '{}', 'w'),
	('iris', 'iris', 'species', NULL, '{}', NULL),
	('iris_l1', 'iris', 'species', NULL, '{"penalty": "l1", "C": 0.5}', NULL),
	('islands', 'SELECT bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g, island FROM penguins WHERE sex IS NOT NULL',
	 'island', NULL, '{"penalty": "none"}', NULL);

-- a coefficient that is 0 in truth is 0 exactly; errors that are not known are NULL on both sides
CREATE FUNCTION compared(problem text, tolerance float8) RETURNS TABLE (rows bigint, estimate bool, zeros bool, std_error bool) LANGUAGE sql AS $$
	SELECT count(t.feature), bool_and(abs(c.estimate - t.estimate) <= tolerance * abs(t.estimate)), bool_and((c.estimate = 0) = (t.estimate = 0)),
		bool_and(coalesce(abs(c.std_error - t.std_error) <= tolerance * t.std_error, num_nulls(c.std_error, t.std_error) = 2))
	FROM mlops_coefficients(problem) AS c LEFT JOIN truth AS t ON t.problem = compared.problem AND t.feature = c.feature AND t.class IS NOT DISTINCT FROM c.class $$;
SELECT count(*) FROM problems AS p, mlops_train(p.problem, p.source, target => p.target, algorithm => 'logistic_regression', params => p.params,
	features => p.features, weight => p.weight, split => '{"method": "none"}');
SELECT p.problem, c.* FROM problems AS p, compared(p.problem, 1e-6) AS c ORDER BY p.problem;

-- the other way, by gradients: the same solution to 1e-5
SELECT count(*) FROM problems AS p, mlops_train(p.problem, p.source, target => p.target, algorithm => 'logistic_regression',
	params => p.params || '{"solver": "lbfgs", "tol": 1e-10}', features => p.features, weight => p.weight, split => '{"method": "none"}', deploy => 'always');
SELECT p.problem, c.rows, c.estimate, c.zeros FROM problems AS p, compared(p.problem, 1e-5) AS c ORDER BY p.problem;

-- weights are rows repeated, with every penalty and with weights of the classes; without scaling, which counts rows
CREATE TEMP TABLE weighted (problem text, params jsonb);
INSERT INTO weighted VALUES ('w_none', '{"penalty": "none"}'), ('w_l2', '{"C": 10}'), ('w_l1', '{"penalty": "l1", "C": 10}'),
	('w_elasticnet', '{"penalty": "elasticnet", "C": 10}'), ('w_balanced', '{"class_weight": "balanced"}'), ('w_by_class', '{"class_weight": {"Dream": 0.5, "Biscoe": 3}}');
SELECT count(*) FROM weighted AS w,
	mlops_train(w.problem, 'SELECT bill_length_mm, bill_depth_mm, island, body_mass_g % 3 AS w FROM penguins WHERE body_mass_g IS NOT NULL',
		target => 'island', params => w.params, weight => 'w', split => '{"method": "none"}', preprocess => '{"*": {"scale": "none"}}') AS a,
	mlops_train(w.problem || '_rows', 'SELECT bill_length_mm, bill_depth_mm, island FROM penguins, generate_series(1, body_mass_g % 3)',
		target => 'island', params => w.params, split => '{"method": "none"}', preprocess => '{"*": {"scale": "none"}}') AS b;
SELECT w.problem, count(*), max(abs(a.estimate - b.estimate) / greatest(abs(b.estimate), 1)) <= 1e-8 AS estimate,
	max(abs(a.std_error - b.std_error) / b.std_error) <= 1e-6 AS std_error
FROM weighted AS w, LATERAL mlops_coefficients(w.problem) AS a, LATERAL mlops_coefficients(w.problem || '_rows') AS b
WHERE a.feature = b.feature AND a.class = b.class GROUP BY w.problem ORDER BY w.problem;

-- separation is said, and there are no errors: completely (all columns of breast_cancer), and of one class (setosa)
SELECT FROM mlops_train('apart', 'breast_cancer', target => 'diagnosis', params => '{"penalty": "none"}', split => '{"method": "none"}');
SELECT count(*), count(std_error) AS errors, count(p_value) AS p_values FROM mlops_coefficients('apart');
SELECT FROM mlops_train('one_apart', 'iris', target => 'species', params => '{"penalty": "none"}', split => '{"method": "none"}');
SELECT count(*), count(std_error) AS errors, count(p_value) AS p_values FROM mlops_coefficients('one_apart');

SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP FUNCTION compared;
