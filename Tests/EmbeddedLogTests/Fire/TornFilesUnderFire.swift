import Basics
import EmbeddedLog
import EventLog
import EventLogTesting
import Foundation
import Testing

/// Files of the log that were cut, flipped, or are of another moment.
@Suite("Torn embedded log under fire", .timeLimit(.minutes(30)))
struct TornFilesUnderFire {
    /// What was done to the files of a log that a process left without closing it.
    enum Damage: CaseIterable, Sendable {
        /// The write-ahead log is shorter.
        case cutLog
        /// A bit of the write-ahead log is another.
        case flippedLog
        /// The write-ahead log is gone.
        case removedLog
        /// The shared memory is of an earlier moment.
        case staleMemory
        /// The shared memory is noise.
        case wildMemory
        /// The file is shorter.
        case cutFile
        /// A bit of the file is another.
        case flippedFile
        /// File and write-ahead log are an older copy.
        case olderCopy
    }

    /// The files of a log at one moment.
    private struct Moment {
        var file: Data
        var ahead: Data
        var memory: Data

        /// The file alone, as the last process to close it leaves it.
        init(_ file: Data) {
            self.file = file
            ahead = Data()
            memory = Data()
        }

        init(_ place: TemporaryLog) throws {
            file = try Data(contentsOf: URL(fileURLWithPath: place.path))
            ahead = try Data(contentsOf: URL(fileURLWithPath: place.path + "-wal"))
            memory = try Data(contentsOf: URL(fileURLWithPath: place.path + "-shm"))
        }
    }

    private static let transactions = 40
    private static let recordsOfEach = 7

    @Test("nothing acknowledged is lost in silence", arguments: Damage.allCases)
    func torn(damage: Damage) async throws {
        let place = try TemporaryLog()
        let log = try await EmbeddedLog.openFast(place.path)
        try await log.create([TopicDefinition(name: "t", partitions: 2)])
        let writer = try await log.transactionalWriter(id: "w")
        var middle: Moment?
        for number in 0..<Self.transactions {
            try await writer.begin()
            try await writer.send(
                RecordBatch(
                    (0..<Self.recordsOfEach).map {
                        Record(
                            topic: "t", partition: Partition(Int32($0 % 2)),
                            value: Array("\(number)/\($0)".utf8))
                    }))
            try await writer.commit(consumed: nil)
            if number == Self.transactions / 2 { middle = try Moment(place) }
        }
        let truth = try await log.readAll("t")
        let now = try Moment(place), marks = try Data(contentsOf: URL(fileURLWithPath: place.path + "-marks"))
        await log.close(deadline: .seconds(5))
        // Everything has moved into the file now.
        let closed = try Data(contentsOf: URL(fileURLWithPath: place.path))
        var random = SeededRandom(seed: Soak.seed)
        var told = 0, whole = 0
        let rounds = Soak.scale(6, long: 400)
        for _ in 0..<rounds {
            var copy = now
            switch damage {
            case .cutLog: copy.ahead = now.ahead.prefix(Int.random(in: 0..<now.ahead.count, using: &random))
            case .flippedLog: Self.flip(&copy.ahead, &random)
            case .removedLog: copy.ahead = Data()
            case .staleMemory: copy.memory = try #require(middle).memory
            case .wildMemory:
                copy.memory = Data(
                    (0..<now.memory.count).map { _ in UInt8.random(in: 0...255, using: &random) })
            case .cutFile:
                copy = Moment(closed.prefix(Int.random(in: 0..<closed.count, using: &random)))
            case .flippedFile:
                copy = Moment(closed)
                Self.flip(&copy.file, &random)
            case .olderCopy: copy = try #require(middle)
            }
            if try await lookAt(copy, marks, truth) { whole += 1 } else { told += 1 }
        }
        // SQLite makes the shared memory anew for the first process that opens the file.
        if damage == .staleMemory || damage == .wildMemory { #expect(whole == rounds) }
        if damage == .removedLog || damage == .olderCopy { #expect(told == rounds) }
        Soak.report(
            "TornFilesUnderFire, \(damage)", engine: "embedded",
            ["rounds": rounds, "told": told, "unharmed": whole])
    }

    /// Opens a damaged log: true when all of `truth` is there, false when an error says that it is not.
    /// Anything else is a silent loss.
    private func lookAt(_ moment: Moment, _ marks: Data, _ truth: [Record]) async throws -> Bool {
        let copy = try TemporaryLog()
        for (suffix, data) in [
            ("", moment.file), ("-wal", moment.ahead), ("-shm", moment.memory), ("-marks", marks),
        ] {
            try data.write(to: URL(fileURLWithPath: copy.path + suffix))
        }
        let log: EmbeddedLog
        do {
            log = try await EmbeddedLog.openFast(copy.path)
        } catch let error as LogError {
            #expect(error.message.contains(copy.path) && !error.hint.isEmpty, "\(error)")
            #expect([.corrupt, .storage, .unavailable].contains(error.code), "\(error)")
            return false
        }
        var problem: LogError?
        var found: [Record] = []
        do {
            guard try await log.partitionCount(of: "t") == 2 else {
                throw LogError(.notFound, copy.path, hint: "a topic's name was hit", recovery: .fixInput)
            }
            found = try await log.readAll("t")
        } catch let error as LogError {
            problem = error
        }
        if problem == nil, found.count < truth.count {
            // Damage of SQLite's own pages can hide blocks; the check of the file finds it.
            let problems = try await log.problems()
            if let first = problems.first {
                problem = LogError(.corrupt, "\(copy.path): \(first)", hint: "found", recovery: .fixInput)
            }
        }
        await log.close(deadline: .seconds(5))
        if let problem {
            #expect(problem.message.contains(copy.path) && !problem.hint.isEmpty, "\(problem)")
            return false
        }
        #expect(found == truth, "\(truth.count - found.count) records are lost in silence")
        return true
    }

    private static func flip(_ data: inout Data, _ random: inout SeededRandom) {
        data[Int.random(in: 0..<data.count, using: &random)] ^= UInt8(
            1 << Int.random(in: 0...7, using: &random))
    }
}
