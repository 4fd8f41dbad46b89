-- Contracts: what a table must hold, whether it does, and trainings that insist.
SET mlops.progress = off;

CREATE TABLE orders (id int, customer text, price numeric, quantity int, status text, "Größe" float8, at timestamptz, note json);
INSERT INTO orders SELECT i, 'c' || i % 20, (i % 100) + 0.5, 1 + i % 5, (ARRAY['new', 'paid', 'sent'])[1 + i % 3],
	CASE WHEN i % 10 = 0 THEN NULL ELSE i / 10.0 END, '2001-01-01 00:00Z'::timestamptz + i * interval '1 hour', '{}' FROM generate_series(1, 300) i;

-- written down
SELECT * FROM mlops_expect('orders', 'orders', '[
	{"rule": "type", "column": "price", "type": "numeric"},
	{"rule": "not_null", "column": "id"},
	{"rule": "unique", "column": "id"},
	{"rule": "unique", "columns": ["customer", "id"]},
	{"rule": "null_share", "column": "Größe", "max": 0.15},
	{"rule": "range", "column": "price", "min": 0, "max": 99.5},
	{"rule": "range", "column": "at", "min": "2001-01-01 00:00Z"},
	{"rule": "in", "column": "status", "values": ["new", "paid", "sent"]},
	{"rule": "matches", "column": "customer", "pattern": "^c\\d+$"},
	{"rule": "expression", "expression": "price > 0 AND quantity >= 1 -- both", "tolerance": 0.99},
	{"rule": "row_count", "min": 100, "max": 1000},
	{"rule": "freshness", "column": "at", "max_age": "100 years", "severity": "warning"}]');
SELECT rule_id, rule, column_name, passed, observed, failing_rows, examples FROM mlops_check('orders') WHERE rule <> 'freshness';
SELECT contract, source, jsonb_array_length(rules), owner = current_user::regrole FROM mlops.contracts;

-- other rows, as a SELECT
SELECT rule_id, rule, column_name, severity, passed, observed, expected, failing_rows, examples - 'at' AS examples
	FROM mlops_check('orders', $$SELECT CASE WHEN id > 290 THEN 1 ELSE id END AS id, customer || CASE WHEN id = 7 THEN '?' ELSE '' END AS customer,
		CASE WHEN id < 3 THEN -price ELSE price END AS price, quantity, CASE WHEN id < 6 THEN 'lost' ELSE status END AS status,
		CASE WHEN id > 100 THEN "Größe" END AS "Größe", '2020-01-01'::timestamptz AS at FROM orders$$) WHERE NOT passed;

-- a table that looks otherwise: gone, renamed and retyped columns fail their rules
CREATE TABLE changed AS SELECT id::text AS id, customer, price::text AS price, status AS state, "Größe", at FROM orders;
SELECT rule_id, rule, column_name, passed, observed FROM mlops_check('orders', 'changed') WHERE rule <> 'freshness';
SELECT rule_id, rule, passed, observed, failing_rows FROM mlops_check('orders', 'SELECT * FROM orders LIMIT 0') WHERE rule IN ('row_count', 'freshness', 'not_null', 'range', 'unique');

-- learned
SELECT * FROM mlops_expect('iris', 'iris');
SELECT count(*), bool_and(passed) FROM mlops_check('iris');
SELECT rule, column_name, observed, failing_rows, examples FROM mlops_check('iris', 'SELECT sepal_length * 10 AS sepal_length, sepal_width, petal_length, petal_width, species FROM iris') WHERE NOT passed;
SELECT rule, column_name, expected, severity, tolerance FROM mlops_expect('learned', 'orders');
SELECT count(*), bool_and(passed) FROM mlops_check('learned');

-- in a training
SELECT version, deployed FROM mlops_train('kept', 'iris', target => 'species', contract => 'iris');
SELECT version FROM mlops_retrain('kept');
SELECT definition -> 'contract' FROM mlops.versions WHERE model = 'kept' AND version = 2;
SELECT version FROM mlops_retrain('kept', 'SELECT sepal_length * 10 AS sepal_length, sepal_width, petal_length, petal_width, species FROM iris');
SELECT * FROM mlops_expect('soft', 'iris', '[{"rule": "row_count", "min": 1000, "severity": "warning"}, {"rule": "not_null", "column": "species"}]');
SELECT version FROM mlops_train('kept', 'iris', target => 'species', contract => 'soft');
SELECT version FROM mlops_train('kept', 'iris', target => 'species', contract => 'irsi');
SELECT count(*) FROM mlops.versions WHERE model = 'kept';

-- the search path is that of the day it was written
CREATE SCHEMA rules_of;
CREATE FUNCTION rules_of.fine(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
SET search_path = rules_of, public;
SELECT rule, expected FROM mlops_expect('pathed', 'orders', '[{"rule": "expression", "expression": "fine(quantity)"}]');
RESET search_path;
SELECT passed, observed FROM mlops_check('pathed');

-- what cannot be
SELECT mlops_expect('x', 'orders', '{}');
SELECT mlops_expect('x', 'orders', '[]');
SELECT mlops_expect('x', 'orders', '[1]');
SELECT mlops_expect('x', 'orders', '[{"column": "id"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "not_nul", "column": "id"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "not_null", "column": "id"}, {"rule": "not_null", "column": "idd"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "not_null", "columns": ["id"]}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "not_null", "column": 3}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "range", "column": "price"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "range", "column": "price", "min": "cheap"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "range", "column": "at", "min": 3}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "in", "column": "status", "values": []}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "in", "column": "status", "values": [null]}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "null_share", "column": "id", "max": 5}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "row_count", "min": 5, "max": 3}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "unique", "column": "note"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "unique"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "freshness", "column": "at", "max_age": "soon"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "matches", "column": "customer", "pattern": "("}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "not_null", "column": "id", "severity": "fatal"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "not_null", "column": "id", "tolerance": 99}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "expression", "expression": "price"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "expression", "expression": "prize > 0"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "expression", "expression": "price > random()"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "expression", "expression": "count(*) > 1"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "expression", "expression": "row_number() over () > 1"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "expression", "expression": "generate_series(1, 2) > 1"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "expression", "expression": "true) FROM orders s; DROP TABLE orders; SELECT (true"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "expression", "expression": "true), (true"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "expression", "expression": "true FROM orders"}]');
SELECT mlops_expect('x', 'orders', '[{"rule": "expression", "expression": ""}]');
SELECT mlops_expect('x', 'SELECT * FROM orders LIMIT 0');
SELECT mlops_expect('x', 'odrers');
SELECT mlops_expect(NULL, 'orders');
SELECT mlops_expect('a/b', 'orders', '[{"rule": "not_null", "column": "id"}]');
SELECT mlops_check('order');
SELECT mlops_check(NULL);
SELECT count(*) FROM mlops.contracts WHERE contract = 'x';

-- rights
CREATE ROLE contract_stranger;
GRANT SELECT ON orders TO contract_stranger;
SET SESSION AUTHORIZATION contract_stranger;
SELECT mlops_check('orders');
SELECT mlops_expect('orders', 'orders', '[{"rule": "not_null", "column": "id"}]');
SELECT mlops_drop_contract('orders');
SELECT mlops_train('stolen', 'orders', target => 'price', contract => 'orders');
SELECT count(*) FROM mlops.contracts;
SELECT mlops_expect('own', 'iris', '[{"rule": "row_count", "min": 1}]');
SELECT rule_id FROM mlops_expect('own', 'orders', '[{"rule": "row_count", "min": 1}]');
SELECT passed FROM mlops_check('own');
SELECT passed FROM mlops_check('own', 'iris');
RESET SESSION AUTHORIZATION;

-- a thousand columns
DO $$ BEGIN EXECUTE (SELECT 'CREATE TABLE wide_contract AS SELECT ' || string_agg(format('i + %s AS c%s', k, k), ', ') || ' FROM generate_series(1, 20) i' FROM generate_series(1, 1000) k); END $$;
SELECT count(*) FROM mlops_expect('wide', 'wide_contract');
SELECT count(*), bool_and(passed) FROM mlops_check('wide');
DROP TABLE wide_contract;

SELECT mlops_drop_contract('learned');
SELECT mlops_drop_contract('learned');
SELECT mlops_drop_contract(contract) FROM mlops.contracts ORDER BY contract;
SELECT mlops_drop('kept');
DROP TABLE orders, changed;
DROP SCHEMA rules_of CASCADE;
DROP ROLE contract_stranger;
