"""Constants of test/unit/test_calibration.c and of expected/calibrate.out: scikit-learn 1.2.1, scipy.

scikit-learn stops its search for the sigmoid at a gradient of 1e-5; here the same gradient is driven to zero, and scikit-learn's own
answer is only checked to be near.
"""
import numpy as np
from scipy.optimize import root
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV, _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import f1_score

i = np.arange(60)
score = 3 * np.sin(1.7 * i) + 0.2 * (i * i % 7 - 3)
score[50:] = np.round(score[50:])
positive = (score + 2 * np.sin(5.3 * i) > 0).astype(int)
weight = 1.0 + i % 3


def sigmoid(score, positive, weight):
    n1, n0 = weight[positive == 1].sum(), weight[positive == 0].sum()
    t = np.where(positive == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))

    def gradient(ab):
        r = weight * (t - expit(-(ab[0] * score + ab[1])))
        return [r @ score, r.sum()]

    start = _sigmoid_calibration(score, positive, weight)
    found = root(gradient, start, tol=1e-14).x
    assert np.allclose(found, start, rtol=1e-4), (found, start)
    return found


def show(name, values):
    print(name, "{" + ", ".join("%.17g" % v for v in values) + "}")


show("sigmoid", sigmoid(score, positive, np.ones(60)))
show("sigmoid weighted", sigmoid(score, positive, weight))
asked = np.array([-4.0, -2.05, -1, -0.3, 0, 0.11, 0.9, 1, 2.2, 5])
for name, w in (("isotonic", None), ("isotonic weighted", weight)):
    show(name, IsotonicRegression(out_of_bounds="clip").fit(score, positive, w).predict(asked))


class Given:
    """a fitted classifier whose decision function is its input"""

    def __init__(self, classes):
        self.classes_ = np.arange(classes)

    def fit(self, x, y):
        return self

    def decision_function(self, X):
        return X


three = np.c_[score, np.roll(score, 7), -score]
label = np.argmax(three + 2 * np.sin(np.outer(i + 1, [2.1, 3.3, 4.7])), 1)
for method in ("isotonic",):
    c = CalibratedClassifierCV(Given(3), method=method, cv="prefit").fit(three, label)
    show("three classes " + method, c.predict_proba(three[:4]).ravel())

p = expit(score)
best = max((f1_score(positive, p >= t), t) for t in p)
show("best f1, at", best)
best = max((f1_score(positive, p >= t, sample_weight=weight), t) for t in p)
show("best weighted f1, at", best)
cost = [(-(1 * (weight[(positive == 0) & (p >= t)]).sum() + 5 * (weight[(positive == 1) & (p < t)]).sum()) / weight.sum(), t) for t in p]
show("least cost (1, 5), at", max(cost))
