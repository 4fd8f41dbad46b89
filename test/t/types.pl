# Every column type as a feature and as a target, in a server with its own collation and encoding, and prepared scoring of each.
use strict;
use warnings;
use MlopsTest;
use Test::More;

my $node = new_node('types');
$node->safe_psql('postgres', q{
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
	CREATE DOMAIN score AS numeric(6, 2) CHECK (VALUE >= 0);
	CREATE TABLE typed AS SELECT
		(i % 7)::int2 AS f_int2, (i % 11)::int4 AS f_int4, (i % 13)::int8 AS f_int8, (i * 0.5)::float4 AS f_float4,
		sin(i) AS f_float8, (i % 17)::numeric / 8 AS f_numeric, i % 2 = 0 AS f_bool, '2024-01-01'::date + i % 300 AS f_date,
		'2024-01-01'::timestamp + i * interval '1 hour' AS f_timestamp, '2024-01-01 00:00Z'::timestamptz + i * interval '7 hours' AS f_timestamptz,
		'00:00'::time + i * interval '3 minutes' AS f_time, i * interval '1 minute' AS f_interval, 'text ' || i % 5 AS f_text,
		('v' || i % 4)::varchar(10) AS f_varchar, ('c' || i % 3)::char(5) AS f_char, (enum_range(NULL::mood))[1 + i % 3] AS f_enum,
		('00000000-0000-0000-0000-00000000000' || i % 6)::uuid AS f_uuid, ARRAY[i % 3, i % 5, i % 7]::int[] AS f_int_array,
		ARRAY[cos(i), sin(i)] AS f_float8_array, (i % 19)::score AS f_domain, ('n' || i % 3)::name AS f_name,
		i * 2.5 + 3 * (i % 3) AS y
	FROM generate_series(1, 600) AS i;
	CREATE TABLE gaps AS SELECT * FROM typed});
my @features = split /\n/, $node->safe_psql('postgres', "SELECT attname FROM pg_attribute WHERE attrelid = 'typed'::regclass AND attname LIKE 'f\\_%' ORDER BY attnum");
$node->safe_psql('postgres', join(';', map { "UPDATE gaps SET $_ = NULL WHERE ctid IN (SELECT ctid FROM gaps ORDER BY md5('$_' || ctid::text) LIMIT 60)" } @features));

for my $feature (@features)
{
	for my $source ('typed', 'gaps')
	{
		my $out = $node->safe_psql('postgres', qq{
			SELECT FROM mlops_train('t', '$source', target => 'y', features => '{$feature}', algorithm => 'ridge');
			SELECT count(mlops_predict('t', t)) = 600 AND count(DISTINCT mlops_predict('t', t)) > 1 FROM $source AS t;
			SELECT count(*) FROM $source AS t WHERE mlops_predict('t', t) IS DISTINCT FROM mlops_predict('t', to_jsonb(t));
			SELECT count(*) FROM $source AS t WHERE mlops_predict('t', t) IS DISTINCT FROM mlops_predict('t', $feature);
			SELECT count(*) FROM (SELECT row_number() OVER () AS k, t.* FROM $source AS t) AS t
				JOIN mlops_predict_table('t', 'SELECT row_number() OVER () AS k, * FROM $source', key => 'k') AS p ON p.key = t.k::text
				WHERE mlops_predict('t', t) IS DISTINCT FROM p.value;
			SELECT FROM mlops_drop('t')});
		my @lines = grep { $_ ne '' } split /\n/, $out;

		is($lines[0], 't', "$feature of $source: scores");
		is(join(' ', @lines[1 .. 3]), '0 0 0', "$feature of $source: jsonb, value and table agree with the row");
	}
}

my %labels = (f_int4 => undef, f_int8 => undef, f_bool => undef, f_text => undef, f_varchar => undef, f_char => undef, f_enum => undef, f_uuid => undef, f_numeric => undef);
for my $target (sort keys %labels)
{
	is($node->safe_psql('postgres', qq{
		SELECT FROM mlops_train('c', 'typed', target => '$target', features => '{f_float8,f_float4}', task => 'classification', algorithm => 'logistic_regression');
		SELECT count(*) FROM typed AS t WHERE mlops_classify('c', t) IN (SELECT ${target}::text FROM typed);
		SELECT FROM mlops_drop('c')}) =~ s/\n//gr, '600', "$target as a label comes back as its own text");
}
is($node->safe_psql('postgres', q{
	SELECT FROM mlops_train('b', 'SELECT f_float8, f_bool FROM typed', target => 'f_bool');
	SELECT count(*) FROM typed AS t WHERE mlops_predict('b', t) IN (0, 1)}) =~ s/\n//gr, '600', 'a boolean class is the number 0 or 1');
is(sqlstate($node, "SELECT mlops_train('j', 'SELECT y, to_jsonb(typed) AS j FROM typed', target => 'y', features => '{j}')"), '42804', 'jsonb is no feature') or
  diag('features of a type that cannot be used');

# a database in another encoding
$node->safe_psql('postgres', "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
is($node->safe_psql('latin', q{
	SET client_encoding = 'UTF8';
	CREATE EXTENSION mlops;
	CREATE TABLE t AS SELECT i AS n, 'Größe ' || i % 3 AS "größe", i % 3 = 1 AS y FROM generate_series(1, 300) AS i;
	SELECT FROM mlops_train('modèle', 't', target => 'y', algorithm => 'logistic_regression', features => '{größe}');
	SELECT count(*) FROM t WHERE mlops_classify('modèle', t) = y::text}) =~ s/\n//gr, '300', 'LATIN1');
$node->stop;
done_testing();
