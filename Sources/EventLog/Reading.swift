public import Basics

/// Where to start reading a partition.
public enum StartPosition: Hashable, Sendable {
    /// At the first record that is still there.
    case earliest
    /// After the last record.
    case latest
    /// At this offset, or the first record after it.
    case offset(Offset)
}

/// The most that one read returns. A read returns at least one record where there is one, whatever its size.
public struct ReadLimit: Hashable, Sendable {
    /// Records.
    public var records: Int
    /// Bytes of keys, values and headers.
    public var bytes: Int

    /// At most `records` records of about `bytes` bytes together.
    public init(records: Int = 10_000, bytes: Int = 16 << 20) {
        self.records = records
        self.bytes = bytes
    }
}

/// What a read brought.
public enum ReadOutcome: Sendable, Hashable {
    /// Records were added to the batch; in one partition they keep the log's order.
    case records
    /// The reader has reached the end of these partitions; the value is where it stands. Sent once each time
    /// an end is reached, after the records before it.
    case caughtUp([TopicPartition: Offset])
    /// The group gave these partitions to this reader; reading starts at their committed offsets.
    case assigned([TopicPartition])
    /// The group takes these partitions back. Finish what was read from them and commit, then read on: the
    /// next call to `read` gives them up. With `lost`, they already belong to somebody else and nothing can
    /// be committed.
    case revoking([TopicPartition], lost: Bool)
    /// Nothing came in time.
    case idle
}

/// How a reader without a group reads.
public struct ReaderOptions: Sendable, Hashable {
    /// The partitions and where to start each.
    public var start: [TopicPartition: StartPosition]
    /// Hides records of open and aborted transactions.
    public var committedOnly: Bool
    /// Reads ahead for rate; false for a reader that seeks to single records.
    public var readsAhead: Bool
    /// How threads of this reader's own stand towards others. In the background an engine also reads less
    /// ahead, so that the log beside it has no bursts of work.
    public var priority: ThreadPriority

    /// Reads the partitions of `start`.
    public init(
        start: [TopicPartition: StartPosition], committedOnly: Bool = true, readsAhead: Bool = true,
        priority: ThreadPriority = .normal
    ) {
        self.start = start
        self.committedOnly = committedOnly
        self.readsAhead = readsAhead
        self.priority = priority
    }
}

/// How a member of a group reads.
public struct GroupOptions: Sendable, Hashable {
    /// The name of the group.
    public var group: String
    /// The topics.
    public var topics: [TopicName]
    /// A name that stays over restarts: who comes back under it gets the same partitions at once, and fences
    /// the one that had it. Nil: a member for once, whose death the group notices only after the session
    /// timeout.
    public var instance: String?
    /// Where to start when the group has no offset for a partition.
    public var start: StartPosition
    /// How long the group waits for a silent member.
    public var sessionTimeout: Duration
    /// Hides records of open and aborted transactions.
    public var committedOnly: Bool

    /// A member of `group` that reads `topics`.
    public init(
        group: String, topics: [TopicName], instance: String? = nil, start: StartPosition = .earliest,
        sessionTimeout: Duration = .seconds(10), committedOnly: Bool = true
    ) {
        self.group = group
        self.topics = topics
        self.instance = instance
        self.start = start
        self.sessionTimeout = sessionTimeout
        self.committedOnly = committedOnly
    }
}

/// Reads records. One task at a time may call `read`; the other methods are safe from any thread.
public protocol LogReader: AnyObject, Sendable {
    /// Adds what there is to `batch`, which the caller has emptied: waits up to `wait` for the first record
    /// (or another outcome), then takes what is already here without waiting on. Pull is the back-pressure:
    /// nobody calls, little is read ahead. When it throws, nothing was taken: a later read brings it.
    func read(into batch: inout RecordBatch, limit: ReadLimit, wait: Duration) async throws(LogError)
        -> ReadOutcome

    /// Continues at `offsets`: the next record read of each partition is the first at or after its offset.
    /// Records that were read ahead are dropped. Partitions that this reader does not have are a
    /// `notAssigned`.
    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError)

    /// Leaves the group, if any, and frees the reader. Returns by `deadline` even when no broker answers.
    func close(deadline: Duration) async
}

/// Reads the partitions that it is told.
public protocol PartitionReader: LogReader {}

/// Reads its share of a group's partitions.
public protocol GroupReader: LogReader {
    /// The group.
    var group: String { get }

    /// The partitions that this reader has now.
    func assignment() async -> [TopicPartition]

    /// Commits `offsets` (the next record to read) without a transaction. Throws `notAssigned` or `fenced`
    /// when they are another member's by now.
    func commit(_ offsets: [TopicPartition: Offset]) async throws(LogError)

    /// Records between where this reader stands and the end, by partition, as last seen; absent where
    /// unknown.
    func lag() async -> [TopicPartition: Int64]
}
