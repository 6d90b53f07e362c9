internal import CRdKafka
internal import EventLog
internal import Synchronization

/// Owns an event that was taken from a queue, and the messages inside it.
@safe struct EventHandle: ~Copyable {
    /// What an event is about; kinds that a newer library may add are `other`.
    enum Kind {
        case deliveryReports
        case messages
        case error
        case rebalance
        case offsetCommit
        case other
    }

    /// Only files of `Handles` use it.
    let pointer: OpaquePointer
    #if DEBUG
        private let held: HeldObjects
    #endif

    /// Owns `pointer`, an event of the client that holds `held`.
    init(owning pointer: OpaquePointer, of held: HeldObjects) {
        unsafe self.pointer = pointer
        #if DEBUG
            self.held = held
            held.hold()
            LiveHandles.events.add(1, ordering: .relaxed)
        #endif
    }

    deinit {
        unsafe rd_kafka_event_destroy(pointer)
        #if DEBUG
            held.letGo()
            LiveHandles.events.subtract(1, ordering: .relaxed)
        #endif
    }

    /// What the event is about.
    var kind: Kind {
        switch unsafe rd_kafka_event_type(pointer) {
        case RD_KAFKA_EVENT_DR: .deliveryReports
        case RD_KAFKA_EVENT_FETCH: .messages
        case RD_KAFKA_EVENT_ERROR: .error
        case RD_KAFKA_EVENT_REBALANCE: .rebalance
        case RD_KAFKA_EVENT_OFFSET_COMMIT: .offsetCommit
        default: .other
        }
    }

    /// The event's error code; 0 is none.
    var code: Int32 { unsafe rd_kafka_event_error(pointer).rawValue }

    /// The event's error, with librdkafka's words.
    var failure: KafkaFailure {
        let text = unsafe rd_kafka_event_error_string(pointer).map { unsafe String(cString: $0) } ?? ""
        return unsafe KafkaFailure(
            code: code, text: text, isFatal: rd_kafka_event_error_is_fatal(pointer) != 0)
    }

    /// The next message inside; valid while the event is.
    borrowing func nextMessage() -> MessageView? {
        guard let message = unsafe rd_kafka_event_message_next(pointer) else { return nil }
        return unsafe MessageView(message)
    }

    /// The partition and offset that an error is about.
    borrowing func place() -> RecordPlace? {
        guard let entry = unsafe rd_kafka_event_topic_partition(pointer) else { return nil }
        defer { unsafe rd_kafka_topic_partition_destroy(entry) }
        guard let name = try? TopicName(unsafe String(cString: entry.pointee.topic)) else { return nil }
        return unsafe RecordPlace(
            TopicPartition(name, entry.pointee.partition), Offset(entry.pointee.offset))
    }

    /// The partitions that a rebalance or a commit is about.
    borrowing func partitions() -> [PartitionList.Entry] {
        guard let list = unsafe rd_kafka_event_topic_partition_list(pointer) else { return [] }
        return unsafe PartitionList.entries(of: list)
    }
}
