/// How much a log line matters.
public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
    /// Only for following the program step by step.
    case debug
    /// A change of state that an operator may want to see; never one per event.
    case info
    /// Something is wrong, and the program deals with it.
    case warning
    /// Something failed, and somebody has to act.
    case error

    /// The name in lower case, as it is written and as it is given on the command line.
    public var name: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// The level of a name.
    public init?(name: String) {
        guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    /// Whether one level matters less than another.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
