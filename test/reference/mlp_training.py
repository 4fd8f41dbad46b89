#!/usr/bin/python3
"""Constants of test/unit/test_mlp_training.c: what scikit-learn 1.2.1 makes of given rows and given first weights, without shuffling.

    /usr/bin/python3 test/reference/mlp_training.py

Prints C initialisers: every fifth parameter after the training (weights of all layers, then biases), and the loss curve.
"""
import warnings

import numpy
from sklearn.neural_network import MLPClassifier, MLPRegressor

warnings.filterwarnings("ignore")
ROWS, COLS = 20, 3


def start(shapes):
    """The first parameters: sin(1) / 2, sin(2) / 2, ... through the weights of all layers, then the biases."""
    n, parts = 0, []
    for shape in shapes:
        size = int(numpy.prod(shape))
        parts.append((0.5 * numpy.sin(numpy.arange(n + 1, n + size + 1))).reshape(shape))
        n += size
    return parts


def run(name, model, y):
    x = numpy.array([[numpy.cos(3 * i + 7 * j) for j in range(COLS)] for i in range(ROWS)])
    steps = model.max_iter
    model.set_params(max_iter=1, warm_start=True, shuffle=False, tol=0.0, n_iter_no_change=1000).fit(x, y)
    weights = len(model.coefs_)
    parts = start([c.shape for c in model.coefs_] + [b.shape for b in model.intercepts_])
    model.coefs_, model.intercepts_ = parts[:weights], parts[weights:]
    model.loss_curve_, model.n_iter_, model.t_ = [], 0, 0
    model.set_params(max_iter=steps).fit(x, y)
    params = numpy.concatenate([p.ravel() for p in model.coefs_ + model.intercepts_])
    print("/* %s */" % name)
    print("{%s}," % ", ".join("%.9g" % v for v in params[::5]))
    print("{%s}," % ", ".join("%.9g" % v for v in model.loss_curve_))


i = numpy.arange(ROWS)
run("three classes, tanh, adam", MLPClassifier((5, 4), activation="tanh", solver="adam", alpha=0.1, batch_size=8, learning_rate_init=0.01,
    max_iter=4), i * 7 % 3)
run("two classes, relu, sgd with Nesterov's momentum", MLPClassifier((6,), activation="relu", solver="sgd", alpha=0.01, batch_size=7,
    learning_rate_init=0.05, momentum=0.9, nesterovs_momentum=True, max_iter=4), i * 5 % 2)
run("numbers, logistic, sgd with momentum", MLPRegressor((4,), activation="logistic", solver="sgd", alpha=0.0, batch_size=20,
    learning_rate_init=0.1, momentum=0.5, nesterovs_momentum=False, max_iter=4), numpy.sin(i))
