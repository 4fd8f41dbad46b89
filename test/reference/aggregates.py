#!/usr/bin/python3
"""Constants of sql/aggregates.sql: /usr/bin/python3 test/reference/aggregates.py

sklearn.metrics (1.2.1 in Debian 12) on the rows that the SQL file makes by the same formulas: with ties, probabilities of
exactly 0 and 1, weights of 0, and a label that is predicted but never true.
"""
import warnings

import numpy as np
from sklearn import metrics as m

from common import line

warnings.filterwarnings("ignore")

i = np.arange(1, 2001)
y = (i * 7919 % 1000) / 100
p = y + (i * 104729 % 200 - 100) / 50
positive = (i * 7919 + i // 3) % 7 < 3
prob = (i * 31337 % 101) / 100
truth = np.array([chr(65 + k * 13 % 5) for k in i])
predicted = np.array([truth[k - 1] if k % 3 == 0 else chr(65 + k * 17 % 6) for k in i])

for part, w, rows in (("all", None, i > 0), ("weighted", i % 5, i > 0), ("quarter", None, i % 4 == 1)):
    w = None if w is None else w[rows]
    a, b, t, s, x, z = y[rows], p[rows], positive[rows], prob[rows], truth[rows], predicted[rows]
    for name, value in {
            "rmse": m.mean_squared_error(a, b, sample_weight=w, squared=False),
            "mae": m.mean_absolute_error(a, b, sample_weight=w),
            "mape": m.mean_absolute_percentage_error(a, b, sample_weight=w),
            "r2": m.r2_score(a, b, sample_weight=w),
            "log_loss": m.log_loss(t, s, sample_weight=w),
            "brier": m.brier_score_loss(t, s, sample_weight=w),
            "roc_auc": m.roc_auc_score(t, s, sample_weight=w),
            "pr_auc": m.average_precision_score(t, s, sample_weight=w),
            "accuracy": m.accuracy_score(x, z, sample_weight=w),
            "balanced_accuracy": m.balanced_accuracy_score(x, z, sample_weight=w),
            "mcc": m.matthews_corrcoef(x, z, sample_weight=w),
            "precision": m.precision_score(x, z, average="macro", sample_weight=w),
            "recall": m.recall_score(x, z, average="macro", sample_weight=w),
            "f1": m.f1_score(x, z, average="macro", sample_weight=w)}.items():
        line(part, name, float(value))
    if w is None:
        for name, f in ("precision", m.precision_score), ("recall", m.recall_score), ("f1", m.f1_score):
            line(part, name + "_B", float(f(x == "B", z == "B")))
