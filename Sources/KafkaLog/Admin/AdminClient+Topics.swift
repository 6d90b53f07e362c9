internal import Basics
internal import EventLog

extension AdminClient {
    /// The broker's own topics.
    private static let internalTopics: Set<String> = [
        "__consumer_offsets", "__transaction_state", "__share_group_state", "__cluster_metadata",
    ]

    /// All topics but the broker's own, by name.
    func topics() async throws(LogError) -> [TopicDescription] {
        try await call { handle, call throws(LogError) in
            let found = try call.repeatedly(handle, "listing topics") { handle, milliseconds in
                handle.metadata(of: nil, milliseconds: milliseconds)
            }
            let shown = found.filter { $0.code == 0 && !AdminClient.internalTopics.contains($0.name) }
            let policies = try AdminClient.policies(handle, call, of: shown.map(\.name))
            var topics: [TopicDescription] = []
            for topic in shown.sorted(by: { $0.name < $1.name }) {
                topics.append(
                    TopicDescription(
                        name: try TopicName(topic.name), partitions: topic.partitions,
                        cleanup: policies[topic.name].flatMap(CleanupPolicy.init(rawValue:))))
            }
            return topics
        }
    }

    /// How many partitions `topic` has; nil when it does not exist.
    func partitionCount(of topic: TopicName) async throws(LogError) -> Int32? {
        try await call { handle, call throws(LogError) in
            try AdminClient.describe(handle, call, topic)?.partitions
        }
    }

    /// How many partitions `topic` has. Throws `notFound` when it does not exist.
    func existingPartitionCount(of topic: TopicName) async throws(LogError) -> Int32 {
        try await call { handle, call throws(LogError) in
            try AdminClient.describeExisting(handle, call, topic).partitions
        }
    }

    /// Creates the topics that do not exist, waits until they can be used, and returns their names.
    func create(_ topics: [TopicDefinition]) async throws(LogError) -> [TopicName] {
        try await call { handle, call throws(LogError) in
            var created: [TopicName] = []
            for topic in topics {
                if try AdminClient.create(handle, call, topic) { created.append(topic.name) }
            }
            for topic in created { try AdminClient.awaitLeaders(handle, call, topic) }
            return created
        }
    }

    private static func create(
        _ handle: borrowing ClientHandle, _ call: AdminCall, _ topic: TopicDefinition
    ) throws(LogError) -> Bool {
        if let known = try describe(handle, call, topic.name) {
            try check(handle, call, topic, known)
            return false
        }
        let what = "creating topic \(topic.name)"
        do throws(LogError) {
            let event = try call.answer(handle, what) { handle, queue throws(LogError) in
                let objection = handle.requestCreation(of: topic, milliseconds: call.rest, into: queue)
                if let objection {
                    throw LogError(.configuration, "\(what): \(objection)", recovery: .fixInput)
                }
            }
            if let failure = event.creationFailure() { throw LogError.kafka(failure, what) }
        } catch {
            // Somebody else was faster: then it is a topic that exists.
            guard let cause = error.cause as? KafkaFailure, cause.name == "TOPIC_ALREADY_EXISTS" else {
                throw error
            }
            try awaitLeaders(handle, call, topic.name)
            if let known = try describe(handle, call, topic.name) { try check(handle, call, topic, known) }
            return false
        }
        return true
    }

    private static func check(
        _ handle: borrowing ClientHandle, _ call: AdminCall, _ topic: TopicDefinition, _ known: TopicMetadata
    ) throws(LogError) {
        if known.partitions != topic.partitions {
            throw LogError(
                .topicMismatch,
                "topic \(topic.name) has \(known.partitions) partitions, \(topic.partitions) were asked for",
                hint: "use another name, or ask for \(known.partitions)", recovery: .fixConfiguration)
        }
        let policies = try policies(handle, call, of: [topic.name.text])
        if let policy = policies[topic.name.text], policy != topic.cleanup.rawValue {
            throw LogError(
                .topicMismatch,
                "topic \(topic.name) has cleanup.policy '\(policy)', "
                    + "'\(topic.cleanup.rawValue)' was asked for",
                hint: "use another name, or change the topic's cleanup.policy", recovery: .fixConfiguration)
        }
    }

    /// The topic's metadata; nil when it does not exist.
    static func describe(
        _ handle: borrowing ClientHandle, _ call: AdminCall, _ name: TopicName
    ) throws(LogError) -> TopicMetadata? {
        guard let topic = TopicHandle(handle, name) else {
            throw LogError(.invalidTopic, "librdkafka refuses the topic '\(name)'", recovery: .fixInput)
        }
        let what = "looking up topic \(name)"
        let found = try call.repeatedly(handle, what) { handle, milliseconds in
            handle.metadata(of: topic, milliseconds: milliseconds)
        }
        guard let first = found.first else { return nil }
        if first.code == 0 { return first.partitions > 0 ? first : nil }
        let row = KafkaErrorTable.row(of: first.code)
        if row.code == .notFound { return nil }
        if row.isRetriable { return first.partitions > 0 ? first : nil }
        throw LogError.kafka(KafkaFailure(code: first.code), what)
    }

    /// The topic's metadata. A topic that the asked broker does not know is asked for again for a moment.
    static func describeExisting(
        _ handle: borrowing ClientHandle, _ call: AdminCall, _ name: TopicName
    ) throws(LogError) -> TopicMetadata {
        let appearing = Deadline(after: KafkaLimits.unknownTopicPatience)
        while true {
            if let topic = try describe(handle, call, name) { return topic }
            guard !appearing.isOver else { throw LogError.noTopic(name) }
            Pause.milliseconds(10)
        }
    }

    private static func awaitLeaders(
        _ handle: borrowing ClientHandle, _ call: AdminCall, _ name: TopicName
    ) throws(LogError) {
        let deadline = Deadline(after: KafkaLimits.topicPropagation)
        while true {
            if let topic = try describe(handle, call, name), topic.isLed, topic.code == 0 { return }
            guard !deadline.isOver else {
                throw LogError.timedOut(
                    "waiting for the leaders of topic \(name)", after: deadline.limit, cause: nil)
            }
            Pause.milliseconds(10)
        }
    }

    /// The cleanup policy by topic, where the brokers tell it: that takes the right to describe settings.
    private static func policies(
        _ handle: borrowing ClientHandle, _ call: AdminCall, of topics: [String]
    ) throws(LogError) -> [String: String] {
        if topics.isEmpty { return [:] }
        do throws(LogError) {
            let event = try call.answer(handle, "reading settings of topics") {
                handle, queue throws(LogError) in
                handle.requestSettings(of: topics, milliseconds: call.rest, into: queue)
            }
            return event.settings(named: "cleanup.policy")
        } catch {
            if error.code == .denied || error.code == .configuration { return [:] }
            throw error
        }
    }
}

extension TopicDefinition {
    /// The topic's settings by Kafka's names.
    var kafkaConfiguration: [String: String] {
        var settings = properties
        settings["cleanup.policy"] = cleanup.rawValue
        if cleanup == .delete {
            settings["retention.ms"] = retention.map { "\(max(0, $0.wholeMilliseconds))" } ?? "-1"
        }
        return settings
    }
}
