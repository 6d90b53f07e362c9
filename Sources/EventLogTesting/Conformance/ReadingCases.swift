internal import Basics
internal import EventLog

/// What readers without a group do.
enum ReadingCases {
    static let all = [
        ConformanceCase("says once each time that an end is reached", body: caughtUp),
        ConformanceCase("starts where it is told", body: starts),
        ConformanceCase("seeks to any offset", body: seeks),
        ConformanceCase("reads all of a backlog in the background", body: background),
        ConformanceCase("keeps to the limit of a read", body: limits),
        ConformanceCase("wakes a waiting reader for another process's record", body: wakes),
        ConformanceCase("returns idle when nothing comes", body: idle),
        ConformanceCase("ends a waiting read when it is closed or cancelled", body: closing),
        ConformanceCase(
            "reads on over the gaps that compaction leaves", requires: .compaction, body: compaction),
        ConformanceCase("closes by its deadline", body: deadline),
    ]

    private static func caughtUp(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 2)
        let first = TopicPartition(topic, 0)
        let second = TopicPartition(topic, 1)
        let writer = try await log.writer()
        for number in 0..<3 {
            try await writer.send(Record(topic: topic, partition: Partition(0), value: [UInt8(number)]))
        }
        let reader = try await log.reader(ReaderOptions(start: [first: .earliest, second: .earliest]))
        var collected = Collected()
        try await collected.readToEnd(reader, of: [first, second], in: run)
        try run.expectEqual(collected.records.count, 3, "records before the end")
        try run.expectEqual(try ends(of: first, in: collected, run), [Offset(3)], "ends of the first")
        try run.expectEqual(try ends(of: second, in: collected, run), [Offset(0)], "ends of the second")
        for _ in 0..<5 { try await collected.read(reader) }
        try run.expectEqual(try ends(of: first, in: collected, run).count, 1, "ends without new records")

        for _ in 0..<2 { try await writer.send(Record(topic: topic, partition: Partition(1), value: [9])) }
        try await collected.readToEnd(reader, of: [second], in: run)
        for _ in 0..<5 { try await collected.read(reader) }
        try run.expectEqual(collected.records.count, 5, "records before the second end")
        let found = try ends(of: second, in: collected, run)
        try run.expectEqual(found.last, Offset(2), "the last end of the second")
        try run.expectEqual(try ends(of: first, in: collected, run).count, 1, "ends of the silent partition")
    }

    private static func ends(
        of partition: TopicPartition, in collected: Collected, _ run: ConformanceRun
    ) throws -> [Offset] {
        collected.events.compactMap { event in
            if case .caughtUp(let ends) = event { ends[partition] } else { nil }
        }
    }

    private static func starts(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let partition = TopicPartition(topic, 0)
        let writer = try await log.writer()
        let places = try await writer.send(
            RecordBatch((0..<10).map { Record(topic: topic, value: [UInt8($0)]) }))
        let positions: [(StartPosition, [UInt8])] = [
            (.earliest, Array(0...10)), (.offset(places[4].offset), Array(4...10)), (.latest, [10]),
        ]
        var readers: [(any PartitionReader, [UInt8])] = []
        for (position, wanted) in positions {
            let reader = try await log.reader(ReaderOptions(start: [partition: position]))
            // So that the reader has found its start before the next record comes.
            var batch = RecordBatch()
            if position == .latest {
                _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: run.subject.patience)
            }
            readers.append((reader, wanted))
        }
        try await writer.send(Record(topic: topic, value: [10]))
        for (reader, wanted) in readers {
            var collected = Collected()
            try await collected.read(reader, count: wanted.count, in: run)
            try run.expectEqual(collected.records.compactMap { $0.value?.first }, wanted, "records")
        }
    }

    private static func seeks(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let partition = TopicPartition(topic, 0)
        let writer = try await log.writer()
        var places: [RecordPlace] = []
        for size in [1, 300, 50] {
            let start = places.count
            places += try await writer.send(
                RecordBatch((0..<size).map { Record(topic: topic, value: Array("\(start + $0)".utf8)) }))
        }
        let reader = try await log.reader(
            ReaderOptions(start: [partition: .earliest], readsAhead: false))
        for _ in 0..<20 {
            let target = run.random(0...places.count - 1)
            try await reader.seek(to: [partition: places[target].offset])
            var collected = Collected()
            let limit = ReadLimit(records: 1)
            try await collected.read(reader, count: 1, in: run, limit: limit)
            try run.expectEqual(collected.records[0].offset, places[target].offset, "offset after the seek")
            try run.expectEqual(collected.records[0].value, Array("\(target)".utf8), "value after the seek")
            // The next read goes on from there.
            if target + 1 < places.count {
                try await collected.read(reader, count: 2, in: run, limit: limit)
                try run.expectEqual(collected.records[1].offset, places[target + 1].offset, "the next offset")
            }
        }
        try await run.expectFailure("a seek in a partition of nobody", .notAssigned) {
            try await reader.seek(to: [TopicPartition(topic, 7): Offset(0)])
        }
    }

    /// More than a reader in the background holds ahead, in several partitions, read with pauses.
    private static func background(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 3)
        let writer = try await log.writer()
        // librdkafka's mock cluster keeps 5 MB of a partition.
        let sizes = (0..<24).map { _ in run.random(200_000...500_000) }
        for (number, size) in sizes.enumerated() {
            try await writer.send(
                Record(topic: topic, partition: Partition(Int32(number % 3)), value: run.bytes(size)))
        }
        let start = (0..<3).map { (TopicPartition(topic, Int32($0)), StartPosition.earliest) }
        let reader = try await log.reader(
            ReaderOptions(start: Dictionary(uniqueKeysWithValues: start), priority: .background))
        var collected = Collected()
        let limit = ContinuousClock.now + run.subject.patience
        while collected.records.count < sizes.count {
            if run.random(0...3) == 0 { try await Task.sleep(for: .milliseconds(5)) }
            try await collected.read(reader, limit: ReadLimit(records: run.random(1...4)))
            let count = collected.records.count
            try run.expect(ContinuousClock.now < limit, "\(count) of \(sizes.count) records")
        }
        for partition in 0..<3 {
            let found = collected.records.filter { $0.partition?.number == Int32(partition) }
            let sent = sizes.indices.filter { $0 % 3 == partition }.map { sizes[$0] }
            try run.expectEqual(found.map { $0.value?.count ?? 0 }, sent, "sizes in partition \(partition)")
        }
    }

    private static func limits(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let partition = TopicPartition(topic, 0)
        _ = try await log.writer().send(
            RecordBatch((0..<50).map { _ in Record(topic: topic, value: run.bytes(1_000)) }))
        let reader = try await log.reader(ReaderOptions(start: [partition: .earliest]))
        var collected = Collected()
        let limits = [
            (ReadLimit(records: 7, bytes: 1 << 20), 7), (ReadLimit(records: 1_000, bytes: 5_000), 5),
            (ReadLimit(records: 10, bytes: 10), 1),
        ]
        for (limit, most) in limits {
            let before = collected.records.count
            let deadline = ContinuousClock.now + run.subject.patience
            while collected.records.count == before, ContinuousClock.now < deadline {
                try await collected.read(reader, limit: limit)
            }
            let count = collected.records.count - before
            try run.expect((1...most).contains(count), "\(count) records for \(limit)")
        }
    }

    private static func wakes(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let other = try await run.open()
        let topic = try await run.topic(log)
        let partition = TopicPartition(topic, 0)
        let reader = try await log.reader(ReaderOptions(start: [partition: .earliest]))
        var collected = Collected()
        try await collected.readToEnd(reader, of: [partition], in: run)
        let writer = try await other.writer()
        for number in 0..<5 {
            async let sent = writer.send(Record(topic: topic, value: [UInt8(number)]))
            let start = ContinuousClock.now
            var outcome = ReadOutcome.idle
            while outcome != .records, ContinuousClock.now - start < run.subject.patience {
                outcome = try await collected.read(reader, wait: run.subject.patience)
            }
            try run.expectEqual(outcome, .records, "outcome of the waiting read")
            _ = try await sent
        }
    }

    private static func idle(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let partition = TopicPartition(topic, 0)
        let reader = try await log.reader(ReaderOptions(start: [partition: .earliest]))
        var collected = Collected()
        try await collected.readToEnd(reader, of: [partition], in: run)
        var start = ContinuousClock.now
        let waited = try await collected.read(reader, wait: .milliseconds(200))
        try run.expectEqual(waited, .idle, "outcome of a read with nothing to read")
        let took = ContinuousClock.now - start
        try run.expect(took >= .milliseconds(150), "the read waited only \(took)")
        start = .now
        try run.expectEqual(try await collected.read(reader, wait: .zero), .idle, "outcome without waiting")
    }

    private static func closing(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let partition = TopicPartition(topic, 0)
        let options = ReaderOptions(start: [partition: .latest])
        for cancels in [true, false] {
            let reader = try await log.reader(options)
            var batch = RecordBatch()
            _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(5))
            let waiting = Task {
                var batch = RecordBatch()
                return try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(3_600))
            }
            try await Task.sleep(for: .milliseconds(50))
            if cancels { waiting.cancel() } else { await reader.close(deadline: .seconds(5)) }
            try await run.expectFailure(cancels ? "a cancelled read" : "a read of a closed reader", .closed) {
                _ = try await waiting.value
            }
            if cancels {
                // Another read of the same reader works.
                try await log.writer().send(Record(topic: topic, value: [1]))
                var collected = Collected()
                try await collected.read(reader, count: 1, in: run)
            }
        }
    }

    private static func compaction(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 2, cleanup: .compact)
        let writer = try await log.writer()
        var last: [[UInt8]: (Record, RecordPlace)] = [:]
        var places: [RecordPlace] = []
        for _ in 0..<40 {
            let records = (0..<25).map { _ in
                let value = run.random(0...9) == 0 ? nil : run.bytes(run.random(0...300))
                return Record(
                    topic: topic, key: Array("key \(run.random(0...30))".utf8), value: value,
                    headers: [Header("h", run.bytes(3))])
            }
            let sent = try await writer.send(RecordBatch(records))
            for (record, place) in zip(records, sent) { last[record.key ?? []] = (record, place) }
            places += sent
        }
        let before = try await log.watermarks(of: topic)
        try await run.compact(log, topic)
        var owed = Obligations()
        for (record, place) in last.values { try owed.acknowledge(record, at: place) }
        let kept = try await WritingCases.readAll(try await run.open(), topic, run)
        try owed.check(kept)
        let after = try await log.watermarks(of: topic)
        try run.expectEqual(after.mapValues(\.high), before.mapValues(\.high), "ends after compaction")

        // A seek into a gap finds the next record that is still there.
        let partition = places[0].partition
        let offsets = kept.filter { $0.partition == partition.partition }.compactMap(\.offset).sorted()
        let reader = try await log.reader(
            ReaderOptions(start: [partition: .earliest], readsAhead: false))
        for place in places where place.partition == partition && run.random(0...20) == 0 {
            guard let wanted = offsets.first(where: { $0 >= place.offset }) else { continue }
            try await reader.seek(to: [partition: place.offset])
            var collected = Collected()
            try await collected.read(reader, count: 1, in: run, limit: ReadLimit(records: 1))
            try run.expectEqual(collected.records[0].offset, wanted, "the record at or after \(place.offset)")
        }
        let next = try await writer.send(
            Record(topic: topic, partition: partition.partition, key: [1], value: []))
        try run.expect(
            places.allSatisfy { $0.partition != partition || $0.offset < next.offset }, "offset reused")
    }

    private static func deadline(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let reader = try await log.reader(ReaderOptions(start: [TopicPartition(topic, 0): .earliest]))
        let writer = try await log.writer()
        try await writer.send(Record(topic: topic, value: []))
        let start = ContinuousClock.now
        await reader.close(deadline: .seconds(5))
        await writer.close(deadline: .seconds(5))
        await log.close(deadline: .seconds(5))
        let took = ContinuousClock.now - start
        try run.expect(took < .seconds(16), "closing took \(took)")
        try await run.expectFailure("a call on a closed log", .closed) {
            _ = try await log.writer().send(Record(topic: topic, value: []))
        }
    }
}
