internal import CRdKafka
internal import EventLog
internal import Synchronization

/// Owns a list of partitions with offsets and errors.
@safe struct PartitionList: ~Copyable {
    /// One partition of a list.
    struct Entry {
        var partition: TopicPartition
        /// The offset, or one of the special numbers below.
        var offset: Int64
        /// The error of this partition; 0 is none.
        var code: Int32
    }

    /// The first record.
    static let beginning: Int64 = -2
    /// After the last record.
    static let end: Int64 = -1
    /// What the group has committed.
    static let committed: Int64 = -1_001

    /// Only files of `Handles` use it.
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    /// Owns `pointer`.
    init(owning pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        unsafe self.pointer = pointer
        LiveHandles.others.add(1, ordering: .relaxed)
    }

    /// A list of `offsets`, in the partitions' order.
    init(_ offsets: [TopicPartition: Int64]) {
        unsafe self.init(owning: rd_kafka_topic_partition_list_new(Int32(clamping: offsets.count)))
        for (partition, offset) in offsets.sorted(by: { $0.key < $1.key }) {
            unsafe rd_kafka_topic_partition_list_add(
                pointer, partition.topic.text, partition.partition.number
            )
            .pointee.offset = offset
        }
    }

    /// A list of whole topics, to subscribe to.
    init(topics: [TopicName]) {
        unsafe self.init(owning: rd_kafka_topic_partition_list_new(Int32(clamping: topics.count)))
        for topic in topics { unsafe rd_kafka_topic_partition_list_add(pointer, topic.text, -1) }
    }

    deinit {
        unsafe rd_kafka_topic_partition_list_destroy(pointer)
        LiveHandles.others.subtract(1, ordering: .relaxed)
    }

    /// The partitions, in order.
    var entries: [Entry] { unsafe PartitionList.entries(of: pointer) }

    /// The partitions of a list that somebody else owns. Names that break the rule are left out.
    static func entries(of list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [Entry] {
        let count = unsafe Int(list.pointee.cnt)
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for index in 0..<count {
            let element = unsafe list.pointee.elems[index]
            guard let topic = try? TopicName(unsafe String(cString: element.topic)) else { continue }
            unsafe entries.append(
                Entry(
                    partition: TopicPartition(topic, element.partition), offset: element.offset,
                    code: element.err.rawValue))
        }
        return entries
    }

    /// The same for a list that may be written to.
    static func entries(of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> [Entry] {
        unsafe entries(of: UnsafePointer(list))
    }
}
