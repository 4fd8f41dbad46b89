# Models, versions, deployments, aliases and grants go through pg_dump and come back scoring the same.
use strict;
use warnings;
use MlopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('dump');
load_csv($node, 'iris');
$node->safe_psql('postgres', q{
	CREATE ROLE analyst LOGIN;
	CREATE ROLE reader LOGIN;
	GRANT SELECT ON iris TO analyst, reader;
	SET SESSION AUTHORIZATION analyst;
	SELECT mlops_train('iris', 'iris', target => 'species', algorithm => 'logistic_regression');
	SELECT mlops_train('iris', 'iris', target => 'species', algorithm => 'logistic_regression', params => '{"C": 0.1}', deploy => 'always');
	SELECT mlops_train('iris', 'iris', target => 'species', algorithm => 'dummy', deploy => 'never');
	SELECT mlops_rollback('iris');
	SELECT mlops_alias('iris', 'challenger', 2);
	SELECT mlops_grant('iris', 'reader');
	RESET SESSION AUTHORIZATION;
	SELECT mlops_train('width', 'iris', target => 'petal_width', algorithm => 'linear_regression', exclude => '{species}');
	SELECT mlops_train('held', 'iris', target => 'species', algorithm => 'random_forest', params => '{"calibrate": "isotonic", "conformal": true, "calibration_fraction": 0.4}');
	SELECT mlops_train('mixed', 'iris', target => 'species', algorithm => 'ensemble',
		params => '{"members": [{"algorithm": "logistic_regression"}, {"algorithm": "extra_trees", "params": {"n_estimators": 5}}]}')});

my @queries = (
	"SELECT string_agg(mlops_probabilities('iris', i)::text, ' ' ORDER BY i) FROM iris AS i",
	"SELECT string_agg(mlops_probabilities('iris\@challenger', i)::text, ' ' ORDER BY i) FROM iris AS i",
	"SELECT string_agg(mlops_classify('iris/3', i), ' ' ORDER BY i) FROM iris AS i",
	"SELECT string_agg(mlops_predict('width', i)::text, ' ' ORDER BY i) FROM iris AS i",
	"SELECT string_agg(mlops_probabilities('held', i)::text || mlops_label_set('held', i, 0.5)::text, ' ' ORDER BY i) FROM iris AS i",
	"SELECT string_agg(mlops_probabilities('mixed', i)::text, ' ' ORDER BY i) FROM iris AS i",
	'SELECT string_agg(v::text, chr(10) ORDER BY v.model, v.version) FROM mlops.versions AS v',
	'SELECT string_agg(m::text, chr(10) ORDER BY m::text) FROM mlops.metrics AS m',
	'SELECT string_agg(d::text, chr(10) ORDER BY d::text) FROM mlops.deployments AS d',
	'SELECT string_agg(m::text, chr(10) ORDER BY m.model) FROM mlops.models AS m');
my @before = map { $node->safe_psql('postgres', $_) } @queries;

for my $format ('plain', 'custom')
{
	my $file = "$PostgreSQL::Test::Utils::tmp_check/dump.$format";

	$node->safe_psql('postgres', "DROP DATABASE IF EXISTS restored");
	$node->safe_psql('postgres', "CREATE DATABASE restored");
	$node->command_ok([ 'pg_dump', '-F', $format, '-f', $file, $node->connstr('postgres') ], "pg_dump, $format");
	if ($format eq 'plain')
	{
		$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $file ], 'restore, plain');
	}
	else
	{
		$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $file ], 'restore, custom');
	}
	for my $i (0 .. $#queries)
	{
		is($node->safe_psql('restored', $queries[$i]), $before[$i], "$format: the same: $queries[$i]");
	}
	is(sqlstate($node, "SELECT mlops_classify('iris', 5.0, 3.0, 1.5, 0.2)", user => 'reader', database => 'restored'), '', "$format: the grant is back");
	is(sqlstate($node, "SELECT mlops_predict('width', 5.0, 3.0, 1.5)", user => 'reader', database => 'restored'), '42501', "$format: and no more than it");
	is($node->safe_psql('restored', "SET SESSION AUTHORIZATION analyst; SELECT version FROM mlops_retrain('iris')"), 4, "$format: numbers go on where they were");
	is($node->safe_psql('restored', "SELECT version FROM mlops_train('new', 'iris', target => 'species')"), 1, "$format: new models get new ids");
}
$node->stop;
done_testing();
