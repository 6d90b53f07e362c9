internal import Crypto

/// Where the bytes of assembled files go. Confined to one task at a time.
protocol AssemblySink: AnyObject {
    /// The bytes of `file` follow.
    func begin(_ file: FileEntry) throws(SnapshotError)
    /// The next bytes of the file.
    func write(_ bytes: ArraySlice<UInt8>) throws(SnapshotError)
    /// All bytes of the file were written, and its digest is right.
    func end(_ file: FileEntry) throws(SnapshotError)
}

/// Cuts the chunks' raw bytes, one after another, into files again, and checks each file's digest.
struct Assembler: ~Copyable {
    private let files: [FileEntry]
    private let isWanted: [Bool]
    private let sink: any AssemblySink
    /// The file that the next byte belongs to, and how many of its bytes were seen.
    private var current = 0
    private var seen: Int64 = 0
    private var hasher = SHA256Hasher()

    /// Gives the files for which `isWanted` holds to `sink`.
    init(files: [FileEntry], isWanted: [Bool], sink: any AssemblySink) throws(SnapshotError) {
        precondition(files.count == isWanted.count, "\(files.count) files, \(isWanted.count) wishes")
        self.files = files
        self.isWanted = isWanted
        self.sink = sink
        try begin()
        try advance()
    }

    /// Which chunks hold a byte of a wanted file.
    static func needed(_ contents: SnapshotContents, isWanted: [Bool]) -> [Bool] {
        var needed: [Bool] = []
        needed.reserveCapacity(contents.chunks.count)
        var file = 0
        var fileStart: Int64 = 0
        var start: Int64 = 0
        for chunk in contents.chunks {
            let end = start + Int64(chunk.size)
            var isNeeded = false
            // The file that reaches beyond this chunk is looked at again for the next one.
            while file < contents.files.count, fileStart < end {
                let size = contents.files[file].size
                isNeeded = isNeeded || (isWanted[file] && size > 0 && fileStart + size > start)
                if fileStart + size > end { break }
                fileStart += size
                file += 1
            }
            needed.append(isNeeded)
            start = end
        }
        return needed
    }

    /// The next chunk's bytes.
    mutating func append(_ raw: [UInt8]) throws(SnapshotError) {
        var at = 0
        while at < raw.count {
            guard current < files.count else {
                throw SnapshotError(.malformed, "chunks hold more bytes than the files")
            }
            let count = Int(min(files[current].size - seen, Int64(raw.count - at)))
            if isWanted[current] {
                hasher.update(raw.span.extracting(at..<at + count))
                try sink.write(raw[at..<at + count])
            }
            at += count
            seen += Int64(count)
            try advance()
        }
    }

    /// The next chunk was not fetched, because no wanted file needs it.
    mutating func skip(_ count: Int) throws(SnapshotError) {
        var left = Int64(count)
        while left > 0 {
            guard current < files.count else {
                throw SnapshotError(.malformed, "chunks hold more bytes than the files")
            }
            precondition(!isWanted[current], "skipped bytes of the wanted file '\(files[current].path)'")
            let step = min(files[current].size - seen, left)
            left -= step
            seen += step
            try advance()
        }
    }

    /// All chunks were given; throws when a file is not complete.
    mutating func finish() throws(SnapshotError) {
        guard current == files.count else {
            throw SnapshotError(.malformed, "chunks end before file '\(files[current].path)' does")
        }
    }

    private func begin() throws(SnapshotError) {
        guard current < files.count, isWanted[current] else { return }
        try sink.begin(files[current])
    }

    /// Ends every file whose bytes are complete, empty ones included.
    private mutating func advance() throws(SnapshotError) {
        while current < files.count, seen == files[current].size {
            let file = files[current]
            if isWanted[current] {
                let actual = hasher.finish()
                guard actual == file.digest else {
                    throw SnapshotError(
                        .digestMismatch,
                        "file '\(file.path)' has the digest \(actual), the manifest states \(file.digest)",
                        hint: "publish the version again")
                }
                try sink.end(file)
            }
            current += 1
            seen = 0
            try begin()
        }
    }
}
