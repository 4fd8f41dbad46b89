#!/usr/bin/python3
"""Constants of sql/evaluation.sql: /usr/bin/python3 test/reference/evaluation.py

sklearn.metrics and sklearn.calibration (1.2.1 in Debian 12) on predictions of the same models, fitted here independently.  A curve is
given by the number of its points, and of each column the sum and the sum weighted with the place, which sees the order.
"""
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

from common import line, table
from logistic import newton, onehot
from metrics import probabilities

warnings.filterwarnings("ignore")


def curve(problem, name, **columns):
    for column, values in columns.items():
        values = np.asarray(values, float)
        line(problem, name, column, len(values), float(values.sum()), float((values * np.arange(1, len(values) + 1)).sum()))


def scores(problem, positive, score):
    fpr, tpr, threshold = m.roc_curve(positive, score)
    curve(problem, "roc", threshold=threshold, false_positive_rate=fpr, true_positive_rate=tpr)
    precision, recall, threshold = m.precision_recall_curve(positive, score)
    curve(problem, "pr", threshold=threshold, precision=precision, recall=recall)
    for strategy in "uniform", "quantile":
        observed, predicted = calibration_curve(positive, score, n_bins=10, strategy=strategy)
        curve(problem, strategy, mean_predicted=predicted, observed=observed)
    f1 = (2 * precision * recall / np.maximum(precision + recall, 1e-300))[:-1]
    best = len(f1) - 1 - np.argmax(f1[::-1])
    curve(problem, "f1", threshold=[threshold[best]], precision=[precision[best]], recall=[recall[best]], f1=[f1[best]])
    # above all scores no row is taken; an infinite threshold is given as 2
    threshold = np.append(threshold, 2)
    cost = np.array([((score >= t) & ~positive).sum() + 5 * ((score < t) & positive).sum() for t in threshold])
    best = len(cost) - 1 - np.argmin(cost[::-1])
    curve(problem, "cost", threshold=[threshold[best]], recall=[recall[best]], cost=[cost[best]])
    # groups of equal size; rows of equal score in any order: what each is on average
    mean = {s: positive[score == s].mean() for s in np.unique(score)}
    groups = np.array_split(np.array([mean[s] for s in np.sort(score)[::-1]]), 10)
    hits = np.array([g.sum() for g in groups])
    rows = np.array([len(g) for g in groups])
    gain = hits.cumsum() / hits.sum()
    curve(problem, "lift", rows=rows, positives=hits, rate=hits / rows, lift=hits / rows / positive.mean(), cumulative_gain=gain,
          ks=gain - (rows - hits).cumsum() / (rows - hits).sum())


def report(problem, truth, predicted):
    r = m.classification_report(truth, predicted, output_dict=True, zero_division=0)
    accuracy = r.pop("accuracy")
    lines = list(r.values())
    lines.insert(len(lines) - 2, {"precision": 0, "recall": 0, "f1-score": accuracy, "support": len(truth)})
    curve(problem, "report", precision=[v["precision"] for v in lines], recall=[v["recall"] for v in lines],
          f1=[v["f1-score"] for v in lines], support=[v["support"] for v in lines])
    curve(problem, "confusion", rows=m.confusion_matrix(truth, predicted).ravel())


def residuals(problem, y, pred):
    e = y - pred
    curve(problem, "residuals", values=[pred.mean(), e.std(ddof=1), stats.skew(e), e.min(),
                                        *np.quantile(e, [0.05, 0.25, 0.5, 0.75, 0.95]), e.max()])


def fit(x, labels):
    """probabilities to twelve digits, so that equal rows tie"""
    x = (x - x.mean(0)) / x.std(0)
    classes, y = onehot(labels)
    b, _ = newton(x, y, np.ones(len(y)), 1.0, 0.0)
    return classes, np.round(probabilities(b, x), 12)


churn = table("telco_churn")
label = churn["churn"].to_numpy()
classes, p = fit(churn[["tenure", "senior_citizen"]].to_numpy(float), label)
predicted = classes[p.argmax(1)]
scores("ties", label == classes[1], p[:, 1])
scores("negative", label == classes[0], p[:, 0])
report("ties", label, predicted)
for contract in np.unique(churn["contract"]):
    rows = (churn["contract"] == contract).to_numpy()
    scores(contract.replace(" ", "_"), label[rows] == classes[1], p[rows, 1])
    report(contract.replace(" ", "_"), label[rows], predicted[rows])

iris = table("iris")
species = iris["species"].to_numpy()
classes, p = fit(iris[list(iris.columns[:4])].to_numpy(float), species)
scores("versicolor", species == "versicolor", p[:, 1])
report("multi", species, classes[p.argmax(1)])
rows = species != "setosa"
report("absent", species[rows], classes[p.argmax(1)][rows])

data = table("diabetes")
x = data.drop(columns="progression").to_numpy(float)
y = data["progression"].to_numpy(float)
z = np.hstack([np.ones((len(y), 1)), (x - x.mean(0)) / x.std(0)])
pred = z @ np.linalg.lstsq(z, y, rcond=None)[0]
residuals("number", y, pred)
for sex in 1, 2:
    residuals("number_%d" % sex, y[data["sex"] == sex], pred[data["sex"] == sex])
