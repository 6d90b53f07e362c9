public import EventLog

/// Decides when a run with `--once` is done: every partition has been read to where it ended when the run
/// began.
///
/// A pure value. Partitions that another member of the group reads count by the group's committed offsets.
public struct OncePlan: Sendable {
    private let ends: [Partition: Offset]
    private var reached: [Partition: Offset] = [:]

    /// A run that began when the partitions of the input ended at `watermarks`.
    public init(watermarks: [Partition: Watermarks]) {
        // An empty partition has nothing to be read.
        ends = watermarks.filter { $0.value.low < $0.value.high }.mapValues(\.high)
    }

    /// Notes that everything before `offset` of `partition` has been read and will be committed.
    public mutating func reach(_ partition: Partition, _ offset: Offset) {
        if let before = reached[partition], before >= offset { return }
        reached[partition] = offset
    }

    /// Reading begins again at `offset` after a failed transaction.
    public mutating func rewind(_ partition: Partition, _ offset: Offset) {
        reached[partition] = offset
    }

    /// The partitions that are not read to their end, as far as this instance and `committed` say.
    public func missing(committed: [Partition: Offset] = [:]) -> [Partition] {
        ends.filter { partition, end in
            let own = reached[partition] ?? Offset(0)
            let others = committed[partition] ?? Offset(0)
            return max(own, others) < end
        }.keys.sorted()
    }

    /// Whether every partition is read to its end.
    public var isDone: Bool { missing().isEmpty }
}
