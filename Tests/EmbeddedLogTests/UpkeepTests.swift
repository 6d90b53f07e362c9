import Basics
import EmbeddedLog
import EventLog
import Foundation
import SQLite
import Testing

/// Others that hold the lock for long, or are silent.
@Suite("Embedded log with slow neighbours", .timeLimit(.minutes(2)))
struct NeighbourTests {
    @Test(
        "while another process holds the lock, a send times out, closing keeps its deadline, reading goes on"
    )
    func locked() async throws {
        let place = try TemporaryLog()
        let log = try await EmbeddedLog.openFast(place.path)
        try await log.create([TopicDefinition(name: "t", partitions: 1)])
        var options = WriterOptions()
        options.deliveryTimeout = .milliseconds(200)
        let writer = try await log.writer(options)
        try await writer.send(Record(topic: "t", value: [1]))
        let reader = try await log.groupReader(GroupOptions(group: "g", topics: ["t"]))

        let blocker = Blocker()
        try await blocker.lock(place.path)
        let error = await #expect(throws: LogError.self) {
            try await writer.send(Record(topic: "t", value: [2]))
        }
        #expect(error?.code == .timedOut && error?.severity == .abortable && error?.recovery == .retry)
        #expect(try await log.readAll("t").count == 1)
        await blocker.unlock()
        try await writer.send(Record(topic: "t", value: [3]))
        #expect(try await log.readAll("t").compactMap { $0.value?.first } == [1, 3])

        try await blocker.lock(place.path)
        let start = ContinuousClock.now
        await reader.close(deadline: .milliseconds(200))
        await log.close(deadline: .milliseconds(200))
        #expect(ContinuousClock.now - start < .seconds(3))
        await blocker.unlock()
    }

    @Test("a member that stops reading is given up on; it hears so, and joins again")
    func silentMember() async throws {
        let place = try TemporaryLog()
        var limits = EmbeddedLogLimits()
        limits.pollTimeout = .milliseconds(300)
        let log = try await EmbeddedLog.openFast(place.path, limits: limits)
        let other = try await EmbeddedLog.openFast(place.path)
        try await log.create([TopicDefinition(name: "t", partitions: 2)])
        let options = GroupOptions(group: "g", topics: ["t"], sessionTimeout: .milliseconds(500))
        let silent = try await log.groupReader(options)
        var batch = RecordBatch()
        #expect(
            try await silent.read(into: &batch, limit: ReadLimit(), wait: .seconds(5))
                == .assigned([TopicPartition("t", 0), TopicPartition("t", 1)]))
        let reader = try await other.groupReader(options)
        let deadline = ContinuousClock.now + .seconds(20)
        while await reader.assignment().count < 2, ContinuousClock.now < deadline {
            _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(50))
        }
        #expect(await reader.assignment().count == 2)
        await #expect(throws: LogError(.notAssigned, "", recovery: .retry)) {
            try await silent.commit([TopicPartition("t", 0): Offset(0)])
        }
        #expect(
            try await silent.read(into: &batch, limit: ReadLimit(), wait: .seconds(5))
                == .revoking([TopicPartition("t", 0), TopicPartition("t", 1)], lost: true))
        while await silent.assignment().count < 1, ContinuousClock.now < deadline {
            _ = try await silent.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(20))
            _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(20))
        }
        #expect(await silent.assignment().count == 1)
        await log.close(deadline: .seconds(5))
        await other.close(deadline: .seconds(5))
    }

    /// Holds the file's write lock as another program would.
    private actor Blocker {
        private let thread = ThreadExecutor(name: "blocker")
        private var connection: Connection?

        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        func lock(_ path: String) throws {
            let connection = try Connection(path: path)
            try connection.begin(.immediate)
            self.connection = connection
        }

        func unlock() {
            connection?.rollback()
            connection = nil
        }
    }
}

@Suite("Upkeep of the embedded log", .timeLimit(.minutes(2)))
struct UpkeepTests {
    @Test("retention removes what is old, keeps what is new, and never reuses an offset")
    func retention() async throws {
        let place = try TemporaryLog()
        let log = try await EmbeddedLog.openFast(place.path)
        try await log.create([TopicDefinition(name: "t", partitions: 1, retention: .seconds(3_600))])
        let writer = try await log.writer()
        let old = Timestamp(milliseconds: Timestamp.now.milliseconds - 4_000_000)
        for number in 0..<600 {
            try await writer.send(Record(topic: "t", timestamp: old, value: [UInt8(number % 250)]))
        }
        for number in 0..<3 { try await writer.send(Record(topic: "t", value: [UInt8(number)])) }
        try await log.maintain()
        let kept = try await log.readAll("t")
        #expect(kept.map { $0.offset?.number } == [600, 601, 602])
        #expect(
            try await log.watermarks(of: "t")[Partition(0)] == Watermarks(low: Offset(600), high: Offset(603))
        )
        let next = try await writer.send(Record(topic: "t", timestamp: old, value: []))
        #expect(next.offset == Offset(603))
        await log.close(deadline: .seconds(5))
    }

    @Test("tombstones stay for their time, then go with what they removed")
    func tombstones() async throws {
        let place = try TemporaryLog()
        let log = try await EmbeddedLog.openFast(place.path)
        try await log.create([
            TopicDefinition(
                name: "t", partitions: 1, cleanup: .compact, properties: ["delete.retention.ms": "60000"])
        ])
        let writer = try await log.writer()
        let old = Timestamp(milliseconds: Timestamp.now.milliseconds - 100_000)
        try await writer.send(Record(topic: "t", timestamp: old, key: [1], value: [1]))
        try await writer.send(Record(topic: "t", timestamp: old, key: [1], value: nil))
        try await writer.send(Record(topic: "t", timestamp: old, key: [2], value: [1]))
        try await writer.send(Record(topic: "t", key: [2], value: nil))
        try await writer.send(Record(topic: "t", timestamp: old, key: [3], value: [3]))
        try await log.compact("t")
        let kept = try await log.readAll("t")
        #expect(kept.map(\.key) == [[2], [3]])
        #expect(kept.map { $0.offset?.number } == [3, 4])
        await log.close(deadline: .seconds(5))
    }

    @Test(
        "compaction beside writers and readers loses nothing, and random histories end alike",
        arguments: 0..<4)
    func compactionBesideWriters(round: Int) async throws {
        let place = try TemporaryLog()
        var limits = EmbeddedLogLimits()
        // So that one pass takes many steps, and blocks are split and joined.
        limits.blockBytesMax = 2_000
        limits.compactionStepBytes = 3_000
        let log = try await EmbeddedLog.openFast(place.path, limits: limits)
        let other = try await EmbeddedLog.openFast(place.path, limits: limits)
        try await log.create([TopicDefinition(name: "t", partitions: 2, cleanup: .compact)])
        var random = SeededRandom(seed: testSeed("compactionBesideWriters \(round)"))
        let compacting = Task {
            while !Task.isCancelled {
                try await log.compact("t")
                try await other.compact("t")
            }
        }
        var last: [[UInt8]: Record] = [:]
        let writer = try await other.writer()
        for _ in 0..<60 {
            let records = (0..<Int.random(in: 1...30, using: &random)).map { _ in
                Record(
                    topic: "t", key: [UInt8.random(in: 0...40, using: &random)],
                    value: (0..<Int.random(in: 0...200, using: &random)).map { _ in
                        UInt8.random(in: 0...255, using: &random)
                    },
                    headers: Bool.random(using: &random) ? [Header("h", "v"), Header("", [])] : [])
            }
            let places = try await writer.send(RecordBatch(records))
            for (record, place) in zip(records, places) {
                var stored = record
                stored.partition = place.partition.partition
                stored.offset = place.offset
                last[record.key ?? []] = stored
            }
        }
        compacting.cancel()
        do { try await compacting.value } catch is CancellationError {} catch let error as LogError {
            #expect(error.code == .closed)
        }
        try await log.compact("t")
        var kept = try await log.readAll("t")
        for index in kept.indices { kept[index].timestamp = nil }
        #expect(kept.count == last.count)
        for record in kept { #expect(record == last[record.key ?? []]) }
        // A second pass finds nothing to do.
        try await log.compact("t")
        #expect(try await log.readAll("t").count == last.count)
        #expect(try await log.problems().isEmpty)
        await other.close(deadline: .seconds(5))
        await log.close(deadline: .seconds(5))
    }

    @Test("writers have a grown topic compacted by themselves")
    func byItself() async throws {
        let place = try TemporaryLog()
        var limits = EmbeddedLogLimits()
        limits.maintenanceInterval = .milliseconds(50)
        limits.dirtyRecordsMin = 100
        let log = try await EmbeddedLog.openFast(place.path, limits: limits)
        try await log.create([TopicDefinition(name: "t", partitions: 1, cleanup: .compact)])
        let writer = try await log.writer()
        let deadline = ContinuousClock.now + .seconds(30)
        var count = Int.max
        var sent = 0
        while count > sent / 2, ContinuousClock.now < deadline {
            for _ in 0..<50 { try await writer.send(Record(topic: "t", key: [1], value: [])) }
            sent += 50
            try await Task.sleep(for: .milliseconds(20))
            count = try await log.readAll("t").count
        }
        #expect(count <= sent / 2)
        await log.close(deadline: .seconds(5))
    }

    @Test("a transaction that is too large is refused, and the next one works")
    func tooLargeTransaction() async throws {
        let place = try TemporaryLog()
        var limits = EmbeddedLogLimits()
        limits.transactionBytesMax = 10_000
        let log = try await EmbeddedLog.openFast(place.path, limits: limits)
        try await log.create([TopicDefinition(name: "t", partitions: 1)])
        let writer = try await log.transactionalWriter(id: "w")
        try await writer.begin()
        let batch = RecordBatch([Record(topic: "t", value: Array(repeating: 1, count: 6_000))])
        try await writer.send(batch)
        let error = await #expect(throws: LogError.self) { try await writer.send(batch) }
        #expect(error?.code == .tooLarge && error?.severity == .abortable)
        try await writer.abort()
        try await writer.begin()
        try await writer.send(batch)
        try await writer.commit(consumed: nil)
        #expect(try await log.readAll("t").count == 1)
        await log.close(deadline: .seconds(5))
    }
}
