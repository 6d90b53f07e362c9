internal import Basics
internal import EventLog
internal import Synchronization

/// What both readers of the in-memory log do: try, wait for a change, try again.
enum InMemoryReading {
    static func read(
        core: InMemoryLog.Core, wait: Duration,
        attempt: () throws(LogError) -> (outcome: ReadOutcome?, nextDue: Duration?)
    ) async throws(LogError) -> ReadOutcome {
        let deadline = core.time.elapsed() + wait
        while true {
            if Task.isCancelled { throw .closed("the waiting read") }
            let version = core.signal.version
            let (outcome, due) = try attempt()
            if let outcome { return outcome }
            let now = core.time.elapsed()
            if now >= deadline { return .idle }
            await core.signal.wait(
                since: version, timeout: min(deadline, due ?? deadline) - now, time: core.time)
        }
    }
}

/// Reads the partitions that it is told.
final class InMemoryPartitionReader: PartitionReader {
    private struct State {
        var cursor = ReadCursor()
        var isClosed = false
    }

    private let core: InMemoryLog.Core
    private let gate: ProcessGate
    private let committedOnly: Bool
    private let state = Mutex(State())

    init(core: InMemoryLog.Core, gate: ProcessGate, options: ReaderOptions) throws(LogError) {
        self.core = core
        self.gate = gate
        committedOnly = options.committedOnly
        var cursor = ReadCursor()
        for (partition, start) in options.start.sorted(by: { $0.key < $1.key }) {
            let position = try core.change { log throws(LogError) in
                try log.position(of: start, in: partition)
            }
            cursor.set(partition, to: position)
        }
        state.withLock { [cursor] in $0.cursor = cursor }
    }

    func read(
        into batch: inout RecordBatch, limit: ReadLimit, wait: Duration
    ) async throws(LogError) -> ReadOutcome {
        try await InMemoryReading.read(core: core, wait: wait) {
            () throws(LogError) -> (outcome: ReadOutcome?, nextDue: Duration?) in
            try gate.check()
            if state.withLock({ $0.isClosed }) { throw .closed("the reader") }
            var cursor = state.withLock { $0.cursor }
            let (outcome, due) = try core.change { log throws(LogError) in
                let outcome = log.read(&cursor, into: &batch, limit: limit, committedOnly: committedOnly)
                return (outcome, log.tick(now: core.time.elapsed()))
            }
            state.withLock { [cursor] in $0.cursor = cursor }
            return (outcome, due)
        }
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try gate.check()
        let missing = state.withLock { state -> TopicPartition? in
            if let missing = offsets.keys.first(where: { state.cursor.positions[$0] == nil }) {
                return missing
            }
            for (partition, offset) in offsets { state.cursor.set(partition, to: offset.number) }
            return nil
        }
        if let missing { throw .notAssigned(missing) }
    }

    func close(deadline: Duration) async {
        state.withLock { $0.isClosed = true }
        core.signal.notify()
    }
}

/// Reads its share of a group's partitions.
final class InMemoryGroupReader: GroupReader {
    private struct State {
        var member: Int
        var cursor = ReadCursor()
        var isClosed = false
    }

    private let core: InMemoryLog.Core
    private let gate: ProcessGate
    private let options: GroupOptions
    private let state: Mutex<State>

    var group: String { options.group }

    init(core: InMemoryLog.Core, gate: ProcessGate, options: GroupOptions) throws(LogError) {
        self.core = core
        self.gate = gate
        self.options = options
        let member = try core.change { log throws(LogError) in try log.join(options) }
        state = Mutex(State(member: member))
        gate.atEnd { [weak self] killed in self?.end(killed: killed) }
    }

    deinit {
        // A handle that is dropped without `close` is a process that died.
        if !state.withLock({ $0.isClosed }) { end(killed: true) }
    }

    /// The member's number, for the transactional writer of the same log.
    var member: Int { state.withLock { $0.member } }

    /// Whether it reads from `core`.
    func belongs(to core: InMemoryLog.Core) -> Bool { self.core === core }

    func expire() {
        let member = member
        try? core.change { log throws(LogError) in log.expire(group: options.group, member: member) }
    }

    func read(
        into batch: inout RecordBatch, limit: ReadLimit, wait: Duration
    ) async throws(LogError) -> ReadOutcome {
        try await InMemoryReading.read(core: core, wait: wait) {
            () throws(LogError) -> (outcome: ReadOutcome?, nextDue: Duration?) in
            try attempt(into: &batch, limit: limit)
        }
    }

    private func attempt(
        into batch: inout RecordBatch, limit: ReadLimit
    ) throws(LogError) -> (outcome: ReadOutcome?, nextDue: Duration?) {
        try gate.check()
        var mine = state.withLock { ($0.member, $0.cursor, $0.isClosed) }
        if mine.2 { throw .closed("the reader") }
        let result = try core.change { log throws(LogError) -> (ReadOutcome?, Duration?) in
            var outcome = try groupOutcome(&log, &mine.0, &mine.1)
            if outcome == nil {
                outcome = log.read(&mine.1, into: &batch, limit: limit, committedOnly: options.committedOnly)
            }
            return (outcome, log.tick(now: core.time.elapsed()))
        }
        state.withLock { [mine] state in
            state.member = mine.0
            state.cursor = mine.1
        }
        return result
    }

    private func groupOutcome(
        _ log: inout LogState, _ member: inout Int, _ cursor: inout ReadCursor
    ) throws(LogError) -> ReadOutcome? {
        let told = try log.poll(group: options.group, member: member)
        // What the last call was told to give up is given up now.
        let kept = log.announced(group: options.group, member: member)
        cursor.remove(cursor.order.filter { !kept.contains($0) && told != .lost })
        switch told {
        case nil:
            return nil
        case .assigned(let fresh):
            for (partition, offset) in fresh {
                let start = offset.map(StartPosition.offset) ?? options.start
                cursor.set(partition, to: try log.position(of: start, in: partition))
            }
            return .assigned(fresh.keys.sorted())
        case .revoking(let partitions):
            return .revoking(partitions, lost: false)
        case .lost:
            let had = cursor.order.sorted()
            cursor.remove(had)
            member = try log.join(options)
            return had.isEmpty ? nil : .revoking(had, lost: true)
        }
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try gate.check()
        let missing = state.withLock { state -> TopicPartition? in
            if let missing = offsets.keys.first(where: { state.cursor.positions[$0] == nil }) {
                return missing
            }
            for (partition, offset) in offsets { state.cursor.set(partition, to: offset.number) }
            return nil
        }
        if let missing { throw .notAssigned(missing) }
    }

    func assignment() async -> [TopicPartition] {
        state.withLock { $0.cursor.order.sorted() }
    }

    func commit(_ offsets: [TopicPartition: Offset]) async throws(LogError) {
        try gate.check()
        let member = member
        try core.change { log throws(LogError) in
            try log.commit(offsets, group: options.group, member: member)
        }
    }

    func lag() async -> [TopicPartition: Int64] {
        let cursor = state.withLock { $0.cursor }
        return core.state.withLock { $0.lag(cursor, committedOnly: options.committedOnly) }
    }

    func close(deadline: Duration) async {
        end(killed: false)
    }

    private func end(killed: Bool) {
        let member = state.withLock { state -> Int? in
            if state.isClosed { return nil }
            state.isClosed = true
            return state.member
        }
        guard let member else { return }
        let now = core.time.elapsed()
        try? core.change { log throws(LogError) in
            if killed {
                log.silence(group: options.group, member: member, now: now)
            } else {
                log.leave(group: options.group, member: member)
            }
        }
        core.signal.notify()
    }
}
