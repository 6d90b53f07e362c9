public import Basics

/// A failure of the log, the same for every engine.
///
/// `severity` says what the failed call leaves behind, in the words of the Kafka protocol: after a
/// *retriable* error the same call may be made again; after an *abortable* one the open transaction must be
/// aborted and its input read again; after a *fatal* one the writer or reader must be closed and a new one
/// made.
public struct LogError: DescribedError, Equatable {
    /// What kind of failure; compared by name, so that new kinds break nobody.
    public struct Code: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The code called `name`.
        public init(_ name: String) { self.name = name }

        /// The name of a topic breaks the rule.
        public static let invalidTopic = Code("invalid-topic")
        /// No such topic, partition or offset.
        public static let notFound = Code("not-found")
        /// The topic exists with other settings than asked for.
        public static let topicMismatch = Code("topic-mismatch")
        /// A record, batch or transaction is larger than the log takes.
        public static let tooLarge = Code("too-large")
        /// No broker, or the file cannot be reached, right now.
        public static let unavailable = Code("unavailable")
        /// The log did not answer before the deadline; what was sent may or may not have been written.
        public static let timedOut = Code("timed-out")
        /// Another instance with the same transactional or instance name has taken over.
        public static let fenced = Code("fenced")
        /// The transaction cannot be committed (an error before, or partitions were taken away meanwhile).
        public static let transactionAborted = Code("transaction-aborted")
        /// The partition is no longer assigned to this reader.
        public static let notAssigned = Code("not-assigned")
        /// User, password, certificate or permission was refused.
        public static let denied = Code("denied")
        /// A broker URL or a property has no meaning.
        public static let configuration = Code("configuration")
        /// Stored bytes contradict their own description.
        public static let corrupt = Code("corrupt")
        /// No space, or another failure of the disk.
        public static let storage = Code("storage")
        /// The call was cancelled, or the handle is closed.
        public static let closed = Code("closed")
        /// The engine said something that this program does not know.
        public static let engine = Code("engine")
    }

    /// What the failed call leaves behind.
    public enum Severity: String, Sendable {
        /// Make the same call again.
        case retriable
        /// Abort the open transaction, go back to its first input record, begin again.
        case abortable
        /// Close the writer or reader; make a new one.
        case fatal
    }

    /// The kind of failure.
    public let code: Code
    public let message: String
    public let hint: String
    /// What the failed call leaves behind.
    public let severity: Severity
    public let recovery: Recovery
    public let cause: (any Error)?

    /// A failure of kind `code`.
    public init(
        _ code: Code, _ message: String, hint: String = "", severity: Severity = .fatal, recovery: Recovery,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.severity = severity
        self.recovery = recovery
        self.cause = cause
    }

    public var codeName: String { code.name }

    /// Errors are equal when their codes are.
    public static func == (left: LogError, right: LogError) -> Bool { left.code == right.code }

    /// The handle was closed, or the waiting task cancelled.
    public static func closed(_ what: String) -> LogError {
        LogError(.closed, "\(what) is closed", severity: .fatal, recovery: .restart)
    }
}
