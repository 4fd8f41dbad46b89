# Ctrl-C and statement_timeout stop every algorithm in every stage, soon, and leave nothing behind.
use strict;
use warnings;
use MlopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('cancel', 'shared_buffers = 256MB');
numbers_table($node, 'big', 300_000, 20);
numbers_table($node, 'small', 500, 3);
$node->safe_psql('postgres', "SELECT mlops_train('known', 'small', target => 'y', features => '{x1,x2,x3}')");

# the table again with many categories, so that preprocessing and fitting have something to do
$node->safe_psql('postgres', 'CREATE TABLE wide AS SELECT *, (x1 * 1000)::int % 300 AS c1, '
	  . "'c' || ((x2 * 1000)::int % 90)::text AS c2, 'd' || ((x3 * 1000)::int % 90)::text AS c3 FROM big");

my %slow = (
	lasso => '{"alpha": 1e-9, "tol": 1e-14, "max_iter": 1000000}',
	elastic_net => '{"alpha": 1e-9, "tol": 1e-14, "max_iter": 1000000}',
	logistic_regression => '{"C": 1e6, "tol": 1e-15, "max_iter": 100000}');

sub train
{
	my ($algorithm, $task, $source) = @_;
	my $target = $task eq 'classification' ? 'label' : 'y';
	my $other = $task eq 'classification' ? 'y' : 'label';
	my $params = $slow{$algorithm} // '{}';

	return "SELECT version FROM mlops_train('cancelled', '$source', target => '$target', algorithm => '$algorithm', "
	  . "task => '$task', exclude => '{$other}', params => '$params')";
}

# one session waits for the other to reach the stage, and cancels it there; the time until it is gone, or undef when it was too quick
sub cancel_in_stage
{
	my ($stage, $sql) = @_;
	my $session = start_sql($node, $sql, go_on => 1);
	my $cancelled = $node->safe_psql('postgres', qq{
		CREATE TEMP TABLE result AS SELECT NULL::float8 AS seconds;
		DO \$\$
		DECLARE
			victim int;
			began timestamptz;
		BEGIN
			FOR i IN 1..20000 LOOP
				PERFORM pg_stat_clear_snapshot();
				IF victim IS NULL THEN
					SELECT pid INTO victim FROM mlops.progress WHERE stage = '$stage';
					IF FOUND THEN
						PERFORM pg_cancel_backend(victim);
						began := clock_timestamp();
					END IF;
					EXIT WHEN i > 2000 AND victim IS NULL
						AND NOT EXISTS (SELECT FROM mlops.progress);
				ELSIF NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = victim AND state = 'active') THEN
					UPDATE result SET seconds = extract(epoch FROM clock_timestamp() - began);
					EXIT;
				END IF;
				PERFORM pg_sleep(0.001);
			END LOOP;
		END
		\$\$;
		SELECT seconds FROM result});

	finish_sql($session);
	return ($session->{stderr} =~ /57014/ ? $cancelled : '', $session);
}

for my $stage (qw(load split preprocess fit evaluate store))
{
	my ($seconds, $session);

	for my $attempt (1 .. 4)
	{
		($seconds, $session) = cancel_in_stage($stage, train('logistic_regression', 'classification', 'wide') . ";\nSELECT 'alive'");
		last if $seconds ne '';
		$node->safe_psql('postgres', "SELECT mlops_drop('cancelled')") if $session->{stdout} =~ /^\d+$/m;
	}
  SKIP:
	{
		skip "stage $stage is over before it can be cancelled", 2 if $seconds eq '';
		cmp_ok($seconds, '<', $MlopsTest::CANCEL_SECONDS, "cancel in stage $stage");
		like($session->{stdout}, qr/^alive$/m, "the session goes on after a cancel in stage $stage");
	}
	nothing_left($node, 1, "cancel in stage $stage");
}

my @algorithms = split /\n/, $node->safe_psql('postgres',
	"SELECT a.name || ' ' || t FROM (SELECT DISTINCT name, tasks::text AS tasks FROM mlops_algorithms()) AS a, "
	  . "unnest('{regression,classification}'::text[]) AS t WHERE a.tasks LIKE '%' || t || '%' ORDER BY 1");
cmp_ok(scalar @algorithms, '>=', 6, 'there are algorithms to cancel');

for my $line (@algorithms)
{
	my ($algorithm, $task) = split / /, $line;

	for my $timeout (20, 150, 600)
	{
		my $session = start_sql($node, "SET statement_timeout = $timeout;\n" . train($algorithm, $task, 'wide')
			  . ";\nRESET statement_timeout;\nSELECT mlops_predict('known', 1.0, 2.0, 3.0) IS NOT NULL AS works;", go_on => 1);
		my $seconds = finish_sql($session);

		# connecting counts too, hence only an upper bound
		cmp_ok($seconds, '<', $timeout / 1000 + $MlopsTest::CANCEL_SECONDS, "$algorithm, $task: stopped after $timeout ms");
		like($session->{stdout}, qr/^t$/m, "$algorithm, $task: the session scores afterwards");
		unlike($session->{stderr}, qr/ERROR:\s++(?!57014)/, "$algorithm, $task: no other error");
		$node->safe_psql('postgres', "SELECT mlops_drop('cancelled')") if $session->{stderr} !~ /57014/;
	}
	nothing_left($node, 1, "$algorithm, $task");
}

# the other long calls
$node->safe_psql('postgres', train('linear_regression', 'regression', 'wide'));
for my $call ("count(*) FROM mlops_predict_table('cancelled', 'wide')", "count(*) FROM mlops_evaluate('cancelled', 'wide')",
	"count(*) FROM mlops_drift('cancelled', 'wide')", "count(*) FROM mlops_retrain('cancelled')",
	"sum(mlops_predict('cancelled', w)) FROM wide AS w")
{
	my $session = start_sql($node, "SET statement_timeout = 30;\nSELECT $call;\nSET statement_timeout = 0;\nSELECT 'alive'", go_on => 1);

	cmp_ok(finish_sql($session), '<', 0.03 + $MlopsTest::CANCEL_SECONDS, "stopped: $call");
	like($session->{stderr}, qr/57014/, "by the timeout: $call");
	like($session->{stdout}, qr/^alive$/m, "the session goes on: $call");
}
nothing_left($node, 2, 'the other calls');

$node->stop;
done_testing();
