import Basics
import Catalog
import EventLog
import EventLogTesting
import Foundation
import Snapshots

/// Writes versions of a model to a log by hand, one record of each damaged.
final class DamagedVersions {
    enum Target: String, CaseIterable {
        case chunk
        case manifest
        case alias
    }

    /// What was written.
    struct Written {
        var target: Target
        /// The version that the records are of.
        var version: ModelVersion
        /// Where the damaged record stands.
        var place: RecordPlace
        var description: String
    }

    private let site: FireSite
    private let log: any EventLog
    private let writer: any LogWriter
    private let model: ModelName
    private let scratch = InMemoryLog()
    private let names = TopicNames()
    private(set) var highest: Int
    private var revision: AliasRevision
    private var random: SeededRandom

    /// Goes on after version 1, which `revision` points to.
    init(_ site: FireSite, log: any EventLog, after revision: AliasRevision, seed: UInt64) async throws {
        self.site = site
        self.log = log
        self.revision = revision
        model = revision.model
        highest = revision.version?.number ?? 1
        random = SeededRandom(seed: seed)
        writer = try await log.writer(WriterOptions())
        _ = try await scratch.create(names.definitions)
    }

    /// A version of which one record is damaged.
    func write(_ target: Target) async throws -> Written {
        let made = try await send(bias: 1_000 + highest, damage: target)
        if target != .manifest { highest += 1 }
        return made
    }

    /// A version as it should be.
    func writeSound() async throws -> ModelVersion {
        let made = try await send(bias: 7, damage: nil)
        highest += 1
        return made.version
    }

    private func send(bias: Int, damage: Target?) async throws -> Written {
        guard let version = ModelVersion(highest + 1) else {
            throw LogError(.invalidRecord, "", recovery: .bug)
        }
        let (contents, description, frame) = try await snapshot(bias: bias)
        var chunk = contents.chunks[0]
        let chunkRecord = Record(
            topic: site.topics.chunks, partition: chunk.partition, key: Array(frame.key ?? []),
            value: frame.value)
        var (sent, how) = damaged(chunkRecord, damage == .chunk)
        var place = try await writer.send(sent)
        chunk.offset = place.offset
        let manifest = Manifest(
            model: model, version: version, digest: description.digest, format: "native-linear",
            modelFile: "model.json", byteCount: description.byteCount, fileCount: description.entries.count,
            location: .inline(SnapshotContents(files: contents.files, chunks: [chunk])),
            metrics: ["auc": 0.75], parameters: ["eta": "0.1"], createdAt: Timestamp.now,
            publisher: "ann@host")
        let key = CatalogKey.version(model, ClaimID.random())
        let (sentManifest, manifestHow) = damaged(
            CatalogRecord.sealed(key, manifest.bytes, topic: site.topics.catalog), damage == .manifest)
        let manifestPlace = try await writer.send(sentManifest)
        if damage == .manifest {
            return Written(
                target: .manifest, version: version, place: manifestPlace, description: manifestHow)
        }
        let next = AliasRevision(
            model: model, alias: .production, revision: revision.revision + 1, version: version,
            replaces: .init(revision: revision.revision, version: revision.version), by: "ann",
            at: Timestamp.now, why: "")
        let aliasKey = CatalogKey.alias(model, .production, ClaimID.random())
        let (sentAlias, aliasHow) = damaged(
            CatalogRecord.sealed(aliasKey, next.bytes, topic: site.topics.catalog), damage == .alias)
        let aliasPlace = try await writer.send(sentAlias)
        if damage == .alias {
            (place, how) = (aliasPlace, aliasHow)
        } else {
            revision = next
        }
        return Written(target: damage ?? .chunk, version: version, place: place, description: how)
    }

    /// The snapshot, cut and compressed as a publisher does it.
    private func snapshot(
        bias: Int
    ) async throws -> (SnapshotContents, SnapshotDescription, Record) {
        try site.writeModel("damaged", bias: bias)
        let files = ["model.json", "schema.json"].map {
            SnapshotFile(path: $0, source: .file(site.workspace.path("damaged/\($0)")))
        }
        let maker = SnapshotWriter(log: scratch, topic: names.chunks)
        let description = try await maker.describe(files)
        let written = try await maker.write(description)
        await maker.close()
        let frames = try await TopicScan.records(of: names.chunks, in: scratch)
        guard case .inline(let contents) = written.location, contents.chunks.count == 1,
            let chunk = contents.chunks.first,
            let frame = frames.first(where: { $0.partition == chunk.partition && $0.offset == chunk.offset })
        else { throw LogError(.invalidRecord, "the sample is no single chunk", recovery: .bug) }
        return (contents, description, frame)
    }

    /// The record with one random bit of its key, value or digest flipped, or with another length.
    private func damaged(_ record: Record, _ isWanted: Bool) -> (Record, String) {
        guard isWanted else { return (record, "") }
        var record = record
        func flip(_ bytes: [UInt8]) -> ([UInt8], String) {
            var bytes = bytes
            let byte = Int.random(in: 0..<bytes.count, using: &random)
            let bit = Int.random(in: 0..<8, using: &random)
            bytes[byte] ^= 1 << UInt8(bit)
            return (bytes, "bit \(bit) of byte \(byte)")
        }
        let value = record.value ?? []
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            let (key, what) = flip(record.key ?? [])
            record.key = key
            return (record, "key, \(what)")
        case 1 where !record.headers.isEmpty:
            let (header, what) = flip(record.headers[0].value)
            record.headers[0].value = header
            return (record, "digest, \(what)")
        case 2:
            record.value = Array(value.dropLast(Int.random(in: 1...value.count, using: &random)))
            return (record, "cut to \(record.value?.count ?? 0) bytes")
        case 3:
            record.value = value + [UInt8.random(in: 0 ... .max, using: &random)]
            return (record, "one byte more")
        default:
            let (changed, what) = flip(value)
            record.value = changed
            return (record, "value, \(what)")
        }
    }
}
