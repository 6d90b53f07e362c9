import Basics
import EmbeddedLog
import EventLog
import EventLogTesting
import Foundation
import Testing

/// Every call by which SQLite changes the log's files is once the last of a process, and once fails.
@Suite("Embedded log under fire", .serialized, .timeLimit(.minutes(60)))
struct EmbeddedUnderFire {
    /// What a child does when it is killed.
    enum Work: Int, CaseIterable, Sendable {
        /// Opens the log, joins a group, copies in one transaction with the consumed offsets, closes.
        case transaction
        /// Opens the log, writes keys again, compacts their topic, closes.
        case compaction
    }

    @Test(
        "killed at every call of a transaction and of a compaction: all or nothing", arguments: Work.allCases)
    func killed(work: Work) async throws {
        let place = try TemporaryLog()
        let path = place.path, notes = place.folder + "/acks"
        let points = try await countCalls(of: work)
        #expect(points > 20, "\(points) calls")
        var random = SeededRandom(seed: Soak.seed)
        var runs: [(point: Int, fault: SystemCalls.Fault)] = []
        for point in 1...points {
            runs.append((point, .killedBefore))
            runs.append((point, .killedHalfway))
        }
        if !Soak.isLong { runs = Array(runs.shuffled(using: &random).prefix(12)) }
        try await prepare(path, copies: 3 * runs.count + 10)
        // Another process reads all the while; every second kill finds the file open by it, so that the last
        // to close is once the child and once this process.
        var log: EmbeddedLog? = try await EmbeddedLog.openFast(path)
        for (number, run) in runs.enumerated() {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    path = path as String, notes = notes as String, point = run.point as Int,
                    fault = run.fault.rawValue as Int, work = work.rawValue as Int, number = number as Int
                ] in
                SystemCalls.install()
                SystemCalls.arm(SystemCalls.Fault(rawValue: fault) ?? .killedBefore, after: point)
                try await perform(Work(rawValue: work) ?? .transaction, path, number, notes: notes)
                SystemCalls.die()
            }
            if let open = log, number % 2 == 0 {
                try await check(open, work, notes)
                await open.close(deadline: .seconds(10))
                log = nil
            } else {
                let open = try await EmbeddedLog.openFast(path)
                try await check(open, work, notes)
                log = open
            }
        }
        let last = try await EmbeddedLog.openFast(path)
        let copied = try await check(last, work, notes)
        #expect(try await last.problems().isEmpty)
        await log?.close(deadline: .seconds(10))
        await last.close(deadline: .seconds(10))
        Soak.report(
            "EmbeddedUnderFire.killed, \(work)", engine: "embedded",
            [
                "points": points, "kills": runs.count, "acknowledged": Lines.read(notes).count,
                "records": copied,
            ])
    }

    @Test(
        "a disk that is full, or fails, at every call: an error that says so, nothing lost, writing goes on",
        arguments: [SystemCalls.Fault.diskIsFull, .diskFails])
    func disk(fault: SystemCalls.Fault) async throws {
        let place = try TemporaryLog()
        let result = place.folder + "/result"
        await #expect(processExitsWith: .success) {
            [
                path = place.path as String, result = result as String, fault = fault.rawValue as Int,
                step = 1 as Int
            ] in
            SystemCalls.install()
            let fault = SystemCalls.Fault(rawValue: fault) ?? .diskIsFull
            let counts = try await failEveryCall(path, fault, step: step)
            Lines.append("\(counts.points) \(counts.failures) \(counts.records)", to: result)
        }
        let numbers = (Lines.read(result).first ?? "").split(separator: " ").compactMap { Int($0) }
        try #require(numbers.count == 3)
        #expect(numbers[1] >= 3, "the fault was never met: \(numbers)")
        Soak.report(
            "EmbeddedUnderFire.disk, \(fault)", engine: "embedded",
            ["points": numbers[0], "failures": numbers[1], "records": numbers[2]])
    }

    @Test("writers, copiers, members and readers in several handles: nothing is lost, nothing comes twice")
    func workload() async throws {
        let place = try TemporaryLog()
        let path = place.path
        var options = LogWorkload.Options()
        options.records = Soak.scale(3_000, long: 300_000)
        options.pause = .milliseconds(2)
        let counts = try await LogWorkload(
            name: "fire", options: options, open: { try await EmbeddedLog.openFast(path) }
        ).run()
        Soak.report(
            "EmbeddedUnderFire.workload", engine: "embedded",
            [
                "written": counts.acknowledged, "copied": counts.output, "transactions": counts.committed,
                "aborted": counts.aborted, "failed": counts.failed, "repeated": counts.repeated,
            ])
        #expect(counts.output == counts.input && counts.doubtful == 0)
    }

    // MARK: The parent's part

    /// How many calls the work takes when nothing happens.
    private func countCalls(of work: Work) async throws -> Int {
        let place = try TemporaryLog()
        let path = place.path, result = place.folder + "/calls"
        try await prepare(path, copies: 10)
        await #expect(processExitsWith: .success) {
            [path = path as String, result = result as String, work = work.rawValue as Int] in
            SystemCalls.install()
            try await perform(Work(rawValue: work) ?? .transaction, path, 0, notes: result + "-acks")
            Lines.append("\(SystemCalls.calls)", to: result)
        }
        return Int(Lines.read(result).first ?? "") ?? 0
    }

    private func prepare(_ path: String, copies: Int) async throws {
        let log = try await EmbeddedLog.openFast(path)
        try await log.create([
            TopicDefinition(name: "input", partitions: 2), TopicDefinition(name: "output", partitions: 3),
            TopicDefinition(name: "state", partitions: 1, cleanup: .compact),
        ])
        let writer = try await log.writer()
        _ = try await writer.send(
            RecordBatch(
                (0..<5 * copies).map {
                    Record(topic: "input", partition: Partition(Int32($0 % 2)), value: Array("\($0)".utf8))
                }))
        await log.close(deadline: .seconds(10))
    }

    /// What was acknowledged is there, whole, once; what was not is there whole or not at all.
    @discardableResult
    private func check(_ log: EmbeddedLog, _ work: Work, _ notes: String) async throws -> Int {
        let acknowledged = Lines.read(notes)
        switch work {
        case .transaction:
            var found: [String: [String]] = [:]
            var wanted: [String: Int] = [:]
            var inputs: Set<String> = []
            for record in try await log.readAll("output") {
                let parts = record.text.split(separator: "/").map(String.init)
                found[parts[0], default: []].append(parts[2])
                wanted[parts[0]] = Int(parts[1])
                #expect(inputs.insert(parts[2]).inserted, "input \(parts[2]) was copied twice")
            }
            for (name, texts) in found { #expect(texts.count == wanted[name], "\(name) is not whole") }
            for name in acknowledged { #expect(found[name] != nil, "\(name) was acknowledged and is lost") }
            // The offsets that were committed are those of the records that were copied.
            let offsets = try await log.committedOffsets(of: "g", topic: "input")
            #expect(offsets.values.reduce(0) { $0 + $1.number } == Int64(inputs.count))
            return inputs.count
        case .compaction:
            let records = try await log.readAll("state")
            let last = Dictionary(records.map { ($0.key?.first ?? 0, $0.text) }, uniquingKeysWith: { $1 })
            let done = acknowledged.compactMap { Int($0) }.max() ?? -1
            for key in UInt8(0)..<8 where done >= 0 {
                let number = Int(last[key] ?? "") ?? -1
                #expect(number >= done, "key \(key) holds \(number), and \(done) was acknowledged")
            }
            let offsets = records.compactMap(\.offset)
            #expect(offsets == offsets.sorted() && Set(offsets).count == offsets.count)
            return records.count
        }
    }
}

// MARK: The children's part

private func perform(_ work: EmbeddedUnderFire.Work, _ path: String, _ number: Int, notes: String)
    async throws
{
    let log = try await EmbeddedLog.openFast(path)
    switch work {
    case .transaction:
        let writer = try await log.transactionalWriter(id: "w")
        let reader = try await log.groupReader(GroupOptions(group: "g", topics: ["input"], instance: "a"))
        var batch = RecordBatch()
        while batch.isEmpty {
            _ = try await reader.read(into: &batch, limit: ReadLimit(records: 5), wait: .milliseconds(100))
        }
        let name = "t\(number)"
        try await writer.begin()
        try await writer.send(
            RecordBatch(
                batch.records.enumerated().map { index, record in
                    Record(
                        topic: "output", partition: Partition(Int32(index % 3)),
                        value: Array("\(name)/\(batch.count)/\(record.text)".utf8))
                }))
        var ends: [TopicPartition: Offset] = [:]
        for index in 0..<batch.count {
            if let place = batch.place(at: index) { ends[place.partition] = place.offset.next }
        }
        try await writer.commit(consumed: ConsumedOffsets(reader: reader, offsets: ends))
        Lines.append(name, to: notes)
    case .compaction:
        let writer = try await log.writer()
        for round in 0..<3 {
            _ = try await writer.send(
                RecordBatch(
                    (UInt8(0)..<8).map {
                        Record(topic: "state", key: [$0], value: Array("\(number * 10 + round)".utf8))
                    }))
        }
        Lines.append("\(number * 10 + 2)", to: notes)
        try await log.compact("state")
    }
    await log.close(deadline: .seconds(10))
}

/// Lets one call after another fail; what was acknowledged must be there each time.
private func failEveryCall(
    _ path: String, _ fault: SystemCalls.Fault, step: Int
) async throws -> (points: Int, failures: Int, records: Int) {
    let log = try await EmbeddedLog.openFast(path)
    try await log.create([TopicDefinition(name: "t", partitions: 2)])
    let writer = try await log.transactionalWriter(id: "w")
    var acknowledged: Set<String> = [], failures = 0, point = 1
    while true {
        let texts = (0..<6).map { "\(point)-\($0)" }
        var failure: LogError?
        SystemCalls.arm(fault, after: point)
        do {
            try await writer.begin()
            try await writer.send(RecordBatch(texts.map { Record(topic: "t", value: Array($0.utf8)) }))
            try await writer.commit(consumed: nil)
            acknowledged.formUnion(texts)
        } catch {
            failure = error
        }
        let wasMet = SystemCalls.disarm()
        let found = try await log.readAll("t").map(\.text)
        #expect(Set(found).count == found.count)
        #expect(acknowledged.isSubset(of: found), "lost after call \(point)")
        if let failure {
            failures += 1
            #expect(failure.code == .storage, "\(failure)")
            #expect(failure.message.contains(path) && !failure.hint.isEmpty, "\(failure)")
            let there = texts.count { found.contains($0) }
            #expect(there == 0 || there == texts.count, "\(there) records of a failed transaction")
            if there > 0 { acknowledged.formUnion(texts) }
            try await writer.abort()
        }
        // With room again, the same writer goes on.
        try await writer.begin()
        try await writer.send(RecordBatch([Record(topic: "t", value: Array("after \(point)".utf8))]))
        try await writer.commit(consumed: nil)
        acknowledged.insert("after \(point)")
        if !wasMet { break }
        point += step
    }
    let found = try await log.readAll("t").map(\.text)
    #expect(Set(found) == acknowledged && found.count == acknowledged.count)
    #expect(try await log.problems().isEmpty)
    await log.close(deadline: .seconds(10))
    return (point, failures, found.count)
}
