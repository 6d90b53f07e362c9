internal import Basics
internal import EventLog

/// The part of a reader that lives on its thread: the queue, the assignment, and the copying of messages.
///
/// `@unchecked`: every method but `interrupt` is called on the thread of the `ReaderCore` that owns it, under
/// a lease of its client; `interrupt` uses nothing but the queue, which changes only when no lease is left.
final class ReaderState: @unchecked Sendable {
    /// Records of one partition in a row, so that what is looked up by partition is looked up once a run.
    private struct Run {
        var topicIdentity: UInt
        var partition: TopicPartition
        var topicIndex: Int
        /// Records before this offset were asked to be skipped.
        var floor: Int64
        var next: Int64
    }

    private(set) var assignment: Assignment
    private let client: KafkaClient
    private let place: String
    /// For a group that starts at a fixed offset: where, when it has committed nothing.
    private let groupStart: Int64?
    private let requestTimeout: Duration
    private var queue: QueueHandle?
    /// Topics that were started by name, and are stopped at the end.
    private var started: [(topic: TopicHandle, partition: Partition)] = []
    private var topicNames: [(identity: UInt, name: TopicName)] = []
    /// The lowest offset that the caller wants, by partition, until a record at or above it came: where a
    /// partition ends below it, librdkafka starts over at its first record.
    private var floors: [TopicPartition: Int64] = [:]
    private var run: Run?
    private var error: LogError?
    private var isMember = false
    private var hasBeenAssigned = false
    private var lastArrival = ContinuousClock.now
    private var lastWaking = ContinuousClock.now
    private var wakingPause = ReaderState.shortestPause
    /// Bytes that were taken since the fetching thread was last seen to look at its queue.
    private var taken = 0
    private var lastPartition: TopicPartition?
    private let wakingBytes: Int?
    private static let shortestPause = Duration.milliseconds(KafkaLimits.wakingMilliseconds)
    /// Events of kinds that this program does not know.
    private(set) var unknownEvents = 0

    /// A reader of `queue`, which belongs to `client`. `place` says for messages what it reads.
    init(
        _ client: KafkaClient, queue: consuming QueueHandle, place: String, partitions: [TopicPartition] = [],
        groupStart: Int64? = nil, ahead: ReadingAhead, requestTimeout: Duration
    ) {
        self.client = client
        self.queue = consume queue
        self.place = place
        self.groupStart = groupStart
        wakingBytes = ahead.wakingBytes
        self.requestTimeout = requestTimeout
        assignment = Assignment(partitions)
    }

    // MARK: Starting and ending

    /// Starts a partition by name.
    func start(
        _ handle: borrowing ClientHandle, _ topic: TopicHandle, _ partition: Partition, at offset: Int64
    ) throws(LogError) {
        let place = TopicPartition(topic.name, partition)
        let code = handle.start(topic, partition, at: offset, into: queue!)
        if code != 0 { throw LogError.kafka(KafkaFailure(code: code), "starting to read \(place)") }
        started.append((topic, partition))
        if offset > 0 {
            floors[place] = offset
            _ = assignment.handle(.sought([place: Offset(offset)]))
        }
    }

    /// Joins the group for `topics`.
    func join(_ handle: borrowing ClientHandle, _ topics: [TopicName]) throws(LogError) {
        let code = handle.subscribe(topics)
        if code != 0 { throw LogError.kafka(KafkaFailure(code: code), "joining \(place)") }
        isMember = true
    }

    /// Ends the wait of the thread for the next event. Safe from any thread that holds a lease of the client.
    func interrupt() {
        queue!.interrupt()
    }

    /// Stops reading and leaves the group (unless the process is to look killed), by `deadline`. Returns
    /// whether the client may be destroyed.
    ///
    /// librdkafka 2.0.2 ends the process by an assertion (its issue 4312) when a member of a cooperative
    /// group is destroyed between its joining and its first assignment. So that assignment is waited for; a
    /// client that does not get one must be left behind.
    func leave(_ handle: borrowing ClientHandle, by deadline: Deadline, saysSo: Bool) -> Bool {
        for action in assignment.handle(.closing) { _ = obey(action, handle) }
        for (topic, partition) in started { handle.stop(topic, partition) }
        guard isMember else { return true }
        serveRebalances(handle, until: deadline) { hasBeenAssigned }
        guard hasBeenAssigned else { return false }
        if saysSo, handle.beginLeaving(into: queue!) == nil {
            serveRebalances(handle, until: deadline) { handle.hasLeft }
        }
        return true
    }

    private func serveRebalances(
        _ handle: borrowing ClientHandle, until deadline: Deadline, _ isDone: () -> Bool
    ) {
        while !isDone(), !deadline.isOver {
            let event = queue!.poll(milliseconds: deadline.milliseconds(atMost: 50))
            if let event, event.kind == .rebalance { _ = rebalance(event, handle) }
        }
    }

    /// Frees what was made from the client.
    func release() {
        queue = nil
        started = []
    }

    // MARK: Reading

    /// Fills `batch` as `LogReader.read` describes; nil when `shouldYield` asked for the thread before
    /// anything came.
    func read(
        _ handle: borrowing ClientHandle, into batch: inout RecordBatch, limit: ReadLimit, deadline: Deadline,
        shouldYield: () -> Bool
    ) throws(LogError) -> ReadOutcome? {
        for action in assignment.handle(.read) { try check(obey(action, handle)) }
        if let outcome = try pending() { return outcome }
        run = nil
        while true {
            if shouldYield() { return nil }
            // The first message by itself: waiting for a full batch would add the wait to every record's
            // latency.
            var first = queue!.poll(milliseconds: 0)
            if first == nil {
                let most =
                    wakeFetcher(handle) ? KafkaLimits.wakingMilliseconds : KafkaLimits.restingMilliseconds
                first = queue!.poll(milliseconds: deadline.milliseconds(atMost: most))
            }
            if let first {
                let before = batch.byteCount
                take(first, handle, into: &batch)
                drain(handle, into: &batch, limit: limit)
                finishRun()
                refill(handle, batch.byteCount - before)
            }
            if !batch.isEmpty { return .records }
            if let outcome = try pending() { return outcome }
            if deadline.isOver { return .idle }
        }
    }

    /// Wakes the thread that should be fetching, when nothing is here although a partition has more to tell;
    /// says whether so.
    ///
    /// librdkafka 2.0.2 stops fetching when enough is queued, and looks again only a second later, or when
    /// its thread has something else to do: without this a reader that was slow for a while, and every seek,
    /// would wait for that second.
    private func wakeFetcher(_ handle: borrowing ClientHandle) -> Bool {
        let now = ContinuousClock.now
        // The end of a partition is told by a fetch of its own, which the broker holds back for a while.
        let isEndDue = now - lastArrival > .milliseconds(2 * KafkaLimits.fetchWaitMilliseconds)
        let waiting = assignment.partitions.first { partition in
            guard let position = assignment.positions[partition] else { return true }
            if assignment.lastEnds[partition] != nil { return false }
            return isEndDue || handle.knownEnd(of: partition).map { $0 > position.number } ?? false
        }
        guard let waiting else { return false }
        if now - lastWaking > wakingPause {
            lastWaking = now
            // Where waking brings nothing (the broker is away, say), it is done less and less often.
            wakingPause = min(wakingPause * 2, .milliseconds(KafkaLimits.sliceMilliseconds))
            handle.wakeFetcher(of: waiting)
        }
        return true
    }

    /// Wakes the fetching thread when much of what it had queued is taken, so that it goes on before the
    /// queue is empty.
    private func refill(_ handle: borrowing ClientHandle, _ bytes: Int) {
        guard let wakingBytes else { return }
        taken += bytes
        guard taken >= wakingBytes, let partition = lastPartition else { return }
        taken = 0
        guard let position = assignment.positions[partition], let end = handle.knownEnd(of: partition),
            end > position.number
        else { return }
        handle.wakeFetcher(of: partition)
    }

    private func drain(_ handle: borrowing ClientHandle, into batch: inout RecordBatch, limit: ReadLimit) {
        while batch.count < limit.records, batch.byteCount < limit.bytes, error == nil,
            !assignment.hasRebalance
        {
            guard let event = queue!.poll(milliseconds: 0) else { return }
            take(event, handle, into: &batch)
        }
    }

    private func pending() throws(LogError) -> ReadOutcome? {
        if let outcome = assignment.takeOutcome() { return outcome }
        if let error {
            self.error = nil
            throw error
        }
        return nil
    }

    private func take(
        _ event: borrowing EventHandle, _ handle: borrowing ClientHandle, into batch: inout RecordBatch
    ) {
        switch event.kind {
        case .messages:
            while let message = event.nextMessage() { append(message, to: &batch) }
        case .rebalance:
            finishRun()
            if let failure = rebalance(event, handle) { error = LogError.kafka(failure, place) }
        case .error:
            finishRun()
            take(event.failure, at: event.place(), handle)
        case .deliveryReports, .offsetCommit, .other:
            unknownEvents += 1
        }
    }

    private func append(_ message: borrowing MessageView, to batch: inout RecordBatch) {
        guard message.code == 0 else {
            error = LogError.kafka(
                KafkaFailure(code: message.code, text: message.errorText),
                "reading \(message.topicName)[\(message.partition)]@\(message.offset)")
            return
        }
        if run == nil || run!.topicIdentity != message.topicIdentity
            || run!.partition.partition.number != message.partition
        {
            finishRun()
            guard let started = startRun(message, &batch) else { return }
            run = started
        }
        run!.next = message.offset + 1
        if message.offset < run!.floor { return }
        message.append(to: &batch, topic: run!.topicIndex)
    }

    private func startRun(_ message: borrowing MessageView, _ batch: inout RecordBatch) -> Run? {
        let identity = message.topicIdentity
        let name: TopicName
        if let known = topicNames.first(where: { $0.identity == identity }) {
            name = known.name
        } else {
            guard let read = try? TopicName(message.topicName) else { return nil }
            name = read
            topicNames.append((identity, name))
        }
        let partition = TopicPartition(name, message.partition)
        return Run(
            topicIdentity: identity, partition: partition, topicIndex: batch.index(of: name),
            floor: floors[partition] ?? 0, next: message.offset)
    }

    private func finishRun() {
        guard let run else { return }
        self.run = nil
        lastPartition = run.partition
        wakingPause = ReaderState.shortestPause
        lastArrival = ContinuousClock.now
        client.noteContact()
        if run.next > run.floor {
            floors[run.partition] = nil
            _ = assignment.handle(.advanced(run.partition, next: Offset(run.next)))
        }
    }

    // MARK: Errors and rebalances

    private func take(_ failure: KafkaFailure, at place: RecordPlace?, _ handle: borrowing ClientHandle) {
        switch failure.name {
        case "_PARTITION_EOF":
            client.noteContact()
            guard let place else { return }
            let end = max(place.offset.number, floors[place.partition] ?? 0)
            _ = assignment.handle(.reachedEnd(place.partition, Offset(end)))
        case "_MAX_POLL_EXCEEDED":
            // The group took everything back meanwhile; the rebalance that follows says so.
            client.note(failure)
        case "_FATAL":
            let reason = handle.fatalFailure() ?? failure
            error = LogError.kafka(
                KafkaFailure(code: reason.code, text: reason.text, isFatal: true), self.place)
        default:
            client.note(failure)
            let row = KafkaErrorTable.row(of: failure.code)
            // After a failed look-up of committed offsets librdkafka 2.0.2 leaves the partitions standing: no
            // record of them would ever come. A reader that is made anew asks again.
            if failure.text.contains("fetch committed offset") {
                error = LogError(
                    row.code, "\(self.place): \(failure.text) (\(failure.name))", hint: row.hint,
                    severity: .fatal, recovery: .restart, cause: failure)
                return
            }
            // librdkafka goes on trying by itself. Only a reader that has never reached a broker says so: its
            // address may be wrong; one that has lost its broker waits for it.
            if row.isRetriable, !failure.isFatal {
                if !client.hasContact, failure.name == "_ALL_BROKERS_DOWN" {
                    error = LogError.kafka(client.trouble ?? failure, self.place)
                }
                return
            }
            let location = place.map { "\(self.place): \($0.partition)" } ?? self.place
            error = LogError.kafka(failure, location)
        }
    }

    private func rebalance(_ event: borrowing EventHandle, _ handle: borrowing ClientHandle) -> KafkaFailure?
    {
        client.noteContact()
        let partitions = event.partitions().map(\.partition)
        let isGiven = event.failure.name == "_ASSIGN_PARTITIONS"
        if isGiven { hasBeenAssigned = true }
        let actions = assignment.handle(
            isGiven ? .given(partitions) : .taken(partitions, lost: handle.hasLostAssignment))
        for action in actions {
            if let failure = obey(action, handle) { return failure }
        }
        return nil
    }

    private func obey(_ action: Assignment.Action, _ handle: borrowing ClientHandle) -> KafkaFailure? {
        // A topic's address may be used again for another one once its partitions are gone.
        topicNames = []
        switch action {
        case .assign(let partitions):
            var offsets = Dictionary(
                uniqueKeysWithValues: partitions.map { ($0, PartitionList.committed) })
            if let groupStart {
                let known = handle.committed(
                    partitions, milliseconds: Int32(clamping: requestTimeout.wholeMilliseconds))
                switch known {
                case .failure(let failure): return failure
                case .success(let entries):
                    for entry in entries where entry.offset < 0 { offsets[entry.partition] = groupStart }
                }
            }
            return handle.assign(offsets)
        case .unassign(let partitions):
            for partition in partitions { floors[partition] = nil }
            return handle.unassign(partitions)
        }
    }

    private func check(_ failure: KafkaFailure?) throws(LogError) {
        if let failure { throw LogError.kafka(failure, place) }
    }

    // MARK: Other calls

    /// Continues at `offsets`.
    func seek(_ handle: borrowing ClientHandle, to offsets: [TopicPartition: Offset]) throws(LogError) {
        for partition in offsets.keys.sorted() where !assignment.holds(partition) {
            throw .notAssigned(partition)
        }
        let deadline = Deadline(after: requestTimeout)
        var left = offsets
        while !left.isEmpty {
            let result = handle.seek(
                left, milliseconds: deadline.milliseconds(atMost: KafkaLimits.sliceMilliseconds))
            switch result {
            case .failure(let failure):
                guard failure.isRetriable || KafkaErrorTable.row(of: failure.code).isRetriable else {
                    throw LogError.kafka(failure, "seeking in \(place)")
                }
            case .success(let entries):
                for entry in entries {
                    if entry.code == 0 {
                        left[entry.partition] = nil
                    } else if !isStarting(entry.code) {
                        throw LogError.kafka(KafkaFailure(code: entry.code), "seeking in \(entry.partition)")
                    }
                }
            }
            guard !left.isEmpty else { break }
            guard !deadline.isOver else {
                throw LogError.timedOut("seeking in \(place)", after: requestTimeout, cause: client.trouble)
            }
            // The partition is being started by librdkafka's own thread; nothing tells when it is done.
            Pause.milliseconds(2)
        }
        wakingPause = ReaderState.shortestPause
        for (partition, offset) in offsets { floors[partition] = offset.number > 0 ? offset.number : nil }
        _ = assignment.handle(.sought(offsets))
    }

    /// Commits `offsets` for the group.
    func commit(_ handle: borrowing ClientHandle, _ offsets: [TopicPartition: Offset]) throws(LogError) {
        for partition in offsets.keys.sorted() where !assignment.holds(partition) {
            throw .notAssigned(partition)
        }
        let what = "committing offsets of \(place)"
        if let fatal = handle.fatalFailure() { throw LogError.kafka(fatal, what) }
        let answers = handle.makeQueue()
        let code = handle.commit(offsets, into: answers)
        if code != 0 { throw LogError.kafka(KafkaFailure(code: code), what) }
        let deadline = Deadline(after: requestTimeout)
        while !deadline.isOver, !client.isClosed {
            let wait = deadline.milliseconds(atMost: KafkaLimits.sliceMilliseconds)
            guard let event = answers.poll(milliseconds: wait) else { continue }
            guard event.kind == .offsetCommit else { continue }
            if event.code != 0 { throw LogError.kafka(handle.fatalFailure() ?? event.failure, what) }
            for entry in event.partitions() where entry.code != 0 {
                throw LogError.kafka(KafkaFailure(code: entry.code), "\(what): \(entry.partition)")
            }
            return client.noteContact()
        }
        throw LogError.timedOut(what, after: requestTimeout, cause: client.trouble)
    }

    /// Records between where the reader stands and the end, where both are known.
    func lag(_ handle: borrowing ClientHandle) -> [TopicPartition: Int64] {
        var lag: [TopicPartition: Int64] = [:]
        for (partition, position) in assignment.positions {
            if let end = handle.knownEnd(of: partition) { lag[partition] = max(0, end - position.number) }
        }
        return lag
    }

    /// The serialised place of this member in its group, to commit offsets of `partitions` in a transaction.
    func membership(
        _ handle: borrowing ClientHandle, for partitions: [TopicPartition]
    ) throws(LogError) -> [UInt8] {
        for partition in partitions.sorted() where !assignment.holds(partition) {
            throw .notAssigned(partition)
        }
        if let fatal = handle.fatalFailure() { throw LogError.kafka(fatal, place) }
        guard let membership = handle.membership() else {
            throw LogError(.engine, "\(place) has no membership", severity: .abortable, recovery: .bug)
        }
        return membership
    }

    private func isStarting(_ code: Int32) -> Bool {
        let name = KafkaErrorTable.name(of: code)
        return name == "_STATE" || name == "_PREV_IN_PROGRESS" || KafkaErrorTable.row(of: code).isRetriable
    }
}
