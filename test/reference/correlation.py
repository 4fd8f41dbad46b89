#!/usr/bin/python3
"""Constants of sql/correlation.sql: /usr/bin/python3 test/reference/correlation.py

Correlations by pandas and scipy (1.5.3 and 1.10.1 in Debian 12), the correlation ratio from its sums of squares, mutual information of
discrete columns by scikit-learn (1.2.1); that of continuous ones is sensitive to the noise added, which is not ours.
"""
import itertools

import numpy as np
import pandas as pd
from scipy.stats.contingency import association
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.metrics import mutual_info_score

from common import line, table


def ratio(category, number):
    both = category.notna() & number.notna()
    x, groups = number[both], number[both].groupby(category[both])
    between = (groups.size() * (groups.mean() - x.mean()) ** 2).sum()
    return np.sqrt(between / ((x - x.mean()) ** 2).sum())


def pairs(name, data):
    for method in ("pearson", "spearman"):
        numbers = data.select_dtypes("number")
        matrix = numbers.corr(method)
        for a, b in itertools.combinations(numbers, 2):
            line(name, a, b, method, matrix.loc[a, b])
    for a, b in itertools.combinations(data, 2):
        texts = (data[a].dtype == object) + (data[b].dtype == object)
        if texts == 2:
            line(name, a, b, "cramers_v", association(pd.crosstab(data[a], data[b]).to_numpy()))
        elif texts == 1:
            line(name, a, b, "correlation_ratio", ratio(*((data[a], data[b]) if data[a].dtype == object else (data[b], data[a]))))


penguins = table("penguins")
pairs("penguins", penguins)
diabetes = table("diabetes")
pairs("diabetes", diabetes)
# values missing here and there: every pair has rows of its own
gaps = diabetes[["age", "bmi", "bp", "ltg"]].copy()
for i, column in enumerate(gaps):
    gaps.loc[gaps.index % (i + 3) == 0, column] = np.nan
pairs("gaps", gaps)

customers = table("telco_churn")
for column in ("contract", "payment_method", "internet_service", "senior_citizen"):
    line("customers", "churn", column, "counts", mutual_info_score(customers["churn"], customers[column]))
for column in ("island", "sex"):
    both = penguins[[column, "species"]].dropna()
    line("penguins", "species", column, "counts", mutual_info_score(both["species"], both[column]))
cancer = table("breast_cancer")
features = cancer.drop(columns="diagnosis")
for column, value in zip(features, mutual_info_classif(features, cancer["diagnosis"], random_state=0)):
    line("breast_cancer", "diagnosis", column, "nearest_neighbours", value)
for column, value in zip(features, mutual_info_regression(features, cancer["mean_radius"], random_state=0)):
    if column != "mean_radius":
        line("breast_cancer", "mean_radius", column, "nearest_neighbours", value)
