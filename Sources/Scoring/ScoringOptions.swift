internal import Basics
public import EventLog
public import Features

/// What a scoring service promises about its output.
public enum Delivery: String, Sendable, CaseIterable {
    /// Each event ends as exactly one prediction or dead letter for a `read_committed` reader, over crashes
    /// too.
    case exactlyOnce = "exactly-once"
    /// None is lost; after a crash some may come twice. Less latency: nothing waits for a transaction.
    case atLeastOnce = "at-least-once"
}

/// How a scoring service runs.
public struct ScoringOptions: Sendable {
    /// The topic with the events.
    public var input: TopicName
    /// The topic for predictions.
    public var output: TopicName
    /// The topic for events that cannot be scored.
    public var deadLetter: TopicName
    /// The consumer group; its members share the partitions of the input.
    public var group: String
    /// The stable name of this instance (`InstanceSlot`).
    public var instance: String
    /// The promise about the output.
    public var delivery: Delivery
    /// Ends when every partition has been read to where it ended at the start.
    public var once: Bool
    /// How events are laid out.
    public var layout: EventLayout
    /// Limits and timeouts.
    public var limits: ScoringLimits

    /// A service that reads `input` as `group`.
    public init(
        input: TopicName, output: TopicName, deadLetter: TopicName, group: String, instance: String,
        delivery: Delivery = .exactlyOnce, once: Bool = false, layout: EventLayout = EventLayout(),
        limits: ScoringLimits = ScoringLimits()
    ) {
        self.input = input
        self.output = output
        self.deadLetter = deadLetter
        self.group = group
        self.instance = instance
        self.delivery = delivery
        self.once = once
        self.layout = layout
        self.limits = limits
    }
}

/// The bounds of a scoring service.
public struct ScoringLimits: Sendable {
    /// Records that one read may bring; one batch is scored with one version.
    public var batchRecordsMax = 8_192
    /// Bytes that one read may bring.
    public var batchBytesMax = 8 << 20
    /// Input records of one transaction; more wait until the transaction before is committed.
    public var transactionRecordsMax = 100_000
    /// How long a transaction gathers while much more input waits. Without transactions, the time between two
    /// commits of offsets.
    public var transactionTime: Duration = .milliseconds(100)
    /// Rows scored together: small enough for the rows to stay in the processor's cache.
    public var blockRowsMax = 1_024
    /// What an event may ask for; a larger one is a dead letter.
    public var features = FeatureLimits()
    /// Bytes of a dead letter's value; of a larger one the beginning is kept, for a record of more than 1 MB
    /// is refused by a broker and would stop the stream.
    public var deadLetterBytesMax = 900_000
    /// How long a transaction may take to commit before the service gives up.
    public var commitDeadline: Duration = .seconds(60)
    /// How long committing what was read may take once the service was asked to stop.
    public var stopDeadline: Duration = .seconds(10)
    /// How long closing may take.
    public var closeDeadline: Duration = .seconds(5)
    /// How long a read waits while nothing is open.
    public var idleWait: Duration = .milliseconds(100)
    /// The silence after which the group gives the partitions of this instance away.
    public var sessionTimeout: Duration = .seconds(10)
    /// After how long the log aborts a transaction of a silent writer.
    public var transactionTimeout: Duration = .seconds(10)

    /// The default bounds.
    public init() {}
}
