import Basics
import EventLog
import Synchronization

/// A log whose members lose their partitions, after their first records or before, and hear nothing more.
final class LosingLog: ForwardingLog {
    let base: any EventLog
    private let readsFirst: Bool
    private let answers: Bool

    /// Members get the first records of `base` when `readsFirst`; questions about the group fail unless it
    /// `answers`.
    init(_ base: any EventLog, readsFirst: Bool, answers: Bool) {
        self.base = base
        self.readsFirst = readsFirst
        self.answers = answers
    }

    func groupReader(_ options: GroupOptions) async throws(LogError) -> any GroupReader {
        LosingReader(try await base.groupReader(options), readsFirst: readsFirst)
    }

    func committedOffsets(
        of group: String, topic: TopicName
    ) async throws(LogError) -> [Partition: Offset] {
        guard answers else { throw LogError(.timedOut, "nobody answers", recovery: .retry) }
        return try await base.committedOffsets(of: group, topic: topic)
    }
}

private final class LosingReader: GroupReader {
    private let base: any GroupReader
    private let reads: Mutex<(hasRecords: Bool, hasLost: Bool)>

    var group: String { base.group }

    init(_ base: any GroupReader, readsFirst: Bool) {
        self.base = base
        reads = Mutex((hasRecords: !readsFirst, hasLost: false))
    }

    func read(
        into batch: inout RecordBatch, limit: ReadLimit, wait: Duration
    ) async throws(LogError) -> ReadOutcome {
        let state = reads.withLock { reads in
            defer { reads.hasLost = reads.hasRecords }
            return reads
        }
        guard state.hasRecords else {
            let outcome = try await base.read(into: &batch, limit: limit, wait: wait)
            if case .records = outcome { reads.withLock { $0.hasRecords = true } }
            return outcome
        }
        if !state.hasLost { return .revoking(await base.assignment(), lost: true) }
        try? await Task.sleep(for: wait)
        return .idle
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {}
    func assignment() async -> [TopicPartition] { [] }
    func commit(_ offsets: [TopicPartition: Offset]) async throws(LogError) { try await base.commit(offsets) }
    func lag() async -> [TopicPartition: Int64] { [:] }
    func close(deadline: Duration) async { await base.close(deadline: deadline) }
}
