# Model bytes that were damaged in the catalog are an error of class XX001, never a crash, in every function that reads them.
use strict;
use warnings;
use MlopsTest;
use Test::More;

my $node = new_node('corrupt');
load_csv($node, 'iris');
load_csv($node, 'penguins');
$node->safe_psql('postgres', q{
	SELECT mlops_train('m', 'penguins', target => 'species', algorithm => 'logistic_regression');
	CREATE TABLE good AS SELECT c.* FROM mlops.model_chunk AS c;
	CREATE VIEW live AS SELECT version_id FROM mlops.model_version;
	CREATE TABLE outcome (damage text, state text, answer text);

	-- puts damaged bytes in place, as only a superuser can, and notes how the functions answer
	CREATE PROCEDURE try(damage text, expression text) LANGUAGE plpgsql AS $$
	DECLARE
		bytes bytea;
		call text;
		state text;
		answer text;
	BEGIN
		EXECUTE 'SELECT ' || expression || ' FROM good' INTO bytes;
		DELETE FROM mlops.model_chunk;
		IF bytes IS NOT NULL THEN
			INSERT INTO mlops.model_chunk SELECT version_id, chunk, bytes FROM good;
		END IF;
		FOREACH call IN ARRAY ARRAY[
			$q$SELECT max(mlops_classify('m', p)) FROM penguins AS p$q$,
			$q$SELECT count(*)::text FROM mlops_coefficients('m')$q$]
		LOOP
			BEGIN
				EXECUTE call INTO answer;
				state := 'none';
			EXCEPTION WHEN OTHERS THEN
				state := SQLSTATE;
				answer := SQLERRM;
			END;
			INSERT INTO outcome VALUES (damage, state, answer);
		END LOOP;
	END
	$$});

my $length = $node->safe_psql('postgres', 'SELECT length(data) FROM good');
my @damages = (
	[ 'no chunk', 'NULL' ], [ 'empty', "''" ], [ 'one byte', "'\\x00'" ],
	[ 'magic alone', 'substr(data, 1, 8)' ], [ 'doubled', 'data || data' ], [ 'one byte more', "data || '\\x00'" ],
	[ 'zeroes', "decode(repeat('00', length(data)), 'hex')" ], [ 'ones', "decode(repeat('ff', length(data)), 'hex')" ]);
push @damages, [ "cut at $_", "substr(data, 1, $_)" ] for map { int($length * $_ / 12) } 1 .. 11;
push @damages, [ "bit $_", "set_bit(data, $_, 1 - get_bit(data, $_))" ] for 0 .. 63, map { int(64 + $_ * ($length * 8 - 65) / 150) } 0 .. 150;

# one connection for each try: a cached model would answer from memory
for my $damage (@damages)
{
	my ($name, $bytes) = @$damage;

	$node->psql('postgres', "CALL try('$name', \$e\$$bytes\$e\$)");
}
is($node->safe_psql('postgres', 'SELECT count(DISTINCT damage) FROM outcome'), scalar @damages, 'every damage was tried');
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT damage || ': ' || state || ' ' || answer, chr(10)) FROM outcome WHERE state <> 'XX001'"), '', 'and was an error of class XX001');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/terminated by signal|server process .* was terminated|PANIC/, 'no backend crashed');

# chunks that are missing, or twice as many
$node->safe_psql('postgres', 'DELETE FROM mlops.model_chunk; INSERT INTO mlops.model_chunk SELECT version_id, chunk + 1, data FROM good');
is(sqlstate($node, "SELECT mlops_classify('m', p) FROM penguins AS p"), 'XX001', 'the first chunk is missing');
$node->safe_psql('postgres', 'INSERT INTO mlops.model_chunk SELECT * FROM good');
is(sqlstate($node, "SELECT mlops_classify('m', p) FROM penguins AS p"), 'XX001', 'a chunk too many');

# restored, it works again
$node->safe_psql('postgres', 'DELETE FROM mlops.model_chunk; INSERT INTO mlops.model_chunk SELECT * FROM good');
is(sqlstate($node, "SELECT mlops_classify('m', p) FROM penguins AS p"), '', 'the right bytes work');
$node->stop;
done_testing();
