internal import Basics
internal import EventLog

/// What transactions do.
enum TransactionCases {
    static let all = [
        ConformanceCase("shows a transaction whole, after its commit", requires: .transactions, body: whole),
        ConformanceCase(
            "never shows what was aborted", requires: [.transactions, .hidesAborted], body: aborted),
        ConformanceCase(
            "commits consumed offsets with the records", requires: [.transactions, .groups], body: offsets),
        ConformanceCase(
            "fences the older writer of an id", requires: [.transactions, .fencesWriters], body: zombie),
        ConformanceCase(
            "does not block on a killed writer's transaction",
            requires: [.transactions, .hidesAborted, .kills],
            body: killed),
        ConformanceCase(
            "aborts when the input was taken away", requires: [.transactions, .groups, .staticMembers],
            body: takenAway),
        ConformanceCase("aborts when a record was too large", requires: .transactions, body: tooLarge),
        ConformanceCase(
            "aborts what is open when it closes", requires: [.transactions, .hidesAborted], body: closes),
    ]

    private static func record(_ topic: TopicName, _ text: String) -> Record {
        Record(topic: topic, key: Array(text.utf8), value: Array(text.utf8))
    }

    private static func texts(_ records: [Record]) -> [String] {
        records.map { String(decoding: $0.value ?? [], as: UTF8.self) }
    }

    private static func whole(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 3)
        let writer = try await log.transactionalWriter(id: run.name("writer"))
        try run.expectEqual(writer.id, run.name("writer"), "id")
        let all = (0..<3).map { TopicPartition(topic, $0) }
        let reader = try await run.open().reader(
            ReaderOptions(start: Dictionary(uniqueKeysWithValues: all.map { ($0, .earliest) })))
        var collected = Collected()
        for round in 0..<3 {
            try await writer.begin()
            for part in 0..<4 {
                let batch = RecordBatch((0..<10).map { record(topic, "\(round)-\(part)-\($0)") })
                try await writer.send(batch)
            }
            for _ in 0..<3 { try await collected.read(reader, wait: .milliseconds(10)) }
            try run.expectEqual(collected.records.count, round * 40, "records before commit \(round)")
            try await writer.commit(consumed: nil)
            try await collected.read(reader, count: (round + 1) * 40, in: run)
        }
        try await writer.begin()
        try await writer.commit(consumed: nil)
        try await run.expectFailure("a send outside a transaction", .wrongState) {
            try await writer.send(RecordBatch([record(topic, "x")]))
        }
        await writer.close(deadline: .seconds(5))
    }

    private static func aborted(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let writer = try await log.transactionalWriter(id: run.name("writer"))
        var wanted: [String] = []
        for round in 0..<10 {
            try await writer.begin()
            let batch = RecordBatch((0..<5).map { record(topic, "\(round)-\($0)") })
            try await writer.send(batch)
            if run.random(0...1) == 0 {
                try await writer.abort()
                try await writer.abort()
            } else {
                try await writer.commit(consumed: nil)
                wanted += texts(batch.records)
            }
            try await log.writer().send(record(topic, "between \(round)"))
            wanted.append("between \(round)")
        }
        let read = try await WritingCases.readAll(log, topic, run)
        try run.expectEqual(texts(read), wanted, "records")
        await writer.close(deadline: .seconds(5))
    }

    private static func offsets(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let output = try await run.topic(log, "output")
        let partition = TopicPartition(topic, 0)
        try await GroupCases.send(10, to: topic, of: log)
        let reader = try await log.groupReader(GroupCases.options(run, topic))
        var collected = Collected()
        try await collected.read(reader, count: 10, in: run)
        let writer = try await log.transactionalWriter(id: run.name("writer"))
        func committed() async throws -> Offset? {
            try await log.committedOffsets(of: run.name("group"), topic: topic)[Partition(0)]
        }
        try await writer.begin()
        try await writer.send(RecordBatch([record(output, "first")]))
        try await writer.abort()
        try run.expectEqual(try await committed(), nil, "offset after the abort")
        try await writer.begin()
        try await writer.send(RecordBatch([record(output, "second")]))
        try await writer.commit(consumed: ConsumedOffsets(reader: reader, offsets: [partition: Offset(6)]))
        try run.expectEqual(try await committed(), Offset(6), "offset after the commit")
        await reader.close(deadline: .seconds(5))
        let next = try await log.groupReader(GroupCases.options(run, topic))
        var rest = Collected()
        try await rest.read(next, count: 4, in: run)
        try run.expectEqual(rest.records.first?.offset, Offset(6), "where the next member starts")
        await next.close(deadline: .seconds(5))
        await writer.close(deadline: .seconds(5))
    }

    private static func zombie(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let id = run.name("writer")
        let older = try await log.transactionalWriter(id: id)
        try await older.begin()
        try await older.send(RecordBatch([record(topic, "of the zombie")]))
        let newer = try await run.open().transactionalWriter(id: id)
        try await newer.begin()
        try await newer.send(RecordBatch([record(topic, "of the newer")]))
        try await newer.commit(consumed: nil)
        let error = try await run.expectFailure("the zombie's commit", .fenced) {
            try await older.commit(consumed: nil)
        }
        try run.expectEqual(error.severity, .fatal, "severity for the zombie")
        try await run.expectFailure("the zombie's next transaction", .fenced) {
            try await older.begin()
            try await older.send(RecordBatch([record(topic, "of the zombie")]))
            try await older.commit(consumed: nil)
        }
        await older.close(deadline: .seconds(5))
        try await newer.begin()
        try await newer.send(RecordBatch([record(topic, "of the newer, again")]))
        try await newer.commit(consumed: nil)
        await newer.close(deadline: .seconds(5))
        if run.subject.capabilities.contains(.hidesAborted) {
            let read = try await WritingCases.readAll(log, topic, run)
            try run.expectEqual(texts(read), ["of the newer", "of the newer, again"], "records")
        }
    }

    private static func killed(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let dying = try await run.open()
        let topic = try await run.topic(log)
        let id = run.name("writer")
        let writer = try await dying.transactionalWriter(id: id)
        try await writer.begin()
        try await writer.send(RecordBatch([record(topic, "lost with its process")]))
        try await run.kill(dying)
        try await log.writer().send(record(topic, "after the kill"))
        let start = ContinuousClock.now
        let newer = try await log.transactionalWriter(id: id)
        try await newer.begin()
        try await newer.send(RecordBatch([record(topic, "of the newer")]))
        try await newer.commit(consumed: nil)
        let read = try await WritingCases.readAll(log, topic, run)
        let took = ContinuousClock.now - start
        try run.expectEqual(texts(read), ["after the kill", "of the newer"], "records")
        try run.expect(took < .seconds(5), "it took \(took) until the records could be read")
        await newer.close(deadline: .seconds(5))
    }

    private static func takenAway(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let output = try await run.topic(log, "output")
        let partition = TopicPartition(topic, 0)
        try await GroupCases.send(5, to: topic, of: log)
        let older = try await log.groupReader(GroupCases.options(run, topic, instance: "same"))
        var collected = Collected()
        try await collected.read(older, count: 5, in: run)
        let writer = try await log.transactionalWriter(id: run.name("writer"))
        try await writer.begin()
        try await writer.send(RecordBatch([record(output, "of the older")]))
        let newer = try await run.open().groupReader(GroupCases.options(run, topic, instance: "same"))
        var taken = Collected()
        try await taken.read(newer, count: 5, in: run)
        try await run.expectFailure("a commit of input that was taken away", .transactionAborted, .fenced) {
            try await writer.commit(
                consumed: ConsumedOffsets(reader: older, offsets: [partition: Offset(5)]))
        }
        try? await writer.abort()
        try run.expectEqual(
            try await log.committedOffsets(of: run.name("group"), topic: topic), [:], "committed offsets")
        if run.subject.capabilities.contains(.hidesAborted) {
            try run.expectEqual(try await WritingCases.readAll(log, output, run), [], "output")
        }
        await newer.close(deadline: .seconds(5))
        await writer.close(deadline: .seconds(5))
    }

    private static func tooLarge(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let writer = try await log.transactionalWriter(id: run.name("writer"))
        try await writer.begin()
        try await writer.send(RecordBatch([record(topic, "small")]))
        try await run.expectFailure("a record of 3 MB", .tooLarge, .transactionAborted) {
            try await writer.send(RecordBatch([Record(topic: topic, key: [1], value: run.bytes(3_000_000))]))
            try await writer.commit(consumed: nil)
        }
        try await run.expectFailure("the commit after it", .transactionAborted, .tooLarge, .wrongState) {
            try await writer.commit(consumed: nil)
        }
        try await writer.abort()
        try await writer.begin()
        try await writer.send(RecordBatch([record(topic, "next")]))
        try await writer.commit(consumed: nil)
        if run.subject.capabilities.contains(.hidesAborted) {
            try run.expectEqual(texts(try await WritingCases.readAll(log, topic, run)), ["next"], "records")
        }
        await writer.close(deadline: .seconds(5))
    }

    private static func closes(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let writer = try await log.transactionalWriter(id: run.name("writer"))
        try await writer.begin()
        try await writer.send(RecordBatch([record(topic, "dropped")]))
        await writer.close(deadline: .seconds(5))
        try await run.expectFailure("a closed writer", .closed) { try await writer.begin() }
        try await log.writer().send(record(topic, "kept"))
        try run.expectEqual(texts(try await WritingCases.readAll(log, topic, run)), ["kept"], "records")
    }
}
