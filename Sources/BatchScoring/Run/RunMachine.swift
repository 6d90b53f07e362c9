internal import Basics

/// Decides what happens to a batch run: what is written, what is skipped, when it is complete, and what may
/// be decided about it.
///
/// A value without clock, disk or lock. The store loads it, hands it an event and writes it back within one
/// transaction, so several processes that score the same run at once share one truth: whoever comes second
/// with the same rows is told to skip them.
///
/// - running → approved, or held where that was asked for: every row of the input is written.
/// - held → approved: `approve`.
/// - any → rejected: `reject`. A running one stops at its next block.
/// - rejected → approved: `approve`, if complete.
/// - approved, rejected → held: `hold`, if complete; a rejected incomplete one becomes running again, a
///   running one will be held at its end.
public struct RunMachine: Sendable, Hashable {
    /// What happens.
    public enum Event: Sendable, Hashable {
        /// The command was given, for the first time or again.
        case begin(hold: Bool)
        /// A process has scored these rows (numbers among all rows of the input) and wants to write them.
        case block(Range<Int>)
        /// Rows up to `end` are written in this transaction.
        case stored(end: Int, predictions: Int, rejects: Int)
        /// The input has this many rows, rejects included, and no more.
        case inputEnded(rows: Int)
        /// Somebody wants it shown.
        case approve
        /// Somebody wants it to wait for a decision.
        case hold
        /// Somebody wants it out.
        case reject
    }

    /// What the owner of the machine is to do.
    public enum Action: Sendable, Hashable {
        /// Score the input from this row on.
        case score(from: Int)
        /// Write the rows from this one on; those before it are written already.
        case store(from: Int)
        /// Write nothing of the block.
        case skip
        /// Nothing is left to do.
        case finished
        /// Make it the newest approved run of its model.
        case show
        /// Take it out of the approved runs.
        case hide
    }

    /// The run's name, for messages.
    public let run: String
    /// Where it stands.
    public private(set) var state: RunState
    /// Whether every row of the input is written.
    public private(set) var isComplete: Bool
    /// Whether it waits for approval once it is complete.
    public private(set) var holdsAtEnd: Bool
    /// The first row of the input that is not written: where a resumed run goes on.
    public private(set) var nextRow: Int
    /// Predictions written.
    public private(set) var predictions: Int
    /// Rejected rows written.
    public private(set) var rejects: Int

    /// A run that has not begun.
    public init(run: String) {
        self.init(
            run: run, state: .running, isComplete: false, holdsAtEnd: false, nextRow: 0, predictions: 0,
            rejects: 0)
    }

    /// A run as it was stored.
    public init(
        run: String, state: RunState, isComplete: Bool, holdsAtEnd: Bool, nextRow: Int, predictions: Int,
        rejects: Int
    ) {
        self.run = run
        self.state = state
        self.isComplete = isComplete
        self.holdsAtEnd = holdsAtEnd
        self.nextRow = nextRow
        self.predictions = predictions
        self.rejects = rejects
    }

    /// Takes one event in and says what to do. Throws `state`, unchanged, where the run does not allow it.
    public mutating func handle(_ event: Event) throws(BatchError) -> [Action] {
        switch event {
        case .begin(let hold): return try begin(hold: hold)
        case .block(let rows): return try block(rows)
        case .stored(let end, let predictions, let rejects):
            precondition(
                end - nextRow == predictions + rejects && end >= nextRow,
                "rows \(nextRow)..<\(end) gave \(predictions) predictions and \(rejects) rejects")
            nextRow = end
            self.predictions += predictions
            self.rejects += rejects
            return []
        case .inputEnded(let rows): return try end(rows)
        case .approve: return try approve()
        case .hold: return hold()
        case .reject:
            defer { state = .rejected }
            return state == .approved ? [.hide] : []
        }
    }

    private mutating func begin(hold: Bool) throws(BatchError) -> [Action] {
        switch state {
        case .running:
            // A wish to hold is kept whichever of the two commands had it: nothing is shown by mistake.
            holdsAtEnd = holdsAtEnd || hold
            return [.score(from: nextRow)]
        case .held, .approved: return [.finished]
        case .rejected: throw rejectedError()
        }
    }

    private func block(_ rows: Range<Int>) throws(BatchError) -> [Action] {
        switch state {
        case .running:
            guard rows.lowerBound <= nextRow else {
                throw BatchError(
                    .state,
                    "run \(run): rows up to \(nextRow) are written, those from \(rows.lowerBound) were given",
                    recovery: .bug)
            }
            return rows.upperBound <= nextRow ? [.skip] : [.store(from: nextRow)]
        case .held, .approved: return [.finished]
        case .rejected: throw rejectedError()
        }
    }

    private mutating func end(_ rows: Int) throws(BatchError) -> [Action] {
        switch state {
        case .running: break
        case .held, .approved: return [.finished]
        case .rejected: throw rejectedError()
        }
        guard rows == nextRow else {
            throw BatchError(
                .inputChanged, "run \(run): the input has \(rows) rows, and \(nextRow) are written",
                hint: "the input must not change while it is scored")
        }
        isComplete = true
        state = holdsAtEnd ? .held : .approved
        return holdsAtEnd ? [.finished] : [.show, .finished]
    }

    private mutating func approve() throws(BatchError) -> [Action] {
        guard isComplete else {
            throw BatchError(
                .state, "run \(run) is not complete: \(nextRow) rows are written",
                hint: state == .rejected
                    ? "`modelcast batch hold \(run)` takes the rejection back; then repeat its `batch run`"
                    : "give its `batch run` command again and let it end")
        }
        guard state != .approved else { return [] }
        state = .approved
        return [.show]
    }

    private mutating func hold() -> [Action] {
        holdsAtEnd = true
        let wasApproved = state == .approved
        state = isComplete ? .held : .running
        return wasApproved ? [.hide] : []
    }

    private func rejectedError() -> BatchError {
        BatchError(
            .state, "run \(run) was rejected",
            hint: isComplete
                ? "`modelcast batch approve \(run)` shows it after all"
                : "`modelcast batch hold \(run)` takes the rejection back; then give the command again")
    }
}
