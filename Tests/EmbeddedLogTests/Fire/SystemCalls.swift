import CSQLite
import Glibc
import Synchronization

/// Stands between SQLite and the system in this process: counts the calls that change a file or a lock, and
/// makes one of them the last of the process, or fail. For child processes only: it cannot be taken back.
enum SystemCalls {
    /// What happens at a call.
    enum Fault: Int, CaseIterable, Sendable {
        /// SIGKILL instead of the call.
        case killedBefore
        /// SIGKILL when half of the bytes are written; calls that write none are made first.
        case killedHalfway
        /// This call and all that follow fail because the disk is full.
        case diskIsFull
        /// This one call fails because the disk does.
        case diskFails
    }

    private static let count = Atomic<Int>(0)
    /// The number of the call that meets the fault; 0: none.
    private static let target = Atomic<Int>(0)
    private static let fault = Atomic<Int>(0)

    /// Calls since `install`.
    static var calls: Int { count.load(ordering: .sequentiallyConsistent) }

    /// Begins to count.
    static func install() {
        guard let system = sqlite3_vfs_find(nil) else { return }
        let write: @convention(c) (Int32, UnsafeRawPointer?, Int, off_t) -> Int = {
            file, bytes, count, offset in
            switch SystemCalls.next() {
            case nil:
                return pwrite(file, bytes, count, offset)
            case .killedBefore:
                SystemCalls.die()
            case .killedHalfway:
                _ = pwrite(file, bytes, count / 2, offset)
                SystemCalls.die()
            case .diskIsFull:
                errno = ENOSPC
                return -1
            case .diskFails:
                errno = EIO
                return -1
            }
        }
        let truncate: @convention(c) (Int32, off_t) -> Int32 = { file, length in
            SystemCalls.plain { ftruncate(file, length) }
        }
        let remove: @convention(c) (UnsafePointer<CChar>?) -> Int32 = { path in
            SystemCalls.plain { path.map { unlink($0) } ?? -1 }
        }
        // SQLite calls it with two or three arguments; the third is passed on as it came.
        let control: @convention(c) (Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
            file, command, argument in
            guard let argument, [F_SETLK, F_GETLK, F_SETLKW].contains(command) else {
                return fcntl(file, command, Int32(truncatingIfNeeded: Int(bitPattern: argument)))
            }
            guard command == F_SETLK else { return fcntl(file, command, argument) }
            return SystemCalls.plain(mayFail: false) { fcntl(file, command, argument) }
        }
        set(system, "pwrite64", unsafeBitCast(write, to: sqlite3_syscall_ptr.self))
        set(system, "ftruncate", unsafeBitCast(truncate, to: sqlite3_syscall_ptr.self))
        set(system, "unlink", unsafeBitCast(remove, to: sqlite3_syscall_ptr.self))
        set(system, "fcntl", unsafeBitCast(control, to: sqlite3_syscall_ptr.self))
    }

    /// The call `number` after the last one meets `fault`.
    static func arm(_ fault: Fault, after number: Int) {
        self.fault.store(fault.rawValue, ordering: .sequentiallyConsistent)
        target.store(calls + number, ordering: .sequentiallyConsistent)
    }

    /// Nothing happens any more. Whether the fault was met.
    @discardableResult
    static func disarm() -> Bool {
        let number = target.exchange(0, ordering: .sequentiallyConsistent)
        return number > 0 && calls >= number
    }

    /// Ends this process as `kill -9` does.
    static func die() -> Never {
        kill(getpid(), SIGKILL)
        while true { pause() }
    }

    private static func set(
        _ system: UnsafeMutablePointer<sqlite3_vfs>, _ name: String, _ call: @escaping sqlite3_syscall_ptr
    ) {
        precondition(
            system.pointee.xSetSystemCall(system, name, call) == SQLITE_OK, "SQLite knows no call \(name)")
    }

    /// Counts a call; the fault that it meets.
    private static func next() -> Fault? {
        let number = count.add(1, ordering: .sequentiallyConsistent).newValue
        let target = target.load(ordering: .sequentiallyConsistent)
        guard target > 0, number >= target,
            let fault = Fault(rawValue: fault.load(ordering: .sequentiallyConsistent))
        else { return nil }
        return number == target || fault == .diskIsFull ? fault : nil
    }

    private static func plain(mayFail: Bool = true, _ call: () -> Int32) -> Int32 {
        switch next() {
        case nil: return call()
        case .killedBefore: die()
        case .killedHalfway:
            _ = call()
            die()
        case .diskIsFull, .diskFails:
            // Truncating and removing need no room; a lock fails only by being taken.
            guard mayFail, Fault(rawValue: fault.load(ordering: .sequentiallyConsistent)) == .diskFails else {
                return call()
            }
            errno = EIO
            return -1
        }
    }
}
