internal import Basics
internal import EventLog
internal import Synchronization

/// Reads the next batch beside the scoring of the one before: one read at a time.
///
/// The batch is handed over by `take`, never copied. Safe to use from any thread; one task at a time reads,
/// and another takes what it brought.
final class ReadAhead: Sendable {
    /// What a read brought.
    struct Outcome: Sendable {
        var outcome: ReadOutcome
        /// Whether much more waits in the log.
        var isBehind = false
    }

    private let reader: any GroupReader
    private let limit: ReadLimit
    private let batch = Mutex(RecordBatch())

    /// Reads batches of at most `limit` from `reader`.
    init(_ reader: any GroupReader, limit: ReadLimit) {
        self.reader = reader
        self.limit = limit
    }

    /// One read. What was read before must have been taken.
    func read(wait: Duration) async throws(LogError) -> Outcome {
        var records = RecordBatch()
        batch.withLock { swap(&$0, &records) }
        records.removeAll()
        let outcome: ReadOutcome
        do throws(LogError) {
            outcome = try await reader.read(into: &records, limit: limit, wait: wait)
        } catch {
            put(&records)
            throw error
        }
        let count = records.count
        let isFull = count >= limit.records || records.byteCount >= limit.bytes
        put(&records)
        guard case .records = outcome else { return Outcome(outcome: outcome) }
        if isFull { return Outcome(outcome: outcome, isBehind: true) }
        // A reader that is waited for brings less than it might although more is there. Asking costs a hop,
        // which a small batch is not worth.
        guard count >= limit.records / 8 else { return Outcome(outcome: outcome) }
        let lag = await reader.lag().values.reduce(0, +)
        return Outcome(outcome: outcome, isBehind: lag >= limit.records)
    }

    /// Exchanges the records that were read for `spent`, whose memory is used again.
    func take(_ spent: inout RecordBatch) {
        put(&spent)
    }

    private func put(_ records: inout RecordBatch) {
        batch.withLock { swap(&$0, &records) }
    }
}
