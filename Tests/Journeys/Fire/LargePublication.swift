import Basics
import Catalog
import EventLog
import EventLogTesting
import Foundation
import Snapshots
import Testing

/// One publication of a large snapshot whose publisher is killed again and again, and four subscribers.
final class LargePublication {
    struct Counts {
        var kills = 0
        var chunks = 0
        var records = 0
        /// Records of chunks that were sent more than once.
        var doubled = 0
        /// Chunks that a journal named when its publisher was killed.
        var noted = 0
        var sentByTheLast = 0
    }

    private static let source = "source"
    private let site: FireSite
    private let bytes: Int
    private let parts: Int
    private let kills: Int
    private var random: SeededRandom
    let memory = MemoryWatch()

    /// `bytes` in one attachment, and `parts` small ones beside it.
    init(_ site: FireSite, bytes: Int, parts: Int, kills: Int, seed: UInt64) throws {
        self.site = site
        self.bytes = bytes
        self.parts = parts
        self.kills = kills
        random = SeededRandom(seed: seed)
        try writeFiles()
    }

    func run() async throws -> Counts {
        var counts = Counts()
        var subscribers = [try subscribe(1)]
        var noted: Set<String> = []
        let log = try await site.log()
        for moment in killMoments() {
            let publisher = try publish()
            let target = Int(moment * Double(bytes / SnapshotLimits.chunkBytesMax))
            let outcome = try await kill(publisher, onceSent: target, log)
            guard outcome.code == -SIGKILL else {
                #expect(outcome.code == 0, "\(outcome)")
                break
            }
            counts.kills += 1
            noted.formUnion(journalled())
            if counts.kills == 1 { subscribers.append(try subscribe(2)) }
        }
        let before = try await settled(log)
        let publisher = try publish()
        subscribers.append(try subscribe(3))
        let published = await publisher.outcome()
        #expect(published.code == 0, "\(published)")
        let summary = try published.summary
        #expect(summary["version"] as? Int == 1, "the killed ones used up no number: \(published)")
        counts.chunks = summary["chunks"] as? Int ?? 0
        counts.sentByTheLast = summary["sentChunks"] as? Int ?? -1
        #expect(counts.sentByTheLast == (try await sent(log)) - before, "what it says that it sent")
        subscribers.append(try subscribe(4))
        try await check(subscribers)
        // Every record that was ever written has its offset, whatever compaction has removed since.
        counts.records = try await sent(log)
        await log.close(deadline: .seconds(5))
        try await count(noted, &counts)
        return counts
    }

    // MARK: The publisher

    private func publish() throws -> RunningProgram {
        var words = [
            "publish", "fire", "\(Self.source)/model.json", "--schema", "\(Self.source)/schema.json",
        ]
        for name in ["weights.bin"] + (0..<parts).map({ "part-\($0)" }) {
            words += ["--attach", "\(Self.source)/attachments/\(name)"]
        }
        let publisher = try site.start(words)
        memory.add(publisher, as: "publisher")
        return publisher
    }

    /// Shares of the chunks after which a publisher is killed: one while it is still measuring the files, one
    /// while it reads back, the others anywhere.
    private func killMoments() -> [Double] {
        let between = (0..<max(0, kills - 2)).map { _ in 0.97 * random.unit() }
        return ([0] + between.sorted() + [1]).suffix(kills)
    }

    private func kill(
        _ publisher: RunningProgram, onceSent target: Int, _ log: any EventLog
    ) async throws -> Outcome {
        while publisher.isRunning, try await sent(log) < target {
            try await Task.sleep(for: .milliseconds(3))
        }
        try await Task.sleep(for: .milliseconds(Int(random.unit() * (target == 0 ? 300 : 30))))
        publisher.signal(SIGKILL)
        return await publisher.outcome()
    }

    /// Chunk records that the log has taken.
    private func sent(_ log: any EventLog) async throws -> Int {
        try await log.watermarks(of: site.topics.chunks).values.reduce(0) { $0 + Int($1.high.number) }
    }

    /// The same once nothing more arrives of what the dead had on their way.
    private func settled(_ log: any EventLog) async throws -> Int {
        var last = -1
        while true {
            let now = try await sent(log)
            if now == last { return now }
            last = now
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// The chunks that journals name.
    private func journalled() -> Set<String> {
        let folder = site.workspace.path("cache/publications")
        var digests: Set<String> = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let text = (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
            for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                let words = line.split(separator: " ")
                if words.count == 5 { digests.insert(String(words[0])) }
            }
        }
        return digests
    }

    // MARK: The subscribers

    private func subscribe(_ number: Int) throws -> RunningProgram {
        let subscriber = try site.start([
            "subscribe", "fire", "--download", "subscriber-\(number)", "--cache", "cache-\(number)",
            "--instance", "subscriber-\(number)", "--once",
        ])
        memory.add(subscriber, as: "subscriber")
        return subscriber
    }

    /// What arrived is what was published, file by file and byte by byte, as `diff` sees it.
    private func check(_ subscribers: [RunningProgram]) async throws {
        #expect(subscribers.count == 4)
        var digests: Set<String> = []
        for (index, subscriber) in subscribers.enumerated() {
            let outcome = await subscriber.outcome()
            #expect(outcome.code == 0, "\(outcome)")
            digests.formUnion(try outcome.objects.compactMap { $0["digest"] as? String })
            let difference = try await RunningProgram(
                ["-r", Self.source, "subscriber-\(index + 1)/1"], folder: site.workspace.folder, input: "",
                environment: [:], executable: URL(filePath: "/usr/bin/diff")
            ).outcome()
            #expect(difference.code == 0, "\(difference)")
        }
        #expect(digests.count == 1)
    }

    // MARK: The log

    private func count(_ noted: Set<String>, _ counts: inout Counts) async throws {
        var records: [[UInt8]: Int] = [:]
        try await site.scan(site.topics.chunks) { record in
            records[record.key ?? [], default: 0] += 1
            #expect((record.value?.count ?? 0) <= SnapshotLimits.frameBytesMax)
        }
        counts.doubled = counts.records - records.count
        counts.noted = noted.count
        let again = records.filter { key, count in
            count > 1 && noted.contains(key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        }
        #expect(again.isEmpty, "finished chunks were sent again")
        #expect(counts.doubled == 0, "chunks that were under way at a kill were sent again")
        #expect(records.count == counts.chunks, "the log has the snapshot's chunks and no other")
    }

    private func writeFiles() throws {
        try site.writeModel(Self.source, bias: 1)
        let folder = site.workspace.path("\(Self.source)/attachments")
        try Data().write(to: URL(filePath: "\(folder)/weights.bin"))
        let file = try #require(FileHandle(forWritingAtPath: "\(folder)/weights.bin"))
        var left = bytes
        while left > 0 {
            var block: [UInt64] = []
            for _ in 0..<min(left, 1 << 20) / 8 { block.append(random.next()) }
            try block.withUnsafeBytes { try file.write(contentsOf: Data($0)) }
            left -= 1 << 20
        }
        try file.close()
        for number in 0..<parts {
            try site.workspace.write("part \(number)", to: "\(Self.source)/attachments/part-\(number)")
        }
    }
}
