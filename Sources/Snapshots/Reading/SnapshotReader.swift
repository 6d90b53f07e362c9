public import Basics
internal import Crypto
public import EventLog

/// Fetches snapshots: only the chunks of the files that are asked for, from the local cache where it has
/// them, each chunk, each file and the whole checked against the manifest's digests.
///
/// About two windows of chunks (`SnapshotLimits.windowBytesMax`) are in memory, plus the files of `read`. An
/// actor on a thread of its own; calls queue up. A `Pacer` that is bound is kept, chunk by chunk.
public actor SnapshotReader {
    /// What a reader has done.
    public struct Statistics: Sendable, Hashable {
        /// Chunks that came from the log.
        public var fetchedChunks = 0
        /// Their frames' bytes.
        public var fetchedBytes: Int64 = 0
        /// Chunks that came from the cache on disk.
        public var cachedChunks = 0
    }

    private let executor: ThreadExecutor
    private let chunkReader: ChunkReader
    private let cache: ChunkCache?
    private let limits: SnapshotLimits
    private let priority: ThreadPriority
    private let gate = AsyncGate()
    private var obtained = 0

    /// What the reader has done so far.
    public var statistics: Statistics {
        Statistics(
            fetchedChunks: chunkReader.fetchedChunks, fetchedBytes: chunkReader.fetchedBytes,
            cachedChunks: max(0, obtained - chunkReader.fetchedChunks))
    }

    /// Reads the chunks of `topic`, through `cache` if there is one; with `background` priority, for a
    /// process that has something better to do meanwhile.
    public init(
        log: any EventLog, topic: TopicName, cache: ChunkCache? = nil,
        limits: SnapshotLimits = SnapshotLimits(), priority: ThreadPriority = .normal
    ) {
        executor = ThreadExecutor(name: "snapshot-read", priority: priority)
        chunkReader = ChunkReader(log: log, topic: topic, limits: limits, priority: priority)
        self.cache = cache
        self.limits = limits
        self.priority = priority
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The files and chunks of `manifest`; fetches the index when it has one.
    public func contents(of manifest: Manifest) async throws(SnapshotError) -> SnapshotContents {
        await gate.enter()
        defer { gate.leave() }
        return try await openContents(of: manifest)
    }

    /// The bytes of those files of the snapshot for which `isWanted` holds. Throws `limit` when they are more
    /// than `SnapshotLimits.memoryBytesMax`.
    public func read(
        _ manifest: Manifest, files isWanted: @Sendable (String) -> Bool
    ) async throws(SnapshotError) -> [String: [UInt8]] {
        await gate.enter()
        defer { gate.leave() }
        let contents = try await openContents(of: manifest)
        let wanted = contents.files.map { isWanted($0.path) }
        let total = zip(contents.files, wanted).reduce(Int64(0)) { $1.1 ? $0 + $1.0.size : $0 }
        guard total <= limits.memoryBytesMax else {
            throw SnapshotError(
                .limit,
                "files of \(manifest.model)@\(manifest.version) need \(total) bytes of memory; at most "
                    + "\(limits.memoryBytesMax) are allowed")
        }
        let sink = MemorySink()
        try await assemble(contents, isWanted: wanted, into: sink, progress: { _, _ in })
        return sink.files
    }

    /// Writes all files of the snapshot (or those for which `isWanted` holds) under `folder`: a new folder
    /// appears complete or not at all; into a folder that exists, files are moved when all of them are right.
    public func download(
        _ manifest: Manifest, to folder: String, files isWanted: @Sendable (String) -> Bool = { _ in true },
        progress: @Sendable (_ done: Int64, _ total: Int64) -> Void = { _, _ in }
    ) async throws(SnapshotError) {
        await gate.enter()
        defer { gate.leave() }
        let contents = try await openContents(of: manifest)
        let sink = try FolderSink(target: folder)
        do throws(SnapshotError) {
            try await assemble(
                contents, isWanted: contents.files.map { isWanted($0.path) }, into: sink, progress: progress)
            try sink.commit()
        } catch {
            sink.abandon()
            throw error
        }
    }

    /// Fetches every chunk of the snapshot and checks all digests, keeping nothing. Throws what a consumer
    /// would.
    public func verify(
        _ manifest: Manifest, progress: @Sendable (_ done: Int64, _ total: Int64) -> Void = { _, _ in }
    ) async throws(SnapshotError) {
        await gate.enter()
        defer { gate.leave() }
        let contents = try await openContents(of: manifest)
        let everything = [Bool](repeating: true, count: contents.files.count)
        try await assemble(contents, isWanted: everything, into: NoSink(), progress: progress)
    }

    /// Frees the log reader; a later call makes a new one.
    public func close() async {
        await chunkReader.close()
    }

    private func openContents(of manifest: Manifest) async throws(SnapshotError) -> SnapshotContents {
        switch manifest.location {
        case .inline(let contents):
            return contents
        case .chunks(let index):
            let entry = FileEntry(path: "index", size: index.size, digest: index.digest)
            let sink = MemorySink()
            try await assemble(
                SnapshotContents(files: [entry], chunks: index.chunks), isWanted: [true], into: sink,
                progress: { _, _ in })
            let contents = try SnapshotContents(index: sink.files["index"] ?? [], limits: limits)
            try manifest.check(contents, limits: limits)
            return contents
        }
    }

    private func assemble(
        _ contents: SnapshotContents, isWanted: [Bool], into sink: any AssemblySink,
        progress: @Sendable (Int64, Int64) -> Void
    ) async throws(SnapshotError) {
        let isNeeded = Assembler.needed(contents, isWanted: isWanted)
        let absent = zip(contents.chunks, isNeeded).filter { chunk, isNeeded in
            isNeeded && cache?.holds(chunk.digest, size: chunk.size) != true
        }
        try await chunkReader.begin(absent.map(\.0)) { [cache] digest, raw in cache?.insert(digest, raw) }
        do throws(SnapshotError) {
            try await assemble(
                contents, isWanted: isWanted, isNeeded: isNeeded, into: sink, progress: progress)
            await chunkReader.end()
        } catch {
            await chunkReader.end()
            throw error
        }
    }

    private func assemble(
        _ contents: SnapshotContents, isWanted: [Bool], isNeeded: [Bool], into sink: any AssemblySink,
        progress: @Sendable (Int64, Int64) -> Void
    ) async throws(SnapshotError) {
        var assembler = try Assembler(files: contents.files, isWanted: isWanted, sink: sink)
        let total = contents.byteCount
        var done: Int64 = 0
        var next = 0
        while next < contents.chunks.count {
            try SnapshotError.checkCancellation("fetching chunks")
            let end = windowEnd(contents.chunks, from: next)
            let raw = try await obtain((next..<end).filter { isNeeded[$0] }.map { contents.chunks[$0] })
            for index in next..<end {
                let chunk = contents.chunks[index]
                if isNeeded[index] {
                    guard let bytes = raw[chunk.digest] else {
                        throw SnapshotError(
                            .chunkMissing, "chunk \(chunk.digest) was not fetched", recovery: .bug)
                    }
                    try assembler.append(bytes)
                    Pacer.point()
                } else {
                    try assembler.skip(chunk.size)
                }
                done += Int64(chunk.size)
            }
            next = end
            progress(done, total)
        }
        try assembler.finish()
    }

    /// Where the window that begins at `start` ends: at least one chunk, at most a window's raw bytes.
    private func windowEnd(_ chunks: [ChunkEntry], from start: Int) -> Int {
        // A stream is read ahead anyway; with one chunk at a time, work in the background comes evenly.
        let isEven = priority == .background && chunkReader.isStreaming
        let most = isEven ? SnapshotLimits.chunkBytesMax : limits.windowBytesMax
        var bytes = 0
        var end = start
        while end < chunks.count, end == start || bytes + chunks[end].size <= most {
            bytes += chunks[end].size
            end += 1
        }
        return end
    }

    /// The raw bytes of `chunks`, from the cache or the log.
    private func obtain(_ chunks: [ChunkEntry]) async throws(SnapshotError) -> [Digest: [UInt8]] {
        var raw: [Digest: [UInt8]] = [:]
        var absent: [ChunkEntry] = []
        for chunk in chunks where raw[chunk.digest] == nil {
            if let bytes = cache?.read(chunk.digest, size: chunk.size) {
                raw[chunk.digest] = bytes
                Pacer.point()
            } else {
                absent.append(chunk)
            }
        }
        obtained += raw.count
        guard !absent.isEmpty else { return raw }
        let fetched = try await chunkReader.fetch(absent)
        if let failure = absent.lazy.compactMap({ fetched.failed[$0.digest] }).first { throw failure }
        for (digest, bytes) in fetched.raw {
            cache?.insert(digest, bytes)
            raw[digest] = bytes
            obtained += 1
            Pacer.point()
        }
        return raw
    }
}
