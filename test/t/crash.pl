# A killed backend and an immediate stop in the middle of a training lose nothing that was committed and leave no file.
use strict;
use warnings;
use MlopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('crash', 'restart_after_crash = on', 'shared_buffers = 128MB');
load_csv($node, 'iris');
numbers_table($node, 'big', 300_000, 20);
$node->safe_psql('postgres', "SELECT mlops_train('iris', 'iris', target => 'species', algorithm => 'logistic_regression')");
my $before = chunk_digest($node, 'iris', 1);
my $prediction = $node->safe_psql('postgres', "SELECT mlops_probabilities('iris', 6.0, 2.9, 4.5, 1.5)");

# So little memory that the rows are in a mapped file when it is hit; after 250,000 of them the source waits to be hit.
$node->safe_psql('postgres', q{
	CREATE SEQUENCE seen;
	CREATE FUNCTION wait_there() RETURNS int LANGUAGE plpgsql AS $$
	DECLARE
		n bigint := nextval('seen');
	BEGIN
		IF n % 250000 = 0 THEN
			PERFORM pg_sleep(120);
		END IF;
		RETURN n % 7;
	END
	$$});
my $training = "SET mlops.max_memory = '8MB';\n"
  . "SELECT mlops_train('lost', 'SELECT *, wait_there() AS waited FROM big', target => 'y', algorithm => 'ridge', exclude => '{label}')";

# pid of the training once it waits, with files of its own
sub training_pid
{
	my $waiting = "FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%wait_there%' AND (SELECT count(*) FROM pg_ls_tmpdir()) > 0";

	return wait_until($node, "SELECT EXISTS (SELECT $waiting)", 60) ? $node->safe_psql('postgres', "SELECT pid $waiting") : undef;
}

sub survived
{
	my ($name) = @_;

	is(chunk_digest($node, 'iris', 1), $before, "$name: the committed version has its bytes");
	is($node->safe_psql('postgres', "SELECT mlops_probabilities('iris', 6.0, 2.9, 4.5, 1.5)"), $prediction, "$name: and scores as before");
	nothing_left($node, 1, $name);
}

my $session = start_sql($node, $training, go_on => 1);
my $pid = training_pid();
ok(defined $pid, 'a training is under way');
kill 'KILL', $pid if defined $pid;
finish_sql($session);
ok($node->poll_query_until('postgres', 'SELECT true'), 'the server recovers from a killed backend');
survived('kill -9');

$node->safe_psql('postgres', "SELECT setval('seen', 1)");
$session = start_sql($node, $training, go_on => 1);
ok(defined training_pid(), 'another training is under way');
$node->stop('immediate');
finish_sql($session);
$node->start;
survived('immediate stop');

is($node->safe_psql('postgres', "SELECT version FROM mlops_train('iris', 'iris', target => 'species', "
	  . "algorithm => 'logistic_regression', deploy => 'never')"), 2, 'training goes on with the next number');
$node->stop;
done_testing();
