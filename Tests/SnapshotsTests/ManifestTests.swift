import Basics
import Crypto
import EventLog
import Testing

@testable import Snapshots

@Suite struct ManifestTests {
    private func sample() -> Manifest {
        let entries = [
            FileEntry(path: "attachments/note.txt", size: 0, digest: Digest(of: [])),
            FileEntry(path: "model.json", size: 10, digest: Digest(of: [1])),
        ]
        let chunk = ChunkEntry(
            digest: Digest(of: [2]), size: 10, frameSize: 19, partition: Partition(3), offset: Offset(77))
        return Manifest(
            model: "fare", version: 4, digest: SnapshotContents.digest(of: entries), format: "xgboost-json",
            modelFile: "model.json", byteCount: 10, fileCount: 2,
            location: .inline(SnapshotContents(files: entries, chunks: [chunk])),
            base: Manifest.Base(version: 3, digest: Digest(of: [9])),
            metrics: ["auc": 0.1 + 0.2, "n": 5], parameters: ["note": "a \"b\"\n\u{1}é"],
            lineage: Lineage(
                dataDigest: Digest(of: [3]), codeRevision: "r1", parentVersion: 2,
                events: [
                    .init(partition: TopicPartition("features.events", 0), from: Offset(1), to: Offset(2))
                ]),
            createdAt: Timestamp(milliseconds: 1_700_000_000_123), publisher: "ann@host")
    }

    @Test func bytesAreCanonicalAndReadBackEqual() throws {
        let manifest = sample()
        let read = try Manifest(bytes: manifest.bytes)
        #expect(read == manifest)
        #expect(read.bytes == manifest.bytes)
        let text = String(decoding: manifest.bytes, as: UTF8.self)
        #expect(text.hasPrefix(#"{"base":{"digest":"#))
        #expect(!text.contains(" :") && !text.contains("\n"))
    }

    @Test func membersOfALaterWriterAreIgnoredButNotALaterWireFormat() throws {
        let text = String(decoding: sample().bytes, as: UTF8.self)
        let more = #"{"zebra":[1,{"a":null}],"# + text.dropFirst()
        #expect(try Manifest(bytes: Array(more.utf8)) == sample())
        let later = text.replacing(#""wire":1"#, with: #""wire":2"#)
        #expect(throws: SnapshotError(.unsupported, "")) { try Manifest(bytes: Array(later.utf8)) }
    }

    @Test(arguments: [
        ("\"size\":10", "\"size\":-10"), ("\"size\":10", "\"size\":1e1"), ("\"size\":10", "\"size\":11"),
        ("\"frameSize\":19", "\"frameSize\":0"), ("\"frameSize\":19", "\"frameSize\":1000001"),
        ("\"partition\":3", "\"partition\":-1"), ("\"partition\":3", "\"partition\":4294967296"),
        ("\"offset\":77", "\"offset\":-1"), ("\"version\":4", "\"version\":0"),
        ("\"version\":4", "\"version\":2147483648"), ("\"model\":\"fare\"", "\"model\":\"../fare\""),
        ("attachments/note.txt", "../note.txt"), ("attachments/note.txt", "/etc/passwd"),
        ("attachments/note.txt", "a//b"), ("attachments/note.txt", "a\\\\b"),
        ("attachments/note.txt", "model.json"),
        ("attachments/note.txt", "zzz"), ("\"fileCount\":2", "\"fileCount\":3"),
        ("\"bytes\":10", "\"bytes\":11"),
        ("\"modelFile\":\"model.json\"", "\"modelFile\":\"other.json\""),
        ("\"wire\":1", "\"wire\":1,\"wire\":1"), ("\"wire\":1", "\"wire\":01"),
        ("\"wire\":1", "\"wire\":\"1\""),
        ("\"createdAt\":\"2023", "\"createdAt\":\"202x"), ("\"auc\":0.30000000000000004", "\"auc\":1e999"),
        ("\"files\":", "\"index\":{},\"files\":"),
    ])
    func aManifestThatContradictsItselfIsRefused(find: String, replace: String) throws {
        let text = String(decoding: sample().bytes, as: UTF8.self)
        let changed = text.replacing(find, with: replace)
        try #require(changed != text)
        #expect(throws: SnapshotError.self) { try Manifest(bytes: Array(changed.utf8)) }
    }

    @Test func aChangeOfAnyFileFieldIsADigestMismatch() throws {
        var manifest = sample()
        guard case .inline(var contents) = manifest.location else { return }
        contents.files[1].digest = Digest(of: [8])
        manifest.location = .inline(contents)
        #expect(throws: SnapshotError(.digestMismatch, "")) { try Manifest(bytes: manifest.bytes) }
    }

    @Test func everyTruncationIsRefusedAndNoFlippedBitTraps() throws {
        let bytes = sample().bytes
        for count in 0..<bytes.count {
            #expect(throws: SnapshotError.self) { try Manifest(bytes: Array(bytes[..<count])) }
        }
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            _ = try? Manifest(bytes: flipped)
        }
    }

    @Test func countsAreBoundedBeforeMemoryIsTaken() throws {
        var limits = SnapshotLimits()
        limits.filesMax = 1
        #expect(throws: SnapshotError.self) { try Manifest(bytes: sample().bytes, limits: limits) }
        limits = SnapshotLimits()
        limits.manifestBytesMax = 100
        #expect(throws: SnapshotError(.limit, "")) { try Manifest(bytes: sample().bytes, limits: limits) }
        let deep = Array((String(repeating: "[", count: 100_000)).utf8)
        #expect(throws: SnapshotError(.malformed, "")) { try Manifest(bytes: deep) }
    }

    @Test func theSnapshotDigestIsThatOfTheDocumentedLines() {
        let entries = [
            FileEntry(path: "b", size: 1, digest: Digest(of: [1])),
            FileEntry(path: "a/c", size: 2, digest: Digest(of: [2, 3])),
        ]
        let lines = "\(Digest(of: [2, 3]).hex) 2 a/c\n\(Digest(of: [1]).hex) 1 b\n"
        #expect(SnapshotContents.digest(of: entries) == Digest(of: Array(lines.utf8)))
    }
}
