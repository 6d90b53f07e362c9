"""Reads models and predictions from Kafka by docs/wire-format.md alone; nothing of Modelcast is used.

    reader.py --bootstrap HOST:PORT --model MODEL[@ALIAS|@VERSION] [--folder FOLDER] [--scan]

Folds the catalog, resolves the reference, fetches and checks the chunks, rebuilds the snapshot's files (into FOLDER),
loads the model, scores the golden rows and every event of features.events, and compares with the predictions topic.
--scan takes no offset for granted and finds every chunk by its key. Prints one JSON object; ends with 1 and the reason
on standard error when anything breaks the page. Comments name the page's sections.

Needs confluent-kafka, zstandard, numpy and xgboost (or xgboost-cpu).
"""
import argparse
import json
import os
import sys
from collections import Counter

import numpy

from catalog import read_catalog
from models import Event, Pipeline, Refused, check_golden, load_model, numbers
from snapshots import TIME, Broken, ChunkStore, member, parse_json, read_snapshot
from topics import KafkaTopics


def score_events(topics, pipeline, model):
    """By its place, what is to be in the prediction of each event, and the dead letter of each refused one."""
    places, rows, refused = [], [], {}
    for partition in range(topics.partitions("features.events")):
        for offset, key, value, _ in topics.read("features.events", partition):
            source = f"{partition}:{offset}"
            try:
                event = Event(value, pipeline.schema)
            except Refused as reason:
                refused[source] = (str(reason), value)
                continue
            places.append((source, *identify(event, key, source)))
            rows.append(pipeline.row(event))
    scored = model.score(rows) if rows else []
    return {source: (name, key, *found) for (source, name, key), found in zip(places, scored)}, refused


def identify(event, key, source):
    """The id and the key that the prediction of an event has."""
    name = event.id
    if name is None:
        try:
            name = key.decode("utf-8") if key else source
        except UnicodeDecodeError:
            name = source
    if key is None and event.id is not None:
        key = str(event.id).encode()
    return name, key


def judge(expected, key, prediction):
    """`exact`, `close`, or what is wrong with a prediction."""
    name, wanted_key, wanted, wanted_scores = expected
    if (prediction["id"], key) != (name, wanted_key):
        return f"id {prediction['id']} and key {key}, not {name} and {wanted_key}"
    ours = wanted + wanted_scores
    theirs = numbers(prediction["prediction"]) + numbers(prediction.get("scores", []))
    if len(ours) == len(theirs):
        if numpy.array_equal(numpy.float32(ours), numpy.float32(theirs), equal_nan=True):
            return "exact"
        if numpy.allclose(theirs, ours, rtol=1e-6, atol=1e-6, equal_nan=True):
            return "close"
    return f"{theirs}, not {ours}"


def compare(topics, manifest, pipeline, model):
    """Scores all events and compares with the predictions that the same version made of them."""
    expected, refused = score_events(topics, pipeline, model)
    report = {"events": len(expected) + len(refused), "exact": 0, "close": 0, "different": []}
    seen = Counter()
    for partition in range(topics.partitions("predictions")):
        for _, key, value, _ in topics.read("predictions", partition):
            prediction = parse_json(value)
            if (prediction["model"], prediction["version"]) != (manifest["model"], manifest["version"]):
                continue
            source = member(prediction, "source", str)
            member(prediction, "ts", TIME)
            seen[source] += 1
            verdict = judge(expected[source], key, prediction) if source in expected else "a prediction of no event"
            if verdict in ("exact", "close"):
                report[verdict] += 1
            else:
                report["different"].append(f"{source}: {verdict}")
    repeated = sum(count - 1 for count in seen.values())
    missing = expected.keys() - seen.keys()
    dead = dead_letters(topics, manifest)
    for source in refused.keys() | dead.keys():
        if refused.get(source) != dead.get(source):
            report["different"].append(f"{source}: dead letter {dead.get(source)}, not {refused.get(source)}")
    refused = Counter(reason for reason, _ in refused.values())
    return report | {"predictions": seen.total(), "repeated": repeated, "missing": sorted(missing), "refused": refused}


def dead_letters(topics, manifest):
    """Reason and value of the dead letters that the version made, by the event's place."""
    found = {}
    for partition in range(topics.partitions("predictions.dead-letter")):
        for _, _, value, headers in topics.read("predictions.dead-letter", partition):
            said = {name: text.decode("utf-8") for name, text in headers.items() if name.startswith("modelcast-")}
            if (said["modelcast-model"], said["modelcast-version"]) == (manifest["model"], str(manifest["version"])):
                topic, _, source = said["modelcast-source"].partition(":")
                if topic == topics.prefix + "features.events":
                    found[source] = (said["modelcast-reason"], value)
    return found


def write_files(snapshot, folder):
    for path, content in snapshot.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)


def read(topics, options):
    """The whole job of the page's section 7, and the report."""
    catalog = read_catalog(topics)
    manifest = catalog.resolve(options.model)
    store = ChunkStore(topics, options.scan)
    snapshot = read_snapshot(manifest, store)
    if options.folder:
        write_files(snapshot, options.folder)
    model = load_model(manifest, snapshot)
    pipeline = Pipeline(snapshot, model.names)
    return {
        "model": manifest["model"],
        "version": manifest["version"],
        "digest": manifest["digest"],
        "format": manifest["format"],
        "files": {path: len(content) for path, content in snapshot.items()},
        "catalogRecords": catalog.records,
        "catalogSkipped": catalog.skipped,
        "chunksDirect": store.direct,
        "chunksScanned": store.scanned,
        "goldenRows": check_golden(snapshot, pipeline, model),
        **compare(topics, manifest, pipeline, model),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bootstrap", required=True, help="the brokers")
    parser.add_argument("--model", required=True, help="MODEL[@ALIAS|@VERSION]")
    parser.add_argument("--prefix", default="", help="what a site puts before the names of topics")
    parser.add_argument("--folder", help="write the snapshot's files here")
    parser.add_argument("--scan", action="store_true", help="find every chunk by its key")
    options = parser.parse_args()
    topics = KafkaTopics(options.bootstrap, options.prefix)
    try:
        report = read(topics, options)
    except (Broken, Refused) as reason:
        sys.exit(f"reader.py: {reason}")
    finally:
        topics.close()
    print(json.dumps(report))


if __name__ == "__main__":
    main()
