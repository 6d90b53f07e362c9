internal import Basics

/// When the open transaction ends: a pure value.
///
/// A transaction costs about the same whatever it holds. So while the stream is behind, transactions are
/// large; where the events come as they are scored, each ends as soon as the one before is committed, and
/// latency is what a commit takes. Without transactions nobody waits for a commit of offsets, which only
/// bounds what is repeated after a crash.
struct TransactionPolicy: Sendable {
    /// What is known when the question is asked.
    struct State: Sendable {
        /// Input records of the open transaction.
        var records: Int
        /// Since its first.
        var age: Duration
        /// Whether the transaction before is still being committed.
        var isCommitting: Bool
        /// Whether much more input waits than was read.
        var isBehind: Bool
    }

    private let recordsMax: Int
    private let time: Duration
    private let hurries: Bool

    /// The policy of a service with these limits.
    init(_ limits: ScoringLimits, delivery: Delivery) {
        recordsMax = limits.transactionRecordsMax
        time = limits.transactionTime
        hurries = delivery == .exactlyOnce
    }

    /// Whether the open transaction is to end now.
    func isOver(_ state: State) -> Bool {
        if state.isCommitting { return false }
        if state.records >= recordsMax || state.age >= time { return true }
        return hurries && !state.isBehind
    }

    /// Whether it may take more input.
    func takesMore(_ records: Int) -> Bool { records < recordsMax }

    /// How long nothing can change the answer but more records and the end of a commit.
    func rest(_ age: Duration) -> Duration { max(.milliseconds(1), time - age) }
}
