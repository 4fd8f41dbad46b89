#!/usr/bin/python3
"""Constants of sql/accuracy_logistic.sql: /usr/bin/python3 test/reference/logistic.py

Unpenalised models: statsmodels (0.13.5 in Debian 12), Logit and MNLogit.  MNLogit holds one class at 0; its coefficients and
their covariance are mapped to those that sum to 0 over the classes.  Penalised ones: a Newton iteration on dense matrices with
pseudo-inverses, on standardised columns; with an l1 part it works on the signs that scikit-learn's saga found, and the
optimality conditions are asserted.
"""
import warnings

import numpy as np
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression

from common import line, standardise, table

warnings.filterwarnings("ignore")


def show(name, names, classes, b, cov, center, scale):
    """b is classes x (1 + columns), the constant first, on standardised columns; cov of b.ravel(), or None"""
    q = b.shape[1]
    back = np.eye(q)
    back[0, 1:] = -center / scale
    back[range(1, q), range(1, q)] = 1 / scale
    for k, label in enumerate(classes):
        est = back @ b[k]
        err = [float("nan")] * q
        if cov is not None:
            err = np.sqrt(np.diag(back @ cov[k * q:(k + 1) * q, k * q:(k + 1) * q] @ back.T))
        for j, feature in enumerate(["intercept"] + names):
            line(name, label, feature, est[j], err[j] if cov is not None else "\\N")


def newton(x, y, weight, c, ratio, intercept=True, start=None):
    """minimum of c * loss + ratio |b|_1 + (1 - ratio) |b|^2 / 2; y is one-hot, its first column left out when there are two"""
    n, p = x.shape
    q, k = p + 1, y.shape[1]
    outputs = 1 if k == 2 else k
    z = np.hstack([np.full((n, 1), float(intercept)), x])
    smooth = np.tile(np.r_[0.0, np.full(p, (1 - ratio) / c)], outputs)
    sign = np.zeros(outputs * q) if start is None else np.sign(start).ravel()
    sign[::q] = 0
    on = np.ones(outputs * q, bool) if start is None else (start.ravel() != 0)
    on[::q] = intercept
    b = np.zeros(outputs * q) if start is None else start.ravel().copy()
    for _ in range(60):
        eta = z @ b.reshape(outputs, q).T
        eta = np.hstack([0 * eta, eta]) if outputs == 1 else eta
        prob = np.exp(eta - eta.max(1, keepdims=True))
        prob /= prob.sum(1, keepdims=True)
        off = 1 if outputs == 1 else 0
        gradient = ((prob - y)[:, off:] * weight[:, None]).T @ z
        slope = gradient.ravel() + smooth * b
        hessian = np.diag(smooth)
        for i in range(outputs):
            for j in range(outputs):
                d = weight * prob[:, i + off] * ((i == j) - prob[:, j + off])
                hessian[i * q:(i + 1) * q, j * q:(j + 1) * q] += z.T @ (z * d[:, None])
        full = slope + sign * ratio / c
        step = np.zeros(outputs * q)
        step[on] = np.linalg.pinv(hessian[np.ix_(on, on)], rcond=1e-13, hermitian=True) @ full[on]
        b = b - step
        if abs(step).max() < 1e-13 * abs(b).max():
            break
    if start is not None:
        assert (np.sign(b[on & (sign != 0)]) == sign[on & (sign != 0)]).all()
        assert (abs(slope[~on]) < ratio / c).all()
        assert np.allclose(b, start.ravel(), atol=1e-4)
    if outputs > 1:					# the constants, and without a penalty all, are free up to a shift
        b = b.reshape(outputs, q)
        b[:, 0] -= b[:, 0].mean()
    return b.reshape(outputs, q), np.linalg.pinv(hessian, rcond=1e-13, hermitian=True)


def onehot(labels):
    classes = np.unique(labels)
    return classes, (labels[:, None] == classes).astype(float)


def saga(x, labels, c, ratio):
    fit = LogisticRegression(penalty="elasticnet", l1_ratio=ratio, C=c, solver="saga", tol=1e-10, max_iter=10 ** 6,
                             random_state=0).fit(x, labels)
    return np.hstack([fit.intercept_[:, None], fit.coef_])


def binary():
    data = table("breast_cancer")
    labels = data["diagnosis"].to_numpy()
    names = [c for c in data.columns if c != "diagnosis"]
    x, center, scale = standardise(data[names])
    classes, y = onehot(labels)
    one = np.ones(len(y))

    few = names[:2] + names[4:5] + names[7:9]
    fit = sm.Logit(y[:, 1], sm.add_constant(data[few].to_numpy(float))).fit(method="newton", maxiter=100, tol=1e-14, disp=0)
    show("none", few, ["\\N"], fit.params[None, :], fit.cov_params(), np.zeros(5), np.ones(5))

    def penalised(name, columns, weight, c, ratio, intercept=True):
        at = [names.index(f) for f in columns]
        start = saga(x[:, at], labels, c, ratio) if ratio else None
        b, cov = newton(x[:, at], y, weight, c, ratio, intercept, start)
        show(name, columns, ["\\N"], b, None if ratio else cov, center[at], scale[at])

    penalised("l2", names, one, 1.0, 0.0)
    penalised("l2_strong", few, one, 0.01, 0.0)
    penalised("balanced", few, len(y) / 2 / (y @ y.sum(0)), 1.0, 0.0)
    penalised("by_class", few, y @ [2.5, 1.0], 1.0, 0.0)
    penalised("weights", few, np.where(x[:, 0] > 0, 3.0, 1.0), 1.0, 0.0)
    penalised("no_constant", few, one, 1.0, 0.0, intercept=False)
    penalised("l1", names, one, 0.1, 1.0)
    penalised("elasticnet", names, one, 0.05, 0.3)


def multinomial():
    data = table("iris")
    names = list(data.columns[:4])
    x, center, scale = standardise(data[names])
    labels = data["species"].to_numpy()
    classes, y = onehot(labels)
    b, cov = newton(x, y, np.ones(150), 1.0, 0.0)
    show("iris", names, classes, b, cov, center, scale)
    b, _ = newton(x, y, np.ones(150), 0.5, 1.0, start=saga(x, labels, 0.5, 1.0))
    show("iris_l1", names, classes, b, None, center, scale)

    data = table("penguins").dropna()
    names = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    classes, y = onehot(data["island"].to_numpy())
    x, center, scale = standardise(data[names])
    fit = sm.MNLogit(y.argmax(1), sm.add_constant(x)).fit(method="newton", maxiter=100, tol=1e-14, disp=0)
    q = 5
    spread = np.vstack([np.zeros((1, 2)), np.eye(2)]) - 1 / 3
    mapping = np.kron(spread, np.eye(q))
    b = (mapping @ fit.params.T.ravel()).reshape(3, q)
    show("islands", names, classes, b, mapping @ fit.cov_params() @ mapping.T, center, scale)


if __name__ == "__main__":
    binary()
    multinomial()
