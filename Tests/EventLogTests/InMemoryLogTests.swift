import Basics
import EventLog
import EventLogTesting
import Testing

@Suite("In-memory log")
struct InMemoryLogTests {
    @Test("reads back what was written, then says that it is caught up")
    func roundTrip() async throws {
        let log = InMemoryLog()
        try await log.create([TopicDefinition(name: "t", partitions: 1)])
        let writer = try await log.writer()
        let place = try await writer.send(
            Record(topic: "t", key: [1], value: [2], headers: [Header("h", "v")]))
        #expect(place.offset == Offset(0))
        let partition = TopicPartition("t", 0)
        let reader = try await log.reader(ReaderOptions(start: [partition: .earliest]))
        var batch = RecordBatch()
        #expect(try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(5)) == .records)
        #expect(batch.records.map(\.value) == [[2]])
        #expect(batch.records.first?.headers == [Header("h", "v")])
        batch.removeAll()
        #expect(
            try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(5))
                == .caughtUp([partition: Offset(1)]))
        #expect(try await reader.read(into: &batch, limit: ReadLimit(), wait: .zero) == .idle)
    }

    @Test("a waiting reader wakes when a record comes")
    func wakes() async throws {
        let log = InMemoryLog(time: SimulatedTime())
        try await log.create([TopicDefinition(name: "t", partitions: 1)])
        let reader = try await log.reader(ReaderOptions(start: [TopicPartition("t", 0): .latest]))
        var batch = RecordBatch()
        _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(3600))
        async let sent = try await log.writer().send(Record(topic: "t", value: [7]))
        // Simulated time stands still, so only the record can end this wait.
        let outcome = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(3600))
        #expect(outcome == .records)
        _ = try await sent
    }

    @Test("a killed writer's transaction hides later records until its time is over")
    func openTransactionTimesOut() async throws {
        let time = SimulatedTime()
        let log = InMemoryLog(time: time)
        try await log.create([TopicDefinition(name: "t", partitions: 1)])
        let dying = log.anotherProcess()
        let writer = try await dying.transactionalWriter(
            id: "w", WriterOptions(transactionTimeout: .seconds(10)))
        try await writer.begin()
        try await writer.send(RecordBatch([Record(topic: "t", value: [1])]))
        dying.kill()
        try await log.writer().send(Record(topic: "t", value: [2]))
        let reader = try await log.reader(ReaderOptions(start: [TopicPartition("t", 0): .earliest]))
        var batch = RecordBatch()
        _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .zero)
        #expect(try await reader.read(into: &batch, limit: ReadLimit(), wait: .zero) == .idle)
        time.advance(by: .seconds(10))
        #expect(try await reader.read(into: &batch, limit: ReadLimit(), wait: .zero) == .records)
        #expect(batch.records.map(\.value) == [[2]])
        await #expect(throws: LogError.closed("")) { try await writer.abort() }
    }

    @Test("a killed member's partitions go to the others after its session timeout")
    func sessionTimeout() async throws {
        let time = SimulatedTime()
        let log = InMemoryLog(time: time)
        try await log.create([TopicDefinition(name: "t", partitions: 4)])
        let dying = log.anotherProcess()
        let options = GroupOptions(group: "g", topics: ["t"], sessionTimeout: .seconds(10))
        let first = try await dying.groupReader(options)
        let second = try await log.groupReader(options)
        var batch = RecordBatch()
        _ = try await first.read(into: &batch, limit: ReadLimit(), wait: .zero)
        _ = try await second.read(into: &batch, limit: ReadLimit(), wait: .zero)
        #expect(await second.assignment().count == 2)
        dying.kill()
        time.advance(by: .seconds(9))
        _ = try await second.read(into: &batch, limit: ReadLimit(), wait: .zero)
        #expect(await second.assignment().count == 2)
        time.advance(by: .seconds(1))
        _ = try await second.read(into: &batch, limit: ReadLimit(), wait: .zero)
        #expect(await second.assignment().count == 4)
    }

    @Test("an expired member hears that it lost everything, then joins again")
    func expiry() async throws {
        let log = InMemoryLog()
        try await log.create([TopicDefinition(name: "t", partitions: 1)])
        let reader = try await log.groupReader(GroupOptions(group: "g", topics: ["t"]))
        let partition = TopicPartition("t", 0)
        var batch = RecordBatch()
        #expect(
            try await reader.read(into: &batch, limit: ReadLimit(), wait: .zero) == .assigned([partition]))
        log.expire(reader)
        await #expect(throws: LogError.self) { try await reader.commit([partition: Offset(0)]) }
        #expect(
            try await reader.read(into: &batch, limit: ReadLimit(), wait: .zero)
                == .revoking([partition], lost: true))
        #expect(
            try await reader.read(into: &batch, limit: ReadLimit(), wait: .zero) == .assigned([partition]))
        try await reader.commit([partition: Offset(0)])
    }
}

@Suite("Shares of a group")
struct StickyAssignmentTests {
    @Test("are even and move little, for every small group", arguments: 1...12)
    func even(partitions: Int) {
        let all = (0..<partitions).map { TopicPartition("t", Int32($0)) }
        for before in 1...5 {
            for after in 1...5 {
                let old = StickyAssignment.assign(partitions: all, members: members(before), current: [:])
                let new = StickyAssignment.assign(partitions: all, members: members(after), current: old)
                let shares = Dictionary(grouping: new.values, by: { $0 }).mapValues(\.count)
                #expect(new.count == partitions)
                let counts = (0..<after).map { shares[$0] ?? 0 }
                #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
                let moved = all.filter { old[$0] != new[$0] }.count
                // Those of members that left, or the fair share of members that came.
                let least =
                    after >= before
                    ? (before..<after).map { shares[$0] ?? 0 }.reduce(0, +)
                    : old.values.filter { $0 >= after }.count
                #expect(moved == least, "\(partitions) partitions, \(before) to \(after) members")
            }
        }
    }

    @Test("go only to members that read the topic")
    func topics() {
        let all = [TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)]
        let shares = StickyAssignment.assign(
            partitions: all, members: [1: ["a"], 2: ["b"]], current: [TopicPartition("b", 0): 1])
        #expect(shares == [all[0]: 1, all[1]: 1, all[2]: 2])
    }

    private func members(_ count: Int) -> [Int: [TopicName]] {
        Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, ["t"]) })
    }
}

@Suite("Partition of a key")
struct KeyPartitioningTests {
    /// Values of Apache Kafka's own `UtilsTest.testMurmur2`.
    @Test(
        "is that of Kafka",
        arguments: [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
        ] as [(String, Int32)])
    func kafka(key: String, hash: Int32) {
        let bytes = Array(key.utf8)
        #expect(Int32(bitPattern: KeyPartitioning.murmur2(bytes.span)) == hash)
    }
}
