public import Basics

/// A failure that ends a scoring service.
public struct ScoringError: DescribedError, Equatable {
    /// What kind of failure.
    public struct Code: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The code called `name`.
        public init(_ name: String) { self.name = name }

        /// No version of the model can be run.
        public static let noModel = Code("no-model")
        /// The log failed; what was read and not committed is read again by the next instance.
        public static let log = Code("log")
        /// Another instance of the same name took over.
        public static let replaced = Code("replaced")
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
    public static func == (left: ScoringError, right: ScoringError) -> Bool { left.code == right.code }
}
