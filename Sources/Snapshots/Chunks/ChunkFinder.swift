internal import Basics
internal import Crypto
internal import EventLog

/// Finds chunks that compaction has moved: scans a partition once, remembers where each chunk stands, and
/// reads on from there the next time.
struct ChunkFinder {
    /// Chunks whose places are remembered.
    private static let placesMax = 300_000

    private let log: any EventLog
    private let topic: TopicName
    private var places: [Digest: RecordPlace] = [:]
    private var scannedTo: [Partition: Offset] = [:]

    init(log: any EventLog, topic: TopicName) {
        self.log = log
        self.topic = topic
    }

    /// `chunk` at the place that a scan has found; nil when none has.
    func place(of chunk: ChunkEntry) -> ChunkEntry? {
        guard let place = places[chunk.digest] else { return nil }
        var moved = chunk
        moved.partition = place.partition.partition
        moved.offset = place.offset
        return moved
    }

    /// Scans the partitions of `missing` for them, from where the last scan ended. Returns those worth
    /// another look: all.
    mutating func find(
        _ missing: [ChunkEntry], limits: SnapshotLimits
    ) async throws(LogError) -> [ChunkEntry] {
        let wanted = Set(missing.map(\.digest))
        for partition in Set(missing.map(\.partition)) {
            // A place that turned out wrong has been compacted since: look again from the start.
            if missing.contains(where: { $0.partition == partition && places[$0.digest] != nil }) {
                scannedTo[partition] = nil
            }
            try await scan(partition, wanted: wanted, limits: limits)
        }
        return missing
    }

    private mutating func scan(
        _ partition: Partition, wanted: Set<Digest>, limits: SnapshotLimits
    ) async throws(LogError) {
        guard let count = try await log.partitionCount(of: topic), partition.number < count else { return }
        let target = TopicPartition(topic, partition)
        let start = scannedTo[partition].map { StartPosition.offset($0) } ?? .earliest
        let reader = try await log.reader(ReaderOptions(start: [target: start]))
        do throws(LogError) {
            try await follow(reader, target, wanted: wanted, limits: limits)
        } catch {
            await reader.close(deadline: .seconds(1))
            throw error
        }
        await reader.close(deadline: .seconds(1))
    }

    private mutating func follow(
        _ reader: any PartitionReader, _ target: TopicPartition, wanted: Set<Digest>, limits: SnapshotLimits
    ) async throws(LogError) {
        var batch = RecordBatch()
        var silence = Duration.zero
        let slice = Duration.milliseconds(500)
        while true {
            batch.removeAll()
            let limit = ReadLimit(records: 1_000, bytes: limits.windowBytesMax)
            switch try await reader.read(into: &batch, limit: limit, wait: slice) {
            case .records:
                silence = .zero
                for index in 0..<batch.count { note(index, of: batch, wanted: wanted) }
            case .caughtUp(let ends):
                guard let end = ends[target] else { continue }
                scannedTo[target.partition] = end
                return
            case .idle, .assigned, .revoking:
                silence += slice
                if Task.isCancelled { throw LogError.closed("the scan") }
                guard silence < limits.fetchTimeout else {
                    throw LogError(
                        .timedOut, "no answer while scanning \(target)", severity: .retriable,
                        recovery: .retry)
                }
            }
        }
    }

    private mutating func note(_ index: Int, of batch: RecordBatch, wanted: Set<Digest>) {
        guard let place = batch.place(at: index),
            let digest = batch.keyRange(at: index).flatMap({ Digest(bytes: batch.bytes[$0]) })
        else { return }
        if batch.valueRange(at: index) == nil {
            places[digest] = nil
        } else if places.count < ChunkFinder.placesMax || wanted.contains(digest) {
            places[digest] = place
        }
    }
}
