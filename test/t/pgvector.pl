# pgvector's type vector as a block of features.  Debian 12 has no package of it: skipped where the server does not know the extension.
use strict;
use warnings;
use MlopsTest;
use Test::More;

my $node = new_node('pgvector');

plan skip_all => 'the extension vector is not installed on this server'
  unless $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'");
$node->safe_psql('postgres', q{
	CREATE EXTENSION vector;
	CREATE TABLE vectors AS SELECT i, format('[%s,%s,%s]', (i * 7919 % 101) / 10.0, (i * 104729 % 97) / 10.0, i % 3)::vector AS v,
		(i * 7919 % 101) / 5.0 + i % 3 AS y FROM generate_series(1, 500) i;
	CREATE TABLE arrays AS SELECT i, translate(v::text, '[]', '{}')::real[] AS v, y FROM vectors;
	SELECT mlops_train(m, m, target => 'y', exclude => '{i}') FROM (VALUES ('vectors'), ('arrays')) AS x (m);
	SELECT mlops_train('trees', 'vectors', target => 'y', exclude => '{i}', algorithm => 'random_forest')});
is($node->safe_psql('postgres', 'SELECT count(DISTINCT fingerprint) FROM mlops.model_version'), '1', 'a vector is the array of its numbers');
for my $model ('vectors', 'arrays', 'trees')
{
	is( $node->safe_psql('postgres', "SELECT count(*) FILTER (WHERE p.value IS DISTINCT FROM mlops_predict('$model', t)), count(*) FILTER (WHERE p.value IS
			DISTINCT FROM mlops_predict('$model', t.v)) FROM vectors t JOIN mlops_predict_table('$model', 'vectors', key => 'i') p ON p.key = i::text"),
		'0|0', "$model: rows and tables alike");
}
is($node->safe_psql('postgres', "SELECT mlops_predict('vectors', NULL::vector) IS NOT NULL"), 't', 'NULL is a vector of missing numbers');
my ($status, $out, $error) = $node->psql('postgres', "SELECT mlops_predict('vectors', '[1,2]'::vector)");
like($error, qr/array "v" has 2 elements/, 'another length is refused');
($status, $out, $error) = $node->psql('postgres',
	"SELECT mlops_train('mixed', 'SELECT v, y FROM vectors UNION ALL SELECT ''[1,2]''::vector, 1', target => 'y')");
like($error, qr/differ in length/, 'also among the rows of a training');
done_testing();
