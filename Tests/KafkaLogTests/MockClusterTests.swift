import Basics
import EventLog
import EventLogTesting
import Synchronization
import Testing

@testable import KafkaLog

/// What only injected faults show.
@Suite("Kafka faults", .serialized, .countsHandles, .timeLimit(.minutes(2)))
struct MockClusterTests {
    @Test(
        "writes each record once although requests fail",
        arguments: [
            // NOT_LEADER_FOR_PARTITION, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS
            (MockKafkaCluster.Request.produce, [6, 7, 19]), (.fetch, [6, 5]), (.listOffsets, [6]),
            (.metadata, [5, 5]),
        ] as [(MockKafkaCluster.Request, [Int32])])
    func retries(request: MockKafkaCluster.Request, codes: [Int32]) async throws {
        let cluster = try MockKafkaCluster()
        try cluster.create("events", partitions: 2)
        let log = try KafkaLog.open(url: cluster.url)
        cluster.fail(request, with: codes)
        let writer = try await log.writer()
        let records = (0..<50).map { Record(topic: "events", key: [UInt8($0)], value: [UInt8($0)]) }
        let places = try await writer.send(RecordBatch(records))
        #expect(Set(places).count == 50)
        let values = try await readAll(log, "events", partitions: 2, count: 50)
        #expect(values.sorted() == (0..<50).map(UInt8.init))
        await log.close(deadline: .seconds(5))
    }

    @Test("tells which record a broker refuses, and goes on")
    func refused() async throws {
        let cluster = try MockKafkaCluster()
        try cluster.create("events", partitions: 1)
        let log = try KafkaLog.open(url: cluster.url)
        let writer = try await log.writer()
        // MSG_SIZE_TOO_LARGE
        cluster.fail(.produce, with: [10])
        let error = await #expect(throws: LogError.self) {
            try await writer.send(Record(topic: "events", value: [1]))
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.message.contains("events") == true)
        try await writer.send(Record(topic: "events", value: [2]))
        await log.close(deadline: .seconds(5))
    }

    @Test("keeps the outcomes of calls that run at once apart")
    func concurrentCalls() async throws {
        let cluster = try MockKafkaCluster()
        try cluster.create("events", partitions: 3)
        let log = try KafkaLog.open(url: cluster.url)
        let writer = try await log.writer()
        // Calls of different lengths, begun while others end: what is told of one must be its own.
        let places = try await withThrowingTaskGroup(of: [RecordPlace].self) { calls in
            for call in 0..<1_500 {
                calls.addTask {
                    let records = (0...call % 7).map { Record(topic: "events", value: [UInt8($0)]) }
                    let places = try await writer.send(RecordBatch(records))
                    #expect(places.count == records.count)
                    return places
                }
                if call % 3 == 0 { await Task.yield() }
            }
            return try await calls.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(places).count == places.count)
        #expect(places.count == (0..<1_500).reduce(0) { $0 + $1 % 7 + 1 })
        await log.close(deadline: .seconds(5))
    }

    @Test("goes on when the broker comes back")
    func brokerRestart() async throws {
        let cluster = try MockKafkaCluster()
        try cluster.create("events", partitions: 1)
        let log = try KafkaLog.open(url: cluster.url)
        let writer = try await log.writer()
        try await writer.send(Record(topic: "events", value: [1]))
        let reader = try await log.reader(ReaderOptions(start: [TopicPartition("events", 0): .earliest]))
        var batch = RecordBatch()
        #expect(try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(5)) == .records)
        try cluster.takeDown()
        // A reader that has lost its broker waits for it, and says nothing came.
        let deadline = ContinuousClock.now + .seconds(1)
        while ContinuousClock.now < deadline {
            batch.removeAll()
            let outcome = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(100))
            #expect(outcome != .records)
        }
        async let late = writer.send(Record(topic: "events", value: [2]))
        try cluster.bringUp()
        let place = try await late
        #expect(place.offset == Offset(1))
        var outcome = ReadOutcome.idle
        while outcome != .records {
            batch.removeAll()
            outcome = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(10))
        }
        #expect(batch.record(at: 0).value == [2])
        await log.close(deadline: .seconds(5))
    }

    @Test("gives up by its deadline when the broker is gone")
    func brokerGone() async throws {
        let cluster = try MockKafkaCluster()
        try cluster.create("events", partitions: 1)
        var options = KafkaOptions(requestTimeout: .seconds(1))
        let lines = Lines()
        options.log = { lines.add($0) }
        let log = try KafkaLog.open(url: cluster.url, options: options)
        let writer = try await log.writer(WriterOptions(deliveryTimeout: .seconds(1)))
        try await writer.send(Record(topic: "events", value: [1]))
        let member = try await log.groupReader(GroupOptions(group: "g", topics: ["events"]))
        var batch = RecordBatch()
        while try await member.read(into: &batch, limit: ReadLimit(), wait: .seconds(5)) != .records {}
        try cluster.takeDown()
        await expectFailure(.timedOut, .unavailable, within: .seconds(5)) {
            _ = try await log.watermarks(of: "events")
        }
        await expectFailure(.timedOut, .unavailable, within: .seconds(5)) {
            try await writer.send(Record(topic: "events", value: [2]))
        }
        await expectFailure(.timedOut, .unavailable, within: .seconds(5)) {
            try await member.commit([TopicPartition("events", 0): Offset(1)])
        }
        let start = ContinuousClock.now
        await log.close(deadline: .seconds(3))
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(!lines.all.isEmpty, "librdkafka's complaints were not routed to the log")
    }

    /// A transaction whose commit hangs: `rd_kafka_send_offsets_to_transaction` of librdkafka 2.0.2 does not
    /// return while the group's coordinator is away.
    private func withHangingCommit(
        deliveryTimeout: Duration,
        _ body: (MockKafkaCluster, any TransactionalWriter, RecordBatch, ConsumedOffsets) async throws -> Void
    ) async throws {
        let cluster = try MockKafkaCluster(brokers: 2)
        try cluster.create("events", partitions: 1)
        try cluster.setLeader(of: TopicPartition("events", 0), broker: 1)
        try cluster.setCoordinator(ofTransactions: "writer", broker: 1)
        try cluster.setCoordinator(ofGroup: "g", broker: 2)
        let log = try KafkaLog.open(url: cluster.url)
        let writer = try await log.transactionalWriter(
            id: "writer", WriterOptions(deliveryTimeout: deliveryTimeout, transactionTimeout: .seconds(60)))
        // The writer has its connections before one broker goes, so that only the group's coordinator is missed.
        try await writer.begin()
        try await writer.send(RecordBatch([Record(topic: "events", value: [1])]))
        try await writer.commit(consumed: nil)
        let member = try await log.groupReader(GroupOptions(group: "g", topics: ["events"]))
        var batch = RecordBatch()
        while try await member.read(into: &batch, limit: ReadLimit(), wait: .seconds(5)) != .records {}
        try await writer.begin()
        try await writer.send(batch)
        try cluster.takeDown(broker: 2)
        let offsets = [TopicPartition("events", 0): Offset(1)]
        try await body(cluster, writer, batch, ConsumedOffsets(reader: member, offsets: offsets))
        try cluster.bringUp(broker: 2)
        await log.close(deadline: .seconds(5))
    }

    @Test("gives up a commit whose group's coordinator is gone, and goes on when it is back")
    func groupCoordinatorGone() async throws {
        try await withHangingCommit(deliveryTimeout: .seconds(4)) { cluster, writer, batch, consumed in
            await expectFailure(.timedOut, .unavailable, within: .seconds(10)) {
                try await writer.commit(consumed: consumed)
            }
            try cluster.bringUp(broker: 2)
            // The client may wait ten seconds before it connects again; what is retriable may be tried again.
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                do throws(LogError) {
                    try await writer.abort()
                    break
                } catch {
                    try #require(error.severity == .retriable && ContinuousClock.now < deadline, "\(error)")
                }
            }
            try await writer.begin()
            try await writer.send(batch)
            try await writer.commit(consumed: consumed)
        }
    }

    @Test("ends by its deadline when a commit hangs for its group's coordinator")
    func closingBesideAHangingCommit() async throws {
        try await withHangingCommit(deliveryTimeout: .seconds(60)) { cluster, writer, batch, consumed in
            let commit = Task { try await writer.commit(consumed: consumed) }
            try await Task.sleep(for: .milliseconds(500))
            let start = ContinuousClock.now
            await writer.close(deadline: .seconds(1))
            await expectFailure(.closed, within: .seconds(5)) { try await commit.value }
            await expectFailure(.closed, within: .seconds(5)) { try await writer.begin() }
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test("answers the calls of a closed member that cannot leave its group")
    func closedMemberAnswers() async throws {
        let cluster = try MockKafkaCluster()
        try cluster.create("events", partitions: 1)
        let log = try KafkaLog.open(url: cluster.url, options: KafkaOptions(requestTimeout: .seconds(1)))
        // It gets no partitions, and must not be destroyed before it has been told of some.
        // COORDINATOR_NOT_AVAILABLE
        cluster.fail(.findCoordinator, with: Array(repeating: 15, count: 10_000))
        let member = try await log.groupReader(GroupOptions(group: "g", topics: ["events"]))
        await member.close(deadline: .milliseconds(200))
        await expectFailure(.closed, within: .seconds(5)) {
            try await member.commit([TopicPartition("events", 0): Offset(1)])
        }
        await expectFailure(.closed, within: .seconds(5)) {
            var batch = RecordBatch()
            _ = try await member.read(into: &batch, limit: ReadLimit(), wait: .seconds(1))
        }
        #expect(await member.assignment().isEmpty)
        #expect(await member.lag().isEmpty)
        cluster.clearFaults(of: .findCoordinator)
        await log.close(deadline: .seconds(10))
    }

    @Test("says that no broker answers at an address where none is")
    func nobodyThere() async throws {
        let log = try KafkaLog.open(
            url: "kafka://127.0.0.1:9", options: KafkaOptions(requestTimeout: .seconds(1)))
        await expectFailure(.unavailable, .timedOut, within: .seconds(3)) { _ = try await log.topics() }
        await expectFailure(.unavailable, .timedOut, within: .seconds(3)) {
            _ = try await log.transactionalWriter(id: "t", WriterOptions(transactionTimeout: .seconds(1)))
        }
        await log.close(deadline: .seconds(2))
    }

    @Test("fences a transactional writer and tells it is fatal")
    func fenced() async throws {
        let cluster = try MockKafkaCluster()
        try cluster.create("events", partitions: 1)
        let log = try KafkaLog.open(url: cluster.url)
        let writer = try await log.transactionalWriter(id: "writer")
        try await writer.begin()
        try await writer.send(RecordBatch([Record(topic: "events", value: [1])]))
        try await writer.commit(consumed: nil)
        try await writer.begin()
        try await writer.send(RecordBatch([Record(topic: "events", value: [1])]))
        cluster.fail(.endTransaction, with: [90])
        let error = await #expect(throws: LogError.self) { try await writer.commit(consumed: nil) }
        #expect(error?.code == .fenced && error?.severity == .fatal)
        await expectFailure(.fenced, within: .seconds(5)) { try await writer.begin() }
        await log.close(deadline: .seconds(5))
    }

    @Test(
        "goes on after an aborted transaction",
        // TOPIC_AUTHORIZATION_FAILED, INVALID_PRODUCER_ID_MAPPING
        arguments: [29, 49] as [Int32])
    func aborts(code: Int32) async throws {
        let cluster = try MockKafkaCluster()
        try cluster.create("events", partitions: 1)
        let log = try KafkaLog.open(url: cluster.url)
        let writer = try await log.transactionalWriter(id: "writer")
        cluster.fail(.addPartitionsToTransaction, with: [code])
        try await writer.begin()
        let error = await #expect(throws: LogError.self) {
            try await writer.send(RecordBatch([Record(topic: "events", value: [1])]))
            try await writer.commit(consumed: nil)
        }
        #expect(error?.severity == .abortable, "\(String(describing: error))")
        try await writer.abort()
        try await writer.begin()
        try await writer.send(RecordBatch([Record(topic: "events", value: [2])]))
        try await writer.commit(consumed: nil)
        await log.close(deadline: .seconds(5))
    }

    @Test("tells a slow broker's commit apart from a failed one")
    func slowBroker() async throws {
        let cluster = try MockKafkaCluster()
        try cluster.create("events", partitions: 1)
        let log = try KafkaLog.open(url: cluster.url)
        let writer = try await log.transactionalWriter(id: "writer")
        try cluster.setRoundTrip(.milliseconds(400))
        try await writer.begin()
        try await writer.send(RecordBatch([Record(topic: "events", value: [1])]))
        // Longer than a slice of a blocking call, so that the commit has to be taken up again.
        try await writer.commit(consumed: nil)
        try cluster.setRoundTrip(.zero)
        #expect(try await readAll(log, "events", partitions: 1, count: 1) == [1])
        await log.close(deadline: .seconds(5))
    }

    @Test("frees every C object")
    func freesAll() async throws {
        // In a process of its own: other suites have clients of theirs.
        await #expect(processExitsWith: .success) {
            let cluster = try MockKafkaCluster()
            try cluster.create("events", partitions: 1)
            let log = try KafkaLog.open(url: cluster.url)
            try await log.writer().send(Record(topic: "events", value: [1]))
            let member = try await log.groupReader(GroupOptions(group: "g", topics: ["events"]))
            var batch = RecordBatch()
            while try await member.read(into: &batch, limit: ReadLimit(), wait: .seconds(5)) != .records {}
            try await member.commit([TopicPartition("events", 0): Offset(1)])
            let transactional = try await log.transactionalWriter(id: "writer")
            try await transactional.begin()
            try await transactional.send(batch)
            _ = try? KafkaLog.open(url: "kafka://h", options: KafkaOptions(properties: ["linger.ms": "soon"]))
            let alive = LiveHandles.total
            await log.close(deadline: .seconds(10))
            // The first writer was let go without `close`: its own thread frees it.
            let deadline = ContinuousClock.now + .seconds(10)
            while LiveHandles.total > 0, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
            try #require(alive > 0)
            try #require(LiveHandles.total == 0)
            try #require(KafkaLog.abandonedClients == 0)
        }
    }

    private func readAll(
        _ log: KafkaLog, _ topic: TopicName, partitions: Int32, count: Int
    ) async throws -> [UInt8] {
        let all = (0..<partitions).map { TopicPartition(topic, $0) }
        let reader = try await log.reader(
            ReaderOptions(start: Dictionary(uniqueKeysWithValues: all.map { ($0, .earliest) })))
        var values: [UInt8] = []
        var batch = RecordBatch()
        let deadline = ContinuousClock.now + .seconds(30)
        while values.count < count, ContinuousClock.now < deadline {
            batch.removeAll()
            _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(1))
            values += batch.records.compactMap { $0.value?.first }
        }
        await reader.close(deadline: .seconds(5))
        return values
    }

    private func expectFailure(
        _ codes: LogError.Code..., within limit: Duration, _ body: () async throws -> Void
    ) async {
        let start = ContinuousClock.now
        let error = await #expect(throws: LogError.self) { try await body() }
        if let error { #expect(codes.contains(error.code), "\(error)") }
        #expect(ContinuousClock.now - start < limit)
    }
}

/// Log lines that were heard.
private final class Lines: Sendable {
    private let lines = Mutex<[KafkaLogLine]>([])

    var all: [KafkaLogLine] { lines.withLock { $0 } }

    func add(_ line: KafkaLogLine) { lines.withLock { $0.append(line) } }
}
