internal import Basics
package import EventLog

/// Where a reader stands in each of its partitions.
package struct ReadCursor: Sendable {
    /// The partitions, in the order of reading.
    package private(set) var order: [TopicPartition] = []
    /// The next offset to read.
    package private(set) var positions: [TopicPartition: Int64] = [:]
    /// Partitions whose end was reported since the last record of theirs.
    fileprivate var ended: Set<TopicPartition> = []
    fileprivate var rotation = 0

    /// A reader of nothing.
    package init() {}

    /// Starts (or goes on) at `position`.
    package mutating func set(_ partition: TopicPartition, to position: Int64) {
        if positions.updateValue(position, forKey: partition) == nil { order.append(partition) }
        ended.remove(partition)
    }

    /// Stops reading `partitions`.
    package mutating func remove(_ partitions: [TopicPartition]) {
        for partition in partitions {
            positions[partition] = nil
            ended.remove(partition)
        }
        order.removeAll { positions[$0] == nil }
    }

    fileprivate mutating func move(_ partition: TopicPartition, to position: Int64, delivered: Bool) {
        positions[partition] = position
        if delivered { ended.remove(partition) }
    }
}

extension LogState {
    /// Where `start` is in `partition`.
    package func position(of start: StartPosition, in partition: TopicPartition) throws(LogError) -> Int64 {
        let state = try checkedPartition(partition)
        switch start {
        case .earliest: return state.start
        case .latest: return state.stableEnd
        case .offset(let offset): return max(0, offset.number)
        }
    }

    /// Adds what there is to `batch`; nil when there is nothing to say.
    package func read(
        _ cursor: inout ReadCursor, into batch: inout RecordBatch, limit: ReadLimit, committedOnly: Bool
    ) -> ReadOutcome? {
        if let outcome = ends(&cursor, committedOnly) { return outcome }
        if take(&cursor, into: &batch, limit: limit, committedOnly) { return .records }
        return ends(&cursor, committedOnly)
    }

    /// Records between the cursor and the end.
    package func lag(_ cursor: ReadCursor, committedOnly: Bool) -> [TopicPartition: Int64] {
        var lag: [TopicPartition: Int64] = [:]
        for (partition, position) in cursor.positions {
            guard let state = try? checkedPartition(partition) else { continue }
            lag[partition] = max(0, (committedOnly ? state.stableEnd : state.nextOffset) - position)
        }
        return lag
    }

    private func checkedPartition(_ partition: TopicPartition) throws(LogError) -> PartitionState {
        guard let topic = topicStates[partition.topic] else { throw .noTopic(partition.topic) }
        let number = Int(partition.partition.number)
        guard topic.partitions.indices.contains(number) else {
            throw .noPartition(partition, count: Int32(topic.partitions.count))
        }
        return topic.partitions[number]
    }

    private func ends(_ cursor: inout ReadCursor, _ committedOnly: Bool) -> ReadOutcome? {
        var reached: [TopicPartition: Offset] = [:]
        for partition in cursor.order where !cursor.ended.contains(partition) {
            guard let position = cursor.positions[partition], let state = try? checkedPartition(partition)
            else { continue }
            guard position >= (committedOnly ? state.stableEnd : state.nextOffset) else { continue }
            reached[partition] = Offset(position)
            cursor.ended.insert(partition)
        }
        return reached.isEmpty ? nil : .caughtUp(reached)
    }

    private func take(
        _ cursor: inout ReadCursor, into batch: inout RecordBatch, limit: ReadLimit, _ committedOnly: Bool
    ) -> Bool {
        let order = cursor.order
        let before = batch.count
        let bytesBefore = batch.byteCount
        cursor.rotation += 1
        for step in order.indices {
            let partition = order[(cursor.rotation + step) % order.count]
            guard var position = cursor.positions[partition], let state = try? checkedPartition(partition)
            else { continue }
            let end = committedOnly ? state.stableEnd : state.nextOffset
            var index = state.index(at: position)
            var delivered = false
            var full = false
            while index < state.entries.count, state.entries[index].offset < end {
                let entry = state.entries[index]
                let visible = !committedOnly || !state.aborted.contains(entry.transaction)
                if visible {
                    let taken = batch.count - before
                    let size = LogState.byteCount(of: entry.index, in: entry.source.batch)
                    full =
                        taken >= max(1, limit.records)
                        || taken > 0 && batch.byteCount - bytesBefore + size > limit.bytes
                    if full { break }
                    append(entry, of: partition, to: &batch)
                    delivered = true
                }
                position = entry.offset + 1
                index += 1
            }
            // Past the last visible record stand only markers and aborted records.
            if !full { position = max(position, end) }
            cursor.move(partition, to: position, delivered: delivered)
            if full { break }
        }
        return batch.count > before
    }

    private func append(_ entry: Entry, of partition: TopicPartition, to batch: inout RecordBatch) {
        let source = entry.source.batch
        let topic = batch.index(of: partition.topic)
        let bytes = source.bytes
        let key: Span<UInt8>?
        if let range = source.keyRange(at: entry.index) {
            key = bytes.span.extracting(range)
        } else {
            key = nil
        }
        let value: Span<UInt8>?
        if let range = source.valueRange(at: entry.index) {
            value = bytes.span.extracting(range)
        } else {
            value = nil
        }
        batch.append(
            topic: topic, partition: partition.partition, offset: Offset(entry.offset),
            timestamp: Timestamp(milliseconds: entry.timestamp), key: key, value: value)
        for number in 0..<source.headerCount(at: entry.index) {
            let ranges = source.headerRanges(at: entry.index, number: number)
            batch.appendHeader(
                name: bytes.span.extracting(ranges.name), value: bytes.span.extracting(ranges.value))
        }
    }
}
