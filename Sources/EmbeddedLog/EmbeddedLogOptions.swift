/// How the file of an embedded log is opened.
public struct EmbeddedLogOptions: Sendable {
    /// What an acknowledged record survives.
    public enum Durability: Sendable {
        /// A power cut: every commit waits for the disk.
        case full
        /// The end of every process; a power cut may lose the last commits, never the file.
        case normal
    }

    /// What an acknowledged record survives.
    public var durability = Durability.full
    /// The numbers that bound the log.
    public var limits = EmbeddedLogLimits()

    /// Waits for the disk at every commit.
    public init() {}
}

/// The numbers that bound an embedded log.
public struct EmbeddedLogLimits: Sendable {
    /// Bytes of key, value and headers of one record, like Kafka's default.
    public var recordBytesMax = 1 << 20
    /// Bytes of one batch, or of one transaction, which is kept in memory until its commit.
    public var transactionBytesMax = 256 << 20
    /// Partitions of one topic.
    public var partitionsMax: Int32 = 1_000
    /// Partitions of all topics together.
    public var partitionsTotalMax: Int64 = 1 << 20
    /// Records of one block.
    public var blockRecordsMax = 4_096
    /// Bytes of one block, but for a single record that is larger.
    public var blockBytesMax = 128 << 10
    /// How often a waiting reader looks by itself, should a wake-up be lost; also how often the dead are
    /// looked for.
    public var checkInterval = Duration.milliseconds(100)
    /// A member that has not called `read` for so long is taken for stuck.
    public var pollTimeout = Duration.seconds(300)
    /// How often old records are looked for.
    public var maintenanceInterval = Duration.seconds(30)
    /// A compacted topic is compacted by itself once so many of its records came after the last
    /// compaction…
    public var dirtyRecordsMin: Int64 = 1_000
    /// … and they are this share of all.
    public var dirtyShare = 0.5
    /// How long a tombstone stays, so that every reader can see it, unless the topic says so in
    /// `delete.retention.ms`.
    public var tombstoneTime = Duration.seconds(24 * 3_600)
    /// Bytes of keys that one pass of compaction remembers.
    public var compactionKeyBytesMax = 256 << 20
    /// Bytes of blocks that one transaction of compaction rewrites; writers wait that long.
    public var compactionStepBytes = 4 << 20

    /// The defaults.
    public init() {}
}
