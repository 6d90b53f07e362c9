/// An error in librdkafka's own words: the `cause` of a `LogError` of this engine.
public struct KafkaFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// librdkafka's number; negative ones are the client's own, positive ones the broker's.
    public let code: Int32
    /// What librdkafka said.
    public let text: String
    /// Whether the client cannot go on.
    public let isFatal: Bool
    /// Whether the same call may be made again.
    public let isRetriable: Bool
    /// Whether the open transaction must be aborted.
    public let needsAbort: Bool

    /// The failure numbered `code`.
    init(
        code: Int32, text: String = "", isFatal: Bool = false, isRetriable: Bool = false,
        needsAbort: Bool = false
    ) {
        self.code = code
        self.text = text
        self.isFatal = isFatal
        self.isRetriable = isRetriable
        self.needsAbort = needsAbort
    }

    /// Kafka's name of the error, such as `UNKNOWN_TOPIC_OR_PART`; the client's own begin with an underscore.
    public var name: String { KafkaErrorTable.name(of: code) }

    public var description: String {
        text.isEmpty ? name : "\(name): \(text)"
    }
}
