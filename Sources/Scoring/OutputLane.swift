internal import Basics
internal import EventLog

/// One of the two ways out that take turns: while one commits, the other gathers.
///
/// One task at a time uses a lane.
protocol OutputLane: AnyObject, Sendable {
    /// Opens the next transaction.
    func begin() async throws(LogError)
    /// Adds scored records. Returns before they are acknowledged.
    func add(_ batch: RecordBatch) async throws(LogError)
    /// Waits until everything added is in the log, together with the input that it used up.
    func finish(_ consumed: ConsumedOffsets) async throws(LogError)
    /// Drops what was added.
    func abort() async throws(LogError)
    /// Frees the lane by `deadline`.
    func close(deadline: Duration) async
}

/// Exactly once: predictions, dead letters and consumed offsets commit in one transaction.
final class TransactionalLane: OutputLane {
    private let writer: any TransactionalWriter

    init(_ writer: any TransactionalWriter) {
        self.writer = writer
    }

    func begin() async throws(LogError) { try await writer.begin() }
    func add(_ batch: RecordBatch) async throws(LogError) { try await writer.send(batch) }
    func finish(_ consumed: ConsumedOffsets) async throws(LogError) {
        try await writer.commit(consumed: consumed)
    }
    func abort() async throws(LogError) { try await writer.abort() }
    func close(deadline: Duration) async { await writer.close(deadline: deadline) }
}

/// At least once: offsets are committed after every record is acknowledged; a crash between the two repeats
/// records. They are on their way as soon as they are added.
final class AcknowledgedLane: OutputLane {
    private let writer: any LogWriter

    init(_ writer: any LogWriter) {
        self.writer = writer
    }

    func begin() async throws(LogError) {}

    func add(_ batch: RecordBatch) async throws(LogError) { try await writer.post(batch) }

    func finish(_ consumed: ConsumedOffsets) async throws(LogError) {
        try await writer.settle()
        try await consumed.reader.commit(consumed.offsets)
    }

    func abort() async throws(LogError) {
        // What is on its way stays; a loss is repeated with its input, which is read again.
        _ = try? await writer.settle()
    }

    func close(deadline: Duration) async { await writer.close(deadline: deadline) }
}
