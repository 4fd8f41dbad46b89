#!/usr/bin/python3
"""Constants of test_curves.c from scikit-learn 1.2.1, numpy and scipy (Debian 12): /usr/bin/python3 reference/curves.py

The data come from one formula that both sides can follow: draw(i, j) in [0, 1), as in metrics.py.
"""
import numpy as np
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from metrics import column, line

N = 1001
score = np.floor(column(0, N) * 40) / 40
positive = column(1, N) < score


def sums(name, *columns):
    """each column by its sum, and by its sum weighted with the places, which sees the order"""
    place = np.arange(1, len(columns[0]) + 1)
    line(name, [len(columns[0])] + [v for c in columns for v in (np.sum(c), np.sum(c * place))])


fpr, tpr, threshold = roc_curve(positive, score)
sums("roc", threshold, fpr, tpr)
precision, recall, threshold = precision_recall_curve(positive, score)
sums("precision_recall", threshold, precision[:-1], recall[:-1])
for bins, strategy in (10, "uniform"), (10, "quantile"), (7, "uniform"), (7, "quantile"), (3, "quantile"):
    observed, predicted = calibration_curve(positive, score, n_bins=bins, strategy=strategy)
    sums("%s_%d" % (strategy, bins), predicted, observed)

f1 = 2 * precision[:-1] * recall[:-1] / (precision[:-1] + recall[:-1])
best = len(f1) - 1 - np.argmax(f1[::-1])
cost = [((score >= t) & ~positive).sum() + 5 * ((score < t) & positive).sum() - 0.5 * ((score >= t) & positive).sum()
        for t in threshold]
cheapest = len(cost) - 1 - np.argmin(cost[::-1])
line("best", [threshold[best], f1[best], threshold[cheapest], cost[cheapest]])

pred = np.floor(column(2, N) * 500)
y = pred + 10 * column(3, N) ** 3
residual = y - pred
line("residuals", [pred.mean(), residual.mean(), residual.std(ddof=1), stats.skew(residual),
                   *np.quantile(residual, [0.05, 0.25, 0.5, 0.75, 0.95])])
