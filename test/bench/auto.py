"""mlops_auto beside a careful person with scikit-learn, and beside each algorithm's defaults, on the same test rows.

Arguments: directory of the server's socket, port, directory of the files, seconds for mlops_auto, seed, names of data sets (all when
there are none).  CAREFUL_CACHE is a directory where the careful person's results are kept from one run to the next: they take
a quarter of an hour, and do not depend on us.
"""
import io
import json
import os
import sys

import pandas
import psycopg2
from psycopg2 import sql

import careful

socket, port, directory, seconds, seed = sys.argv[1:6]
names = sys.argv[6:] or list(careful.DATA)
connection = psycopg2.connect(host=socket, port=port, user="postgres", dbname="postgres")
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("SET client_min_messages = error; SET mlops.progress = off")


def column_type(name, column, values):
    if column in careful.DATA[name]["dates"]:
        return "date"
    return {"i": "bigint", "f": "float8"}.get(values.dtype.kind, "text")


def load(table, name, frame):
    # a whole number with gaps is a float to pandas, and to us
    columns = [sql.SQL("{} " + column_type(name, c, frame[c])).format(sql.Identifier(c)) for c in frame]
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {0}; CREATE TABLE {0} ({1})").format(sql.Identifier(table), sql.SQL(", ").join(columns)))
    text = io.StringIO()
    frame.to_csv(text, index=False, header=False)
    text.seek(0)
    cursor.copy_expert(sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(sql.Identifier(table)).as_string(connection), text)
    cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))


def judged(model, name):
    """The metrics of a model on the test rows."""
    cursor.execute("SELECT metric, value FROM mlops_evaluate(%s, %s) WHERE label IS NULL", (model, name + "_test"))
    return dict(cursor.fetchall())


def by_auto(name, target, metric):
    cursor.execute("SELECT algorithm, params, trials, mean, seconds FROM mlops_auto(%s, %s, %s, %s, metric => %s, "
                   "split => '{\"method\": \"none\"}', seed => %s, deploy => 'always')",
                   (name, name + "_train", target, json.dumps({"max_seconds": float(seconds)}), metric, seed))
    return dict(zip(("algorithm", "parameters", "trials", "cross_validated", "seconds"), cursor.fetchone()), **judged(name, name))


def by_defaults(name, target, metric):
    """Of each algorithm that entered: its mean over the folds of the search, however far the search followed it, and the test rows."""
    cursor.execute("SELECT DISTINCT algorithm FROM mlops.trials WHERE model = %s AND algorithm <> 'dummy'", (name,))
    defaults = {}
    for (algorithm,) in cursor.fetchall():
        model = name + "_" + algorithm
        cursor.execute("SELECT value FROM mlops_cross_validate(%s, %s, %s, folds => 5, seed => %s, metric => %s) "
                       "WHERE statistic = 'mean'", (name + "_train", target, algorithm, seed, metric))
        mean = cursor.fetchone()[0]
        cursor.execute("SELECT version FROM mlops_train(%s, %s, %s, algorithm => %s, split => '{\"method\": \"none\"}', seed => %s, "
                       "deploy => 'always')", (model, name + "_train", target, algorithm, seed))
        defaults[algorithm] = {"cross_validated": mean, **judged(model, name)}
    return defaults


def by_person(name):
    cache = os.environ.get("CAREFUL_CACHE")
    path = os.path.join(cache, "%s.%s.json" % (name, seed)) if cache else None
    if path and os.path.exists(path):
        with open(path) as file:
            return json.load(file)
    found = careful.careful(directory, name, int(seed))
    if path:
        with open(path, "w") as file:
            json.dump(found, file)
    return found


def line(what, metric, result, theirs, note):
    ratio = "%7.4f" % (result[metric] / theirs[metric]) if theirs else " " * 7
    rmse = "   rmse %10.5g" % result["rmse"] if metric == "r2" else ""
    print("    %-34s cv %.4f   %s %.4f   ours / theirs %s%s   %s" % (
        what, result["cross_validated"], metric, result[metric], ratio, rmse, note), flush=True)


def compare(name):
    about = careful.DATA[name]
    metric = "roc_auc" if about["positive"] else "r2"
    train, test = careful.read(directory, name)
    load(name + "_train", name, train)
    load(name + "_test", name, test)
    ours = by_auto(name, about["target"], metric)
    person = by_person(name)
    for found in (person["boosting"], person["network"]):
        found[metric] = found["test"]
        found["rmse"] = found.get("test_rmse")
    theirs = person[person["best"]]
    print("%s: %d rows, %d test rows, seed %s, load %.1f" % (name, len(train), len(test), seed, os.getloadavg()[0]))
    line("mlops_auto, " + ours["algorithm"], metric, ours, theirs, "%d trials, %.1f s" % (ours["trials"], ours["seconds"]))
    for which in ("boosting", "network"):
        line("scikit-learn, " + which, metric, person[which], None, "%.0f s of one processor" % person[which]["cpu_seconds"])
    defaults = by_defaults(name, about["target"], metric)
    for algorithm, found in sorted(defaults.items(), key=lambda pair: -pair[1][metric]):
        line("defaults of " + algorithm, metric, found, theirs, "")
    best = max(found["cross_validated"] for found in defaults.values())
    print("    never behind the defaults (cv %.5f, best of them %.5f): %s" % (
        ours["cross_validated"], best, "yes" if ours["cross_validated"] >= best else "NO"), flush=True)


for each in names:
    compare(each)
