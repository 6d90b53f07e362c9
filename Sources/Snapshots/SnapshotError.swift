public import Basics

/// A snapshot that could not be described, sent, fetched or trusted.
public struct SnapshotError: DescribedError, Equatable {
    /// What kind of failure; compared by name, so that new kinds break nobody.
    public struct Code: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The code called `name`.
        public init(_ name: String) { self.name = name }

        /// A model's, version's or file's name breaks its rule.
        public static let invalidName = Code("invalid-name")
        /// A manifest or chunk list is not what the wire format says.
        public static let malformed = Code("malformed-manifest")
        /// A count or size is above its limit.
        public static let limit = Code("limit-exceeded")
        /// Bytes do not have the digest that the manifest states.
        public static let digestMismatch = Code("digest-mismatch")
        /// A chunk is in the log no more.
        public static let chunkMissing = Code("chunk-missing")
        /// A chunk's record is no sound zstd frame of the stated size.
        public static let chunkCorrupt = Code("chunk-corrupt")
        /// The format is newer than this program.
        public static let unsupported = Code("unsupported")
        /// The log failed.
        public static let log = Code("log")
        /// A local file or folder cannot be read or written.
        public static let storage = Code("storage")
        /// A file changed while it was published.
        public static let changed = Code("file-changed")
        /// No file of that name in the snapshot.
        public static let noSuchFile = Code("no-such-file")
        /// The waiting task was cancelled.
        public static let cancelled = Code("cancelled")
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
    public static func == (left: SnapshotError, right: SnapshotError) -> Bool { left.code == right.code }
}
