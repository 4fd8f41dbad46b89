#!/usr/bin/python3
"""Constants of sql/accuracy_preprocess.sql: /usr/bin/python3 test/reference/preprocess.py

Coefficients of ridge and least squares on data that scikit-learn (1.2.1 in Debian 12) has imputed, scaled and encoded: a wrong
fill, scale or class moves them all.  They are given in the units of the columns.
"""
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

from common import line, table


class Columns:
    """columns of a design with their names, and how to get back to the units of the data"""

    def __init__(self):
        self.names, self.parts, self.center, self.scale = [], [], [], []

    def add(self, name, values, center=0.0, scale=1.0):
        self.names.append(name)
        self.parts.append(np.asarray(values, float))
        self.center.append(center)
        self.scale.append(scale)

    def number(self, data, name, impute, scaler, indicator=False):
        raw = data[[name]].to_numpy(float)
        filled = impute.fit_transform(raw)
        scaled, center, scale = filled, 0.0, 1.0
        if scaler is not None:
            scaled = scaler.fit_transform(filled)
            center = scaler.data_min_[0] if isinstance(scaler, MinMaxScaler) else \
                scaler.mean_[0] if isinstance(scaler, StandardScaler) else scaler.center_[0]
            scale = scaler.data_range_[0] if isinstance(scaler, MinMaxScaler) else scaler.scale_[0]
        self.add(name, scaled[:, 0], center, scale)
        if indicator:
            self.add(name + " is null", np.isnan(raw[:, 0]))

    def category(self, data, name, **options):
        encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore" if "drop" in options else "infrequent_if_exist", **options)
        values = encoder.fit_transform(data[[name]].astype(object).where(data[[name]].notna(), np.nan))
        for i, feature in enumerate(encoder.get_feature_names_out([name])):
            label = feature[len(name) + 1:]
            self.add(name + {"nan": " is null", "infrequent_sklearn": "=(other)"}.get(label, "=" + label), values[:, i])

    def fit(self, problem, model, y):
        model.fit(np.stack(self.parts, 1), np.asarray(y, float))
        b = model.coef_ / np.array(self.scale)
        line(problem, "intercept", float(model.intercept_ - b @ np.array(self.center)), delimiter="|")
        for name, value in zip(self.names, b):
            line(problem, name, value, delimiter="|")


def numbers(problem, data, columns, categories, impute, scaler, y, indicator=()):
    design = Columns()
    for name in columns:
        design.number(data, name, impute(), scaler and scaler(), name in indicator)
    for name in categories:
        design.category(data, name)
    design.fit(problem, Ridge(alpha=1.0, solver="cholesky"), data[y])


birds = table("penguins")
birds = birds[birds["body_mass_g"].notna()].copy()
# more holes than nature made
birds.loc[birds["flipper_length_mm"] % 7 == 0, "bill_depth_mm"] = np.nan
SIZES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
for name, impute, scaler, indicator in (
        ("mean_standard", lambda: SimpleImputer(strategy="mean"), StandardScaler, ()),
        ("median_robust", lambda: SimpleImputer(strategy="median"), RobustScaler, ("bill_depth_mm",)),
        ("frequent_minmax", lambda: SimpleImputer(strategy="most_frequent"), MinMaxScaler, ()),
        ("constant_none", lambda: SimpleImputer(strategy="constant", fill_value=-2.5), None, ("bill_depth_mm",))):
    numbers(name, birds, SIZES, ["species", "island", "sex"], impute, scaler, "body_mass_g", indicator)

churn = table("telco_churn")
numbers("customers", churn, ["tenure", "total_charges", "senior_citizen"], ["contract", "payment_method"],
        lambda: SimpleImputer(strategy="mean"), StandardScaler, "monthly_charges")

cars = table("mpg")
for name, options in (("min_frequency", {"min_frequency": 10}), ("min_share", {"min_frequency": 0.05}),
                      ("max_categories", {"max_categories": 6}), ("both", {"max_categories": 4, "min_frequency": 30})):
    design = Columns()
    design.number(cars, "displ", SimpleImputer(), StandardScaler())
    for column in ("trans", "model"):
        if not (column == "model" and "max_categories" in options):
            design.category(cars, column, **options)
    design.fit(name, Ridge(alpha=1.0, solver="cholesky"), cars["hwy"])
design = Columns()
design.number(cars, "displ", SimpleImputer(), StandardScaler())
for column in ("drv", "fl", "class", "cyl"):
    design.category(cars, column, drop="first")
design.fit("drop_first", LinearRegression(), cars["hwy"])
