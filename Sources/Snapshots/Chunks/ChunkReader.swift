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

    private let log: any EventLog
    private let topic: TopicName
    private let limits: SnapshotLimits
    private var reader: (any PartitionReader)?
    private var codec = ChunkCodec()
    private var finder: ChunkFinder
    private var batch = RecordBatch()

    /// Reads the chunks of `topic`.
    init(log: any EventLog, topic: TopicName, limits: SnapshotLimits) {
        self.log = log
        self.topic = topic
        self.limits = limits
        finder = ChunkFinder(log: log, topic: topic)
    }

    /// Frees the reader; the next fetch makes a new one.
    func close() async {
        let closing = reader
        reader = nil
        await closing?.close(deadline: .seconds(1))
    }

    /// Fetches `wanted`, which the caller has bounded to a window. Throws when the log fails.
    func fetch(_ wanted: [ChunkEntry]) async throws(SnapshotError) -> Fetched {
        do throws(LogError) {
            return try await fetchOnce(wanted)
        } catch {
            // A reader that failed may be of no use any more.
            await close()
            if error.code == .closed, Task.isCancelled { throw .cancelled("fetching chunks") }
            throw SnapshotError(error, doing: "fetching chunks from \(topic)")
        }
    }

    private func fetchOnce(_ wanted: [ChunkEntry]) async throws(LogError) -> Fetched {
        var fetched = Fetched()
        // A place that a scan found is newer than the manifest's.
        let first = wanted.map { finder.place(of: $0) ?? $0 }
        var missing = try await read(first, into: &fetched)
        guard !missing.isEmpty else { return fetched }
        missing = try await finder.find(missing, limits: limits)
        let lost = try await read(missing.compactMap { finder.place(of: $0) }, into: &fetched)
        for chunk in missing where finder.place(of: chunk) == nil || lost.contains(chunk) {
            fetched.failed[chunk.digest] = SnapshotError(
                .chunkMissing,
                "chunk \(chunk.digest) is not in \(topic)[\(chunk.partition)], "
                    + "at \(chunk.offset) or elsewhere",
                hint: "publish the version again")
        }
        return fetched
    }

    /// Reads `chunks` at their places; returns those that do not stand there.
    private func read(
        _ chunks: [ChunkEntry], into fetched: inout Fetched
    ) async throws(LogError) -> [ChunkEntry] {
        var plan = ReadPlan(topic: topic, chunks)
        guard !plan.isDone else { return [] }
        let reader = try await position(at: plan.starts)
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
        let key = batch.keyRange(at: index).flatMap { Digest(bytes: batch.bytes[$0]) }
        guard let chunk = plan.take(place, key: key, isTombstone: batch.valueRange(at: index) == nil),
            let range = batch.valueRange(at: index)
        else { return }
        do throws(SnapshotError) {
            guard range.count <= SnapshotLimits.frameBytesMax else {
                throw SnapshotError(.limit, "chunk \(chunk.digest) is a record of \(range.count) bytes")
            }
            fetched.raw[chunk.digest] = try codec.open(Array(batch.bytes[range]), of: chunk)
            fetched.entries[chunk.digest] = chunk
        } catch {
            fetched.failed[chunk.digest] = error
        }
    }

    /// A reader that stands at `starts`; its other partitions stand at their ends.
    private func position(
        at starts: [TopicPartition: Offset]
    ) async throws(LogError) -> any PartitionReader {
        if let reader {
            try await reader.seek(to: starts)
            return reader
        }
        guard let count = try await log.partitionCount(of: topic) else {
            throw LogError(
                .notFound, "topic \(topic) does not exist", hint: "create it with `modelcast topics apply`",
                recovery: .fixConfiguration)
        }
        var start: [TopicPartition: StartPosition] = [:]
        for number in 0..<count { start[TopicPartition(topic, number)] = .latest }
        for (partition, offset) in starts {
            guard start[partition] != nil else { continue }
            start[partition] = .offset(offset)
        }
        let made = try await log.reader(ReaderOptions(start: start, readsAhead: false))
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
    }
}
