/// One log line before it is written.
public struct LogEntry: Sendable, Equatable {
    /// Nanoseconds since 1970 in UTC.
    public let timestampNanoseconds: Int64
    /// How much it matters.
    public let level: LogLevel
    /// The part of the program that speaks.
    public let component: String
    /// The constant message.
    public let message: String
    /// The variable parts.
    public let metadata: LogMetadata

    /// An entry.
    public init(
        timestampNanoseconds: Int64, level: LogLevel, component: String, message: String,
        metadata: LogMetadata
    ) {
        self.timestampNanoseconds = timestampNanoseconds
        self.level = level
        self.component = component
        self.message = message
        self.metadata = metadata
    }
}

/// What bounds the log.
public enum LogLimits {
    /// Bytes of one value; a longer text is cut and ends in `…`.
    public static let valueBytesMax = 2048
    /// Bytes of one line; a longer one is written without its metadata.
    public static let lineBytesMax = 16 * 1024
    /// Bytes waiting for a standard error that does not accept them; further lines are dropped and counted.
    public static let waitingBytesMax = 1024 * 1024
    /// Entries that ``LogMemory`` keeps; further ones are dropped and counted.
    public static let memoryEntriesMax = 100_000
}

/// Where log lines go.
///
/// An implementation is called from any thread, must return quickly and must not log.
public protocol LogOutput: Sendable {
    /// Takes an entry.
    func write(_ entry: LogEntry)
    /// Returns when what was taken has been written, or cannot be within a second.
    func flush()
}
