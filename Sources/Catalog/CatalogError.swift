public import Basics
package import EventLog

/// A question to the catalog that has no answer, or a change of it that did not happen.
public struct CatalogError: DescribedError, Equatable {
    /// What kind of failure; compared by name, so that new kinds break nobody.
    public struct Code: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The code called `name`.
        public init(_ name: String) { self.name = name }

        /// The name of a model or alias, or a reference `MODEL[@ALIAS|@V]`, breaks its rule.
        public static let invalidName = Code("invalid-name")
        /// No such model, version or alias.
        public static let notFound = Code("not-found")
        /// The version has been retired.
        public static let retired = Code("version-retired")
        /// The version that was asked for is somebody else's.
        public static let versionTaken = Code("version-taken")
        /// The alias does not point where the caller expects.
        public static let aliasMoved = Code("alias-moved")
        /// The version cannot be retired while an alias points to it.
        public static let inUse = Code("version-in-use")
        /// Too many others changed the same thing at the same time.
        public static let contention = Code("contention")
        /// The log did not say whether the record was written.
        public static let outcomeUnknown = Code("outcome-unknown")
        /// A record is not what the wire format says.
        public static let malformed = Code("malformed-record")
        /// A record is not what was written: its digest does not fit, or is missing.
        public static let damaged = Code("damaged-record")
        /// A count is above its limit.
        public static let limit = Code("limit-exceeded")
        /// The log failed.
        public static let log = Code("log")
        /// The catalog was closed.
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

    /// A failure of the log while `doing`; recovery and cause are the log's.
    package init(_ error: LogError, doing: String) {
        self.init(
            .log, "\(doing): \(error.message)", hint: error.hint, recovery: error.recovery, cause: error)
    }

    public var codeName: String { code.name }

    /// Errors are equal when their codes are.
    public static func == (left: CatalogError, right: CatalogError) -> Bool { left.code == right.code }
}
