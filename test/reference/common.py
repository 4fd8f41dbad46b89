"""What the scripts here share: the data sets of test/data, and lines in the form that the SQL inputs hold them in."""
import os

import numpy as np
import pandas as pd

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")


def table(name):
    return pd.read_csv(os.path.join(DATA, name + ".csv"))


def standardise(x):
    """columns to mean 0 and population sd 1; the means and sds with it"""
    x = np.asarray(x, float)
    return (x - x.mean(0)) / x.std(0), x.mean(0), x.std(0)


def line(*fields, delimiter=" "):
    """one row of COPY"""
    print(*(("%.15g" % f if isinstance(f, (float, np.floating)) else f) for f in fields), sep=delimiter)
