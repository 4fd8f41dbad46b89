# Messages as text: what the local collection of SMS messages reaches in one call, and that a big dictionary is priced and can be cancelled.
use strict;
use warnings;
use MlopsTest;
use Test::More;

my $node = new_node('text', 'mlops.progress = off');

# texts that are all different, more than a category may have
$node->safe_psql('postgres', q{
	CREATE TABLE letters AS SELECT i % 2 = 0 AS sea, format('letter %s number %s says the %s comes home in spring', md5(i::text), i,
		CASE WHEN i % 2 = 0 THEN 'ship' ELSE 'horse' END) AS body FROM generate_series(1, 100000) i});
is($node->safe_psql('postgres', q{SELECT value FROM mlops_train('letters', 'letters', target => 'sea', metric => 'accuracy',
	preprocess => '{"body": {"max_features": 1000}}')}), '1', '100,000 different texts are words, not categories');
my ($status, $out, $error) = $node->psql('postgres', q{SET mlops.max_memory = '4MB'; SET temp_file_limit = '1MB';
	SELECT mlops_train('letters', 'letters', target => 'sea')});
isnt($status, 0, 'texts that fit neither memory nor the limit of temporary files are refused');
like($error, qr/memory|temp_file_limit|temporary/, 'in terms of the limit');
($status, $out, $error) = $node->psql('postgres', q{SET statement_timeout = '300ms';
	SELECT mlops_train('letters', 'letters', target => 'sea', preprocess => '{"body": {"analyzer": "char", "ngram_range": [1, 6]}}')});
like($error, qr/canceling statement due to statement timeout/, 'taking texts apart can be cancelled');

# a collection that may not be shipped: MLOPS_LOCAL_DATA names its directory; scikit-learn reaches 0.984 with the same settings
SKIP:
{
	my $file = ($ENV{MLOPS_LOCAL_DATA} // '') . '/sms_spam.csv';
	skip 'the collection of messages is not here (MLOPS_LOCAL_DATA)', 2 unless -r $file;
	$node->safe_psql('postgres', "CREATE TABLE sms (label text, message text); COPY sms FROM '$file' (FORMAT csv, HEADER)");
	for my $preprocess ('{}', '{"message": {"encode": "tfidf"}}')
	{
		cmp_ok($node->safe_psql('postgres', "SELECT metrics #>> '{test,accuracy}' FROM mlops_train('sms', 'sms', target => 'label',
			algorithm => 'logistic_regression', params => '{\"C\": 10}', preprocess => '$preprocess')"), '>=', 0.98, "messages with preprocess $preprocess");
	}
}
done_testing();
