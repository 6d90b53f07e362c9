public import Basics
public import Crypto
public import EventLog
public import Snapshots

/// What one instance of a service runs, since when, and what it refused: the value of a record of the fleet
/// topic, under the instance's name.
public struct FleetStatus: Hashable, Sendable {
    /// One model that the instance follows.
    public struct Subscription: Hashable, Sendable {
        /// What it was told to follow.
        public var reference: ModelReference
        /// Where it stands: `waiting`, `fetching`, `verifying`, `warming`, `live`, `refused`.
        public var state: String
        /// The version that it runs; nil before the first.
        public var version: ModelVersion?
        /// The snapshot's digest of that version.
        public var digest: Digest?
        /// Since when it runs that version.
        public var since: Timestamp?
        /// The version that it is to run, when that is another one.
        public var wanted: ModelVersion?
        /// What it refused, the newest last.
        public var refused: [Refusal]
        /// Records of the catalog that may concern the model and that it did not take in, the newest last.
        public var skipped: [SkippedRecord]

        /// What an instance does with one model.
        public init(
            reference: ModelReference, state: String, version: ModelVersion? = nil, digest: Digest? = nil,
            since: Timestamp? = nil, wanted: ModelVersion? = nil, refused: [Refusal] = [],
            skipped: [SkippedRecord] = []
        ) {
            self.reference = reference
            self.state = state
            self.version = version
            self.digest = digest
            self.since = since
            self.wanted = wanted
            self.refused = refused
            self.skipped = skipped
        }
    }

    /// A record of the catalog that an instance did not take in, because it was damaged or breaks the rules.
    public struct SkippedRecord: Hashable, Sendable {
        /// Where it stands in the catalog's partition.
        public var offset: Offset
        /// What was wrong.
        public var reason: String
        /// When the instance met it.
        public var at: Timestamp

        /// A record that was not taken in.
        public init(offset: Offset, reason: String, at: Timestamp) {
            self.offset = offset
            self.reason = reason
            self.at = at
        }
    }

    /// A version that an instance would not run.
    public struct Refusal: Hashable, Sendable {
        /// The version.
        public var version: ModelVersion
        /// Its snapshot's digest.
        public var digest: Digest
        /// The kind of failure, such as `golden-mismatch`.
        public var code: String
        /// What was wrong.
        public var message: String
        /// What to do about it.
        public var hint: String
        /// When.
        public var at: Timestamp

        /// A refusal.
        public init(
            version: ModelVersion, digest: Digest, code: String, message: String, hint: String, at: Timestamp
        ) {
            self.version = version
            self.digest = digest
            self.code = code
            self.message = message
            self.hint = hint
            self.at = at
        }
    }

    /// The instance's name, which is the record's key.
    public var instance: String
    /// The machine.
    public var host: String
    /// The process.
    public var process: Int
    /// When the instance started.
    public var startedAt: Timestamp
    /// When this was written.
    public var at: Timestamp
    /// The models that it follows.
    public var subscriptions: [Subscription]

    /// The status of an instance.
    public init(
        instance: String, host: String, process: Int, startedAt: Timestamp, at: Timestamp,
        subscriptions: [Subscription]
    ) {
        self.instance = instance
        self.host = host
        self.process = process
        self.startedAt = startedAt
        self.at = at
        self.subscriptions = subscriptions
    }
}
