internal import Basics
internal import EventLog
internal import Synchronization

/// What the workers of a `LogWorkload` tell each other. Safe to use from any thread.
final class WorkloadBook: Sendable {
    private struct State {
        var counts = LogWorkload.Counts()
        var acknowledged: Set<String> = []
        var doubtful: Set<String> = []
        var seenByMembers: Set<String> = []
        var lastFailure = "none"
    }

    private let state = Mutex(State())
    /// Nothing more will be written to the input.
    let writingIsDone = StopSignal()
    /// Nothing more will be written to the output.
    let copyingIsDone = StopSignal()
    /// Nobody needs to read any more.
    let isOver = StopSignal()

    var counts: LogWorkload.Counts { state.withLock { $0.counts } }
    /// Values of records whose writer was told that they are written.
    var acknowledged: Set<String> { state.withLock { $0.acknowledged } }
    /// Values of records whose writer was told of a failure.
    var doubtful: Set<String> { state.withLock { $0.doubtful } }
    /// Different records that group members have read.
    var membersSaw: Int { state.withLock { $0.seenByMembers.count } }
    /// The last failure that a worker met.
    var lastFailure: String { state.withLock { $0.lastFailure } }

    func count(_ field: any WritableKeyPath<LogWorkload.Counts, Int> & Sendable, _ number: Int = 1) {
        state.withLock { $0.counts[keyPath: field] += number }
    }

    func set(_ field: any WritableKeyPath<LogWorkload.Counts, Int> & Sendable, _ number: Int) {
        state.withLock { $0.counts[keyPath: field] = number }
    }

    func note(_ error: LogError) {
        state.withLock { $0.lastFailure = "\(error.code.name): \(error.message)" }
    }

    func acknowledge(_ records: [Record]) {
        let texts = records.map(WorkloadCheck.text)
        state.withLock { state in
            state.acknowledged.formUnion(texts)
            state.counts.acknowledged += texts.count
        }
    }

    func doubt(_ records: [Record], _ error: LogError) {
        note(error)
        let texts = records.map(WorkloadCheck.text)
        state.withLock { state in
            state.doubtful.formUnion(texts)
            state.counts.doubtful += texts.count
        }
    }

    func see(_ records: [Record]) {
        let texts = records.map(WorkloadCheck.text)
        state.withLock { state in
            for text in texts where !state.seenByMembers.insert(text).inserted { state.counts.repeated += 1 }
        }
    }
}

/// What a reader of all partitions of a topic has seen. Safe to use from any thread.
final class WorkloadTail: Sendable {
    private struct State {
        var seen: [TopicPartition: [RecordSeen]] = [:]
        var count = 0
    }

    /// A record's place and value.
    struct RecordSeen: Equatable {
        var offset: Int64
        var text: String
    }

    let topic: TopicName
    private let state = Mutex(State())

    init(topic: TopicName) { self.topic = topic }

    /// Where to read `place` on.
    func next(of place: TopicPartition) -> Offset {
        state.withLock { Offset(($0.seen[place]?.last?.offset ?? -1) + 1) }
    }

    func add(_ records: [Record]) {
        state.withLock { state in
            for record in records {
                guard let number = record.partition, let offset = record.offset else { continue }
                let place = TopicPartition(record.topic, number)
                state.seen[place, default: []].append(
                    RecordSeen(offset: offset.number, text: WorkloadCheck.text(record)))
                state.count += 1
            }
        }
    }

    /// Waits until everything in `truth` was seen; throws when something else was, or nothing comes any more.
    func wait(for truth: [Record], atMost patience: Duration) async throws {
        var stalled = StallWatch(patience: patience)
        while true {
            let count = state.withLock { $0.count }
            if count >= truth.count { break }
            guard !stalled.isStalled(at: Int64(count)) else {
                throw WorkloadFailure(
                    "a reader of \(topic) saw \(count) of \(truth.count) records", Soak.seed)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        var wanted: [TopicPartition: [RecordSeen]] = [:]
        for record in truth {
            guard let number = record.partition, let offset = record.offset else { continue }
            wanted[TopicPartition(record.topic, number), default: []].append(
                RecordSeen(offset: offset.number, text: WorkloadCheck.text(record)))
        }
        let seen = state.withLock { $0.seen }
        for (place, records) in wanted where seen[place] != records {
            throw WorkloadFailure(
                "the reader that was there all the while saw \(place) otherwise than one that came later",
                Soak.seed)
        }
        guard seen.count == wanted.count else {
            throw WorkloadFailure("a reader of \(topic) saw records that are not there", Soak.seed)
        }
    }
}
