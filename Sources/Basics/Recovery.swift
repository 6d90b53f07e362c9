/// What the caller of a failed operation can do about it. Every public error of the package carries one, so
/// that the command line, HTTP and the fleet view print the same remedy.
public enum Recovery: String, Sendable, Hashable, CaseIterable {
    /// The same call may succeed later: the cause passes by itself.
    case retry
    /// The input is wrong: change it, then call again.
    case fixInput
    /// A setting, a file's permission or a missing package is in the way.
    case fixConfiguration
    /// The process or the handle cannot go on; a new one can.
    case restart
    /// The program contradicts itself; please report it.
    case bug
}

/// An error that a person may read: what was wrong and where, what to do, and why it happened.
///
/// Each module has one public struct of this shape; the command prints `message`, then `hint`, then (when
/// asked) the chain of causes.
public protocol DescribedError: Error, Sendable, CustomStringConvertible {
    /// A stable name of the kind of failure, such as `chunk-digest-mismatch`.
    var codeName: String { get }
    /// What was wrong, and where (file, field, topic, partition, offset).
    var message: String { get }
    /// What to do about it; empty when there is nothing to add.
    var hint: String { get }
    /// What the caller can do.
    var recovery: Recovery { get }
    /// The failure below this one, if any.
    var cause: (any Error)? { get }
}

extension DescribedError {
    /// The message and the hint on one line.
    public var description: String {
        hint.isEmpty ? message : "\(message) (\(hint))"
    }
}
