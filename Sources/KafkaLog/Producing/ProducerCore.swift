internal import Basics
internal import EventLog
internal import Synchronization

/// What both kinds of writer share: a producing client, the thread that serves its events (the pump), a
/// thread for calls that block, and the topics that it has written to. Safe to call from any thread.
final class ProducerCore: Sendable {
    private typealias Waiter = CheckedContinuation<Result<DeliveryTracker.Outcome, LogError>, Never>

    private struct Waiters {
        var tracker = DeliveryTracker()
        /// Who waits for a call, by its tag.
        var tasks: [UInt: Waiter] = [:]
        /// Calls that ended before anybody waited. Their numbers stay taken until somebody does.
        var ended: Set<UInt> = []
        /// Calls whose waiter was told early that no broker will ever take the records.
        var forsaken: Set<UInt> = []

        /// How the call `tag` went, if it has ended: whoever asks is the one who waits for it.
        mutating func takeEnded(_ tag: UInt) -> DeliveryTracker.Outcome? {
            ended.remove(tag).map { tracker.finish(tag: $0) }
        }
    }

    let client: KafkaClient
    let options: KafkaOptions
    let deliveryTimeout: Duration
    private let calls: CallThread
    private let topics = Mutex<[TopicName: TopicHandle]>([:])
    private let waiters = Mutex(Waiters())
    private let ended = Completion()
    private let isStopping = Atomic<Bool>(false)
    private let lostRecord = Mutex<KafkaFailure?>(nil)

    /// Wraps `client` and starts its two threads.
    init(_ client: KafkaClient, options: KafkaOptions, deliveryTimeout: Duration, name: String) {
        self.client = client
        self.options = options
        self.deliveryTimeout = deliveryTimeout
        calls = CallThread(client, name: "kafka-call-\(name)")
        // The thread holds this object until it has destroyed the client; `stop` ends it.
        _ = CancellableThread(name: "kafka-pump-\(name)") { [self] _ in pump() }
    }

    // MARK: Calls that block

    /// Runs `call` on the thread for blocking calls, again and again in slices while its failure may pass,
    /// until `limit`. `what` says what was being done.
    func repeatedly(
        _ what: String, limit: Duration, slice most: Int32 = KafkaLimits.sliceMilliseconds,
        _ call: @Sendable @escaping (borrowing ClientHandle, _ milliseconds: Int32) -> KafkaFailure?
    ) async throws(LogError) {
        let client = client
        let deadline = Deadline(after: limit)
        try await calls.run(what, limit: limit) { isAwaited throws(LogError) in
            while isAwaited() {
                let slice = max(1, deadline.milliseconds(atMost: most))
                let failure = try client.use { handle throws(LogError) in call(handle, slice) }
                guard let failure else { return client.noteContact() }
                guard failure.isRetriable, !failure.isFatal, !failure.needsAbort else {
                    throw LogError.kafka(failure, what)
                }
                if let refusal = client.refusal { throw LogError.kafka(refusal, what) }
                guard !deadline.isOver else {
                    throw LogError.timedOut(what, after: limit, cause: client.trouble)
                }
            }
        }
    }

    /// Waits until nothing is on its way to the brokers; throws `timedOut` after the delivery timeout.
    func flush(_ what: String) async throws(LogError) {
        try await repeatedly(what, limit: deliveryTimeout) { handle, milliseconds in
            handle.flush(milliseconds: milliseconds)
        }
    }

    /// Waits, for `limit` at most, until nothing is on its way to the brokers.
    ///
    /// librdkafka 2.0.2 ends a transaction although the broker has not yet let its partitions in (it does not
    /// while the one before is still being completed). The broker then refuses the end, which finishes the
    /// client, or the late answer meets the next transaction, which ends the process by an assertion.
    func settle(atMost limit: Duration) async {
        let client = client
        _ = try? await calls.run("waiting for records on their way", limit: limit) { _ throws(LogError) in
            ProducerCore.settle(client, Deadline(after: limit))
        }
    }

    /// The same, on a thread that may block.
    static func settle(_ client: KafkaClient, _ deadline: Deadline) {
        // In slices: a pump that stopped meanwhile would leave a longer wait without a server.
        while !deadline.isOver {
            let left = try? client.useLast { handle throws(LogError) in
                _ = handle.flush(milliseconds: deadline.milliseconds(atMost: KafkaLimits.sliceMilliseconds))
                return handle.outstanding
            }
            if left ?? 0 == 0 { return }
        }
    }

    // MARK: Producing

    /// Starts counting a call of `count` records and returns its tag.
    func begin(count: Int) -> UInt {
        waiters.withLock { $0.tracker.begin(count: count) }
    }

    /// Puts the whole batch into the local queue, waiting while it is full. Records that could not be put
    /// there are dropped from the call `tag` before the error is thrown.
    func enqueue(_ batch: RecordBatch, tag: UInt) async throws(LogError) {
        var handles = knownTopics(batch.topics)
        let deadline = Deadline(after: deliveryTimeout)
        var next = 0
        do throws(LogError) {
            while next < batch.count {
                let first = next
                let result = try client.use { handle throws(LogError) in
                    handle.enqueue(batch, from: first, topics: handles, tag: tag)
                }
                switch result {
                case .done:
                    return
                case .needsTopic(let record, let topic):
                    next = record
                    handles[topic] = try await loadTopic(batch.topics[topic])
                case .full(let record):
                    next = record
                    try await waitForRoom(deadline)
                case .refused(let record, let failure):
                    next = record
                    throw refusal(failure, of: batch, record)
                }
            }
        } catch {
            if tag != 0 { drop(tag, from: next) }
            throw error
        }
    }

    /// How the call `tag` went, once every report has come.
    func outcome(of tag: UInt) async throws(LogError) -> DeliveryTracker.Outcome {
        let result = await withCheckedContinuation { continuation in
            let known = waiters.withLock { waiters -> DeliveryTracker.Outcome? in
                if let outcome = waiters.takeEnded(tag) { return outcome }
                waiters.tasks[tag] = continuation
                return nil
            }
            if let known { continuation.resume(returning: .success(known)) }
        }
        return try result.get()
    }

    /// Forgets the call `tag`, for which nobody will wait.
    func forsake(_ tag: UInt) {
        waiters.withLock { waiters in
            if waiters.takeEnded(tag) == nil { waiters.forsaken.insert(tag) }
        }
    }

    /// The first record of a transaction that was not written, as far as reported; forgets it.
    func takeLostRecord() -> KafkaFailure? {
        lostRecord.withLock { $0.take() }
    }

    // MARK: Closing

    /// Waits for what is outstanding and frees the client, by `deadline`. `farewell` runs first, on the
    /// thread for blocking calls.
    func close(
        deadline limit: Duration, farewell: @Sendable @escaping (KafkaClient, Deadline) -> Void
    ) async {
        let deadline = Deadline(after: limit)
        if isStopping.load(ordering: .acquiring) {
            return await client.awaitEnd(ended, atMost: limit, options: options)
        }
        let client = client
        client.refuse()
        let said = Completion()
        // Not awaited by itself: a call before it may hang in librdkafka for longer than the deadline.
        calls.submit {
            farewell(client, deadline)
            said.signal()
        }
        // A tenth is kept for ending the client's threads.
        _ = await said.wait(atMost: deadline.remaining * 9 / 10)
        stop()
        await client.awaitEnd(ended, atMost: deadline.remaining, options: options)
    }

    /// Tells the pump to destroy the client; returns at once.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        try? client.useLast { handle throws(LogError) in handle.mainQueue().interrupt() }
        client.refuse()
        calls.stop()
    }

    // MARK: Private

    private func knownTopics(_ names: [TopicName]) -> [TopicHandle?] {
        topics.withLock { topics in names.map { topics[$0] } }
    }

    /// Makes the topic's handle and waits until its partitions are known, so that the first records need not
    /// wait for librdkafka's timers, and a missing topic is told at once.
    private func loadTopic(_ name: TopicName) async throws(LogError) -> TopicHandle {
        let client = client
        let limit = min(deliveryTimeout, options.requestTimeout)
        let handle = try await calls.run("looking up topic \(name)", limit: limit) { _ throws(LogError) in
            let handle = try client.use { client throws(LogError) in TopicHandle(client, name) }
            guard let handle else {
                throw LogError(.invalidTopic, "librdkafka refuses the topic '\(name)'", recovery: .fixInput)
            }
            try client.awaitTopic(handle, limit)
            return handle
        }
        return topics.withLock { topics in
            // Two tasks may have asked at once; both go on with one handle.
            if let known = topics[name] { return known }
            topics[name] = handle
            return handle
        }
    }

    private func waitForRoom(_ deadline: Deadline) async throws(LogError) {
        guard !deadline.isOver else {
            throw LogError.timedOut(
                "writing: the local queue stayed full", after: deadline.limit, cause: client.trouble)
        }
        do {
            try await Task.sleep(for: KafkaLimits.fullQueuePause, clock: .continuous)
        } catch {
            throw LogError(.closed, "writing was cancelled", severity: .abortable, recovery: .retry)
        }
    }

    private func refusal(_ failure: KafkaFailure, of batch: RecordBatch, _ record: Int) -> LogError {
        let fatal = try? client.use { handle throws(LogError) in handle.fatalFailure() }
        let partition = batch.partition(at: record).map { "[\($0)]" } ?? ""
        return LogError.kafka(
            fatal ?? failure,
            "writing record \(record) of \(batch.count) to \(batch.topic(at: record))\(partition)")
    }

    private func drop(_ tag: UInt, from index: Int) {
        let finished = waiters.withLock { waiters in
            waiters.tracker.drop(tag: tag, from: index, code: -1).map { waiters.tracker.finish(tag: $0) }
        }
        // Nobody waits for a call whose records did not all get into the queue: its error is thrown at once.
        if finished == nil { forsake(tag) }
    }

    // MARK: The pump

    private func pump() {
        try? client.useLast { handle throws(LogError) in
            let queue = handle.mainQueue()
            while !isStopping.load(ordering: .acquiring) {
                if let event = queue.poll(milliseconds: KafkaLimits.sliceMilliseconds) { take(event) }
            }
        }
        client.destroy { topics.withLock { $0.removeAll() } }
        failAll(LogError.closed(client.label))
        ended.signal()
    }

    private func take(_ event: borrowing EventHandle) {
        switch event.kind {
        case .deliveryReports:
            takeReports(event)
        case .error:
            let failure = event.failure
            client.note(failure)
            // A wrong password does not get right by waiting.
            if KafkaErrorTable.row(of: failure.code).code == .denied {
                failAll(LogError.kafka(failure, "writing with \(client.label)"))
            }
        default:
            break
        }
    }

    private func takeReports(_ event: borrowing EventHandle) {
        var finished: [UInt] = []
        var lost: KafkaFailure?
        var written = false
        waiters.withLock { waiters in
            while let message = event.nextMessage() {
                let code = message.code
                // What an abort throws away is no loss.
                if code != 0, lost == nil, !KafkaErrorTable.isPurge(code) { lost = KafkaFailure(code: code) }
                written = written || code == 0
                guard message.tag != 0 else { continue }
                let tag = waiters.tracker.report(
                    tag: message.tag, partition: message.partition, offset: message.offset, code: code)
                if let tag { finished.append(tag) }
            }
        }
        if written { client.noteContact() }
        if let lost { lostRecord.withLock { if $0 == nil { $0 = lost } } }
        for tag in finished { resume(tag) }
    }

    /// All reports of the call `tag` have come.
    private func resume(_ tag: UInt) {
        let waiting = waiters.withLock {
            waiters -> (Waiter, DeliveryTracker.Outcome)? in
            if waiters.forsaken.remove(tag) != nil {
                _ = waiters.tracker.finish(tag: tag)
                return nil
            }
            // Without a waiter the number stays taken: another call of that number would get this outcome.
            guard let task = waiters.tasks.removeValue(forKey: tag) else {
                waiters.ended.insert(tag)
                return nil
            }
            return (task, waiters.tracker.finish(tag: tag))
        }
        if let (task, outcome) = waiting { task.resume(returning: .success(outcome)) }
    }

    private func failAll(_ error: LogError) {
        let tasks = waiters.withLock { waiters in
            let tasks = waiters.tasks
            waiters.tasks = [:]
            waiters.forsaken.formUnion(tasks.keys)
            return tasks
        }
        for task in tasks.values { task.resume(returning: .failure(error)) }
    }
}
