# A hot standby scores with what the primary deploys, and refuses to write.
use strict;
use warnings;
use MlopsTest;
use PostgreSQL::Test::Cluster;
use Test::More;

my $primary = new_node('primary');
load_csv($primary, 'iris');
$primary->safe_psql('postgres', "SELECT mlops_train('iris', 'iris', target => 'species', algorithm => 'logistic_regression')");
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

my $score = "SELECT string_agg(mlops_classify('iris', i) || mlops_probability('iris', i)::text, ' ' ORDER BY i) FROM iris AS i";
my $first = $primary->safe_psql('postgres', $score);
is($standby->safe_psql('postgres', $score), $first, 'the standby scores like the primary');
is($standby->safe_psql('postgres', "SELECT count(*) FROM mlops_predict_table('iris', 'iris')"), 150, 'and whole tables');
is($standby->safe_psql('postgres', "SELECT count(*) > 0 FROM mlops_evaluate('iris', 'iris')"), 't', 'and evaluates');
is($standby->safe_psql('postgres', "SELECT count(*) > 0 FROM mlops_drift('iris', 'iris')"), 't', 'and watches');
is($standby->safe_psql('postgres', "SELECT count(*) > 0 FROM mlops_coefficients('iris')"), 't', 'and explains');
is($standby->safe_psql('postgres', 'SELECT live_version FROM mlops.models'), 1, 'and shows the views');

for my $write ("mlops_train('other', 'iris', target => 'species')", "mlops_retrain('iris')", "mlops_deploy('iris', 1)",
	"mlops_rollback('iris')", "mlops_drop('iris')", "mlops_schedule('iris', '* * * * *')")
{
	is(sqlstate($standby, "SELECT $write"), '25006', "refused on the standby: $write");
}

$primary->safe_psql('postgres', "SELECT mlops_train('iris', 'iris', target => 'species', algorithm => 'logistic_regression', "
	  . "params => '{\"C\": 0.01}', deploy => 'always')");
$primary->wait_for_catchup($standby);
my $second = $standby->safe_psql('postgres', $score);
isnt($second, $first, 'a deployment reaches the standby');
is($second, $primary->safe_psql('postgres', $score), 'as it is on the primary');

$standby->promote;
is($standby->safe_psql('postgres', "SELECT version FROM mlops_train('iris', 'iris', target => 'species', "
	  . "algorithm => 'logistic_regression')"), 3, 'a promoted standby trains');
$standby->stop;
$primary->stop;
done_testing();
