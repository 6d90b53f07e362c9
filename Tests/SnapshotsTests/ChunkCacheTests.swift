import Crypto
import Foundation
import ModelcastTesting
import Testing

@testable import Snapshots

@Suite struct ChunkCacheTests {
    private func path(_ folder: TemporaryFolder, _ digest: Digest) -> String {
        "\(folder.path)/\(digest.hex.prefix(2))/\(digest.hex)"
    }

    @Test func whatWasFetchedIsNotFetchedAgainAlsoByAnotherProcess() async throws {
        let (_, log) = try await makeLog()
        let folder = TemporaryFolder()
        let files = [SnapshotFile(path: "model", source: .bytes(noise(2_000_000, seed: 5)))]
        let (manifest, _) = try await publish(log, files)
        log.resetCounts()
        let first = SnapshotReader(log: log, topic: chunks, cache: try ChunkCache(folder: folder.path))
        let read = try await first.read(manifest) { _ in true }
        #expect(log.counts.read[chunks] == 3)
        let second = SnapshotReader(log: log, topic: chunks, cache: try ChunkCache(folder: folder.path))
        #expect(try await second.read(manifest) { _ in true } == read)
        #expect(log.counts.read[chunks] == 3)
        #expect(await second.statistics.cachedChunks == 3)
    }

    @Test func aFlippedBitOnDiskIsNoticedAndTheChunkFetchedAgain() async throws {
        let (_, log) = try await makeLog()
        let folder = TemporaryFolder()
        let files = [SnapshotFile(path: "model", source: .bytes(Array(repeating: 7, count: 5_000)))]
        let (manifest, _) = try await publish(log, files)
        let cache = try ChunkCache(folder: folder.path)
        let reader = SnapshotReader(log: log, topic: chunks, cache: cache)
        let expected = try await reader.read(manifest) { _ in true }
        let file = URL(fileURLWithPath: path(folder, manifest.listedChunks[0].digest))
        for position in [0, 2_500, 4_999] {
            var data = try Data(contentsOf: file)
            data[position] ^= 4
            try data.write(to: file)
            #expect(try await reader.read(manifest) { _ in true } == expected)
        }
        try Data().write(to: file)
        #expect(try await reader.read(manifest) { _ in true } == expected)
        #expect(cache.statistics.rejected == 4)
        #expect(try Data(contentsOf: file).count == 5_000)
    }

    @Test func theFilesUsedLongestAgoGoFirst() throws {
        let folder = TemporaryFolder()
        let cache = try ChunkCache(folder: folder.path, bytesMax: 10_000)
        let blocks = (0..<12).map { noise(1_000, seed: UInt64($0)) }
        for (index, block) in blocks.enumerated() {
            let digest = Digest(of: block)
            #expect(cache.insert(digest, block))
            // Files of one second are told apart by setting the times that a day would have set.
            if FileManager.default.fileExists(atPath: path(folder, digest)) {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1_000_000 + Double(index))],
                    ofItemAtPath: path(folder, digest))
            }
        }
        let kept = blocks.indices.filter { cache.read(Digest(of: blocks[$0]), size: 1_000) != nil }
        #expect(kept.count <= 10 && kept.count >= 8)
        #expect(!kept.contains(0) && !kept.contains(1))
        #expect(cache.statistics.evicted >= 2)
    }

    @Test func aFolderThatCannotBeWrittenCostsNothingButTheCache() throws {
        let folder = TemporaryFolder()
        let cache = try ChunkCache(folder: "\(folder.path)/cache")
        try FileManager.default.removeItem(atPath: "\(folder.path)/cache")
        try Data([1]).write(to: URL(fileURLWithPath: "\(folder.path)/cache"))
        #expect(!cache.insert(Digest(of: [1]), [1]))
        #expect(cache.read(Digest(of: [1]), size: 1) == nil)
    }
}
