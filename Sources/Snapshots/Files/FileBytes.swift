internal import Crypto

/// Reads parts of the files of a snapshot to be, keeping the last file open. Confined to one task at a time;
/// blocks.
struct FileBytes: ~Copyable {
    private let files: [SnapshotFile]
    private var open: Int?
    private var handle: FileHandle?

    /// Reads parts of `files`.
    init(_ files: [SnapshotFile]) {
        self.files = files
    }

    /// Appends `count` bytes of file `file` from `start` on to `bytes`.
    mutating func append(
        file: Int, start: Int64, count: Int, to bytes: inout [UInt8]
    ) throws(SnapshotError) {
        switch files[file].source {
        case .bytes(let all):
            bytes.append(contentsOf: all[Int(start)..<Int(start) + count])
        case .file(let path):
            if open != file || handle == nil {
                handle = try FileHandle.open(path)
                open = file
            }
            try handle!.read(at: start, count: count, into: &bytes)
        }
    }

    /// The entry of file `file`: its size and the digest of its bytes.
    mutating func entry(of file: Int) throws(SnapshotError) -> FileEntry {
        let size = try files[file].size()
        var hasher = SHA256Hasher()
        var start: Int64 = 0
        var buffer: [UInt8] = []
        while start < size {
            try SnapshotError.checkCancellation("reading '\(files[file].path)'")
            let count = Int(min(1 << 20, size - start))
            buffer.removeAll(keepingCapacity: true)
            try append(file: file, start: start, count: count, to: &buffer)
            hasher.update(buffer.span)
            start += Int64(count)
        }
        return FileEntry(path: files[file].path, size: size, digest: hasher.finish())
    }
}
