public import EventLog

/// An engine under test: how to open handles on one and the same log, and what the engine can do.
public struct ConformanceSubject: Sendable {
    /// What not every engine, or not every stand-in for one, can do.
    public struct Capabilities: OptionSet, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) { self.rawValue = rawValue }

        /// `create` makes topics and describes what there is.
        public static let createsTopics = Capabilities(rawValue: 1 << 0)
        /// `compact` of the subject is set.
        public static let compaction = Capabilities(rawValue: 1 << 1)
        /// Readers do not see records of aborted transactions.
        public static let hidesAborted = Capabilities(rawValue: 1 << 2)
        /// Transactions at all.
        public static let transactions = Capabilities(rawValue: 1 << 3)
        /// A newer transactional writer fences an older one of the same id.
        public static let fencesWriters = Capabilities(rawValue: 1 << 4)
        /// Groups with several members.
        public static let groups = Capabilities(rawValue: 1 << 5)
        /// Members with a name that stays.
        public static let staticMembers = Capabilities(rawValue: 1 << 6)
        /// `kill` of the subject is set.
        public static let kills = Capabilities(rawValue: 1 << 7)

        /// Everything.
        public static let all = Capabilities(rawValue: (1 << 8) - 1)
    }

    /// What failures call it.
    public var name: String
    /// What it can do.
    public var capabilities: Capabilities
    /// How long anything may take that is not instant: a rebalance, a wake-up.
    public var patience: Duration
    /// The session timeout that group members ask for.
    public var sessionTimeout: Duration
    /// Opens a handle. All handles are of one log, each as another process would hold it.
    public var open: @Sendable () async throws -> any EventLog
    /// Makes a topic, for engines without `createsTopics`; nil: by `EventLog.create`.
    public var makeTopic: (@Sendable (any EventLog, TopicDefinition) async throws -> Void)?
    /// Stops a handle, and what was made from it, as if its process were killed.
    public var kill: (@Sendable (any EventLog) async throws -> Void)?
    /// Removes all but the last record of each key, and waits until that is done.
    public var compact: (@Sendable (any EventLog, TopicName) async throws -> Void)?

    /// An engine under test.
    public init(
        name: String, capabilities: Capabilities, patience: Duration = .seconds(20),
        sessionTimeout: Duration = .seconds(6), open: @Sendable @escaping () async throws -> any EventLog,
        makeTopic: (@Sendable (any EventLog, TopicDefinition) async throws -> Void)? = nil,
        kill: (@Sendable (any EventLog) async throws -> Void)? = nil,
        compact: (@Sendable (any EventLog, TopicName) async throws -> Void)? = nil
    ) {
        self.name = name
        self.capabilities = capabilities
        self.patience = patience
        self.sessionTimeout = sessionTimeout
        self.open = open
        self.makeTopic = makeTopic
        self.kill = kill
        self.compact = compact
    }

    /// The in-memory log.
    public static func inMemory() -> ConformanceSubject {
        let log = InMemoryLog()
        return ConformanceSubject(
            name: "in-memory", capabilities: .all, sessionTimeout: .milliseconds(300),
            open: { log.anotherProcess() },
            kill: { handle in (handle as? InMemoryLog)?.kill() },
            compact: { _, topic in try log.compact(topic) })
    }
}
