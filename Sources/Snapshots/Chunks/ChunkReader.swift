internal import Basics
internal import Crypto
internal import EventLog

/// Fetches chunks from the places that manifests state, and finds those that compaction has moved. Confined
/// to the actor that owns it, one call at a time.
final class ChunkReader {
    /// What a fetch brought. Each wanted chunk is in `raw` or in `failed`.
    struct Fetched {
        /// The raw bytes, digest checked.
        var raw: [Digest: [UInt8]] = [:]
        /// Where the chunk stands now.
        var entries: [Digest: ChunkEntry] = [:]
        /// Why a chunk could not be had.
        var failed: [Digest: SnapshotError] = [:]
    }

    /// Raw bytes of chunks that are fetched by a seek each; more are read as a stream.
    private static let seekBytesMax = 2 * SnapshotLimits.chunkBytesMax
    /// Records behind where a kept reader stands that it may have read ahead.
    private static let readAheadMax: Int64 = 2

    private let log: any EventLog
    private let topic: TopicName
    private let limits: SnapshotLimits
    private let priority: ThreadPriority
    private var reader: (any PartitionReader)?
    /// Where `reader` stands.
    private var positions: [TopicPartition: Offset] = [:]
    private var stream: ChunkStream?
    private var codec = ChunkCodec()
    private var finder: ChunkFinder
    private var batch = RecordBatch()
    /// Whether what `begin` announced is read as a stream.
    var isStreaming: Bool { stream != nil }
    /// Sound chunks that came from the log so far, and their frames' bytes.
    private(set) var fetchedChunks = 0
    private(set) var fetchedBytes: Int64 = 0

    /// Reads the chunks of `topic`.
    init(
        log: any EventLog, topic: TopicName, limits: SnapshotLimits, priority: ThreadPriority = .normal
    ) {
        self.priority = priority
        self.log = log
        self.topic = topic
        self.limits = limits
        finder = ChunkFinder(log: log, topic: topic)
    }

    /// Announces all chunks that the coming fetches will want, in about that order. More than a few are
    /// then read as a stream; `end` frees it. The order of the log is not theirs: `keep` gets the raw bytes
    /// of chunks that come long before their turn, and the caller need not fetch those; what it does not
    /// keep is fetched again by place.
    func begin(
        _ chunks: [ChunkEntry], keep: @escaping (Digest, [UInt8]) -> Void = { _, _ in }
    ) async throws(SnapshotError) {
        let bytes = chunks.reduce(0) { $0 + $1.size }
        guard bytes > ChunkReader.seekBytesMax else { return }
        do throws(LogError) {
            let count = try await log.partitionCount(of: topic) ?? 0
            let sound = chunks.map { finder.place(of: $0) ?? $0 }.filter { $0.partition.number < count }
            guard !sound.isEmpty else { return }
            // The stream is this reader's own and ends before it.
            stream = try await ChunkStream(
                log: log, topic: topic, limits: limits, priority: priority, chunks: sound
            ) { [unowned self] chunk, frame in
                guard let raw = try? codec.open(frame, of: chunk) else { return }
                note(frame)
                keep(chunk.digest, raw)
                Pacer.point()
            }
        } catch {
            throw failure(error)
        }
    }

    /// The fetches that `begin` announced are done.
    func end() async {
        let closing = stream
        stream = nil
        await closing?.close()
    }

    /// Frees the readers; the next fetch makes new ones.
    func close() async {
        await end()
        let closing = reader
        reader = nil
        await closing?.close(deadline: .seconds(1))
    }

    /// Fetches `wanted`, which the caller has bounded to a window. Throws when the log fails.
    func fetch(_ wanted: [ChunkEntry]) async throws(SnapshotError) -> Fetched {
        do throws(LogError) {
            var fetched = Fetched()
            var left = wanted
            if let stream {
                let frames = try await stream.frames(of: wanted)
                for chunk in wanted {
                    guard let frame = frames[chunk.digest] else { continue }
                    open(frame, of: finder.place(of: chunk) ?? chunk, into: &fetched)
                }
                left = wanted.filter { frames[$0.digest] == nil }
            }
            if !left.isEmpty { try await fetchByPlace(left, into: &fetched) }
            return fetched
        } catch {
            // A reader that failed may be of no use any more.
            await close()
            throw failure(error)
        }
    }

    private func note(_ frame: [UInt8]) {
        fetchedChunks += 1
        fetchedBytes += Int64(frame.count)
    }

    private func failure(_ error: LogError) -> SnapshotError {
        if error.code == .closed, Task.isCancelled { return .cancelled("fetching chunks") }
        return SnapshotError(error, doing: "fetching chunks from \(topic)")
    }

    private func fetchByPlace(
        _ wanted: [ChunkEntry], into fetched: inout Fetched
    ) async throws(LogError) {
        // A place that a scan found is newer than the manifest's.
        let first = wanted.map { finder.place(of: $0) ?? $0 }
        var missing = try await read(first, into: &fetched)
        guard !missing.isEmpty else { return }
        missing = try await finder.find(missing, limits: limits)
        let lost = try await read(missing.compactMap { finder.place(of: $0) }, into: &fetched)
        for chunk in missing where finder.place(of: chunk) == nil || lost.contains(chunk) {
            fetched.failed[chunk.digest] = SnapshotError(
                .chunkMissing,
                "chunk \(chunk.digest) is not in \(topic)[\(chunk.partition)], "
                    + "at \(chunk.offset) or elsewhere",
                hint: "publish the version again")
        }
    }

    /// Reads `chunks` at their places; returns those that do not stand there.
    private func read(
        _ chunks: [ChunkEntry], into fetched: inout Fetched
    ) async throws(LogError) -> [ChunkEntry] {
        var plan = ReadPlan(topic: topic, chunks)
        guard !plan.isDone else { return [] }
        let reader = try await position(at: plan.starts)
        // Partitions that the topic does not have hold nothing.
        for partition in plan.starts.keys where positions[partition] == nil {
            plan.bound([partition: Offset(0)])
        }
        var silence = Duration.zero
        let slice = Duration.milliseconds(500)
        while !plan.isDone {
            batch.removeAll()
            let outcome = try await reader.read(
                into: &batch, limit: ReadLimit(records: plan.pendingCount, bytes: limits.windowBytesMax),
                wait: slice)
            switch outcome {
            case .records:
                silence = .zero
                for index in 0..<batch.count { take(index, of: &plan, into: &fetched) }
            case .caughtUp(let ends):
                guard plan.reached(ends) else { break }
                var bounds: [TopicPartition: Offset] = [:]
                for (partition, marks) in try await log.watermarks(of: topic) {
                    bounds[TopicPartition(topic, partition)] = marks.high
                }
                plan.bound(bounds)
            case .idle, .assigned, .revoking:
                silence += slice
                if Task.isCancelled { throw LogError.closed("the fetch") }
                guard silence < limits.fetchTimeout else {
                    throw LogError(
                        .timedOut, "\(plan.pendingCount) chunks of \(topic) did not arrive",
                        severity: .retriable,
                        recovery: .retry)
                }
            }
        }
        try await stop(plan.strays, reader)
        return plan.missing
    }

    /// Offers record `index` of the batch to the plan, and opens it when it is wanted.
    private func take(_ index: Int, of plan: inout ReadPlan, into fetched: inout Fetched) {
        guard let place = batch.place(at: index) else { return }
        positions[place.partition] = place.offset.next
        let key = batch.keyRange(at: index).flatMap { Digest(bytes: batch.bytes[$0]) }
        guard let chunk = plan.take(place, key: key, isTombstone: batch.valueRange(at: index) == nil),
            let range = batch.valueRange(at: index)
        else { return }
        open(Array(batch.bytes[range]), of: chunk, into: &fetched)
    }

    private func open(_ frame: [UInt8], of chunk: ChunkEntry, into fetched: inout Fetched) {
        do throws(SnapshotError) {
            guard frame.count <= SnapshotLimits.frameBytesMax else {
                throw SnapshotError(.limit, "chunk \(chunk.digest) is a record of \(frame.count) bytes")
            }
            fetched.raw[chunk.digest] = try codec.open(frame, of: chunk)
            fetched.entries[chunk.digest] = chunk
            note(frame)
            Pacer.point()
        } catch {
            fetched.failed[chunk.digest] = error
        }
    }

    /// A reader that stands at `starts`; its other partitions stand at their ends.
    ///
    /// A kept reader is used again only while little has been written behind where it stands: what a client
    /// has read ahead beyond that, it may hold against a seek for a second.
    private func position(
        at starts: [TopicPartition: Offset]
    ) async throws(LogError) -> any PartitionReader {
        let marks = try await log.watermarks(of: topic)
        if let reader {
            let isNear = marks.allSatisfy { partition, marks in
                let position = positions[TopicPartition(topic, partition)] ?? marks.low
                return marks.high.number - position.number <= ChunkReader.readAheadMax
            }
            if isNear {
                try await reader.seek(to: starts)
                positions.merge(starts) { $1 }
                return reader
            }
            await close()
        }
        positions = [:]
        for (partition, marks) in marks { positions[TopicPartition(topic, partition)] = marks.high }
        for (partition, offset) in starts where positions[partition] != nil { positions[partition] = offset }
        let made = try await log.reader(
            ReaderOptions(start: positions.mapValues { .offset($0) }, readsAhead: false, priority: priority))
        reader = made
        return made
    }

    /// Moves partitions that bring records which nobody wants to their ends.
    private func stop(
        _ strays: Set<TopicPartition>, _ reader: any PartitionReader
    ) async throws(LogError) {
        guard !strays.isEmpty else { return }
        let marks = try await log.watermarks(of: topic)
        var ends: [TopicPartition: Offset] = [:]
        for partition in strays { ends[partition] = marks[partition.partition]?.high }
        try await reader.seek(to: ends)
        positions.merge(ends) { $1 }
    }
}
