public import Basics

/// A failure to read or write a table: a file, its header or a row.
///
/// A row that cannot be read is no failure of the reader: it arrives in the batch as a `RowReject`, and
/// `RowReject.error(file:)` makes an error of it for callers that take no bad rows.
public struct TabularError: DescribedError, Equatable {
    /// What kind of failure; compared by name.
    public struct Code: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The code called `name`.
        public init(_ name: String) { self.name = name }

        /// The file cannot be opened or read.
        public static let unreadable = Code("table-unreadable")
        /// The file cannot be created or written.
        public static let unwritable = Code("table-unwritable")
        /// The suffix of the file names no format.
        public static let unknownFormat = Code("table-format")
        /// The header is missing, repeats a name or has too many columns.
        public static let header = Code("table-header")
        /// A row cannot be read.
        public static let row = Code("table-row")
        /// More columns than the limit.
        public static let tooManyColumns = Code("table-columns")
        /// A written row has more or fewer values than there are columns.
        public static let misuse = Code("table-misuse")
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

    public static func == (left: TabularError, right: TabularError) -> Bool { left.code == right.code }
}
