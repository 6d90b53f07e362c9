internal import Basics
internal import EventLog

/// What members of groups do.
enum GroupCases {
    static let all = [
        ConformanceCase(
            "gives a lone member everything, from the earliest record", requires: .groups, body: lone),
        ConformanceCase("goes on from the committed offsets", requires: .groups, body: goesOn),
        ConformanceCase(
            "shares partitions between two members and gives them back", requires: .groups, body: shares),
        ConformanceCase(
            "refuses a commit of somebody else's partition", requires: .groups, body: foreignCommit),
        ConformanceCase(
            "gives a dead member's partitions to the others", requires: [.groups, .kills], body: dead),
        ConformanceCase(
            "lets a static member take over at once and fences the older",
            requires: [.groups, .staticMembers],
            body: staticMember),
        ConformanceCase(
            "gives a static member its partitions again after a kill",
            requires: [.groups, .staticMembers, .kills],
            body: staticAfterKill),
        ConformanceCase("keeps groups apart", requires: .groups, body: apart),
        ConformanceCase("tells the lag", requires: .groups, body: lag),
    ]

    static func options(_ run: ConformanceRun, _ topic: TopicName, instance: String? = nil) -> GroupOptions {
        GroupOptions(
            group: run.name("group"), topics: [topic], instance: instance,
            sessionTimeout: run.subject.sessionTimeout)
    }

    /// Sends `count` records whose values are their numbers, spread over the partitions.
    static func send(_ count: Int, to topic: TopicName, of log: any EventLog) async throws {
        let partitions = try await log.partitionCount(of: topic) ?? 1
        let records = (0..<count).map {
            Record(topic: topic, partition: Partition(Int32($0) % partitions), value: Array("\($0)".utf8))
        }
        _ = try await log.writer().send(RecordBatch(records))
    }

    /// Reads until `reader` has `count` partitions.
    static func joined(
        _ reader: any GroupReader, _ collected: inout Collected, count: Int, _ run: ConformanceRun
    ) async throws {
        let deadline = ContinuousClock.now + run.subject.patience
        while await reader.assignment().count != count {
            try await collected.read(reader, wait: .milliseconds(20))
            let assignment = await reader.assignment()
            try run.expect(
                ContinuousClock.now < deadline, "the member has \(assignment), not \(count) partitions")
        }
    }

    /// Reads with all of `readers` until each has its number of partitions.
    static func settle(
        _ readers: [(any GroupReader, Int)], _ run: ConformanceRun
    ) async throws {
        var collected = Collected()
        try await run.eventually("members have \(readers.map(\.1)) partitions") {
            var settled = true
            for (reader, count) in readers {
                try await collected.read(reader, wait: .milliseconds(10))
                if await reader.assignment().count != count { settled = false }
            }
            return settled
        }
    }

    private static func lone(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 3)
        try await send(30, to: topic, of: log)
        let reader = try await log.groupReader(options(run, topic))
        var collected = Collected()
        try await collected.read(reader, count: 30, in: run)
        guard case .assigned = collected.events.first else {
            throw ConformanceRun.Unexpected(description: "first came \(collected.events)")
        }
        let all = (0..<3).map { TopicPartition(topic, $0) }
        try run.expectEqual(await reader.assignment().sorted(), all, "assignment")
        // A partition's end may have come before another one's last record.
        let ended = collected.events.flatMap { event -> [TopicPartition] in
            if case .caughtUp(let ends) = event { Array(ends.keys) } else { [] }
        }
        try await collected.readToEnd(reader, of: all.filter { !ended.contains($0) }, in: run)
        let numbers = collected.records.compactMap { Int(String(decoding: $0.value ?? [], as: UTF8.self)) }
        try run.expectEqual(numbers.sorted(), Array(0..<30), "records")
        await reader.close(deadline: .seconds(5))
    }

    private static func goesOn(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let partition = TopicPartition(topic, 0)
        try await send(10, to: topic, of: log)
        let first = try await log.groupReader(options(run, topic))
        var collected = Collected()
        try await collected.read(first, count: 4, in: run, limit: ReadLimit(records: 4))
        guard let last = collected.records.last?.offset else { return }
        try await first.commit([partition: last.next])
        await first.close(deadline: .seconds(5))
        let committed = try await run.open().committedOffsets(of: run.name("group"), topic: topic)
        try run.expectEqual(committed, [Partition(0): last.next], "committed offsets")
        let second = try await run.open().groupReader(options(run, topic))
        collected = Collected()
        try await collected.read(second, count: 6, in: run)
        try run.expectEqual(
            collected.records.first?.offset, last.next, "the first record of the second member")
        try run.expectEqual(
            try await log.committedOffsets(of: run.name("nobody"), topic: topic), [:], "offsets of no group")
        await second.close(deadline: .seconds(5))
    }

    private static func shares(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 4)
        let first = try await log.groupReader(options(run, topic))
        try await settle([(first, 4)], run)
        let second = try await run.open().groupReader(options(run, topic))
        try await settle([(first, 2), (second, 2)], run)
        let both = await Set(first.assignment()).union(second.assignment())
        try run.expectEqual(both.count, 4, "partitions of both members")
        await second.close(deadline: .seconds(5))
        try await settle([(first, 4)], run)
        await first.close(deadline: .seconds(5))
        try await run.expectFailure("a closed member", .closed) {
            var batch = RecordBatch()
            _ = try await first.read(into: &batch, limit: ReadLimit(), wait: .seconds(1))
        }
    }

    private static func foreignCommit(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 2)
        let first = try await log.groupReader(options(run, topic))
        let second = try await run.open().groupReader(options(run, topic))
        try await settle([(first, 1), (second, 1)], run)
        guard let own = await first.assignment().first, let foreign = await second.assignment().first else {
            return
        }
        try await first.commit([own: Offset(0)])
        try await run.expectFailure("a commit of another member's partition", .notAssigned, .fenced) {
            try await first.commit([foreign: Offset(0)])
        }
        try await run.expectFailure("a seek in another member's partition", .notAssigned) {
            try await first.seek(to: [foreign: Offset(0)])
        }
        await first.close(deadline: .seconds(5))
        await second.close(deadline: .seconds(5))
    }

    private static func dead(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let dying = try await run.open()
        let topic = try await run.topic(log, partitions: 4)
        let first = try await dying.groupReader(options(run, topic))
        let second = try await log.groupReader(options(run, topic))
        try await settle([(first, 2), (second, 2)], run)
        try await run.kill(dying)
        var collected = Collected()
        try await joined(second, &collected, count: 4, run)
        await second.close(deadline: .seconds(5))
    }

    private static func staticMember(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log, partitions: 4)
        let other = try await run.open().groupReader(options(run, topic, instance: "other"))
        let older = try await log.groupReader(options(run, topic, instance: "same"))
        try await settle([(older, 2), (other, 2)], run)
        let had = await older.assignment().sorted()
        let start = ContinuousClock.now
        let newer = try await run.open().groupReader(options(run, topic, instance: "same"))
        var collected = Collected()
        try await joined(newer, &collected, count: 2, run)
        let took = ContinuousClock.now - start
        try run.expectEqual(await newer.assignment().sorted(), had, "partitions of the member that came back")
        try run.expect(took < run.subject.sessionTimeout, "taking over took \(took)")
        let error = try await run.expectFailure("the older member", .fenced) {
            var fenced = Collected()
            for _ in 0..<200 { try await fenced.read(older) }
        }
        try run.expectEqual(error.severity, .fatal, "severity for the older member")
        try await run.expectFailure("a commit of the older member", .fenced, .notAssigned) {
            try await older.commit([had[0]: Offset(0)])
        }
        try run.expectEqual(await other.assignment().count, 2, "partitions of the third member")
        await newer.close(deadline: .seconds(5))
        await other.close(deadline: .seconds(5))
    }

    private static func staticAfterKill(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let dying = try await run.open()
        let topic = try await run.topic(log, partitions: 2)
        try await send(10, to: topic, of: log)
        let older = try await dying.groupReader(options(run, topic, instance: "same"))
        var collected = Collected()
        try await collected.read(older, count: 10, in: run)
        let part = collected.records.filter { $0.partition == Partition(0) }.prefix(2)
        guard let last = part.last?.offset else { return }
        try await older.commit([TopicPartition(topic, 0): last.next])
        try await run.kill(dying)
        let start = ContinuousClock.now
        let newer = try await log.groupReader(options(run, topic, instance: "same"))
        collected = Collected()
        try await collected.read(newer, count: 8, in: run)
        let took = ContinuousClock.now - start
        try run.expect(took < run.subject.sessionTimeout, "taking over took \(took)")
        await newer.close(deadline: .seconds(5))
    }

    private static func apart(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        try await send(5, to: topic, of: log)
        for group in ["a", "b"] {
            var options = options(run, topic)
            options.group = run.name(group)
            let reader = try await log.groupReader(options)
            try run.expectEqual(reader.group, options.group, "name of the group")
            var collected = Collected()
            try await collected.read(reader, count: 5, in: run)
            try await reader.commit([TopicPartition(topic, 0): Offset(5)])
            await reader.close(deadline: .seconds(5))
        }
    }

    private static func lag(_ run: ConformanceRun) async throws {
        let log = try await run.open()
        let topic = try await run.topic(log)
        let partition = TopicPartition(topic, 0)
        try await send(20, to: topic, of: log)
        let reader = try await log.groupReader(options(run, topic))
        var collected = Collected()
        try await collected.read(reader, count: 5, in: run, limit: ReadLimit(records: 5))
        try await run.eventually("a lag of 15") { await reader.lag()[partition] == 15 }
        try await collected.readToEnd(reader, of: [partition], in: run)
        try await run.eventually("no lag") { await reader.lag()[partition] == 0 }
        await reader.close(deadline: .seconds(5))
    }
}
