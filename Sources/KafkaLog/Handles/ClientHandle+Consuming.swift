internal import CRdKafka
internal import EventLog

extension ClientHandle {
    // MARK: Partitions by name

    /// Starts to fetch a partition into `queue`. Returns an error code, or 0.
    borrowing func start(
        _ topic: TopicHandle, _ partition: Partition, at offset: Int64, into queue: borrowing QueueHandle
    ) -> Int32 {
        let outcome = unsafe rd_kafka_consume_start_queue(
            topic.pointer, partition.number, offset, queue.pointer)
        return outcome == 0 ? 0 : rd_kafka_last_error().rawValue
    }

    /// Stops fetching a partition.
    borrowing func stop(_ topic: TopicHandle, _ partition: Partition) {
        _ = unsafe rd_kafka_consume_stop(topic.pointer, partition.number)
    }

    // MARK: Groups

    /// The queue of everything that a member of a group hears, the client's own events included.
    borrowing func consumerQueue() -> QueueHandle? {
        _ = unsafe rd_kafka_poll_set_consumer(pointer)
        guard let queue = unsafe rd_kafka_queue_get_consumer(pointer) else { return nil }
        return unsafe QueueHandle(owning: queue, of: held)
    }

    /// Joins the group for `topics`. Returns an error code, or 0.
    borrowing func subscribe(_ topics: [TopicName]) -> Int32 {
        let list = PartitionList(topics: topics)
        return unsafe rd_kafka_subscribe(pointer, list.pointer).rawValue
    }

    /// Takes the partitions that the group gave; offsets may name where to start.
    borrowing func assign(_ offsets: [TopicPartition: Int64]) -> KafkaFailure? {
        let list = PartitionList(offsets)
        if isCooperative {
            return unsafe RichError.take(rd_kafka_incremental_assign(pointer, list.pointer))
        }
        return failure(unsafe rd_kafka_assign(pointer, list.pointer))
    }

    /// Gives up the partitions that the group takes back.
    borrowing func unassign(_ partitions: [TopicPartition]) -> KafkaFailure? {
        if isCooperative {
            let list = PartitionList(
                Dictionary(uniqueKeysWithValues: partitions.map { ($0, PartitionList.committed) }))
            return unsafe RichError.take(rd_kafka_incremental_unassign(pointer, list.pointer))
        }
        return failure(unsafe rd_kafka_assign(pointer, nil))
    }

    /// Whether the partitions that are taken back already belong to somebody else.
    var hasLostAssignment: Bool { unsafe rd_kafka_assignment_lost(pointer) != 0 }

    /// What the group has committed for `partitions`, waiting up to `milliseconds`. Throws librdkafka's code.
    borrowing func committed(
        _ partitions: [TopicPartition], milliseconds: Int32
    ) -> Result<[PartitionList.Entry], KafkaFailure> {
        let list = PartitionList(
            Dictionary(uniqueKeysWithValues: partitions.map { ($0, PartitionList.committed) }))
        let code = unsafe rd_kafka_committed(pointer, list.pointer, milliseconds)
        if let failure = failure(code) { return .failure(failure) }
        return .success(list.entries)
    }

    /// Asks the group to commit `offsets`; the outcome arrives in `queue`. Returns an error code, or 0.
    borrowing func commit(_ offsets: [TopicPartition: Offset], into queue: borrowing QueueHandle) -> Int32 {
        let list = PartitionList(offsets.mapValues(\.number))
        return unsafe rd_kafka_commit_queue(pointer, list.pointer, queue.pointer, nil, nil).rawValue
    }

    /// Begins to leave the group; rebalances that this causes arrive in `queue`.
    borrowing func beginLeaving(into queue: borrowing QueueHandle) -> KafkaFailure? {
        unsafe RichError.take(rd_kafka_consumer_close_queue(pointer, queue.pointer))
    }

    /// Whether the group has been left.
    var hasLeft: Bool { unsafe rd_kafka_consumer_closed(pointer) != 0 }

    /// This member's place in the group, serialised for `sendOffsets`; nil outside a group.
    borrowing func membership() -> [UInt8]? {
        guard let metadata = unsafe rd_kafka_consumer_group_metadata(pointer) else { return nil }
        defer { unsafe rd_kafka_consumer_group_metadata_destroy(metadata) }
        var buffer: UnsafeMutableRawPointer?
        var size = 0
        let failure = unsafe RichError.take(
            rd_kafka_consumer_group_metadata_write(metadata, &buffer, &size))
        guard failure == nil, let buffer = unsafe buffer else { return nil }
        defer { unsafe rd_kafka_mem_free(nil, buffer) }
        return unsafe Array(UnsafeRawBufferPointer(start: buffer, count: size))
    }

    // MARK: Both

    /// Moves the next read of partitions, and drops what was fetched ahead. Waits up to `milliseconds`.
    borrowing func seek(
        _ offsets: [TopicPartition: Offset], milliseconds: Int32
    ) -> Result<[PartitionList.Entry], KafkaFailure> {
        let list = PartitionList(offsets.mapValues(\.number))
        if let failure = unsafe RichError.take(
            rd_kafka_seek_partitions(pointer, list.pointer, milliseconds))
        {
            return .failure(failure)
        }
        return .success(list.entries)
    }

    /// The end of a partition as the last fetch told it; nil before the first.
    borrowing func knownEnd(of partition: TopicPartition) -> Int64? {
        var low: Int64 = 0
        var high: Int64 = 0
        let code = unsafe rd_kafka_get_watermark_offsets(
            pointer, partition.topic.text, partition.partition.number, &low, &high)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
    }

    /// Makes the thread that fetches `partition` look at its queue again: asking its broker for anything does
    /// that. Waits a millisecond for the answer, which does not matter. (`rd_kafka_query_watermark_offsets`
    /// would not do: without a broker it outlasts its time limit.)
    borrowing func wakeFetcher(of partition: TopicPartition) {
        let list = PartitionList([partition: PartitionList.end])
        _ = unsafe rd_kafka_offsets_for_times(pointer, list.pointer, 1)
    }

    private var isCooperative: Bool {
        guard let name = unsafe rd_kafka_rebalance_protocol(pointer) else { return false }
        return unsafe String(cString: name) == "COOPERATIVE"
    }

    private borrowing func failure(_ code: rd_kafka_resp_err_t) -> KafkaFailure? {
        code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaFailure(code: code.rawValue)
    }
}
