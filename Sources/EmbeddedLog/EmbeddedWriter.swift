internal import Basics
internal import EventLog
internal import Synchronization

/// What both writers do with a batch: check it, choose partitions, make blocks.
struct BatchPlacement {
    let core: EmbeddedCore

    /// The topics of `batch` that its records belong to, by topic index.
    func topics(_ batch: RecordBatch) async throws(LogError) -> [TopicEntry?] {
        var entries: [TopicEntry?] = Array(repeating: nil, count: batch.topics.count)
        for index in 0..<batch.count where entries[batch.topicIndex(at: index)] == nil {
            entries[batch.topicIndex(at: index)] = try await core.topic(batch.topic(at: index))
        }
        return entries
    }

    /// Throws when a record cannot be written; `bytes` stand in the transaction already.
    func check(_ batch: RecordBatch, _ topics: [TopicEntry?], bytes: Int) throws(LogError) {
        let limits = core.options.limits
        if bytes + batch.byteCount > limits.transactionBytesMax {
            throw LogError(
                .tooLarge,
                "\(bytes + batch.byteCount) bytes in one transaction: "
                    + "the log takes \(limits.transactionBytesMax)",
                hint: "commit more often", severity: .abortable, recovery: .fixInput)
        }
        for index in 0..<batch.count {
            guard let topic = topics[batch.topicIndex(at: index)] else { continue }
            if let partition = batch.partition(at: index) { _ = try topic.id(of: partition) }
            let key = batch.keyRange(at: index)
            if key == nil, topic.cleanup == .compact {
                throw LogError(
                    .invalidRecord, "a record without a key for the compacted topic \(topic.name)",
                    hint: "give it a key", severity: .abortable, recovery: .fixInput)
            }
            var bytes = (key?.count ?? 0) + (batch.valueRange(at: index)?.count ?? 0)
            for number in 0..<batch.headerCount(at: index) {
                let ranges = batch.headerRanges(at: index, number: number)
                bytes += ranges.name.count + ranges.value.count
            }
            if bytes > limits.recordBytesMax {
                throw .recordTooLarge(bytes, limit: limits.recordBytesMax, topic: topic.name)
            }
        }
    }

    /// Moves the records into blocks; `placed` hears of each record's partition and slot.
    func assemble(
        _ batch: RecordBatch, _ topics: [TopicEntry?], into assembler: inout BlockAssembler,
        placed: (Partition, BlockAssembler.Slot) -> Void
    ) {
        let now = Timestamp.now.milliseconds
        var rotation = topics.map {
            $0.map { core.directory.rotate($0.name, by: Int32(clamping: batch.count)) } ?? 0
        }
        let bytes = batch.bytes
        for index in 0..<batch.count {
            let number = batch.topicIndex(at: index)
            guard let topic = topics[number] else { continue }
            let count = Int32(topic.partitionIDs.count)
            let partition: Partition
            if let chosen = batch.partition(at: index) {
                partition = chosen
            } else if count == 1 {
                partition = Partition(0)
            } else if let key = batch.keyRange(at: index) {
                partition = KeyPartitioning.partition(key: bytes.span.extracting(key), count: count)
            } else {
                partition = Partition(rotation[number] % count)
                rotation[number] = (rotation[number] &+ 1) & 0x7fff_ffff
            }
            let slot = assembler.append(
                batch, index, partitionID: topic.partitionIDs[Int(partition.number)],
                timestamp: batch.timestamp(at: index)?.milliseconds ?? now)
            placed(partition, slot)
        }
    }
}

/// Writes outside transactions.
final class EmbeddedWriter: LogWriter {
    private let core: EmbeddedCore
    private let options: WriterOptions
    private let closed = Atomic<Bool>(false)
    /// What was posted and not settled.
    private let posted = Mutex<[(request: WriteRequest, topics: [TopicEntry?])]>([])

    init(_ core: EmbeddedCore, _ options: WriterOptions) {
        self.core = core
        self.options = options
    }

    func send(_ batch: RecordBatch) async throws(LogError) -> [RecordPlace] {
        try core.check()
        if closed.load(ordering: .acquiring) { throw .closed("the writer") }
        if batch.isEmpty { return [] }
        var slots: [(partition: Partition, slot: BlockAssembler.Slot)] = []
        slots.reserveCapacity(batch.count)
        let (request, topics) = try await request(batch) { partition, slot in
            slots.append((partition, slot))
        }
        let firsts = try await core.write.commit(request)
        core.maintenance.noteCommit(topics)
        var places: [RecordPlace] = []
        places.reserveCapacity(batch.count)
        for (index, (partition, slot)) in slots.enumerated() {
            places.append(
                RecordPlace(
                    TopicPartition(batch.topic(at: index), partition),
                    Offset(firsts[Int(slot.block)] + Int64(slot.index))))
        }
        return places
    }

    func post(_ batch: RecordBatch) async throws(LogError) {
        try core.check()
        if closed.load(ordering: .acquiring) { throw .closed("the writer") }
        if batch.isEmpty { return }
        let (request, topics) = try await request(batch) { _, _ in }
        posted.withLock { $0.append((request, topics)) }
        core.write.begin(request)
    }

    func settle() async throws(LogError) {
        let posted = posted.withLock { posted in
            defer { posted = [] }
            return posted
        }
        var failure: LogError?
        for (request, topics) in posted {
            do throws(LogError) {
                _ = try await core.write.end(request)
                core.maintenance.noteCommit(topics)
            } catch {
                if failure == nil { failure = error }
            }
        }
        guard let failure else { return }
        throw LogError(
            failure.code, failure.message, hint: failure.hint,
            severity: failure.severity == .fatal ? .fatal : .abortable, recovery: failure.recovery,
            cause: failure)
    }

    /// The batch as a request; `placed` hears of each record's partition and slot.
    private func request(
        _ batch: RecordBatch, placed: (Partition, BlockAssembler.Slot) -> Void
    ) async throws(LogError) -> (WriteRequest, [TopicEntry?]) {
        let placement = BatchPlacement(core: core)
        let topics = try await placement.topics(batch)
        try placement.check(batch, topics, bytes: 0)
        var assembler = BlockAssembler(limits: core.options.limits)
        placement.assemble(batch, topics, into: &assembler, placed: placed)
        let request = WriteRequest(blocks: assembler.finish(), deadline: .now + options.deliveryTimeout)
        return (request, topics)
    }

    func close(deadline: Duration) async {
        // What was posted is written, if it can be.
        if !closed.load(ordering: .acquiring) { _ = try? await settle() }
        closed.store(true, ordering: .releasing)
    }
}
