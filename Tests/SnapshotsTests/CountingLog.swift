import Basics
import EventLog
import EventLogTesting
import Synchronization

/// An in-memory log that counts what passes, and can change records on their way to a reader.
final class CountingLog: EventLog {
    struct Counts: Sendable, Hashable {
        var recordsRead: [TopicName: Int] = [:]
        var recordsSent: [TopicName: Int] = [:]
    }

    struct State {
        var counts = Counts()
        var mangle: (@Sendable (Record) -> Record?)?
        var sendsUntilDeath: Int?
    }

    let inner: InMemoryLog
    let state = Mutex(State())

    init(_ inner: InMemoryLog = InMemoryLog()) { self.inner = inner }

    var counts: Counts { state.withLock { $0.counts } }
    func resetCounts() { state.withLock { $0.counts = Counts() } }
    /// Records for which `change` returns another are read as that one.
    func mangle(_ change: (@Sendable (Record) -> Record?)?) { state.withLock { $0.mangle = change } }
    /// After so many batches were acknowledged, the publisher's process dies.
    func die(afterSends sends: Int) { state.withLock { $0.sendsUntilDeath = sends } }

    var name: String { inner.name }
    func create(_ topics: [TopicDefinition]) async throws(LogError) -> [TopicName] {
        try await inner.create(topics)
    }
    func topics() async throws(LogError) -> [TopicDescription] { try await inner.topics() }
    func partitionCount(of topic: TopicName) async throws(LogError) -> Int32? {
        try await inner.partitionCount(of: topic)
    }
    func watermarks(of topic: TopicName) async throws(LogError) -> [Partition: Watermarks] {
        try await inner.watermarks(of: topic)
    }
    func committedOffsets(of group: String, topic: TopicName) async throws(LogError) -> [Partition: Offset] {
        try await inner.committedOffsets(of: group, topic: topic)
    }
    func reader(_ options: ReaderOptions) async throws(LogError) -> any PartitionReader {
        CountingReader(try await inner.reader(options), self)
    }
    func groupReader(_ options: GroupOptions) async throws(LogError) -> any GroupReader {
        try await inner.groupReader(options)
    }
    func writer(_ options: WriterOptions) async throws(LogError) -> any LogWriter {
        CountingWriter(try await inner.writer(options), self)
    }
    func transactionalWriter(id: String, _ options: WriterOptions) async throws(LogError)
        -> any TransactionalWriter
    {
        try await inner.transactionalWriter(id: id, options)
    }
    func close(deadline: Duration) async { await inner.close(deadline: deadline) }
}

private final class CountingReader: PartitionReader {
    private let inner: any PartitionReader
    private let log: CountingLog

    init(_ inner: any PartitionReader, _ log: CountingLog) {
        self.inner = inner
        self.log = log
    }

    func read(into batch: inout RecordBatch, limit: ReadLimit, wait: Duration) async throws(LogError)
        -> ReadOutcome
    {
        let outcome = try await inner.read(into: &batch, limit: limit, wait: wait)
        let records = batch.records
        let mangled = log.state.withLock { state -> [Record]? in
            for record in records { state.counts.recordsRead[record.topic, default: 0] += 1 }
            return state.mangle.map { mangle in records.map { mangle($0) ?? $0 } }
        }
        if let mangled { batch = RecordBatch(mangled) }
        return outcome
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try await inner.seek(to: offsets)
    }
    func close(deadline: Duration) async { await inner.close(deadline: deadline) }
}

private final class CountingWriter: LogWriter {
    private let inner: any LogWriter
    private let log: CountingLog

    init(_ inner: any LogWriter, _ log: CountingLog) {
        self.inner = inner
        self.log = log
    }

    func send(_ batch: RecordBatch) async throws(LogError) -> [RecordPlace] {
        let lives = log.state.withLock { state -> Bool in
            guard let left = state.sendsUntilDeath else { return true }
            state.sendsUntilDeath = left - 1
            return left > 0
        }
        guard lives else { throw LogError.closed("the killed process's writer") }
        let places = try await inner.send(batch)
        log.state.withLock { state in
            for place in places { state.counts.recordsSent[place.partition.topic, default: 0] += 1 }
        }
        return places
    }

    func close(deadline: Duration) async { await inner.close(deadline: deadline) }
}
