import Basics
import EmbeddedLog
import EventLog
import Foundation
import Testing

/// Bytes of the file that somebody else has changed.
@Suite("Damaged embedded log", .timeLimit(.minutes(2)))
struct DamageTests {
    /// A closed log of 60 records, and what they are.
    private func makeLog(_ place: TemporaryLog) async throws -> [Int64: Record] {
        let log = try await EmbeddedLog.openFast(place.path)
        try await log.create([TopicDefinition(name: "t", partitions: 1)])
        let writer = try await log.writer()
        for part in 0..<6 {
            _ = try await writer.send(
                RecordBatch(
                    (0..<10).map {
                        Record(
                            topic: "t", key: [UInt8($0)], value: Array("part \(part), record \($0)".utf8),
                            headers: [Header("h", [UInt8(part)])])
                    }))
        }
        let records = try await log.readAll("t")
        await log.close(deadline: .seconds(5))
        #expect(records.count == 60)
        return Dictionary(uniqueKeysWithValues: records.map { ($0.offset?.number ?? -1, $0) })
    }

    @Test("flipped bits are an error or are not noticed, never other contents and never a trap")
    func flips() async throws {
        let place = try TemporaryLog()
        let truth = try await makeLog(place)
        let sound = try Data(contentsOf: URL(fileURLWithPath: place.path))
        var random = SeededRandom(seed: testSeed("flips"))
        var refused = 0
        for round in 0..<150 {
            var damaged = sound
            // Half of them where the records stand, so that many hit them.
            let range = sound.range(of: Data("part 0, record 0".utf8))
            let start = round % 2 == 0 ? 0 : max(0, (range?.lowerBound ?? 0) - 400)
            let end = round % 2 == 0 ? sound.count : min(sound.count, start + 3_000)
            let index = Int.random(in: start..<end, using: &random)
            damaged[index] ^= UInt8(1 << Int.random(in: 0...7, using: &random))
            let copy = try TemporaryLog()
            try damaged.write(to: URL(fileURLWithPath: copy.path))
            if try await !readsTruth(copy, truth) { refused += 1 }
        }
        #expect(refused > 10)
    }

    @Test("a file that was cut off is an error, never a trap")
    func cuts() async throws {
        let place = try TemporaryLog()
        let truth = try await makeLog(place)
        let sound = try Data(contentsOf: URL(fileURLWithPath: place.path))
        var refused = 0
        for length in [1, 99, 100, 4_096, 8_191, 8_192, 8_193, 20_000, sound.count / 2, sound.count - 1] {
            let copy = try TemporaryLog()
            try sound.prefix(length).write(to: URL(fileURLWithPath: copy.path))
            if try await !readsTruth(copy, truth) { refused += 1 }
        }
        #expect(refused >= 9)
    }

    @Test("a write-ahead log that was cut off anywhere gives a whole number of transactions")
    func cutWriteAheadLog() async throws {
        let place = try TemporaryLog()
        let log = try await EmbeddedLog.openFast(place.path)
        try await log.create([TopicDefinition(name: "t", partitions: 2)])
        let writer = try await log.transactionalWriter(id: "w")
        for number in 0..<30 {
            try await writer.begin()
            try await writer.send(
                RecordBatch(
                    (0..<7).map { Record(topic: "t", partition: Partition($0 % 2), value: [UInt8(number)]) }))
            try await writer.commit(consumed: nil)
        }
        // Copied while the log is open: nothing has moved into the file yet.
        let main = try Data(contentsOf: URL(fileURLWithPath: place.path))
        let ahead = try Data(contentsOf: URL(fileURLWithPath: place.path + "-wal"))
        await log.close(deadline: .seconds(5))
        var random = SeededRandom(seed: testSeed("cutWriteAheadLog"))
        var seen: Set<Int> = []
        for _ in 0..<40 {
            let copy = try TemporaryLog()
            try main.write(to: URL(fileURLWithPath: copy.path))
            let length = Int.random(in: 0...ahead.count, using: &random)
            try ahead.prefix(length).write(to: URL(fileURLWithPath: copy.path + "-wal"))
            let log = try await EmbeddedLog.openFast(copy.path)
            if try await log.partitionCount(of: "t") != nil {
                let found = try await log.readAll("t").compactMap { $0.value?.first }
                let count = found.count / 7
                #expect(found.sorted() == (0..<count).flatMap { Array(repeating: UInt8($0), count: 7) })
                seen.insert(count)
            }
            await log.close(deadline: .seconds(5))
        }
        #expect(seen.count > 5)
    }

    @Test("a file of another kind is refused")
    func foreign() async throws {
        let place = try TemporaryLog()
        try Data("this is no log, but a text that somebody keeps".utf8).write(
            to: URL(fileURLWithPath: place.path))
        let before = try Data(contentsOf: URL(fileURLWithPath: place.path))
        await #expect(throws: LogError(.corrupt, "", recovery: .fixInput)) {
            try await EmbeddedLog.openFast(place.path)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.path)) == before)
        let missing = await #expect(throws: LogError.self) {
            try await EmbeddedLog.openFast(place.folder + "/none/log.db")
        }
        #expect(missing?.code == .unavailable)
    }

    /// Whether all of `truth` is read; what is read is never anything else.
    private func readsTruth(_ place: TemporaryLog, _ truth: [Int64: Record]) async throws -> Bool {
        do {
            let log = try await EmbeddedLog.openFast(place.path)
            let result: Result<[Record], any Error>
            do {
                // The topic's name may be what was hit.
                result = .success(try await log.partitionCount(of: "t") == nil ? [] : log.readAll("t"))
            } catch {
                result = .failure(error)
            }
            await log.close(deadline: .seconds(5))
            let records = try result.get()
            for record in records {
                guard let offset = record.offset?.number, let wanted = truth[offset] else {
                    Issue.record("a record that nobody wrote: \(record)")
                    continue
                }
                #expect(record == wanted)
            }
            return records.count == truth.count
        } catch let error as LogError {
            #expect(!error.message.isEmpty)
            return false
        }
    }
}
