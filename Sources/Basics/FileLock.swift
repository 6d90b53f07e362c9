internal import Glibc

/// An exclusive lock of a file between processes (`flock`), held until `release` or the end of the process,
/// however it ends. The kernel frees it on SIGKILL too.
public final class FileLock: Sendable {
    /// The locked file.
    public let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Takes the lock if nobody holds it; creates the file when it is missing. Nil when another holder has
    /// it.
    public static func tryAcquire(_ path: String) throws(FileLockError) -> FileLock? {
        // The file stays after its holder: removing it would let two holders lock two files of one name.
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileLockError(path: path, errorNumber: errno) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
            return FileLock(path: path, descriptor: descriptor)
        }
        let number = errno
        close(descriptor)
        if number == EWOULDBLOCK { return nil }
        throw FileLockError(path: path, errorNumber: number)
    }
}

/// A lock file that could not be opened.
public struct FileLockError: DescribedError {
    /// The file.
    public let path: String
    /// The system's `errno`.
    public let errorNumber: Int32

    public var codeName: String { "lock-file" }
    public var message: String { "cannot lock \(path): \(SystemError.text(errorNumber))" }
    public var hint: String { "check that its folder exists and may be written" }
    public var recovery: Recovery { .fixConfiguration }
    public var cause: (any Error)? { nil }
}

/// Words for `errno` values.
public enum SystemError {
    /// What the system calls error `number`.
    public static func text(_ number: Int32) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress, unsafe strerror_r(number, base, 256) == 0 else {
                return "error \(number)"
            }
            return unsafe String(cString: base)
        }
    }
}
