#!/usr/bin/python3
"""Constants of test_special.c to 50 digits from mpmath (Debian's python3-mpmath): /usr/bin/python3 reference/special.py"""
from mpmath import betainc, erfc, expm1, exp, findroot, log, log1p, loggamma, mp, mpf, pi, quad, sqrt

mp.dps = 50


def show(*numbers):
    print("\t{" + ", ".join(repr(float(x)) for x in numbers) + "},")


def t_tail(t, df):
    t, df = mpf(t), mpf(df)
    if df < 2000:
        return betainc(df / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True)
    half = (df + 1) / 2
    factor = exp(loggamma(half) - loggamma(df / 2) - half * log1p(t * t / df)) / sqrt(df * pi)
    return factor * (df + t * t) / half * quad(
        lambda s: exp(s / half - s) / sqrt(t * t + (df + t * t) * expm1(s / half)),
        [0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256])


print("normal_tail")
for z in (0.01, 0.5, 1.0, 1.96, 5.0, 13.0, 37.0):
    show(z, erfc(mpf(z) / sqrt(2)))
print("normal_quantile")
for p in (1e-300, 1e-20, 0.001, 0.2, 0.4999, 0.6, 0.975):
    guess = {1e-300: -37, 1e-20: -9.3, 0.001: -3.1, 0.2: -0.84, 0.4999: -2.5e-4, 0.6: 0.25, 0.975: 1.96}[p]
    show(p, findroot(lambda x: log(erfc(-x / sqrt(2)) / 2) - log(mpf(p)), guess))
print("t_tail")
for df in (0.5, 1, 2.5, 10, 40, 101, 12345.5, 1e9):
    for t in (0.01, 1.0, 1.96, 6.0, 25.0) + ((1e8,) if df < 20 else ()):
        show(t, df, t_tail(t, df))
print("t_quantile")
for df in (0.5, 1, 3, 30, 1000):
    for p in (1e-10, 0.025, 0.26, 0.49, 0.75, 0.999):
        p = mpf(p)
        q = min(p, 1 - p)
        low, high = mpf("1e-5"), mpf(10) ** 25
        for _ in range(300):                # bisection of log t: slow, and beyond doubt
            middle = sqrt(low * high)
            low, high = (middle, high) if t_tail(middle, df) / 2 > q else (low, middle)
        show(p, df, -low if p < 0.5 else low)
