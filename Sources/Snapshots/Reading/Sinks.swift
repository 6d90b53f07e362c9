/// Keeps files in memory.
final class MemorySink: AssemblySink {
    /// The files so far, by path.
    private(set) var files: [String: [UInt8]] = [:]
    private var current: [UInt8] = []

    init() {}

    func begin(_ file: FileEntry) throws(SnapshotError) {
        current = []
        current.reserveCapacity(Int(file.size))
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(SnapshotError) {
        current.append(contentsOf: bytes)
    }

    func end(_ file: FileEntry) throws(SnapshotError) {
        files[file.path] = current
        current = []
    }
}

/// Keeps nothing: for a reader that only wants the digests checked.
final class NoSink: AssemblySink {
    init() {}
    func begin(_ file: FileEntry) throws(SnapshotError) {}
    func write(_ bytes: ArraySlice<UInt8>) throws(SnapshotError) {}
    func end(_ file: FileEntry) throws(SnapshotError) {}
}

/// Writes files into a folder beside the target, and moves them there when all are right.
final class FolderSink: AssemblySink {
    private let target: String
    private let staging: String
    private var handle: FileHandle?
    private var paths: [String] = []

    /// Files for the folder `target`.
    init(target: String) throws(SnapshotError) {
        self.target = target
        staging = "\(target).partial-\(FileSystem.uniqueSuffix())"
        try FileSystem.makeFolder(staging)
    }

    func begin(_ file: FileEntry) throws(SnapshotError) {
        let path = "\(staging)/\(file.path)"
        if let slash = path.lastIndex(of: "/") { try FileSystem.makeFolder(String(path[..<slash])) }
        handle = try FileHandle.create(path)
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(SnapshotError) {
        try handle?.write(bytes)
    }

    func end(_ file: FileEntry) throws(SnapshotError) {
        handle = nil
        paths.append(file.path)
    }

    /// Gives the files their names: a new folder appears at once, into one that exists each file does.
    func commit() throws(SnapshotError) {
        if !FileSystem.exists(target) {
            try FileSystem.rename(staging, to: target)
            return
        }
        for path in paths {
            let place = "\(target)/\(path)"
            if let slash = place.lastIndex(of: "/") { try FileSystem.makeFolder(String(place[..<slash])) }
            try FileSystem.rename("\(staging)/\(path)", to: place)
        }
        FileSystem.removeFolder(staging)
    }

    /// Removes what was written.
    func abandon() {
        handle = nil
        FileSystem.removeFolder(staging)
    }
}
