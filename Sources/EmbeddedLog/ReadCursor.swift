internal import EventLog

/// Where a reader stands in each of its partitions, and what it holds of blocks that it has not read to their
/// ends.
struct ReadCursor: Sendable {
    /// A block that a read left in the middle.
    struct OpenBlock: Sendable {
        var head: [UInt8]
        var body: [UInt8]
        var decoder: BlockDecoder
        /// The offset after the block.
        var stop: Int64
    }

    struct Lane: Sendable {
        var partition: TopicPartition
        var id: Int64
        /// The next offset to read.
        var position: Int64
        /// The end of the partition, as last seen.
        var end: Int64 = 0
        /// Whether the end was reported since the last record.
        var ended = false
        var open: OpenBlock?
    }

    var lanes: [Lane] = []
    /// The lane that the next read begins with.
    var first = 0

    /// The next offset to read, by partition.
    var positions: [TopicPartition: Int64] {
        Dictionary(uniqueKeysWithValues: lanes.map { ($0.partition, $0.position) })
    }

    /// Goes on at `position`; does nothing for a partition that is not read.
    mutating func seek(_ partition: TopicPartition, to position: Int64) {
        guard let index = lanes.firstIndex(where: { $0.partition == partition }) else { return }
        lanes[index].position = position
        lanes[index].ended = false
        lanes[index].open = nil
    }

    /// Begins to read `partition`.
    mutating func add(_ partition: TopicPartition, id: Int64, position: Int64) {
        remove([partition])
        lanes.append(Lane(partition: partition, id: id, position: position))
    }

    /// Stops reading `partitions`.
    mutating func remove(_ partitions: Set<TopicPartition>) {
        lanes.removeAll { partitions.contains($0.partition) }
        first = 0
    }
}
