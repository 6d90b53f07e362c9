import Basics
import Crypto
import EventLog
import EventLogTesting
import Foundation
import ModelcastTesting

@testable import Snapshots

let chunks: TopicName = "modelcast.chunks"

/// A log with a chunks topic.
func makeLog(partitions: Int32 = 4) async throws -> (memory: InMemoryLog, log: ObservedLog) {
    let memory = InMemoryLog()
    let log = ObservedLog(memory)
    _ = try await log.create([TopicDefinition(name: chunks, partitions: partitions, cleanup: .compact)])
    return (memory, log)
}

/// A folder of a test's own, removed with its owner.
final class TemporaryFolder: Sendable {
    let path: String
    init() {
        path = NSTemporaryDirectory() + "modelcast-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Bytes that zstd cannot make smaller.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
    }
    return Array(bytes.prefix(count))
}

func manifest(_ description: SnapshotDescription, _ written: WrittenSnapshot, version: ModelVersion = 1)
    -> Manifest
{
    Manifest(
        model: "fare", version: version, digest: description.digest, format: "native",
        modelFile: description.entries[0].path, byteCount: description.byteCount,
        fileCount: description.entries.count, location: written.location,
        metrics: ["auc": 0.75, "rows": 100],
        parameters: ["eta": "0.1"],
        lineage: Lineage(
            dataDigest: Digest(of: [1]), codeRevision: "abc", parentVersion: 3,
            events: [
                Lineage.Span(partition: TopicPartition("features.events", 2), from: Offset(5), to: Offset(9))
            ]),
        createdAt: Timestamp(milliseconds: 1_700_000_000_123), publisher: "ann@host")
}

func publish(
    _ log: any EventLog, _ files: [SnapshotFile], journal: String? = nil, known: [Digest: ChunkEntry] = [:],
    limits: SnapshotLimits = SnapshotLimits()
) async throws -> (manifest: Manifest, written: WrittenSnapshot) {
    let writer = SnapshotWriter(log: log, topic: chunks, journalFolder: journal, limits: limits)
    let description = try await writer.describe(files)
    let written = try await writer.write(description, known: known)
    await writer.close()
    return (manifest(description, written), written)
}
