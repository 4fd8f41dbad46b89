#!/usr/bin/python3
"""Constants of test_metrics.c from scikit-learn (1.2.1 in Debian 12): /usr/bin/python3 reference/metrics.py

The data come from one formula that both sides can follow: draw(i, j) in [0, 1).
"""
import warnings

import numpy as np
from sklearn import metrics as m

warnings.filterwarnings("ignore")
N = 1001


def draw(i, j):
    x = (i * 2654435761 + j * 40503 + 12345) % 2**32
    x = ((x ^ (x >> 15)) * 2246822519) % 2**32
    x = ((x ^ (x >> 13)) * 3266489917) % 2**32
    return (x ^ (x >> 16)) / 2**32


def column(j, n=N):
    return np.array([draw(i, j) for i in range(n)])


def line(name, values):
    print("%s = {%s};" % (name, ", ".join("NAN" if np.isnan(v) else repr(float(v)) for v in values)))


def regression(name, n, weight):
    y, p = 10 * column(0, n) - 3, 10 * column(0, n) - 3 + column(1, n) - 0.4
    w = None if weight is None else weight[:n]
    line(name, [m.r2_score(y, p, sample_weight=w), m.mean_squared_error(y, p, sample_weight=w, squared=False),
                m.mean_absolute_error(y, p, sample_weight=w),
                m.mean_absolute_percentage_error(y, p, sample_weight=w),
                m.median_absolute_error(y, p, sample_weight=w)])


def classification(name, k, classes, weight):
    """k columns of probability, labels below `classes`; probabilities on a grid, so that scores tie"""
    label = np.floor(column(2) * classes).astype(int)
    raw = np.array([[np.floor(8 * draw(i, 3 + c)) + (3 if label[i] == c else 0) + 0.5 for c in range(k)]
                    for i in range(N)])
    prob = raw / raw.sum(axis=1, keepdims=True)
    pred = (prob[:, 1] > 0.5).astype(int) if k == 2 else prob.argmax(axis=1)
    w = {"sample_weight": weight}
    onehot = np.eye(k)[label]
    if k == 2:
        roc, pr = m.roc_auc_score(label, prob[:, 1], **w), m.average_precision_score(label, prob[:, 1], **w)
        brier = m.brier_score_loss(label, prob[:, 1], **w)
    else:
        roc = np.mean([m.roc_auc_score(onehot[:, c], prob[:, c], **w) for c in range(classes)])
        pr = np.mean([m.average_precision_score(onehot[:, c], prob[:, c], **w) for c in range(classes)])
        brier = np.average(((prob - onehot) ** 2).sum(axis=1), weights=weight)
    scores = [m.precision_recall_fscore_support(label, pred, average=a, zero_division=0, **w)[:3]
              for a in ("macro", "weighted")]
    line(name, [m.accuracy_score(label, pred, **w), m.balanced_accuracy_score(label, pred, **w),
                m.log_loss(label, prob, labels=list(range(k)), **w), roc, pr, brier,
                m.matthews_corrcoef(label, pred, **w), *scores[0], *scores[1]])
    per_class = m.precision_recall_fscore_support(label, pred, labels=list(range(k)), zero_division=0, **w)
    line(name + "_class", np.array(per_class).T.ravel())


WEIGHT = np.floor(column(20) * 4) / 2
if __name__ == "__main__":
    regression("regression", N, None)
    regression("regression_even", N - 1, None)
    regression("regression_weighted", N, WEIGHT)
    classification("binary", 2, 2, None)
    classification("binary_weighted", 2, 2, WEIGHT)
    classification("multi", 4, 4, None)
    classification("multi_weighted", 4, 4, WEIGHT)
    classification("absent", 4, 3, None)
