/// An append-only log of topics: the one thing that carries models, events and predictions.
///
/// The engines (`KafkaLog`, `EmbeddedLog`) and the in-memory log of the test kit behave alike; the
/// conformance suite in `EventLogTesting` says how. All methods are safe to call from any thread; none blocks
/// a thread of Swift's pool.
///
/// ```swift
/// let writer = try await log.writer()
/// let places = try await writer.send(RecordBatch([Record(topic: "greetings", value: Array("hello".utf8))]))
/// ```
public protocol EventLog: Sendable {
    /// What it is, for messages: its URL without secrets.
    var name: String { get }

    /// Creates the topics that do not exist. A topic that exists with another number of partitions or another
    /// cleanup policy is a `topicMismatch`; other settings of it are left alone. Returns the names that it
    /// created.
    @discardableResult
    func create(_ topics: [TopicDefinition]) async throws(LogError) -> [TopicName]

    /// All topics but the engine's own, by name.
    func topics() async throws(LogError) -> [TopicDescription]

    /// How many partitions `topic` has; nil when it does not exist.
    func partitionCount(of topic: TopicName) async throws(LogError) -> Int32?

    /// The ends of every partition of `topic`, as a `read_committed` reader sees them.
    func watermarks(of topic: TopicName) async throws(LogError) -> [Partition: Watermarks]

    /// The offsets that `group` has committed for `topic`: the next record to read. Partitions without one
    /// are absent.
    func committedOffsets(of group: String, topic: TopicName) async throws(LogError) -> [Partition: Offset]

    /// A reader of the partitions that it is told, without a group.
    func reader(_ options: ReaderOptions) async throws(LogError) -> any PartitionReader

    /// A member of a consumer group, which gets its share of the topics' partitions.
    func groupReader(_ options: GroupOptions) async throws(LogError) -> any GroupReader

    /// A writer whose records are written once each, in order for each partition, however often the
    /// connection fails.
    func writer(_ options: WriterOptions) async throws(LogError) -> any LogWriter

    /// A writer of transactions. Making it fences every older writer of the same `id` and aborts what that
    /// left open, so it returns only when the outcome of all older transactions is known.
    func transactionalWriter(id: String, _ options: WriterOptions) async throws(LogError)
        -> any TransactionalWriter

    /// Closes the log and what was made from it. Returns by `deadline` even when a broker never answers
    /// again.
    func close(deadline: Duration) async
}

extension EventLog {
    /// A writer with the default options.
    public func writer() async throws(LogError) -> any LogWriter {
        try await writer(WriterOptions())
    }

    /// A writer of transactions with the default options.
    public func transactionalWriter(id: String) async throws(LogError) -> any TransactionalWriter {
        try await transactionalWriter(id: id, WriterOptions())
    }
}
