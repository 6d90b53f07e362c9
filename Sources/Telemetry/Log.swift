#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Writes log lines of a component: a constant message, everything variable as metadata.
///
/// A line below ``level`` costs one comparison: its metadata is not built and nothing is allocated. A value,
/// cheap to copy. Safe to use from any thread.
///
/// ```swift
/// let log = Log(output: LogStream.standardError(format: .text), component: "score")
/// log.info("model is live", [.model: "taxi", .version: 3])
/// ```
public struct Log: Sendable {
    /// Where lines go.
    public let output: any LogOutput
    /// The part of the program that speaks.
    public let component: String
    /// Lines below it are not written.
    public let level: LogLevel
    /// Metadata of every line.
    public let context: LogMetadata

    /// A log.
    public init(
        output: any LogOutput, component: String, level: LogLevel = .info,
        context: LogMetadata = LogMetadata()
    ) {
        self.output = output
        self.component = component
        self.level = level
        self.context = context
    }

    /// A log that writes nothing.
    public static let disabled = Log(output: NoOutput(), component: "", level: .error)

    /// The same log for another component.
    public func named(_ component: String) -> Log {
        Log(output: output, component: component, level: level, context: context)
    }

    /// The same log with further metadata on every line.
    public func with(_ metadata: LogMetadata) -> Log {
        Log(output: output, component: component, level: level, context: context.merging(metadata))
    }

    /// Writes a line for following the program step by step.
    @inlinable
    public func debug(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = LogMetadata()) {
        write(.debug, message, metadata())
    }

    /// Writes a line about a change of state; never one per event.
    @inlinable
    public func info(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = LogMetadata()) {
        write(.info, message, metadata())
    }

    /// Writes a line about something wrong that the program deals with.
    @inlinable
    public func warning(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = LogMetadata()) {
        write(.warning, message, metadata())
    }

    /// Writes a line about a failure that somebody has to act on.
    @inlinable
    public func error(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = LogMetadata()) {
        write(.error, message, metadata())
    }

    /// Writes a line of a given level.
    @inlinable
    public func write(
        _ level: LogLevel, _ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = LogMetadata()
    ) {
        guard level >= self.level else { return }
        send(level, message, metadata())
    }

    /// Writes a line whatever its level.
    @usableFromInline
    func send(_ level: LogLevel, _ message: StaticString, _ metadata: LogMetadata) {
        output.write(
            LogEntry(
                timestampNanoseconds: Self.now(), level: level, component: component,
                message: message.description,
                metadata: context.merging(metadata)))
    }

    private static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private struct NoOutput: LogOutput {
        func write(_ entry: LogEntry) {}
        func flush() {}
    }
}
