#!/usr/bin/python3
"""Constants of sql/accuracy_metrics.sql: /usr/bin/python3 test/reference/metrics.py

sklearn.metrics (1.2.1 in Debian 12) on predictions of the same models, fitted here independently; baselines are its
DummyClassifier and DummyRegressor.
"""
import warnings

import numpy as np
from sklearn import metrics as m
from sklearn.dummy import DummyClassifier, DummyRegressor

from common import line, standardise, table
from logistic import newton, onehot

warnings.filterwarnings("ignore")


def regression(name, part, y, p, w=None):
    values = {"r2": m.r2_score(y, p, sample_weight=w), "rmse": m.mean_squared_error(y, p, sample_weight=w, squared=False),
              "mae": m.mean_absolute_error(y, p, sample_weight=w),
              "mape": m.mean_absolute_percentage_error(y, p, sample_weight=w),
              "medae": m.median_absolute_error(y, p, sample_weight=w)}
    for metric, value in values.items():
        line(name, part, metric, "\\N", float(value))


def classification(name, part, classes, labels, prob, w=None):
    """classes that do not occur have no ranking; in the averages they do not count either (scikit-learn)"""
    k = len(classes)
    truth = np.searchsorted(classes, labels)
    pred = prob.argmax(1)
    one = np.eye(k)[truth]
    w = np.ones(len(truth)) if w is None else w
    there = [c for c in range(k) if 0 < (w * one[:, c]).sum() < w.sum()]
    if k == 2:
        brier = m.brier_score_loss(truth, prob[:, 1], sample_weight=w)
        ranked = [1]
    else:
        brier = np.average(((prob - one) ** 2).sum(1), weights=w)
        ranked = there
    v = {"accuracy": m.accuracy_score(truth, pred, sample_weight=w),
         "balanced_accuracy": m.balanced_accuracy_score(truth, pred, sample_weight=w),
         "log_loss": m.log_loss(truth, prob, labels=list(range(k)), sample_weight=w),
         "roc_auc": np.mean([m.roc_auc_score(one[:, c], prob[:, c], sample_weight=w) for c in ranked]),
         "pr_auc": np.mean([m.average_precision_score(one[:, c], prob[:, c], sample_weight=w) for c in ranked]),
         "brier": brier, "mcc": m.matthews_corrcoef(truth, pred, sample_weight=w)}
    for average in ("macro", "weighted"):
        p, r, f, _ = m.precision_recall_fscore_support(truth, pred, average=average, zero_division=0, sample_weight=w)
        v.update({average + "_precision": p, average + "_recall": r, average + "_f1": f})
    for metric, value in v.items():
        line(name, part, metric, "\\N", float(value))
    each = m.precision_recall_fscore_support(truth, pred, labels=list(range(k)), zero_division=0, sample_weight=w)
    for metric, values in zip(("precision", "recall", "f1", "support"), each):
        for label, value in zip(classes, values):
            line(name, part, metric, label, float(value))


def probabilities(b, x):
    eta = b[:, 0] + x @ b[:, 1:].T
    eta = np.hstack([0 * eta, eta]) if len(b) == 1 else eta
    e = np.exp(eta - eta.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def logistic(name, x, labels, w=None, scaled=True, others=(), test=None):
    """fitted on the rows that are not test; metrics of these, of `others` (name, rows), of the test rows, and the baseline's"""
    train = np.ones(len(labels), bool) if test is None else ~test
    center, scale = (x[train].mean(0), x[train].std(0)) if scaled else (0.0, 1.0)
    x = (x - center) / scale
    classes, y = onehot(labels)
    weight = np.ones(len(labels)) if w is None else w
    b, _ = newton(x[train], y[train], weight[train], 1.0, 0.0)
    prob = probabilities(b, x)
    classification(name, "train", classes, labels[train], prob[train], weight[train])
    for other, rows in others:
        classification(other, "train", classes, labels[rows], prob[rows])
    held = train if test is None else test
    if test is not None:
        classification(name, "test", classes, labels[test], prob[test], weight[test])
    dummy = DummyClassifier(strategy="prior").fit(x[train], labels[train], sample_weight=weight[train])
    classification(name, "baseline", classes, labels[held], dummy.predict_proba(x[held]), weight[held])


def least_squares(name, x, y, w=None, others=(), test=None):
    train = np.ones(len(y), bool) if test is None else ~test
    weight = np.ones(len(y)) if w is None else w
    z = np.hstack([np.ones((len(y), 1)), (x - x.mean(0)) / x.std(0)])
    root = np.sqrt(weight[train])
    p = z @ np.linalg.lstsq(z[train] * root[:, None], y[train] * root, rcond=None)[0]
    regression(name, "train", y[train], p[train], w if w is None else w[train])
    for other, rows in others:
        regression(other, "train", y[rows], p[rows])
    held = train if test is None else test
    if test is not None:
        regression(name, "test", y[test], p[test], w if w is None else w[test])
    dummy = DummyRegressor().fit(x[train], y[train], sample_weight=weight[train])
    regression(name, "baseline", y[held], dummy.predict(x[held]), w if w is None else w[held])



def main():
    cancer = table("breast_cancer")
    few = cancer[["mean_radius", "mean_texture", "mean_smoothness", "mean_concave_points", "mean_symmetry"]].to_numpy(float)
    label = cancer["diagnosis"].to_numpy()
    logistic("binary", few, label)
    logistic("binary_weights", few, label, w=np.where(few[:, 0] > 15, 3.0, 1.0))
    logistic("binary_split", few, label, test=few[:, 1] > 20)

    churn = table("telco_churn")
    logistic("ties", churn[["tenure", "senior_citizen"]].to_numpy(float), churn["churn"].to_numpy())

    iris = table("iris")
    species = iris["species"].to_numpy()
    flowers = iris[list(iris.columns[:4])].to_numpy(float)
    logistic("multi", flowers, species, others=[("absent", species != "setosa")])
    logistic("multi_split", flowers, species, test=flowers[:, 0] > 6)

    birds = table("penguins").dropna()
    logistic("multi_weights", birds[["bill_length_mm", "bill_depth_mm"]].to_numpy(float), birds["island"].to_numpy(),
             w=birds["body_mass_g"].to_numpy(float) % 3, scaled=False)

    data = table("diabetes")
    x = data.drop(columns="progression").to_numpy(float)
    y = data["progression"].to_numpy(float)
    least_squares("number", x, y, others=[("number_odd", y != y.max())])
    least_squares("number_weights", x, y, w=np.floor(x[:, 0]) % 4)
    least_squares("number_split", x, y, test=x[:, 0] > 60)


if __name__ == "__main__":
    main()
