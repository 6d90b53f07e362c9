internal import EventLog

/// How to reach and use a Kafka cluster: librdkafka's own properties, and a few settings beside them.
///
/// Every description leaves out secrets, so that options may be logged. A value; safe to send between
/// threads.
///
/// ```swift
/// var options = KafkaOptions()
/// options.useTLS(authorityFile: "/etc/kafka/ca.pem")
/// try options.useSASL(.scramSHA512, user: "modelcast", password: password)
/// let log = try KafkaLog.open(url: "kafka://broker-1:9093,broker-2:9093", options: options)
/// ```
public struct KafkaOptions: Sendable {
    /// How a password is proven to the broker.
    public enum Mechanism: String, Sendable, Hashable, CaseIterable {
        /// The password itself; only sensible over TLS.
        case plain = "PLAIN"
        /// Salted challenge and response with SHA-256.
        case scramSHA256 = "SCRAM-SHA-256"
        /// Salted challenge and response with SHA-512.
        case scramSHA512 = "SCRAM-SHA-512"
    }

    /// Properties by librdkafka's names (CONFIGURATION.md). Those that only one role understands reach only
    /// that role; an unknown name, and one that the engine's guarantees rest on, is a `configuration` error
    /// when the log is opened.
    public var properties: [String: String]
    /// The name that brokers show for this program.
    public var clientID: String
    /// How long an administrative call, a commit of offsets or a fencing may take.
    public var requestTimeout: Duration
    /// Where librdkafka's log lines go; called on its threads, so it must be quick. Nil: nowhere.
    public var log: (@Sendable (KafkaLogLine) -> Void)?

    /// Options with these properties.
    public init(
        properties: [String: String] = [:], clientID: String = "modelcast",
        requestTimeout: Duration = .seconds(10), log: (@Sendable (KafkaLogLine) -> Void)? = nil
    ) {
        self.properties = properties
        self.clientID = clientID
        self.requestTimeout = requestTimeout
        self.log = log
    }

    /// Encrypts connections and checks the brokers' certificates and host names. `authorityFile` is the
    /// certificate of the authority (nil: the system's); a certificate and key identify this client, where
    /// brokers ask for one.
    public mutating func useTLS(
        authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil,
        keyPassword: String? = nil
    ) {
        let withSASL = properties["security.protocol"]?.lowercased().hasPrefix("sasl") == true
        properties["security.protocol"] = withSASL ? "SASL_SSL" : "SSL"
        properties["ssl.endpoint.identification.algorithm"] = "https"
        properties["ssl.ca.location"] = authorityFile
        properties["ssl.certificate.location"] = certificateFile
        properties["ssl.key.location"] = keyFile
        properties["ssl.key.password"] = keyPassword
    }

    /// Proves `user` with `password`. Keeps TLS when it is already in use.
    public mutating func useSASL(_ mechanism: Mechanism, user: String, password: String) {
        let withTLS = properties["security.protocol"]?.lowercased().hasSuffix("ssl") == true
        properties["security.protocol"] = withTLS ? "SASL_SSL" : "SASL_PLAINTEXT"
        properties["sasl.mechanisms"] = mechanism.rawValue
        properties["sasl.username"] = user
        properties["sasl.password"] = password
    }
}

extension KafkaOptions: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The properties by name, secrets replaced by `***`.
    public var redactedProperties: [String: String] {
        var shown = properties
        for name in properties.keys where PropertyRules.isSecret(name) { shown[name] = "***" }
        return shown
    }

    public var description: String {
        let pairs = redactedProperties.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return "KafkaOptions(clientID: \(clientID), \(pairs.joined(separator: ", ")))"
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror {
        Mirror(self, children: ["clientID": clientID, "properties": redactedProperties])
    }
}

/// One line of librdkafka's log.
public struct KafkaLogLine: Sendable, Hashable {
    /// How serious a line is, in the words of syslog.
    public enum Level: Int, Sendable, Comparable {
        case emergency, alert, critical, error, warning, notice, info, debug

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// How serious it is; smaller is worse.
    public var level: Level
    /// librdkafka's word for the part that speaks, such as `FAIL`.
    public var facility: String
    /// The line.
    public var text: String

    /// A line of the log.
    public init(level: Level, facility: String, text: String) {
        self.level = level
        self.facility = facility
        self.text = text
    }
}

/// Carries librdkafka's log lines to the options' closure.
final class LogSink: Sendable {
    private let forward: (@Sendable (KafkaLogLine) -> Void)?

    /// Forwards to `forward`, if any.
    init(_ forward: (@Sendable (KafkaLogLine) -> Void)?) {
        self.forward = forward
    }

    /// Takes a line with a syslog level; called on any thread.
    func take(level: Int32, facility: String, text: String) {
        let level = KafkaLogLine.Level(rawValue: Int(level)) ?? .info
        forward?(KafkaLogLine(level: level, facility: facility, text: text))
    }
}
