-- Against independent truths, each with its source and under a named tolerance.

-- certified digits: -log10 of the relative error, at most 15
CREATE FUNCTION digits(got float8, want float8) RETURNS numeric LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN got = want THEN 15 ELSE least(15, -log(abs(got - want) / abs(want)))::numeric END $$;

-- NIST StRD Longley: https://www.itl.nist.gov/div898/strd/lls/data/Longley.shtml, certified values of estimate and standard deviation
CREATE TEMP TABLE nist (feature text, estimate float8, std_error float8);
INSERT INTO nist VALUES
	('intercept', -3482258.63459582, 890420.383607373),
	('gnpdefl', 15.0618722713733, 84.9149257747669),
	('gnp', -0.358191792925910E-01, 0.334910077722432E-01),
	('unemp', -2.02022980381683, 0.488399681651699),
	('armed', -1.03322686717359, 0.214274163161675),
	('pop', -0.511041056535807E-01, 0.226073200069370),
	('year', 1829.15146461355, 455.478499142212);
SELECT FROM mlops_train('longley', 'longley', target => 'totemp', algorithm => 'linear_regression', split => '{"method": "none"}',
	features => '{gnpdefl,gnp,unemp,armed,pop,year}');
SELECT feature, digits(c.estimate, n.estimate) >= 9 AS estimate, digits(c.std_error, n.std_error) >= 9 AS std_error
FROM mlops_coefficients('longley') AS c JOIN nist AS n USING (feature) ORDER BY feature;
SELECT FROM mlops_train('longley_raw', 'longley', target => 'totemp', algorithm => 'linear_regression', split => '{"method": "none"}',
	features => '{gnpdefl,gnp,unemp,armed,pop,year}', preprocess => '{"*": {"scale": "none"}}');
SELECT bool_and(digits(c.estimate, n.estimate) >= 9) AS without_scaling
FROM mlops_coefficients('longley_raw') AS c JOIN nist AS n USING (feature);
-- residual standard deviation 304.854073561965, R-squared 0.995479004577296 (same page)
SELECT digits(value, 0.995479004577296) >= 9 AS r2 FROM mlops.metrics WHERE model = 'longley' AND dataset = 'train' AND metric = 'r2';

-- an exact polynomial (NIST StRD Wampler1: y = 1 + x + ... + x^5 for x = 0 .. 20)
SELECT FROM mlops_train('wampler', 'SELECT x::float8 AS x1, x^2::float8 AS x2, x^3::float8 AS x3, x^4::float8 AS x4, x^5::float8 AS x5,
	1 + x + x^2::float8 + x^3::float8 + x^4::float8 + x^5::float8 AS y FROM generate_series(0, 20) AS x',
	target => 'y', algorithm => 'linear_regression', split => '{"method": "none"}', features => '{x1,x2,x3,x4,x5}');
SELECT bool_and(digits(estimate, 1) >= 6) AS wampler FROM mlops_coefficients('wampler');

-- what the coefficients say is what scoring does
SELECT max(abs(mlops_predict('longley', l) - (SELECT sum(c.estimate * CASE c.feature WHEN 'intercept' THEN 1 WHEN 'gnpdefl' THEN l.gnpdefl
	WHEN 'gnp' THEN l.gnp WHEN 'unemp' THEN l.unemp WHEN 'armed' THEN l.armed WHEN 'pop' THEN l.pop WHEN 'year' THEN l.year END)
	FROM mlops_coefficients('longley') AS c))) < 1e-6 AS same FROM longley AS l;
SELECT mlops_drop('longley'), mlops_drop('longley_raw'), mlops_drop('wampler');
