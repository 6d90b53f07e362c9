internal import Basics
internal import EventLog
internal import Synchronization

/// Writes outside transactions.
final class InMemoryWriter: LogWriter {
    private let core: InMemoryLog.Core
    private let gate: ProcessGate
    private let closed = Atomic<Bool>(false)

    init(core: InMemoryLog.Core, gate: ProcessGate) {
        self.core = core
        self.gate = gate
    }

    func send(_ batch: RecordBatch) async throws(LogError) -> [RecordPlace] {
        try gate.check()
        if closed.load(ordering: .acquiring) { throw .closed("the writer") }
        let now = core.time.wall()
        return try core.change { log throws(LogError) in try log.append(batch, now: now) }
    }

    func close(deadline: Duration) async {
        closed.store(true, ordering: .releasing)
    }
}

/// Writes in transactions.
final class InMemoryTransactionalWriter: TransactionalWriter {
    private let core: InMemoryLog.Core
    private let gate: ProcessGate
    private let epoch: Int
    private let timeout: Duration
    private let closed = Atomic<Bool>(false)
    /// Whether a `send` of the open transaction failed, so that it cannot be committed.
    private let failed = Mutex<LogError?>(nil)

    let id: String

    init(core: InMemoryLog.Core, gate: ProcessGate, id: String, options: WriterOptions) throws(LogError) {
        self.core = core
        self.gate = gate
        self.id = id
        timeout = options.transactionTimeout
        epoch = try core.change { log throws(LogError) in log.openProducer(id) }
        gate.atEnd { [weak self] killed in
            if !killed { self?.end() }
        }
    }

    func begin() async throws(LogError) {
        try check()
        let now = core.time.elapsed()
        try core.change { log throws(LogError) in
            try log.begin(id: id, epoch: epoch, timeout: timeout, now: now)
        }
        failed.withLock { $0 = nil }
    }

    func send(_ batch: RecordBatch) async throws(LogError) {
        try check()
        let now = core.time.wall()
        do throws(LogError) {
            _ = try core.change { log throws(LogError) in
                try log.append(batch, id: id, epoch: epoch, now: now)
            }
        } catch {
            failed.withLock { $0 = $0 ?? error }
            throw error
        }
    }

    func commit(consumed: ConsumedOffsets?) async throws(LogError) {
        try check()
        if let cause = failed.withLock({ $0 }) {
            throw .transactionAborted("a record of transaction '\(id)' was not written", cause: cause)
        }
        var input: (group: String, member: Int, offsets: [TopicPartition: Offset])?
        if let consumed {
            guard let reader = consumed.reader as? InMemoryGroupReader, reader.belongs(to: core) else {
                throw .wrongState("the consumed offsets of '\(id)' belong to a reader of another log")
            }
            input = (reader.group, reader.member, consumed.offsets)
        }
        try core.change { [input] log throws(LogError) in
            try log.commit(id: id, epoch: epoch, consumed: input)
        }
    }

    func abort() async throws(LogError) {
        try check()
        try core.change { log throws(LogError) in try log.abort(id: id, epoch: epoch) }
        failed.withLock { $0 = nil }
    }

    func close(deadline: Duration) async {
        end()
    }

    private func end() {
        guard !closed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        try? core.change { log throws(LogError) in try log.abort(id: id, epoch: epoch) }
    }

    private func check() throws(LogError) {
        try gate.check()
        if closed.load(ordering: .acquiring) { throw .closed("transactional writer '\(id)'") }
    }
}
