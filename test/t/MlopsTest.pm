# MlopsTest.pm: what the TAP tests share: a node with the extension, tables, and sessions that stay open.
package MlopsTest;

use strict;
use warnings;
use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

our @EXPORT = qw(new_node load_csv local_data load_file numbers_table start_sql finish_sql sqlstate nothing_left chunk_digest wait_until);

# An interrupt must act within a second; the other one is for machines that run tests on shared CPUs.
our $CANCEL_SECONDS = 1.0 + 1.0;

# a started node whose extensions come from the private installation; lines go to postgresql.conf
sub new_node
{
	my ($name, @lines) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(allows_streaming => 1);
	$node->append_conf('postgresql.conf', join("\n", "extension_destdir = '$ENV{MLOPS_DESTDIR}'", 'mlops.progress = off', @lines) . "\n");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION mlops');
	return $node;
}

my %columns = (
	iris => 'sepal_length float8, sepal_width float8, petal_length float8, petal_width float8, species text',
	penguins => 'species text, island text, bill_length_mm float8, bill_depth_mm float8, flipper_length_mm int, '
	  . 'body_mass_g int, sex text',
	diabetes => 'age float8, sex float8, bmi float8, bp float8, tc float8, ldl float8, hdl float8, tch float8, ltg float8, '
	  . 'glu float8, progression float8');

# one of the data sets of test/data as a table
sub load_csv
{
	my ($node, $name, $database) = @_;

	$node->safe_psql($database // 'postgres',
		"CREATE TABLE $name ($columns{$name}); COPY $name FROM '$ENV{MLOPS_DATA}/$name.csv' (FORMAT csv, HEADER)");
}

# the directory of data sets that are no part of the project; the whole test is skipped when one of these is not there
sub local_data
{
	my (@files) = @_;
	my $directory = $ENV{MLOPS_LOCAL_DATA} // '';

	for my $file (@files)
	{
		plan skip_all => "no ../shared/data/local/$file (MLOPS_LOCAL_DATA names another directory)" if !-r "$directory/$file";
	}
	return $directory;
}

# a file of comma-separated values, compressed or not, as a table
sub load_file
{
	my ($node, $table, $columns, $file) = @_;
	my $from = $file =~ /\.gz$/ ? "PROGRAM \$\$gzip -dc '$file'\$\$" : "\$\$$file\$\$";

	$node->safe_psql('postgres', "CREATE TABLE $table ($columns); COPY $table FROM $from (FORMAT csv, HEADER); ANALYZE $table");
}

# table with columns x1 .. xN, a number y and a label, whose values follow from the row numbers alone
sub numbers_table
{
	my ($node, $name, $rows, $columns) = @_;
	my $x = join ', ', map { "sin(i * $_ * 0.7) + (i * $_ * 7919 % 1000) / 1000.0 AS x$_" } 1 .. $columns;
	my $sum = join ' + ', map { ($_ % 2 ? '' : '-') . "x$_" } 1 .. $columns;

	$node->safe_psql('postgres',
		"CREATE TABLE $name AS SELECT *, ($sum) + cos(i) AS y, CASE WHEN ($sum) + 3 * cos(i * 1.3) > 0 THEN 'yes' ELSE 'no' END AS label "
		  . "FROM (SELECT i, $x FROM generate_series(1::bigint, $rows) AS i) AS t; "
		  . "ALTER TABLE $name DROP COLUMN i; ANALYZE $name");
}

# psql with one text of SQL that goes on while the test does something else
my $sessions = 0;

sub start_sql
{
	my ($node, $sql, %options) = @_;
	my %session = (stdout => '', stderr => '', started => time);
	my $file = "$PostgreSQL::Test::Utils::tmp_check/session_" . ++$sessions . '.sql';
	my @command = ('psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-v', "ON_ERROR_STOP=@{[ $options{go_on} ? 0 : 1 ]}",
		'-d', $node->connstr('postgres'), '-f', $file);

	# a file, because nobody would feed the text into a pipe meanwhile
	PostgreSQL::Test::Utils::append_to_file($file, "$sql;\n");
	$session{handle} = IPC::Run::start(\@command, '<', \undef, '>', \$session{stdout}, '2>', \$session{stderr},
		IPC::Run::timeout(300));
	return \%session;
}

# seconds that it took
sub finish_sql
{
	my ($session) = @_;

	$session->{handle}->finish;
	$session->{status} = $session->{handle}->result(0);
	return time - $session->{started};
}

# SQLSTATE of the first error that a statement raises, '' when it raises none
sub sqlstate
{
	my ($node, $sql, %options) = @_;
	my ($stdout, $stderr);

	$node->psql($options{database} // 'postgres', "\\set VERBOSITY verbose\n" . ($options{before} // '') . "\n$sql",
		stdout => \$stdout, stderr => \$stderr, on_error_stop => 1,
		extra_params => $options{user} ? [ '-U', $options{user} ] : []);
	return $stderr =~ /(?:ERROR|FATAL):\s+([0-9A-Z]{5}):/ ? $1 : '';
}

# no row and no file beyond what a test knows of
sub nothing_left
{
	my ($node, $versions, $name) = @_;

	is($node->safe_psql('postgres', 'SELECT count(*) FROM mlops.model_version'), $versions, "$name: no further version");
	is($node->safe_psql('postgres', 'SELECT count(DISTINCT version_id) FROM mlops.model_chunk'), $versions, "$name: no further bytes");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), 0, "$name: no temporary file");
}

# the bytes of a version as one number
sub chunk_digest
{
	my ($node, $model, $version) = @_;

	return $node->safe_psql('postgres',
		"SELECT encode(sha256(string_agg(c.data, ''::bytea ORDER BY c.chunk)), 'hex') FROM mlops.model AS m "
		  . "JOIN mlops.model_version AS v USING (model_id) JOIN mlops.model_chunk AS c USING (version_id) "
		  . "WHERE m.name = '$model' AND v.version = $version");
}

# true as soon as the query says so, false after the seconds given
sub wait_until
{
	my ($node, $query, $seconds) = @_;

	for (1 .. $seconds * 20)
	{
		return 1 if $node->safe_psql('postgres', $query) eq 't';
		usleep(50_000);
	}
	return 0;
}

1;
