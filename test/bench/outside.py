"""What people do without the extension: fetch the table, train in scikit-learn, write the predictions back.

Arguments: directory of the server's socket, port.  Prints the time of the whole way beside the same work inside the database.
"""
import io
import sys
import time

import pandas
import psycopg2
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["x%d" % i for i in range(1, 21)]
connection = psycopg2.connect(host=sys.argv[1], port=sys.argv[2], user="postgres", dbname="postgres")
cursor = connection.cursor()


def outside(target, model, score):
    cursor.execute("SELECT %s, %s FROM bench" % (", ".join(FEATURES), target))
    frame = pandas.DataFrame(cursor.fetchall(), columns=FEATURES + [target])
    train, test, y_train, y_test = train_test_split(frame[FEATURES], frame[target], test_size=0.2, random_state=0)
    pipeline = make_pipeline(StandardScaler(), model).fit(train, y_train)
    score(pipeline, test, y_test)
    text = io.StringIO()
    pandas.DataFrame({"prediction": pipeline.predict(frame[FEATURES])}).to_csv(text, header=False)
    text.seek(0)
    cursor.execute("CREATE TEMP TABLE written (key bigint, prediction text)")
    cursor.copy_expert("COPY written FROM STDIN (FORMAT csv)", text)
    cursor.execute("DROP TABLE written")


def inside(target, other, algorithm):
    cursor.execute(
        "SELECT mlops_train('outside', 'bench', target => %s, exclude => ARRAY[%s], algorithm => %s, deploy => 'always')",
        (target, other, algorithm),
    )
    cursor.execute("CREATE TEMP TABLE written AS SELECT key, prediction FROM mlops_predict_table('outside', 'bench')")
    cursor.execute("DROP TABLE written")
    cursor.execute("SELECT mlops_drop('outside')")


def seconds(work, *arguments):
    began = time.perf_counter()
    work(*arguments)
    connection.commit()
    return time.perf_counter() - began


print("fetch, train, write predictions back: psycopg2 + pandas + scikit-learn beside mlops (target: at least 10 x)")
for name, target, other, algorithm, model, score in (
    ("linear", "y", "label", "linear_regression", LinearRegression(), lambda m, x, y: r2_score(y, m.predict(x))),
    ("logistic", "label", "y", "logistic_regression", LogisticRegression(), lambda m, x, y: roc_auc_score(y == "yes", m.predict_proba(x)[:, 1])),
):
    there = seconds(outside, target, model, score)
    here = seconds(inside, target, other, algorithm)
    print("    %-9s %6.2f s outside, %5.2f s inside: %.1f x" % (name, there, here, there / here))
