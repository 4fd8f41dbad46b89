"""Trees beside scikit-learn's and xgboost's, in turns, on the same rows: whole mlops_train calls beside their fit alone.

Arguments: directory of the server's socket, port, rows of the table "bench", turns.  xgboost is measured when it is installed.
"""
import statistics
import sys
import time

import numpy
import psycopg2
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score

try:
    import xgboost
except ImportError:
    xgboost = None

FEATURES = ["x%d" % i for i in range(1, 21)]
connection = psycopg2.connect(host=sys.argv[1], port=sys.argv[2], user="postgres", dbname="postgres")
connection.autocommit = True
cursor = connection.cursor()
rows, turns = int(sys.argv[3]), int(sys.argv[4])


HELD = "(x1 * 1000003)::int % 5 = 0 AS held"  # the same fifth for everybody


def fetch(limit):
    """The rows as numpy arrays: to train on, and held out."""
    cursor.execute("SELECT %s, (label = 'yes')::int, %s FROM bench LIMIT %d" % (", ".join(FEATURES), HELD, limit))
    data = numpy.array(cursor.fetchall(), dtype=float)
    train, held = data[data[:, -1] == 0], data[data[:, -1] == 1]
    return train[:, :-2], train[:, -2], held[:, :-2], held[:, -2]


def inside(algorithm, params, limit):
    cursor.execute(
        "SELECT (metrics->'test'->>'roc_auc')::float8 FROM mlops_train('tree_' || %s, %s, target => 'label', exclude => '{y}', "
        "algorithm => %s, params => %s, split => '{\"method\": \"column\", \"column\": \"held\"}', deploy => 'always')",
        (algorithm, "SELECT *, %s FROM bench LIMIT %d" % (HELD, limit), algorithm, params))
    return cursor.fetchone()[0]


def outside(model, data):
    model.fit(data[0], data[1])
    return model


def measure(name, target, contenders, data):
    """contenders: (name, work); the first one is ours.  Medians of the turns, ratios to the first."""
    took = {who: [] for who, _ in contenders}
    auc = {}
    for _ in range(turns):
        for who, work in contenders:
            began = time.perf_counter()
            result = work()
            took[who].append(time.perf_counter() - began)
            auc[who] = result if isinstance(result, float) else roc_auc_score(data[3], result.predict_proba(data[2])[:, 1])
    ours = statistics.median(took[contenders[0][0]])
    print("%s (target: %s)" % (name, target))
    for who, _ in contenders:
        seconds = statistics.median(took[who])
        print("    %-44s %7.2f s   ours / theirs %5.2f   AUC %.4f" % (who, seconds, ours / seconds, auc[who]))


def call(name, target, statement, count):
    cursor.execute("SET max_parallel_workers_per_gather = 0")
    seconds = []
    for _ in range(turns + 1):
        began = time.perf_counter()
        cursor.execute(statement)
        cursor.fetchall()
        seconds.append(time.perf_counter() - began)
    print("    %-44s %7.2f us a row (target: at most %s)" % (name, min(seconds) / count * 1e6, target))
    cursor.execute("RESET max_parallel_workers_per_gather")


boost = '{"early_stopping": false}'
data = fetch(rows)
contenders = [
    ("mlops_train, gradient_boosting", lambda: inside("gradient_boosting", boost, rows)),
    ("HistGradientBoostingClassifier.fit", lambda: outside(HistGradientBoostingClassifier(max_iter=100, early_stopping=False), data))]
if xgboost is None:
    print("xgboost: not run, missing: python3-xgboost")
else:
    contenders.append(("XGBClassifier.fit, hist, lossguide", lambda: outside(xgboost.XGBClassifier(
        n_estimators=100, learning_rate=0.1, tree_method="hist", grow_policy="lossguide", max_leaves=31, max_depth=0, max_bin=255, n_jobs=2,
        eval_metric="logloss"), data)))
measure("%d rows x 20, 100 trees x 31 leaves" % rows, "at most 0.50, AUC within 0.001 of the better one", contenders, data)

values = ", ".join(FEATURES)
call("mlops_probability, values", "1.5", "SELECT sum(mlops_probability('tree_gradient_boosting', %s)) FROM bench" % values, rows)
call("mlops_predict_table", "0.7", "SELECT count(*) FROM mlops_predict_table('tree_gradient_boosting', 'bench')", rows)

some = min(rows, 100000)
one, folds = [], []
for _ in range(turns):
    began = time.perf_counter()
    inside("gradient_boosting", boost, some)
    one.append(time.perf_counter() - began)
    began = time.perf_counter()
    cursor.execute("SELECT count(*) FROM mlops_cross_validate('SELECT * FROM bench LIMIT %d', target => 'label', algorithm => 'gradient_boosting', "
                   "exclude => '{y}', params => '%s', folds => 5)" % (some, boost))
    folds.append(time.perf_counter() - began)
print("    %-44s %7.2f of one mlops_train (target: at most 5.5)" % (
    "mlops_cross_validate, 5 folds, %d rows" % some, statistics.median(folds) / statistics.median(one)))

data = fetch(some)
measure("%d rows x 20, forest of 100 trees" % some, "at most 0.10, AUC equal or better", [
    ("mlops_train, random_forest", lambda: inside("random_forest", "{}", some)),
    ("RandomForestClassifier.fit, n_jobs=2", lambda: outside(RandomForestClassifier(n_jobs=2), data))], data)
