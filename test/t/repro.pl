# Same rows, seed and parameters: the same bytes of model, whatever the table's order, the threads, the plan or the memory.
use strict;
use warnings;
use MlopsTest;
use Test::More;

my $node = new_node('repro', 'max_parallel_workers_per_gather = 2', 'max_parallel_maintenance_workers = 2', 'autovacuum = off');
numbers_table($node, 'numbers', 30_000, 8);
$node->safe_psql('postgres', q{
	CREATE TABLE base AS SELECT *, 'city ' || (abs(x1 * 100))::int % 17 AS city, (x2 > 0.5) AS flag,
		CASE WHEN x3 > 0.9 THEN NULL ELSE x3 END AS gaps, '2024-01-01'::date + (abs(x4) * 100)::int AS day,
		ARRAY[x1, x2 * 2] AS pair, (x5 * 1000)::numeric(12, 3) AS price, 1 + abs(x6) AS w FROM numbers;
	CREATE TABLE shuffled AS SELECT * FROM base ORDER BY md5(base::text);
	CREATE TABLE clustered AS SELECT * FROM base ORDER BY city DESC, price;
	CREATE TABLE columns_moved AS SELECT w, price, pair, day, gaps, flag, city, label, y, x8, x7, x6, x5, x4, x3, x2, x1 FROM base ORDER BY y;
	ANALYZE});

my %task = (linear_regression => 'y', ridge => 'y', lasso => 'y', elastic_net => 'y', logistic_regression => 'label',
	gradient_boosting => 'label', random_forest => 'label', extra_trees => 'y', decision_tree => 'y', ensemble => 'label');
my %params = (gradient_boosting => '{"max_iter": 20, "subsample": 0.8}', random_forest => '{"n_estimators": 10}', extra_trees => '{"n_estimators": 10}',
	ensemble => '{"members": [{"algorithm": "gradient_boosting", "params": {"max_iter": 10}}, {"algorithm": "logistic_regression"}, {"algorithm": "random_forest", "params": {"n_estimators": 5}}]}');
my $features = '{x1,x2,x3,x4,x5,x6,x7,x8,city,flag,gaps,day,pair,price}';

sub train
{
	my ($model, $algorithm, $source, $settings, $extra) = @_;
	my $params = $params{$algorithm} // '{}';

	return $node->safe_psql('postgres', "$settings; SELECT version FROM mlops_train('$model', '$source', target => '$task{$algorithm}', "
		  . "algorithm => '$algorithm', features => '$features', weight => 'w', params => '$params', deploy => 'never'" . ($extra // '') . ')');
}

my %settings = (
	'one thread' => 'SET mlops.max_threads = 1',
	'two threads' => 'SET mlops.max_threads = 2',
	'three threads' => 'SET mlops.max_threads = 3',
	'a parallel plan' => 'SET parallel_setup_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2',
	'no parallel plan' => 'SET max_parallel_workers_per_gather = 0',
	'little memory' => "SET mlops.max_memory = '1MB'",
	'jit' => 'SET jit = on; SET jit_above_cost = 0',
	'another time zone and format' => "SET timezone = 'Asia/Tokyo'; SET datestyle = 'German'; SET extra_float_digits = -10");

for my $algorithm (sort keys %task)
{
	my $model = "repro_$algorithm";
	my $digest = chunk_digest($node, $model, train($model, $algorithm, 'base', 'SET mlops.max_threads = 2'));

	like($digest, qr/^[0-9a-f]{64}$/, "$algorithm has bytes");
	for my $source (qw(shuffled clustered columns_moved))
	{
		is(chunk_digest($node, $model, train($model, $algorithm, $source, 'SET mlops.max_threads = 2')), $digest, "$algorithm: $source table");
	}
	for my $name (sort keys %settings)
	{
		is(chunk_digest($node, $model, train($model, $algorithm, 'base', $settings{$name})), $digest, "$algorithm: $name");
	}
	isnt(chunk_digest($node, $model, train($model, $algorithm, 'base', 'SELECT', ', seed => 7')), $digest, "$algorithm: another seed makes another model");
	is($node->safe_psql('postgres', "SELECT count(DISTINCT fingerprint) FROM mlops.model_version JOIN mlops.model USING (model_id) WHERE name = '$model'"), 1, "$algorithm: one fingerprint for the same rows");
	is($node->safe_psql('postgres', "SELECT count(DISTINCT metrics) FROM mlops.model_version JOIN mlops.model USING (model_id) WHERE name = '$model' AND seed = 0"), 1, "$algorithm: the same metrics");
}

# one value changed: another fingerprint
train('repro_ridge', 'ridge', 'SELECT *, NULL AS nothing FROM base', 'SELECT');
$node->safe_psql('postgres', "UPDATE base SET x1 = x1 + 1e-9 WHERE ctid = '(0,1)'");
train('repro_ridge', 'ridge', 'base', 'SELECT');
is($node->safe_psql('postgres', "SELECT count(DISTINCT fingerprint) FROM mlops.model_version JOIN mlops.model USING (model_id) WHERE name = 'repro_ridge'"), 2, 'a changed value changes the fingerprint');

# duplicates never straddle train and test
is($node->safe_psql('postgres', q{SELECT train_rows % 3 || ' ' || test_rows % 3 FROM mlops_train('dup',
	'SELECT x1, x2, y FROM base, generate_series(1, 3)', target => 'y')}), '0 0', 'equal rows fall on one side');
$node->stop;
done_testing();
