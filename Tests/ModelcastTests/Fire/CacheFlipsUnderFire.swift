import Basics
import Catalog
import EventLogTesting
import Foundation
import ModelcastTesting
import Snapshots
import Testing

@testable import Modelcast

/// A damaged file of the chunk cache costs another fetch and nothing else.
@Suite(.serialized, .timeLimit(.minutes(30))) struct CacheFlipsUnderFire {
    @Test func aDamagedCacheFileIsFoundDroppedAndFetchedAnew() async throws {
        let bus = try await TestBus()
        var random = SeededRandom(seed: Soak.seed)
        var request = SampleModel(bias: 1).request("fare")
        let weights = (0..<200_000).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
        request.attachments["weights.bin"] = .bytes(weights)
        let publisher = try await bus.publisher()
        let manifest = try await publisher.publish(request).manifest
        let folder = NSTemporaryDirectory() + "modelcast-flips-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (_, chunks) = try await read(manifest, bus, folder)
        #expect(chunks.fetchedChunks == 4)
        var counts = (flips: 0, lengths: 0)
        for round in 0..<Soak.scale(60, long: 1_000) {
            let files = try cacheFiles(folder)
            #expect(files.count == 4)
            let file = files[Int.random(in: 0..<files.count, using: &random)]
            var bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
            switch round % 6 {
            case 0: bytes.removeLast()
            case 1: bytes.append(0)
            case 2: bytes = []
            default: bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8(round % 8)
            }
            if round % 6 < 3 { counts.lengths += 1 } else { counts.flips += 1 }
            try Data(bytes).write(to: URL(filePath: file))
            let (files2, statistics) = try await read(manifest, bus, folder)
            #expect(files2["attachments/weights.bin"] == weights, "round \(round)")
            #expect(statistics.fetchedChunks == 1 && statistics.cachedChunks == 3, "round \(round)")
            let (_, again) = try await read(manifest, bus, folder)
            #expect(again.fetchedChunks == 0, "the file was not mended in round \(round)")
        }
        await publisher.close()
        Soak.report(
            "flips in cache files", engine: "memory",
            ["flips": counts.flips, "cutOrExtended": counts.lengths, "mended": counts.flips + counts.lengths])
    }

    private func read(
        _ manifest: Manifest, _ bus: TestBus, _ folder: String
    ) async throws -> ([String: [UInt8]], SnapshotReader.Statistics) {
        let reader = SnapshotReader(
            log: bus.memory, topic: bus.topics.chunks, cache: try ChunkCache(folder: folder))
        let files = try await reader.read(manifest) { _ in true }
        let statistics = await reader.statistics
        await reader.close()
        return (files, statistics)
    }

    private func cacheFiles(_ folder: String) throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
        return paths.filter { $0.hasSuffix("/") == false && $0.contains("/") }.map { "\(folder)/\($0)" }
    }
}
