-- Neural networks: textbook cases, real data, parameters, what cannot be.
SET mlops.progress = off;
SET client_min_messages = error;

-- by hand: two inputs, one hidden layer of three sigmoid units, plain gradient descent on the mean squared error, over all rows at once:
-- on which side of a line does a point lie?
CREATE TABLE points AS SELECT x, y, y > 0.5 * x + 0.2 AS above FROM (SELECT ((i * 37) % 101) / 50.0 - 1 AS x, ((i * 61) % 103) / 51.0 - 1 AS y FROM generate_series(1, 400) i) p;
SELECT algorithm, train_rows, value > 0.95 AS good FROM mlops_train('line', 'points', target => 'above', algorithm => 'mlp', metric => 'accuracy', params => '{"hidden_layer_sizes": [3],
	"activation": "logistic", "solver": "sgd", "loss": "squared_error", "learning_rate_init": 0.1, "momentum": 0, "nesterovs_momentum": false, "batch_size": 400, "alpha": 0, "max_iter": 20000,
	"tol": 0, "n_iter_no_change": 20000}');
SELECT mlops_classify('line', -0.5, 0.8) AS above, mlops_classify('line', 0.5, -0.8) AS below;
-- the loss falls all the way
SELECT count(*), bool_and(train_loss <= before + 1e-9) AS falls FROM (SELECT train_loss, lag(train_loss) OVER (ORDER BY iteration) AS before FROM mlops_training_curve('line') WHERE iteration % 1000 = 0) c;

-- exclusive or: no hidden layer cannot, one can
CREATE TABLE bits AS SELECT a, b, a <> b AS differ FROM (SELECT i % 2 AS a, (i / 2) % 2 AS b FROM generate_series(1, 200) i) p;
SELECT layers, round(value::numeric, 2) AS accuracy FROM (VALUES ('[]'), ('[8]')) l(layers), LATERAL mlops_train('bits', 'bits', target => 'differ', algorithm => 'mlp', metric => 'accuracy',
	split => '{"method": "none"}', deploy => 'always', params => format('{"hidden_layer_sizes": %s, "solver": "lbfgs"}', layers)::jsonb);

-- ten classes of handwritten digits, defaults
\getenv source PG_ABS_SRCDIR
\set file :source '/test/data/digits.csv'
SELECT format('CREATE TABLE digits (%s, digit int)', string_agg(format('pixel_%s_%s float8', i, j), ', ' ORDER BY i, j)) AS ddl FROM generate_series(0, 7) i, generate_series(0, 7) j \gset
:ddl;
COPY digits FROM :'file' (FORMAT csv, HEADER);
SELECT algorithm, train_rows, test_rows, (metrics->'test'->>'accuracy')::float8 >= 0.97 AS good
	FROM mlops_train('digits', 'digits', target => 'digit', task => 'classification', algorithm => 'mlp');
SELECT sum((mlops_classify('digits', d) = digit::text)::int) > 1750 AS by_row FROM digits d;
-- rows one at a time and in blocks: the same bits
SELECT count(*) AS differ FROM (SELECT row_number() OVER () AS key, * FROM digits) d
	JOIN mlops_predict_table('digits', 'SELECT row_number() OVER () AS key, * FROM digits', 'key') t ON t.key = d.key::text
	WHERE t.prediction <> mlops_classify('digits', d) OR t.probability <> (mlops_probabilities('digits', d) ->> t.prediction)::float8;

-- every activation, solver and loss; numbers, categories and NULLs as they come
SELECT activation, solver, value > 0.7 AS good FROM unnest('{relu,tanh,logistic,identity}'::text[]) activation, unnest('{adam,sgd,lbfgs}'::text[]) solver,
	LATERAL mlops_train('mass', 'penguins', target => 'body_mass_g', algorithm => 'mlp', deploy => 'never',
		params => jsonb_build_object('activation', activation, 'solver', solver, 'hidden_layer_sizes', '[20]'::jsonb, 'learning_rate_init', 0.01, 'alpha', 1)) ORDER BY 1, 2;
SELECT params, value > 0.95 AS good FROM (VALUES ('{"early_stopping": true, "learning_rate_init": 0.01}'::jsonb), ('{"dropout": 0.2, "learning_rate_init": 0.01}'), ('{"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1}'),
	('{"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5, "power_t": 0.1}'), ('{"class_weight": "balanced", "learning_rate_init": 0.01}'), ('{"hidden_layer_sizes": 10, "learning_rate_init": 0.01}'),
	('{"hidden_layer_sizes": [10, 10], "alpha": 0.1, "learning_rate_init": 0.01}'), ('{"loss": "squared_error", "learning_rate_init": 0.01}')) p(params),
	LATERAL mlops_train('kind', 'penguins', target => 'species', algorithm => 'mlp', deploy => 'never', metric => 'accuracy', params => params);

-- words: one weight a word and unit, and a message's words are all that it touches
CREATE TABLE messages AS SELECT CASE WHEN i % 3 = 0 THEN 'spam' ELSE 'ham' END AS kind,
	format('%s %s word%s note%s', CASE WHEN i % 3 = 0 THEN 'win' ELSE 'meet' END, CASE WHEN i % 2 = 0 THEN 'now' ELSE 'today' END, i % 11, i % 13) AS message
	FROM generate_series(1, 600) i;
SELECT value > 0.99 AS good FROM mlops_train('words', 'messages', target => 'kind', algorithm => 'mlp', metric => 'accuracy', preprocess => '{"message": {"encode": "tfidf"}}',
	params => '{"hidden_layer_sizes": [8], "learning_rate_init": 0.02, "max_iter": 30}');
SELECT mlops_classify('words', 'you win today') AS spam, mlops_classify('words', 'we meet today') AS ham;

-- the same bytes for one thread and two
SET mlops.max_threads = 1;
SELECT version FROM mlops_train('same', 'penguins', target => 'species', algorithm => 'mlp', deploy => 'always');
SET mlops.max_threads = 2;
SELECT version FROM mlops_train('same', 'SELECT * FROM penguins ORDER BY body_mass_g', target => 'species', algorithm => 'mlp', deploy => 'always');
RESET mlops.max_threads;
SELECT count(DISTINCT md5(c.data)) AS states FROM mlops.model_chunk c JOIN mlops.model_version v USING (version_id) JOIN mlops.model m USING (model_id) WHERE m.name = 'same';
-- going on from the live version
SELECT version, algorithm FROM mlops_train('same', 'penguins', target => 'species', algorithm => 'mlp', deploy => 'always', params => '{"warm_start": true, "max_iter": 5}');
SELECT count(*), bool_and(train_loss > 0), count(validation_value) FROM mlops_training_curve('same');

-- what cannot be
RESET client_min_messages;
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"hidden_layer_sizes": [0]}');
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"hidden_layer_sizes": [-5]}');
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"hidden_layer_sizes": "big"}');
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"hidden_layer_sizes": [1.5]}');
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"hidden_layer_sizes": [100000, 100000]}');
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"hidden_layer_sizes": [50000]}');
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => jsonb_build_object('hidden_layer_sizes', (SELECT jsonb_agg(10) FROM generate_series(1, 1000))));
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"hidden_layer_sizes": [5000, 5000], "solver": "lbfgs"}');
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"activation": "swish"}');
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"learning_rate_init": 0}');
SELECT mlops_train('bad', 'iris', target => 'sepal_length', algorithm => 'mlp', params => '{"loss": "log_loss"}');
SELECT mlops_train('bad', 'iris', target => 'sepal_length', algorithm => 'mlp', params => '{"solver": "sgd", "learning_rate_init": 1e6, "activation": "identity"}');
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"random_state": 42}');
SELECT mlops_train('bad', 'iris', target => 'species', algorithm => 'mlp', params => '{"epsilon": 1e-60}');
-- a loss that went up and stayed there is a number, but nothing was learned
SELECT value < 0.9 AS useless FROM mlops_train('nowhere', 'SELECT species, sepal_length * 1e12 AS a, petal_length * 1e12 AS b FROM iris', target => 'species', algorithm => 'mlp',
	params => '{"solver": "sgd", "max_iter": 1}', preprocess => '{"*": {"scale": "none"}}');
SELECT version FROM mlops_train('nowhere', 'iris', target => 'species', algorithm => 'mlp', params => '{"alpha": 1e30, "max_iter": 1}', deploy => 'never');
SELECT version FROM mlops_train('nowhere', 'SELECT species, sepal_length * 1e300 AS a FROM iris', target => 'species', algorithm => 'mlp',
	params => '{"solver": "lbfgs", "max_iter": 1}', preprocess => '{"*": {"scale": "none"}}', deploy => 'never');
SELECT mlops_drop('nowhere');
SELECT mlops_training_curve('lime');
SELECT version FROM mlops_train('plain', 'iris', target => 'sepal_length');
SELECT mlops_training_curve('plain');
SELECT count(mlops_drop(model)) FROM unnest('{line,bits,digits,mass,kind,words,same,plain}'::text[]) model;
DROP TABLE points, bits, digits, messages;
