-- Linear models against independent truths, each with its source and under a named tolerance.
SET mlops.progress = off;

-- significant digits that agree: -log10 of the relative error (of the absolute one where the truth is 0), at most 15
CREATE FUNCTION digits(got float8, want float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN got = want THEN 15 WHEN want = 0 THEN least(15, -log(abs(got))) ELSE least(15, -log(abs(got - want) / abs(want))) END $$;

-- NIST StRD, https://www.itl.nist.gov/div898/strd/lls/lls.shtml: certified values of longley and filip from these pages, the
-- wampler problems solved in rational arithmetic by test/reference/linear.py (equal to the certified values)
CREATE TEMP TABLE truth (problem text, feature text, estimate float8, std_error float8);
COPY truth FROM stdin (DELIMITER ' ');
longley intercept -3482258.63459582 890420.383607373
longley gnpdefl 15.0618722713733 84.9149257747669
longley gnp -0.358191792925910E-01 0.334910077722432E-01
longley unemp -2.02022980381683 0.488399681651699
longley armed -1.03322686717359 0.214274163161675
longley pop -0.511041056535807E-01 0.226073200069370
longley year 1829.15146461355 455.478499142212
longley r2 0.995479004577296 \N
longley sd 304.854073561965 \N
filip intercept -1467.48961422980 298.084530995537
filip x1 -2772.17959193342 559.779865474950
filip x2 -2316.37108160893 466.477572127796
filip x3 -1127.97394098372 227.204274477751
filip x4 -354.478233703349 71.6478660875927
filip x5 -75.1242017393757 15.2897178747400
filip x6 -10.8753180355343 2.23691159816033
filip x7 -1.06221498588947 0.221624321934227
filip x8 -0.670191154593408E-01 0.142363763154724E-01
filip x9 -0.246781078275479E-02 0.535617408889821E-03
filip x10 -0.402962525080404E-04 0.896632837373868E-05
filip r2 0.996727416185620 \N
filip sd 0.334801051324544E-02 \N
wampler1 intercept 1 0
wampler1 x1 1 0
wampler1 x2 1 0
wampler1 x3 1 0
wampler1 x4 1 0
wampler1 x5 1 0
wampler1 r2 1 \N
wampler1 sd 0 \N
wampler2 intercept 1 0
wampler2 x1 0.1 0
wampler2 x2 0.01 0
wampler2 x3 0.001 0
wampler2 x4 0.0001 0
wampler2 x5 1e-05 0
wampler2 r2 1 \N
wampler2 sd 0 \N
wampler3 intercept 1 2152.3262467817
wampler3 x1 1 2363.55173469681
wampler3 x2 1 779.343524331583
wampler3 x3 1 101.47550755035
wampler3 x4 1 5.64566512170752
wampler3 x5 1 0.112324854679312
wampler3 r2 0.99999555902582 \N
wampler3 sd 2360.14502379268 \N
wampler4 intercept 1 215232.62467817
wampler4 x1 1 236355.173469681
wampler4 x2 1 77934.3524331583
wampler4 x3 1 10147.550755035
wampler4 x4 1 564.566512170752
wampler4 x5 1 11.2324854679312
wampler4 r2 0.957478440825662 \N
wampler4 sd 236014.502379268 \N
wampler5 intercept 1 21523262.467817
wampler5 x1 1 23635517.3469681
wampler5 x2 1 7793435.24331583
wampler5 x3 1 1014755.0755035
wampler5 x4 1 56456.6512170752
wampler5 x5 1 1123.24854679312
wampler5 r2 0.0022466892157494 \N
wampler5 sd 23601450.2379268 \N
\.
CREATE TABLE filip (x float8, y float8);
INSERT INTO filip SELECT unnest('{
	-6.860120914,-4.324130045,-4.358625055,-4.358426747,-6.955852379,-6.661145254,-6.355462942,-6.118102026,-7.115148017,
	-6.815308569,-6.519993057,-6.204119983,-5.853871964,-6.109523091,-5.79832982,-5.482672118,-5.171791386,-4.851705903,
	-4.517126416,-4.143573228,-3.709075441,-3.499489089,-6.300769497,-5.953504836,-5.642065153,-5.031376979,-4.680685696,
	-4.329846955,-3.928486195,-8.56735134,-8.363211311,-8.107682739,-7.823908741,-7.522878745,-7.218819279,-6.920818754,
	-6.628932138,-6.323946875,-5.991399828,-8.781464495,-8.663140179,-8.473531488,-8.247337057,-7.971428747,-7.676129393,
	-7.352812702,-7.072065318,-6.774174009,-6.478861916,-6.159517513,-6.835647144,-6.53165267,-6.224098421,-5.910094889,
	-5.598599459,-5.290645224,-4.974284616,-4.64454848,-4.290560426,-3.885055584,-3.408378962,-3.13200249,-8.726767166,
	-8.66695597,-8.511026475,-8.165388579,-7.886056648,-7.588043762,-7.283412422,-6.995678626,-6.691862621,-6.392544977,
	-6.067374056,-6.684029655,-6.378719832,-6.065855188,-5.752272167,-5.132414673,-4.811352704,-4.098269308,-3.66174277,
	-3.2644011}'::float8[]), unnest('{
	0.8116,0.9072,0.9052,0.9039,0.8053,0.8377,0.8667,0.8809,0.7975,0.8162,0.8515,0.8766,0.8885,0.8859,0.8959,0.8913,0.8959,
	0.8971,0.9021,0.909,0.9139,0.9199,0.8692,0.8872,0.89,0.891,0.8977,0.9035,0.9078,0.7675,0.7705,0.7713,0.7736,0.7775,0.7841,
	0.7971,0.8329,0.8641,0.8804,0.7668,0.7633,0.7678,0.7697,0.77,0.7749,0.7796,0.7897,0.8131,0.8498,0.8741,0.8061,0.846,0.8751,
	0.8856,0.8919,0.8934,0.894,0.8957,0.9047,0.9129,0.9209,0.9219,0.7739,0.7681,0.7665,0.7703,0.7702,0.7761,0.7809,0.7961,
	0.8253,0.8602,0.8809,0.8301,0.8664,0.8834,0.8898,0.8964,0.8963,0.9074,0.9119,0.9228}'::float8[]);
CREATE TABLE wampler AS
SELECT x, 1 + x + x^2 + x^3 + x^4 + x^5 AS y1, 1 + x / 10 + x^2 / 100 + x^3 / 1e3 + x^4 / 1e4 + x^5 / 1e5 AS y2, d
FROM unnest('{759,-2048,2048,-2048,2523,-2048,2048,-2048,1838,-2048,2048,-2048,1838,-2048,2048,-2048,2523,-2048,2048,-2048,759}'::float8[])
	WITH ORDINALITY AS u (d, place), LATERAL (SELECT (place - 1)::float8 AS x) AS s;

-- what double precision permits: condition numbers 4.9e9 (longley), 1.8e15 (filip), 4e6 (wampler, whose residuals grow from 3 to 5)
CREATE TEMP TABLE problems (problem text, source text, rows float8, freedom float8, estimate int, std_error int, fit int);
INSERT INTO problems VALUES
	('longley', 'SELECT totemp AS y, gnpdefl, gnp, unemp, armed, pop, year FROM longley', 16, 9, 12, 12, 12),
	('filip', 'SELECT x AS x1, x^2 AS x2, x^3 AS x3, x^4 AS x4, x^5 AS x5, x^6 AS x6, x^7 AS x7, x^8 AS x8, x^9 AS x9, x^10 AS x10, y FROM filip', 82, 71, 6, 6, 6),
	('wampler1', 'SELECT x AS x1, x^2 AS x2, x^3 AS x3, x^4 AS x4, x^5 AS x5, y1 AS y FROM wampler', 21, 15, 8, 8, 8),
	('wampler2', 'SELECT x AS x1, x^2 AS x2, x^3 AS x3, x^4 AS x4, x^5 AS x5, y2 AS y FROM wampler', 21, 15, 12, 12, 12),
	('wampler3', 'SELECT x AS x1, x^2 AS x2, x^3 AS x3, x^4 AS x4, x^5 AS x5, y1 + d AS y FROM wampler', 21, 15, 8, 12, 12),
	('wampler4', 'SELECT x AS x1, x^2 AS x2, x^3 AS x3, x^4 AS x4, x^5 AS x5, y1 + 100 * d AS y FROM wampler', 21, 15, 7, 12, 12),
	('wampler5', 'SELECT x AS x1, x^2 AS x2, x^3 AS x3, x^4 AS x4, x^5 AS x5, y1 + 10000 * d AS y FROM wampler', 21, 15, 5, 12, 12);

-- the residual sd is rmse with the degrees of freedom put right
CREATE FUNCTION reached(scale text) RETURNS TABLE (problem text, estimate bool, std_error bool, r2 bool, sd bool) LANGUAGE plpgsql AS $$
DECLARE
	p problems;
BEGIN
	FOR p IN TABLE problems ORDER BY 1 LOOP
		PERFORM mlops_train(p.problem, p.source, target => 'y', algorithm => 'linear_regression', split => '{"method": "none"}',
			preprocess => jsonb_build_object('*', jsonb_build_object('scale', scale)), deploy => 'always');
		RETURN QUERY SELECT p.problem, min(digits(c.estimate, t.estimate)) >= p.estimate, min(digits(c.std_error, t.std_error)) >= p.std_error,
			(SELECT digits(value, f.estimate) >= p.fit FROM mlops_evaluate(p.problem, p.source), truth AS f
			 WHERE metric = 'r2' AND f.problem = p.problem AND f.feature = 'r2'),
			(SELECT digits(value * sqrt(p.rows / p.freedom), f.estimate) >= p.fit FROM mlops_evaluate(p.problem, p.source), truth AS f
			 WHERE metric = 'rmse' AND f.problem = p.problem AND f.feature = 'sd')
		FROM mlops_coefficients(p.problem) AS c JOIN truth AS t USING (feature) WHERE t.problem = p.problem
		HAVING count(*) = (SELECT count(*) FROM mlops_coefficients(p.problem));
	END LOOP;
END
$$;
SELECT * FROM reached('standard');
SELECT * FROM reached('none');

-- what the coefficients say is what scoring does
SELECT max(abs(mlops_predict('longley', l) - (SELECT sum(c.estimate * CASE c.feature WHEN 'intercept' THEN 1 WHEN 'gnpdefl' THEN l.gnpdefl
	WHEN 'gnp' THEN l.gnp WHEN 'unemp' THEN l.unemp WHEN 'armed' THEN l.armed WHEN 'pop' THEN l.pop WHEN 'year' THEN l.year END)
	FROM mlops_coefficients('longley') AS c))) < 1e-6 AS same FROM longley AS l;

-- errors, tests and intervals, without weights and with: test/reference/linear.R
SELECT FROM mlops_train('lm', 'diabetes', target => 'progression', algorithm => 'linear_regression', split => '{"method": "none"}');
SELECT FROM mlops_train('lm_weights', 'SELECT *, age / 10 AS w FROM diabetes', target => 'progression', algorithm => 'linear_regression',
	split => '{"method": "none"}', weight => 'w');
CREATE TEMP TABLE inference (problem text, feature text, estimate float8, std_error float8, statistic float8, p_value float8, conf_low float8, conf_high float8);
COPY inference FROM stdin (DELIMITER ' ');
lm bmi 5.6029620919237 0.717105500560911 7.81330234887494 4.29639141951884e-14 4.19350319164735 7.01242099220005
lm_weights ltg 74.2938775421496 15.6239668109847 4.75512259088494 2.70867398349486e-06 43.5852313776176 105.002523706682
\.
SELECT i.problem, least(digits(c.estimate, i.estimate), digits(c.std_error, i.std_error), digits(c.statistic, i.statistic),
	digits(c.p_value, i.p_value), digits(c.conf_low, i.conf_low), digits(c.conf_high, i.conf_high)) >= 9 AS nine_digits
FROM inference AS i, mlops_coefficients(i.problem) AS c WHERE c.feature = i.feature ORDER BY 1;

-- penalised models: test/reference/linear.py (scikit-learn 1.2.1; standardised columns as here by default)
COPY truth FROM stdin (DELIMITER ' ');
ridge_1 intercept -312.43246404205 \N
ridge_1 age -0.0329285470408207 0.216316776185884
ridge_1 sex -22.7129294188092 5.8135055029913
ridge_1 bmi 5.61308938064628 0.713266724393067
ridge_1 bp 1.11275958689316 0.224261364057077
ridge_1 tc -0.870389798053187 0.454221566675981
ridge_1 ldl 0.548185918874512 0.425831330556684
ridge_1 hdl 0.113170010225137 0.655957107515149
ridge_1 tch 5.83489018593437 5.68919251989639
ridge_1 ltg 62.9432651233021 13.0398658135978
ridge_1 glu 0.284445976102406 0.27222040253462
ridge_100 intercept -205.37990806925 \N
ridge_100 age 0.0333085990036181 0.16876558060985
ridge_100 sex -16.9000802605726 4.42837079659635
ridge_100 bmi 4.84387511673441 0.520029891176093
ridge_100 bp 0.965348473799207 0.164683223310604
ridge_100 tc -0.0597791206280756 0.0420553697028173
ridge_100 ldl -0.122037322223342 0.0583022954039451
ridge_100 hdl -0.694755981154596 0.157635466317183
ridge_100 tch 4.43977716505119 1.67421989208345
ridge_100 ltg 35.7444576800103 4.33405813584573
ridge_100 glu 0.411936462875453 0.201193269300351
lasso_1 objective 1533.76871696259 \N
lasso_1 intercept -235.544552562376 \N
lasso_1 age 0 \N
lasso_1 sex -18.6761707019001 \N
lasso_1 bmi 5.62674455137144 \N
lasso_1 bp 1.01978608531294 \N
lasso_1 tc -0.139979836623863 \N
lasso_1 ldl 0 \N
lasso_1 hdl -0.822222607273905 \N
lasso_1 tch 0 \N
lasso_1 ltg 46.8013928176473 \N
lasso_1 glu 0.223095321040501 \N
lasso_10 objective 2125.72039413886 \N
lasso_10 intercept -191.843417061668 \N
lasso_10 age 0 \N
lasso_10 sex 0 \N
lasso_10 bmi 5.12087145335293 \N
lasso_10 bp 0.492331749643202 \N
lasso_10 tc 0 \N
lasso_10 ldl 0 \N
lasso_10 hdl -0.239100385686105 \N
lasso_10 tch 0 \N
lasso_10 ltg 37.5352619028239 \N
lasso_10 glu 0 \N
net_half objective 1636.20773462466 \N
net_half intercept -200.80972810421 \N
net_half age 0.0225354026760194 \N
net_half sex -15.714743545207 \N
net_half bmi 4.75562078335335 \N
net_half bp 0.942192926577691 \N
net_half tc -0.0444458086371039 \N
net_half ldl -0.111790956673137 \N
net_half hdl -0.692790607308355 \N
net_half tch 4.12996867566224 \N
net_half ltg 34.9187201803094 \N
net_half glu 0.408037601270298 \N
net_tenth objective 2260.08583456838 \N
net_tenth intercept -51.5427915844636 \N
net_tenth age 0.115726335744103 \N
net_tenth sex -2.40425450634133 \N
net_tenth bmi 2.02404069255097 \N
net_tenth bp 0.446395674031996 \N
net_tenth tc 0.0322754563596455 \N
net_tenth ldl 0.00691400784542532 \N
net_tenth hdl -0.386113882960962 \N
net_tenth tch 3.47300706773624 \N
net_tenth ltg 15.1563101345375 \N
net_tenth glu 0.370310511555741 \N
lasso_up intercept -318.856856514569 \N
lasso_up age 0 \N
lasso_up sex 0 \N
lasso_up bmi 6.22090730824066 \N
lasso_up bp 0.850627531972328 \N
lasso_up tc 0 \N
lasso_up ldl 0 \N
lasso_up hdl 0 \N
lasso_up tch 2.17179003365794 \N
lasso_up ltg 44.9375218955851 \N
lasso_up glu 0.0984701173943305 \N
ridge_raw age 0.0144857336294654 \N
ridge_raw sex -23.3898942382331 \N
ridge_raw bmi 5.41531471001078 \N
ridge_raw bp 1.00421062882706 \N
ridge_raw tc 1.32136833758229 \N
ridge_raw ldl -1.35066085110855 \N
ridge_raw hdl -3.06053451671006 \N
ridge_raw tch -5.06290899902199 \N
ridge_raw ltg 3.55738227536157 \N
ridge_raw glu 0.118883425418428 \N
ridge_weights intercept -266.758160377697 \N
ridge_weights age 0.0910443094140836 \N
ridge_weights sex -16.3554777941124 \N
ridge_weights bmi 5.98670063615599 \N
ridge_weights bp 1.14951912660626 \N
ridge_weights tc -0.133446178806825 \N
ridge_weights ldl -0.179352398974105 \N
ridge_weights hdl -0.523129728343136 \N
ridge_weights tch 6.19259226926825 \N
ridge_weights ltg 39.5843326852607 \N
ridge_weights glu 0.375436128764856 \N
\.
CREATE TEMP TABLE penalised (problem text, algorithm text, params jsonb, tolerance float8, source text DEFAULT 'diabetes', weight text,
	preprocess jsonb DEFAULT '{}');
INSERT INTO penalised VALUES
	('ridge_1', 'ridge', '{"alpha": 1}', 1e-10),
	('ridge_100', 'ridge', '{"alpha": 100}', 1e-10),
	('lasso_1', 'lasso', '{"alpha": 1, "tol": 1e-12}', 1e-9),
	('lasso_10', 'lasso', '{"alpha": 10, "tol": 1e-12}', 1e-9),
	('lasso_up', 'lasso', '{"alpha": 1, "positive": true, "tol": 1e-12}', 1e-9),
	('net_half', 'elastic_net', '{"alpha": 0.5, "tol": 1e-12}', 1e-9),
	('net_tenth', 'elastic_net', '{"alpha": 3, "l1_ratio": 0.1, "tol": 1e-12}', 1e-9);
INSERT INTO penalised VALUES
	('ridge_raw', 'ridge', '{"alpha": 10, "fit_intercept": false}', 1e-10, 'diabetes', NULL, '{"*": {"scale": "none"}}'),
	('ridge_weights', 'ridge', '{"alpha": 50}', 1e-10, 'SELECT *, age / 10 AS w FROM diabetes', 'w', '{"*": {"scale": "none"}}');
SELECT count(*) FROM penalised AS p, mlops_train(p.problem, p.source, target => 'progression', algorithm => p.algorithm, params => p.params,
	split => '{"method": "none"}', weight => p.weight, preprocess => p.preprocess);
SELECT p.problem, count(*) AS compared, max(abs(c.estimate - t.estimate) / greatest(abs(t.estimate), 1)) <= p.tolerance AS estimate,
	max(abs(c.std_error - t.std_error) / t.std_error) <= p.tolerance AS std_error, bool_and((c.estimate = 0) = (t.estimate = 0)) AS zeros
FROM penalised AS p CROSS JOIN mlops_coefficients(p.problem) AS c JOIN truth AS t ON t.problem = p.problem AND t.feature = c.feature
GROUP BY p.problem, p.tolerance ORDER BY p.problem;

-- the default tolerance: the objective is the least one to 1e-8, relative
CREATE FUNCTION objective(model text, alpha float8, ratio float8) RETURNS float8 LANGUAGE sql AS $$
	SELECT avg((progression - mlops_predict(model, d))^2) / 2 +
		(SELECT alpha * sum(ratio * abs(c.estimate * sd) + (1 - ratio) / 2 * (c.estimate * sd)^2)
		 FROM mlops_coefficients(model) AS c
		 JOIN (SELECT feature, stddev_pop(value::float8) AS sd FROM diabetes AS e, jsonb_each_text(to_jsonb(e)) AS j (feature, value) GROUP BY feature) AS s USING (feature))
	FROM diabetes AS d $$;
SELECT count(*) FROM penalised AS p, mlops_train(p.problem || '_default', 'diabetes', target => 'progression', algorithm => p.algorithm,
	params => p.params - 'tol', split => '{"method": "none"}')
WHERE p.problem IN (SELECT problem FROM truth WHERE feature = 'objective');
SELECT p.problem, digits(objective(p.problem || '_default', (params->>'alpha')::float8, CASE algorithm WHEN 'lasso' THEN 1 ELSE coalesce((params->>'l1_ratio')::float8, 0.5) END),
	t.estimate) >= 8 AS least
FROM penalised AS p JOIN truth AS t ON t.problem = p.problem AND t.feature = 'objective' ORDER BY p.problem;

-- weights are rows repeated, in every algorithm; without scaling, which counts rows
CREATE TEMP TABLE weighted (algorithm text, params jsonb);
INSERT INTO weighted VALUES ('linear_regression', '{}'), ('ridge', '{}'), ('lasso', '{"tol": 1e-12}'), ('elastic_net', '{"tol": 1e-12}');
SELECT count(*) FROM weighted AS w,
	mlops_train(w.algorithm || '_w', 'SELECT *, sex AS w FROM diabetes', target => 'progression', algorithm => w.algorithm, params => w.params,
		weight => 'w', split => '{"method": "none"}', preprocess => '{"*": {"scale": "none"}}') AS a,
	mlops_train(w.algorithm || '_r', 'SELECT d.* FROM diabetes AS d, generate_series(1, sex::int)', target => 'progression', algorithm => w.algorithm,
		params => w.params, split => '{"method": "none"}', preprocess => '{"*": {"scale": "none"}}') AS b;
SELECT algorithm, max(abs(w.estimate - r.estimate) / greatest(abs(r.estimate), 1)) <= 1e-9 AS same
FROM weighted CROSS JOIN LATERAL mlops_coefficients(algorithm || '_w') AS w JOIN LATERAL mlops_coefficients(algorithm || '_r') AS r USING (feature)
GROUP BY algorithm ORDER BY algorithm;

SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP TABLE filip, wampler;
DROP FUNCTION reached, objective, digits;
