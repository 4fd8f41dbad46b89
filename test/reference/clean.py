#!/usr/bin/python3
# Bounds of the rules clip and drop_outliers for the table "numbers" of sql/clean.sql, by numpy: what expected/clean.out must show.
# Whole numbers get the lower bound rounded up and the upper one rounded down.
import math

import numpy as np

i = np.arange(1, 101)
whole = np.where(i == 50, 1000, i % 10).astype(float)
real = (i % 5).astype(float)
real[6] = -1e9
real = np.delete(real, [7, 8])	# infinity and NaN take no part

for name, x in (('whole', whole), ('real', real)):
	mean, deviation = x.mean(), x.std(ddof=1)
	median = np.median(x)
	spread = np.median(abs(x - median)) / 0.6744897501960817
	low, high = np.quantile(x, [0.25, 0.75])
	bounds = {
		'iqr': (low - 1.5 * (high - low), high + 1.5 * (high - low)),
		'z': (mean - 3 * deviation, mean + 3 * deviation),
		'robust_z': (median - 3.5 * spread, median + 3.5 * spread),
		'quantile': tuple(np.quantile(x, [0.01, 0.99])),
	}
	for method, (low, high) in bounds.items():
		if name == 'whole':
			low, high = math.ceil(low), math.floor(high)
		print(f'{name:6} {method:9} {low:.12g} {high:.12g}')
