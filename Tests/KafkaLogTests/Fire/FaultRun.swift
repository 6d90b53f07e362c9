import Basics
import EventLog
import EventLogTesting
import KafkaLog
import Testing

/// One scenario on a mock cluster of its own, with one injected fault.
final class FaultRun {
    private static let topic: TopicName = "events"
    private static let partitions: Int32 = 2
    private static let patience: Duration = .seconds(30)

    let fault: InjectedFault
    private let cluster: MockKafkaCluster
    private let log: KafkaLog
    /// Records that were counted.
    private(set) var records = 0

    init(_ fault: InjectedFault) async throws {
        self.fault = fault
        cluster = try MockKafkaCluster()
        try cluster.create(Self.topic, partitions: Self.partitions)
        try cluster.create("output", partitions: Self.partitions)
        log = try KafkaLog.open(url: cluster.url, options: KafkaOptions(requestTimeout: .seconds(8)))
    }

    func perform() async throws {
        switch fault.scenario {
        case .write: try await write()
        case .read: try await read()
        case .group: try await group()
        case .transact: try await transact()
        }
    }

    func close() async {
        await log.close(deadline: .seconds(8))
    }

    private var isRemade: Bool { if case .remade = fault.outcome { true } else { false } }

    private func inject() { cluster.fail(fault.request, with: fault.codes) }

    // MARK: Scenarios

    private func write() async throws {
        inject()
        var writer = try await log.writer()
        var written: [String] = [], doubtful: [String] = []
        var failures: [LogError] = []
        for number in 0..<20 {
            let text = "r\(number)"
            do {
                try await writer.send(Record(topic: Self.topic, value: Array(text.utf8)))
                written.append(text)
            } catch {
                doubtful.append(text)
                failures.append(error)
                guard error.severity == .fatal, case .ended = fault.outcome else { continue }
                // The client repeats what finished it.
                let again = await failure { try await writer.send(Record(topic: Self.topic, value: [1])) }
                #expect(again?.severity == .fatal, "\(String(describing: again))")
                doubtful.append("\u{01}")
                await writer.close(deadline: .seconds(5))
                cluster.clearFaults(of: fault.request)
                writer = try await log.writer()
            }
        }
        check(failures)
        let read = try await Self.readAll(
            log, Self.topic, partitions: Self.partitions, atLeast: written.count)
        #expect(Set(read).count == read.count, "records came twice: \(read)")
        #expect(Set(written).isSubset(of: read), "lost: \(Set(written).subtracting(read))")
        #expect(Set(read).isSubset(of: written + doubtful))
        records = read.count
    }

    private func read() async throws {
        try await fill()
        inject()
        var failures: [LogError] = []
        let start = Dictionary(
            uniqueKeysWithValues: (0..<Self.partitions).map {
                (TopicPartition(Self.topic, $0), StartPosition.earliest)
            })
        var reader: (any PartitionReader)?
        while reader == nil, failures.count < 5 {
            do {
                reader = try await log.reader(ReaderOptions(start: start))
            } catch {
                failures.append(error)
            }
        }
        let seen = try await collect(try #require(reader), 50, &failures)
        check(failures)
        checkOrder(seen)
    }

    private func group() async throws {
        try await fill()
        inject()
        var failures: [LogError] = []
        let options = GroupOptions(group: "g", topics: [Self.topic], sessionTimeout: .seconds(6))
        var reader = try await log.groupReader(options)
        var seen = try await collect(reader, 50, &failures)
        if isRemade, failures.last?.severity == .fatal {
            await reader.close(deadline: .seconds(8))
            cluster.clearFaults(of: fault.request)
            reader = try await log.groupReader(options)
            seen = try await collect(reader, 50, &failures)
        }
        // A heartbeat is due by now.
        if fault.request == .heartbeat { try await idle(reader, for: .seconds(3), &failures) }
        let offsets = ends(seen)
        var isCommitted = false
        for _ in 0..<15 where !isCommitted {
            do {
                try await reader.commit(offsets)
                isCommitted = true
            } catch {
                failures.append(error)
                try await idle(reader, for: .seconds(1), &failures)
            }
        }
        #expect(isCommitted)
        await reader.close(deadline: .seconds(8))
        check(failures)
        checkOrder(seen)
        cluster.clearFaults(of: fault.request)
        // Who comes next starts where the group has committed.
        try await fill(from: 50, count: 10)
        let next = try await log.groupReader(options)
        var none: [LogError] = []
        let rest = try await collect(next, 10, &none)
        #expect(Set(rest.map(\.text)) == Set((50..<60).map { "r\($0)" }))
        #expect(none.isEmpty, "\(none)")
        await next.close(deadline: .seconds(8))
    }

    private func transact() async throws {
        let wantsOffsets = [.addOffsetsToTransaction, .transactionOffsetCommit].contains(fault.request)
        var reader: (any GroupReader)?
        var offsets: [TopicPartition: Offset] = [:]
        if wantsOffsets {
            try await fill()
            let member = try await log.groupReader(GroupOptions(group: "g", topics: [Self.topic]))
            var none: [LogError] = []
            offsets = ends(try await collect(member, 50, &none))
            reader = member
        }
        let atStart = [.initProducerID, .findCoordinator].contains(fault.request)
        var writer: any TransactionalWriter
        var failures: [LogError] = []
        if atStart {
            inject()
            do {
                writer = try await log.transactionalWriter(id: "t")
            } catch {
                failures.append(error)
                cluster.clearFaults(of: fault.request)
                writer = try await log.transactionalWriter(id: "t")
            }
        } else {
            writer = try await log.transactionalWriter(id: "t")
            inject()
        }
        var committed: [String] = []
        for round in 0..<3 {
            let texts = (0..<5).map { "\(round)-\($0)" }
            do {
                try await writer.begin()
                try await writer.send(
                    RecordBatch(texts.map { Record(topic: "output", value: Array($0.utf8)) }))
                let consumed = reader.map { ConsumedOffsets(reader: $0, offsets: offsets) }
                try await writer.commit(consumed: consumed)
                committed += texts
            } catch {
                failures.append(error)
                if error.severity != .fatal, let worse = await failure({ try await writer.abort() }) {
                    // The client found out at the abort that it is finished.
                    failures[failures.count - 1] = worse
                }
                if failures.last?.severity == .fatal {
                    let again = await failure { try await writer.begin() }
                    #expect(again?.severity == .fatal, "\(String(describing: again))")
                    await writer.close(deadline: .seconds(5))
                    cluster.clearFaults(of: fault.request)
                    writer = try await log.transactionalWriter(id: "t")
                }
            }
        }
        check(failures)
        #expect(
            committed.count == 5 * (atStart ? 3 : 3 - failures.count),
            "\(committed.count) records were committed; \(failures)")
        // The mock cluster does not hide what was aborted, so only what was committed can be counted.
        let read = try await Self.readAll(log, "output", partitions: 2, atLeast: committed.count)
        for text in committed { #expect(read.count { $0 == text } == 1, "\(text)") }
        records = committed.count
    }

    // MARK: Checks

    /// The failures that were heard are those that the table announces.
    private func check(_ failures: [LogError]) {
        let heard = failures.map { "\($0.code.name)/\($0.severity.rawValue): \($0.message)" }
        switch fault.outcome {
        case .passes:
            #expect(failures.isEmpty, "\(heard)")
        case .refused(let code):
            #expect(failures.contains { $0.code == code }, "\(heard)")
            #expect(failures.count <= 2, "\(heard)")
        case .takenAway:
            #expect(failures.allSatisfy { $0.code == .notAssigned }, "\(heard)")
        case .remade(let code):
            #expect(
                failures.count <= 1 && failures.allSatisfy { $0.severity == .fatal && $0.code == code },
                "\(heard)")
        case .repeated:
            #expect(failures.count <= 1 && failures.allSatisfy { $0.severity == .abortable }, "\(heard)")
        case .aborted(let most):
            #expect((1...most).contains(failures.count), "\(heard)")
            #expect(failures.allSatisfy { $0.severity == .abortable }, "\(heard)")
        case .ended(let code):
            #expect(failures.count == 1, "\(heard)")
            #expect(failures.allSatisfy { $0.severity == .fatal && $0.code == code }, "\(heard)")
        }
        for error in failures { #expect(!error.message.isEmpty) }
    }

    private func checkOrder(_ seen: [Seen]) {
        var last: [TopicPartition: Int64] = [:]
        for record in seen {
            #expect(record.offset == (last[record.place] ?? -1) + 1, "\(record) after \(last)")
            last[record.place] = record.offset
        }
        #expect(Set(seen.map(\.text)) == Set((0..<50).map { "r\($0)" }))
        records = seen.count
    }

    private func failure(_ body: () async throws -> Void) async -> LogError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? LogError
        }
    }

    // MARK: Reading

    struct Seen {
        let place: TopicPartition
        let offset: Int64
        let text: String
    }

    private func collect(
        _ reader: any LogReader, _ count: Int, _ failures: inout [LogError]
    ) async throws -> [Seen] {
        var seen: [Seen] = []
        var batch = RecordBatch()
        let deadline = ContinuousClock.now + Self.patience
        while seen.count < count, ContinuousClock.now < deadline {
            batch.removeAll()
            do {
                _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(200))
            } catch {
                failures.append(error)
                if failures.count > 20 || isRemade { break }
            }
            for record in batch.records {
                guard let partition = record.partition, let offset = record.offset else { continue }
                seen.append(
                    Seen(
                        place: TopicPartition(record.topic, partition), offset: offset.number,
                        text: String(decoding: record.value ?? [], as: UTF8.self)))
            }
        }
        if !isRemade || failures.isEmpty {
            #expect(seen.count == count, "\(seen.count) of \(count) records; \(failures)")
        }
        return seen
    }

    private func idle(
        _ reader: any LogReader, for time: Duration, _ failures: inout [LogError]
    ) async throws {
        let deadline = ContinuousClock.now + time
        var batch = RecordBatch()
        while ContinuousClock.now < deadline {
            do {
                _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(100))
            } catch {
                failures.append(error)
            }
        }
    }

    private func ends(_ seen: [Seen]) -> [TopicPartition: Offset] {
        var ends: [TopicPartition: Offset] = [:]
        for record in seen { ends[record.place] = Offset(record.offset + 1) }
        return ends
    }

    private func fill(from first: Int = 0, count: Int = 50) async throws {
        let writer = try await log.writer()
        _ = try await writer.send(
            RecordBatch(
                (first..<first + count).map {
                    Record(
                        topic: Self.topic, partition: Partition(Int32($0) % Self.partitions),
                        value: Array("r\($0)".utf8))
                }))
        await writer.close(deadline: .seconds(5))
    }

    /// The values of a topic, read by a client of its own until `count` are there and nothing more comes.
    static func readAll(
        _ log: KafkaLog, _ topic: TopicName, partitions: Int32, atLeast count: Int
    ) async throws -> [String] {
        let start = Dictionary(
            uniqueKeysWithValues: (0..<partitions).map { (TopicPartition(topic, $0), StartPosition.earliest) }
        )
        let reader = try await log.reader(ReaderOptions(start: start))
        var texts: [String] = []
        var open = Set(start.keys)
        var batch = RecordBatch()
        let deadline = ContinuousClock.now + patience
        while !open.isEmpty || texts.count < count, ContinuousClock.now < deadline {
            batch.removeAll()
            let outcome = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(200))
            if case .caughtUp(let ends) = outcome { open.subtract(ends.keys) }
            texts += batch.records.map { String(decoding: $0.value ?? [], as: UTF8.self) }
        }
        await reader.close(deadline: .seconds(5))
        return texts
    }
}
