internal import Synchronization

/// Hands updates to any number of listeners, each with a bounded queue of its own: who is slow loses the
/// oldest.
final class UpdateHub: Sendable {
    /// Updates that wait for one listener.
    static let waitingMax = 64

    private struct State {
        var listeners: [Int: AsyncStream<ModelUpdate>.Continuation] = [:]
        var next = 0
        var live: ModelUpdate?
        var obstacle: ModelcastError?
        var isFinished = false
    }

    private let state = Mutex(State())

    /// A new listener; begins with the version that is live, if one is.
    func listen() -> AsyncStream<ModelUpdate> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ModelUpdate.self, bufferingPolicy: .bufferingNewest(UpdateHub.waitingMax))
        let key = state.withLock { state -> Int? in
            if let live = state.live { continuation.yield(live) }
            guard !state.isFinished else { return nil }
            state.next += 1
            state.listeners[state.next] = continuation
            return state.next
        }
        guard let key else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            // What the lock guards is let go outside it.
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: key) }
        }
        return stream
    }

    /// What stood in the way last, if nothing became live since.
    var obstacle: ModelcastError? { state.withLock { $0.obstacle } }

    /// Tells everybody.
    func send(_ update: ModelUpdate) {
        let listeners = state.withLock { state in
            if update.kind == .live { state.live = update }
            state.obstacle = update.kind == .live ? nil : update.error ?? state.obstacle
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.yield(update) }
    }

    /// Ends every listener's sequence.
    func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
