-- Highest memory of this backend that is its own: what it ever held, less the shared buffers it has touched and what it had before.
\set status 'pg_read_file(''/proc/self/status'')'
SELECT mlops_predict('linear', b) IS NULL AS warm FROM bench AS b LIMIT 1 \gset
SELECT (regexp_match(:status, E'RssAnon:\\s+(\\d+)'))[1]::bigint AS anon \gset
SELECT version AS ignored FROM mlops_train('linear', 'bench', target => 'y', exclude => '{label}', algorithm => 'linear_regression', deploy => 'never') \gset
SELECT (regexp_match(:status, E'VmHWM:\\s+(\\d+)'))[1]::bigint - (regexp_match(:status, E'RssShmem:\\s+(\\d+)'))[1]::bigint
	- (regexp_match(:status, E'RssFile:\\s+(\\d+)'))[1]::bigint - :anon AS peak \gset
SELECT format('memory of one training beside the bytes of its columns: %s (target: at most 2.5)', round(:peak * 1024.0 / (:rows * 21 * 8.0), 2));
