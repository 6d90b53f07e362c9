public import Basics
public import EventLog
internal import Synchronization

/// Which operation of a `FaultyLog` fails, and how. Safe to call from any thread.
///
/// For the loop "fail operation 1, 2, 3, … until the work gets through": `operations` says how many there
/// were.
public final class FaultPlan: Sendable {
    /// A kind of operation.
    public enum Operation: String, Sendable, CaseIterable {
        /// A call that makes a topic, reader or writer, or asks for offsets.
        case open
        /// `read` of any reader.
        case read
        /// `seek` of any reader.
        case seek
        /// `send` of any writer.
        case send
        /// `begin` of a transactional writer.
        case begin
        /// `commit` of a transactional writer or of a group member.
        case commit
        /// `abort` of a transactional writer.
        case abort
    }

    /// Whether the operation was carried out before it failed.
    public enum Moment: Sendable {
        /// It was not.
        case before
        /// It was, but its caller does not learn so: a lost acknowledgement.
        case after
    }

    private struct State {
        var count = 0
        var fired = false
    }

    private let number: Int
    private let isLasting: Bool
    private let kinds: Set<Operation>
    private let moment: Moment
    private let error: LogError
    private let state = Mutex(State())

    /// Operation `number` (from 1) of `kinds` fails with `error`; when it `lasts`, every later one does too.
    /// 0: none does.
    public init(
        failing number: Int, of kinds: Set<Operation> = Set(Operation.allCases), _ moment: Moment = .before,
        lasts: Bool = false,
        with error: LogError = LogError(
            .timedOut, "the fault plan says no", severity: .abortable, recovery: .retry)
    ) {
        self.number = number
        isLasting = lasts
        self.kinds = kinds
        self.moment = moment
        self.error = error
    }

    /// Operations of the planned kinds so far.
    public var operations: Int { state.withLock { $0.count } }

    /// Whether the failure has happened.
    public var hasFired: Bool { state.withLock { $0.fired } }

    func around<Value>(
        _ kind: Operation, _ body: () async throws(LogError) -> Value
    ) async throws(LogError) -> Value {
        guard kinds.contains(kind) else { return try await body() }
        let fires = state.withLock { state in
            state.count += 1
            guard state.count == number || (isLasting && state.fired) else { return false }
            state.fired = true
            return true
        }
        if fires, moment == .before { throw error }
        let value = try await body()
        if fires { throw error }
        return value
    }
}

/// An `EventLog` that passes everything on to another one, but for the one operation that its plan lets fail.
public final class FaultyLog: EventLog {
    private let base: any EventLog
    private let plan: FaultPlan

    public var name: String { base.name }

    /// Passes on to `base`, but for what `plan` lets fail.
    public init(_ base: any EventLog, plan: FaultPlan) {
        self.base = base
        self.plan = plan
    }

    @discardableResult
    public func create(_ topics: [TopicDefinition]) async throws(LogError) -> [TopicName] {
        try await plan.around(.open) { () throws(LogError) in try await base.create(topics) }
    }

    public func topics() async throws(LogError) -> [TopicDescription] {
        try await plan.around(.open) { () throws(LogError) in try await base.topics() }
    }

    public func partitionCount(of topic: TopicName) async throws(LogError) -> Int32? {
        try await plan.around(.open) { () throws(LogError) in try await base.partitionCount(of: topic) }
    }

    public func watermarks(of topic: TopicName) async throws(LogError) -> [Partition: Watermarks] {
        try await plan.around(.open) { () throws(LogError) in try await base.watermarks(of: topic) }
    }

    public func committedOffsets(
        of group: String, topic: TopicName
    ) async throws(LogError) -> [Partition: Offset] {
        try await plan.around(.open) { () throws(LogError) in
            try await base.committedOffsets(of: group, topic: topic)
        }
    }

    public func reader(_ options: ReaderOptions) async throws(LogError) -> any PartitionReader {
        try await plan.around(.open) { () throws(LogError) in
            FaultyPartitionReader(try await base.reader(options), plan)
        }
    }

    public func groupReader(_ options: GroupOptions) async throws(LogError) -> any GroupReader {
        try await plan.around(.open) { () throws(LogError) in
            FaultyGroupReader(try await base.groupReader(options), plan)
        }
    }

    public func writer(_ options: WriterOptions) async throws(LogError) -> any LogWriter {
        try await plan.around(.open) { () throws(LogError) in
            FaultyWriter(try await base.writer(options), plan)
        }
    }

    public func transactionalWriter(
        id: String, _ options: WriterOptions
    ) async throws(LogError) -> any TransactionalWriter {
        try await plan.around(.open) { () throws(LogError) in
            FaultyTransactionalWriter(try await base.transactionalWriter(id: id, options), plan)
        }
    }

    public func close(deadline: Duration) async {
        await base.close(deadline: deadline)
    }
}

private final class FaultyPartitionReader: PartitionReader {
    private let base: any PartitionReader
    private let plan: FaultPlan

    init(_ base: any PartitionReader, _ plan: FaultPlan) {
        self.base = base
        self.plan = plan
    }

    func read(
        into batch: inout RecordBatch, limit: ReadLimit, wait: Duration
    ) async throws(LogError) -> ReadOutcome {
        try await plan.around(.read) { () throws(LogError) in
            try await base.read(into: &batch, limit: limit, wait: wait)
        }
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try await plan.around(.seek) { () throws(LogError) in try await base.seek(to: offsets) }
    }

    func close(deadline: Duration) async {
        await base.close(deadline: deadline)
    }
}

private final class FaultyGroupReader: GroupReader {
    let base: any GroupReader
    private let plan: FaultPlan

    var group: String { base.group }

    init(_ base: any GroupReader, _ plan: FaultPlan) {
        self.base = base
        self.plan = plan
    }

    func read(
        into batch: inout RecordBatch, limit: ReadLimit, wait: Duration
    ) async throws(LogError) -> ReadOutcome {
        try await plan.around(.read) { () throws(LogError) in
            try await base.read(into: &batch, limit: limit, wait: wait)
        }
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try await plan.around(.seek) { () throws(LogError) in try await base.seek(to: offsets) }
    }

    func assignment() async -> [TopicPartition] { await base.assignment() }

    func commit(_ offsets: [TopicPartition: Offset]) async throws(LogError) {
        try await plan.around(.commit) { () throws(LogError) in try await base.commit(offsets) }
    }

    func lag() async -> [TopicPartition: Int64] { await base.lag() }

    func close(deadline: Duration) async {
        await base.close(deadline: deadline)
    }
}

private final class FaultyWriter: LogWriter {
    private let base: any LogWriter
    private let plan: FaultPlan

    init(_ base: any LogWriter, _ plan: FaultPlan) {
        self.base = base
        self.plan = plan
    }

    func send(_ batch: RecordBatch) async throws(LogError) -> [RecordPlace] {
        try await plan.around(.send) { () throws(LogError) in try await base.send(batch) }
    }

    func close(deadline: Duration) async {
        await base.close(deadline: deadline)
    }
}

private final class FaultyTransactionalWriter: TransactionalWriter {
    private let base: any TransactionalWriter
    private let plan: FaultPlan

    var id: String { base.id }

    init(_ base: any TransactionalWriter, _ plan: FaultPlan) {
        self.base = base
        self.plan = plan
    }

    func begin() async throws(LogError) {
        try await plan.around(.begin) { () throws(LogError) in try await base.begin() }
    }

    func send(_ batch: RecordBatch) async throws(LogError) {
        try await plan.around(.send) { () throws(LogError) in try await base.send(batch) }
    }

    func commit(consumed: ConsumedOffsets?) async throws(LogError) {
        // The engine below knows its own readers only.
        let passed = consumed.map { consumed in
            ConsumedOffsets(
                reader: (consumed.reader as? FaultyGroupReader)?.base ?? consumed.reader,
                offsets: consumed.offsets)
        }
        try await plan.around(.commit) { () throws(LogError) in try await base.commit(consumed: passed) }
    }

    func abort() async throws(LogError) {
        try await plan.around(.abort) { () throws(LogError) in try await base.abort() }
    }

    func close(deadline: Duration) async {
        await base.close(deadline: deadline)
    }
}
