#!/usr/bin/python3
"""Writes test/data/text_terms.csv, which sql/text.sql compares with: /usr/bin/python3 test/reference/text.py > test/data/text_terms.csv

Values of scikit-learn's TfidfVectorizer (1.2.1 in Debian 12) for a few texts under each option.  Options are given as mlops_train
takes them, without "encode".
"""
import csv
import json
import sys

from sklearn.feature_extraction.text import TfidfVectorizer

DOCS = [
    "The cat sat on the mat; the CAT slept.",
    "A dog chased the cat, and the dog barked_twice at 3am",
    "ÉTÉ in Straße, ΟΔΟΣ and İstanbul: naïve  two   spaces",
    "日本語 テスト ٣٤ x_y a1 b",
    "",
    "mat mat mat cat",
]

OPTIONS = [
    {},
    {"ngram_range": [1, 2]},
    {"ngram_range": [2, 3], "lowercase": False},
    {"min_df": 2},
    {"max_df": 0.4, "sublinear_tf": True, "norm": "l1"},
    {"binary": True, "use_idf": False},
    {"smooth_idf": False, "norm": "none"},
    {"max_features": 2},
    {"analyzer": "char", "ngram_range": [1, 2], "min_df": 2},
    {"analyzer": "char_wb", "ngram_range": [2, 6], "min_df": 2},
]


def main():
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["options", "doc", "term", "value"])
    for options in OPTIONS:
        given = dict(options)
        if "ngram_range" in given:
            given["ngram_range"] = tuple(given["ngram_range"])
        if given.get("norm") == "none":
            given["norm"] = None
        vectorizer = TfidfVectorizer(**given)
        matrix = vectorizer.fit_transform(DOCS).tocoo()
        terms = vectorizer.get_feature_names_out()
        entries = sorted(zip(matrix.row, (terms[j] for j in matrix.col), matrix.data))
        for doc, term, value in entries:
            out.writerow([json.dumps(options), doc + 1, term, repr(float(value))])


main()
