#!/usr/bin/python3
"""Constants of sql/stages.sql: /usr/bin/python3 test/reference/stages.py

What scikit-learn 1.2.1 (Debian 12) makes of the same rows, one line a case and column: the sum of the column and the sum of each of its
values times its row's number, which every single value moves.  Values that are compared one by one would fill pages.
"""
import warnings

import numpy as np
import sklearn.feature_selection._mutual_info as mutual
from sklearn.decomposition import PCA
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import (SelectKBest, SelectPercentile, VarianceThreshold, f_classif, f_regression,
                                       mutual_info_classif, mutual_info_regression)
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from common import line, table

warnings.filterwarnings("ignore")


class NoNoise:
    """the random numbers that scikit-learn adds against ties; the columns compared here have none"""

    def standard_normal(self, size):
        return np.zeros(size)


def columns(case, names, values):
    for name, x in zip(names, np.asarray(values, float).T):
        line(case, name, float(x.sum()), float((x * np.arange(1, len(x) + 1)).sum()), delimiter="|")


def holes(data, names):
    """more of them than nature made: the same rule as in the SQL"""
    x = data[names].to_numpy(float).copy()
    for i in range(len(x)):
        for j in range(len(names)):
            if ((i + 1) * (j + 2)) % 11 == 3:
                x[i, j] = np.nan
    return x


patients = table("diabetes")
NUMBERS = ["age", "bmi", "bp", "tc", "ldl", "hdl", "ltg", "glu"]
raw = patients[NUMBERS].to_numpy(float)
y = patients["progression"].to_numpy(float)
scaled = StandardScaler().fit_transform(raw)

for degree, interaction in ((2, False), (3, True)):
    p = PolynomialFeatures(degree=degree, interaction_only=interaction, include_bias=False)
    values = p.fit_transform(scaled[:, :4])
    columns("polynomial %d %s" % (degree, interaction), p.get_feature_names_out(NUMBERS[:4]), values)

for n, whiten in ((3, False), (0.9, True)):
    pca = PCA(n_components=n, whiten=whiten, svd_solver="full")
    values = pca.fit_transform(scaled)
    columns("pca %s %s" % (n, whiten), ["pca%d" % (i + 1) for i in range(values.shape[1])], values)

gaps = holes(patients, NUMBERS)
for weights, n in (("uniform", 5), ("distance", 3)):
    columns("knn %s %d" % (weights, n), NUMBERS, KNNImputer(n_neighbors=n, weights=weights).fit_transform(gaps))
columns("iterative", NUMBERS, IterativeImputer().fit_transform(gaps))
columns("iterative 2", NUMBERS, IterativeImputer(max_iter=2).fit_transform(gaps))

kept = VarianceThreshold(180.0).fit(raw).get_support()
columns("variance_threshold", [n for n, k in zip(NUMBERS, kept) if k], scaled[:, kept])


def scores(case, names, values):
    for name, score in zip(names, values):
        line(case, name, float(score), 0.0, delimiter="|")


scores("scores f regression", NUMBERS, f_regression(scaled, y)[0])
for case, chooser in (("select 3", SelectKBest(f_regression, k=3)), ("percentile 40", SelectPercentile(f_regression, percentile=40))):
    chosen = chooser.fit(scaled, y).get_support()
    columns(case, [n for n, k in zip(NUMBERS, chosen) if k], scaled[:, chosen])

flowers = table("breast_cancer")
CELLS = ["mean_radius", "mean_texture", "mean_smoothness", "symmetry_error", "worst_area"]
x = StandardScaler().fit_transform(flowers[CELLS].to_numpy(float))
scores("scores f classes", CELLS, f_classif(x, flowers["diagnosis"])[0])

birds = table("penguins")
birds = birds[birds["body_mass_g"].notna()]
SIZES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
hot = np.stack([birds["island"] == i for i in ("Biscoe", "Dream", "Torgersen")], 1).astype(float)
x = StandardScaler().fit_transform(SimpleImputer().fit_transform(birds[SIZES]))
names = SIZES + ["island=Biscoe", "island=Dream", "island=Torgersen"]
both = np.hstack([x, hot])
scores("scores f species", names, f_classif(both, birds["species"])[0])
scores("scores f mass", names, f_regression(both, birds["body_mass_g"])[0])

# islands exactly; numbers on made columns without ties, where the noise does not show
i = np.arange(1, 301)
made = np.stack([np.sin(i * 1.7) * i, np.cos(i * 0.3) + i / 100, np.exp(np.sin(i * 2.9))], 1)
target = made[:, 0] / 50 + np.sin(i * 0.77) + made[:, 1]
group = (np.floor(made[:, 1] * 1.5) % 3).astype(int)
mutual.check_random_state = lambda seed: NoNoise()
discrete = [False, False, False]
scores("mutual classes", ["a", "b", "c"], mutual_info_classif(made, group, discrete_features=discrete))
scores("mutual number", ["a", "b", "c"], mutual_info_regression(made, target, discrete_features=discrete))
scores("mutual islands", names[3:], mutual_info_classif(hot, birds["species"], discrete_features=True))

# words: judged as columns of the tf-idf matrix, which has no order of importance among its zeros
cars = table("mpg")
words = TfidfVectorizer()
x = words.fit_transform(cars["model"])
columns_of = words.get_feature_names_out()
for case, chooser, y in (("words f classes", SelectKBest(f_classif, k=8), cars["drv"]), ("words f number", SelectKBest(f_regression, k=8), cars["hwy"])):
    chosen = chooser.fit(x, y).get_support()
    columns(case, ["model:" + c for c, k in zip(columns_of, chosen) if k], x.toarray()[:, chosen])
chosen = VarianceThreshold(0.02).fit(x).get_support()
columns("words variance", ["model:" + c for c, k in zip(columns_of, chosen) if k], x.toarray()[:, chosen])
both = VarianceThreshold(0.01).fit(x).get_support()
chosen = both.copy()
chosen[both] = SelectKBest(f_regression, k=5).fit(x[:, both], cars["hwy"]).get_support()
columns("words both", ["model:" + c for c, k in zip(columns_of, chosen) if k], x.toarray()[:, chosen])
