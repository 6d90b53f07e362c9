internal import EventLog
internal import Synchronization

/// Writes in transactions: keeps the records in memory as finished blocks, and writes them with the offsets
/// in one transaction of the file. So nothing of an open transaction is ever seen, whoever dies.
final class EmbeddedTransactionalWriter: TransactionalWriter {
    private enum Phase {
        case idle
        case open
        /// A record was refused, so the transaction can only be aborted.
        case failed(LogError)
        case closed
    }

    private struct State {
        var phase = Phase.idle
        var assembler: BlockAssembler
        var topics: [TopicName: TopicEntry] = [:]
    }

    private let core: EmbeddedCore
    private let options: WriterOptions
    private let epoch: Int64
    private let state: Mutex<State>

    let id: String

    init(_ core: EmbeddedCore, id: String, epoch: Int64, _ options: WriterOptions) {
        self.core = core
        self.id = id
        self.epoch = epoch
        self.options = options
        state = Mutex(State(assembler: BlockAssembler(limits: core.options.limits)))
    }

    func begin() async throws(LogError) {
        try core.check()
        let failure = state.withLock { state -> LogError? in
            switch state.phase {
            case .idle:
                state.phase = .open
                return nil
            case .failed(let cause) where cause.code == .fenced: return cause
            case .open, .failed: return .wrongState("transaction of '\(id)' is open already")
            case .closed: return .closed("transactional writer '\(id)'")
            }
        }
        if let failure { throw failure }
    }

    func send(_ batch: RecordBatch) async throws(LogError) {
        try checkOpen()
        let placement = BatchPlacement(core: core)
        do throws(LogError) {
            let topics = try await placement.topics(batch)
            let bytes = state.withLock { $0.assembler.byteCount }
            try placement.check(batch, topics, bytes: bytes)
            state.withLock { state in
                placement.assemble(batch, topics, into: &state.assembler) { _, _ in }
                for topic in topics.compactMap({ $0 }) { state.topics[topic.name] = topic }
            }
        } catch {
            state.withLock { state in
                if case .open = state.phase { state.phase = .failed(error) }
            }
            throw error
        }
    }

    func commit(consumed: ConsumedOffsets?) async throws(LogError) {
        try checkOpen()
        var input: WriteRequest.Consumed?
        if let consumed {
            guard let reader = consumed.reader as? EmbeddedGroupReader, reader.member(of: core) != nil else {
                throw .wrongState("the consumed offsets of '\(id)' belong to a reader of another log")
            }
            input = try await reader.consumed(consumed.offsets)
        }
        let (blocks, topics) = state.withLock { state in
            defer { state.topics.removeAll(keepingCapacity: true) }
            return (state.assembler.finish(), state.topics.values.map { Optional($0) })
        }
        let request = WriteRequest(
            blocks: blocks, producer: WriteRequest.Producer(name: id, epoch: epoch), consumed: input,
            deadline: .now + options.deliveryTimeout)
        do throws(LogError) {
            _ = try await core.write.commit(request)
        } catch {
            state.withLock { state in
                if case .open = state.phase { state.phase = .failed(error) }
            }
            throw error
        }
        state.withLock { state in
            if case .open = state.phase { state.phase = .idle }
        }
        core.maintenance.noteCommit(topics)
    }

    func abort() async throws(LogError) {
        try core.check()
        let failure = state.withLock { state -> LogError? in
            if case .closed = state.phase { return .closed("transactional writer '\(id)'") }
            state.phase = .idle
            drop(&state)
            return nil
        }
        if let failure { throw failure }
    }

    func close(deadline: Duration) async {
        state.withLock { state in
            state.phase = .closed
            drop(&state)
        }
    }

    private func drop(_ state: inout State) {
        state.assembler = BlockAssembler(limits: core.options.limits)
        state.topics.removeAll(keepingCapacity: true)
    }

    private func checkOpen() throws(LogError) {
        try core.check()
        let failure = state.withLock { state -> LogError? in
            switch state.phase {
            case .open: nil
            case .idle: .wrongState("no transaction of '\(id)' is open")
            case .failed(let cause) where cause.code == .fenced: cause
            case .failed(let cause):
                .transactionAborted("the transaction of '\(id)' has failed: \(cause.message)", cause: cause)
            case .closed: .closed("transactional writer '\(id)'")
            }
        }
        if let failure { throw failure }
    }
}
