import Basics
import EventLog
import Tabular

/// Sends the events of a table at a rate: reads the next batch while the log takes this one.
struct EventSender {
    /// What was sent.
    struct Outcome: Sendable {
        var events = 0
        var labels = 0
        var rejects = 0
        var firstReject: TabularError?
        var eventsPerSecond = 0.0
    }

    /// Rows of one batch at full speed.
    static let batchRows = 2_000
    /// Batches per second when a rate is given: more are smoother, fewer cheaper.
    static let batchesPerSecond = 20.0

    /// How long a batch may wait for its acknowledgement once the command was asked to stop.
    static let stopDeadline = Duration.seconds(5)

    private let rows: EventRows
    private let rate: Double?
    private let batchRows: Int
    private let first: EventRows.Chunk?

    /// Opens the table and reads its first rows.
    init(plan: EventRows.Plan, rate: Double?) async throws {
        self.rate = rate
        batchRows =
            rate.map { min(Self.batchRows, max(1, Int($0 / Self.batchesPerSecond))) } ?? Self.batchRows
        rows = EventRows(plan)
        first = try await rows.next(rowsMax: batchRows)
    }

    /// Sends everything, or what there is time for before `stop` is raised. `gate` is awaited before each
    /// batch with the events sent so far.
    func run(
        log: any EventLog, stop: StopSignal, gate: (Int) async throws -> Void = { _ in },
        progress: (Int) -> Void = { _ in }
    ) async throws -> Outcome {
        let writer = try await log.writer(WriterOptions(compresses: true))
        let time = SystemTime()
        let start = time.elapsed()
        var outcome = Outcome()
        var chunk = first
        // What waits for a log that does not answer ends when it is closed under it.
        let ending = Task {
            while !stop.isRaised { try await time.sleep(for: .milliseconds(50)) }
            try await time.sleep(for: Self.stopDeadline)
            await writer.close(deadline: .seconds(1))
        }
        defer { ending.cancel() }
        var waiting = 0
        do {
            while let current = chunk, !stop.isRaised {
                try await gate(outcome.events)
                async let next = rows.next(rowsMax: batchRows)
                waiting = current.events + current.labels
                if !current.records.isEmpty { _ = try await writer.send(current.records) }
                waiting = 0
                outcome.events += current.events
                outcome.labels += current.labels
                outcome.rejects += current.rejects.count
                if outcome.firstReject == nil { outcome.firstReject = current.rejects.first }
                progress(outcome.events)
                if let rate {
                    let due = Duration.seconds(Double(outcome.events) / rate)
                    try await time.sleep(for: due - (time.elapsed() - start))
                }
                chunk = try await next
            }
        } catch {
            await writer.close(deadline: .seconds(5))
            throw Self.telling(outcome, waiting, of: error, log: log.name)
        }
        await writer.close(deadline: .seconds(5))
        let elapsed = (time.elapsed() - start).seconds
        outcome.eventsPerSecond = elapsed > 0 ? Double(outcome.events) / elapsed : 0
        return outcome
    }

    /// `error` of the log with what was sent before.
    private static func telling(
        _ outcome: Outcome, _ waiting: Int, of error: any Error, log: String
    ) -> any Error {
        guard let error = error as? LogError else { return error }
        let doubt = waiting == 0 ? "" : "; whether the next \(waiting) were written is not known"
        let hint = "send the rows from number \(outcome.events + outcome.rejects + 1) on again"
        return LogError(
            error.code,
            "sending to \(log) stopped after \(outcome.events) events\(doubt): \(error.message)",
            hint: error.hint.isEmpty ? hint : "\(error.hint); then \(hint)", severity: error.severity,
            recovery: error.recovery, cause: error)
    }
}
