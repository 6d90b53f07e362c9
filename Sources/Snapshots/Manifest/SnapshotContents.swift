public import Crypto
public import EventLog

/// One file of a snapshot as the manifest states it.
public struct FileEntry: Hashable, Sendable {
    /// Its path within the snapshot.
    public var path: String
    /// Its bytes.
    public var size: Int64
    /// The SHA-256 of its bytes.
    public var digest: Digest

    /// A file of a snapshot.
    public init(path: String, size: Int64, digest: Digest) {
        self.path = path
        self.size = size
        self.digest = digest
    }
}

/// One chunk as the manifest states it: a run of raw bytes, stored as one record.
public struct ChunkEntry: Hashable, Sendable {
    /// The SHA-256 of the raw bytes, which is the record's key.
    public var digest: Digest
    /// Raw bytes: 1 to 786 432.
    public var size: Int
    /// Bytes of the zstd frame, which is the record's value: 1 to 1 000 000.
    public var frameSize: Int
    /// The partition of the chunks topic.
    public var partition: Partition
    /// Where the record stood when the manifest was written; compaction may have removed it since.
    public var offset: Offset

    /// A chunk of a snapshot.
    public init(digest: Digest, size: Int, frameSize: Int, partition: Partition, offset: Offset) {
        self.digest = digest
        self.size = size
        self.frameSize = frameSize
        self.partition = partition
        self.offset = offset
    }
}

/// The files of a snapshot, and the chunks whose raw bytes, one after another, are the files' bytes, one
/// after another.
public struct SnapshotContents: Hashable, Sendable {
    /// The files, sorted by the UTF-8 bytes of their paths.
    public var files: [FileEntry]
    /// The chunks, in the order of the bytes.
    public var chunks: [ChunkEntry]

    /// Files and chunks; `validate` says whether they fit each other.
    public init(files: [FileEntry], chunks: [ChunkEntry]) {
        self.files = files
        self.chunks = chunks
    }

    /// The snapshot's digest: SHA-256 over one line `DIGEST SIZE PATH\n` a file, in the order of the paths.
    public static func digest(of files: [FileEntry]) -> Digest {
        var hasher = SHA256Hasher()
        for file in files.sorted(by: { SnapshotPath.precedes($0.path, $1.path) }) {
            let line = Array("\(file.digest.hex) \(file.size) \(file.path)\n".utf8)
            hasher.update(line.span)
        }
        return hasher.finish()
    }

    /// Bytes of all files.
    public var byteCount: Int64 { files.reduce(0) { $0 + $1.size } }

    /// Throws unless names, counts and sizes are within `limits` and the chunks' raw bytes are as many as the
    /// files'.
    public func validate(_ limits: SnapshotLimits) throws(SnapshotError) {
        guard !files.isEmpty else { throw SnapshotError(.malformed, "a snapshot needs at least one file") }
        guard files.count <= limits.filesMax, chunks.count <= limits.chunksMax else {
            throw SnapshotError(
                .limit,
                "snapshot of \(files.count) files and \(chunks.count) chunks; at most \(limits.filesMax) and "
                    + "\(limits.chunksMax) are allowed")
        }
        var previous: String?
        var fileBytes: Int64 = 0
        for file in files {
            try SnapshotPath.check(file.path)
            if let previous, !SnapshotPath.precedes(previous, file.path) {
                throw SnapshotError(.malformed, "file '\(file.path)' is out of order or stands twice")
            }
            previous = file.path
            let (sum, overflow) = fileBytes.addingReportingOverflow(file.size)
            guard file.size >= 0, !overflow else {
                throw SnapshotError(.malformed, "file '\(file.path)' has an impossible size of \(file.size)")
            }
            fileBytes = sum
        }
        let chunkBytes = try SnapshotContents.checkedSize(of: chunks)
        guard chunkBytes == fileBytes else {
            throw SnapshotError(
                .malformed, "chunks hold \(chunkBytes) bytes where the files have \(fileBytes)")
        }
    }

    /// The raw bytes of `chunks`; throws when one has an impossible size or place. Sizes are bounded, so the
    /// sum is too.
    static func checkedSize(of chunks: [ChunkEntry]) throws(SnapshotError) -> Int64 {
        var total: Int64 = 0
        for chunk in chunks {
            guard (1...SnapshotLimits.chunkBytesMax).contains(chunk.size),
                (1...SnapshotLimits.frameBytesMax).contains(chunk.frameSize),
                chunk.partition.number >= 0, chunk.offset.number >= 0
            else {
                throw SnapshotError(.malformed, "chunk \(chunk.digest) has an impossible size or place")
            }
            total += Int64(chunk.size)
        }
        return total
    }
}
