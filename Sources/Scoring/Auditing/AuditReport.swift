public import EventLog

/// What an audit of predictions found: how many events, what became of them, and the first places where
/// something is wrong.
public struct AuditReport: Sendable, Equatable {
    /// Something that must not be.
    public struct Offence: Sendable, Equatable {
        /// What is wrong.
        public enum Kind: String, Sendable, CaseIterable {
            /// An event that was passed by: neither a prediction nor a dead letter names it.
            case lost
            /// A prediction or dead letter of an event that has one already.
            case doubled
            /// A prediction or dead letter of an event that does not exist.
            case unfounded
            /// A prediction or dead letter that is not what its version makes of the event.
            case differing
            /// A prediction or dead letter of a version that cannot be had.
            case unknownVersion
            /// A record that is neither a prediction nor a dead letter of ours.
            case unreadable
        }

        /// What is wrong.
        public var kind: Kind
        /// The event's partition and offset; of an unreadable record, its own.
        public var partition: Int32
        /// The event's offset.
        public var offset: Int64
        /// The version that the prediction or dead letter names; nil where there is none.
        public var version: Int?
        /// What was found, and where.
        public var detail: String
    }

    /// Events of one partition of the input.
    public struct PartitionCount: Sendable, Equatable {
        /// The partition.
        public var partition: Int32
        /// Its events.
        public var events = 0
        /// The first event's offset; nil without events.
        public var first: Int64?
        /// The last event's offset; nil without events.
        public var last: Int64?
        /// Where the group stands: the next event to score; nil when it has committed nothing here.
        public var committed: Int64?
        /// Events that the group has still to score.
        public var notYetScored = 0
    }

    /// Predictions and dead letters of one version.
    public struct VersionCount: Sendable, Equatable {
        /// The version.
        public var version: Int
        /// Predictions that name it.
        public var predictions = 0
        /// Dead letters that name it.
        public var deadLetters = 0
    }

    /// Events that were read.
    public var events = 0
    /// Predictions of these events.
    public var predictions = 0
    /// Dead letters of these events.
    public var deadLetters = 0
    /// Dead letters by their reason.
    public var reasons: [String: Int] = [:]
    /// Events behind which the group has not come yet: late, not lost.
    public var notYetScored = 0
    /// Offences by kind; a kind without any is absent.
    public var counts: [Offence.Kind: Int] = [:]
    /// The first offences of each kind.
    public var offences: [Offence] = []
    /// Predictions and dead letters that were computed again.
    public var recomputed = 0
    /// Predictions and dead letters of other models, or of another input topic: not looked at.
    public var elsewhere = 0
    /// Predictions and dead letters of events outside the range that was asked for, or that the log has
    /// removed by their age: not looked at.
    public var outside = 0
    /// By version, ascending.
    public var versions: [VersionCount] = []
    /// By partition of the input, ascending.
    public var partitions: [PartitionCount] = []
    /// Partitions of the outputs in which a transaction stayed open, so that what stands behind it cannot be
    /// seen: while there is one, events without an outcome are not called lost.
    public var openTransactions: [TopicPartition] = []

    /// Nothing was read.
    public init() {}

    /// How many offences of a kind there are.
    public func count(_ kind: Offence.Kind) -> Int { counts[kind] ?? 0 }

    /// Whether each event that was passed by ended exactly once, as its version has it.
    public var isClean: Bool { counts.values.allSatisfy { $0 == 0 } && openTransactions.isEmpty }

    /// Notes an offence; keeps the first `limit` of each kind.
    mutating func note(_ offence: Offence, keeping limit: Int) {
        let before = counts[offence.kind, default: 0]
        counts[offence.kind] = before + 1
        if before < limit { offences.append(offence) }
    }
}
