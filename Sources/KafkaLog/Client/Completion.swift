internal import Synchronization

/// A signal that comes once and that one task may await with a deadline. Safe to call from any thread.
final class Completion: Sendable {
    private struct State {
        var isSignalled = false
        var isExpired = false
        var waiter: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())

    /// Tells that it has happened.
    func signal() {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            state.isSignalled = true
            return state.waiter.take()
        }
        waiter?.resume(returning: true)
    }

    /// Returns true once it has happened, or false after `limit`. A cancelled task waits all the same: what
    /// it waits for frees something.
    func wait(atMost limit: Duration) async -> Bool {
        let timer = Task {
            try? await Task.sleep(for: limit, clock: .continuous)
            if !Task.isCancelled { expire() }
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let outcome = state.withLock { state -> Bool? in
                if state.isSignalled { return true }
                if state.isExpired { return false }
                state.waiter = continuation
                return nil
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
    }

    private func expire() {
        let waiter = state.withLock { state in
            state.isExpired = true
            return state.waiter.take()
        }
        waiter?.resume(returning: false)
    }
}
