internal import Basics
internal import EventLog
internal import SQLite

extension LogError {
    /// What a failure of the file means for the log. A failed statement leaves nothing behind, so a writer
    /// may go on once the cause is gone.
    init(_ error: SQLiteError, doing what: String) {
        let (code, severity): (Code, Severity) =
            switch error.code.primary {
            case .busy, .locked: (.timedOut, .abortable)
            case .full, .inputOutput, .noMemory: (.storage, .abortable)
            case .readOnly, .permission: (.denied, .fatal)
            case .cannotOpen: (.unavailable, .fatal)
            case .corrupt, .notADatabase: (.corrupt, .fatal)
            case .interrupted: (.closed, .fatal)
            case .tooBig: (.tooLarge, .abortable)
            default: (.engine, .fatal)
            }
        self.init(
            code, "\(what): \(error.message)", hint: error.hint, severity: severity, recovery: error.recovery,
            cause: error)
    }

    /// A block that contradicts itself.
    static func damaged(_ partition: TopicPartition, at offset: Int64, in path: String) -> LogError {
        LogError(
            .corrupt, "\(path): the records of \(partition) from offset \(offset) on are damaged",
            hint: "restore the file from a copy, or start with a new one", severity: .fatal,
            recovery: .fixInput)
    }
}

/// Runs `body` and turns a failure of the file into one of the log.
func translating<Value>(
    _ what: String, _ body: () throws(SQLiteError) -> Value
) throws(LogError) -> Value {
    do throws(SQLiteError) {
        return try body()
    } catch {
        throw LogError(error, doing: what)
    }
}
