internal import Basics
internal import EventLog
internal import Synchronization

/// Writes records in transactions over a client of its own. Blocking calls run on the client's thread for
/// calls.
final class KafkaTransactionalWriter: TransactionalWriter, Closable {
    private enum State {
        case idle
        case open
        /// The transaction can only be aborted.
        case failed
        /// Nothing can be done any more, for this reason.
        case dead(LogError)
    }

    let id: String
    private let core: ProducerCore
    private let state = Mutex(State.idle)
    /// Whether librdkafka has given up the open transaction by itself.
    private let frozen = Atomic<Bool>(false)
    /// What the open transaction has not yet handed to librdkafka.
    private let gathered = Mutex(Gathered())

    private struct Gathered {
        var batches: [RecordBatch] = []
        var records = 0
    }

    /// Makes the client and fences every older writer of the same name, which aborts what that left open.
    init(_ settings: ClientSettings, id: String, _ options: WriterOptions) async throws(LogError) {
        self.id = id
        var properties = settings.writerSettings(options)
        properties["transactional.id"] = id
        properties["transaction.timeout.ms"] = "\(max(1, options.transactionTimeout.wholeMilliseconds))"
        // librdkafka refuses a delivery timeout longer than the transaction's.
        let delivery = min(options.deliveryTimeout, options.transactionTimeout)
        properties["delivery.timeout.ms"] = "\(max(1, delivery.wholeMilliseconds))"
        properties["linger.ms"] = "\(KafkaLimits.transactionLingerMilliseconds)"
        // A record that is lost fails the commit anyway, so only losses are reported.
        properties["delivery.report.only.error"] = "true"
        let client = try settings.makeClient(
            .producer, properties, events: ClientEvents.producing, label: "the transactional writer '\(id)'")
        core = ProducerCore(
            client, options: settings.options, deliveryTimeout: options.deliveryTimeout, name: "t")
        do throws(LogError) {
            let limit = max(settings.options.requestTimeout, options.transactionTimeout)
            try await core.repeatedly(
                "taking over the transactional name '\(id)'", limit: limit,
                slice: KafkaLimits.eagerSliceMilliseconds
            ) { handle, milliseconds in handle.initTransactions(milliseconds: milliseconds) }
        } catch {
            core.stop()
            throw error
        }
    }

    deinit {
        // Nobody waits for it, and nobody can: the object is gone.
        let farewell = farewell()
        Task { [core] in await core.close(deadline: .seconds(1), farewell: farewell) }
    }

    func begin() async throws(LogError) {
        if core.client.isClosed { throw LogError.closed(core.client.label) }
        switch state.withLock({ $0 }) {
        case .idle: break
        case .dead(let error): throw error
        case .open, .failed: throw .wrongState("a transaction of '\(id)' is open already")
        }
        _ = core.takeLostRecord()
        do throws(LogError) {
            try await core.repeatedly("beginning a transaction of '\(id)'", limit: core.deliveryTimeout) {
                handle, _ in handle.beginTransaction()
            }
        } catch {
            throw remember(error)
        }
        state.withLock { $0 = .open }
    }

    func send(_ batch: RecordBatch) async throws(LogError) {
        try requireOpen("writing")
        if batch.isEmpty { return }
        // A small transaction goes out at its commit, in one go. Record by record it would be many requests,
        // and librdkafka's thread turns in circles without a pause while records wait for their partitions to
        // be let into the transaction, or for one of five requests to be answered.
        let ready = gathered.withLock { gathered -> [RecordBatch] in
            gathered.batches.append(batch)
            gathered.records += batch.count
            guard gathered.records >= KafkaLimits.gatheredRecordsMax else { return [] }
            defer { gathered.batches = [] }
            return gathered.batches
        }
        try await enqueue(ready)
    }

    private func enqueue(_ batches: [RecordBatch]) async throws(LogError) {
        do throws(LogError) {
            for batch in batches { try await core.enqueue(batch, tag: 0) }
        } catch {
            throw remember(describe(error.abortingTransaction()))
        }
    }

    /// What was gathered, which nobody keeps any more.
    private func takeGathered() -> [RecordBatch] {
        gathered.withLock { gathered in
            defer { gathered = Gathered() }
            return gathered.batches
        }
    }

    func commit(consumed: ConsumedOffsets?) async throws(LogError) {
        try requireOpen("committing")
        try await enqueue(takeGathered())
        if let consumed, !consumed.offsets.isEmpty { try await sendOffsets(consumed) }
        do throws(LogError) {
            try await core.repeatedly("committing a transaction of '\(id)'", limit: core.deliveryTimeout) {
                handle, milliseconds in handle.commitTransaction(milliseconds: milliseconds)
            }
        } catch {
            // A retriable failure leaves the transaction open: the same call may finish it.
            if error.severity == .retriable { throw error }
            throw remember(describe(error))
        }
        state.withLock { $0 = .idle }
    }

    func abort() async throws(LogError) {
        switch state.withLock({ $0 }) {
        case .idle: return
        case .dead(let error): throw error
        case .open, .failed: break
        }
        _ = takeGathered()
        let isFrozen = frozen.load(ordering: .acquiring)
        // After an error of its own librdkafka sends nothing more, so there is nothing to wait for.
        if !isFrozen { await core.settle(atMost: min(core.deliveryTimeout, KafkaLimits.settling)) }
        do throws(LogError) {
            try await core.repeatedly("aborting a transaction of '\(id)'", limit: core.deliveryTimeout) {
                handle, milliseconds in handle.abortTransaction(milliseconds: milliseconds)
            }
        } catch {
            if error.severity == .retriable { throw error }
            throw remember(error)
        }
        _ = core.takeLostRecord()
        frozen.store(false, ordering: .releasing)
        state.withLock { $0 = .idle }
    }

    func kill() {
        // A client that is destroyed while it lets a partition into its transaction ends the process by an
        // assertion (librdkafka 2.0.2), so even now what is on its way must arrive first.
        core.client.refuse()
        Task { [core] in
            await core.settle(atMost: KafkaLimits.settling)
            core.stop()
        }
    }

    func close(deadline: Duration) async {
        await core.close(deadline: deadline, farewell: farewell())
    }

    /// What is said to the broker before the client ends: the end of the open transaction, if any.
    private func farewell() -> @Sendable (KafkaClient, Deadline) -> Void {
        let isOpen = state.withLock { state in
            switch state {
            case .open, .failed: true
            case .idle, .dead: false
            }
        }
        return { client, deadline in
            guard isOpen else { return }
            ProducerCore.settle(client, deadline.share(0.5))
            while !deadline.isOver {
                let failure = try? client.useLast { handle throws(LogError) in
                    handle.abortTransaction(
                        milliseconds: deadline.milliseconds(atMost: KafkaLimits.sliceMilliseconds))
                }
                guard let failure = failure ?? nil, failure.isRetriable else { return }
            }
        }
    }

    private func sendOffsets(_ consumed: ConsumedOffsets) async throws(LogError) {
        guard let reader = consumed.reader as? KafkaGroupReader else {
            throw .wrongState("the consumed offsets of '\(id)' belong to a reader of another log")
        }
        do throws(LogError) {
            let member = try await reader.membership(for: Array(consumed.offsets.keys))
            let offsets = consumed.offsets
            try await core.repeatedly(
                "adding offsets of group '\(reader.group)' to a transaction of '\(id)'",
                limit: core.deliveryTimeout
            ) { handle, milliseconds in
                handle.sendOffsets(offsets, member: member, milliseconds: milliseconds)
            }
        } catch {
            if error.code == .timedOut { throw error }
            if error.rootFailure?.needsAbort == true { frozen.store(true, ordering: .releasing) }
            // The reader may be finished, but of this writer only the transaction is.
            state.withLock { $0 = .failed }
            throw describe(error.abortingTransaction())
        }
    }

    private func requireOpen(_ what: String) throws(LogError) {
        switch state.withLock({ $0 }) {
        case .open:
            return
        case .dead(let error):
            throw error
        case .idle:
            throw .wrongState("\(what): no transaction of '\(id)' is open")
        case .failed:
            throw .transactionAborted("\(what): the transaction of '\(id)' has failed before")
        }
    }

    /// Remembers what `error` leaves behind, and returns it.
    private func remember(_ error: LogError) -> LogError {
        if error.rootFailure?.needsAbort == true { frozen.store(true, ordering: .releasing) }
        // After `closed` nothing more can be said than that.
        if error.code != .closed { state.withLock { $0 = error.severity == .fatal ? .dead(error) : .failed } }
        return error
    }

    /// `error` as one of this transaction, with the record that was lost as its cause, when that is what
    /// happened.
    private func describe(_ error: LogError) -> LogError {
        guard error.severity != .fatal || error.code == .engine else { return error }
        if let lost = core.takeLostRecord() {
            let reason = LogError.kafka(lost, "writing in a transaction of '\(id)'")
            return LogError(
                reason.code == .timedOut ? .timedOut : .transactionAborted, reason.message, hint: reason.hint,
                severity: .abortable, recovery: .retry, cause: error)
        }
        if error.code == .engine {
            return LogError(
                .transactionAborted, error.message, hint: "abort it and begin again", severity: .abortable,
                recovery: .retry, cause: error.cause)
        }
        return error
    }
}
