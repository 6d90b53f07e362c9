public import Basics
public import EventLog
internal import Synchronization

/// An `EventLog` in memory, with the time that it is given: for tests of everything above the log.
///
/// It behaves like a Kafka cluster down to the gaps that transaction markers leave between offsets, and can
/// do what a test needs and no user does: compact or trim at once, kill a process, end a session.
///
/// ```swift
/// let log = InMemoryLog(time: SimulatedTime())
/// let second = log.anotherProcess()   // the same records, seen by somebody else
/// second.kill()                       // who dies without a word
/// ```
public final class InMemoryLog: EventLog {
    /// What several handles share.
    final class Core: Sendable {
        let time: any TimeSource
        let state: Mutex<LogState>
        let signal = ChangeSignal()

        init(time: any TimeSource, limits: LogState.Limits) {
            self.time = time
            state = Mutex(LogState(limits: limits))
        }

        /// Changes the state and wakes the readers when there is something new.
        func change<Value: Sendable>(
            _ body: (inout LogState) throws(LogError) -> Value
        ) throws(LogError) -> Value {
            let now = time.elapsed()
            let (result, changed) = state.withLock { state -> (Result<Value, LogError>, Bool) in
                let before = state.version
                _ = state.tick(now: now)
                do throws(LogError) {
                    let value = try body(&state)
                    return (.success(value), state.version != before)
                } catch {
                    return (.failure(error), state.version != before)
                }
            }
            if changed { signal.notify() }
            return try result.get()
        }
    }

    let core: Core
    private let gate = ProcessGate()

    public let name: String

    /// An empty log.
    public convenience init(name: String = "memory:", time: any TimeSource = SystemTime()) {
        self.init(name: name, core: Core(time: time, limits: LogState.Limits()))
    }

    private init(name: String, core: Core) {
        self.name = name
        self.core = core
    }

    // MARK: For tests

    /// A second handle of the same log, as another process would hold it.
    public func anotherProcess() -> InMemoryLog {
        InMemoryLog(name: name, core: core)
    }

    /// Everything made from this handle stops as if its process were killed: open transactions stay open and
    /// members stay in their groups until the log's own timeouts end them. Every later call fails with
    /// `closed`.
    public func kill() {
        gate.kill()
        core.signal.notify()
    }

    /// Removes all but the last record of each key of `topic`; tombstones too when asked.
    public func compact(_ topic: TopicName, dropsTombstones: Bool = false) throws(LogError) {
        try core.change { state throws(LogError) in
            try state.compact(topic, dropsTombstones: dropsTombstones)
        }
    }

    /// Removes the records of `partition` before `offset`, as retention does.
    public func trim(_ partition: TopicPartition, before offset: Offset) throws(LogError) {
        try core.change { state throws(LogError) in try state.trim(partition, before: offset) }
    }

    /// Ends the session of `reader` now, as a long pause would: its partitions go to others, and it hears
    /// `lost`.
    public func expire(_ reader: any GroupReader) {
        (reader as? InMemoryGroupReader)?.expire()
    }

    // MARK: EventLog

    @discardableResult
    public func create(_ topics: [TopicDefinition]) async throws(LogError) -> [TopicName] {
        try gate.check()
        return try core.change { state throws(LogError) in try state.create(topics) }
    }

    public func topics() async throws(LogError) -> [TopicDescription] {
        try gate.check()
        return core.state.withLock { $0.topics }
    }

    public func partitionCount(of topic: TopicName) async throws(LogError) -> Int32? {
        try gate.check()
        return core.state.withLock { $0.partitionCount(of: topic) }
    }

    public func watermarks(of topic: TopicName) async throws(LogError) -> [Partition: Watermarks] {
        try gate.check()
        return try core.change { state throws(LogError) in try state.watermarks(of: topic) }
    }

    public func committedOffsets(
        of group: String, topic: TopicName
    ) async throws(LogError) -> [Partition: Offset] {
        try gate.check()
        return try core.change { state throws(LogError) in
            try state.committedOffsets(of: group, topic: topic)
        }
    }

    public func reader(_ options: ReaderOptions) async throws(LogError) -> any PartitionReader {
        try gate.check()
        return try InMemoryPartitionReader(core: core, gate: gate, options: options)
    }

    public func groupReader(_ options: GroupOptions) async throws(LogError) -> any GroupReader {
        try gate.check()
        return try InMemoryGroupReader(core: core, gate: gate, options: options)
    }

    public func writer(_ options: WriterOptions) async throws(LogError) -> any LogWriter {
        try gate.check()
        return InMemoryWriter(core: core, gate: gate)
    }

    public func transactionalWriter(
        id: String, _ options: WriterOptions
    ) async throws(LogError) -> any TransactionalWriter {
        try gate.check()
        return try InMemoryTransactionalWriter(core: core, gate: gate, id: id, options: options)
    }

    public func close(deadline: Duration) async {
        gate.close()
        core.signal.notify()
    }
}

/// Whether a handle and what was made from it may still act.
final class ProcessGate: Sendable {
    private enum State {
        case open
        case closed
        case killed
    }

    private struct Contents {
        var state = State.open
        var onEnd: [@Sendable (_ killed: Bool) -> Void] = []
    }

    private let contents = Mutex(Contents())

    /// Throws `closed` when it may not.
    func check() throws(LogError) {
        if contents.withLock({ $0.state != .open }) { throw .closed("the log") }
    }

    /// Runs `action` when the gate closes.
    func atEnd(_ action: @Sendable @escaping (_ killed: Bool) -> Void) {
        contents.withLock { $0.onEnd.append(action) }
    }

    func close() { end(.closed) }

    func kill() { end(.killed) }

    private func end(_ state: State) {
        let actions = contents.withLock { contents -> [@Sendable (Bool) -> Void] in
            guard contents.state == .open else { return [] }
            contents.state = state
            defer { contents.onEnd = [] }
            return contents.onEnd
        }
        for action in actions { action(state == .killed) }
    }
}
