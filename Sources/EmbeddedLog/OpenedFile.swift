internal import Basics
internal import EventLog
internal import Glibc
internal import Synchronization

/// Which file a log's path led to when it was opened. A log whose file was removed or replaced says so,
/// instead of writing where nobody will look for it. Safe to call from any thread.
final class OpenedFile: Sendable {
    private struct Identity: Equatable {
        var device: dev_t
        var number: ino_t
        var mode: mode_t

        init?(path: String) {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            device = status.st_dev
            number = status.st_ino
            mode = status.st_mode & 0o777
        }

        static func == (left: Identity, right: Identity) -> Bool {
            left.device == right.device && left.number == right.number
        }
    }

    let path: String
    private let identity: Identity?
    private let lost = Atomic<Bool>(false)

    /// The file that `path` leads to now.
    init(path: String) {
        self.path = path
        identity = Identity(path: path)
    }

    /// The file's permissions, for files beside it.
    var mode: mode_t { identity?.mode ?? 0o644 }

    /// Whether it was found, once, that the path leads elsewhere.
    var isLost: Bool { lost.load(ordering: .relaxed) }

    /// Looks whether the path still leads to the file.
    func look() {
        if !isLost, Identity(path: path) != identity { lost.store(true, ordering: .relaxed) }
    }

    /// What everything fails with once the file is lost.
    var failure: LogError {
        LogError(
            .unavailable, "\(path) was removed or replaced while the log was open",
            hint: "stop every process that has it open, put the file back or begin with a new one, and start "
                + "them again; nothing was acknowledged since", severity: .fatal, recovery: .fixConfiguration)
    }
}
