#!/usr/bin/python3
"""Constants of sql/accuracy_linear.sql: /usr/bin/python3 test/reference/linear.py

nist: the exact solutions of the polynomial problems in rational arithmetic.  penalised: scikit-learn (1.2.1 in Debian 12), and
for lasso and elastic_net the exact solution of the optimality conditions on the columns that it selected.
"""
from fractions import Fraction

import numpy as np
from sklearn.linear_model import ElasticNet, Lasso, Ridge

from common import line, standardise, table


def solve(a, b):
    """Gauss-Jordan; a is square, b holds columns; both rational"""
    n = len(a)
    m = [row[:] + extra[:] for row, extra in zip(a, b)]
    for i in range(n):
        pivot = next(r for r in range(i, n) if m[r][i] != 0)
        m[i], m[pivot] = m[pivot], m[i]
        m[i] = [v / m[i][i] for v in m[i]]
        for r in range(n):
            if r != i and m[r][i] != 0:
                m[r] = [v - m[r][i] * w for v, w in zip(m[r], m[i])]
    return [row[n:] for row in m]


def least_squares(name, x, y):
    """estimates and errors of y on the columns of x (rational, the first 1), and R2 and residual sd"""
    n, p = len(x), len(x[0])
    gram = [[sum(row[i] * row[j] for row in x) for j in range(p)] for i in range(p)]
    right = [[sum(row[i] * v for row, v in zip(x, y))] + [Fraction(i == j) for j in range(p)] for i in range(p)]
    solution = solve(gram, right)
    b = [row[0] for row in solution]
    rss = sum((v - sum(c * w for c, w in zip(b, row))) ** 2 for row, v in zip(x, y))
    mean = sum(y) / n
    variance = rss / (n - p)
    for j in range(p):
        line(name, "x%d" % j if j else "intercept", float(b[j]), float(variance * solution[j][1 + j]) ** 0.5)
    line(name, "r2", float(1 - rss / sum((v - mean) ** 2 for v in y)), "\\N")
    line(name, "sd", float(variance) ** 0.5, "\\N")


WAMPLER = [759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048, -2048, 1838, -2048, 2048, -2048, 2523,
           -2048, 2048, -2048, 759]


def nist():
    x = [[Fraction(i) ** j for j in range(6)] for i in range(21)]
    least_squares("wampler1", x, [sum(row) for row in x])
    least_squares("wampler2", x, [sum(v / 10 ** j for j, v in enumerate(row)) for row in x])
    for name, factor in (("wampler3", 1), ("wampler4", 100), ("wampler5", 10000)):
        least_squares(name, x, [sum(row) + factor * d for row, d in zip(x, WAMPLER)])


def exact_lasso(x, y, alpha, ratio):
    """minimum of |y - xb|^2 / 2n + alpha ratio |b|_1 + alpha (1 - ratio) |b|^2 / 2, of centred x and y"""
    n = len(y)
    start = ElasticNet(alpha=alpha, l1_ratio=ratio, fit_intercept=False, tol=1e-13, max_iter=10 ** 7).fit(x, y).coef_
    on = start != 0
    b = np.zeros(x.shape[1])
    gram = x[:, on].T @ x[:, on] / n + alpha * (1 - ratio) * np.eye(on.sum())
    b[on] = np.linalg.solve(gram, x[:, on].T @ y / n - alpha * ratio * np.sign(start[on]))
    slope = x.T @ (y - x @ b) / n - alpha * (1 - ratio) * b
    assert (np.sign(b[on]) == np.sign(start[on])).all() and (abs(slope[~on]) < alpha * ratio).all()
    assert np.allclose(b, start, atol=1e-6)
    return b


def penalised():
    data = table("diabetes")
    names = [c for c in data.columns if c != "progression"]
    x, center, scale = standardise(data[names])
    y = data["progression"].to_numpy(float)

    def show(name, b, constant, alpha=None, ratio=None, error=None):
        if alpha is not None:
            line(name, "objective", np.square(y - constant - x @ b).sum() / (2 * len(y)) +
                 alpha * (ratio * abs(b).sum() + (1 - ratio) / 2 * np.square(b).sum()), "\\N")
        b = b / scale
        error = ["\\N"] * len(b) if error is None else error / scale
        line(name, "intercept", constant - b @ center, "\\N")
        for feature, value, e in zip(names, b, error):
            line(name, feature, value, e)

    for name, alpha in (("ridge_1", 1.0), ("ridge_100", 100.0)):
        fit = Ridge(alpha=alpha, solver="svd").fit(x, y)
        gram = x.T @ x
        inverse = np.linalg.inv(gram + alpha * np.eye(x.shape[1]))
        variance = np.square(y - fit.predict(x)).sum() / (len(y) - 1 - np.trace(inverse @ gram))
        show(name, fit.coef_, fit.intercept_, error=np.sqrt(variance * np.diag(inverse @ gram @ inverse)))
    for name, alpha, ratio in (("lasso_1", 1.0, 1.0), ("lasso_10", 10.0, 1.0), ("net_half", 0.5, 0.5), ("net_tenth", 3.0, 0.1)):
        show(name, exact_lasso(x, y - y.mean(), alpha, ratio), y.mean(), alpha, ratio)
    # coefficients that may not be negative: the solver alone, run to the end
    fit = Lasso(alpha=1.0, positive=True, tol=1e-15, max_iter=10 ** 7).fit(x, y)
    show("lasso_up", fit.coef_, fit.intercept_)
    # without a constant, raw columns
    raw = data[names].to_numpy(float)
    fit = Ridge(alpha=10.0, fit_intercept=False, solver="svd").fit(raw, y)
    for feature, value in zip(names, fit.coef_):
        line("ridge_raw", feature, value, "\\N")
    # weights: age / 10
    weight = data["age"].to_numpy(float) / 10
    fit = Ridge(alpha=50.0, solver="svd").fit(raw, y, sample_weight=weight)
    line("ridge_weights", "intercept", float(fit.intercept_), "\\N")
    for feature, value in zip(names, fit.coef_):
        line("ridge_weights", feature, value, "\\N")


nist()
print("\\.")
penalised()
