import Basics
import Glibc

/// Symbolic links that are moved at once.
enum LinkFile {
    /// Makes `path` a link to `target` (relative to the link's folder): a reader sees the old target or the
    /// new one.
    static func point(_ path: String, to target: String) throws {
        let temporary = "\(path).\(getpid())"
        unlink(temporary)
        guard symlink(target, temporary) == 0, rename(temporary, path) == 0 else {
            let number = errno
            unlink(temporary)
            throw CommandError(
                .file, "cannot point \(path) to \(target): \(SystemError.text(number))",
                hint: "check the permissions; something other than a link may stand there",
                recovery: .fixConfiguration)
        }
    }
}
