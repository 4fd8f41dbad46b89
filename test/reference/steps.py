#!/usr/bin/python3
"""Constants of sql/steps.sql: /usr/bin/python3 test/reference/steps.py

What scikit-learn (1.2.1 in Debian 12) makes of columns: of each resulting feature the rows 1, 40 and 200, and as row 0 the mean of
row number times value, which any wrong row moves.  Two things are computed here instead: the exponents of power transforms, because scikit-learn
minimises the likelihood by its values and so finds them to about 1e-8, not further (here: the root of its derivative, to the last digits);
and target encoding, which scikit-learn has from 1.3 on only.
"""
import warnings

import numpy as np
from scipy.optimize import brentq
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (FunctionTransformer, KBinsDiscretizer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, PowerTransformer,
                                   QuantileTransformer, SplineTransformer, StandardScaler)

from common import line, table

warnings.simplefilter("ignore")


def show(problem, feature, values):
    values = np.asarray(values, float).ravel()
    line(problem, feature, 0, float((np.arange(1, len(values) + 1) * values).mean()), delimiter="|")
    for row in (1, 40, 200):
        line(problem, feature, row, float(values[row - 1]), delimiter="|")


class ExactPower(PowerTransformer):
    """with the exponent at which the derivative of the log-likelihood is 0"""

    def _root(self, x, psi, slope, logs):
        x = x[~np.isnan(x)]
        value = lambda l: logs(x).mean() - np.cov(psi(x, l), slope(x, l), bias=True)[0, 1] / psi(x, l).var()
        return brentq(value, -5, 5, xtol=1e-15, rtol=1e-15)

    def _yeo_johnson_optimize(self, x):
        u, s = lambda x: np.log1p(np.abs(x)), lambda x: np.where(x < 0, -1.0, 1.0)
        m = lambda x, l: np.where(x < 0, 2 - l, l)
        psi = lambda x, l: s(x) * np.expm1(m(x, l) * u(x)) / m(x, l)
        slope = lambda x, l: (m(x, l) * u(x) * np.exp(m(x, l) * u(x)) - np.expm1(m(x, l) * u(x))) / m(x, l) ** 2
        root = self._root(x, psi, slope, lambda x: s(x) * u(x))
        assert abs(root - super()._yeo_johnson_optimize(x)) < 1e-5
        return root

    def _box_cox_optimize(self, x):
        psi = lambda x, l: np.expm1(l * np.log(x)) / l
        slope = lambda x, l: (l * np.log(x) * x ** l - np.expm1(l * np.log(x))) / l ** 2
        root = self._root(x, psi, slope, np.log)
        assert abs(root - super()._box_cox_optimize(x)) < 1e-5
        return root


birds = table("penguins")
birds = birds[birds["body_mass_g"].notna()].reset_index(drop=True)
birds.loc[birds["flipper_length_mm"] % 7 == 0, "bill_depth_mm"] = np.nan
cars = table("mpg")
churn = table("telco_churn")
sick = table("diabetes")
cells = table("breast_cancer")

# ---- transforms: before imputing and scaling
depth = birds[["bill_depth_mm"]].to_numpy(float)
area = cells[["area_error"]].to_numpy(float)
hdl = sick[["hdl"]].to_numpy(float)
for name, values, transform in (
        ("log", area, FunctionTransformer(np.log)),
        ("log1p", area, FunctionTransformer(np.log1p)),
        ("sqrt", area, FunctionTransformer(np.sqrt)),
        ("yeo-johnson", depth, ExactPower("yeo-johnson", standardize=False)),
        ("box-cox", area, ExactPower("box-cox", standardize=False)),
        ("quantile_uniform", depth, QuantileTransformer(n_quantiles=1000, subsample=10 ** 9)),
        ("quantile_normal", hdl, QuantileTransformer(n_quantiles=30, output_distribution="normal", subsample=10 ** 9))):
    column = {id(depth): "bill_depth_mm", id(area): "area_error", id(hdl): "hdl"}[id(values)]
    show(name, column + "." + name, make_pipeline(transform, SimpleImputer(), StandardScaler()).fit_transform(values))
negative = np.where(np.arange(len(hdl))[:, None] % 3 == 0, -hdl, hdl - 40)
show("signs", "x.yeo-johnson", ExactPower("yeo-johnson", standardize=False).fit_transform(negative))

# ---- clip: learned on the values that are there, before the transform
low, high = np.nanquantile(depth, [0.05, 0.9])
show("clip_quantiles", "bill_depth_mm.log", make_pipeline(FunctionTransformer(np.log), SimpleImputer(strategy="median"), MinMaxScaler())
     .fit_transform(np.clip(depth, low, high)))
first, third = np.quantile(area, [0.25, 0.75])
show("clip_iqr", "area_error", StandardScaler().fit_transform(np.clip(area, first - 1.5 * (third - first), third + 1.5 * (third - first))))
show("clip_range", "area_error", np.maximum(area, 30))

# ---- missing values: SimpleImputer and MissingIndicator
whole = np.floor(depth)
show("most_frequent", "x", SimpleImputer(strategy="most_frequent").fit_transform(whole))
show("most_frequent", "x is null", MissingIndicator().fit_transform(whole))
show("constant", "x", SimpleImputer(strategy="constant", fill_value=-3).fit_transform(whole))
show("constant", "x is null", MissingIndicator().fit_transform(whole))

# ---- ordinal, one-hot, frequency
show("ordinal_text", "trans.ordinal", OrdinalEncoder().fit_transform(cars[["trans"]]))
show("ordinal_number", "displ.ordinal", OrdinalEncoder().fit_transform(cars[["displ"]]))
show("frequency", "trans.frequency", cars["trans"].map(cars["trans"].value_counts()) / len(cars))
show("frequency_null", "sex.frequency", birds["sex"].fillna("?").map(birds["sex"].fillna("?").value_counts()))
encoder = OneHotEncoder(drop="if_binary", sparse_output=False)
values = encoder.fit_transform(cars[["year", "drv"]])
for i, feature in enumerate(encoder.get_feature_names_out(["year", "drv"])):
    show("if_binary", "=".join(feature.split("_")), values[:, i])

# ---- k-bins
for strategy in ("uniform", "quantile", "kmeans"):
    # of a value halfway between two centers scikit-learn's rounding decides; these columns have none
    for column, n in (("ltg", 6), ("bmi", 10)):
        bins = KBinsDiscretizer(n_bins=n, strategy=strategy, encode="ordinal", subsample=None if strategy == "quantile" else "warn")
        show(strategy, column + ".bin", bins.fit_transform(sick[[column]]))
ties = KBinsDiscretizer(n_bins=8, strategy="quantile", encode="onehot-dense", subsample=None).fit_transform(cars[["cyl"]])
for i in range(ties.shape[1]):
    show("ties", "cyl=bin %d" % i, ties[:, i])
far = KBinsDiscretizer(n_bins=12, strategy="kmeans", encode="ordinal").fit_transform(area)
show("empty_bins", "area_error.bin", far)

# ---- splines
for name, options, bias in (
        ("spline", {}, True),
        ("spline_quantile", {"n_knots": 7, "degree": 2, "knots": "quantile"}, False),
        ("spline_linear", {"n_knots": 4, "degree": 1}, True)):
    values = SplineTransformer(include_bias=bias, **options).fit_transform(sick[["bmi"]])
    for i in range(values.shape[1]):
        show(name, "bmi.spline%d" % i, values[:, i])
# beyond the ends: fitted on some rows, applied to all
for extrapolation in ("constant", "linear", "continue"):
    for degree in (1, 3):
        some = sick[(sick["bmi"] > 22) & (sick["bmi"] < 30)]
        values = SplineTransformer(n_knots=4, degree=degree, extrapolation=extrapolation).fit(some[["bmi"]]).transform(sick[["bmi"]])
        for i in range(values.shape[1]):
            show(extrapolation + str(degree), "bmi.spline%d" % i, values[:, i])


# ---- target encoding: the formula of scikit-learn 1.3's TargetEncoder
def encode(category, y, smooth, weight=None):
    weight = np.ones(len(y)) if weight is None else weight
    mean = np.average(y, weights=weight)
    variance = np.average((y - mean) ** 2, weights=weight)
    table = {}
    for c in np.unique(category):
        w, v = weight[category == c], y[category == c]
        n, own = w.sum(), np.average(v, weights=w)
        if smooth == "auto":
            share = variance * n / (variance * n + np.average((v - own) ** 2, weights=w))
            table[c] = share * own + (1 - share) * mean
        else:
            table[c] = ((w * v).sum() + smooth * mean) / (n + smooth)
    return table, mean


def apply(category, encoding):
    table, mean = encoding
    return np.array([table.get(c, mean) for c in category])


trans, hwy = cars["trans"].to_numpy(), cars["hwy"].to_numpy(float)
show("target_auto", "trans.target", apply(trans, encode(trans, hwy, "auto")))
show("target_m", "trans.target", apply(trans, encode(trans, hwy, 12.5)))
show("target_weight", "trans.target", apply(trans, encode(trans, hwy, "auto", cars["cyl"].to_numpy(float))))
sex = birds["sex"].fillna("?").to_numpy()
show("target_null", "sex.target", apply(sex, encode(sex, birds["body_mass_g"].to_numpy(float), "auto")))
pay = churn["payment_method"].to_numpy()
show("target_binary", "payment_method.target", apply(pay, encode(pay, (churn["churn"].astype(str).str.lower().isin(["yes", "true", "t", "1"])).to_numpy(float), "auto")))
for c in np.unique(cars["drv"]):
    show("target_classes", "trans.target=" + c, apply(trans, encode(trans, (cars["drv"] == c).to_numpy(float), "auto")))

# cross-fitting with a fold a row: the order of the rows does not matter; the weight of the encoding in a regression
few = slice(0, 100)
own = trans[few]
left_out = np.array([apply(own[i:i + 1], encode(np.delete(own, i), np.delete(hwy[few], i), "auto"))[0] for i in range(100)])
slope, intercept = np.polyfit(left_out, hwy[few], 1)
line("left_out", "trans.target", 0, slope, delimiter="|")
line("left_out", "intercept", 0, intercept, delimiter="|")
