# Intervals and label sets keep what they promise on real data that are no part of the project (see real.pl), whatever the learner.
use strict;
use warnings;
use MlopsTest;
use Test::More;

my $data = local_data(qw(adult_train.csv.gz adult_test.csv california_housing_raw.csv));
my $node = new_node('coverage', 'shared_buffers = 256MB');
my $seeds = 5;

# mean coverage over the seeds, each with its own rows to count; $kept mentions the coverage asked for as "asked"
sub coverage
{
	my ($table, $target, $algorithm, $params, $kept, @asked) = @_;

	$node->safe_psql('postgres', "SET mlops.inspect = off; SELECT mlops_train('$table' || s, format('SELECT *, abs(hashtextextended(t::text, %s)) %% 5 = 0 AS later FROM $table AS t', s), "
		  . "target => '$target', algorithm => '$algorithm', params => '$params', split => '{\"method\": \"column\", \"column\": \"later\"}', deploy => 'always', seed => s) "
		  . "FROM generate_series(1, $seeds) AS s");
	for my $asked (@asked)
	{
		my $got = $node->safe_psql('postgres', "SELECT avg(($kept)::int) FROM generate_series(1, $seeds) AS s, (SELECT ${asked}::float8 AS asked) AS a, $table AS t "
			  . 'WHERE abs(hashtextextended(t::text, s)) % 5 = 0');

		cmp_ok(abs($got - $asked), '<=', 0.01, "$table, $algorithm, $params: $asked asked, $got kept");
	}
}

load_file($node, 'california',
	'longitude float8, latitude float8, housing_median_age float8, total_rooms float8, total_bedrooms float8, population float8, '
	  . 'households float8, median_income float8, median_house_value float8, ocean_proximity text',
	"$data/california_housing_raw.csv");
coverage('california', 'median_house_value', $_, '{"conformal": true}',
	"(SELECT median_house_value BETWEEN low AND high FROM mlops_interval('california' || s, t, asked))", 0.8, 0.9, 0.95)
  for 'gradient_boosting', 'ridge';

# where the likeliest label alone is right more often than was asked, sets cannot do with less: 0.9 is the least that tells
my $adult = 'age int, workclass text, fnlwgt int, education text, education_num int, marital_status text, occupation text, '
  . 'relationship text, race text, sex text, capital_gain int, capital_loss int, hours_per_week int, native_country text, income text';
load_file($node, 'adult', $adult, "$data/adult_train.csv.gz");
$node->safe_psql('postgres', "COPY adult FROM '$data/adult_test.csv' (FORMAT csv, HEADER)");
my $kept = "income = ANY (mlops_label_set('adult' || s, t, asked))";
coverage('adult', 'income', 'gradient_boosting', '{"conformal": true}', $kept, 0.9, 0.95);
coverage('adult', 'income', 'logistic_regression', '{"conformal": true}', $kept, 0.9, 0.95);
coverage('adult', 'income', 'gradient_boosting', '{"conformal": true, "calibrate": "sigmoid"}', $kept, 0.9, 0.95);

$node->stop;
done_testing();
