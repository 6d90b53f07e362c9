internal import Basics
package import EventLog

extension SnapshotError {
    /// A failure of the log while `doing`; recovery and cause are the log's.
    package init(_ error: LogError, doing: String) {
        self.init(
            .log, "\(doing): \(error.message)", hint: error.hint, recovery: error.recovery, cause: error)
    }

    /// The task was cancelled while `doing`.
    package static func cancelled(_ doing: String) -> SnapshotError {
        SnapshotError(.cancelled, "cancelled while \(doing)", recovery: .retry)
    }

    /// Throws when the current task was cancelled.
    package static func checkCancellation(_ doing: String) throws(SnapshotError) {
        if Task.isCancelled { throw .cancelled(doing) }
    }
}
