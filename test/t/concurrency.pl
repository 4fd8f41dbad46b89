# Sessions side by side: version numbers, transactions, and when a deployment is seen.
use strict;
use warnings;
use MlopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('concurrency');
load_csv($node, 'iris');
numbers_table($node, 'numbers', 20_000, 10);

# two sessions train one model that is not there yet
my @sessions = map { start_sql($node, "SELECT version FROM mlops_train('both', 'numbers', target => 'y', exclude => '{label}')") } 1 .. 2;
finish_sql($_) for @sessions;
is(join(' ', sort map { $_->{stdout} =~ /(\d+)/ ? $1 : $_->{stderr} } @sessions), '1 2', 'two trainings at once make two versions');
is($node->safe_psql('postgres', "SELECT count(*) FROM mlops.models WHERE model = 'both'"), 1, 'of one model');
is(chunk_digest($node, 'both', 1), chunk_digest($node, 'both', 2), 'with the same bytes');

# a number that was rolled back or dropped does not come again
$node->safe_psql('postgres', "SELECT mlops_train('both', 'numbers', target => 'y', exclude => '{label}', deploy => 'never')");
$node->safe_psql('postgres', "SELECT mlops_drop('both', 3)");
is($node->safe_psql('postgres', "SELECT version FROM mlops_train('both', 'numbers', target => 'y', exclude => '{label}', deploy => 'never')"), 4, 'numbers are not used twice');

my $score = "SELECT mlops_classify('iris', 6.0, 2.9, 4.5, 1.5)";
$node->safe_psql('postgres', q{
	SELECT mlops_train('iris', 'iris', target => 'species', algorithm => 'logistic_regression');
	SELECT mlops_train('iris', $$SELECT *, 'constant' || (sepal_length > 5)::text AS answer FROM iris$$, target => 'answer',
		algorithm => 'dummy', features => '{sepal_length,sepal_width,petal_length,petal_width}', deploy => 'never')});
is($node->safe_psql('postgres', $score), 'versicolor', 'version 1 is live');

# inside the transaction it is seen at once, outside never
is($node->safe_psql('postgres', "BEGIN; SELECT mlops_deploy('iris', 2); $score; ROLLBACK; $score"), "2\nconstanttrue\nversicolor",
	'a deployment that is rolled back changes nothing');
is($node->safe_psql('postgres', "BEGIN; SAVEPOINT s; SELECT mlops_deploy('iris', 2); ROLLBACK TO s; $score; COMMIT; $score"), "2\nversicolor\nversicolor",
	'nor does one in a rolled back savepoint');
is($node->safe_psql('postgres', "SELECT count(*) FROM mlops.deployments WHERE model = 'iris'"), 1, 'and leaves no trace');

# a session in the midst of a transaction sees a deployment at its next statement, also from cached plans in PL/pgSQL
my $loop = start_sql($node, q{
	DO $$
	DECLARE
		answer text;
		seen text[] := '{}';
	BEGIN
		FOR i IN 1..3000 LOOP
			answer := mlops_classify('iris', 6.0, 2.9, 4.5, 1.5);
			IF seen = '{}' OR seen[array_length(seen, 1)] <> answer THEN
				seen := seen || answer;
			END IF;
			EXIT WHEN array_length(seen, 1) = 2;
			PERFORM pg_sleep(0.01);
		END LOOP;
		RAISE NOTICE 'seen %', seen;
	END
	$$});
ok(wait_until($node, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%seen text%' AND pid <> pg_backend_pid() AND wait_event = 'PgSleep')", 20), 'a loop scores');
$node->safe_psql('postgres', "SELECT mlops_deploy('iris', 2)");
finish_sql($loop);
like($loop->{stderr}, qr/seen \{versicolor,constanttrue\}/, 'a running loop sees the deployment');

is($node->safe_psql('postgres', "BEGIN ISOLATION LEVEL REPEATABLE READ; $score;\n\\! true\n$score; COMMIT"), "constanttrue\nconstanttrue", 'repeatable read reads repeatably');
is($node->safe_psql('postgres', "SELECT count(DISTINCT p) FROM (SELECT mlops_classify('iris', i) AS p FROM iris AS i) AS s"), 1, 'one version in one statement');

# a drop waits for nobody's cached model
$node->safe_psql('postgres', "SELECT mlops_drop('iris')");
is(sqlstate($node, $score), '42704', 'a dropped model is gone');

# training locks the model's row only: scoring and training of others go on, and a lock time-out is an ordinary error
my $locker = start_sql($node, "BEGIN; SELECT mlops_deploy('both', 1); SELECT pg_sleep(3); COMMIT");
ok(wait_until($node, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3)%' AND wait_event = 'PgSleep')", 20), 'a transaction holds the model');
is(sqlstate($node, "SELECT mlops_deploy('both', 2)", before => "SET lock_timeout = '200ms';"), '55P03', 'a second deployment waits');
is(sqlstate($node, "SELECT mlops_predict('both', n) FROM numbers AS n LIMIT 5", before => "SET lock_timeout = '200ms';"), '', 'scoring does not');
finish_sql($locker);
$node->stop;
done_testing();
