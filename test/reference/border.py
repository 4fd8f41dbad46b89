#!/usr/bin/python3
"""Constants of sql/border.sql: /usr/bin/python3 test/reference/border.py

Newton's method with dense matrices in numpy for the penalised logistic likelihood (C = 1, intercept free) of the table of that test, and
the errors from the inverse of the whole Hessian.
"""
import numpy as np


def main():
    i = np.arange(1, 3001)
    x = (i * 7919 % 1000) / 100.0
    g = i * 104729 % 3
    c = i * 31 % 601
    y = ((i * 7907 % 997) / 997.0 + (c % 7) / 10.0 + x / 20.0 > 1.0).astype(float)
    z = (x - x.mean()) / x.std()
    design = np.column_stack([np.ones(len(i)), z] + [(g == k) for k in range(3)] + [(c == k) for k in range(601)]).astype(float)
    penalty = np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    b = np.zeros(design.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-design @ b))
        hessian = design.T @ (design * (p * (1 - p))[:, None]) + penalty
        b -= np.linalg.solve(hessian, design.T @ (p - y) + penalty @ b)
    p = 1 / (1 + np.exp(-design @ b))
    cov = np.linalg.inv(design.T @ (design * (p * (1 - p))[:, None]) + penalty)
    error = np.sqrt(np.diag(cov))
    t = np.zeros(len(b))
    t[0], t[1] = 1.0, -x.mean() / x.std()
    for name, value, e in [("intercept", b[0] + t[1] * b[1], np.sqrt(t @ cov @ t)), ("x", b[1] / x.std(), error[1] / x.std()),
                           ("g=k0", b[2], error[2]), ("c=v17", b[5 + 17], error[5 + 17]), ("c=v600", b[5 + 600], error[5 + 600])]:
        print(f"\t('{name}', {float(value)!r}, {float(e)!r}),")


main()
