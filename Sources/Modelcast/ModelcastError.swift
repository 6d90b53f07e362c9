public import Basics

/// A publication that did not take place, or a version that this process will not run.
///
/// A failure of a layer below keeps its code's name, message, hint and recovery, with the place added in
/// front and itself as the cause.
public struct ModelcastError: DescribedError, Equatable {
    /// What kind of failure; compared by name, so that new kinds break nobody.
    public struct Code: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The code called `name`.
        public init(_ name: String) { self.name = name }

        /// The golden rows do not come out as recorded.
        public static let goldenMismatch = Code("golden-mismatch")
        /// The golden rows are no events of the schema.
        public static let goldenUnreadable = Code("golden-unreadable")
        /// Schema, pipeline and model do not fit each other.
        public static let shapeMismatch = Code("shape-mismatch")
        /// The event cannot be scored.
        public static let eventRefused = Code("event-refused")
        /// The request to publish makes no sense.
        public static let invalidRequest = Code("invalid-request")
        /// The version is published, but the alias could not be moved to it.
        public static let aliasNotMoved = Code("alias-not-moved")
        /// No version became live in time.
        public static let notLive = Code("not-live")
        /// The subscription or publisher is closed.
        public static let closed = Code("closed")
    }

    /// The kind of failure.
    public let code: Code
    public let message: String
    public let hint: String
    public let recovery: Recovery
    public let cause: (any Error)?

    /// A failure of kind `code`.
    public init(
        _ code: Code, _ message: String, hint: String = "", recovery: Recovery = .fixInput,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.recovery = recovery
        self.cause = cause
    }

    /// A failure of a layer below, at `place`.
    public init(_ error: any DescribedError, at place: String) {
        self.init(
            Code(error.codeName), "\(place): \(error.message)", hint: error.hint, recovery: error.recovery,
            cause: error)
    }

    public var codeName: String { code.name }

    /// Errors are equal when their codes are.
    public static func == (left: ModelcastError, right: ModelcastError) -> Bool { left.code == right.code }
}
