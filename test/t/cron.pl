# Schedules: with pg_cron, without it, and when the model goes.
use strict;
use warnings;
use MlopsTest;
use Test::More;

my $node = new_node('cron');
load_csv($node, 'iris');
my $train = "SELECT mlops_train('it''s \"new\" é', 'iris', target => 'species', algorithm => 'logistic_regression')";
my $name = q{'it''s "new" é'};
$node->safe_psql('postgres', $train);

my ($stdout, $stderr);
$node->psql('postgres', "\\set VERBOSITY verbose\nSELECT mlops_schedule($name, '0 3 * * *')", stderr => \$stderr);
like($stderr, qr/ERROR:\s+55000/, 'no pg_cron: object not in prerequisite state');
like($stderr, qr/shared_preload_libraries/, 'the hint says how to load it');
like($stderr, qr/CREATE EXTENSION pg_cron/, 'and how to create it');
unlike(sqlstate($node, "SELECT mlops_unschedule($name)"), qr/^XX/, 'unscheduling is answered in order');
is(sqlstate($node, "SELECT mlops_drop('no such')"), '42704', 'unknown model');

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'postgres'\ncron.use_background_workers = on\n");
$node->restart;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron');

like($node->safe_psql('postgres', "SELECT mlops_schedule($name, '0 3 * * *')"), qr/^\d+$/, 'scheduled');
is($node->safe_psql('postgres', 'SELECT count(*) FROM cron.job'), 1, 'one job');
$node->safe_psql('postgres', "SELECT mlops_schedule($name, '* * * * *')");
is($node->safe_psql('postgres', 'SELECT string_agg(schedule, chr(10)) FROM cron.job'), '* * * * *', 'scheduling again replaces it');
is($node->safe_psql('postgres', 'SELECT count(*) FROM mlops.schedules'), 1, 'and shows in mlops.schedules');
for my $bad ("''", "'every day'", "'61 * * * *'", "'* * * *'")
{
	is(sqlstate($node, "SELECT mlops_schedule($name, $bad)"), '22023', "not a schedule: $bad");
}
is(sqlstate($node, "SELECT mlops_schedule($name, '0 3 * * *', '{\"sorce\": \"iris\"}')"), '22023', 'not an option');

# the command is what the job will run: run it here, under another search_path
my $command = $node->safe_psql('postgres', 'SELECT command FROM cron.job');
is(sqlstate($node, $command, before => 'SET search_path = pg_catalog;'), '', "runs under any search_path: $command");

# and once by pg_cron itself
ok(wait_until($node, 'SELECT EXISTS (SELECT FROM cron.job_run_details WHERE status IN (\'succeeded\', \'failed\'))', 90), 'the job runs within the minute');
is($node->safe_psql('postgres', 'SELECT DISTINCT status FROM cron.job_run_details WHERE end_time IS NOT NULL'), 'succeeded', 'and succeeds');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM mlops.versions WHERE model = $name"), '>=', 3, 'and leaves a version');

is($node->safe_psql('postgres', "SELECT mlops_unschedule($name)"), 't', 'unscheduled');
is($node->safe_psql('postgres', 'SELECT count(*) FROM cron.job'), 0, 'no job is left');
is($node->safe_psql('postgres', "SELECT mlops_unschedule($name)"), 'f', 'once only');
$node->safe_psql('postgres', "SELECT mlops_schedule($name, '0 3 * * *')");
$node->safe_psql('postgres', "SELECT mlops_drop($name)");
is($node->safe_psql('postgres', 'SELECT count(*) FROM cron.job'), 0, 'the job goes with the model');

# an ordinary role with the right on cron
$node->safe_psql('postgres', q{
	CREATE ROLE analyst LOGIN; GRANT SELECT ON iris TO analyst;
	SET SESSION AUTHORIZATION analyst;
	SELECT mlops_train('theirs', 'iris', target => 'species')});
is(sqlstate($node, "SELECT mlops_schedule('theirs', '0 3 * * *')", user => 'analyst'), '42501', 'no right on schema cron');
$node->safe_psql('postgres', 'GRANT USAGE ON SCHEMA cron TO analyst');
is(sqlstate($node, "SELECT mlops_schedule('theirs', '0 3 * * *')", user => 'analyst'), '', 'with it');
is($node->safe_psql('postgres', 'SELECT username FROM cron.job'), 'analyst', 'the job runs as the caller');
$node->stop;
done_testing();
