/// A command line that cannot be obeyed: what was wrong in it and what to write instead.
///
/// The program prints ``message``, then ``hint``, on standard error and ends with ``exitCode``.
public struct UsageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of mistake. More may be added.
    public struct Code: Sendable, Equatable, CustomStringConvertible {
        private let name: String

        private init(_ name: String) { self.name = name }

        /// A word that names no command.
        public static let unknownCommand = Code("unknown-command")
        /// A group of commands was named, but none of its commands.
        public static let missingCommand = Code("missing-command")
        /// An option that the command does not have.
        public static let unknownOption = Code("unknown-option")
        /// An option that takes a value stands without one.
        public static let missingValue = Code("missing-value")
        /// A value that does not have the form its option or argument wants.
        public static let invalidValue = Code("invalid-value")
        /// An option that may be given once was given again.
        public static let repeatedOption = Code("repeated-option")
        /// An option without which the command cannot run was not given anywhere.
        public static let missingOption = Code("missing-option")
        /// A positional argument is missing.
        public static let missingArgument = Code("missing-argument")
        /// More positional arguments than the command takes.
        public static let unexpectedArgument = Code("unexpected-argument")
        /// Options that were given do not go together.
        public static let conflict = Code("conflict")

        /// The kind's stable name, such as `unknown-command`.
        public var description: String { name }
    }

    /// The exit status of a program that was called wrongly (`EX_USAGE` of sysexits.h).
    public static let exitCode: Int32 = 64

    /// The kind of mistake.
    public let code: Code
    /// What was wrong, naming the option, argument or place of the value.
    public let message: String
    /// What to write instead, or where to read on.
    public let hint: String

    /// A mistake found by a command itself, for example two options that do not go together.
    public init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// Message and hint on two lines, as they are printed.
    public var description: String { hint.isEmpty ? message : "\(message)\n\(hint)" }

    /// Two errors are equal when they are of the same kind.
    public static func == (left: UsageError, right: UsageError) -> Bool { left.code == right.code }
}
