# Searches: cancelled within a second, bounded in time and memory, watched by others, and the same whatever the threads.
use strict;
use warnings;
use MlopsTest;
use Test::More;

my $node = new_node('search', 'shared_buffers = 256MB');
numbers_table($node, 'big', 60_000, 10);
$node->safe_psql('postgres', "SELECT mlops_train('known', 'big', target => 'y', exclude => '{label}')");

my $boost = q{"max_iter": {"min": 20, "max": 60}, "learning_rate": {"min": 0.05, "max": 0.3, "log": true}};
my %call = (
	cross_validate => q{SELECT count(*) FROM mlops_cross_validate('big', 'y', 'gradient_boosting', '{"max_iter": 500}', exclude => '{label}')},
	tune => qq{SELECT trials FROM mlops_tune('m', 'big', 'y', 'gradient_boosting', '{$boost}', n_iter => 200, exclude => '{label}')},
	halving => qq{SELECT trials FROM mlops_tune('m', 'big', 'y', 'gradient_boosting', '{$boost}', n_iter => 200, method => 'halving', exclude => '{label}')},
	auto => q{SELECT trials FROM mlops_auto('m', 'big', 'y', '{"max_seconds": 60}', exclude => '{label}')});

# cancel some seconds into each; how long until the session is idle again
for my $name (sort keys %call)
{
	for my $delay (0.4, 1.5)
	{
		my $session = start_sql($node, "$call{$name};\nSELECT 'threads', count(*) FROM pg_ls_dir('/proc/self/task')", go_on => 1);
		my $seconds = $node->safe_psql('postgres', qq{
			CREATE TEMP TABLE result AS SELECT NULL::float8 AS seconds;
			DO \$\$
			DECLARE victim int; began timestamptz;
			BEGIN
				FOR i IN 1..20000 LOOP
					PERFORM pg_stat_clear_snapshot();
					SELECT pid INTO victim FROM mlops.progress;
					EXIT WHEN FOUND;
					PERFORM pg_sleep(0.001);
				END LOOP;
				PERFORM pg_sleep($delay);
				began := clock_timestamp();
				PERFORM pg_cancel_backend(victim);
				FOR i IN 1..20000 LOOP
					PERFORM pg_stat_clear_snapshot();
					EXIT WHEN NOT EXISTS (SELECT FROM mlops.progress WHERE pid = victim);
					PERFORM pg_sleep(0.001);
				END LOOP;
				UPDATE result SET seconds = extract(epoch FROM clock_timestamp() - began);
			END \$\$;
			SELECT seconds FROM result});
		finish_sql($session);
		like($session->{stderr}, qr/57014/, "$name: cancelled after $delay s");
		cmp_ok($seconds, '<', $MlopsTest::CANCEL_SECONDS, "$name: within a second");
		like($session->{stdout}, qr/^threads\|1$/m, "$name: no thread goes on");
	}
}
nothing_left($node, 1, 'cancelled searches');
is($node->safe_psql('postgres', 'SELECT count(*) FROM mlops.trial'), 0, 'and no trial');

# others see which trial it is at, and the best so far
my $session = start_sql($node, $call{tune}, go_on => 1);
my $seen = $node->safe_psql('postgres', q{
	CREATE TEMP TABLE seen (phase text);
	DO $$ BEGIN
		FOR i IN 1..20000 LOOP
			PERFORM pg_stat_clear_snapshot();
			INSERT INTO seen SELECT phase FROM mlops.progress WHERE command = 'tune' AND phase ~ '^trial [2-9]/200 \(';
			EXIT WHEN FOUND;
			PERFORM pg_sleep(0.001);
		END LOOP;
		PERFORM pg_cancel_backend(pid) FROM mlops.progress;
	END $$;
	SELECT phase FROM seen LIMIT 1});
like($seen, qr/^trial \d\/200 \(0\.\d+\): /, 'progress shows trial and best mean');
finish_sql($session);

# and its trials, when they may
$node->safe_psql('postgres', 'CREATE ROLE other LOGIN; CREATE ROLE watcher LOGIN IN ROLE pg_read_all_stats');
$session = start_sql($node, $call{tune}, go_on => 1);
ok($node->poll_query_until('postgres', q{SELECT count(*) >= 2 FROM mlops.trials WHERE model = 'm' AND version IS NULL AND status = 'done' AND mean > 0}), 'trials are seen while they run');
is($node->safe_psql('postgres', q{SELECT count(*) FROM mlops.trials WHERE status = 'running' AND params ? 'max_iter' AND algorithm = 'gradient_boosting'}), 1, 'one of them is at hand');
is($node->safe_psql('postgres', 'SELECT count(*) FROM mlops.trials', extra_params => [ '-U', 'other' ]), 0, 'not by others');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM mlops.trials', extra_params => [ '-U', 'watcher' ]), '>', 1, 'but by pg_read_all_stats');
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid) FROM mlops.progress');
finish_sql($session);
is($node->safe_psql('postgres', 'SELECT count(*) FROM mlops.trials'), 0, 'none is left of a search that was cancelled');

# the time is kept: what is at hand when it ends, and the training, come on top
my $began = time;
$node->safe_psql('postgres', qq{SELECT mlops_tune('timed', 'big', 'y', 'gradient_boosting', '{$boost}', n_iter => 100000, max_seconds => 3, exclude => '{label}')});
cmp_ok(time - $began, '<', 12, 'max_seconds of mlops_tune');
$began = time;
$node->safe_psql('postgres', q{SELECT mlops_auto('timed', 'big', 'y', '{"max_seconds": 8}', exclude => '{label}', deploy => 'never')});
cmp_ok(time - $began, '<', 40, 'max_seconds of mlops_auto, and the fit at hand when it ended');

# the same trials and the same bytes with one thread, with files in place of memory, and again
my $tune = qq{SELECT trials FROM mlops_tune('same', 'SELECT * FROM big WHERE x1 > 0', 'y', 'gradient_boosting', '{$boost}', n_iter => 6, method => 'bayes', folds => 3, exclude => '{label}', deploy => 'never')};
$node->safe_psql('postgres', $tune);
$node->safe_psql('postgres', "SET mlops.max_threads = 1; $tune");
is(sqlstate($node, $tune, before => "SET mlops.max_memory = '4MB';"), '', 'in files');
for my $version (2, 3)
{
	is(chunk_digest($node, 'same', $version), chunk_digest($node, 'same', 1), "version $version: the same bytes");
	is($node->safe_psql('postgres', "SELECT count(*) FROM mlops.trials a JOIN mlops.trials b USING (model, trial, params, mean, rank) WHERE model = 'same' AND a.version = 1 AND b.version = $version"),
		6, "version $version: the same trials");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'no file is left');

# a trial that fails with its arrays in files leaves none, and the search goes on
is($node->safe_psql('postgres', q{SET mlops.max_memory = '4MB';
	SELECT trials FROM mlops_tune('failing', 'SELECT x1, x2, x3, x4, label FROM big', 'label', 'logistic_regression', '{"class_weight": [{"none": 2}, null, {"other": 3}]}', task => 'classification')}), 3, 'failed trials');
is($node->safe_psql('postgres', q{SELECT string_agg(status, ',' ORDER BY trial) FROM mlops.trials WHERE model = 'failing'}), 'failed,done,failed', 'of which one is good');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'no file of theirs is left');

# memory: twenty trials need no more than two, and leave nothing
my $peak = sub {
	my ($n) = @_;
	my $s = start_sql($node, "SELECT 'peak', pg_backend_pid();\nSELECT trials FROM mlops_tune('peak', 'big', 'y', 'gradient_boosting', '{$boost}', n_iter => $n, exclude => '{label}', deploy => 'never');\n"
		  . "SELECT 'status', substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s*(\\d+)')", go_on => 1);
	finish_sql($s);
	return $s->{stdout} =~ /status\|(\d+)/ ? $1 : die $s->{stderr};
};
my ($two, $twenty) = ($peak->(2), $peak->(20));
cmp_ok($twenty, '<', 1.2 * $two, "peak of 20 trials ($twenty kB) is that of 2 ($two kB)");
my $growth = $node->safe_psql('postgres', q{
	SELECT FROM mlops_tune('again', 'SELECT * FROM big LIMIT 2000', 'y', 'ridge', n_iter => 5, exclude => '{label}', deploy => 'never');
	CREATE TEMP TABLE used AS SELECT sum(used_bytes) AS bytes FROM pg_backend_memory_contexts;
	DO $$ BEGIN FOR i IN 1..20 LOOP PERFORM mlops_tune('again', 'SELECT * FROM big LIMIT 2000', 'y', 'ridge', n_iter => 5, exclude => '{label}', deploy => 'never'); END LOOP; END $$;
	SELECT sum(used_bytes) - (SELECT bytes FROM used) FROM pg_backend_memory_contexts});
cmp_ok((split /\n/, $growth)[-1], '<', 1_000_000, 'twenty searches leave no memory behind');
$node->stop;
done_testing();
