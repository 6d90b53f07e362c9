internal import Basics
public import Crypto
internal import Synchronization

/// Raw chunks on disk, by digest: what was fetched once is not fetched again, also by the other processes of
/// this machine that use the same folder.
///
/// Layout: `FOLDER/ab/abcdef…`, a file a chunk, named by the chunk's digest. A file is written under a
/// temporary name and renamed, so a reader sees all of it or nothing; what is read is checked against the
/// name, and a file that fails is removed. When the folder outgrows its limit, the files used longest ago go
/// first. Losing any file at any time costs another fetch and nothing else, so no lock is needed. Safe to
/// call from any thread; calls block on the disk.
public final class ChunkCache: Sendable {
    /// What the cache did since it was opened.
    public struct Statistics: Sendable, Hashable {
        /// Chunks served.
        public var hits = 0
        /// Chunks not there.
        public var misses = 0
        /// Files that did not have the digest of their name, and were removed.
        public var rejected = 0
        /// Files removed for space.
        public var evicted = 0
    }

    private struct State {
        var statistics = Statistics()
        /// Bytes of the folder when last measured, and of what was added since.
        var bytes: Int64?
    }

    /// A temporary file older than this was left by a process that died.
    private static let temporarySecondsMax = 3_600

    /// The folder.
    public let folder: String
    private let bytesMax: Int64
    private let state = Mutex(State())

    /// A cache of at most `bytesMax` bytes in `folder`, which is made when it is missing.
    public init(folder: String, bytesMax: Int64 = SnapshotLimits().cacheBytesMax) throws(SnapshotError) {
        precondition(bytesMax > 0, "a cache of \(bytesMax) bytes")
        try FileSystem.makeFolder(folder)
        self.folder = folder
        self.bytesMax = bytesMax
    }

    /// What the cache did so far.
    public var statistics: Statistics { state.withLock { $0.statistics } }

    /// The chunk of `digest` and `size` bytes; nil when it is not there.
    public func read(_ digest: Digest, size: Int) -> [UInt8]? {
        let path = path(of: digest)
        guard let information = FileSystem.information(path) else {
            state.withLock { $0.statistics.misses += 1 }
            return nil
        }
        if information.size == Int64(size), let bytes = load(path, count: size), Digest(of: bytes) == digest {
            FileSystem.touch(path)
            state.withLock { $0.statistics.hits += 1 }
            return bytes
        }
        FileSystem.remove(path)
        state.withLock {
            $0.statistics.rejected += 1
            $0.statistics.misses += 1
        }
        return nil
    }

    /// Whether a file of the chunk's name and size is there; only `read` checks what is in it.
    func holds(_ digest: Digest, size: Int) -> Bool {
        FileSystem.information(path(of: digest))?.size == Int64(size)
    }

    /// Keeps the chunk `bytes`, whose digest the caller has checked. A full or read-only disk costs the
    /// cache's service, not the caller's work: returns whether the chunk was kept.
    @discardableResult
    public func insert(_ digest: Digest, _ bytes: [UInt8]) -> Bool {
        let path = path(of: digest)
        guard Int64(bytes.count) <= bytesMax, !FileSystem.exists(path) else { return false }
        let temporary = "\(folder)/tmp-\(FileSystem.uniqueSuffix())"
        do throws(SnapshotError) {
            try FileSystem.makeFolder("\(folder)/\(digest.hex.prefix(2))")
            let handle = try FileHandle.create(temporary)
            try handle.write(bytes[...])
            try FileSystem.rename(temporary, to: path)
        } catch {
            FileSystem.remove(temporary)
            return false
        }
        let isOver = state.withLock { state in
            state.bytes = state.bytes.map { $0 + Int64(bytes.count) }
            return state.bytes.map { $0 > bytesMax } ?? true
        }
        if isOver { evict() }
        return true
    }

    /// Measures the folder and removes the files used longest ago until a tenth of the limit is free.
    private func evict() {
        var files: [(path: String, size: Int64, changed: Int)] = []
        for name in FileSystem.names(in: folder) {
            let path = "\(folder)/\(name)"
            if name.hasPrefix("tmp-") {
                removeAbandoned(path)
                continue
            }
            for inner in FileSystem.names(in: path) {
                guard let information = FileSystem.information("\(path)/\(inner)") else { continue }
                files.append(("\(path)/\(inner)", information.size, information.changed))
            }
        }
        var total = files.reduce(Int64(0)) { $0 + $1.size }
        var evicted = 0
        if total > bytesMax {
            files.sort { $0.changed < $1.changed }
            for file in files where total > bytesMax / 10 * 9 {
                FileSystem.remove(file.path)
                total -= file.size
                evicted += 1
            }
        }
        state.withLock { state in
            state.bytes = total
            state.statistics.evicted += evicted
        }
    }

    private func removeAbandoned(_ path: String) {
        guard let information = FileSystem.information(path),
            FileSystem.seconds - information.changed > ChunkCache.temporarySecondsMax
        else { return }
        FileSystem.remove(path)
    }

    private func path(of digest: Digest) -> String {
        let hex = digest.hex
        return "\(folder)/\(hex.prefix(2))/\(hex)"
    }

    private func load(_ path: String, count: Int) -> [UInt8]? {
        do throws(SnapshotError) {
            let handle = try FileHandle.open(path)
            var bytes: [UInt8] = []
            try handle.read(at: 0, count: count, into: &bytes)
            return bytes
        } catch {
            // Another process has evicted it between two calls.
            return nil
        }
    }
}
