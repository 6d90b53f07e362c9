/// An `EventLog` that passes everything on to another one, but for what it declares itself: the base of logs
/// that count, change or refuse what passes.
public protocol ForwardingLog: EventLog {
    /// The log that does the work.
    var base: any EventLog { get }
}

extension ForwardingLog {
    public var name: String { base.name }

    @discardableResult
    public func create(_ topics: [TopicDefinition]) async throws(LogError) -> [TopicName] {
        try await base.create(topics)
    }

    public func topics() async throws(LogError) -> [TopicDescription] { try await base.topics() }

    public func partitionCount(of topic: TopicName) async throws(LogError) -> Int32? {
        try await base.partitionCount(of: topic)
    }

    public func watermarks(of topic: TopicName) async throws(LogError) -> [Partition: Watermarks] {
        try await base.watermarks(of: topic)
    }

    public func committedOffsets(
        of group: String, topic: TopicName
    ) async throws(LogError) -> [Partition: Offset] {
        try await base.committedOffsets(of: group, topic: topic)
    }

    public func reader(_ options: ReaderOptions) async throws(LogError) -> any PartitionReader {
        try await base.reader(options)
    }

    public func groupReader(_ options: GroupOptions) async throws(LogError) -> any GroupReader {
        try await base.groupReader(options)
    }

    public func writer(_ options: WriterOptions) async throws(LogError) -> any LogWriter {
        try await base.writer(options)
    }

    public func transactionalWriter(
        id: String, _ options: WriterOptions
    ) async throws(LogError) -> any TransactionalWriter {
        try await base.transactionalWriter(id: id, options)
    }

    public func close(deadline: Duration) async { await base.close(deadline: deadline) }
}
