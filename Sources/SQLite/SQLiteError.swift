public import Basics
internal import CSQLite

/// A failure of SQLite: its code, its words, the file, and the SQL (never the bound values).
public struct SQLiteError: DescribedError, Equatable {
    /// SQLite's extended result code.
    public let code: ResultCode
    public let message: String
    public let hint: String
    public let recovery: Recovery
    /// The system's error number behind an input/output failure; 0 where there is none.
    public let systemError: Int32
    public var cause: (any Error)? { nil }
    public var codeName: String { "sqlite-\(code.word)" }

    /// A failure with SQLite's `code`.
    ///
    /// - Parameters:
    ///   - what: SQLite's own words.
    ///   - path: the file.
    ///   - sql: the statement, if any.
    public init(code: ResultCode, what: String, path: String, sql: String? = nil, systemError: Int32 = 0) {
        self.code = code
        self.systemError = systemError
        var text = "\(path): \(what)"
        if systemError != 0 { text += " (\(SystemError.text(systemError)))" }
        if let sql { text += ", in: \(SQLiteError.shortened(sql))" }
        message = text
        (hint, recovery) = SQLiteError.remedy(code)
    }

    /// Errors are equal when their codes are.
    public static func == (left: SQLiteError, right: SQLiteError) -> Bool { left.code == right.code }

    private static func shortened(_ sql: String) -> String {
        let limit = 200
        let line = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count <= limit ? line : line.prefix(limit) + "…"
    }

    private static func remedy(_ code: ResultCode) -> (String, Recovery) {
        switch code.primary {
        case .busy, .locked:
            ("another process holds the file for long; try again", .retry)
        case .full:
            ("free some space on the disk, then try again", .fixConfiguration)
        case .inputOutput:
            ("check the disk and its free space", .fixConfiguration)
        case .readOnly, .permission:
            ("check the permissions of the file and of its folder", .fixConfiguration)
        case .cannotOpen:
            ("check that the folder exists and may be written", .fixConfiguration)
        case .corrupt:
            ("the file is damaged: restore it from a copy", .fixInput)
        case .notADatabase:
            ("name another file", .fixInput)
        case .interrupted:
            ("it was stopped, or took longer than its time limit", .retry)
        case .error, .constraint, .tooBig, .unauthorized:
            ("", .fixInput)
        case .noMemory:
            ("", .retry)
        default:
            ("", .bug)
        }
    }
}
