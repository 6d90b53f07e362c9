internal import Basics
internal import EventLog

extension AdminClient {
    /// The ends of every partition of `topic`, as a `read_committed` reader sees them.
    func watermarks(of topic: TopicName) async throws(LogError) -> [Partition: Watermarks] {
        try await call { handle, call throws(LogError) in
            let partitions = try AdminClient.partitions(handle, call, of: topic)
            let what = "looking up the ends of topic \(topic)"
            let lows = try AdminClient.offsets(handle, call, what, partitions, at: PartitionList.beginning)
            let highs = try AdminClient.offsets(handle, call, what, partitions, at: PartitionList.end)
            var watermarks: [Partition: Watermarks] = [:]
            for (partition, high) in highs {
                let low = min(lows[partition] ?? high, high)
                watermarks[partition.partition] = Watermarks(low: Offset(low), high: Offset(high))
            }
            return watermarks
        }
    }

    /// What this client's group has committed for `topic`, which has `count` partitions.
    func committedOffsets(of topic: TopicName, count: Int32) async throws(LogError) -> [Partition: Offset] {
        let label = client.label
        return try await call { handle, call throws(LogError) in
            let partitions = (0..<count).map { TopicPartition(topic, $0) }
            let entries = try call.repeatedly(handle, "looking up offsets through \(label)") {
                handle, milliseconds in handle.committed(partitions, milliseconds: milliseconds)
            }
            var offsets: [Partition: Offset] = [:]
            for entry in entries where entry.offset >= 0 && entry.code == 0 {
                offsets[entry.partition.partition] = Offset(entry.offset)
            }
            return offsets
        }
    }

    private static func partitions(
        _ handle: borrowing ClientHandle, _ call: AdminCall, of topic: TopicName
    ) throws(LogError) -> [TopicPartition] {
        let found = try describeExisting(handle, call, topic)
        return (0..<found.partitions).map { TopicPartition(topic, $0) }
    }

    private static func offsets(
        _ handle: borrowing ClientHandle, _ call: AdminCall, _ what: String, _ partitions: [TopicPartition],
        at time: Int64
    ) throws(LogError) -> [TopicPartition: Int64] {
        let times = Dictionary(uniqueKeysWithValues: partitions.map { ($0, time) })
        let entries = try call.repeatedly(handle, what) {
            handle, milliseconds -> Result<[PartitionList.Entry], KafkaFailure> in
            let found = handle.offsets(at: times, milliseconds: milliseconds)
            // An error of one partition is the step's error, so that a leader that moves is asked again.
            if case .success(let entries) = found, let failed = entries.first(where: { $0.code != 0 }) {
                return .failure(KafkaFailure(code: failed.code))
            }
            return found
        }
        return Dictionary(uniqueKeysWithValues: entries.map { ($0.partition, $0.offset) })
    }
}
