import Basics

/// A failure that the command itself finds, rather than a layer below it.
struct CommandError: DescribedError, Equatable {
    /// What kind of failure; compared by name.
    struct Code: Hashable, Sendable {
        let name: String

        init(_ name: String) { self.name = name }

        /// A file cannot be read or written.
        static let file = Code("file")
        /// A topic definition has no meaning.
        static let topicDefinition = Code("topic-definition")
        /// A check of `doctor` failed.
        static let unhealthy = Code("unhealthy")
        /// The named model, version or row does not exist.
        static let notFound = Code("not-found")
        /// Rows of a file cannot be read.
        static let badRows = Code("bad-rows")
        /// A program that was started failed.
        static let child = Code("child-failed")
        /// The job was asked to end before it was done.
        static let stopped = Code("stopped")
    }

    let code: Code
    let message: String
    let hint: String
    let recovery: Recovery
    let cause: (any Error)?

    init(_ code: Code, _ message: String, hint: String = "", recovery: Recovery, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.recovery = recovery
        self.cause = cause
    }

    var codeName: String { code.name }

    static func == (left: CommandError, right: CommandError) -> Bool { left.code == right.code }
}
