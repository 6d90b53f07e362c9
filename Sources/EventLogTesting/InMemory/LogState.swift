package import Basics
package import EventLog

/// The semantics of a log as a value: topics, partitions, transactions and groups, without clock, lock or
/// waiting.
///
/// `InMemoryLog` holds one behind a lock. Like a Kafka broker it writes records of a transaction at once and
/// hides them until the outcome is known, and a transaction's outcome takes an offset of its own; so whoever
/// is tested on it meets gaps between offsets and readers that wait behind an open transaction.
package struct LogState: Sendable {
    /// The numbers that bound it.
    package struct Limits: Sendable {
        /// Bytes of key, value and headers of one record, like Kafka's default.
        package var recordBytesMax = 1 << 20
        /// Partitions of one topic.
        package var partitionsMax: Int32 = 10_000

        package init() {}
    }

    /// A batch that many entries share.
    final class SharedBatch: Sendable {
        let batch: RecordBatch
        init(_ batch: RecordBatch) { self.batch = batch }
    }

    /// A record in its place.
    struct Entry: Sendable {
        var offset: Int64
        var timestamp: Int64
        var source: SharedBatch
        var index: Int
        /// The number of its transaction; 0 outside one.
        var transaction: Int
    }

    struct PartitionState: Sendable {
        var entries: [Entry] = []
        var nextOffset: Int64 = 0
        /// Offsets below were removed by `trim`.
        var start: Int64 = 0
        /// The first offset of each open transaction.
        var open: [Int: Int64] = [:]
        var aborted: Set<Int> = []

        /// The end that a `read_committed` reader sees.
        var stableEnd: Int64 { open.values.min() ?? nextOffset }

        /// The index of the first entry at or after `offset`.
        func index(at offset: Int64) -> Int {
            var low = 0
            var high = entries.count
            while low < high {
                let middle = (low + high) / 2
                if entries[middle].offset < offset { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    struct TopicState: Sendable {
        var definition: TopicDefinition
        var partitions: [PartitionState]
        /// Where the next record without a key goes.
        var rotation: Int32 = 0
    }

    var limits: Limits
    var topicStates: [TopicName: TopicState] = [:]
    var producers: [String: Producer] = [:]
    var groups: [String: Group] = [:]
    var lastTransaction = 0
    var lastMember = 0
    /// Grows with every change that a waiting reader may care for.
    package internal(set) var version = 0

    /// A log without topics.
    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    // MARK: Topics

    /// See `EventLog.create`.
    package mutating func create(_ definitions: [TopicDefinition]) throws(LogError) -> [TopicName] {
        for definition in definitions {
            guard (1...limits.partitionsMax).contains(definition.partitions) else {
                throw LogError(
                    .configuration, "\(definition.partitions) partitions for \(definition.name)",
                    hint: "use 1 to \(limits.partitionsMax)", recovery: .fixConfiguration)
            }
            guard let there = topicStates[definition.name]?.definition else { continue }
            if there.partitions != definition.partitions || there.cleanup != definition.cleanup {
                throw .mismatch(definition, partitions: there.partitions, cleanup: there.cleanup)
            }
        }
        var created: [TopicName] = []
        for definition in definitions where topicStates[definition.name] == nil {
            topicStates[definition.name] = TopicState(
                definition: definition,
                partitions: Array(repeating: PartitionState(), count: Int(definition.partitions)))
            created.append(definition.name)
        }
        version += 1
        return created
    }

    /// All topics, by name.
    package var topics: [TopicDescription] {
        topicStates.values.map(\.definition).sorted { $0.name < $1.name }
            .map { TopicDescription(name: $0.name, partitions: $0.partitions, cleanup: $0.cleanup) }
    }

    /// How many partitions `topic` has.
    package func partitionCount(of topic: TopicName) -> Int32? {
        topicStates[topic].map { Int32($0.partitions.count) }
    }

    /// The ends of every partition.
    package func watermarks(of topic: TopicName) throws(LogError) -> [Partition: Watermarks] {
        guard let state = topicStates[topic] else { throw .noTopic(topic) }
        var ends: [Partition: Watermarks] = [:]
        for (number, partition) in state.partitions.enumerated() {
            let high = partition.stableEnd
            let low = min(partition.entries.first?.offset ?? high, high)
            ends[Partition(Int32(number))] = Watermarks(low: Offset(low), high: Offset(high))
        }
        return ends
    }

    // MARK: Writing

    /// Appends `batch`; `transaction` is the number of the open transaction, or 0.
    mutating func append(_ batch: RecordBatch, transaction: Int, now: Timestamp) throws(LogError)
        -> [RecordPlace]
    {
        try check(batch)
        let source = SharedBatch(batch)
        var places: [RecordPlace] = []
        places.reserveCapacity(batch.count)
        for index in 0..<batch.count {
            let topic = batch.topic(at: index)
            let number = choosePartition(of: index, in: batch, topic: topic)
            let timestamp = batch.timestamp(at: index) ?? now
            let offset = withPartition(TopicPartition(topic, number)) { partition in
                let offset = partition.nextOffset
                if transaction != 0, partition.open[transaction] == nil {
                    partition.open[transaction] = offset
                }
                partition.entries.append(
                    Entry(
                        offset: offset, timestamp: timestamp.milliseconds, source: source, index: index,
                        transaction: transaction))
                partition.nextOffset += 1
                return offset
            }
            places.append(RecordPlace(TopicPartition(topic, number), Offset(offset)))
        }
        version += 1
        return places
    }

    /// Appends `batch` outside transactions.
    package mutating func append(_ batch: RecordBatch, now: Timestamp) throws(LogError) -> [RecordPlace] {
        try append(batch, transaction: 0, now: now)
    }

    private func check(_ batch: RecordBatch) throws(LogError) {
        for topic in batch.topics where topicStates[topic] == nil {
            if (0..<batch.count).contains(where: { batch.topic(at: $0) == topic }) { throw .noTopic(topic) }
        }
        for index in 0..<batch.count {
            let topic = batch.topic(at: index)
            guard let state = topicStates[topic] else { throw .noTopic(topic) }
            let count = Int32(state.partitions.count)
            if let partition = batch.partition(at: index), partition.number >= count {
                throw .noPartition(TopicPartition(topic, partition), count: count)
            }
            if state.definition.cleanup == .compact, batch.keyRange(at: index) == nil {
                throw LogError(
                    .invalidRecord, "a record without a key for the compacted topic \(topic)",
                    hint: "give it a key", recovery: .fixInput)
            }
            let bytes = LogState.byteCount(of: index, in: batch)
            if bytes > limits.recordBytesMax {
                throw .recordTooLarge(bytes, limit: limits.recordBytesMax, topic: topic)
            }
        }
    }

    private mutating func choosePartition(of index: Int, in batch: RecordBatch, topic: TopicName) -> Partition
    {
        if let partition = batch.partition(at: index) { return partition }
        let count = partitionCount(of: topic) ?? 1
        if let key = batch.keyRange(at: index) {
            return KeyPartitioning.partition(key: batch.bytes.span.extracting(key), count: count)
        }
        let number = topicStates[topic]?.rotation ?? 0
        topicStates[topic]?.rotation = (number + 1) % count
        return Partition(number)
    }

    static func byteCount(of index: Int, in batch: RecordBatch) -> Int {
        var bytes = (batch.keyRange(at: index)?.count ?? 0) + (batch.valueRange(at: index)?.count ?? 0)
        for number in 0..<batch.headerCount(at: index) {
            let ranges = batch.headerRanges(at: index, number: number)
            bytes += ranges.name.count + ranges.value.count
        }
        return bytes
    }

    /// Changes a partition that exists.
    mutating func withPartition<Value>(
        _ partition: TopicPartition, _ body: (inout PartitionState) -> Value
    ) -> Value {
        guard var state = topicStates[partition.topic]?.partitions[Int(partition.partition.number)] else {
            preconditionFailure("partition \(partition) was checked before")
        }
        // Taken out of the dictionary first, so that its arrays are changed in place.
        topicStates[partition.topic]?.partitions[Int(partition.partition.number)] = PartitionState()
        let value = body(&state)
        topicStates[partition.topic]?.partitions[Int(partition.partition.number)] = state
        return value
    }
}
