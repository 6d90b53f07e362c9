public import Basics

/// A named value beside a record's own: for what a reader needs before it opens the value.
public struct Header: Hashable, Sendable {
    /// The name; several headers of one record may share it.
    public var name: String
    /// The bytes.
    public var value: [UInt8]

    /// A header of bytes.
    public init(_ name: String, _ value: [UInt8]) {
        self.name = name
        self.value = value
    }

    /// A header of text, as UTF-8.
    public init(_ name: String, _ text: String) {
        self.init(name, Array(text.utf8))
    }
}

/// One record, owned: for topics of low rate (catalog, audit). The hot path works on `RecordBatch`.
public struct Record: Hashable, Sendable {
    /// The topic that it goes to or comes from.
    public var topic: TopicName
    /// Its partition; nil lets the writer choose by the key's hash (records without a key: any).
    public var partition: Partition?
    /// Its offset, once read from the log; nil before.
    public var offset: Offset?
    /// When it was written; nil lets the writer use its clock.
    public var timestamp: Timestamp?
    /// The key; on a compacted topic the last record of each key stays.
    public var key: [UInt8]?
    /// The value; nil is a tombstone.
    public var value: [UInt8]?
    /// The headers, in order.
    public var headers: [Header]

    /// A record to send, or one that was read.
    public init(
        topic: TopicName, partition: Partition? = nil, offset: Offset? = nil, timestamp: Timestamp? = nil,
        key: [UInt8]? = nil, value: [UInt8]?, headers: [Header] = []
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }
}
