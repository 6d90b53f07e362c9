package import Basics
internal import Synchronization

/// Lets tasks wait until something has changed, a time has passed, or they are cancelled.
///
/// Safe to call from any thread.
package final class ChangeSignal: Sendable {
    private struct State {
        var version: UInt64 = 0
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        /// Waiters whose time was over, or whose task was cancelled, before they had begun to wait.
        var early: Set<Int> = []
        var beginning: Set<Int> = []
    }

    private let state = Mutex(State())

    /// A signal that nobody waits for yet.
    package init() {}

    /// What `wait` compares with.
    package var version: UInt64 { state.withLock { $0.version } }

    /// Wakes everyone who waits.
    package func notify() {
        let waiters = state.withLock { state in
            state.version += 1
            defer { state.waiters.removeAll() }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when `notify` was called after `version` was taken, when `timeout` of `time` is over, or when
    /// the task is cancelled.
    package func wait(since version: UInt64, timeout: Duration, time: any TimeSource) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            state.beginning.insert(state.nextWaiter)
            return state.nextWaiter
        }
        let alarm = Task {
            try? await time.sleep(for: timeout)
            wake(id)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let due = state.withLock { state in
                    state.beginning.remove(id)
                    if state.early.remove(id) != nil || state.version != version { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if due { continuation.resume() }
            }
        } onCancel: {
            wake(id)
        }
        alarm.cancel()
    }

    private func wake(_ id: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.beginning.contains(id) { state.early.insert(id) }
            return state.waiters.removeValue(forKey: id)
        }
        waiter?.resume()
    }
}
