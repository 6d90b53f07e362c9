internal import EventLog

/// Failures in a row, without a commit between them.
struct FailureStreak {
    private var began: ContinuousClock.Instant?
    private var count = 0

    /// Throws `error`, of something that began at `start`, when nothing could be committed for `limit`.
    mutating func note(
        _ error: LogError, since start: ContinuousClock.Instant, giveUpAfter limit: Duration
    ) throws(LogError) {
        began = began ?? start
        count += 1
        if hasLasted(limit) { throw error }
    }

    /// Whether nothing could be committed for `limit`.
    func hasLasted(_ limit: Duration) -> Bool { began.map { $0.duration(to: .now) >= limit } ?? false }

    /// A transaction was committed.
    mutating func reset() {
        began = nil
        count = 0
    }

    /// How long to wait before the next try: doubling from 20 ms to a second. What can only be aborted is
    /// tried again at once, for it is mostly a group that shares its work anew; but not again and again, as
    /// on a full disk.
    func pause(after error: LogError) -> Duration {
        error.severity == .retriable || count > 1 ? .milliseconds(min(1_000, 20 << min(count, 6))) : .zero
    }
}
