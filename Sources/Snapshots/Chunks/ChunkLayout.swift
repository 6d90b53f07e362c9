/// How the bytes of files are cut into chunks: a pure function of the files' sizes, in their order.
///
/// A file above one chunk begins a chunk of its own and ends one, so that the same file gives the same chunks
/// in every snapshot. Other files share chunks, and none of them stands in two.
struct ChunkLayout: Hashable, Sendable {
    /// A run of bytes of one file.
    struct Part: Hashable, Sendable {
        /// The file's index.
        var file: Int
        /// Where the run begins in the file.
        var start: Int64
        /// Its bytes.
        var count: Int
    }

    /// One chunk: the runs that it is made of.
    struct Chunk: Hashable, Sendable {
        var parts: [Part] = []
        /// Raw bytes.
        var size: Int { parts.reduce(0) { $0 + $1.count } }
    }

    /// The chunks, in the order of the bytes.
    private(set) var chunks: [Chunk] = []

    /// The layout of files of `sizes` bytes, with chunks of at most `chunkBytes`.
    init(sizes: [Int64], chunkBytes: Int = SnapshotLimits.chunkBytesMax) {
        var open = Chunk()
        var openSize = 0
        func close() {
            guard openSize > 0 else { return }
            chunks.append(open)
            open = Chunk()
            openSize = 0
        }
        for (file, size) in sizes.enumerated() where size > 0 {
            if size > Int64(chunkBytes) {
                close()
                var start: Int64 = 0
                while start < size {
                    let count = Int(min(Int64(chunkBytes), size - start))
                    chunks.append(Chunk(parts: [Part(file: file, start: start, count: count)]))
                    start += Int64(count)
                }
            } else {
                if openSize + Int(size) > chunkBytes { close() }
                open.parts.append(Part(file: file, start: 0, count: Int(size)))
                openSize += Int(size)
            }
        }
        close()
    }
}
