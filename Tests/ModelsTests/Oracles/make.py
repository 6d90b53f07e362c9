"""Trains small XGBoost models and writes them with inputs and the library's own predictions.

    python make.py FOLDER [CASE...]

For each case: CASE.json, CASE.ubj, CASE.input (float32 rows), CASE.expected (float32,
what `predict` returns) and CASE.margin (float32); and
`cases.json` with the shapes. The same seed gives the same files.
"""
import json
import os
import sys

import numpy as np
import xgboost as xgb

FEATURES = 8
ROWS = 600


def table(seed, categories=0, missing=0.15):
    """Rows with missing values; with `categories`, the last two columns hold category codes."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(ROWS, FEATURES)).astype(np.float32)
    signal = rows[:, 0] - 2 * rows[:, 1] + rows[:, 2] * rows[:, 3]
    if categories:
        for column in (FEATURES - 2, FEATURES - 1):
            rows[:, column] = random.integers(0, categories, ROWS)
            signal = signal + (rows[:, column] % 3 - 1) * 2
    noise = random.normal(size=ROWS).astype(np.float32)
    rows[random.random(rows.shape) < missing] = np.nan
    return rows, signal + 0.5 * noise


def objective(name):
    return {"objective": name, "max_depth": 5, "eta": 0.3, "seed": 3, "nthread": 1}


def binary(signal):
    return (signal > 0).astype(np.float32)


def classes(signal):
    return np.digitize(signal, np.quantile(signal, [0.25, 0.6])).astype(np.float32)


def positive(signal):
    return np.exp(signal / 4).astype(np.float32)


# name: (parameters, label, categories, rounds)
CASES = {
    "squarederror": (objective("reg:squarederror"), lambda s: s, 0, 20),
    "base-score": ({**objective("reg:squarederror"), "base_score": 7.25}, lambda s: s, 0, 5),
    "absoluteerror": (objective("reg:absoluteerror"), lambda s: s, 0, 10),
    "reg-logistic": (objective("reg:logistic"), binary, 0, 10),
    "logistic": (objective("binary:logistic"), binary, 0, 30),
    "logitraw": (objective("binary:logitraw"), binary, 0, 10),
    "hinge": (objective("binary:hinge"), binary, 0, 5),
    "poisson": (objective("count:poisson"), lambda s: np.floor(positive(s) * 3), 0, 10),
    "gamma": (objective("reg:gamma"), positive, 0, 10),
    "tweedie": (objective("reg:tweedie"), positive, 0, 10),
    "softmax": ({**objective("multi:softmax"), "num_class": 3}, classes, 0, 10),
    "softprob": ({**objective("multi:softprob"), "num_class": 3}, classes, 0, 10),
    "dart": ({**objective("binary:logistic"), "booster": "dart", "rate_drop": 0.3}, binary, 0, 15),
    "gblinear": ({"objective": "reg:squarederror", "booster": "gblinear", "nthread": 1}, lambda s: s, 0, 10),
    "forest": ({**objective("binary:logistic"), "num_parallel_tree": 3, "subsample": 0.6}, binary, 0, 5),
    "deep": ({**objective("reg:squarederror"), "max_depth": 20, "min_child_weight": 0}, lambda s: s, 0, 5),
    "lossguide": (
        {**objective("binary:logistic"), "grow_policy": "lossguide", "max_leaves": 31, "max_depth": 0,
         "tree_method": "hist"}, binary, 0, 10),
    "stump": ({**objective("reg:squarederror"), "max_depth": 1}, lambda s: s, 0, 3),
    "constant": ({**objective("reg:squarederror"), "gamma": 1e9}, lambda s: s, 0, 2),
    "one-hot": ({**objective("binary:logistic"), "max_cat_to_onehot": 50, "tree_method": "hist"}, binary, 12, 15),
    "partition": ({**objective("binary:logistic"), "max_cat_to_onehot": 1, "tree_method": "hist"}, binary, 70, 15),
    "partition-softprob": (
        {**objective("multi:softprob"), "num_class": 3, "max_cat_to_onehot": 1, "tree_method": "hist"},
        classes, 40, 8),
}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    shapes = {}
    for name in sys.argv[2:] or CASES:
        parameters, label, categories, rounds = CASES[name]
        rows, signal = table(len(name), categories)
        types = ["c" if categories and i >= FEATURES - 2 else "q" for i in range(FEATURES)]
        names = [f"column {i}" for i in range(FEATURES)]
        matrix = xgb.DMatrix(
            rows, label=label(signal), feature_types=types, feature_names=names, enable_categorical=True)
        booster = xgb.train(parameters, matrix, rounds)
        booster.set_attr(best_iteration="1")
        # What training has not seen: categories beyond all known ones, huge values, rows with nothing.
        test, _ = table(1000 + len(name), categories, missing=0.3)
        test[0, :] = np.nan
        test[1, 0] = 1e30
        test[2, 1] = -1e30
        if categories:
            test[3, FEATURES - 1] = categories + 100
            test[4, FEATURES - 2] = categories + 31
        shaped = xgb.DMatrix(test, feature_types=types, feature_names=names, enable_categorical=True)
        path = os.path.join(folder, name)
        booster.save_model(path + ".json")
        booster.save_model(path + ".ubj")
        linear = parameters.get("booster") == "gblinear"
        everything = {} if linear else {"iteration_range": (0, booster.num_boosted_rounds())}
        expected = booster.predict(shaped, **everything)
        test.tofile(path + ".input")
        expected.astype(np.float32).tofile(path + ".expected")
        booster.predict(shaped, output_margin=True, **everything).astype(np.float32).tofile(path + ".margin")
        shapes[name] = {"rows": len(test), "features": FEATURES, "width": int(expected.size // len(test))}
    with open(os.path.join(folder, "cases.json"), "w") as file:
        json.dump({"version": xgb.__version__, "cases": shapes}, file)


main()
