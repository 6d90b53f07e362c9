internal import Basics
internal import EventLog

/// What writers and topics do.
enum WritingCases {
    static let all = [
        ConformanceCase("keeps records of every shape as they were", body: shapes),
        ConformanceCase("takes records of 900 000 bytes and refuses one of 3 MB", body: large),
        ConformanceCase("writes a batch of 10 000 records in order", body: tenThousand),
        ConformanceCase("has what was posted once it is settled, in order", body: posted),
        ConformanceCase("chooses the partition by the key as Kafka does", body: partitions),
        ConformanceCase("keeps each writer's order when several write at once", body: concurrentWriters),
        ConformanceCase("creates a topic once and tells a mismatch", requires: .createsTopics, body: topics),
        ConformanceCase("tells that a topic or a partition is unknown", body: unknown),
        ConformanceCase("gives the ends of partitions", body: watermarks),
        ConformanceCase("refuses writes through a closed writer", body: closedWriter),
    ]

    private static func shapes(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 2)
        let many = (0..<60).map { Header("header-\($0 % 7)", run.bytes($0 * 3)) }
        let time = Timestamp(milliseconds: 1_700_000_000_123)
        let records = [
            Record(topic: topic, value: []), Record(topic: topic, value: nil),
            Record(topic: topic, key: [], value: [1]), Record(topic: topic, key: [0, 255], value: []),
            Record(topic: topic, key: [7], value: nil, headers: [Header("reason", "gone")]),
            Record(topic: topic, timestamp: time, key: nil, value: [2], headers: many),
            Record(
                topic: topic, partition: Partition(1), key: [7], value: [3], headers: [Header("empty", [])]),
            Record(topic: topic, partition: Partition(0), timestamp: time, value: run.bytes(5_000)),
            Record(topic: topic, key: [9], value: [4], headers: [Header("ä→", "ö")]),
        ]
        let writer = try await log.writer()
        var owed = Obligations()
        try owed.acknowledge(records, at: try await writer.send(RecordBatch(records)))
        for record in records { try owed.acknowledge(record, at: try await writer.send(record)) }
        let empty = try await writer.send(RecordBatch())
        try run.expect(empty.isEmpty, "an empty batch was acknowledged as \(empty)")
        try owed.check(try await readAll(log, topic, run))
    }

    private static func large(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let writer = try await log.writer()
        var owed = Obligations()
        for size in [900_000, 1, 899_999] {
            let record = Record(topic: topic, key: [1], value: run.bytes(size))
            try owed.acknowledge(record, at: try await writer.send(record))
        }
        try await run.expectFailure("a record of 3 MB", .tooLarge) {
            try await writer.send(Record(topic: topic, key: [1], value: run.bytes(3_000_000)))
        }
        let after = Record(topic: topic, key: [1], value: [1])
        try owed.acknowledge(after, at: try await writer.send(after))
        try owed.check(try await readAll(log, topic, run))
    }

    private static func tenThousand(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 3)
        var batch = RecordBatch()
        for number in 0..<10_000 {
            let value = Array("record \(number)".utf8)
            batch.append(Record(topic: topic, key: run.bytes(run.random(0...12)), value: value))
        }
        let writer = try await log.writer()
        let places = try await writer.send(batch)
        var owed = Obligations()
        try owed.acknowledge(batch.records, at: places)
        try owed.check(try await readAll(log, topic, run, limit: ReadLimit(records: 777)))
    }

    private static func posted(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 2)
        let writer = try await log.writer()
        try await writer.settle()
        var expected: [[UInt8]: [UInt8]] = [:]
        for round in 0..<3 {
            for call in 0..<run.random(1...20) {
                var batch = RecordBatch()
                for number in 0..<run.random(0...40) {
                    let key = [UInt8(run.random(0...4))]
                    let value = Array("\(round) \(call) \(number),".utf8)
                    batch.append(Record(topic: topic, key: key, value: value))
                    expected[key, default: []] += value
                }
                try await writer.post(batch)
            }
            try await writer.settle()
            var found: [[UInt8]: [UInt8]] = [:]
            for record in try await readAll(log, topic, run) {
                found[record.key ?? [], default: []] += record.value ?? []
            }
            try run.expectEqual(found, expected, "records of each key in order, after round \(round)")
        }
        await writer.close(deadline: .seconds(5))
    }

    private static func partitions(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 5)
        let records = (0..<200).map { _ in
            Record(topic: topic, key: run.bytes(run.random(0...20)), value: [])
        }
        let places = try await log.writer().send(RecordBatch(records))
        for (record, place) in zip(records, places) {
            let key = record.key ?? []
            try run.expectEqual(
                place.partition.partition, KeyPartitioning.partition(key: key.span, count: 5),
                "partition of key \(Hex.encode(key))")
        }
    }

    private static func concurrentWriters(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let sent = try await withThrowingTaskGroup(of: [(Record, RecordPlace)].self) { group in
            for task in 0..<4 {
                // Two tasks share a handle, two have their own, as another process would.
                let handle = task < 2 ? log : try await run.open()
                group.addTask {
                    let writer = try await handle.writer()
                    var sent: [(Record, RecordPlace)] = []
                    for number in 0..<25 {
                        let record = Record(
                            topic: topic, key: [UInt8(task)], value: [UInt8(number)])
                        sent.append((record, try await writer.send(record)))
                    }
                    return sent
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        var owed = Obligations()
        for (record, place) in sent { try owed.acknowledge(record, at: place) }
        let read = try await readAll(log, topic, run)
        try owed.check(read)
        for task in 0..<4 {
            let values = read.filter { $0.key == [UInt8(task)] }.compactMap { $0.value?.first }
            try run.expectEqual(values, (0..<25).map(UInt8.init), "order of task \(task)")
        }
    }

    private static func topics(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let definition = TopicDefinition(
            name: try TopicName(run.name("topics")), partitions: 3, cleanup: .compact, replication: 1)
        let first = try await log.create([definition])
        try run.expectEqual(first, [definition.name], "created")
        let second = try await log.create([definition])
        try run.expectEqual(second, [], "created again")
        try run.expectEqual(try await log.partitionCount(of: definition.name), 3, "partitions")
        let seen = try await run.open().topics().first { $0.name == definition.name }
        try run.expectEqual(seen?.partitions, 3, "partitions in the list")
        if let cleanup = seen?.cleanup { try run.expectEqual(cleanup, .compact, "cleanup in the list") }
        var other = definition
        other.partitions = 4
        try await run.expectFailure("other partitions", .topicMismatch) { [other] in
            try await log.create([other])
        }
        other.partitions = 3
        other.cleanup = .delete
        try await run.expectFailure("another cleanup policy", .topicMismatch) { [other] in
            try await log.create([other])
        }
    }

    private static func unknown(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let missing = try TopicName(run.name("missing"))
        try run.expectEqual(try await log.partitionCount(of: missing), nil, "partitions of no topic")
        try await run.expectFailure("watermarks of no topic", .notFound) {
            _ = try await log.watermarks(of: missing)
        }
        let writer = try await log.writer()
        try await run.expectFailure("a record for no topic", .notFound) {
            try await writer.send(Record(topic: missing, value: []))
        }
        try await run.expectFailure("a record for partition 9 of 1", .notFound) {
            try await writer.send(Record(topic: topic, partition: Partition(9), value: []))
        }
        try await run.expectFailure("a reader of no topic", .notFound) {
            let reader = try await log.reader(ReaderOptions(start: [TopicPartition(missing, 0): .earliest]))
            var batch = RecordBatch()
            _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(5))
        }
        try await writer.send(Record(topic: topic, value: []))
    }

    private static func watermarks(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 2)
        let zero = Watermarks(low: Offset(0), high: Offset(0))
        try run.expectEqual(
            try await log.watermarks(of: topic), [Partition(0): zero, Partition(1): zero], "empty topic")
        let writer = try await log.writer()
        var last = Offset(-1)
        for _ in 0..<5 {
            last = try await writer.send(Record(topic: topic, partition: Partition(1), value: [])).offset
        }
        let ends = try await run.open().watermarks(of: topic)
        try run.expectEqual(ends[Partition(0)], zero, "the partition without records")
        try run.expectEqual(
            ends[Partition(1)], Watermarks(low: Offset(0), high: last.next), "the partition with records")
    }

    private static func closedWriter(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let writer = try await log.writer()
        try await writer.send(Record(topic: topic, value: []))
        await writer.close(deadline: .seconds(5))
        try await run.expectFailure("a closed writer", .closed) {
            try await writer.send(Record(topic: topic, value: []))
        }
        let other = try await run.open()
        let late = try await other.writer()
        await other.close(deadline: .seconds(5))
        try await run.expectFailure("a writer of a closed log", .closed) {
            try await late.send(Record(topic: topic, value: []))
        }
    }

    /// Everything that stands in `topic`.
    static func readAll(
        _ log: any EventLog, _ topic: TopicName, _ run: ConformanceRun, limit: ReadLimit = ReadLimit()
    ) async throws -> [Record] {
        let count = try await log.partitionCount(of: topic) ?? 0
        let partitions = (0..<count).map { TopicPartition(topic, $0) }
        let reader = try await log.reader(
            ReaderOptions(start: Dictionary(uniqueKeysWithValues: partitions.map { ($0, .earliest) })))
        var collected = Collected()
        var open = Set(partitions)
        let deadline = ContinuousClock.now + run.subject.patience
        while !open.isEmpty {
            let before = collected.records.count
            if case .caughtUp(let ends) = try await collected.read(reader, limit: limit) {
                open.subtract(ends.keys)
            }
            try run.expect(
                collected.records.count - before <= limit.records, "more records than the limit")
            try run.expect(ContinuousClock.now < deadline, "no end of \(open)")
        }
        await reader.close(deadline: .seconds(5))
        return collected.records
    }
}
