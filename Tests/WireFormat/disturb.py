"""Brings a Kafka into states that a reader has to cope with.

    disturb.py --bootstrap HOST:PORT [--prefix PREFIX] events|compact

`events` sends the events of standard input to features.events: a JSON object a line with `key` and `value`, texts or
null. `compact` sends every chunk once more and waits until compaction has removed the first ones, so that no manifest's
offset is right any more. Prints how many records it sent.
"""
import argparse
import json
import sys
import time

import confluent_kafka
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from topics import KafkaTopics

CHUNKS = "modelcast.chunks"
WAIT_SECONDS = 60


def send(bootstrap, records):
    """Sends (topic, partition or None, key, value) and waits for all acknowledgements."""
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    failures = []
    for topic, partition, key, value in records:
        place = {} if partition is None else {"partition": partition}
        producer.produce(
            topic, key=key, value=value, on_delivery=lambda error, _: error and failures.append(error), **place
        )
    if producer.flush(30) or failures:
        sys.exit(f"disturb.py: not all records were taken: {failures[:3]}")


def send_events(bootstrap, prefix):
    events = [json.loads(line) for line in sys.stdin]
    send(bootstrap, [(prefix + "features.events", None, event["key"], event["value"]) for event in events])
    return len(events)


def compact(bootstrap, prefix):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in (("segment.ms", "100"), ("min.cleanable.dirty.ratio", "0"), ("min.compaction.lag.ms", "0"))
    ]
    for future in admin.incremental_alter_configs(
        [ConfigResource(ResourceType.TOPIC, prefix + CHUNKS, incremental_configs=entries)]
    ).values():
        future.result(30)
    topics = KafkaTopics(bootstrap, prefix)
    parts = range(topics.partitions(CHUNKS))
    before = {part: list(topics.read(CHUNKS, part)) for part in parts}
    send(bootstrap, [(prefix + CHUNKS, part, key, value) for part in parts for _, key, value, _ in before[part]])
    deadline = time.monotonic() + WAIT_SECONDS
    while any(
        topics.read_one(CHUNKS, part, records[0][0])[0] <= records[-1][0] for part, records in before.items() if records
    ):
        if time.monotonic() > deadline:
            sys.exit(f"disturb.py: Kafka has not compacted the chunks within {WAIT_SECONDS} s")
        # The newest segment is never compacted: a record that nobody asks for begins another.
        time.sleep(0.5)
        send(bootstrap, [(prefix + CHUNKS, part, b"filler", b"") for part in parts])
    topics.close()
    return sum(len(records) for records in before.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bootstrap", required=True, help="the brokers")
    parser.add_argument("--prefix", default="", help="what a site puts before the names of topics")
    parser.add_argument("what", choices=["events", "compact"])
    options = parser.parse_args()
    print({"events": send_events, "compact": compact}[options.what](options.bootstrap, options.prefix))


if __name__ == "__main__":
    main()
