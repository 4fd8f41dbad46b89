-- A category of hundreds of values in logistic regression: eliminated exactly, with the coefficients and errors of the whole problem.
\set VERBOSITY terse
SET mlops.progress = off;
CREATE TABLE border AS SELECT (i * 7919 % 1000) / 100.0::float8 AS x, 'k' || i * 104729 % 3 AS g, 'v' || i * 31 % 601 AS c,
	(i * 7907 % 997) / 997.0::float8 + (i * 31 % 601 % 7) / 10.0::float8 + (i * 7919 % 1000) / 100.0::float8 / 20 > 1 AS y FROM generate_series(1::bigint, 3000) i;
SELECT train_rows FROM mlops_train('border', 'border', target => 'y', algorithm => 'logistic_regression', split => '{"method": "none"}',
	preprocess => '{"c": {"max_categories": 1000}}');
-- test/reference/border.py
SELECT r.feature, abs(c.estimate - r.estimate) < 1e-8 * abs(r.estimate) + 1e-9 AS estimate, abs(c.std_error - r.std_error) < 1e-8 * r.std_error AS std_error
FROM (VALUES
	('intercept', -0.9366867233478584, 0.5844972356724726),
	('x', 0.2273873623028318, 0.01465941238023501),
	('g=k0', -0.0034427207866705475, 0.5801150267401457),
	('c=v17', 0.0073027638833798175, 0.6883507240990742),
	('c=v600', 0.46076716468402934, 0.7130529900309638)) AS r (feature, estimate, std_error) JOIN mlops_coefficients('border') c USING (feature) ORDER BY 1;
SELECT count(*), count(std_error) FROM mlops_coefficients('border');
-- gradients alone find the same, without errors; and so without a constant
SELECT train_rows FROM mlops_train('gradients', 'border', target => 'y', algorithm => 'logistic_regression', split => '{"method": "none"}',
	params => '{"solver": "lbfgs", "tol": 1e-12}', preprocess => '{"c": {"max_categories": 1000}}');
SELECT max(abs(a.estimate - b.estimate)) < 1e-6 AS alike, count(b.std_error) AS errors FROM mlops_coefficients('border') a JOIN mlops_coefficients('gradients') b USING (feature);
SELECT m.train_rows FROM (VALUES ('border', 'newton'), ('gradients', 'lbfgs')) AS v (name, solver),
	mlops_train(name, 'border', target => 'y', algorithm => 'logistic_regression', split => '{"method": "none"}', deploy => 'always',
	params => jsonb_build_object('solver', solver, 'fit_intercept', false, 'tol', 1e-12), preprocess => '{"c": {"max_categories": 1000}}') m;
SELECT max(abs(a.estimate - b.estimate)) < 1e-6 AS alike FROM mlops_coefficients('border') a JOIN mlops_coefficients('gradients') b USING (feature);
-- without a penalty and with weights; columns that depend on others are named, or the classes are separated
SELECT train_rows FROM mlops_train('bare', 'SELECT x, g, c, y, x + 1 AS w, 2 * x AS twice FROM border', target => 'y', weight => 'w', algorithm => 'logistic_regression',
	split => '{"method": "none"}', params => '{"penalty": "none"}', preprocess => '{"c": {"max_categories": 1000}}');
-- a lasso has no such way; newton says why it cannot
SELECT train_rows FROM mlops_train('l1', 'border', target => 'y', algorithm => 'logistic_regression', split => '{"method": "none"}',
	params => '{"penalty": "l1", "solver": "newton"}', preprocess => '{"c": {"max_categories": 1000}}');
SELECT count(mlops_drop(model)) > 0 AS dropped FROM mlops.models;
DROP TABLE border;
