internal import Basics
public import Crypto
public import EventLog

/// The files of a snapshot to be, measured: what the manifest will say about them.
public struct SnapshotDescription: Sendable {
    /// The files, sorted by path.
    public let files: [SnapshotFile]
    /// Size and digest of each.
    public let entries: [FileEntry]
    /// The snapshot's digest.
    public let digest: Digest

    /// Bytes of all files.
    public var byteCount: Int64 { entries.reduce(0) { $0 + $1.size } }
}

/// A snapshot whose chunks are in the log and have been read back.
public struct WrittenSnapshot: Sendable {
    /// Where the lists of files and chunks are, for the manifest.
    public let location: Manifest.Location
    /// Chunks of the snapshot, its index included.
    public let chunkCount: Int
    /// Chunks that were sent by this call.
    public let sentCount: Int
    /// Bytes of their frames.
    public let sentBytes: Int64
}

/// Sends snapshots as chunks: each chunk acknowledged, read back and compared before `write` returns. Chunks
/// that the log already has are not sent again.
///
/// Files are read from the disk in parts; about two windows (`SnapshotLimits.windowBytesMax`) of them are in
/// memory. An actor on a thread of its own, because hashing, compressing and disks take their time.
public actor SnapshotWriter {
    /// How far a publication has come.
    public struct Progress: Sendable, Hashable {
        /// Raw bytes of chunks that are in the log.
        public var sentBytes: Int64
        /// Raw bytes of chunks that were read back.
        public var checkedBytes: Int64
        /// Raw bytes of the snapshot.
        public var totalBytes: Int64
    }

    private let executor = ThreadExecutor(name: "snapshot-write")
    private let log: any EventLog
    private let topic: TopicName
    private let limits: SnapshotLimits
    private let journalFolder: String?
    private let gate = AsyncGate()
    private let chunkReader: ChunkReader
    private var writer: (any LogWriter)?

    /// Sends to `topic`. With a `journalFolder`, a publication that was killed goes on where it was.
    public init(
        log: any EventLog, topic: TopicName, journalFolder: String? = nil,
        limits: SnapshotLimits = SnapshotLimits()
    ) {
        self.log = log
        self.topic = topic
        self.limits = limits
        self.journalFolder = journalFolder
        chunkReader = ChunkReader(log: log, topic: topic, limits: limits)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Reads `files` once for their sizes and digests. Throws `invalidName` for a path that breaks the rule
    /// or stands twice, `storage` for a file that cannot be read.
    public func describe(_ files: [SnapshotFile]) throws(SnapshotError) -> SnapshotDescription {
        let sorted = files.sorted { SnapshotPath.precedes($0.path, $1.path) }
        guard !sorted.isEmpty, sorted.count <= limits.filesMax else {
            throw SnapshotError(.limit, "a snapshot has 1 to \(limits.filesMax) files, not \(sorted.count)")
        }
        var bytes = FileBytes(sorted)
        var entries: [FileEntry] = []
        for (index, file) in sorted.enumerated() {
            try SnapshotPath.check(file.path)
            if index > 0, sorted[index - 1].path == file.path {
                throw SnapshotError(.invalidName, "file '\(file.path)' is given twice")
            }
            entries.append(try bytes.entry(of: index))
        }
        return SnapshotDescription(
            files: sorted, entries: entries, digest: SnapshotContents.digest(of: entries))
    }

    /// Sends the chunks of `description` that are not among `known`, reads all of them back, and returns what
    /// the manifest is to say. `known` are chunks that the catalog's manifests name; one that cannot be read
    /// any more is sent again.
    public func write(
        _ description: SnapshotDescription, known: [Digest: ChunkEntry] = [:],
        progress: @Sendable (Progress) -> Void = { _ in }
    ) async throws(SnapshotError) -> WrittenSnapshot {
        await gate.enter()
        defer { gate.leave() }
        var session = try await session(
            snapshot: description.digest, known: known, totalBytes: description.byteCount)
        let chunks = try await session.publish(
            description.files, expected: description.entries, progress: progress)
        let contents = SnapshotContents(files: description.entries, chunks: chunks)
        try contents.validate(limits)
        let location: Manifest.Location
        let index = contents.indexBytes
        if index.count <= limits.inlineIndexBytesMax {
            location = .inline(contents)
        } else {
            let file = SnapshotFile(path: "index", source: .bytes(index))
            let indexChunks = try await session.publish([file], expected: nil, progress: { _ in })
            location = .chunks(
                Manifest.IndexReference(
                    digest: Digest(of: index), size: Int64(index.count), chunks: indexChunks))
        }
        return WrittenSnapshot(
            location: location, chunkCount: session.chunkCount, sentCount: session.sentCount,
            sentBytes: session.sentBytes)
    }

    /// Forgets the journal of a snapshot, once the catalog names its chunks.
    public func finish(_ description: SnapshotDescription) throws(SnapshotError) {
        try journal(of: description.digest)?.remove()
    }

    /// Frees writer and reader.
    public func close(deadline: Duration = .seconds(5)) async {
        await chunkReader.close()
        let closing = writer
        writer = nil
        await closing?.close(deadline: deadline)
    }

    private func journal(of snapshot: Digest) throws(SnapshotError) -> PublicationJournal? {
        guard let journalFolder else { return nil }
        return try PublicationJournal(folder: journalFolder, log: log.name, topic: topic, snapshot: snapshot)
    }

    private func session(
        snapshot: Digest, known: [Digest: ChunkEntry], totalBytes: Int64
    ) async throws(SnapshotError) -> ChunkSession {
        // One batch is noted whole or was not sent as far as anybody knows: not worth a journal's question.
        let isLong = totalBytes > limits.windowBytesMax
        let journal = try journal(of: snapshot)
        let earlier = journal?.load() ?? PublicationJournal.Contents()
        let remembered = known.merging(earlier.chunks) { _, new in new }
        var unnoted: [Digest: ResumeScan.Found] = [:]
        var ends: [Partition: Offset] = [:]
        do throws(LogError) {
            if isLong, journal != nil {
                unnoted = try await ResumeScan.chunks(
                    from: earlier.unknownFrom, of: topic, in: log, limits: limits)
                ends = try await log.watermarks(of: topic).mapValues(\.high)
            }
        } catch {
            throw SnapshotError(error, doing: "looking for chunks in \(topic)")
        }
        // Until what was found is noted, the marks stay where they are: this try may be killed as well.
        if !ends.isEmpty, unnoted.isEmpty { try journal?.begin(ends) }
        do throws(LogError) {
            let writer = try await openWriter()
            guard let partitions = try await log.partitionCount(of: topic) else {
                throw LogError(
                    .notFound, "topic \(topic) does not exist",
                    hint: "create it with `modelcast topics apply`",
                    recovery: .fixConfiguration)
            }
            return ChunkSession(
                writer: writer, reader: chunkReader, topic: topic, partitions: partitions, journal: journal,
                known: remembered, unnoted: unnoted, limits: limits, totalBytes: totalBytes)
        } catch {
            throw SnapshotError(error, doing: "sending chunks to \(topic)")
        }
    }

    private func openWriter() async throws(LogError) -> any LogWriter {
        if let writer { return writer }
        let made = try await log.writer(WriterOptions())
        writer = made
        return made
    }
}
