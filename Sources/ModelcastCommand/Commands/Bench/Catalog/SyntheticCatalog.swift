import Basics
import Catalog
import Crypto
import EventLog
import Snapshots

/// Fills a log with versions of many models as publishers leave it: for each version its chunk and its claim,
/// for each model an alias. Only the chunks' bytes are made up: nobody but a follower of the model would read
/// them.
struct SyntheticCatalog: Sendable {
    let models: Int
    let versionsPerModel: Int

    private static let chunkBytes = 4_096
    private static let batchRecords = 1_000

    static func name(_ number: Int) throws -> ModelName { try ModelName("model-\(number)") }

    /// Writes everything; chunks first, as a publisher does.
    func write(to log: any EventLog, topics: TopicNames) async throws {
        let writer = try await log.writer(WriterOptions())
        do {
            var random = SeededRandom(seed: 5)
            let count = models * versionsPerModel
            var first = 0
            while first < count {
                let next = min(count, first + Self.batchRecords)
                try await write(first..<next, writer, topics, &random)
                first = next
            }
            await writer.close(deadline: .seconds(5))
        } catch {
            await writer.close(deadline: .seconds(5))
            throw error
        }
    }

    /// Versions by their order: the first of every model, then the second of every model, and so on.
    private func write(
        _ numbers: Range<Int>, _ writer: any LogWriter, _ topics: TopicNames, _ random: inout SeededRandom
    ) async throws {
        let chunks = numbers.map { _ in (0..<Self.chunkBytes / 8).flatMap { _ in random.next().bytes } }
        let digests = chunks.map { Digest(of: $0) }
        let places = try await writer.send(
            RecordBatch(
                zip(chunks, digests).map { bytes, digest in
                    Record(topic: topics.chunks, key: digest.bytes, value: bytes)
                }))
        var records: [Record] = []
        for (index, number) in numbers.enumerated() {
            let model = try Self.name(number % models + 1)
            let version = number / models + 1
            let file = FileEntry(
                path: "model.ubj", size: Int64(Self.chunkBytes), digest: digests[index])
            let chunk = ChunkEntry(
                digest: digests[index], size: Self.chunkBytes, frameSize: Self.chunkBytes,
                partition: places[index].partition.partition, offset: places[index].offset)
            let manifest = Manifest(
                model: model, version: ModelVersion(integerLiteral: version),
                digest: SnapshotContents.digest(of: [file]),
                format: "xgboost-ubjson", modelFile: file.path, byteCount: file.size, fileCount: 1,
                location: .inline(SnapshotContents(files: [file], chunks: [chunk])),
                metrics: ["auc": 0.75, "logloss": 0.5], parameters: ["max_depth": "6", "eta": "0.3"],
                createdAt: Timestamp(milliseconds: 1_700_000_000_000), publisher: "bench@localhost")
            records.append(
                CatalogRecord.sealed(.version(model, .random()), manifest.bytes, topic: topics.catalog))
            if version == versionsPerModel {
                let revision = AliasRevision(
                    model: model, alias: .production, revision: 1, version: manifest.version, replaces: nil,
                    by: "bench@localhost", at: manifest.createdAt, why: "")
                records.append(
                    CatalogRecord.sealed(
                        .alias(model, .production, .random()), revision.bytes, topic: topics.catalog))
            }
        }
        _ = try await writer.send(RecordBatch(records))
    }
}

extension UInt64 {
    /// Its bytes, the least first.
    fileprivate var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) } }
}
