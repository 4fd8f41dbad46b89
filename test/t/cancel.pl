# Ctrl-C and statement_timeout stop every algorithm in every stage within a second, and leave nothing behind.
#
# Each training runs once undisturbed, which tells how long its stages take.  Then it is cancelled where each stage begins and
# again in the midst of it, by a session that watches mlops.progress.  A stage shorter than SHORT needs no interrupt; a longer one
# that cannot be met is a failure, so that no case is left out silently.
use strict;
use warnings;
use MlopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my @STAGES = qw(load split preprocess fit evaluate store);
my $SHORT = 0.005;
my $ATTEMPTS = 8;
my ($cancels, $slowest) = (0, 0);

my $node = new_node('cancel', 'shared_buffers = 256MB', 'log_statement = none');
numbers_table($node, 'big', 300_000, 20);
numbers_table($node, 'small', 500, 3);
$node->safe_psql('postgres', "SELECT mlops_train('known', 'small', target => 'y', features => '{x1,x2,x3}')");

# many categories, so that preprocessing and fitting have something to do; and many numbers in a row, where fitting is all
$node->safe_psql('postgres', "CREATE TABLE wide AS SELECT *, (x1 * 1000)::int % 300 AS c1, 'c' || ((x2 * 1000)::int % 90)::text AS c2, "
	  . "'d' || ((x3 * 1000)::int % 90)::text AS c3, 'k' || (abs(x4) * 1000)::int % 3 AS class FROM big");
$node->safe_psql('postgres', 'CREATE TABLE dense AS SELECT y, label, class, (SELECT array_agg(sin(x1 * k) + 0.1 * cos(x2 * k * k)) '
	  . 'FROM generate_series(1, 400) AS k) AS v FROM wide LIMIT 20000');

sub train
{
	my ($run) = @_;
	my $others = join ',', grep { $_ ne $run->{target} } qw(y label class);

	return "SELECT version FROM mlops_train('cancelled', '" . ($run->{source} // 'wide') . "', target => '$run->{target}', "
	  . "algorithm => '$run->{algorithm}', task => '$run->{task}', exclude => '{$others}', params => '" . ($run->{params} // '{}') . "')";
}

# a live version, which the next one is compared with when it is stored
sub start_over
{
	my ($run) = @_;

	$node->safe_psql('postgres', "SELECT mlops_drop('cancelled') WHERE EXISTS (SELECT FROM mlops.models WHERE model = 'cancelled')");
	$node->safe_psql('postgres', train({ %$run, algorithm => 'dummy', params => '{}' }));
}

# seconds by stage of an undisturbed run; what goes on for more than three seconds is still fitting then
sub measure
{
	my ($run) = @_;
	my (%seconds, $stderr);
	my $timeout = $run->{stages} ? '3s' : '60s';

	start_over($run);
	$node->psql('postgres', "SET client_min_messages = debug1; SET statement_timeout = '$timeout'; $run->{before} " . train($run),
		stderr => \$stderr);
	if ($stderr =~ /mlops stages: load (\S+) order (\S+) preprocess (\S+) fit (\S+) evaluate (\S+) store (\S+)/)
	{
		@seconds{@STAGES} = ($1, $2, $3, $4, $5, $6);
	}
	else
	{
		like($stderr, qr/statement timeout/, "$run->{name}: fits for long") or diag $stderr;
		ok($run->{stages}, "$run->{name}: ends by itself, so that all its stages are known");
		%seconds = (fit => 1.0);
	}
	start_over($run);
	return \%seconds;
}

# wait until the other session has been in the stage for so long, and cancel it; seconds until it was gone, '' when it was too quick
sub cancel_in_stage
{
	my ($sql, $stage, $delay) = @_;
	my $session = start_sql($node, "$sql;\nSELECT 'threads', count(*) FROM pg_ls_dir('/proc/self/task');\n"
		  . "SELECT 'scores', mlops_predict('known', 1.0, 2.0, 3.0) IS NOT NULL", go_on => 1);
	my $seconds = $node->safe_psql('postgres', qq{
		CREATE TEMP TABLE result AS SELECT NULL::float8 AS seconds;
		DO \$\$
		DECLARE
			victim record;
			met timestamptz;
			cancelled timestamptz;
		BEGIN
			FOR i IN 1..50000 LOOP
				PERFORM pg_stat_clear_snapshot();
				IF met IS NULL THEN
					SELECT pid, query_start INTO victim FROM mlops.progress JOIN pg_stat_activity USING (pid) WHERE stage = '$stage';
					IF FOUND THEN
						PERFORM pg_sleep($delay) WHERE $delay > 0;
						met := clock_timestamp();
					END IF;
				END IF;
				IF met IS NOT NULL AND cancelled IS NULL THEN
					PERFORM pg_stat_clear_snapshot();
					EXIT WHEN NOT EXISTS (SELECT FROM mlops.progress WHERE pid = victim.pid AND stage = '$stage');
					PERFORM pg_cancel_backend(victim.pid);
					cancelled := clock_timestamp();
				ELSIF cancelled IS NOT NULL AND NOT EXISTS (SELECT FROM pg_stat_activity AS a
						WHERE a.pid = victim.pid AND a.query_start = victim.query_start AND a.state = 'active') THEN
					UPDATE result SET seconds = extract(epoch FROM clock_timestamp() - cancelled);
					EXIT;
				END IF;
				PERFORM pg_sleep(0.0003);
			END LOOP;
		END
		\$\$;
		SELECT seconds FROM result});

	finish_sql($session);
	return ($session->{stderr} =~ /57014/ ? $seconds : '', $session);
}

# one case: what is cancelled stops within a second, the session is as good as before, nothing is left
sub check_cancel
{
	my ($name, $sql, $stage, $delay, $again) = @_;
	my ($seconds, $session);

	for my $attempt (1 .. $ATTEMPTS)
	{
		($seconds, $session) = cancel_in_stage($sql, $stage, $delay / $attempt);
		last if $seconds ne '';
		$again->();
	}
	return fail("$name: never met in this stage") if $seconds eq '';
	$cancels++;
	$slowest = $seconds if $seconds > $slowest;
	note sprintf '%s: gone after %.0f ms', $name, 1000 * $seconds if $seconds > 0.1;
	cmp_ok($seconds, '<', $MlopsTest::CANCEL_SECONDS, "$name: stopped");
	like($session->{stdout}, qr/^threads\|1$/m, "$name: no thread goes on");
	like($session->{stdout}, qr/^scores\|t$/m, "$name: the session scores afterwards");
	unlike($session->{stderr}, qr/(ERROR|FATAL|PANIC):\s++(?!57014)/, "$name: no other error");
	nothing_left($node, 2, $name);
}

sub check_run
{
	my ($run) = @_;
	my $name = "$run->{algorithm}, $run->{task}" . ($run->{how} ? ", $run->{how}" : '');

	$run = { before => '', name => $name, %$run };
	my $seconds = measure($run);
	for my $stage (@{ $run->{stages} // \@STAGES })
	{
		if (($seconds->{$stage} // 0) < $SHORT)
		{
			pass(sprintf '%s, %s: over in %.1f ms', $name, $stage, 1000 * ($seconds->{$stage} // 0));
			next;
		}
		check_cancel("$name, $stage, " . ($_ ? 'midst' : 'beginning'), "$run->{before} " . train($run), $stage,
			$_ * $seconds->{$stage}, sub { start_over($run) }) for (0, 0.4);
	}
}

my @algorithms = split /\n/, $node->safe_psql('postgres',
	"SELECT a.name || ' ' || t FROM mlops_algorithms() AS a, unnest('{regression,classification}'::text[]) AS t "
	  . "WHERE a.tasks::text LIKE '%' || t || '%' ORDER BY 1");
cmp_ok(scalar @algorithms, '>=', 6, 'there are algorithms to cancel');
# so few trees that an undisturbed run ends soon
my %params = (gradient_boosting => '{"max_iter": 5}', random_forest => '{"n_estimators": 4, "max_depth": 8}',
	extra_trees => '{"n_estimators": 4, "max_depth": 8}', decision_tree => '{"max_depth": 8}',
	ensemble => '{"members": [{"algorithm": "gradient_boosting", "params": {"max_iter": 5}}, {"algorithm": "decision_tree", "params": {"max_depth": 8}}], "weights": [2, 1]}');
for my $line (@algorithms)
{
	my ($algorithm, $task) = split / /, $line;

	check_run({ params => $params{$algorithm} // '{}', algorithm => $algorithm, task => $task, target => $task eq 'classification' ? 'label' : 'y' });
}

# from a mapped file, where removing it is part of the cancel
check_run({ algorithm => 'linear_regression', task => 'regression', target => 'y', how => 'from a file',
		before => "SET mlops.max_memory = '48MB';" });

# the other ways to fit, and fits without end
my $endless = '"tol": 1e-16, "max_iter": 1000000';
my @fits = (
	[ 'three classes',   'wide',  'logistic_regression', 'class', '{}' ],
	[ 'endless',         'wide',  'logistic_regression', 'label', qq({"solver": "lbfgs", "C": 1e6, $endless}) ],
	[ 'newton, dense',   'dense', 'logistic_regression', 'label', '{"solver": "newton"}' ],
	[ 'l1, dense',       'dense', 'logistic_regression', 'label', qq({"penalty": "l1", "C": 1e3, $endless}) ],
	[ 'elastic, dense',  'dense', 'logistic_regression', 'class', qq({"penalty": "elasticnet", "C": 1e3, $endless}) ],
	[ 'dense',           'dense', 'linear_regression',   'y',     '{}' ],
	[ 'dense',           'dense', 'ridge',               'y',     '{}' ],
	[ 'endless, dense',  'dense', 'lasso',               'y',     qq({"alpha": 1e-9, $endless}) ],
	[ 'endless, dense',  'dense', 'elastic_net',         'y',     qq({"alpha": 1e-9, $endless}) ],
);
for my $fit (@fits)
{
	my ($how, $source, $algorithm, $target, $params) = @$fit;

	check_run({ how => $how, source => $source, algorithm => $algorithm, target => $target, params => $params,
			task => $target eq 'y' ? 'regression' : 'classification', stages => ['fit'] });
}

# stages that wait for something else: a slow source, and a lock that another training of the model holds
my %linear = (algorithm => 'linear_regression', task => 'regression', target => 'y');
start_over(\%linear);
check_cancel('slow source, load', train({ %linear, source => 'SELECT b.*, NULL::text AS class FROM big AS b, pg_sleep(100)' }), 'load', 0.1, sub { });

my $holder = $node->background_psql('postgres');
$holder->query_safe("BEGIN; SELECT FROM mlops.model WHERE name = 'cancelled' FOR UPDATE");
check_cancel('model locked, store', train(\%linear), 'store', 0.5, sub { });
$holder->quit;

# a timeout does what Ctrl-C does
for my $line (@algorithms)
{
	my ($algorithm, $task) = split / /, $line;
	my %run = (algorithm => $algorithm, task => $task, target => $task eq 'classification' ? 'label' : 'y');
	start_over(\%run);
	my $session = start_sql($node, "SET statement_timeout = 40;\n" . train(\%run), go_on => 1);

	# connecting counts too, hence only an upper bound
	cmp_ok(finish_sql($session), '<', 0.04 + $MlopsTest::CANCEL_SECONDS, "$algorithm, $task: stopped by a timeout");
	like($session->{stderr}, qr/57014/, "$algorithm, $task: by the timeout");
	nothing_left($node, 2, "$algorithm, $task, timeout");
}

# the other long calls
start_over(\%linear);
$node->safe_psql('postgres', train(\%linear));
for my $call ("count(*) FROM mlops_predict_table('cancelled', 'wide')", "count(*) FROM mlops_evaluate('cancelled', 'wide')",
	"count(*) FROM mlops_evaluate('cancelled', 'SELECT * FROM wide LIMIT 2000', bootstrap => 100000)", "count(*) FROM mlops_residuals('cancelled', 'wide')",
	"count(*) FROM mlops_drift('cancelled', 'wide')", "count(*) FROM mlops_retrain('cancelled')",
	"count(*) FROM mlops_clean('wide', 'wide_clean', '[{\"rule\": \"clip\", \"columns\": \"*\"}, {\"rule\": \"drop_duplicates\"}]')",
	"sum(mlops_predict('cancelled', w)) FROM wide AS w")
{
	my $session = start_sql($node, "SET statement_timeout = 30;\nSELECT $call;\nSET statement_timeout = 0;\nSELECT 'alive'", go_on => 1);

	cmp_ok(finish_sql($session), '<', 0.03 + $MlopsTest::CANCEL_SECONDS, "stopped: $call");
	like($session->{stderr}, qr/57014/, "by the timeout: $call");
	like($session->{stdout}, qr/^alive$/m, "the session goes on: $call");
}
nothing_left($node, 3, 'the other calls');
is($node->safe_psql('postgres', 'SELECT count(*) FROM mlops.progress'), 0, 'nothing is shown as running');

note sprintf '%d cancels by stage, the slowest took %.0f ms', $cancels, 1000 * $slowest;
cmp_ok($cancels, '>=', 2 * (@STAGES - 1) * @algorithms, 'most stages could be met');
$node->stop;
done_testing();
