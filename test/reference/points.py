#!/usr/bin/python3
"""test/data/points.csv: /usr/bin/python3 test/reference/points.py >test/data/points.csv

Points of a square; target is 1 within a circle.  One in thirty targets is turned around, and one in twenty-five fields is missing.
"""
import random

random.seed(42)
print("feature1,feature2,target")
for _ in range(1000):
    x, y = (round(random.uniform(0, 10), 2) for _ in range(2))
    inside = (x - 4) ** 2 + (y - 4) ** 2 < 9
    row = [x, y, int(inside != (random.random() < 1 / 30))]
    print(",".join("" if random.random() < 1 / 25 else str(v) for v in row))
