internal import Synchronization

/// A signal that comes once and that tasks may await with a deadline. Safe to call from any thread.
final class Completion: Sendable {
    private struct State {
        var isSignalled = false
        var lastNumber = 0
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        /// Waiters whose time was over before they had begun to wait.
        var expired: Set<Int> = []
    }

    private let state = Mutex(State())

    /// Tells that it has happened.
    func signal() {
        let waiters = state.withLock { state in
            state.isSignalled = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    /// Returns true once it has happened, or false after `limit`. A cancelled task waits all the same: what
    /// it waits for frees something.
    func wait(atMost limit: Duration) async -> Bool {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let timer = Task {
            try? await Task.sleep(for: limit, clock: .continuous)
            if !Task.isCancelled { expire(number) }
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let outcome = state.withLock { state -> Bool? in
                if state.isSignalled { return true }
                if state.expired.remove(number) != nil { return false }
                state.waiters[number] = continuation
                return nil
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
    }

    private func expire(_ number: Int) {
        let waiter = state.withLock { state in
            let waiter = state.waiters.removeValue(forKey: number)
            if waiter == nil { state.expired.insert(number) }
            return waiter
        }
        waiter?.resume(returning: false)
    }
}
