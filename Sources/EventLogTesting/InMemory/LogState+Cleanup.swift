package import EventLog

extension LogState {
    /// Keeps the last committed record of each key, in every partition of `topic`. Records behind an open
    /// transaction stay. Tombstones stay until they are dropped too.
    package mutating func compact(_ topic: TopicName, dropsTombstones: Bool) throws(LogError) {
        guard let count = partitionCount(of: topic) else { throw .noTopic(topic) }
        for number in 0..<count {
            withPartition(TopicPartition(topic, number)) { partition in
                let end = partition.stableEnd
                var last: [[UInt8]: Int64] = [:]
                for entry in partition.entries
                where entry.offset < end && !partition.aborted.contains(entry.transaction) {
                    if let key = entry.key { last[key] = entry.offset }
                }
                partition.entries.removeAll { entry in
                    guard entry.offset < end else { return false }
                    if partition.aborted.contains(entry.transaction) { return true }
                    guard let key = entry.key else { return false }
                    if last[key] != entry.offset { return true }
                    return dropsTombstones && entry.source.batch.valueRange(at: entry.index) == nil
                }
            }
        }
        version += 1
    }

    /// Removes the records of `partition` before `offset`, as retention does.
    package mutating func trim(_ partition: TopicPartition, before offset: Offset) throws(LogError) {
        guard let count = partitionCount(of: partition.topic) else { throw .noTopic(partition.topic) }
        guard (0..<count).contains(partition.partition.number) else {
            throw .noPartition(partition, count: count)
        }
        withPartition(partition) { state in
            let end = min(offset.number, state.stableEnd)
            state.entries.removeFirst(state.index(at: end))
            state.start = max(state.start, end)
        }
        version += 1
    }
}

extension LogState.Entry {
    var key: [UInt8]? {
        source.batch.keyRange(at: index).map { Array(source.batch.bytes[$0]) }
    }
}
