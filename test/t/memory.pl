# Memory is priced: what is over mlops.max_memory works in a mapped file, what cannot be had is refused, and files go away.
use strict;
use warnings;
use MlopsTest;
use Test::More;

my $node = new_node('memory', 'log_temp_files = 0');
numbers_table($node, 'big', 200_000, 16);
my $train = "SELECT version FROM mlops_train('m', 'big', target => 'y', exclude => '{label}', deploy => 'never')";

$node->safe_psql('postgres', $train);
my $offset = -s $node->logfile;
$node->safe_psql('postgres', "SET mlops.max_memory = '4MB'; $train");
is(chunk_digest($node, 'm', 2), chunk_digest($node, 'm', 1), 'in a file the same bytes come out');
like(substr(PostgreSQL::Test::Utils::slurp_file($node->logfile), $offset), qr/temporary file: path/, 'and a temporary file there was');
nothing_left($node, 2, 'a training in a file');

is(sqlstate($node, $train, before => "SET mlops.max_memory = '4MB'; SET temp_file_limit = '10MB';"), '53400', 'temp_file_limit holds');
nothing_left($node, 2, 'after temp_file_limit');
is(sqlstate($node, "SELECT 1 / 0 FROM mlops_train('m', 'big', target => 'y', exclude => '{label}')", before => "SET mlops.max_memory = '4MB';"), '22012', 'an error after the training');
nothing_left($node, 2, 'after an error');
is(sqlstate($node, "BEGIN; SAVEPOINT s; $train; ROLLBACK TO s; COMMIT", before => "SET mlops.max_memory = '4MB';"), '', 'a subtransaction that is rolled back');
nothing_left($node, 2, 'after a rolled back subtransaction');

# trees hold bins, gradients and the columns as they were loaded, and no copy of them
my $boost = "SELECT version FROM mlops_train('b', 'big', target => 'y', exclude => '{label}', deploy => 'never', algorithm => 'gradient_boosting', params => '{\"max_iter\": 5}')";
$node->safe_psql('postgres', $boost);
$offset = -s $node->logfile;
$node->safe_psql('postgres', "SET mlops.max_memory = '4MB'; $boost");
is(chunk_digest($node, 'b', 2), chunk_digest($node, 'b', 1), 'boosting in a file: the same bytes');
like(substr(PostgreSQL::Test::Utils::slurp_file($node->logfile), $offset), qr/temporary file: path/, 'and a temporary file there was');
nothing_left($node, 4, 'boosting in a file');
my ($stdout, $stages);
$node->psql('postgres', "SET client_min_messages = debug1; $boost", stdout => \$stdout, stderr => \$stages);
my ($peak) = $stages =~ /memory (\d+) file/;
my $columns = 4 * 65_536 * 17 * 8;	# in chunks
my $bins = 160_000 * 16;
cmp_ok($peak, '<', 1.6 * ($columns + $bins + 160_000 * 8) + 16_000_000, 'boosting: one copy of the columns, bins, gradients, and little more');
$node->safe_psql('postgres', "SELECT mlops_drop('b')");

# many small arrays do not take many files
$node->safe_psql('postgres', 'CREATE TABLE wide AS SELECT i AS y, ' . join(', ', map { "(i * $_ % 101)::float8 AS c$_" } 1 .. 1000) . ' FROM generate_series(1, 3000) AS i');
is(sqlstate($node, "SELECT mlops_train('wide', 'wide', target => 'y', algorithm => 'ridge')", before => "SET mlops.max_memory = '1MB';"), '', 'a thousand columns in files');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'which are gone');

# in a tablespace of its own
my $space = "$PostgreSQL::Test::Utils::tmp_check/space";
mkdir $space;
$node->safe_psql('postgres', "CREATE TABLESPACE elsewhere LOCATION '$space'");
is(sqlstate($node, $train, before => "SET mlops.max_memory = '4MB'; SET temp_tablespaces = 'elsewhere';"), '', 'temp_tablespaces');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_tablespace, pg_ls_tmpdir(oid) WHERE spcname = 'elsewhere'"), 0, 'nothing is left there');

# a session that trains again and again does not grow
my $growth = $node->safe_psql('postgres', q{
	SELECT FROM mlops_train('again', 'SELECT * FROM big LIMIT 2000', target => 'y', exclude => '{label}', deploy => 'never');
	CREATE TEMP TABLE used AS SELECT sum(used_bytes) AS bytes FROM pg_backend_memory_contexts;
	DO $$ BEGIN FOR i IN 1..30 LOOP PERFORM mlops_train('again', 'SELECT * FROM big LIMIT 2000', target => 'y', exclude => '{label}', deploy => 'never'); END LOOP; END $$;
	SELECT sum(used_bytes) - (SELECT bytes FROM used) FROM pg_backend_memory_contexts});
cmp_ok((split /\n/, $growth)[-1], '<', 1_000_000, 'thirty trainings leave no memory behind');
$node->stop;
done_testing();
