/// A file to publish: its path within the snapshot and where its bytes are.
public struct SnapshotFile: Sendable, Hashable {
    /// Where the bytes of a file are.
    public enum Source: Sendable, Hashable {
        /// In memory.
        case bytes([UInt8])
        /// In this file on disk, which is read in parts.
        case file(String)
    }

    /// The path within the snapshot.
    public var path: String
    /// Where the bytes are.
    public var source: Source

    /// A file of a snapshot to be.
    public init(path: String, source: Source) {
        self.path = path
        self.source = source
    }

    /// The file's bytes, when there are at most `countMax`. Blocks on the disk.
    package func load(countMax: Int64) throws(SnapshotError) -> [UInt8] {
        switch source {
        case .bytes(let bytes):
            guard Int64(bytes.count) <= countMax else { throw SnapshotFile.tooLarge(path, countMax) }
            return bytes
        case .file(let file):
            let handle = try FileHandle.open(file)
            let size = try handle.size()
            guard size <= countMax else { throw SnapshotFile.tooLarge(path, countMax) }
            var bytes: [UInt8] = []
            try handle.read(at: 0, count: Int(size), into: &bytes)
            return bytes
        }
    }

    private static func tooLarge(_ path: String, _ countMax: Int64) -> SnapshotError {
        SnapshotError(.limit, "file '\(path)' is larger than \(countMax) bytes")
    }

    /// The file's size. Asks the disk.
    func size() throws(SnapshotError) -> Int64 {
        switch source {
        case .bytes(let bytes): return Int64(bytes.count)
        case .file(let file):
            let handle = try FileHandle.open(file)
            return try handle.size()
        }
    }
}
