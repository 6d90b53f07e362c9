public import Basics
internal import SQLite

/// A failure of file scoring, of a batch run or of the prediction store.
///
/// A bad row is none: it ends as a reject with its line and reason, and the rest goes on.
public struct BatchError: DescribedError, Equatable {
    /// What kind of failure; compared by name.
    public struct Code: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The code called `name`.
        public init(_ name: String) { self.name = name }

        /// The input cannot be read, or the output not written; the cause says why.
        public static let file = Code("batch-file")
        /// The input has no column of the key's name.
        public static let keyColumn = Code("batch-key-column")
        /// None of the model's features is in the input.
        public static let columns = Code("batch-columns")
        /// The input's bytes are not those that the run began with.
        public static let inputChanged = Code("batch-input-changed")
        /// The store's file cannot be read or written; the cause says why.
        public static let store = Code("prediction-store")
        /// No run has that name.
        public static let unknownRun = Code("batch-run-unknown")
        /// Several runs begin with that name.
        public static let ambiguousRun = Code("batch-run-ambiguous")
        /// The run's state does not allow it.
        public static let state = Code("batch-run-state")
        /// The SQL would change the store, or is more than one statement.
        public static let notReadOnly = Code("query-not-read-only")
        /// The query failed or took longer than its time limit.
        public static let query = Code("query")
        /// It was asked to stop; what is committed stays, and the same command goes on.
        public static let stopped = Code("batch-stopped")
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

    public var codeName: String { code.name }

    /// Errors are equal when their codes are.
    public static func == (left: BatchError, right: BatchError) -> Bool { left.code == right.code }

    /// `error` as one of this module: itself, or the cause of a failure of kind `code` with its message and
    /// remedy.
    static func wrap(_ error: any Error, as code: Code) -> BatchError {
        if let own = error as? BatchError { return own }
        guard let described = error as? any DescribedError else {
            return BatchError(code, "\(error)", recovery: .bug, cause: error)
        }
        return BatchError(
            code, described.message, hint: described.hint, recovery: described.recovery, cause: error)
    }
}

/// Runs `body`; its failures come as a `BatchError` of kind `code` unless they are one.
func wrapping<Result>(
    _ code: BatchError.Code, _ body: () throws -> Result
) throws(BatchError) -> Result {
    do {
        return try body()
    } catch {
        throw BatchError.wrap(error, as: code)
    }
}
