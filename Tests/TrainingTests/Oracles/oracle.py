"""Trains again what Modelcast trained, from the files of its snapshot and its documentation alone.

    oracle.py DATA SNAPSHOT TASK LABEL SEED

Repeats the split, applies pipeline.json, fits the same model with scikit-learn or XGBoost, evaluates with
scikit-learn, and prints one JSON object. LABEL is a Python expression over the row `r` (cells by column).
"""
import csv
import hashlib
import json
import math
import sys

import numpy
import xgboost
from sklearn import linear_model, metrics

data, folder, task, label, seed = sys.argv[1:6]


def number(cell):
    return float(cell) if cell != "" else math.nan


def rows():
    with open(data, "rb") as file:
        lines = file.read().split(b"\n")
    header = next(csv.reader([lines[0].decode()]))
    for line in lines[1:]:
        line = line.rstrip(b"\r")
        if line:
            unit = int.from_bytes(hashlib.sha256(f"{seed}:".encode() + line).digest()[:8], "big") / 2**64
            part = "train" if unit < 0.8 else "validation" if unit < 0.8 + 0.1 else "test"
            yield part, dict(zip(header, next(csv.reader([line.decode()]))))


def column(spec, kind, cells):
    """The float columns that one entry of the pipeline writes."""
    if kind == "categorical":
        transform = spec["transforms"][0]
        assert transform["transform"] == "oneHot", transform
        wide = [[1.0 if c == name else 0.0 for c in cells] for name in transform["categories"]]
        if transform.get("unknown"):
            known = set(transform["categories"])
            wide.append([1.0 if c != "" and c not in known else 0.0 for c in cells])
        return wide
    values = numpy.array([number(c) for c in cells])
    written = []
    for transform in spec.get("transforms", []):
        name = transform["transform"]
        if name == "impute":
            missing = numpy.isnan(values)
            if transform.get("indicator"):
                written.append(missing.astype(float))
            values = numpy.where(missing, transform["value"], values)
        elif name == "clip":
            values = numpy.clip(values, transform["minimum"], transform["maximum"])
        elif name == "log1p":
            values = numpy.log1p(values)
        elif name == "standardise":
            values = (values - transform["mean"]) / (transform["deviation"] or 1)
        else:
            raise ValueError(name)
    return written + [values]


table = list(rows())
kinds = {f["name"]: f["kind"] for f in json.load(open(f"{folder}/schema.json"))["features"]}
pipeline = json.load(open(f"{folder}/pipeline.json"))["columns"]
wide = []
for spec in pipeline:
    name = spec["feature"]
    wide += column(spec, kinds[name], [r[name] for _, r in table])
X = numpy.array(wide, dtype=numpy.float32).T
y = numpy.array([eval(label) for _, r in table])
part = numpy.array([p for p, _ in table])
train, test = part == "train", part == "test"
result = {"train": int(train.sum()), "test": int(test.sum()), "validation": int((part == "validation").sum())}
model = json.load(open(f"{folder}/model.json"))
golden = json.load(open(f"{folder}/golden.json"))["rows"]

if "learner" in model:
    booster = xgboost.Booster(model_file=f"{folder}/model.json")
    ours = booster.inplace_predict(X[test])
    parameters = json.load(open(f"{folder}/parameters.json"))
    rounds = int(parameters.pop("rounds"))
    for name in ("algorithm", "label", "split", "classes"):
        parameters.pop(name, None)
    again = xgboost.train(parameters, xgboost.DMatrix(X[train], y[train]), num_boost_round=rounds)
    theirs = again.inplace_predict(X[test])
else:
    weights = numpy.array(model["weights"], dtype=numpy.float64)
    intercepts = numpy.array(model["intercepts"], dtype=numpy.float64)
    margins = X[test].astype(numpy.float64) @ weights.T + intercepts
    if task == "binary":
        fit = linear_model.LogisticRegression(C=1, max_iter=10000, tol=1e-10).fit(X[train].astype(float), y[train])
        ours, theirs = 1 / (1 + numpy.exp(-margins[:, 0])), fit.predict_proba(X[test])[:, 1]
    elif task == "multiclass":
        fit = linear_model.LogisticRegression(C=1, max_iter=10000, tol=1e-10).fit(X[train].astype(float), y[train])
        e = numpy.exp(margins - margins.max(axis=1, keepdims=True))
        ours, theirs = e / e.sum(axis=1, keepdims=True), fit.predict_proba(X[test])
    else:
        fit = linear_model.Ridge(alpha=1).fit(X[train].astype(float), y[train])
        ours, theirs = margins[:, 0], fit.predict(X[test])
    result["weightDifference"] = float(numpy.abs(numpy.ravel(fit.coef_) - weights.ravel()).max())

# Golden rows are the first of the test part.
recorded = numpy.array([g["scores"] if "scores" in g else g["prediction"] for g in golden])
result["goldenDifference"] = float(numpy.abs(recorded - ours[: len(golden)].reshape(recorded.shape)).max())
result["predictionDifference"] = float(numpy.abs(ours - theirs).max())


def evaluate(p):
    if task == "regression":
        return {
            "rmse": math.sqrt(metrics.mean_squared_error(y[test], p)),
            "mae": metrics.mean_absolute_error(y[test], p),
            "r2": metrics.r2_score(y[test], p),
        }
    names = numpy.unique(y)
    average = "binary" if task == "binary" else "macro"
    classes = (p > 0.5).astype(int) if task == "binary" else names[p.argmax(axis=1)]
    if task == "binary":
        auc = metrics.roc_auc_score(y[test], p)
    else:  # A class without a test row has no curve.
        present = [i for i, name in enumerate(names) if (y[test] == name).any()]
        auc = numpy.mean([metrics.roc_auc_score(y[test] == names[i], p[:, i]) for i in present])
    return {
        "accuracy": metrics.accuracy_score(y[test], classes),
        "precision": metrics.precision_score(y[test], classes, average=average, zero_division=0),
        "recall": metrics.recall_score(y[test], classes, average=average, zero_division=0),
        "f1": metrics.f1_score(y[test], classes, average=average, zero_division=0),
        "auc": auc,
        "logLoss": metrics.log_loss(y[test], p, labels=names),
    }


result["metrics"] = {k: float(v) for k, v in evaluate(ours).items()}
result["metricsAgain"] = {k: float(v) for k, v in evaluate(theirs).items()}
print(json.dumps(result))
