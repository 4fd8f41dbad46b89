"""Networks beside scikit-learn's, in turns, on the same rows: a whole mlops_train call beside its fit alone.

Arguments: directory of the server's socket, port, rows of the table "bench", turns.
"""
import statistics
import sys
import time
import warnings

import numpy
import psycopg2
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore", ConvergenceWarning)  # ten epochs are what is asked for
FEATURES = ["x%d" % i for i in range(1, 21)]
HELD = "(x1 * 1000003)::int % 5 = 0 AS held"  # the same fifth for both
connection = psycopg2.connect(host=sys.argv[1], port=sys.argv[2], user="postgres", dbname="postgres")
connection.autocommit = True
cursor = connection.cursor()
rows, turns = min(int(sys.argv[3]), 125000), int(sys.argv[4])  # four fifths of them to learn from

cursor.execute("SELECT %s, (label = 'yes')::int, %s FROM bench LIMIT %d" % (", ".join(FEATURES), HELD, rows))
data = numpy.array(cursor.fetchall(), dtype=float)
train, held = data[data[:, -1] == 0], data[data[:, -1] == 1]


def inside():
    # numbers as they are: scikit-learn's call scales nothing either
    cursor.execute(
        "SELECT (metrics->'test'->>'log_loss')::float8 FROM mlops_train('mlp', %s, target => 'label', exclude => '{y}', "
        "algorithm => 'mlp', params => '{\"hidden_layer_sizes\": [100], \"batch_size\": 200, \"max_iter\": 10}', "
        "preprocess => '{\"*\": {\"scale\": \"none\"}}', "
        "split => '{\"method\": \"column\", \"column\": \"held\"}', deploy => 'always')",
        ("SELECT *, %s FROM bench LIMIT %d" % (HELD, rows),))
    return cursor.fetchone()[0]


def outside():
    return MLPClassifier(hidden_layer_sizes=(100,), batch_size=200, max_iter=10).fit(train[:, :-2], train[:, -2])


took = {inside: [], outside: []}
loss = {}
for _ in range(turns):
    for work in took:
        began = time.perf_counter()
        result = work()
        took[work].append(time.perf_counter() - began)
        loss[work] = result if work is inside else log_loss(held[:, -2], result.predict_proba(held[:, :-2])[:, 1])



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


ours, theirs = statistics.median(took[inside]), statistics.median(took[outside])
print("%d rows x 20, network of 100 units, adam, batches of 200, 10 epochs (target: at most 0.167, the same loss)" % len(train))
print("    %-44s %7.2f s   ours / theirs %5.2f   log loss %.4f" % ("mlops_train, mlp", ours, 1.0, loss[inside]))
print("    %-44s %7.2f s   ours / theirs %5.2f   log loss %.4f" % ("MLPClassifier.fit", theirs, ours / theirs, loss[outside]))
call("mlops_probability, values", "3", "SELECT sum(mlops_probability('mlp', %s)) FROM bench" % ", ".join(FEATURES), int(sys.argv[3]))
call("mlops_predict_table", "0.5", "SELECT count(*) FROM mlops_predict_table('mlp', 'bench')", int(sys.argv[3]))
