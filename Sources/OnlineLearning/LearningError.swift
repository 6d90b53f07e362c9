public import Basics

/// A failure that ends a learner.
public struct LearningError: DescribedError, Equatable {
    /// What kind of failure.
    public struct Code: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The code called `name`.
        public init(_ name: String) { self.name = name }

        /// There is no version of the model to take schema and pipeline from.
        public static let noBase = Code("no-base")
        /// The stored state of the learner cannot be read.
        public static let badState = Code("bad-state")
        /// Another learner published a version of the same model meanwhile.
        public static let replaced = Code("replaced")
        /// The log failed.
        public static let log = Code("log")
        /// A version could not be published.
        public static let publication = Code("publication")
    }

    /// The kind of failure.
    public let code: Code
    public let message: String
    public let hint: String
    public let recovery: Recovery
    public let cause: (any Error)?

    /// A failure of kind `code`.
    public init(
        _ code: Code, _ message: String, hint: String = "", recovery: Recovery, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.recovery = recovery
        self.cause = cause
    }

    public var codeName: String { code.name }

    /// Errors are equal when their codes are.
    public static func == (left: LearningError, right: LearningError) -> Bool { left.code == right.code }
}
