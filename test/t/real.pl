# Real data that are no part of the project (../shared/data/local beside it, or MLOPS_LOCAL_DATA), read where they are: boosted trees
# reach the figures of the best libraries with the default parameters, and a category of thousands of values does no harm.
use strict;
use warnings;
use MlopsTest;
use List::Util qw(sum);
use Test::More;

my $data = local_data(qw(adult_train.csv.gz adult_test.csv california_housing_raw.csv nycflights13.csv.gz));
my $node = new_node('real', 'shared_buffers = 256MB');

# a value for each seed 0 to 4, and their mean; sql mentions the seed as s
sub by_seed
{
	my ($name, $sql) = @_;
	my @values = split /\n/, $node->safe_psql('postgres', $sql);
	my $mean = sum(@values) / @values;

	note("$name by seed: @values; mean $mean");
	return ($mean, @values);
}

# adult, train and test rows as given.  scikit-learn 1.2.1, HistGradientBoostingClassifier(early_stopping=True) with ordinal codes as
# categories: AUC 0.9271, accuracy 0.8716.
my $adult = 'age int, workclass text, fnlwgt int, education text, education_num int, marital_status text, occupation text, '
  . 'relationship text, race text, sex text, capital_gain int, capital_loss int, hours_per_week int, native_country text, income text';
load_file($node, 'adult_train', $adult, "$data/adult_train.csv.gz");
load_file($node, 'adult_test', $adult, "$data/adult_test.csv");
$node->safe_psql('postgres', q{CREATE TABLE adult AS
	SELECT s, metrics->'test'->>'roc_auc' AS auc, metrics->'test'->>'accuracy' AS accuracy FROM generate_series(0, 4) AS s,
	mlops_train('adult', 'SELECT *, false AS test FROM adult_train UNION ALL SELECT *, true FROM adult_test', target => 'income',
		algorithm => 'gradient_boosting', params => '{"early_stopping": true}', split => '{"method": "column", "column": "test"}', seed => s)});
for my $limit ([ 'auc', 0.9265 ], [ 'accuracy', 0.871 ])
{
	my ($metric, $least) = @$limit;
	my ($mean, $default) = by_seed("adult $metric", "SELECT $metric FROM adult ORDER BY s");

	cmp_ok($default, '>=', $least, "adult: $metric with the default seed");
	cmp_ok($mean, '>=', $least, "adult: mean $metric of five seeds");
}

# California housing as it was collected, with gaps and a category; another split by every seed.  scikit-learn: 47,450
load_file($node, 'california',
	'longitude float8, latitude float8, housing_median_age float8, total_rooms float8, total_bedrooms float8, population float8, '
	  . 'households float8, median_income float8, median_house_value float8, ocean_proximity text',
	"$data/california_housing_raw.csv");
my ($rmse) = by_seed('california RMSE', q{SELECT metrics->'test'->>'rmse' FROM generate_series(0, 4) AS s,
	mlops_train('california', 'california', target => 'median_house_value', algorithm => 'gradient_boosting', seed => s) ORDER BY s});
cmp_ok($rmse, '<=', 47_600, 'california: mean RMSE of five splits');

# flights late by more than 15 minutes, from what is known at departure; 4,043 tail numbers as they are
load_file($node, 'flights',
	'year int, month int, day int, dep_time int, dep_delay float8, arr_time int, arr_delay float8, carrier text, tailnum text, '
	  . 'flight int, origin text, dest text, air_time float8, distance float8, hour int, minute int',
	"$data/nycflights13.csv.gz");
is($node->safe_psql('postgres', 'SELECT count(DISTINCT tailnum) FROM flights'), 4043, 'flights: tail numbers');
$node->safe_psql('postgres', 'CREATE TABLE late AS SELECT month, day, dep_time, dep_delay, carrier, tailnum, origin, dest, distance, hour, minute, '
	  . 'arr_delay > 15 AS late, hashtext(flights::text) % 5 = 0 AS test FROM flights WHERE arr_delay IS NOT NULL');
my %auc;
for my $left_out ('', 'tailnum')
{
	($auc{$left_out}) = by_seed("flights AUC without {$left_out}", "SELECT value FROM generate_series(0, 2) AS s, mlops_train('flights', 'late', "
		  . "target => 'late', algorithm => 'gradient_boosting', exclude => '{$left_out}', seed => s, deploy => 'never', "
		  . q{split => '{"method": "column", "column": "test"}') ORDER BY s});
}
cmp_ok($auc{''}, '>=', $auc{tailnum} - 0.003, 'flights: tail numbers do no harm on the same test rows');
cmp_ok($auc{''}, '>=', 0.93, 'flights: AUC');

$node->stop;
done_testing();
