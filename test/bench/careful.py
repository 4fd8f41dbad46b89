"""What a careful person gets with scikit-learn: gradient boosting and a network, searched with cross-validation.

The data sets of the comparison and their one split, used by auto.py for both sides.  By itself it searches one data set:
    careful.py DIRECTORY NAME SEED
writes one JSON object: the best by cross-validation, its parameters, and what the refitted one scores on the test rows.
"""
import json
import os
import sys
import time
import warnings

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy: the search is priced in seconds of one processor

import numpy
import pandas
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.metrics import mean_squared_error, r2_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

FOLDS = 5
BOOSTING_CANDIDATES, NETWORK_CANDIDATES = 40, 15
# a candidate is first seen on this many folds, and the best of them on the rest
FIRST_FOLDS, BOOSTING_KEPT, NETWORK_KEPT = 2, 10, 4

# exclude: parts of the target, and keys.  codes: whole numbers that name something, for a network one column a value.
DATA = {
    "adult": {"files": ["adult_train.csv.gz", "adult_test.csv"], "target": "income", "positive": ">50K",
              "exclude": [], "codes": [], "dates": []},
    "telco_churn": {"files": ["telco_churn.csv"], "target": "churn", "positive": "Yes",
                    "exclude": ["customer_id"], "codes": [], "dates": []},
    "california_housing_raw": {"files": ["california_housing_raw.csv"], "target": "median_house_value", "positive": None,
                               "exclude": [], "codes": [], "dates": []},
    "bike_sharing_hour": {"files": ["bike_sharing_hour.csv"], "target": "cnt", "positive": None,
                          "exclude": ["instant", "casual", "registered"],
                          "codes": ["season", "mnth", "hr", "weekday", "weathersit"], "dates": ["dteday"]},
}


def read(directory, name):
    """Rows to learn from and rows to be judged on, as they are in the files; no column that the target is made of."""
    about = DATA[name]
    frames = [pandas.read_csv(os.path.join(directory, file)) for file in about["files"]]
    if len(frames) == 1:
        classes = frames[0][about["target"]] if about["positive"] else None
        frames = train_test_split(frames[0], test_size=0.2, random_state=42, stratify=classes)
    return [frame.drop(columns=about["exclude"]).reset_index(drop=True) for frame in frames]


def matrices(name, frame):
    """Features and target for scikit-learn: a date as a number of days, the class sought as 1."""
    about = DATA[name]
    features = frame.drop(columns=about["target"])
    for column in about["dates"]:
        features[column] = (pandas.to_datetime(features[column]) - pandas.Timestamp(2000, 1, 1)).dt.days
    target = frame[about["target"]]
    return features, (target == about["positive"]).astype(int).values if about["positive"] else target.values.astype(float)


class Side:
    """One data set's search."""

    def __init__(self, directory, name, seed):
        self.name, self.classes = name, DATA[name]["positive"] is not None
        train, test = read(directory, name)
        self.x, self.y = matrices(name, train)
        self.test_x, self.test_y = matrices(name, test)
        self.random = numpy.random.RandomState(seed)
        self.seed = seed
        cut = StratifiedKFold if self.classes else KFold
        self.folds = list(cut(FOLDS, shuffle=True, random_state=seed).split(self.x, self.y))
        self.texts = [c for c in self.x if self.x[c].dtype == object]
        self.numbers = [c for c in self.x if c not in self.texts]

    def predict(self, model, x):
        return model.predict_proba(x)[:, 1] if self.classes else model.predict(x)

    def score(self, y, predicted):
        return roc_auc_score(y, predicted) if self.classes else r2_score(y, predicted)

    def on_fold(self, make, candidate, fold):
        learn, held = self.folds[fold]
        model = make(candidate).fit(self.x.iloc[learn], self.y[learn])
        return self.score(self.y[held], self.predict(model, self.x.iloc[held]))

    def search(self, make, candidates, kept):
        """Random search: all candidates on the first folds, the best of them on all."""
        scored = [(c, [self.on_fold(make, c, f) for f in range(FIRST_FOLDS)]) for c in candidates]
        scored.sort(key=lambda pair: -numpy.mean(pair[1]))
        scored = [(c, s + [self.on_fold(make, c, f) for f in range(FIRST_FOLDS, FOLDS)]) for c, s in scored[:kept]]
        best, scores = max(scored, key=lambda pair: numpy.mean(pair[1]))
        return best, numpy.mean(scores)

    def pick(self, *values):
        return values[self.random.randint(len(values))]

    def log_uniform(self, low, high):
        return float(numpy.exp(self.random.uniform(numpy.log(low), numpy.log(high))))

    def target(self, model, logarithm):
        """A regression learns the standardised target, or the logarithm's where it is drawn; predictions are in its units."""
        if self.classes:
            return model
        scaled = TransformedTargetRegressor(model, transformer=StandardScaler())
        return TransformedTargetRegressor(scaled, func=numpy.log1p, inverse_func=numpy.expm1) if logarithm else scaled

    def boosting_candidate(self):
        early = bool(self.random.randint(2))
        return {"logarithm": not self.classes and bool(self.random.randint(2)), "early_stopping": early,
                "learning_rate": self.log_uniform(0.02, 0.2), "max_iter": 800 if early else self.pick(100, 200, 400, 700),
                "max_leaf_nodes": self.pick(7, 15, 31, 63, 127), "min_samples_leaf": self.pick(5, 10, 20, 50, 100),
                "l2_regularization": self.pick(0.0, 0.1, 1.0, 10.0)}

    def boosting(self, candidate):
        candidate = dict(candidate)
        logarithm = candidate.pop("logarithm")
        kind = HistGradientBoostingClassifier if self.classes else HistGradientBoostingRegressor
        encode = ColumnTransformer([("texts", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=numpy.nan),
                                     self.texts)], remainder="passthrough")
        model = kind(categorical_features=list(range(len(self.texts))), random_state=self.seed, n_iter_no_change=20,
                     **candidate)
        return self.target(make_pipeline(encode, model), logarithm)

    def network_candidate(self):
        return {"logarithm": not self.classes and bool(self.random.randint(2)), "early_stopping": bool(self.random.randint(2)),
                "hidden_layer_sizes": self.pick((50,), (100,), (200,), (50, 50), (100, 50), (100, 100), (64, 64, 64)),
                "alpha": self.log_uniform(1e-5, 1.0), "learning_rate_init": self.log_uniform(5e-4, 1e-2),
                "batch_size": self.pick(128, 256), "max_iter": self.pick(40, 80)}

    def network(self, candidate):
        candidate = dict(candidate)
        logarithm = candidate.pop("logarithm")
        codes = self.texts + DATA[self.name]["codes"]
        numbers = [c for c in self.numbers if c not in codes]
        encode = ColumnTransformer([
            ("codes", OneHotEncoder(handle_unknown="ignore"), codes),  # a missing one is a column of its own
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers)])
        kind = MLPClassifier if self.classes else MLPRegressor
        return self.target(make_pipeline(encode, kind(random_state=self.seed, **candidate)), logarithm)

    def result(self, make, candidates, kept):
        began = time.process_time()
        best, value = self.search(make, candidates, kept)
        predicted = self.predict(make(best).fit(self.x, self.y), self.test_x)
        found = {"parameters": best, "cross_validated": value, "test": self.score(self.test_y, predicted),
                 "cpu_seconds": time.process_time() - began}
        if not self.classes:
            found["test_rmse"] = mean_squared_error(self.test_y, predicted, squared=False)
        return found


def careful(directory, name, seed):
    """Both searches of one data set, and which of them cross-validation prefers."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # max_iter is one of the things searched
    side = Side(directory, name, seed)
    found = {"boosting": side.result(side.boosting, [side.boosting_candidate() for _ in range(BOOSTING_CANDIDATES)],
                                     BOOSTING_KEPT),
             "network": side.result(side.network, [side.network_candidate() for _ in range(NETWORK_CANDIDATES)],
                                    NETWORK_KEPT)}
    found["best"] = max(("boosting", "network"), key=lambda which: found[which]["cross_validated"])
    return found


if __name__ == "__main__":
    print(json.dumps(careful(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
