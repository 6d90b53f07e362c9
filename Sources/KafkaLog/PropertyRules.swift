/// What is known of librdkafka's properties beyond their values: which are secret, which this engine sets
/// itself, and which only one role of client understands (librdkafka 2.0, CONFIGURATION.md).
enum PropertyRules {
    /// Whether the value of `name` must never be shown.
    static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return [
            "password", "secret", "key.pem", "jaas", "token", "oauthbearer.config",
            "sasl.oauthbearer.extensions",
        ]
        .contains { name.contains($0) } || name == "ssl_key"
    }

    /// Whether this engine sets `name` itself, because its guarantees rest on the value.
    static func isReserved(_ name: String) -> Bool { reserved.contains(name) }

    /// Whether a client of `role` understands `name`.
    static func applies(_ name: String, to role: ClientRole) -> Bool {
        switch role {
        case .producer: !consumerOnly.contains(name)
        case .consumer: !producerOnly.contains(name)
        }
    }

    /// What to write instead of a property that librdkafka does not know.
    static func hint(forUnknown name: String) -> String {
        if let known = javaNames[name] { return "librdkafka calls it '\(known)'" }
        return "see librdkafka's CONFIGURATION.md for the names"
    }

    /// Names of the Java client that people bring along.
    private static let javaNames: [String: String] = [
        "sasl.jaas.config": "sasl.username' and 'sasl.password",
        "ssl.truststore.location": "ssl.ca.location",
        "ssl.truststore.certificates": "ssl.ca.pem",
        "ssl.keystore.certificate.chain": "ssl.certificate.pem",
        "ssl.keystore.key": "ssl.key.pem",
        "max.request.size": "message.max.bytes",
        "buffer.memory": "queue.buffering.max.kbytes",
        "max.poll.records": "queued.min.messages",
        "max.block.ms": "socket.timeout.ms",
    ]

    private static let reserved: Set<String> = [
        "bootstrap.servers", "metadata.broker.list", "group.id", "group.instance.id", "enable.auto.commit",
        "auto.commit.enable", "enable.auto.offset.store", "enable.partition.eof", "isolation.level",
        "auto.offset.reset", "enable.idempotence", "acks", "request.required.acks", "transactional.id",
        "transaction.timeout.ms", "delivery.report.only.error", "delivery.timeout.ms", "message.timeout.ms",
        "session.timeout.ms", "enable.gapless.guarantee", "produce.offset.report", "log.queue",
        "partition.assignment.strategy", "test.mock.num.brokers", "offset.store.method",
    ]

    private static let consumerOnly: Set<String> = [
        "auto.commit.interval.ms", "check.crcs", "consume.callback.max.messages",
        "coordinator.query.interval.ms",
        "fetch.error.backoff.ms", "fetch.max.bytes", "fetch.message.max.bytes", "fetch.min.bytes",
        "fetch.wait.max.ms", "group.protocol.type", "heartbeat.interval.ms", "max.partition.fetch.bytes",
        "max.poll.interval.ms", "offset.store.path", "offset.store.sync.interval.ms",
        "queued.max.messages.kbytes", "queued.min.messages",
    ]

    private static let producerOnly: Set<String> = [
        "batch.num.messages", "batch.size", "compression.codec", "compression.level", "compression.type",
        "linger.ms", "message.send.max.retries", "partitioner", "queue.buffering.backpressure.threshold",
        "queue.buffering.max.kbytes", "queue.buffering.max.messages", "queue.buffering.max.ms",
        "queuing.strategy", "request.timeout.ms", "retries", "retry.backoff.ms",
        "sticky.partitioning.linger.ms", "msg_order_cmp",
    ]
}
