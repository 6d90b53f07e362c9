internal import Basics
internal import EventLog
internal import Synchronization

/// Decides when old records are looked for, and does so. Safe to call from any thread.
final class Maintenance: Sendable {
    private struct State {
        var next: ContinuousClock.Instant
        var isRunning = false
        var isClosed = false
    }

    private let store: MaintenanceStore
    private let options: EmbeddedLogOptions
    private let state: Mutex<State>

    init(path: String, options: EmbeddedLogOptions) {
        store = MaintenanceStore(path: path, options: options)
        self.options = options
        state = Mutex(State(next: .now + options.limits.maintenanceInterval))
    }

    /// Records of `topics` were written: now and then that starts a run.
    func noteCommit(_ topics: [TopicEntry?]) {
        guard topics.contains(where: { $0?.cleanup == .compact || $0?.retention != nil }) else { return }
        let due = state.withLock { state in
            guard !state.isRunning, !state.isClosed, ContinuousClock.now >= state.next else { return false }
            state.isRunning = true
            return true
        }
        guard due else { return }
        Task(priority: .background) {
            // What failed is tried again next time; a broken file is told to those who read and write it.
            try? await run()
            state.withLock { state in
                state.isRunning = false
                state.next = .now + options.limits.maintenanceInterval
            }
        }
    }

    /// Removes what is older than its topic keeps it, and compacts what has grown.
    func run() async throws(LogError) {
        for topic in try await store.topics() {
            switch topic.cleanup {
            case .compact:
                for id in topic.partitionIDs where try await store.isDirty(id) {
                    try await compact(id, topic)
                }
            case .delete:
                guard let retention = topic.retention else { continue }
                let cutoff = Timestamp.now.milliseconds - retention
                for id in topic.partitionIDs {
                    while try await store.expire(id, before: cutoff) { await pause() }
                }
            }
        }
    }

    /// Compacts every partition of `topic`.
    func compact(_ topic: TopicEntry) async throws(LogError) {
        guard topic.cleanup == .compact else {
            throw LogError(
                .configuration, "topic \(topic.name) has cleanup 'delete'", hint: "name a compacted topic",
                recovery: .fixInput)
        }
        for id in topic.partitionIDs { try await compact(id, topic) }
    }

    func problems() async throws(LogError) -> [String] {
        try await store.problems()
    }

    func close() async {
        state.withLock { $0.isClosed = true }
        await store.close()
    }

    private func compact(_ id: Int64, _ topic: TopicEntry) async throws(LogError) {
        let grace = topic.tombstones ?? options.limits.tombstoneTime.wholeMilliseconds
        let map = try await store.map(id, tombstonesBefore: Timestamp.now.milliseconds - grace)
        var position: Int64? = 0
        var kept = 0
        while let from = position {
            let step = try await store.rewrite(id, from: from, map)
            kept += step.kept
            position = step.next
            if position != nil { await pause() }
        }
        try await store.finish(id, end: map.end, kept: kept)
    }

    /// Lets the writers of other processes have the lock.
    private func pause() async {
        try? await Task.sleep(for: .milliseconds(1))
    }
}
