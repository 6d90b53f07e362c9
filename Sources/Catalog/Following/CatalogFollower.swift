internal import Basics
public import EventLog
public import Snapshots

/// Reads the catalog from its first record to the end, then follows it: always has the state as last read,
/// and can be asked for the state as of now.
///
/// One follower serves any number of publishers and subscriptions of a process. Failures of the log are
/// retried from where the reader stood; records that make no sense are reported and skipped. Ends when it is
/// closed or let go.
public actor CatalogFollower {
    /// A record that was skipped.
    public struct Report: Sendable, Hashable {
        /// Which report of this follower it is, from 1.
        public var number: Int
        /// Where it stands in the catalog's partition.
        public var offset: Offset
        /// The model that its key names; nil when the key cannot be read, or not be trusted.
        public var model: ModelName?
        /// Why.
        public var reason: String
    }

    /// What became of a claim.
    package enum ClaimOutcome: Sendable, Hashable {
        /// It got its number; its record stands at this offset. `gaps` as the follower's were then.
        case won(Offset, gaps: Int)
        /// The number belongs to another one.
        case lost
    }

    private struct Waiter {
        var offset: Offset
        var deadline: ContinuousClock.Instant
        var continuation: CheckedContinuation<Result<Void, CatalogError>, Never>
    }

    private let log: any EventLog
    private let topic: TopicName
    private let limits: CatalogLimits
    private let snapshotLimits: SnapshotLimits
    private var reader: (any PartitionReader)?
    private var batch = RecordBatch()
    private var position = Offset(0)
    private var hasPosition = false
    private var loop: Task<Void, Never>?
    private var isClosed = false
    private var waiters: [Int: Waiter] = [:]
    private var observers: [Int: AsyncStream<CatalogState>.Continuation] = [:]
    private var nextKey = 0
    /// Claims of this process that were not read yet, and what became of those that were. Noted while
    /// folding, because the state afterwards may already be of a later moment.
    private var claims: [CatalogKey: ClaimOutcome?] = [:]

    /// The state as last read.
    public private(set) var state: CatalogState
    /// The newest skipped records, at most `CatalogLimits.reportsMax`.
    public private(set) var reports: [Report] = []
    private var reportCount = 0
    /// How often the reader found records gone between two that it read: on this topic, removed by
    /// compaction. What was read without a gap in between is all that there was.
    package private(set) var gaps = 0
    /// The failure that the reader is trying to get over; nil while all is well.
    public private(set) var failure: CatalogError?

    /// A follower of `topics.catalog` that has read all that was there when it was made.
    public static func start(
        log: any EventLog, topics: TopicNames = TopicNames(), limits: CatalogLimits = CatalogLimits(),
        snapshotLimits: SnapshotLimits = SnapshotLimits()
    ) async throws(CatalogError) -> CatalogFollower {
        let follower = CatalogFollower(
            log: log, topic: topics.catalog, limits: limits, snapshotLimits: snapshotLimits)
        try await follower.begin()
        do throws(CatalogError) {
            _ = try await follower.asOfNow()
        } catch {
            await follower.close()
            throw error
        }
        return follower
    }

    private init(
        log: any EventLog, topic: TopicName, limits: CatalogLimits, snapshotLimits: SnapshotLimits
    ) {
        self.log = log
        self.topic = topic
        self.limits = limits
        self.snapshotLimits = snapshotLimits
        state = CatalogState(limits: limits)
    }

    deinit {
        loop?.cancel()
        for observer in observers.values { observer.finish() }
    }

    /// The state that holds everything which the log had when this was called.
    ///
    /// Reads on until the log has nothing more: compaction may have removed a record below the end only
    /// because of one behind it, and a state between the two would belong to no moment of the history. Where
    /// everything had been read before the question, the first answer says so.
    public func asOfNow() async throws(CatalogError) -> CatalogState {
        var target = Offset(-1)
        for _ in 0..<limits.endChecksMax {
            let read = hasPosition ? position : Offset(-1)
            let end = try await end()
            if end == target || end <= read { break }
            target = end
            try await reach(end)
        }
        return state
    }

    private func end() async throws(CatalogError) -> Offset {
        do throws(LogError) {
            return try await log.watermarks(of: topic)[Partition(0)]?.high ?? Offset(0)
        } catch {
            throw CatalogError(error, doing: "reading the ends of \(topic)")
        }
    }

    /// Waits until every record before `offset` was read. Throws `log` when that takes longer than
    /// `CatalogLimits.catchUpTimeout`, naming the failure that the reader is in.
    public func reach(_ offset: Offset) async throws(CatalogError) {
        if hasPosition, position >= offset { return }
        guard !isClosed else { throw CatalogFollower.closed }
        let key = nextKey
        nextKey += 1
        let result = await withCheckedContinuation { continuation in
            waiters[key] = Waiter(
                offset: offset, deadline: .now + limits.catchUpTimeout, continuation: continuation)
        }
        try result.get()
    }

    /// The state as last read, and how many gaps there had been by then.
    package var moment: (state: CatalogState, gaps: Int) { (state, gaps) }

    /// Reports after the one with `number`, at most the newest `CatalogLimits.reportsMax`.
    package func reports(after number: Int) -> [Report] { reports.filter { $0.number > number } }

    /// Notes what becomes of the claim under `key`, which is about to be written.
    package func watch(_ key: CatalogKey) {
        claims[key] = .some(nil)
    }

    /// What became of a watched claim; nil when its record was not seen. Ends the watch.
    package func outcome(of key: CatalogKey) -> ClaimOutcome? {
        claims.removeValue(forKey: key) ?? nil
    }

    /// The state now, then each time that it has changed; who is slow gets the newest only. Ends when the
    /// follower does.
    public func states() -> AsyncStream<CatalogState> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: CatalogState.self, bufferingPolicy: .bufferingNewest(1))
        guard !isClosed else {
            continuation.finish()
            return stream
        }
        let key = nextKey
        nextKey += 1
        observers[key] = continuation
        continuation.onTermination = { [weak self] _ in
            Task { await self?.forget(key) }
        }
        continuation.yield(state)
        return stream
    }

    /// Stops reading. Waiting calls fail with `closed`.
    public func close() async {
        isClosed = true
        loop?.cancel()
        loop = nil
        for observer in observers.values { observer.finish() }
        observers = [:]
        fail(CatalogFollower.closed)
        let closing = reader
        reader = nil
        await closing?.close(deadline: .seconds(1))
    }

    /// Ends all waiting with `error`.
    private func fail(_ error: CatalogError) {
        for waiter in waiters.values { waiter.continuation.resume(returning: .failure(error)) }
        waiters = [:]
    }

    private static var closed: CatalogError {
        CatalogError(.closed, "the catalog's reader is closed", recovery: .restart)
    }

    private func forget(_ key: Int) {
        observers[key] = nil
    }

    private func begin() async throws(CatalogError) {
        do throws(LogError) {
            guard try await log.partitionCount(of: topic) != nil else {
                throw LogError(
                    .notFound, "topic \(topic) does not exist",
                    hint: "create it with `modelcast topics apply`",
                    recovery: .fixConfiguration)
            }
            try await open()
        } catch {
            throw CatalogError(error, doing: "reading the catalog")
        }
        // Weak between two reads: a follower that nobody holds any more ends by itself.
        loop = Task { [weak self] in
            while !Task.isCancelled {
                guard let self, await self.step() else { return }
            }
        }
    }

    private func open() async throws(LogError) {
        let start = hasPosition ? StartPosition.offset(position) : .earliest
        reader = try await log.reader(ReaderOptions(start: [TopicPartition(topic, 0): start]))
    }

    /// One read and what follows from it. False when the follower is closed.
    private func step() async -> Bool {
        guard !isClosed else { return false }
        do throws(LogError) {
            if reader == nil { try await open() }
            try await read()
            failure = nil
        } catch {
            guard !isClosed, !Task.isCancelled else { return false }
            let reason = CatalogError(error, doing: "reading the catalog")
            failure = reason
            // A log that was closed brings nothing more; any other failure may pass before the waiters'
            // deadline.
            if error.code == .closed { fail(reason) }
            let broken = reader
            reader = nil
            await broken?.close(deadline: .seconds(1))
            try? await Task.sleep(for: limits.retryDelay)
        }
        wake()
        return !isClosed
    }

    private func read() async throws(LogError) {
        guard let reader else { return }
        // The batch is moved out and back: other calls run on this actor while the read waits.
        var batch = RecordBatch()
        swap(&batch, &self.batch)
        batch.removeAll()
        let wait = waiters.isEmpty ? limits.idleWait : limits.idleWait / 10
        let outcome = try await reader.read(into: &batch, limit: ReadLimit(), wait: wait)
        guard !isClosed else { return }
        switch outcome {
        case .records:
            for index in 0..<batch.count { fold(batch.record(at: index)) }
            for observer in observers.values { observer.yield(state) }
        case .caughtUp(let ends):
            if let end = ends[TopicPartition(topic, 0)] {
                noteGap(before: end)
                advance(to: end)
            }
        case .idle:
            // Compaction may have removed everything between here and the end that somebody waits for: no
            // record tells of it, but a seek makes the log say where its end is.
            if hasPosition, waiters.values.contains(where: { $0.offset > position }) {
                try await reader.seek(to: [TopicPartition(topic, 0): position])
            }
        case .assigned, .revoking:
            break
        }
        swap(&batch, &self.batch)
    }

    private func fold(_ record: Record) {
        if let offset = record.offset { noteGap(before: offset) }
        do throws(CatalogError) {
            if let opened = try CatalogRecord(record, limits: snapshotLimits) {
                switch state.apply(opened) {
                case .skipped(_, let reason): report(record, reason)
                case .published, .aliasMoved: note(.won(opened.offset, gaps: gaps), of: opened.key)
                case .lost: note(.lost, of: opened.key)
                case .retired, .withdrawn: break
                }
            }
        } catch {
            report(record, error.message, trustsKey: error.code != .damaged)
        }
        if let offset = record.offset { advance(to: offset.next) }
    }

    private func note(_ outcome: ClaimOutcome, of key: CatalogKey) {
        guard case .some(nil) = claims[key] else { return }
        claims[key] = .some(outcome)
    }

    /// A damaged record's key may be what was altered: it says nothing about whom it concerns.
    private func report(_ record: Record, _ reason: String, trustsKey: Bool = true) {
        reportCount += 1
        let model: ModelName? =
            switch trustsKey ? record.key.flatMap(CatalogKey.init(bytes:)) : nil {
            case .version(let model, _), .alias(let model, _, _): model
            case .other, nil: nil
            }
        reports.append(
            Report(number: reportCount, offset: record.offset ?? position, model: model, reason: reason))
        if reports.count > limits.reportsMax { reports.removeFirst() }
    }

    private func noteGap(before offset: Offset) {
        if hasPosition, offset > position { gaps += 1 }
    }

    private func advance(to offset: Offset) {
        position = hasPosition ? max(position, offset) : offset
        hasPosition = true
    }

    /// Resumes who waited for what was read, and who waited too long.
    private func wake() {
        let now = ContinuousClock.now
        for (key, waiter) in waiters {
            if hasPosition, position >= waiter.offset {
                waiters[key] = nil
                waiter.continuation.resume(returning: .success(()))
            } else if waiter.deadline <= now {
                waiters[key] = nil
                let why = failure.map { ": \($0.message)" } ?? ""
                waiter.continuation.resume(
                    returning: .failure(
                        CatalogError(
                            .log, "the catalog was not read up to offset \(waiter.offset) in time\(why)",
                            recovery: .retry, cause: failure)))
            }
        }
    }
}
