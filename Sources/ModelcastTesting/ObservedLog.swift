public import EventLog
internal import Synchronization

/// An `EventLog` that passes everything on to another one, counts the records that pass, and can change
/// them on their way to a reader or let its process die: for tests that ask what was read and sent, and
/// what becomes of damaged records.
///
/// Safe to call from any thread.
public final class ObservedLog: ForwardingLog {
    /// Records that passed, by topic.
    public struct Counts: Sendable, Hashable {
        /// Records that readers got.
        public var read: [TopicName: Int] = [:]
        /// Records that writers sent and the log acknowledged.
        public var sent: [TopicName: Int] = [:]
    }

    struct State {
        var counts = Counts()
        var change: (@Sendable (Record) -> Record?)?
        var sendsLeft: Int?
    }

    public let base: any EventLog
    let state = Mutex(State())

    /// Passes on to `base`.
    public init(_ base: any EventLog) { self.base = base }

    /// What has passed since the start or the last `resetCounts`.
    public var counts: Counts { state.withLock { $0.counts } }

    /// Counts from zero again.
    public func resetCounts() {
        state.withLock { $0.counts = Counts() }
    }

    /// Readers get what `change` makes of each record; nil leaves it as it is. Nil ends that.
    public func changeReads(_ change: (@Sendable (Record) -> Record?)?) {
        state.withLock { $0.change = change }
    }

    /// After `sends` more batches, every send fails as if the process had been killed before it. Nil ends
    /// that.
    public func die(afterSends sends: Int?) {
        state.withLock { $0.sendsLeft = sends }
    }

    public func reader(_ options: ReaderOptions) async throws(LogError) -> any PartitionReader {
        ObservedReader(try await base.reader(options), self)
    }

    public func writer(_ options: WriterOptions) async throws(LogError) -> any LogWriter {
        ObservedWriter(try await base.writer(options), self)
    }
}

private final class ObservedReader: PartitionReader {
    private let base: any PartitionReader
    private let log: ObservedLog

    init(_ base: any PartitionReader, _ log: ObservedLog) {
        self.base = base
        self.log = log
    }

    func read(
        into batch: inout RecordBatch, limit: ReadLimit, wait: Duration
    ) async throws(LogError) -> ReadOutcome {
        let outcome = try await base.read(into: &batch, limit: limit, wait: wait)
        let records = batch.records
        let change = log.state.withLock { state in
            for record in records { state.counts.read[record.topic, default: 0] += 1 }
            return state.change
        }
        if let change { batch = RecordBatch(records.map { change($0) ?? $0 }) }
        return outcome
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try await base.seek(to: offsets)
    }

    func close(deadline: Duration) async {
        await base.close(deadline: deadline)
    }
}

private final class ObservedWriter: LogWriter {
    private let base: any LogWriter
    private let log: ObservedLog

    init(_ base: any LogWriter, _ log: ObservedLog) {
        self.base = base
        self.log = log
    }

    func send(_ batch: RecordBatch) async throws(LogError) -> [RecordPlace] {
        let lives = log.state.withLock { state -> Bool in
            guard let left = state.sendsLeft else { return true }
            state.sendsLeft = max(0, left - 1)
            return left > 0
        }
        guard lives else { throw LogError.closed("the killed process's writer") }
        let places = try await base.send(batch)
        log.state.withLock { state in
            for place in places { state.counts.sent[place.partition.topic, default: 0] += 1 }
        }
        return places
    }

    func close(deadline: Duration) async {
        await base.close(deadline: deadline)
    }
}
