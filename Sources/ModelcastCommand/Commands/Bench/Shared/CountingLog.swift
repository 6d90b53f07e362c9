import Basics
import EventLog
import Synchronization

/// A log that counts what its readers without a group get, by topic, and passes everything on.
final class CountingLog: ForwardingLog {
    /// What came of a topic.
    struct Count: Sendable, Equatable {
        var records = 0
        /// Bytes of keys, values and headers.
        var bytes = 0
    }

    let base: any EventLog
    private let counts = Mutex<[TopicName: Count]>([:])

    init(_ base: any EventLog) { self.base = base }

    /// What was read of `topic` so far.
    func count(of topic: TopicName) -> Count { counts.withLock { $0[topic] ?? Count() } }

    fileprivate func note(_ batch: RecordBatch) {
        counts.withLock { counts in
            for index in 0..<batch.count {
                counts[batch.topic(at: index), default: Count()].records += 1
            }
            if batch.count > 0 { counts[batch.topic(at: 0), default: Count()].bytes += batch.byteCount }
        }
    }

    func reader(_ options: ReaderOptions) async throws(LogError) -> any PartitionReader {
        CountingReader(try await base.reader(options), self)
    }
}

private final class CountingReader: PartitionReader {
    private let base: any PartitionReader
    private let log: CountingLog

    init(_ base: any PartitionReader, _ log: CountingLog) {
        self.base = base
        self.log = log
    }

    func read(
        into batch: inout RecordBatch, limit: ReadLimit, wait: Duration
    ) async throws(LogError) -> ReadOutcome {
        let outcome = try await base.read(into: &batch, limit: limit, wait: wait)
        if case .records = outcome { log.note(batch) }
        return outcome
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try await base.seek(to: offsets)
    }

    func close(deadline: Duration) async { await base.close(deadline: deadline) }
}
