internal import Basics
internal import EventLog
internal import Synchronization

/// What both kinds of reader share: a consuming client and the one thread that reads, seeks, commits and
/// closes it.
///
/// The state below is used on that thread only. A call that comes while a read waits interrupts the wait, has
/// its turn, and the read goes on: the thread's queue keeps the order.
///
/// `@unchecked`: `state` is confined to `thread`.
final class ReaderCore: @unchecked Sendable {
    let client: KafkaClient
    let options: KafkaOptions
    private let thread: ThreadExecutor
    private let state: ReaderState
    private let batch = BatchExchange()
    private let waiting = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)
    private let ended = Completion()

    /// Wraps `client`; `state` reads from it.
    init(_ client: KafkaClient, _ state: ReaderState, options: KafkaOptions, thread: ThreadExecutor) {
        self.client = client
        self.state = state
        self.options = options
        self.thread = thread
    }

    /// One read, as `LogReader` describes it.
    func read(into target: inout RecordBatch, limit: ReadLimit, wait: Duration) async throws(LogError)
        -> ReadOutcome
    {
        let deadline = Deadline(after: wait)
        let cancelled = CancelFlag()
        // The caller's batch travels to the thread and back without a copy of its records.
        batch.put(&target)
        defer { batch.take(&target) }
        while true {
            let outcome = try await withCancellation(cancelled) { () throws(LogError) in
                try await self.thread.run { () throws(LogError) in
                    try self.client.use { handle throws(LogError) in
                        try self.state.read(
                            handle, into: &self.batch.records, limit: limit, deadline: deadline,
                            shouldYield: { self.waiting.load(ordering: .acquiring) > 0 || cancelled.isSet })
                    }
                }
            }
            if let outcome { return outcome }
            if cancelled.isSet {
                throw LogError(.closed, "reading was cancelled", severity: .retriable, recovery: .retry)
            }
        }
    }

    /// Runs `work` on the reader's thread, ahead of a read that waits there.
    func call<Value: Sendable>(
        _ work: @Sendable @escaping (borrowing ClientHandle, ReaderState) throws(LogError) -> Value
    ) async throws(LogError) -> Value {
        waiting.add(1, ordering: .acquiringAndReleasing)
        interrupt()
        return try await thread.run { () throws(LogError) in
            defer { self.waiting.subtract(1, ordering: .acquiringAndReleasing) }
            return try self.client.use { handle throws(LogError) in try work(handle, self.state) }
        }
    }

    /// Leaves the group, if any, and frees the client, by `deadline`.
    func close(deadline: Duration) async {
        // The other half is for ending the client's threads, which without a broker takes its time too.
        stop(leavingBy: Deadline(after: deadline / 2))
        await client.awaitEnd(ended, atMost: deadline, options: options)
    }

    /// Begins to leave the group (unless the process is to look killed) and to free the client on the
    /// reader's thread; returns at once. Only the first call counts.
    func stop(leavingBy deadline: Deadline, saysSo: Bool = true) {
        guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
        waiting.add(1, ordering: .acquiringAndReleasing)
        interrupt()
        Task { [client, thread, state, ended] in
            var turn = deadline
            // While its broker is away it cannot leave. A member that is left alone would join when the broker comes back, and keep
            // partitions that nobody reads; so it is served here until it can leave. `close` reports it when
            // its deadline is over, and does not wait for it. In turns of the thread, so that a call that
            // came in the meantime is told that the reader is closed.
            while await thread.run({ [turn] in
                defer { client.refuse() }
                let isFree = try? client.useLast { handle throws(LogError) in
                    state.leave(handle, by: turn, saysSo: saysSo)
                }
                return isFree == false
            }) {
                turn = Deadline(after: KafkaLimits.closedTurn)
            }
            await thread.run {
                client.destroy { state.release() }
                ended.signal()
            }
        }
    }

    private func interrupt() {
        try? client.use { handle throws(LogError) in state.interrupt() }
    }

    private func withCancellation<Value: Sendable>(
        _ flag: CancelFlag, _ body: () async throws(LogError) -> Value
    ) async throws(LogError) -> Value {
        let result: Result<Value, LogError> = await withTaskCancellationHandler {
            do throws(LogError) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            flag.set()
            interrupt()
        }
        return try result.get()
    }
}

/// Whether the task that reads was cancelled.
private final class CancelFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set() { flag.store(true, ordering: .releasing) }
}

/// Where the caller's batch stays while the thread fills it. One task at a time reads, and it waits for the
/// thread.
private final class BatchExchange {
    var records = RecordBatch()

    func put(_ batch: inout RecordBatch) { swap(&records, &batch) }

    func take(_ batch: inout RecordBatch) { swap(&records, &batch) }
}
