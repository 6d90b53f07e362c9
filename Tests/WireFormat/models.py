"""Sections 10 and 11 of docs/wire-format.md: events, features, pipelines, models, golden rows."""
import json
import math
import re
import tempfile

import numpy
import xgboost

from snapshots import Broken, member, parse_json, require

MAX_EVENT = 1_048_576
MAX_EVENT_DEPTH = 32
MAX_ID = 1_024
FLOAT_MAX = float(numpy.finfo(numpy.float32).max)
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?)?")


class Refused(Exception):
    """An event that cannot be scored; the text is the dead letter's reason."""


def refuse_unless(condition, reason):
    if not condition:
        raise Refused(reason)


# 10 Events


class Members(list):
    """The members of an object in the order in which they stand, the same name perhaps twice."""


def parse_event(value):
    """The members of an event."""
    refuse_unless(value is not None, "no-value")
    refuse_unless(len(value) <= MAX_EVENT, "too-large")

    def constant(_):
        raise Refused("not-json")

    try:
        event = json.loads(value.decode("utf-8"), object_pairs_hook=Members, parse_constant=constant)
    except (UnicodeDecodeError, ValueError) as reason:
        raise Refused("not-json") from reason
    except RecursionError as reason:
        raise Refused("too-large") from reason
    refuse_unless(type(event) is Members, "not-an-event")
    refuse_unless(depth(event) <= MAX_EVENT_DEPTH, "too-large")
    return event


def depth(value):
    if type(value) is Members:
        return 1 + max((depth(item) for _, item in value), default=0)
    return 1 + max((depth(item) for item in value), default=0) if type(value) is list else 0


class Feature:
    """A feature of schema.json."""

    def __init__(self, spec):
        unknown = set(spec) - {"name", "kind", "required", "minimum", "maximum", "categories"}
        require(not unknown, f"schema.json: unknown members {unknown}")
        self.name = member(spec, "name", str)
        self.kind = member(spec, "kind", re.compile("float|integer|boolean|categorical"))
        self.required = member(spec, "required", bool, False)
        self.categories = member(spec, "categories", list, [])

    def read(self, value):
        """The value as a number, a text (categorical), or None where missing."""
        if value is None:
            return None
        kind = type(value)
        if self.kind == "categorical":
            refuse_unless(kind in (str, int), "wrong-type")
            return str(value)
        refuse_unless(kind in (int, float) or kind is bool and self.kind == "boolean", "wrong-type")
        try:
            value = float(value)
        except OverflowError as reason:
            raise Refused("out-of-range") from reason
        refuse_unless(math.isfinite(value), "out-of-range")
        refuse_unless(self.kind != "integer" or value.is_integer(), "wrong-type")
        refuse_unless(self.kind != "boolean" or value in (0, 1), "wrong-type")
        return value


class Event:
    """An event, read by a schema: its id (None where it has none) and its features' values by name."""

    def __init__(self, value, schema):
        self.id = None
        self.values = dict.fromkeys(schema)
        members = parse_event(value)
        for name, item in members:
            if name == "id":
                refuse_unless(item is None or type(item) in (str, int, float), "wrong-type")
                refuse_unless(type(item) is not str or len(item.encode()) <= MAX_ID, "too-large")
                self.id = item
            elif name == "ts":
                refuse_unless(
                    item is None or type(item) in (int, float) or type(item) is str and ISO_TIME.fullmatch(item),
                    "wrong-type",
                )
            elif name == "features" and type(item) is Members:
                for inner, value in item:
                    self.set(schema, inner, value)
                continue
            elif name == "features" and type(item) is list:
                refuse_unless(len(item) == len(schema), "wrong-count")
                for inner, value in zip(schema, item):
                    self.set(schema, inner, value)
                continue
            elif name == "features":
                refuse_unless(name in schema, "not-an-event")
            self.set(schema, name, item)
        for feature in schema.values():
            refuse_unless(not feature.required or self.values[feature.name] is not None, "missing-required")

    def set(self, schema, name, value):
        if name in schema:
            self.values[name] = schema[name].read(value)


# 11 schema.json and pipeline.json


def document(snapshot, path, name):
    """A file of the snapshot, of version 1; its array `name`."""
    content = parse_json(snapshot[path])
    require(set(content) == {"version", name} and content["version"] == 1, f"{path}: not as the page says")
    return member(content, name, list)


def fnv1a64(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def place(categories, x):
    return float(categories.index(x)) if x in categories else None


def transform(step, feature, x):
    """What stands in front of x from here on, and x: a number, a text, None for missing, or a list of floats."""
    kind = step["transform"]
    if kind == "impute":
        return [float(x is None)] if step.get("indicator") else [], step["value"] if x is None else x
    if kind == "imputeCategory":
        return [], step["category"] if x is None else x
    if kind == "oneHot":
        row = [float(x == category) for category in step["categories"]]
        return [], row + ([float(x is not None and not any(row))] if step.get("unknown") else [])
    if kind == "hash":
        bucket = None if x is None else fnv1a64(x.encode()) % step["buckets"]
        return [], [float(index == bucket) for index in range(step["buckets"])]
    if x is None:
        return [], None
    if kind == "ordinal":
        return [], place(feature.categories, x)
    if kind == "standardise":
        return [], (x - step["mean"]) / (step["deviation"] or 1)
    if kind == "minMax":
        width = step["maximum"] - step["minimum"]
        return [], (x - step["minimum"]) / width if width else 0.0
    if kind == "log1p":
        return [], math.log1p(x) if x > -1 else -FLOAT_MAX if x == -1 else None
    if kind == "clip":
        return [], min(max(x, step["minimum"]), step["maximum"])
    if kind == "bucketise":
        return [], float(sum(edge <= x for edge in step["edges"]))
    raise Broken(f"pipeline.json: unknown transform {kind}")


class Pipeline:
    """From an event to the model's input row."""

    def __init__(self, snapshot, names):
        if "schema.json" in snapshot:
            features = [Feature(spec) for spec in document(snapshot, "schema.json", "features")]
        else:
            features = [Feature({"name": name, "kind": "float"}) for name in names]
        self.schema = {feature.name: feature for feature in features}
        if "pipeline.json" in snapshot:
            self.columns = document(snapshot, "pipeline.json", "columns")
        else:
            self.columns = [{"feature": feature.name} for feature in features]

    def row(self, event):
        row = []
        for column in self.columns:
            feature = self.schema[column["feature"]]
            x = event.values[feature.name]
            for step in column.get("transforms", []):
                front, x = transform(step, feature, x)
                row += front
            if type(x) is str:
                x = place(feature.categories, x)
            row += x if type(x) is list else [math.nan if x is None else x]
        with numpy.errstate(over="ignore"):
            return numpy.array(row, dtype=numpy.float64).astype(numpy.float32)


# 11 Model files


def softmax(sums):
    powers = numpy.exp(sums - sums.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class XGBoost:
    """A model that XGBoost saved."""

    def __init__(self, manifest, data):
        suffix = {"xgboost-json": ".json", "xgboost-ubjson": ".ubj"}[manifest["format"]]
        with tempfile.NamedTemporaryFile(suffix=suffix) as file:
            file.write(data)
            file.flush()
            self.booster = xgboost.Booster({"nthread": 1}, model_file=file.name)
        self.objective = json.loads(self.booster.save_config())["learner"]["objective"]["name"]
        self.width = self.booster.num_features()
        self.names = self.booster.feature_names or [f"f{index}" for index in range(self.width)]

    def score(self, rows):
        """The numbers of the prediction, and the scores by class (none: empty), for each row."""
        matrix = xgboost.DMatrix(numpy.clip(rows, -FLOAT_MAX, FLOAT_MAX), missing=math.nan)
        found = self.booster.predict(matrix, validate_features=False)
        scores = [[]] * len(rows)
        if self.objective == "multi:softprob":
            scores = found
        elif self.objective == "multi:softmax":
            scores = softmax(self.booster.predict(matrix, output_margin=True, validate_features=False))
        return [(p, s) for p, s in zip(found.reshape(len(rows), -1).tolist(), numpy.array(scores).tolist())]


class Linear:
    """A `native-linear` model."""

    def __init__(self, _, data):
        model = parse_json(data)
        self.kind = model["kind"]
        self.width = model["features"]
        self.names = model.get("featureNames") or [f"f{index}" for index in range(self.width)]
        self.intercepts = numpy.array(model["intercepts"], dtype=numpy.float32)
        self.weights = numpy.array(model["weights"], dtype=numpy.float32)

    def score(self, rows):
        sums = numpy.nan_to_num(numpy.array(rows), nan=0.0) @ self.weights.T + self.intercepts
        if self.kind == "softmax":
            return [([float(row.argmax())], row.tolist()) for row in softmax(sums)]
        if self.kind == "logistic":
            with numpy.errstate(over="ignore"):
                sums = 1 / (1 + numpy.exp(-sums))
        return [([float(row[0])], []) for row in sums]


def load_model(manifest, snapshot):
    kinds = {"xgboost-json": XGBoost, "xgboost-ubjson": XGBoost, "native-linear": Linear}
    require(manifest["format"] in kinds, f"no reader of {manifest['format']} here")
    return kinds[manifest["format"]](manifest, snapshot[manifest["modelFile"]])


# 11 golden.json


def numbers(value):
    """A number or an array of numbers as a list; null means NaN."""
    return [math.nan if x is None else x for x in (value if type(value) is list else [value])]


def check_golden(snapshot, pipeline, model):
    """The number of golden rows; breaks where the model does not give what they say."""
    if "golden.json" not in snapshot:
        return 0
    golden = parse_json(snapshot["golden.json"])
    absolute, relative = golden["tolerance"]["absolute"], golden["tolerance"]["relative"]
    events = [json.dumps({"features": row["features"]}).encode() for row in golden["rows"]]
    found = model.score([pipeline.row(Event(event, pipeline.schema)) for event in events])
    for index, (row, (prediction, scores)) in enumerate(zip(golden["rows"], found)):
        for name, ours in (("prediction", prediction), ("scores", scores)):
            wanted = numbers(row.get(name, []))
            require(name == "scores" and not wanted or len(ours) == len(wanted), f"golden row {index}: other {name}")
            for p, q in zip(wanted, ours):
                same = abs(p - q) <= absolute + relative * abs(p) or math.isnan(p) and math.isnan(q)
                require(same, f"golden row {index}: {name} {q}, not {p}")
    return len(golden["rows"])
