"""The loop that people write: confluent-kafka, orjson, a model scored in batches, predictions in transactions.

  loop.py --bootstrap HOST:PORT --input TOPIC --output TOPIC --group GROUP --name NAME --model DIR
          [--partitions 0,1,2,3] [--records N] [--milliseconds T] [--at-least-once] [--once]

DIR is a folder that `modelcast train --output` wrote: an XGBoost model (inplace_predict on a batch) or a linear
one (numpy). --records and --milliseconds end a transaction, whichever comes first. --at-least-once writes
idempotently without transactions; the same two numbers then say when everything is flushed and the offsets are
committed. --once ends at the end of the partitions; without it SIGTERM ends the loop. Partitions are assigned by
hand: no rebalance is measured. The last line on standard output is one JSON object; times are taken from the first
record read to the last commit, processor time (getrusage) likewise.
"""

import argparse
import datetime
import json
import os
import resource
import signal
import time

import numpy
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

try:
    import orjson

    loads, dumps, parser_name = orjson.loads, orjson.dumps, "orjson"
except ImportError:
    loads, parser_name = json.loads, "json"

    def dumps(value):
        return json.dumps(value).encode()


def load_model(folder):
    """A function from a float32 matrix to predictions."""
    for name in ("model.json", "model.ubj"):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            continue
        if name == "model.json":
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
            if "learner" not in document:
                return load_linear(document)
        import xgboost

        booster = xgboost.Booster(model_file=path)
        booster.set_param({"nthread": 1})
        return booster.inplace_predict
    raise SystemExit(f"loop.py: no model in {folder}")


def load_linear(document):
    weights = numpy.array(document["weights"], dtype=numpy.float32).reshape(-1)
    intercept = numpy.float32(numpy.array(document["intercepts"]).reshape(-1)[0])
    return lambda rows: 1 / (1 + numpy.exp(-(rows @ weights + intercept)))


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Loop:
    def __init__(self, options):
        self.options = options
        self.predict = load_model(options.model)
        self.consumer = Consumer(
            {
                "bootstrap.servers": options.bootstrap,
                "group.id": options.group,
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "queued.min.messages": 1000000,
                "queued.max.messages.kbytes": 65536,
                "fetch.wait.max.ms": 20,
            }
        )
        producer = {
            "bootstrap.servers": options.bootstrap,
            "enable.idempotence": True,
            "linger.ms": 1,
            "partitioner": "murmur2_random",
            "retry.backoff.ms": 5,
            "queue.buffering.max.messages": 500000,
            "delivery.report.only.error": True,
        }
        if not options.at_least_once:
            producer["transactional.id"] = options.name
        self.producer = Producer(producer)
        if not options.at_least_once:
            self.producer.init_transactions()
        places = [TopicPartition(options.input, int(number)) for number in options.partitions.split(",")]
        places = self.consumer.committed(places, timeout=60)
        for place in places:
            place.offset = place.offset if place.offset >= 0 else 0
        self.consumer.assign(places)
        self.left = {place.partition for place in places}
        self.next = {}
        self.open = 0

    def read(self, wait):
        # The first message by itself: `consume` gathers until its time is over.
        messages = self.consumer.consume(1, wait)
        if messages:
            messages += self.consumer.consume(10000 - 1, 0)
        events = []
        for message in messages:
            error = message.error()
            if error is None:
                events.append(message)
                self.next[message.partition()] = message.offset() + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                self.left.discard(message.partition())
            else:
                raise SystemExit(f"loop.py: {error}")
        return events

    def score(self, messages):
        events = [loads(message.value()) for message in messages]
        rows = numpy.array([event["features"] for event in events], dtype=numpy.float32)
        predictions = self.predict(rows).tolist()
        for message, event, prediction in zip(messages, events, predictions):
            moment = datetime.datetime.fromtimestamp(message.timestamp()[1] / 1000, datetime.timezone.utc)
            value = dumps(
                {
                    "id": event["id"],
                    "model": "trees",
                    "version": 1,
                    "prediction": prediction,
                    "source": f"{message.partition()}:{message.offset()}",
                    "ts": moment.isoformat(timespec="milliseconds"),
                }
            )
            while True:
                try:
                    self.producer.produce(self.options.output, value, message.key())
                    break
                except BufferError:
                    self.producer.poll(0.001)
        self.open += len(messages)

    def commit(self):
        offsets = [TopicPartition(self.options.input, number, next) for number, next in self.next.items()]
        if not self.options.at_least_once:
            group = self.consumer.consumer_group_metadata()
            self.producer.send_offsets_to_transaction(offsets, group)
            self.producer.commit_transaction()
        else:
            self.producer.flush()
            self.consumer.commit(offsets=offsets, asynchronous=False)
        self.open = 0

    def run(self):
        options, stopping = self.options, []
        signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
        events = transactions = 0
        first = last = first_cpu = last_cpu = began = 0
        most = options.records
        while not stopping and not (options.once and not self.left and not self.open):
            now = time.monotonic()
            wait = max(0, began + options.milliseconds / 1000 - now) if self.open else 0.1
            messages = self.read(wait)
            if messages:
                if not events:
                    first, first_cpu = time.time(), cpu()
                events += len(messages)
                if not self.open:
                    if not options.at_least_once:
                        self.producer.begin_transaction()
                    began = time.monotonic()
                self.score(messages)
            self.producer.poll(0)
            is_due = time.monotonic() >= began + options.milliseconds / 1000
            if self.open and (self.open >= most or is_due or (options.once and not self.left)):
                self.commit()
                transactions += 1
            if events:
                last, last_cpu = time.time(), cpu()
        if self.open:
            self.commit()
        seconds, used = last - first, last_cpu - first_cpu
        print(
            json.dumps(
                {
                    "peer": "python",
                    "parser": parser_name,
                    "events": events,
                    "transactions": transactions,
                    "first": round(first, 3),
                    "last": round(last, 3),
                    "eventsPerSecond": round(events / seconds) if seconds else 0,
                    "cpuSeconds": round(used, 3),
                    "cpuSecondsPer100k": round(used * 1e5 / events, 4) if events else 0,
                }
            )
        )
        self.consumer.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "input", "output", "group", "name", "model"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--partitions", default="0,1,2,3")
    parser.add_argument("--records", type=int, default=10000)
    parser.add_argument("--milliseconds", type=int, default=100)
    parser.add_argument("--at-least-once", action="store_true")
    parser.add_argument("--once", action="store_true")
    Loop(parser.parse_args()).run()


if __name__ == "__main__":
    main()
