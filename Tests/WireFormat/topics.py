"""Section 2 of docs/wire-format.md: the partitions of topics in Kafka."""
import os

import confluent_kafka

from snapshots import Broken, require


class KafkaTopics:
    """Reads partitions of Kafka, committed records only. The only part that knows Kafka's client."""

    def __init__(self, bootstrap, prefix=""):
        self.prefix = prefix
        self.consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"reader-{os.getpid()}",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                # A broker answers one fetch after another: one that waits for records holds the next seek up.
                "fetch.wait.max.ms": 5,
            }
        )

    def close(self):
        self.consumer.close()

    def partitions(self, topic):
        found = self.consumer.list_topics(self.prefix + topic, timeout=30).topics[self.prefix + topic]
        require(found.error is None, f"{self.prefix + topic}: {found.error}")
        return len(found.partitions)

    def bounds(self, topic, partition):
        place = confluent_kafka.TopicPartition(self.prefix + topic, partition)
        return self.consumer.get_watermark_offsets(place, timeout=30)

    def read(self, topic, partition, offset=None, again=False):
        """Yields (offset, key, value, headers) from `offset` to the end; with `again`, to the end as it is then."""
        start, end = self.bounds(topic, partition)
        position = start if offset is None else offset
        self.consumer.assign([confluent_kafka.TopicPartition(self.prefix + topic, partition, position)])
        while position < end:
            message = self.consumer.poll(30)
            require(message is not None, f"{topic}:{partition}: nothing within 30 s at offset {position}")
            if message.error() is None:
                position = message.offset() + 1
                yield message.offset(), message.key(), message.value(), dict(message.headers() or [])
            elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
                # The client's position, which is behind gaps and markers, stands at the end.
                position = max(position, message.offset())
            else:
                raise Broken(f"{topic}:{partition}: {message.error()}")
            if again and position >= end:
                end = self.bounds(topic, partition)[1]

    def read_one(self, topic, partition, offset):
        """The first record that is not before `offset`; None where the partition holds none."""
        start, end = self.bounds(topic, partition)
        if not start <= offset < end:
            return None
        return next(self.read(topic, partition, offset), None)
