internal import Basics
internal import Crypto
internal import EventLog

/// One publication's chunks on their way: compresses and sends what the log does not have, reads back what it
/// has. Confined to the actor that owns it.
struct ChunkSession: ~Copyable {
    private let writer: any LogWriter
    private let reader: ChunkReader
    private let topic: TopicName
    private let partitions: Int32
    private let journal: PublicationJournal?
    private let limits: SnapshotLimits
    private var codec = ChunkCodec()
    /// Chunks that are in the log as far as is known.
    private var known: [Digest: ChunkEntry]
    /// Chunks that an earlier try has sent and not noted.
    private var unnoted: [Digest: ResumeScan.Found]
    /// Chunks of this publication that were read back.
    private var checked: Set<Digest> = []
    private var pending = Pending()
    private var inFlight: Task<[ChunkEntry], any Error>?
    private var progress: SnapshotWriter.Progress

    /// Chunks of the publication.
    private(set) var chunkCount = 0
    /// Chunks that were sent.
    private(set) var sentCount = 0
    /// Bytes of the frames that were sent.
    private(set) var sentBytes: Int64 = 0

    /// Records that wait for being sent together.
    private struct Pending {
        var batch = RecordBatch()
        var entries: [ChunkEntry] = []
        var digests: Set<Digest> = []
    }

    init(
        writer: any LogWriter, reader: ChunkReader, topic: TopicName, partitions: Int32,
        journal: PublicationJournal?, known: [Digest: ChunkEntry], unnoted: [Digest: ResumeScan.Found],
        limits: SnapshotLimits, totalBytes: Int64
    ) {
        self.writer = writer
        self.reader = reader
        self.topic = topic
        self.partitions = partitions
        self.journal = journal
        self.known = known
        self.unnoted = unnoted
        self.limits = limits
        progress = SnapshotWriter.Progress(sentBytes: 0, checkedBytes: 0, totalBytes: totalBytes)
    }

    deinit {
        inFlight?.cancel()
    }

    /// Brings `files` into the log and returns their chunks, all read back. Throws `changed` when a file is
    /// not `expected` any more.
    mutating func publish(
        _ files: [SnapshotFile], expected: [FileEntry]?,
        progress report: @Sendable (SnapshotWriter.Progress) -> Void
    ) async throws(SnapshotError) -> [ChunkEntry] {
        let sizes = try ChunkSession.sizes(files, expected: expected)
        let layout = ChunkLayout(sizes: sizes)
        chunkCount += layout.chunks.count
        let digests = try await send(layout, files, expected: expected, report: report)
        let lost = try await readBack(digests, report: report)
        if !lost.isEmpty {
            // The catalog or the journal named chunks that are gone: send these, then insist.
            for digest in lost { known[digest] = nil }
            _ = try await send(layout, files, expected: expected, report: report)
            let still = try await readBack(digests, report: report)
            if let digest = still.first {
                throw SnapshotError(
                    .chunkMissing, "chunk \(digest) was acknowledged by \(topic) and cannot be read back",
                    hint: "check the topic's cleanup policy and message limit", recovery: .fixConfiguration)
            }
        }
        return try digests.map { digest throws(SnapshotError) in
            guard let entry = known[digest] else {
                throw SnapshotError(.chunkMissing, "chunk \(digest) has no place", recovery: .bug)
            }
            return entry
        }
    }

    private static func sizes(
        _ files: [SnapshotFile], expected: [FileEntry]?
    ) throws(SnapshotError) -> [Int64] {
        var sizes: [Int64] = []
        for (index, file) in files.enumerated() {
            let size = try file.size()
            if let expected, expected[index].size != size {
                throw SnapshotError(.changed, "file '\(file.path)' changed while it was published")
            }
            sizes.append(size)
        }
        return sizes
    }

    /// Sends every chunk that is not known; returns the digests of all, in order.
    private mutating func send(
        _ layout: ChunkLayout, _ files: [SnapshotFile], expected: [FileEntry]?,
        report: @Sendable (SnapshotWriter.Progress) -> Void
    ) async throws(SnapshotError) -> [Digest] {
        var bytes = FileBytes(files)
        var digests: [Digest] = []
        // Between the description and the sending somebody may have rewritten a file: its digest is taken
        // again.
        var hasher = SHA256Hasher()
        var hashed: Int64 = 0
        progress.sentBytes = 0
        for chunk in layout.chunks {
            try SnapshotError.checkCancellation("sending chunks")
            var raw: [UInt8] = []
            raw.reserveCapacity(chunk.size)
            for part in chunk.parts {
                let before = raw.count
                try bytes.append(file: part.file, start: part.start, count: part.count, to: &raw)
                guard let expected else { continue }
                hasher.update(raw.span.extracting(before..<raw.count))
                hashed += Int64(part.count)
                guard hashed == expected[part.file].size else { continue }
                let actual = hasher.finish()
                hashed = 0
                guard actual == expected[part.file].digest else {
                    throw SnapshotError(
                        .changed, "file '\(files[part.file].path)' changed while it was published")
                }
            }
            let digest = Digest(of: raw)
            digests.append(digest)
            try recall(digest, size: raw.count)
            if known[digest] == nil, pending.digests.insert(digest).inserted {
                try add(raw, digest)
                if pending.batch.byteCount >= limits.windowBytesMax { try await flush() }
            }
            progress.sentBytes += Int64(chunk.size)
            report(progress)
        }
        try await flush()
        try await settle()
        return digests
    }

    /// Takes a chunk for known that an earlier try has sent and not noted, and notes it. Like all the others
    /// it is read back.
    private mutating func recall(_ digest: Digest, size: Int) throws(SnapshotError) {
        guard known[digest] == nil, let found = unnoted.removeValue(forKey: digest),
            (1...SnapshotLimits.frameBytesMax).contains(found.frameSize)
        else { return }
        let entry = ChunkEntry(
            digest: digest, size: size, frameSize: found.frameSize,
            partition: found.place.partition.partition,
            offset: found.place.offset)
        known[digest] = entry
        try journal?.append([entry])
    }

    private mutating func add(_ raw: [UInt8], _ digest: Digest) throws(SnapshotError) {
        let frame = try codec.compress(raw)
        let partition = ChunkCodec.partition(of: digest, count: partitions)
        let key = digest.bytes
        let index = pending.batch.index(of: topic)
        pending.batch.append(topic: index, partition: partition, key: key.span, value: frame.span)
        pending.entries.append(
            ChunkEntry(
                digest: digest, size: raw.count, frameSize: frame.count, partition: partition,
                offset: Offset(0)))
        sentCount += 1
        sentBytes += Int64(frame.count)
    }

    /// Sends what is pending while the caller goes on, after the batch before it was acknowledged.
    private mutating func flush() async throws(SnapshotError) {
        guard !pending.entries.isEmpty else { return }
        try await settle()
        let writer = writer
        let batch = pending.batch
        let entries = pending.entries
        // Their digests stay, so that a chunk which stands twice in a snapshot is sent once.
        pending.batch = RecordBatch()
        pending.entries = []
        inFlight = Task {
            let places = try await writer.send(batch)
            return zip(entries, places).map { entry, place in
                var entry = entry
                entry.offset = place.offset
                entry.partition = place.partition.partition
                return entry
            }
        }
    }

    /// Waits for the acknowledgements of the batch in flight and notes them.
    private mutating func settle() async throws(SnapshotError) {
        guard let task = inFlight else { return }
        inFlight = nil
        let entries: [ChunkEntry]
        do {
            entries = try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch let error as LogError {
            throw SnapshotError(error, doing: "sending chunks to \(topic)")
        } catch {
            throw SnapshotError.cancelled("sending chunks to \(topic)")
        }
        for entry in entries {
            known[entry.digest] = entry
            pending.digests.remove(entry.digest)
        }
        try journal?.append(entries)
    }

    /// Reads the chunks back, window by window; returns those that cannot be had.
    private mutating func readBack(
        _ digests: [Digest], report: @Sendable (SnapshotWriter.Progress) -> Void
    ) async throws(SnapshotError) -> [Digest] {
        var queued: Set<Digest> = []
        let entries = ChunkSession.inOrderOfArrival(
            digests.filter { !checked.contains($0) && queued.insert($0).inserted }.compactMap { known[$0] })
        try await reader.begin(entries)
        do throws(SnapshotError) {
            let lost = try await readBack(all: entries, report: report)
            await reader.end()
            return lost
        } catch {
            await reader.end()
            throw error
        }
    }

    /// The first of each partition, then the second of each, and so on: about how a reader of all
    /// partitions gets them.
    private static func inOrderOfArrival(_ entries: [ChunkEntry]) -> [ChunkEntry] {
        var ranks: [Partition: Int] = [:]
        let ranked = entries.sorted { $0.offset < $1.offset }.map { entry in
            defer { ranks[entry.partition, default: 0] += 1 }
            return (rank: ranks[entry.partition, default: 0], entry: entry)
        }
        return ranked.sorted { $0.rank < $1.rank }.map(\.entry)
    }

    private mutating func readBack(
        all entries: [ChunkEntry], report: @Sendable (SnapshotWriter.Progress) -> Void
    ) async throws(SnapshotError) -> [Digest] {
        var lost: [Digest] = []
        var window: [ChunkEntry] = []
        var windowBytes = 0
        for entry in entries {
            window.append(entry)
            windowBytes += entry.size
            if windowBytes >= limits.windowBytesMax {
                lost += try await readBack(window, report: report)
                window = []
                windowBytes = 0
            }
        }
        lost += try await readBack(window, report: report)
        return lost
    }

    private mutating func readBack(
        _ window: [ChunkEntry], report: @Sendable (SnapshotWriter.Progress) -> Void
    ) async throws(SnapshotError) -> [Digest] {
        guard !window.isEmpty else { return [] }
        try SnapshotError.checkCancellation("reading chunks back")
        let fetched = try await reader.fetch(window)
        for (digest, entry) in fetched.entries {
            known[digest] = entry
            checked.insert(digest)
            progress.checkedBytes += Int64(entry.size)
        }
        report(progress)
        return window.map(\.digest).filter { fetched.raw[$0] == nil }
    }
}
