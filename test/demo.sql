-- The life of a model, on the churn of 7,043 customers of a telephone company.  Each statement is printed with its result.
\set ECHO queries
\pset pager off
\pset null '(null)'

\echo
\echo '-- 1. The data'
\echo

CREATE EXTENSION mlops;
CREATE EXTENSION pg_cron;

CREATE TABLE customers (
	customer_id text PRIMARY KEY, churn text, female int, senior_citizen int, partner int, dependents int, tenure int,
	phone_service int, multiple_lines text, internet_service text, online_security text, online_backup text,
	device_protection text, tech_support text, streaming_tv text, streaming_movies text, contract text,
	paperless_billing int, payment_method text, monthly_charges float8, total_charges float8);

COPY customers FROM :'data' (FORMAT csv, HEADER);

SELECT churn, count(*), round(avg(tenure), 1) AS months, round(avg(monthly_charges)::numeric, 2) AS charges
FROM customers GROUP BY churn ORDER BY churn;

\echo
\echo '-- 2. Train: clean, encode, split, fit, evaluate, store and deploy in one call'
\echo

SELECT model, version, algorithm, train_rows, test_rows, metric, round(value::numeric, 4) AS value,
       round(baseline::numeric, 4) AS baseline, deployed, round(seconds::numeric, 2) AS seconds
FROM mlops_train('churn', 'customers', target => 'churn', algorithm => 'logistic_regression');

\echo
\echo '-- 3. How good is it?  Rows that it has not seen, beside always guessing the most frequent answer'
\echo

SELECT metric, round(value::numeric, 4) AS model, round(baseline::numeric, 4) AS baseline
FROM (SELECT metric, value FROM mlops.metrics WHERE model = 'churn' AND dataset = 'test' AND label IS NULL) AS t
LEFT JOIN (SELECT metric, value AS baseline FROM mlops.metrics
           WHERE model = 'churn' AND dataset = 'baseline' AND label IS NULL) AS b USING (metric)
ORDER BY metric;

\echo
\echo '-- 4. What drives it?'
\echo

SELECT feature, round(estimate::numeric, 4) AS estimate, round(std_error::numeric, 4) AS std_error,
       round(statistic::numeric, 2) AS z, to_char(p_value, '9.9EEEE') AS p_value
FROM mlops_coefficients('churn') WHERE feature <> 'intercept'
ORDER BY abs(statistic) DESC NULLS LAST LIMIT 8;

\echo
\echo '-- 5. Score rows in plain SQL'
\echo

SELECT customer_id, contract, tenure, mlops_classify('churn', c) AS prediction,
       round(mlops_probability('churn', c)::numeric, 3) AS probability, churn AS truth
FROM customers AS c ORDER BY customer_id LIMIT 6;

SELECT contract, count(*) AS customers, round(avg(mlops_probability('churn', c))::numeric, 3) AS predicted,
       round(avg((churn = 'Yes')::int), 3) AS actual
FROM customers AS c GROUP BY contract ORDER BY contract;

\echo
\echo '-- 6. A second version, deployed by hand, and back again'
\echo

SELECT version, algorithm, metric, round(value::numeric, 4) AS value, deployed
FROM mlops_train('churn', 'customers', target => 'churn', algorithm => 'logistic_regression',
                 params => '{"penalty": "l1", "C": 0.1, "class_weight": "balanced"}', deploy => 'never');

SELECT model, version, algorithm, params FROM mlops.versions WHERE model = 'churn' ORDER BY version;

SELECT mlops_deploy('churn', version => 2);
SELECT model, task, live_version FROM mlops.models;
SELECT round(mlops_probability('churn', c)::numeric, 3) AS live,
       round(mlops_probability('churn/1', c)::numeric, 3) AS version_1
FROM customers AS c WHERE customer_id = 'C00001';

SELECT mlops_rollback('churn');
SELECT version, action, reason, deployed_by, live_from, live_until FROM mlops.deployments
WHERE model = 'churn' ORDER BY deployment_id;

\echo
\echo '-- 7. The world changes: does today''s table still look like the one of the training?'
\echo

CREATE TABLE customers_today AS
SELECT customer_id, churn, female, senior_citizen, partner, dependents, tenure / 2 AS tenure, phone_service,
       multiple_lines, 'Fiber optic' AS internet_service, online_security, online_backup, device_protection,
       tech_support, streaming_tv, streaming_movies, contract, paperless_billing, payment_method,
       monthly_charges + 15 AS monthly_charges, total_charges
FROM customers;

SELECT feature, statistic, round(value::numeric, 4) AS value, threshold, drifted
FROM mlops_drift('churn', 'customers_today') ORDER BY value DESC NULLS LAST LIMIT 6;

\echo
\echo '-- 8. Train again every minute from now on, on whatever the table holds then'
\echo

SELECT mlops_schedule('churn', '* * * * *');
SELECT schedule, command, active FROM cron.job;

\echo 'waiting for the next full minute ...'
\echo
\set ECHO none
DO $$
BEGIN
	FOR i IN 1..150 LOOP
		EXIT WHEN EXISTS (SELECT FROM cron.job_run_details WHERE status IN ('succeeded', 'failed'));
		PERFORM pg_sleep(0.5);
		COMMIT;
	END LOOP;
	IF NOT EXISTS (SELECT FROM cron.job_run_details WHERE status = 'succeeded') THEN
		RAISE EXCEPTION 'the job did not run: %', (SELECT string_agg(return_message, ', ') FROM cron.job_run_details);
	END IF;
END
$$;
\set ECHO queries

SELECT status, return_message, date_trunc('second', end_time - start_time) AS took FROM cron.job_run_details;
SELECT model, version, algorithm, train_rows, test_rows FROM mlops.versions WHERE model = 'churn' ORDER BY version;

SELECT mlops_unschedule('churn');
SELECT mlops_drop('churn');
