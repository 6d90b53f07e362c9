internal import Crypto
internal import EventLog

/// Finds the chunks that a killed publisher had sent without noting them: those of the batches that were
/// under way when it died, which the log may or may not have taken.
///
/// They stand behind what its journal names, so a look at the keys there is enough; and next to it, so what
/// others have sent in the meantime bounds the look instead of being read.
enum ResumeScan {
    /// A chunk's record.
    struct Found {
        var frameSize: Int
        var place: RecordPlace
    }

    /// The records of `topic` at and behind `starts`, by the chunk that their key names: at most about
    /// `SnapshotLimits.resumeScanBytesMax` bytes of them.
    static func chunks(
        from starts: [Partition: Offset], of topic: TopicName, in log: any EventLog, limits: SnapshotLimits
    ) async throws(LogError) -> [Digest: Found] {
        var places: [TopicPartition: Offset] = [:]
        for (partition, marks) in try await log.watermarks(of: topic) {
            guard let start = starts[partition], start < marks.high else { continue }
            places[TopicPartition(topic, partition)] = max(start, marks.low)
        }
        guard !places.isEmpty else { return [:] }
        let reader = try await log.reader(ReaderOptions(start: places.mapValues { .offset($0) }))
        do throws(LogError) {
            let found = try await read(reader, Set(places.keys), limits: limits)
            await reader.close(deadline: .seconds(1))
            return found
        } catch {
            await reader.close(deadline: .seconds(1))
            throw error
        }
    }

    private static func read(
        _ reader: any PartitionReader, _ partitions: Set<TopicPartition>, limits: SnapshotLimits
    ) async throws(LogError) -> [Digest: Found] {
        var found: [Digest: Found] = [:]
        var left = partitions
        var bytes = 0
        var silence = Duration.zero
        let slice = Duration.milliseconds(500)
        var batch = RecordBatch()
        while !left.isEmpty, bytes < limits.resumeScanBytesMax, silence < limits.fetchTimeout {
            if Task.isCancelled { throw LogError.closed("the scan") }
            batch.removeAll()
            let limit = ReadLimit(records: 1_000, bytes: limits.windowBytesMax)
            switch try await reader.read(into: &batch, limit: limit, wait: slice) {
            case .records:
                silence = .zero
                for index in 0..<batch.count {
                    bytes += batch.valueRange(at: index)?.count ?? 0
                    note(index, of: batch, in: &found)
                }
            case .caughtUp(let ends): left.subtract(ends.keys)
            case .idle, .assigned, .revoking: silence += slice
            }
        }
        return found
    }

    private static func note(_ index: Int, of batch: RecordBatch, in found: inout [Digest: Found]) {
        guard let place = batch.place(at: index),
            let digest = batch.keyRange(at: index).flatMap({ Digest(bytes: batch.bytes[$0]) })
        else { return }
        found[digest] = batch.valueRange(at: index).map { Found(frameSize: $0.count, place: place) }
    }
}
