/// A result code of SQLite, extended or primary. Source: https://www.sqlite.org/rescode.html
///
/// Pattern matching compares with the primary code too: `.busy ~= error.code` holds for every kind of busy.
public struct ResultCode: Hashable, Sendable {
    /// SQLite's number.
    public let number: Int32

    /// The code with SQLite's `number`.
    public init(_ number: Int32) { self.number = number }

    /// The code without its extension.
    public var primary: ResultCode { ResultCode(number & 0xff) }

    /// SQL that does not parse or names what is not there, and everything without a code of its own.
    public static let error = ResultCode(1)
    /// A file's permission.
    public static let permission = ResultCode(3)
    /// A callback asked to stop.
    public static let abort = ResultCode(4)
    /// Another connection holds the lock, and went on holding it until the busy timeout.
    public static let busy = ResultCode(5)
    /// Another statement of this connection holds the lock.
    public static let locked = ResultCode(6)
    /// No memory.
    public static let noMemory = ResultCode(7)
    /// The file, its folder or the connection is read-only.
    public static let readOnly = ResultCode(8)
    /// `interrupt` was called or the time limit is over.
    public static let interrupted = ResultCode(9)
    /// The system failed to read or write.
    public static let inputOutput = ResultCode(10)
    /// The file contradicts itself.
    public static let corrupt = ResultCode(11)
    /// The disk, or the limit of the file, is full.
    public static let full = ResultCode(13)
    /// The file cannot be opened.
    public static let cannotOpen = ResultCode(14)
    /// A text, blob or row is too large.
    public static let tooBig = ResultCode(18)
    /// A constraint of the schema.
    public static let constraint = ResultCode(19)
    /// The library was used wrongly.
    public static let misuse = ResultCode(21)
    /// The authorizer said no.
    public static let unauthorized = ResultCode(23)
    /// The file is no database.
    public static let notADatabase = ResultCode(26)
    /// A unique key or index exists already.
    public static let constraintUnique = ResultCode(19 | 8 << 8)
    /// A primary key exists already.
    public static let constraintPrimaryKey = ResultCode(19 | 6 << 8)
    /// The read transaction is older than another connection's commit, so it cannot write.
    public static let busySnapshot = ResultCode(5 | 2 << 8)

    /// Whether `code` is this one, or this one is the primary code of `code`.
    public static func ~= (pattern: ResultCode, code: ResultCode) -> Bool {
        pattern == code || pattern == code.primary
    }

    /// A word for the primary code.
    var word: String {
        switch primary {
        case .error: "error"
        case .permission: "permission"
        case .abort: "abort"
        case .busy: "busy"
        case .locked: "locked"
        case .noMemory: "no-memory"
        case .readOnly: "read-only"
        case .interrupted: "interrupted"
        case .inputOutput: "input-output"
        case .corrupt: "corrupt"
        case .full: "full"
        case .cannotOpen: "cannot-open"
        case .tooBig: "too-big"
        case .constraint: "constraint"
        case .misuse: "misuse"
        case .unauthorized: "unauthorized"
        case .notADatabase: "not-a-database"
        default: "code-\(number)"
        }
    }
}
