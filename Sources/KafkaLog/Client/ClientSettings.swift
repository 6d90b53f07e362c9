internal import Basics
internal import EventLog

/// Builds the configurations of an engine's clients from its options.
struct ClientSettings: Sendable {
    /// The brokers.
    let address: BrokerAddress
    /// The user's options.
    let options: KafkaOptions

    /// Checks every property once per role, so that a mistake is told before anything connects.
    func validate() throws(LogError) {
        for name in options.properties.keys.sorted() where PropertyRules.isReserved(name) {
            throw LogError(
                .configuration, "Kafka property '\(name)' is set by Modelcast itself",
                hint: "remove it: delivery guarantees rest on its value", recovery: .fixConfiguration)
        }
        _ = try configuration(.producer, [:])
        _ = try configuration(.consumer, [:])
    }

    /// A client of `role` with the engine's `settings`, the user's properties over them, and `events`
    /// enabled.
    func makeClient(
        _ role: ClientRole, _ settings: [String: String], required: [String: String] = [:], events: Int32,
        label: String
    ) throws(LogError) -> KafkaClient {
        let configuration = try configuration(role, settings, required)
        configuration.enableEvents(events)
        return KafkaClient(try configuration.makeClient(role, sink: LogSink(options.log)), label: label)
    }

    /// The settings of a reader.
    func readerSettings(committedOnly: Bool, ahead: ReadingAhead) -> [String: String] {
        var settings = [
            "isolation.level": committedOnly ? "read_committed" : "read_uncommitted",
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            "enable.partition.eof": "true",
            "queued.min.messages": "\(ahead.messages)",
            "queued.max.messages.kbytes": "\(ahead.kilobytes)",
            "fetch.wait.max.ms": ahead == .nothing
                ? "\(KafkaLimits.seekingFetchWaitMilliseconds)" : "\(KafkaLimits.fetchWaitMilliseconds)",
            "fetch.error.backoff.ms": "10",
        ]
        if ahead == .stream {
            settings["fetch.message.max.bytes"] = "\(KafkaLimits.streamFetchBytes)"
            settings["fetch.max.bytes"] = "\(KafkaLimits.streamFetchAllBytes)"
        }
        return settings
    }

    /// The settings of every producer.
    func writerSettings(_ writer: WriterOptions) -> [String: String] {
        let delivery = max(1, writer.deliveryTimeout.wholeMilliseconds)
        return [
            "enable.idempotence": "true",
            "partitioner": "murmur2_random",
            "delivery.timeout.ms": "\(min(delivery, 86_400_000))",
            "retry.backoff.ms": "\(KafkaLimits.retryBackoffMilliseconds)",
            "queue.buffering.max.messages": "\(KafkaLimits.producerQueueMessages)",
            "queue.buffering.max.kbytes": "\(KafkaLimits.producerQueueKilobytes)",
            "compression.type": writer.compresses ? "lz4" : "none",
            "linger.ms": "\(KafkaLimits.lingerMilliseconds)",
        ]
    }

    private func configuration(
        _ role: ClientRole, _ settings: [String: String], _ required: [String: String] = [:]
    ) throws(LogError) -> ConfigurationHandle {
        let configuration = ConfigurationHandle()
        var all: [String: String] = [
            "topic.metadata.refresh.fast.interval.ms": "50",
            "reconnect.backoff.ms": "50",
            "reconnect.backoff.max.ms": "1000",
            "socket.nagle.disable": "true",
            "log.connection.close": "false",
        ]
        all.merge(settings) { $1 }
        for (name, value) in options.properties where PropertyRules.applies(name, to: role) {
            all[name] = value
        }
        all.merge(required) { $1 }
        all["bootstrap.servers"] = address.bootstrap
        if all["client.id"] == nil { all["client.id"] = options.clientID }
        // In the names' order, so that of several mistakes the same one is told each time.
        for (name, value) in all.sorted(by: { $0.key < $1.key }) { try configuration.set(name, value) }
        return configuration
    }
}
