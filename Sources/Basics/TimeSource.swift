internal import Synchronization

/// Where a component gets the time: the system's, or a simulated one that tests move by hand.
public protocol TimeSource: Sendable {
    /// The wall clock.
    func wall() -> Timestamp
    /// Time since some fixed point; never goes back.
    func elapsed() -> Duration
    /// Returns after `duration`, or throws `CancellationError`.
    func sleep(for duration: Duration) async throws
}

/// The machine's own clocks.
public struct SystemTime: TimeSource {
    private static let start = ContinuousClock.now

    /// The system's time.
    public init() {}

    public func wall() -> Timestamp { .now }

    public func elapsed() -> Duration { ContinuousClock.now - SystemTime.start }

    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }
}

/// Time that stands still until `advance(by:)` moves it; sleepers wake in the order of their deadlines.
///
/// Safe to call from any thread.
public final class SimulatedTime: TimeSource {
    private struct Sleeper {
        var deadline: Duration
        var order: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Duration = .zero
        var order = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
    }

    private let origin: Timestamp
    private let state = Mutex(State())

    /// Time that begins at `origin`.
    public init(origin: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)) {
        self.origin = origin
    }

    public func wall() -> Timestamp {
        let now = state.withLock { $0.now }
        return Timestamp(milliseconds: origin.milliseconds + now.wholeMilliseconds)
    }

    public func elapsed() -> Duration {
        state.withLock { $0.now }
    }

    /// Sleepers that wait now.
    public var sleeperCount: Int {
        state.withLock { $0.sleepers.count }
    }

    /// Moves time forward and wakes everyone whose deadline has come.
    public func advance(by duration: Duration) {
        let due = state.withLock { state -> [Sleeper] in
            state.now += duration
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { ($0.deadline, $0.order) < ($1.deadline, $1.order) }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    public func sleep(for duration: Duration) async throws {
        let id = state.withLock { state -> Int in
            state.order += 1
            return state.order
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = state.withLock { state -> Result<Void, any Error>? in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if duration <= .zero { return .success(()) }
                    state.sleepers[id] = Sleeper(
                        deadline: state.now + duration, order: id, continuation: continuation)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                if let sleeper = state.sleepers.removeValue(forKey: id) { return sleeper }
                state.cancelled.insert(id)
                return nil
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}

extension Duration {
    /// The whole milliseconds of this duration, rounded down; saturates.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        if overflow { return seconds > 0 ? .max : .min }
        return product &+ attoseconds / 1_000_000_000_000_000
    }

    /// This duration in milliseconds, with fraction.
    public var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1_000 + Double(attoseconds) / 1e15
    }

    /// This duration in seconds, with fraction.
    public var seconds: Double { milliseconds / 1_000 }
}
