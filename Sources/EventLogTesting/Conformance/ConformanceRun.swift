internal import Basics
internal import EventLog
internal import Synchronization

/// One run of one case: its handles, its topics' names, its random numbers, its checks.
final class ConformanceRun: Sendable {
    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    let subject: ConformanceSubject
    let seed: UInt64
    private let suffix: String
    private let handles = Mutex<[any EventLog]>([])
    private let generator: Mutex<SeededRandom>

    init(subject: ConformanceSubject, seed: UInt64) {
        self.subject = subject
        self.seed = seed
        // Not from the seed: a run that is repeated on the same broker needs topics of its own.
        suffix = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        generator = Mutex(SeededRandom(seed: seed))
    }

    // MARK: Handles and names

    /// A handle of the log, closed at the end.
    func open() async throws -> any EventLog {
        let log = try await subject.open()
        handles.withLock { $0.append(log) }
        return log
    }

    func closeAll() async {
        let logs = handles.withLock { handles in
            defer { handles = [] }
            return handles
        }
        for log in logs { await log.close(deadline: .seconds(5)) }
    }

    func kill(_ log: any EventLog) async throws {
        guard let kill = subject.kill else { throw Unexpected(description: "the subject cannot kill") }
        try await kill(log)
    }

    func compact(_ log: any EventLog, _ topic: TopicName) async throws {
        guard let compact = subject.compact else {
            throw Unexpected(description: "the subject cannot compact")
        }
        try await compact(log, topic)
    }

    /// A name that no other run uses.
    func name(_ word: String) -> String { "conformance-\(word)-\(suffix)" }

    /// Makes a topic of this run.
    func topic(
        _ log: any EventLog, _ word: String = "t", partitions: Int32 = 1, cleanup: CleanupPolicy = .delete
    ) async throws -> TopicName {
        let definition = TopicDefinition(
            name: try TopicName(name(word)), partitions: partitions, cleanup: cleanup, replication: 1)
        if let make = subject.makeTopic {
            try await make(log, definition)
        } else {
            try await log.create([definition])
        }
        return definition.name
    }

    // MARK: Random

    func random(_ range: ClosedRange<Int>) -> Int {
        generator.withLock { Int.random(in: range, using: &$0) }
    }

    func bytes(_ count: Int) -> [UInt8] {
        generator.withLock { generator in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count + 8)
            while bytes.count < count {
                let word = generator.next()
                for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * UInt64(shift)))) }
            }
            bytes.removeLast(bytes.count - count)
            return bytes
        }
    }

    // MARK: Checks

    func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        if !condition { throw Unexpected(description: what()) }
    }

    func expectEqual<Value: Equatable>(_ found: Value, _ wanted: Value, _ what: String) throws {
        if found != wanted { throw Unexpected(description: "\(what): \(found) instead of \(wanted)") }
    }

    /// Runs `body`, which must fail with one of `codes`; returns the error.
    @discardableResult
    func expectFailure(
        _ what: String, _ codes: LogError.Code..., body: () async throws -> Void
    ) async throws -> LogError {
        do {
            try await body()
        } catch let error as LogError {
            guard codes.contains(error.code) else {
                throw Unexpected(
                    description: "\(what): '\(error.code.name)' (\(error)) instead of \(codes.map(\.name))")
            }
            return error
        }
        throw Unexpected(description: "\(what): no error instead of \(codes.map(\.name))")
    }

    /// Waits until `condition` holds.
    func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + subject.patience
        while try await !condition() {
            if ContinuousClock.now > deadline {
                throw Unexpected(description: "after \(subject.patience) still not: \(what)")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// A reader with what it brought so far.
struct Collected {
    /// Records, in the order of reading.
    var records: [Record] = []
    /// Other outcomes, in order, but for `idle`.
    var events: [ReadOutcome] = []
    private var batch = RecordBatch()

    /// Reads once.
    @discardableResult
    mutating func read(
        _ reader: any LogReader, limit: ReadLimit = ReadLimit(), wait: Duration = .milliseconds(50)
    ) async throws -> ReadOutcome {
        batch.removeAll()
        let outcome = try await reader.read(into: &batch, limit: limit, wait: wait)
        switch outcome {
        case .records:
            if batch.isEmpty {
                throw ConformanceRun.Unexpected(description: "'records' came without a record")
            }
            records += batch.records
        case .idle: break
        default: events.append(outcome)
        }
        if outcome != .records, !batch.isEmpty {
            throw ConformanceRun.Unexpected(description: "\(outcome) came with \(batch.count) records")
        }
        return outcome
    }

    /// Reads until `count` records are here.
    mutating func read(
        _ reader: any LogReader, count: Int, in run: ConformanceRun, limit: ReadLimit = ReadLimit()
    ) async throws {
        let deadline = ContinuousClock.now + run.subject.patience
        while records.count < count {
            try await read(reader, limit: limit)
            if ContinuousClock.now > deadline {
                throw ConformanceRun.Unexpected(
                    description: "\(records.count) of \(count) records after \(run.subject.patience)")
            }
        }
        try run.expectEqual(records.count, count, "records read")
    }

    /// Reads until an event fulfils `condition`; returns it.
    @discardableResult
    mutating func event(
        _ reader: any LogReader, in run: ConformanceRun, _ what: String,
        _ condition: (ReadOutcome) -> Bool
    ) async throws -> ReadOutcome {
        let deadline = ContinuousClock.now + run.subject.patience
        while true {
            let outcome = try await read(reader)
            if condition(outcome) { return outcome }
            if ContinuousClock.now > deadline {
                throw ConformanceRun.Unexpected(
                    description: "no \(what) after \(run.subject.patience); came: \(events)")
            }
        }
    }

    /// Reads until every partition of `wanted` has been reported as read to its end.
    mutating func readToEnd(
        _ reader: any LogReader, of wanted: [TopicPartition], in run: ConformanceRun
    ) async throws {
        var open = Set(wanted)
        if open.isEmpty { return }
        try await event(reader, in: run, "end of \(wanted)") { outcome in
            if case .caughtUp(let ends) = outcome { open.subtract(ends.keys) }
            return open.isEmpty
        }
    }
}

/// What the log owes: every acknowledged record once, unchanged, in order within its partition.
struct Obligations {
    private var owed: [RecordPlace: Record] = [:]

    /// `record` was acknowledged at `place`.
    mutating func acknowledge(_ record: Record, at place: RecordPlace) throws {
        if let other = owed.updateValue(record, forKey: place) {
            throw ConformanceRun.Unexpected(description: "\(place) acknowledged twice, also for \(other)")
        }
    }

    /// Every record of `records` was acknowledged at the place of the same index.
    mutating func acknowledge(_ records: [Record], at places: [RecordPlace]) throws {
        guard records.count == places.count else {
            throw ConformanceRun.Unexpected(
                description: "\(places.count) places for \(records.count) records")
        }
        for (record, place) in zip(records, places) { try acknowledge(record, at: place) }
    }

    /// `read` is all of it, and nothing else.
    func check(_ read: [Record]) throws {
        var open = owed
        var last: [TopicPartition: Offset] = [:]
        for record in read {
            guard let number = record.partition, let offset = record.offset else {
                throw ConformanceRun.Unexpected(description: "a record without a place: \(record)")
            }
            let partition = TopicPartition(record.topic, number)
            let place = RecordPlace(partition, offset)
            if let before = last[partition], before >= offset {
                throw ConformanceRun.Unexpected(description: "\(place) came after offset \(before)")
            }
            last[partition] = offset
            guard let wanted = open.removeValue(forKey: place) else {
                throw ConformanceRun.Unexpected(description: "\(place) was read but never acknowledged")
            }
            guard record.key == wanted.key, record.value == wanted.value, record.headers == wanted.headers
            else {
                throw ConformanceRun.Unexpected(description: "\(place) was read with other contents")
            }
            guard let timestamp = record.timestamp, wanted.timestamp == nil || wanted.timestamp == timestamp
            else {
                throw ConformanceRun.Unexpected(
                    description: "\(place) has timestamp \(record.timestamp as Any)")
            }
        }
        if let lost = open.keys.first {
            throw ConformanceRun.Unexpected(description: "\(open.count) records lost, one at \(lost)")
        }
    }
}
