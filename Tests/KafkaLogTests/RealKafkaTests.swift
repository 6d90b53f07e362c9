import Basics
import EventLog
import EventLogTesting
import KafkaLog
import Testing

/// What only a real broker shows.
@Suite(
    "Apache Kafka", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: RealKafka.isAvailable, Comment(rawValue: RealKafka.absence)))
struct RealKafkaTests {
    @Test("speaks TLS with SASL, and tells a wrong password and a wrong authority fast")
    func secure() async throws {
        let kafka = try await RealKafka.start(secure: true)
        let secrets = try #require(kafka.secrets)
        func open(password: String, authority: String) throws -> KafkaLog {
            var options = KafkaOptions()
            options.useTLS(authorityFile: authority)
            options.useSASL(.plain, user: secrets.user, password: password)
            return try KafkaLog.open(url: secrets.url, options: options)
        }
        let log = try open(password: secrets.password, authority: secrets.authorityFile)
        let topic = RealKafka.uniqueTopic()
        try await log.create([TopicDefinition(name: topic, partitions: 1)])
        try await log.writer().send(Record(topic: topic, value: [1]))
        let reader = try await log.reader(ReaderOptions(start: [TopicPartition(topic, 0): .earliest]))
        var batch = RecordBatch()
        #expect(try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(10)) == .records)
        await log.close(deadline: .seconds(5))

        let wrong = try open(password: "wrong", authority: secrets.authorityFile)
        for call in [
            { _ = try await wrong.topics() },
            { _ = try await wrong.writer().send(Record(topic: topic, value: [1])) },
            { _ = try await wrong.transactionalWriter(id: topic.text) },
        ] as [@Sendable () async throws -> Void] {
            let start = ContinuousClock.now
            let error = await #expect(throws: LogError.self) { try await call() }
            #expect(error?.code == .denied, "\(String(describing: error))")
            #expect(ContinuousClock.now - start < .seconds(5))
        }
        await wrong.close(deadline: .seconds(5))

        let stranger = try open(password: secrets.password, authority: "/etc/ssl/certs/ca-certificates.crt")
        let error = await #expect(throws: LogError.self) { _ = try await stranger.topics() }
        #expect(error?.code == .denied, "\(String(describing: error))")
        await stranger.close(deadline: .seconds(5))
    }

    /// With several brokers one of them may not know yet what another has made.
    @Test("waits a moment for a topic that is being made")
    func topicThatIsBeingMade() async throws {
        let kafka = try await RealKafka.start()
        let log = try KafkaLog.open(url: kafka.url)
        let writer = try await log.writer()
        let topic = RealKafka.uniqueTopic()
        async let place = writer.send(Record(topic: topic, value: [1]))
        try await Task.sleep(for: .milliseconds(200))
        try await log.create([TopicDefinition(name: topic, partitions: 1)])
        #expect(try await place.offset == Offset(0))
        await log.close(deadline: .seconds(5))
    }

    @Test("reads back what was acknowledged after the broker was killed and restarted")
    func killedBroker() async throws {
        let kafka = try await RealKafka.start()
        let log = try KafkaLog.open(url: kafka.url)
        let topic = RealKafka.uniqueTopic()
        try await log.create([TopicDefinition(name: topic, partitions: 1)])
        let writer = try await log.writer()
        let sending = Task {
            var acknowledged: [RecordPlace] = []
            for number in 0..<400 {
                acknowledged.append(
                    try await writer.send(Record(topic: topic, value: Array("\(number)".utf8))))
            }
            return acknowledged
        }
        try await Task.sleep(for: .milliseconds(300))
        try await kafka.kill()
        // While it is gone, calls end by their deadlines.
        let impatient = try KafkaLog.open(url: kafka.url, options: KafkaOptions(requestTimeout: .seconds(2)))
        let start = ContinuousClock.now
        let error = await #expect(throws: LogError.self) { _ = try await impatient.topics() }
        #expect(error?.code == .unavailable || error?.code == .timedOut)
        #expect(ContinuousClock.now - start < .seconds(5))
        await impatient.close(deadline: .seconds(2))
        try await kafka.restart()
        let places = try await sending.value
        #expect(places.map(\.offset.number) == (0..<400).map(Int64.init))
        let reader = try await log.reader(ReaderOptions(start: [TopicPartition(topic, 0): .earliest]))
        var read: [Record] = []
        var batch = RecordBatch()
        while read.count < 400 {
            batch.removeAll()
            let outcome = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(20))
            try #require(outcome != .idle)
            read += batch.records
        }
        #expect(read.map { String(decoding: $0.value ?? [], as: UTF8.self) } == (0..<400).map(String.init))
        await log.close(deadline: .seconds(5))
    }

    @Test("seeks beyond both ends find the first record at or after the offset")
    func seeksBeyond() async throws {
        let log = try KafkaLog.open(url: try await RealKafka.shared().url)
        let topic = RealKafka.uniqueTopic()
        let partition = TopicPartition(topic, 0)
        try await log.create([TopicDefinition(name: topic, partitions: 1)])
        let writer = try await log.writer()
        _ = try await writer.send(RecordBatch((0..<10).map { Record(topic: topic, value: [UInt8($0)]) }))
        let reader = try await log.reader(ReaderOptions(start: [partition: .offset(Offset(12))]))
        var batch = RecordBatch()
        for _ in 0..<5 {
            let outcome = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(200))
            #expect(outcome != .records)
        }
        _ = try await writer.send(RecordBatch((10..<15).map { Record(topic: topic, value: [UInt8($0)]) }))
        var values: [UInt8] = []
        while values.count < 3 {
            batch.removeAll()
            let outcome = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(10))
            try #require(outcome != .idle)
            values += batch.records.compactMap { $0.value?.first }
        }
        #expect(values == [12, 13, 14])
        await log.close(deadline: .seconds(5))
    }

    @Test("reads on when its queue was full, and after each of many seeks", arguments: [true, false])
    func readsOn(readsAhead: Bool) async throws {
        var options = KafkaOptions()
        try options.set("queued.max.messages.kbytes=64")
        let log = try KafkaLog.open(url: try await RealKafka.shared().url, options: options)
        let topic = RealKafka.uniqueTopic()
        let partition = TopicPartition(topic, 0)
        try await log.create([TopicDefinition(name: topic, partitions: 1)])
        let writer = try await log.writer()
        let value = [UInt8](repeating: 1, count: 10_000)
        for _ in 0..<20 {
            _ = try await writer.send(RecordBatch((0..<20).map { _ in Record(topic: topic, value: value) }))
        }
        let reader = try await log.reader(
            ReaderOptions(start: [partition: .earliest], readsAhead: readsAhead))
        var batch = RecordBatch()
        var count = 0
        var end: Offset?
        while end == nil {
            batch.removeAll()
            let outcome = try await reader.read(
                into: &batch, limit: ReadLimit(records: 5), wait: .seconds(10))
            try #require(outcome != .idle)
            count += batch.count
            if case .caughtUp(let ends) = outcome { end = ends[partition] }
        }
        #expect(count == 400 && end == Offset(400))
        for number in 0..<20 {
            let offset = Offset(Int64(number * 199 % 400))
            try await reader.seek(to: [partition: offset])
            batch.removeAll()
            var outcome = ReadOutcome.idle
            while outcome != .records {
                outcome = try await reader.read(
                    into: &batch, limit: ReadLimit(records: 1), wait: .seconds(10))
            }
            #expect(batch.offset(at: 0) == offset)
        }
        await log.close(deadline: .seconds(5))
    }

    @Test("creates a topic with its settings")
    func settings() async throws {
        let log = try KafkaLog.open(url: try await RealKafka.shared().url)
        let topic = RealKafka.uniqueTopic()
        var definition = TopicDefinition(
            name: topic, partitions: 2, cleanup: .delete, retention: .seconds(60),
            properties: ["segment.ms": "30000"])
        #expect(try await log.create([definition]) == [topic])
        #expect(try await log.topics().first { $0.name == topic }?.cleanup == .delete)
        #expect(try await log.topics().allSatisfy { !$0.name.text.hasPrefix("__") })
        definition.name = RealKafka.uniqueTopic()
        definition.properties = ["no.such.setting": "1"]
        let wrong = definition
        let error = await #expect(throws: LogError.self) { _ = try await log.create([wrong]) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("no.such.setting") == true)
        await log.close(deadline: .seconds(5))
    }
}
