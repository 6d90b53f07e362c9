internal import Synchronization

/// Keeps log entries for a test to look at, bounded by ``LogLimits/memoryEntriesMax``. Safe to use from any
/// thread.
public final class LogMemory: LogOutput {
    private let state = Mutex<[LogEntry]>([])

    /// An empty memory.
    public init() {}

    /// Keeps an entry.
    public func write(_ entry: LogEntry) {
        state.withLock { if $0.count < LogLimits.memoryEntriesMax { $0.append(entry) } }
    }

    /// Does nothing.
    public func flush() {}

    /// All entries in the order of writing.
    public var entries: [LogEntry] { state.withLock { $0 } }

    /// The messages of all entries in the order of writing.
    public var messages: [String] { entries.map(\.message) }
}
