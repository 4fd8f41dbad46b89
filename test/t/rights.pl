# Roles: what nobody was given, nobody has.
use strict;
use warnings;
use MlopsTest;
use Test::More;

my $node = new_node('rights');
load_csv($node, 'iris');
$node->safe_psql('postgres', q{
	CREATE ROLE owner LOGIN; CREATE ROLE member LOGIN IN ROLE owner; CREATE ROLE stranger LOGIN; CREATE ROLE partial LOGIN;
	GRANT SELECT ON iris TO owner;
	GRANT SELECT (sepal_length) ON iris TO partial;
	GRANT CREATE ON SCHEMA public TO owner;
	CREATE TABLE own AS SELECT * FROM iris; GRANT SELECT ON own TO stranger;
	CREATE TABLE secret AS SELECT i AS a, i * 2 AS b, i % 2 = 0 AS mine FROM generate_series(1, 100) AS i;
	ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own_rows ON secret TO stranger USING (mine);
	GRANT SELECT ON secret TO stranger, owner;
	CREATE FUNCTION grab() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM iris); END';
	CREATE VIEW peek AS SELECT grab() AS g, * FROM own; GRANT SELECT ON peek TO stranger});

my $train = "SELECT mlops_train('iris', 'iris', target => 'species', algorithm => 'logistic_regression')";
is(sqlstate($node, $train, user => 'owner'), '', 'who may read the source may train');
is(sqlstate($node, "SELECT mlops_train('x', 'iris', target => 'species')", user => 'stranger'), '42501', 'no right on the source');
is(sqlstate($node, "SELECT mlops_train('x', 'iris', target => 'sepal_length')", user => 'partial'), '42501', 'no right on a column of it');
is(sqlstate($node, "SELECT mlops_train('x', 'SELECT * FROM peek', target => 'species')", user => 'stranger'), '42501', 'functions of a view run as the caller');

for my $call ("mlops_predict('iris', 5.0, 3.0, 1.5, 0.2)", "mlops_classify('iris', 5.0, 3.0, 1.5, 0.2)", "mlops_probability('iris', 5.0, 3.0, 1.5, 0.2)",
	"mlops_probabilities('iris', 5.0, 3.0, 1.5, 0.2)", "count(*) FROM mlops_predict_table('iris', 'own')", "count(*) FROM mlops_evaluate('iris', 'own')",
	"count(*) FROM mlops_classification_report('iris')", "count(*) FROM mlops_classification_report('iris', 'own')", "count(*) FROM mlops_confusion_matrix('iris', 'own')",
	"count(*) FROM mlops_roc_curve('iris', 'own', label => 'setosa')", "count(*) FROM mlops_residuals('iris', 'own')",
	"count(*) FROM mlops_coefficients('iris')", "count(*) FROM mlops_drift('iris', 'own')", "mlops_deploy('iris', 1)", "mlops_rollback('iris')",
	"mlops_drop('iris')", "mlops_drop('iris', 1)", "mlops_retrain('iris', 'own')", "mlops_grant('iris', 'stranger')", "mlops_alias('iris', 'a', 1)",
	"mlops_train('iris', 'own', target => 'species')", "mlops_schedule('iris', '* * * * *')", "mlops_unschedule('iris')")
{
	is(sqlstate($node, "SELECT $call", user => 'stranger'), '42501', "a stranger is refused: $call");
}
is(sqlstate($node, "SELECT mlops_classify('iris', i) FROM iris AS i", user => 'member'), '', 'members of the owner are owners');

for my $view (qw(models versions deployments metrics))
{
	is($node->safe_psql('postgres', "SET SESSION AUTHORIZATION stranger; SELECT count(*) FROM mlops.$view"), 0, "a stranger sees nothing in mlops.$view");
	cmp_ok($node->safe_psql('postgres', "SET SESSION AUTHORIZATION owner; SELECT count(*) FROM mlops.$view"), '>', 0, "the owner does");
}

$node->safe_psql('postgres', "SET SESSION AUTHORIZATION owner; SELECT mlops_grant('iris', 'stranger')");
is(sqlstate($node, "SELECT mlops_classify('iris', 5.0, 3.0, 1.5, 0.2)", user => 'stranger'), '', 'granted: predict');
is(sqlstate($node, "SELECT mlops_predict_table('iris', 'iris')", user => 'stranger'), '42501', 'but the source stays closed');
is(sqlstate($node, "SELECT mlops_deploy('iris', 1)", user => 'stranger'), '42501', 'and predict is no manage');
$node->safe_psql('postgres', "SET SESSION AUTHORIZATION owner; SELECT mlops_revoke('iris', 'stranger')");
is(sqlstate($node, "SELECT mlops_classify('iris', 5.0, 3.0, 1.5, 0.2)", user => 'stranger'), '42501', 'revoked');

# a session that scores notices the revocation at its next statement
my ($stdout, $stderr);
$node->safe_psql('postgres', "SET SESSION AUTHORIZATION owner; SELECT mlops_grant('iris', 'stranger')");
is($node->safe_psql('postgres', q{
	SET SESSION AUTHORIZATION stranger;
	PREPARE p AS SELECT mlops_classify('iris', 5.0, 3.0, 1.5, 0.2);
	EXECUTE p;}), 'setosa', 'a prepared statement of a role with the right');
$node->psql('postgres', q{
	PREPARE p AS SELECT mlops_classify('iris', 5.0, 3.0, 1.5, 0.2);
	EXECUTE p;
	SET SESSION AUTHORIZATION partial;
	EXECUTE p;}, stdout => \$stdout, stderr => \$stderr);
like($stderr, qr/permission denied for model/, 'another role cannot use the prepared statement');

# row-level security of the source is the caller's
is($node->safe_psql('postgres', "SET SESSION AUTHORIZATION stranger; SELECT train_rows + test_rows FROM mlops_train('rls', 'secret', target => 'b', features => '{a}')"), 50, 'policies filter the training rows');
is(sqlstate($node, "SELECT mlops_train('rls2', 'secret', target => 'b', features => '{a}')", user => 'owner'), '02000', 'no policy: no rows, an empty source');

$node->safe_psql('postgres', "SET SESSION AUTHORIZATION stranger; SELECT mlops_grant('rls', 'owner')");
is($node->safe_psql('postgres', "SET SESSION AUTHORIZATION stranger; SELECT count(*) FROM mlops_predict_table('rls', 'secret')"), 50, 'and the rows that are scored');
is($node->safe_psql('postgres', "SET SESSION AUTHORIZATION stranger; SELECT value FROM mlops_evaluate('rls', 'secret') WHERE metric = 'rows'"), 50, 'and those of an evaluation');
for my $call ("mlops_evaluate('rls', 'secret')", "mlops_drift('rls', 'secret')")
{
	is(sqlstate($node, "SELECT * FROM $call", user => 'owner'), '02000', "no policy: no rows for $call");
}

# the catalog cannot be written directly
for my $table (split /\n/, $node->safe_psql('postgres', "SELECT relname FROM pg_class WHERE relnamespace = 'mlops'::regnamespace AND relkind = 'r' ORDER BY 1"))
{
	is(sqlstate($node, "DELETE FROM mlops.$table", user => 'owner'), '42501', "mlops.$table: no DELETE");
	is(sqlstate($node, "INSERT INTO mlops.$table DEFAULT VALUES", user => 'owner'), '42501', "mlops.$table: no INSERT");
	is(sqlstate($node, "SELECT * FROM mlops.$table", user => 'owner'), '42501', "mlops.$table: no SELECT beside the views");
}
is(sqlstate($node, "CREATE TABLE mlops.mine (a int)", user => 'owner'), '42501', 'nor added to');

# a path with objects of the attacker's does not lead our own SQL astray
$node->safe_psql('postgres', q{
	CREATE SCHEMA trap AUTHORIZATION stranger;
	SET SESSION AUTHORIZATION stranger;
	CREATE TABLE trap.model (a int); CREATE TABLE trap.model_version (a int);
	CREATE FUNCTION trap.lower(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
	CREATE FUNCTION trap.texteq_(text, text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
	CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.texteq_)});
is(sqlstate($node, "SELECT mlops_train('path', 'public.own', target => 'species')", before => 'SET search_path = trap, pg_catalog, public;'), '', 'training under a hostile search_path');
is(sqlstate($node, "SELECT mlops_deploy('path', 1); SELECT mlops_drop('path')", before => 'SET search_path = trap, pg_catalog, public;'), '', 'and managing');

# the extension is trusted: a role that owns a database can have it
$node->safe_psql('postgres', 'CREATE DATABASE own OWNER owner');
is(sqlstate($node, 'CREATE EXTENSION mlops', user => 'owner', database => 'own'), '', 'the owner of a database can create the extension');
$node->stop;
done_testing();
