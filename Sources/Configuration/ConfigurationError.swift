/// A configuration that cannot be used: what is wrong, in which file and line, and what to write instead.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure. More may be added.
    public struct Code: Sendable, Equatable, CustomStringConvertible {
        private let name: String

        private init(_ name: String) { self.name = name }

        /// The text is not YAML.
        public static let syntax = Code("syntax")
        /// The text is YAML, but uses what configuration files may not: anchors, aliases, tags, several
        /// documents.
        public static let unsupported = Code("unsupported")
        /// The file is larger, deeper or longer than its limit.
        public static let tooLarge = Code("too-large")
        /// A mapping has a key twice.
        public static let duplicateKey = Code("duplicate-key")
        /// A key that means nothing here.
        public static let unknownKey = Code("unknown-key")
        /// A key without which the configuration is not complete.
        public static let missingKey = Code("missing-key")
        /// A value of another type than wanted.
        public static let wrongType = Code("wrong-type")
        /// A file that cannot be read.
        public static let unreadable = Code("unreadable")
        /// Two places contradict each other.
        public static let conflict = Code("conflict")

        /// The kind's stable name, such as `unknown-key`.
        public var description: String { name }
    }

    /// The kind of failure.
    public let code: Code
    /// What is wrong, beginning with its place (`file:line:column`) where it has one.
    public let message: String
    /// What to do about it; may be empty.
    public let hint: String
    /// The failure below, if there is one.
    public let cause: (any Error)?

    /// A failure.
    public init(_ code: Code, _ message: String, hint: String = "", cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    /// Message and hint on two lines.
    public var description: String { hint.isEmpty ? message : "\(message)\n\(hint)" }

    /// Two errors are equal when they are of the same kind.
    public static func == (left: ConfigurationError, right: ConfigurationError) -> Bool {
        left.code == right.code
    }
}
