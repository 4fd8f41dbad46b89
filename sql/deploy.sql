-- The life of a model: versions, deployments, roll back, aliases, retraining, drift, dropping.
SET mlops.progress = off;
SELECT version, deployed FROM mlops_train('life', 'diabetes', target => 'progression', algorithm => 'dummy');
SELECT version, deployed FROM mlops_train('life', 'diabetes', target => 'progression', algorithm => 'ridge');
SELECT version, deployed FROM mlops_train('life', 'diabetes', target => 'progression', algorithm => 'dummy');
SELECT version, deployed FROM mlops_train('life', 'diabetes', target => 'progression', algorithm => 'dummy', deploy => 'always');
SELECT version, deployed FROM mlops_train('life', 'diabetes', target => 'progression', algorithm => 'ridge', deploy => 'never');
SELECT live_version FROM mlops.models WHERE model = 'life';

-- back, and further back, and no further
SELECT mlops_rollback('life');
SELECT mlops_rollback('life');
SELECT mlops_rollback('life');
SELECT mlops_deploy('life', 5);
SELECT mlops_deploy('life', version => 2);
SELECT version, action, reason, live_until IS NULL AS live FROM mlops.deployments WHERE model = 'life' ORDER BY deployment_id;

-- aliases
SELECT mlops_alias('life', 'challenger', 5);
SELECT model, alias, version FROM mlops.aliases;
SELECT mlops_predict('life@challenger', d) = mlops_predict('life/5', d) AS same FROM diabetes AS d LIMIT 1;
SELECT mlops_alias('life', 'challenger', NULL);
SELECT mlops_predict('life@challenger', d) FROM diabetes AS d LIMIT 1;

-- a version never changes, not even for a superuser
UPDATE mlops.model_version SET algorithm = 'other';

-- retraining repeats the definition on today's rows
CREATE TABLE growing AS SELECT * FROM diabetes;
SELECT train_rows + test_rows AS rows FROM mlops_train('growing', 'growing', target => 'progression', algorithm => 'ridge', params => '{"alpha": 3}', exclude => '{sex}');
INSERT INTO growing SELECT * FROM diabetes WHERE age > 50;
SET search_path = pg_catalog;
SELECT version, algorithm, train_rows + test_rows AS rows FROM public.mlops_retrain('growing');
RESET search_path;
SELECT version, params FROM mlops.versions WHERE model = 'growing' ORDER BY version;
SELECT version, train_rows + test_rows AS rows FROM mlops_retrain('growing', 'SELECT * FROM growing WHERE bmi < 30');

-- drift: none against the rows of the training, some against others
SELECT bool_or(drifted) AS drifted FROM mlops_drift('growing', 'diabetes');
SELECT feature, statistic, drifted FROM mlops_drift('growing', 'SELECT age, sex, bmi + 15 AS bmi, bp, tc, ldl, hdl, tch, ltg, glu FROM diabetes') WHERE drifted ORDER BY feature;
SELECT count(*) FROM mlops_drift('growing', 'SELECT * FROM diabetes WHERE false');

-- dropping
SELECT mlops_drop('life', 1);
SELECT mlops_drop('life', 2);
SELECT mlops_drop('life');
SELECT mlops_drop('growing');
SELECT count(*) AS models, (SELECT count(*) FROM mlops.model_version) AS versions, (SELECT count(*) FROM mlops.model_chunk) AS chunks FROM mlops.model;
DROP TABLE growing;
