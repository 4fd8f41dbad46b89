#!/usr/bin/python3
"""Constants of test_adam and test_momentum in test/unit/test_mlp.c: /usr/bin/python3 test/reference/mlp.py

The optimisers of scikit-learn (1.2.1 in Debian 12) themselves, in 64 bits: three steps of the same gradients.
"""
import numpy as np
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

START = np.array([0.5, -1.25, 2.0, 0.0])
GRADIENTS = np.array([[1.0, -0.5, 0.001, 0.0],
                      [0.5, 0.25, -0.002, 0.0],
                      [-2.0, 0.75, 0.004, 1.0]])


def show(name, make):
    x = [START.copy()]
    optimiser = make(x)
    for step, gradient in enumerate(GRADIENTS):
        optimiser.update_params(x, [gradient])
        print("%s step %d: %s" % (name, step + 1, ", ".join("%.9f" % v for v in x[0])))


show("adam", lambda x: AdamOptimizer(x, learning_rate_init=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-8))
show("sgd, nesterov", lambda x: SGDOptimizer(x, learning_rate_init=0.1, momentum=0.9, nesterov=True))
show("sgd", lambda x: SGDOptimizer(x, learning_rate_init=0.1, momentum=0.9, nesterov=False))
