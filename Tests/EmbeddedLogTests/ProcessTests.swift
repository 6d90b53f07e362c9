import Basics
import EmbeddedLog
import EventLog
import Foundation
import Testing

/// What must hold between real processes; each child is one, and most of them are killed.
@Suite("Embedded log between processes", .timeLimit(.minutes(3)))
struct ProcessTests {
    @Test("three processes write at once; a waiting reader gets everything, in each writer's order")
    func writesAtOnce() async throws {
        let place = try TemporaryLog()
        let log = try await EmbeddedLog.openFast(place.path)
        try await log.create([TopicDefinition(name: "t", partitions: 2)])
        let path = place.path
        async let first: ExitTest.Result? = #expect(processExitsWith: .success) { [path = path as String] in
            try await writeMany(path, writer: 1)
        }
        async let second: ExitTest.Result? = #expect(processExitsWith: .success) { [path = path as String] in
            try await writeMany(path, writer: 2)
        }
        async let own: Void = writeMany(path, writer: 3)
        let reader = try await log.reader(
            ReaderOptions(start: [TopicPartition("t", 0): .earliest, TopicPartition("t", 1): .earliest]))
        var values: [UInt8: [Int]] = [:]
        var batch = RecordBatch()
        let deadline = ContinuousClock.now + .seconds(60)
        while values.values.map(\.count).reduce(0, +) < 900, ContinuousClock.now < deadline {
            batch.removeAll()
            _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(5))
            for record in batch.records {
                #expect(record.partition == Partition(Int32((Int(record.text) ?? 0) % 2)))
                values[record.key?.first ?? 0, default: []].append(Int(record.text) ?? -1)
            }
        }
        _ = await (first, second)
        try await own
        for writer in 1...3 {
            let got = values[UInt8(writer)] ?? []
            #expect(got.sorted() == Array(0..<300), "writer \(writer)")
            for parity in 0...1 {
                let lane = got.filter { $0 % 2 == parity }
                #expect(lane == lane.sorted(), "order of writer \(writer)")
            }
        }
        await log.close(deadline: .seconds(5))
    }

    @Test("after kill -9 at any moment: acknowledged transactions are there, and every transaction is whole")
    func killedWriter() async throws {
        let place = try TemporaryLog()
        let acks = place.folder + "/acks"
        do {
            let log = try await EmbeddedLog.openFast(place.path)
            try await log.create([TopicDefinition(name: "t", partitions: 3)])
            await log.close(deadline: .seconds(5))
        }
        var random = SeededRandom(seed: testSeed("killedWriter"))
        let path = place.path
        for round in 0..<6 {
            let delay = Int.random(in: 20...250, using: &random)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, acks = acks as String, round = round as Int, delay = delay as Int] in
                try await commitUntilKilled(path, acks: acks, round: round, after: .milliseconds(delay))
            }
        }
        let log = try await EmbeddedLog.openFast(path)
        var found: [String: Int] = [:]
        var wanted: [String: Int] = [:]
        for record in try await log.readAll("t") {
            let parts = record.text.split(separator: "/")
            found[String(parts[0]), default: 0] += 1
            wanted[String(parts[0])] = Int(parts[1])
        }
        #expect(found == wanted)
        let acknowledged = Lines.read(acks)
        #expect(acknowledged.count > 20)
        for name in acknowledged { #expect(found[name] != nil, "\(name) was acknowledged and is lost") }
        // Killed between commit and acknowledgement: at most one a round.
        #expect(found.count - acknowledged.count <= 6)
        #expect(try await log.problems().isEmpty)
        await log.close(deadline: .seconds(5))
    }

    @Test("members that copy with transactions and are killed: each record once")
    func killedCopiers() async throws {
        let place = try TemporaryLog()
        let path = place.path
        let log = try await EmbeddedLog.openFast(path)
        try await log.create([
            TopicDefinition(name: "input", partitions: 4), TopicDefinition(name: "output", partitions: 2),
        ])
        let writer = try await log.writer()
        for part in 0..<20 {
            _ = try await writer.send(
                RecordBatch(
                    (0..<100).map {
                        Record(
                            topic: "input", partition: Partition(Int32($0 % 4)),
                            value: Array("\(part * 100 + $0)".utf8))
                    }
                ))
        }
        var random = SeededRandom(seed: testSeed("killedCopiers"))
        for _ in 0..<3 {
            let delays = (0..<2).map { _ in Int.random(in: 100...400, using: &random) }
            async let first: ExitTest.Result? = #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, delay = delays[0] as Int] in
                killSelf(after: .milliseconds(delay))
                try await copyInput(path, instance: "a", until: nil)
            }
            async let second: ExitTest.Result? = #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, delay = delays[1] as Int] in
                killSelf(after: .milliseconds(delay))
                try await copyInput(path, instance: "b", until: nil)
            }
            _ = await (first, second)
        }
        try await copyInput(path, instance: "a", until: 2_000)
        let copies = try await log.readAll("output").compactMap { Int($0.text) }
        #expect(copies.count == 2_000)
        #expect(Set(copies).count == 2_000)
        await log.close(deadline: .seconds(5))
    }

    @Test("a killed member's partitions move at once, long before its session times out")
    func killedMember() async throws {
        let place = try TemporaryLog()
        let path = place.path
        let log = try await EmbeddedLog.openFast(path)
        try await log.create([TopicDefinition(name: "t", partitions: 4)])
        let options = GroupOptions(group: "g", topics: ["t"], sessionTimeout: .seconds(60))
        let reader = try await log.groupReader(options)
        let joined = place.folder + "/joined"
        async let child: ExitTest.Result? = #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, joined = joined as String] in
            let log = try await EmbeddedLog.openFast(path)
            let reader = try await log.groupReader(
                GroupOptions(group: "g", topics: ["t"], sessionTimeout: .seconds(60)))
            var batch = RecordBatch()
            while await reader.assignment().count < 2 {
                _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(50))
            }
            Lines.append("joined", to: joined)
            kill(getpid(), SIGKILL)
        }
        var batch = RecordBatch()
        let deadline = ContinuousClock.now + .seconds(40)
        while Lines.read(joined).isEmpty, ContinuousClock.now < deadline {
            _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(20))
        }
        #expect(await reader.assignment().count <= 2)
        _ = await child
        let start = ContinuousClock.now
        while await reader.assignment().count < 4, ContinuousClock.now - start < .seconds(20) {
            _ = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(20))
        }
        #expect(await reader.assignment().count == 4)
        #expect(ContinuousClock.now - start < .seconds(5))
        await log.close(deadline: .seconds(5))
    }

    @Test(
        "a full disk is an error with a remedy; what was acknowledged stays; writing goes on with room"
    )
    func fullDisk() async throws {
        let place = try TemporaryLog()
        let path = place.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            let log = try await EmbeddedLog.openFast(path)
            try await log.create([TopicDefinition(name: "t", partitions: 1)])
            let writer = try await log.writer()
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1 << 20, rlim_max: rlim_t.max)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            var acknowledged = 0
            var failure: LogError?
            while failure == nil, acknowledged < 1_000 {
                do throws(LogError) {
                    try await writer.send(Record(topic: "t", value: Array(repeating: 7, count: 20_000)))
                    acknowledged += 1
                } catch {
                    failure = error
                }
            }
            #expect(acknowledged > 5 && acknowledged < 1_000)
            #expect(failure?.code == .storage)
            #expect(failure?.hint.isEmpty == false)
            #expect(try await log.readAll("t").count == acknowledged)
            limit.rlim_cur = rlim_t.max
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            try await writer.send(Record(topic: "t", value: [1]))
            #expect(try await log.readAll("t").count == acknowledged + 1)
            #expect(try await log.problems().isEmpty)
            await log.close(deadline: .seconds(5))
        }
    }

    @Test("a log that may not be written is refused with a remedy")
    func denied() async throws {
        let place = try TemporaryLog()
        let path = place.path
        let log = try await EmbeddedLog.openFast(path)
        try await log.create([TopicDefinition(name: "t", partitions: 1)])
        await log.close(deadline: .seconds(5))
        chmod(path, 0o444)
        chmod(place.folder, 0o555)
        await #expect(processExitsWith: .success) { [path = path as String] in
            // Root may write anything, so the child becomes nobody.
            if getuid() == 0 { setuid(65_534) }
            let error = await #expect(throws: LogError.self) {
                let log = try await EmbeddedLog.openFast(path)
                try await log.writer().send(Record(topic: "t", value: [1]))
            }
            #expect(error?.code == .denied || error?.code == .unavailable)
            #expect(error?.recovery == .fixConfiguration)
            #expect(error?.hint.isEmpty == false)
        }
        chmod(place.folder, 0o755)
    }
}

private func writeMany(_ path: String, writer number: UInt8) async throws {
    let log = try await EmbeddedLog.openFast(path)
    let writer = try await log.writer()
    for value in 0..<300 {
        let record = Record(
            topic: "t", partition: Partition(Int32(value % 2)), key: [number], value: Array("\(value)".utf8))
        try await writer.send(record)
    }
    await log.close(deadline: .seconds(5))
}

/// Commits transactions, and notes each acknowledged one, until it is killed.
private func commitUntilKilled(_ path: String, acks: String, round: Int, after delay: Duration) async throws {
    let log = try await EmbeddedLog.openFast(path)
    let writer = try await log.transactionalWriter(id: "w")
    killSelf(after: delay)
    for number in 0..<1_000_000 {
        let count = number % 40 + 1
        let name = "\(round)-\(number)"
        try await writer.begin()
        for _ in 0..<count {
            try await writer.send(
                RecordBatch([
                    Record(topic: "t", key: [UInt8(number % 7)], value: Array("\(name)/\(count)".utf8))
                ]))
        }
        try await writer.commit(consumed: nil)
        Lines.append(name, to: acks)
    }
}

/// Copies `input` to `output`, a transaction a read; with `until`, ends when so many records were committed
/// in all.
private func copyInput(_ path: String, instance: String, until: Int64?) async throws {
    let log = try await EmbeddedLog.openFast(path)
    let writer = try await log.transactionalWriter(id: instance)
    let reader = try await log.groupReader(GroupOptions(group: "g", topics: ["input"], instance: instance))
    var batch = RecordBatch()
    while true {
        batch.removeAll()
        let outcome = try await reader.read(
            into: &batch, limit: ReadLimit(records: 20), wait: .milliseconds(50))
        if let until {
            let done = try await log.committedOffsets(of: "g", topic: "input")
            if done.values.map(\.number).reduce(0, +) == until { break }
        }
        guard outcome == .records else { continue }
        var next: [TopicPartition: Offset] = [:]
        var first: [TopicPartition: Offset] = [:]
        for record in batch.records {
            guard let place = record.partition, let offset = record.offset else { continue }
            let partition = TopicPartition("input", place)
            next[partition] = offset.next
            if first[partition] == nil { first[partition] = offset }
        }
        do throws(LogError) {
            try await writer.begin()
            try await writer.send(RecordBatch(batch.records.map { Record(topic: "output", value: $0.value) }))
            try await writer.commit(consumed: ConsumedOffsets(reader: reader, offsets: next))
        } catch {
            guard error.severity == .abortable else { throw error }
            try await writer.abort()
            for (partition, offset) in first { try? await reader.seek(to: [partition: offset]) }
        }
    }
    await log.close(deadline: .seconds(5))
}
