import Arguments
import EventLog

/// Which log a command works on.
struct BrokerOptions: Sendable {
    static let broker = Option(
        "broker", .broker, default: "file:./modelcast.db", section: CommonOptions.section,
        help: "The log: file:PATH for the embedded one, kafka://HOST:PORT[,HOST:PORT] for Apache Kafka.")
    static let brokerConfig = Option(
        "broker-config", repeated: .keyValue, isSecret: true, section: CommonOptions.section,
        help: "A property of librdkafka, such as security.protocol=SASL_SSL.")
    static let brokerConfigFile = Option(
        "broker-config-file", optional: .file, section: CommonOptions.section,
        help: "A file of such properties, one KEY=VALUE a line; --broker-config overrides it.")
    static let topicPrefix = Option(
        "topic-prefix", optional: .topicPrefix, section: CommonOptions.section,
        help: "Put before the name of every built-in topic, so that several installations share a cluster.")

    static let all: [any DeclaredOption] = [broker, brokerConfig, brokerConfigFile, topicPrefix]

    /// Larger files are no files of properties.
    static let propertiesFileBytesMax = 1 << 20

    var url: BrokerURL
    var topicPrefix: String
    /// Properties of `--broker-config`; they may hold passwords.
    let properties: [KeyValue]
    let propertiesFile: String?

    init(values: Values) throws {
        url = try values[Self.broker]
        properties = try values[Self.brokerConfig]
        propertiesFile = try values[Self.brokerConfigFile]
        topicPrefix = try values[Self.topicPrefix] ?? ""
        guard case .file = url else { return }
        // The environment may hold them for other commands; on the command line they are a mistake.
        let kafkaOnly: [any DeclaredOption] = [Self.brokerConfig, Self.brokerConfigFile]
        for option in kafkaOnly where values.place(of: option) == "the command line" {
            throw UsageError(
                .conflict, "--\(option.spec.name) has no meaning for the embedded log \(url)",
                hint: "Give --broker kafka://HOST:PORT, or leave --\(option.spec.name) out.")
        }
    }
}

extension ValueParser where Value == BrokerURL {
    /// `file:PATH` or `kafka://HOST:PORT…`.
    static var broker: Self {
        ValueParser("URL") { text throws(ValueError) in try BrokerURL(text) }
    }
}

extension ValueParser where Value == String {
    /// The beginning of topic names: nothing, or characters that topic names may have.
    static var topicPrefix: Self {
        ValueParser("PREFIX", expected: "1 to 100 letters, digits, dots, underscores and hyphens") { text in
            text.utf8.count <= 100 && (try? TopicName(text)) != nil ? text : nil
        }
    }

    /// The name of a topic.
    static var topic: Self {
        ValueParser("TOPIC", expected: "a topic name: 1 to 249 letters, digits, dots, underscores, hyphens") {
            text in (try? TopicName(text)) != nil ? text : nil
        }
    }
}
