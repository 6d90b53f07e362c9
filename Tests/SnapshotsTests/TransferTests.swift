import Basics
import Crypto
import EventLog
import EventLogTesting
import Foundation
import ModelcastTesting
import Synchronization
import Testing

@testable import Snapshots

@Suite struct TransferTests {
    private let files = [
        SnapshotFile(path: "model.bin", source: .bytes(noise(2_000_000, seed: 1))),
        SnapshotFile(path: "schema.json", source: .bytes(Array("{}".utf8))),
        SnapshotFile(path: "attachments/empty", source: .bytes([])),
        SnapshotFile(path: "attachments/big", source: .bytes(noise(3_000_000, seed: 2))),
    ]

    private func bytes(_ path: String) -> [UInt8] {
        for file in files where file.path == path {
            if case .bytes(let bytes) = file.source { return bytes }
        }
        return []
    }

    @Test func whatWasPublishedArrivesByteForByte() async throws {
        let (_, log) = try await makeLog()
        let (manifest, written) = try await publish(log, files)
        #expect(written.sentCount == written.chunkCount)
        let reader = SnapshotReader(log: log, topic: chunks)
        let read = try await reader.read(try Manifest(bytes: manifest.bytes)) { _ in true }
        #expect(read.count == 4)
        for (path, content) in read { #expect(content == bytes(path), "\(path)") }
        let folder = TemporaryFolder()
        try await reader.download(manifest, to: "\(folder.path)/new")
        for file in files {
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/new/\(file.path)"))
            #expect(Array(data) == bytes(file.path), "\(file.path)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["new"])
    }

    @Test func everyRecordStaysUnderTheBrokersLimitAndItsKeySaysItsPartition() async throws {
        let (_, log) = try await makeLog(partitions: 3)
        _ = try await publish(log, files)
        let start = Dictionary(
            uniqueKeysWithValues: (0..<3).map { (TopicPartition(chunks, $0), StartPosition.earliest) })
        let reader = try await log.reader(ReaderOptions(start: start))
        var batch = RecordBatch()
        var seen = 0
        while seen < 8 {
            batch.removeAll()
            guard case .records = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(1))
            else {
                break
            }
            for record in batch.records {
                seen += 1
                let key = try #require(record.key.flatMap { Digest(bytes: $0) })
                #expect((record.value?.count ?? 0) + 32 < 1_000_000)
                #expect(record.partition?.number == Int32(key.prefix % 3))
            }
        }
        #expect(seen == 8)
    }

    @Test func onlyTheChunksOfTheWantedFilesAreRead() async throws {
        let (_, log) = try await makeLog()
        let (manifest, _) = try await publish(log, files)
        log.resetCounts()
        let reader = SnapshotReader(log: log, topic: chunks)
        let read = try await reader.read(manifest) { $0 == "schema.json" }
        #expect(Array(read.keys) == ["schema.json"])
        #expect(log.counts.read[chunks] == 1)
    }

    @Test func aPacedReaderMayRestAfterEveryChunk() async throws {
        let (_, log) = try await makeLog()
        let (manifest, written) = try await publish(log, files)
        let folder = TemporaryFolder()
        for source in ["log", "cache"] {
            let looks = Mutex(0)
            let pace = WorkPace(free: .zero, stint: .milliseconds(1), restMax: .seconds(1), share: 0.5)
            let rested = Mutex(Duration.zero)
            let pacer = Pacer(
                pace,
                used: {
                    looks.withLock { count in
                        count += 1
                        return .milliseconds(count)
                    }
                }, pause: { rest in rested.withLock { $0 += rest } })
            let reader = SnapshotReader(
                log: log, topic: chunks, cache: try ChunkCache(folder: folder.path), priority: .background)
            let read = try await Pacer.$current.withValue(pacer) {
                try await reader.read(manifest) { _ in true }
            }
            for file in files { #expect(read[file.path] == bytes(file.path), "\(source): \(file.path)") }
            let count = looks.withLock { $0 }
            #expect(count > written.chunkCount, "\(source): \(count) places to rest")
            #expect(rested.withLock { $0 } == .milliseconds(count - 1), "each step as long as its rest")
            #expect(await reader.statistics.fetchedChunks == (source == "log" ? written.chunkCount : 0))
            await reader.close()
        }
    }

    @Test func theSameBytesAreSentOnce() async throws {
        let (_, log) = try await makeLog()
        let first = try await publish(log, files)
        let known = Dictionary(uniqueKeysWithValues: first.manifest.listedChunks.map { ($0.digest, $0) })
        var more = files
        more[1].source = .bytes(Array("{\"more\":1}".utf8))
        let second = try await publish(log, more, known: known)
        #expect(second.written.sentCount == 1)
        // A file of equal blocks: one chunk, standing many times.
        let zeros = [SnapshotFile(path: "zeros", source: .bytes([UInt8](repeating: 0, count: 10 * 786_432)))]
        let third = try await publish(log, zeros)
        #expect(third.written.chunkCount == 10 && third.written.sentCount == 1)
        let reader = SnapshotReader(log: log, topic: chunks)
        #expect(try await reader.read(third.manifest) { _ in true }["zeros"]?.count == 7_864_320)
    }

    @Test func aKilledPublisherResumesWithoutResending() async throws {
        let (_, log) = try await makeLog()
        let folder = TemporaryFolder()
        var limits = SnapshotLimits()
        limits.windowBytesMax = 800_000
        log.die(afterSends: 3)
        await #expect(throws: SnapshotError.self) {
            try await publish(log, files, journal: folder.path, limits: limits)
        }
        let before = log.counts.sent[chunks] ?? 0
        #expect(before >= 1)
        log.die(afterSends: nil)
        let (manifest, written) = try await publish(log, files, journal: folder.path, limits: limits)
        // The batch that was acknowledged just before the death may not have been noted.
        #expect(written.sentCount <= written.chunkCount - before + 1)
        #expect(written.sentCount < written.chunkCount)
        let reader = SnapshotReader(log: log, topic: chunks)
        #expect(try await reader.read(manifest) { _ in true }["model.bin"] == bytes("model.bin"))
    }

    @Test func chunksThatTheCatalogNamesButTheLogHasLostAreSentAgain() async throws {
        let (memory, log) = try await makeLog()
        let first = try await publish(log, files)
        let known = Dictionary(uniqueKeysWithValues: first.manifest.listedChunks.map { ($0.digest, $0) })
        let victim = try #require(first.manifest.listedChunks.first)
        let writer = try await log.writer()
        try await writer.send(
            Record(topic: chunks, partition: victim.partition, key: victim.digest.bytes, value: nil))
        try memory.compact(chunks, dropsTombstones: true)
        let second = try await publish(log, files, known: known)
        #expect(second.written.sentCount == 1)
        let reader = SnapshotReader(log: log, topic: chunks)
        #expect(try await reader.read(second.manifest) { _ in true }.count == 4)
    }

    @Test func aChunkMovedByCompactionIsFoundByOneScanThatIsRemembered() async throws {
        let (memory, log) = try await makeLog(partitions: 1)
        let (manifest, _) = try await publish(log, files)
        // Somebody else sends the same bytes again; compaction keeps the later record.
        _ = try await publish(log, files)
        try memory.compact(chunks)
        log.resetCounts()
        var limits = SnapshotLimits()
        limits.windowBytesMax = 800_000
        let reader = SnapshotReader(log: log, topic: chunks, limits: limits)
        let read = try await reader.read(manifest) { _ in true }
        #expect(
            read["model.bin"] == bytes("model.bin") && read["attachments/big"] == bytes("attachments/big"))
        // 8 chunks: one scan of 8, one read each, and what a seek to a compacted place brings before the
        // first scan.
        #expect((log.counts.read[chunks] ?? 0) <= 8 + 8 + 4)
        log.resetCounts()
        _ = try await reader.read(manifest) { _ in true }
        #expect((log.counts.read[chunks] ?? 0) <= 8 + 2)
    }

    @Test func aChunkThatIsGoneIsNamed() async throws {
        let (memory, log) = try await makeLog()
        let (manifest, _) = try await publish(log, files)
        let victim = try #require(manifest.listedChunks.last)
        let writer = try await log.writer()
        try await writer.send(
            Record(topic: chunks, partition: victim.partition, key: victim.digest.bytes, value: nil))
        try memory.compact(chunks, dropsTombstones: true)
        let reader = SnapshotReader(log: log, topic: chunks)
        do {
            try await reader.verify(manifest)
            Issue.record("a missing chunk was made up")
        } catch {
            #expect(error.code == .chunkMissing && error.message.contains(victim.digest.hex))
        }
    }

    @Test func aFlippedBitInAnyChunkIsRefused() async throws {
        let (_, log) = try await makeLog()
        let small = [SnapshotFile(path: "model", source: .bytes(Array(repeating: 9, count: 400)))]
        let (manifest, written) = try await publish(log, small)
        #expect(written.chunkCount == 1)
        for bit in 0..<manifest.listedChunks[0].frameSize * 8 {
            log.changeReads { record in
                guard var value = record.value else { return nil }
                value[bit / 8] ^= 1 << UInt8(bit % 8)
                var changed = record
                changed.value = value
                return changed
            }
            let reader = SnapshotReader(log: log, topic: chunks)
            let read = try? await reader.read(manifest) { _ in true }
            #expect(read == nil || read?["model"] == Array(repeating: 9, count: 400), "bit \(bit)")
            await reader.close()
        }
    }

    /// zstd's own checksum is right then; only the digest tells.
    @Test func aSoundFrameOfOtherBytesOfTheSameSizeIsRefused() async throws {
        let (memory, log) = try await makeLog()
        let (manifest, _) = try await publish(
            log, [SnapshotFile(path: "a", source: .bytes(noise(400, seed: 1)))])
        let (other, _) = try await publish(
            log, [SnapshotFile(path: "a", source: .bytes(noise(400, seed: 2)))])
        let chunk = other.listedChunks[0]
        let place = TopicPartition(chunks, chunk.partition)
        let reader = try await memory.reader(ReaderOptions(start: [place: .offset(chunk.offset)]))
        var batch = RecordBatch()
        _ = try await reader.read(into: &batch, limit: ReadLimit(records: 1), wait: .seconds(5))
        let frame = batch.record(at: 0).value
        log.changeReads { record in
            var changed = record
            changed.value = frame
            return changed
        }
        let victim = SnapshotReader(log: log, topic: chunks)
        await #expect(throws: SnapshotError(.digestMismatch, "")) {
            try await victim.read(manifest) { _ in true }
        }
    }

    @Test func aPublisherThatReadsBackOtherBytesFails() async throws {
        let (_, log) = try await makeLog()
        log.changeReads { record in
            var changed = record
            changed.value?[(record.value?.count ?? 0) - 1] ^= 1
            return changed
        }
        await #expect(throws: SnapshotError.self) { try await publish(log, files) }
    }

    @Test func aListTooLongForOneRecordBecomesChunks() async throws {
        let (_, log) = try await makeLog()
        let many = (0..<3_000).map {
            SnapshotFile(path: "attachments/\($0)", source: .bytes(Array("\($0)".utf8)))
        }
        let (manifest, _) = try await publish(log, many)
        guard case .chunks = manifest.location else {
            Issue.record("3 000 files fit a record of \(manifest.bytes.count) bytes")
            return
        }
        #expect(manifest.bytes.count < 10_000)
        let reader = SnapshotReader(log: log, topic: chunks)
        let read = try await reader.read(try Manifest(bytes: manifest.bytes)) { $0.hasSuffix("/2999") }
        #expect(read == ["attachments/2999": Array("2999".utf8)])
        #expect(try await reader.contents(of: manifest).files.count == 3_000)
    }

    @Test func aFileThatChangesMeanwhileIsRefused() async throws {
        let (_, log) = try await makeLog()
        let folder = TemporaryFolder()
        let path = "\(folder.path)/model"
        try Data(noise(1_000_000, seed: 3)).write(to: URL(fileURLWithPath: path))
        let writer = SnapshotWriter(log: log, topic: chunks)
        let description = try await writer.describe([SnapshotFile(path: "model", source: .file(path))])
        try Data(noise(1_000_000, seed: 4)).write(to: URL(fileURLWithPath: path))
        await #expect(throws: SnapshotError(.changed, "")) { try await writer.write(description) }
    }

    @Test func pathsThatLeaveTheFolderAreRefused() async throws {
        let writer = SnapshotWriter(log: try await makeLog().log, topic: chunks)
        for path in ["../x", "/x", "a/../b", "", "a\u{0}b", "a\nb", "c:x"] {
            await #expect(throws: SnapshotError(.invalidName, ""), "\(path)") {
                try await writer.describe([SnapshotFile(path: path, source: .bytes([1]))])
            }
        }
        await #expect(throws: SnapshotError(.invalidName, "")) {
            let file = SnapshotFile(path: "a", source: .bytes([1]))
            return try await writer.describe([file, file])
        }
    }
}
