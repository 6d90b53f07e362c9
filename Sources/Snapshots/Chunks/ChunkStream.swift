internal import Basics
internal import Crypto
internal import EventLog

/// Reads many chunks in the order of the log, ahead of who wants them: one reader goes through each
/// partition from its first wanted chunk to its last. For snapshots of more than a few chunks, where a seek
/// for each would cost a round trip, or with some clients a second. Confined to the actor that owns it.
final class ChunkStream {
    /// Frames that arrived before their turn, in bytes; beyond that the newest go to `overflow`.
    private static let stashBytesMax = 16 << 20
    /// Unwanted records in a row that are read over rather than skipped by a seek.
    private static let gapMax: Int64 = 64

    private let log: any EventLog
    private let topic: TopicName
    private let limits: SnapshotLimits
    private let reader: any PartitionReader
    private let overflow: (ChunkEntry, [UInt8]) -> Void
    private var plan: ReadPlan
    private var positions: [TopicPartition: Offset]
    private var stash: [Digest: [UInt8]] = [:]
    private var stashBytes = 0
    private var batch = RecordBatch()

    /// Begins to read `chunks` of `topic`, which has at least the partitions that they name. `overflow`
    /// gets the frames for which there is no room.
    init(
        log: any EventLog, topic: TopicName, limits: SnapshotLimits, priority: ThreadPriority,
        chunks: [ChunkEntry],
        overflow: @escaping (ChunkEntry, [UInt8]) -> Void
    ) async throws(LogError) {
        self.overflow = overflow
        self.log = log
        self.topic = topic
        self.limits = limits
        plan = ReadPlan(topic: topic, chunks)
        positions = plan.starts
        reader = try await log.reader(
            ReaderOptions(start: plan.starts.mapValues { .offset($0) }, priority: priority))
    }

    /// The frame of each of `window`; those that do not stand at their places, or overflowed, are left out.
    func frames(of window: [ChunkEntry]) async throws(LogError) -> [Digest: [UInt8]] {
        let wanted = Set(window.map(\.digest))
        var silence = Duration.zero
        let slice = Duration.milliseconds(500)
        while window.contains(where: { stash[$0.digest] == nil && plan.waits(for: $0, topic: topic) }) {
            try await skipGaps()
            batch.removeAll()
            let limit = ReadLimit(records: 1_000, bytes: limits.windowBytesMax)
            switch try await reader.read(into: &batch, limit: limit, wait: slice) {
            case .records:
                silence = .zero
                for index in 0..<batch.count { keep(index, wanted: wanted) }
            case .caughtUp(let ends):
                _ = plan.reached(ends)
                plan.bound(ends)
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
        var frames: [Digest: [UInt8]] = [:]
        for digest in wanted {
            guard let frame = stash.removeValue(forKey: digest) else { continue }
            stashBytes -= frame.count
            frames[digest] = frame
        }
        return frames
    }

    /// Frees the reader.
    func close() async {
        await reader.close(deadline: .seconds(1))
    }

    private func keep(_ index: Int, wanted: Set<Digest>) {
        guard let place = batch.place(at: index) else { return }
        positions[place.partition] = place.offset.next
        let key = batch.keyRange(at: index).flatMap { Digest(bytes: batch.bytes[$0]) }
        guard let chunk = plan.take(place, key: key, isTombstone: batch.valueRange(at: index) == nil),
            let range = batch.valueRange(at: index), range.count <= SnapshotLimits.frameBytesMax
        else { return }
        guard wanted.contains(chunk.digest) || stashBytes + range.count <= ChunkStream.stashBytesMax else {
            overflow(chunk, Array(batch.bytes[range]))
            return
        }
        stash[chunk.digest] = Array(batch.bytes[range])
        stashBytes += range.count
    }

    /// Seeks over long runs of records that nobody wants, and to the end of partitions that are done.
    private func skipGaps() async throws(LogError) {
        var seeks = plan.nextOffsets.filter { partition, next in
            guard let position = positions[partition] else { return true }
            return next.number - position.number > ChunkStream.gapMax
        }
        let strays = plan.takeStrays()
        if !strays.isEmpty {
            let marks = try await log.watermarks(of: topic)
            for partition in strays { seeks[partition] = marks[partition.partition]?.high }
        }
        guard !seeks.isEmpty else { return }
        try await reader.seek(to: seeks)
        positions.merge(seeks) { $1 }
    }
}
