/// What a log does with old records of a topic.
public enum CleanupPolicy: String, Sendable, Hashable, CaseIterable {
    /// Removes them by age or size.
    case delete
    /// Keeps the last record of each key; a tombstone removes the key.
    case compact
}

/// A topic as it is to be created.
public struct TopicDefinition: Hashable, Sendable {
    /// The name.
    public var name: TopicName
    /// How many partitions; fixed from then on.
    public var partitions: Int32
    /// What happens to old records.
    public var cleanup: CleanupPolicy
    /// How long records stay under `.delete`; nil: for ever.
    public var retention: Duration?
    /// Copies on different brokers; nil: the broker's default. The embedded log ignores it.
    public var replication: Int16?
    /// Further properties by Kafka's names (`segment.ms`, …). The embedded log ignores what it does not know.
    public var properties: [String: String]

    /// A topic to create.
    public init(
        name: TopicName, partitions: Int32, cleanup: CleanupPolicy = .delete, retention: Duration? = nil,
        replication: Int16? = nil, properties: [String: String] = [:]
    ) {
        self.name = name
        self.partitions = partitions
        self.cleanup = cleanup
        self.retention = retention
        self.replication = replication
        self.properties = properties
    }
}

/// A topic as the log has it.
public struct TopicDescription: Hashable, Sendable {
    /// The name.
    public var name: TopicName
    /// How many partitions.
    public var partitions: Int32
    /// What happens to old records; nil where the log does not tell.
    public var cleanup: CleanupPolicy?

    /// A topic that exists.
    public init(name: TopicName, partitions: Int32, cleanup: CleanupPolicy?) {
        self.name = name
        self.partitions = partitions
        self.cleanup = cleanup
    }
}

/// The ends of a partition.
public struct Watermarks: Hashable, Sendable {
    /// The first offset that still has a record, or `high` when there is none.
    public var low: Offset
    /// The offset that the next record will get, at the least; a reader that stands here is caught up.
    public var high: Offset

    /// The ends of a partition.
    public init(low: Offset, high: Offset) {
        self.low = low
        self.high = high
    }
}
