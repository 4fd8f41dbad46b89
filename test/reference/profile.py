#!/usr/bin/python3
"""Constants of sql/profile.sql: /usr/bin/python3 test/reference/profile.py

Statistics of columns by pandas, numpy and scipy (1.5.3, 1.24.2 and 1.10.1 in Debian 12): one line a column and statistic.
"""
import numpy as np
from scipy.stats import skew

from common import line, table

QUANTILES = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}

for name, source in (("penguins", "penguins"), ("customers", "telco_churn"), ("diabetes", "diabetes")):
    data = table(source)
    for column in data:
        values = data[column].dropna()
        line(name, column, "nulls", data[column].isna().sum())
        line(name, column, "distinct_values", values.nunique())
        if values.dtype == object:
            continue
        x = values.to_numpy(float)
        q = {p: np.quantile(x, at) for p, at in QUANTILES.items()}
        deviation = abs(x - q["p50"])
        mad = 1.4826 * np.median(deviation)
        fence = 1.5 * (q["p75"] - q["p25"])
        line(name, column, "mean", x.mean())
        line(name, column, "stddev", values.std())
        line(name, column, "skew", float(skew(x)))
        for p, at in q.items():
            line(name, column, p, at)
        line(name, column, "zeros", (x == 0).sum())
        line(name, column, "outliers_iqr", ((x < q["p25"] - fence) | (x > q["p75"] + fence)).sum())
        line(name, column, "outliers_z", (deviation > 3.5 * mad).sum() if mad > 0 else 0)
        if (x != np.rint(x)).any() or np.ptp(x) >= 20:  # whole numbers near each other have a bin each
            counts = np.histogram(x, 20)[0]
            line(name, column, "histogram", int(sum(i * c for i, c in enumerate(counts, 1))))
