internal import Basics
internal import EventLog
internal import Synchronization

/// The part that both readers share: the cursor, the waiting, the seeking.
final class EmbeddedReading: Sendable {
    private struct State {
        /// Nil while a read has it.
        var cursor: ReadCursor? = ReadCursor()
        /// Where each partition stands, as of the end of the last read or seek.
        var positions: [TopicPartition: Int64] = [:]
        var ids: [TopicPartition: Int64] = [:]
        /// Seeks that came while a read had the cursor.
        var seeks: [TopicPartition: Int64] = [:]
        var isClosed = false
    }

    let core: EmbeddedCore
    let lane: ReadStore
    private let readsAhead: Bool
    private let state = Mutex(State())

    init(_ core: EmbeddedCore, readsAhead: Bool, priority: ThreadPriority = .normal) {
        self.core = core
        self.readsAhead = readsAhead
        lane = core.lane(priority)
    }

    func check() throws(LogError) {
        try core.check()
        if state.withLock({ $0.isClosed }) { throw .closed("the reader") }
    }

    /// Ends waiting reads; false when it was closed before.
    func close() -> Bool {
        let first = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if first { core.signal.notify() }
        return first
    }

    var partitions: [TopicPartition] { state.withLock { $0.positions.keys.sorted() } }

    /// Begins to read partitions. Not while a read runs.
    func add(_ partition: TopicPartition, id: Int64, position: Int64) {
        state.withLock { state in
            state.cursor?.add(partition, id: id, position: position)
            state.positions[partition] = position
            state.ids[partition] = id
        }
    }

    /// Stops reading partitions. Not while a read runs.
    func remove(_ partitions: Set<TopicPartition>) {
        state.withLock { state in
            state.cursor?.remove(partitions)
            for partition in partitions {
                state.positions[partition] = nil
                state.ids[partition] = nil
                state.seeks[partition] = nil
            }
        }
    }

    func seek(to offsets: [TopicPartition: Offset]) throws(LogError) {
        try check()
        let missing = state.withLock { state -> TopicPartition? in
            if let missing = offsets.keys.first(where: { state.positions[$0] == nil }) { return missing }
            for (partition, offset) in offsets {
                let position = min(max(0, offset.number), Schema.offsetMax)
                state.positions[partition] = position
                if state.cursor == nil { state.seeks[partition] = position }
                state.cursor?.seek(partition, to: position)
            }
            return nil
        }
        if let missing { throw .notAssigned(missing) }
    }

    /// Reads once without waiting. Returns nil for nothing, and the group's generation.
    func attempt(
        into batch: inout RecordBatch, limit: ReadLimit, group: String?, generation: Int64
    ) async throws(LogError) -> (outcome: ReadOutcome?, generation: Int64) {
        let taken = state.withLock { state -> ReadCursor? in
            defer { state.cursor = nil }
            return state.cursor
        }
        guard let cursor = taken else { throw .wrongState("two tasks read from one reader") }
        // Moved to the other thread and back, so that its memory is used again.
        var moved = RecordBatch()
        swap(&moved, &batch)
        do throws(LogError) {
            let answer = try await lane.read(
                cursor, consume moved, limit: limit, keepsBlocks: readsAhead, group: group,
                generation: generation)
            batch = answer.batch
            putBack(answer.cursor)
            return (answer.outcome, answer.generation)
        } catch {
            // Whatever the failed read took is read again.
            putBack(cursor)
            throw error
        }
    }

    private func putBack(_ cursor: ReadCursor) {
        state.withLock { state in
            var cursor = cursor
            for (partition, position) in state.seeks { cursor.seek(partition, to: position) }
            state.seeks = [:]
            state.positions = cursor.positions
            state.cursor = cursor
        }
    }

    /// Calls `attempt` until it brings something or `wait` is over.
    func waiting(
        _ wait: Duration, _ attempt: () async throws(LogError) -> ReadOutcome?
    ) async throws(LogError) -> ReadOutcome {
        let deadline = ContinuousClock.now + wait
        while true {
            if Task.isCancelled { throw .closed("the waiting read") }
            try check()
            let version = core.signal.version
            if let outcome = try await attempt() { return outcome }
            let left = deadline - .now
            if left <= .zero { return .idle }
            await core.signal.wait(
                since: version, timeout: min(left, core.options.limits.checkInterval), time: SystemTime())
        }
    }

    /// Records between where the reader stands and the ends.
    func lag() async -> [TopicPartition: Int64] {
        let (positions, ids) = state.withLock { ($0.positions, $0.ids) }
        return (try? await lane.lag(of: positions, ids: ids)) ?? [:]
    }
}

/// Reads the partitions that it is told.
final class EmbeddedPartitionReader: PartitionReader {
    private let reading: EmbeddedReading

    private init(_ reading: EmbeddedReading) {
        self.reading = reading
    }

    static func open(
        _ core: EmbeddedCore, _ options: ReaderOptions
    ) async throws(LogError) -> EmbeddedPartitionReader {
        let reading = EmbeddedReading(
            core, readsAhead: options.readsAhead, priority: options.priority)
        for (partition, start) in options.start.sorted(by: { $0.key < $1.key }) {
            let id = try await core.topic(partition.topic).id(of: partition.partition)
            let position = try await reading.lane.position(start, partition, id: id)
            reading.add(partition, id: id, position: position)
        }
        return EmbeddedPartitionReader(reading)
    }

    func read(
        into batch: inout RecordBatch, limit: ReadLimit, wait: Duration
    ) async throws(LogError) -> ReadOutcome {
        try await reading.waiting(wait) { () throws(LogError) in
            try await reading.attempt(into: &batch, limit: limit, group: nil, generation: 0).outcome
        }
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try reading.seek(to: offsets)
    }

    func close(deadline: Duration) async {
        _ = reading.close()
    }
}
