internal import Basics
internal import EventLog
internal import Glibc
internal import Synchronization

/// Who is alive: the file beside the log in which every member of a group holds a locked byte, its slot, and
/// leaves the time of its last sign of life.
///
/// Bytes 0 ..< `slots` are only locked, never written; the kernel frees a lock when its process ends, however
/// it ends, so that a dead member is seen at once. From `slots` on stand the signs of life, eight bytes a
/// slot, milliseconds of the monotonic clock, little-endian: a process that is stopped keeps its lock, but
/// grows silent.
///
/// The locks are "open file description locks" (fcntl(2)): two handles of one process exclude each other like
/// two processes. Safe to call from any thread.
final class MemberFile: Sendable {
    static let slots = 65_536

    private let path: String
    private let state: Mutex<(descriptor: Int32?, mine: Set<Int>)>

    init(path: String, mode: mode_t) throws(LogError) {
        self.path = path
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw LogError(
                .unavailable, "cannot open \(path): \(SystemError.text(errno))",
                hint: "check the permissions of the file and of its folder", recovery: .fixConfiguration)
        }
        state = Mutex((descriptor, []))
    }

    deinit { closeFile() }

    /// Lets go of every lock at once, as the end of the process would.
    func closeFile() {
        state.withLock { state in
            if let descriptor = state.descriptor { close(descriptor) }
            state = (nil, [])
        }
    }

    /// Locks a slot that nobody has.
    func acquire() throws(LogError) -> Int {
        let slot = state.withLock { state -> Int? in
            guard let descriptor = state.descriptor else { return nil }
            for _ in 0..<1_000 {
                let slot = Int.random(in: 0..<MemberFile.slots)
                guard !state.mine.contains(slot), MemberFile.lock(descriptor, slot, F_WRLCK) else { continue }
                state.mine.insert(slot)
                return slot
            }
            return nil
        }
        guard let slot else { throw .closed("the list of members \(path)") }
        beat(slot)
        return slot
    }

    /// Gives up a slot of this handle.
    func release(_ slot: Int) {
        state.withLock { state in
            guard let descriptor = state.descriptor, state.mine.remove(slot) != nil else { return }
            _ = MemberFile.lock(descriptor, slot, F_UNLCK)
        }
    }

    /// Leaves a sign of life.
    func beat(_ slot: Int) {
        state.withLock { state in
            guard let descriptor = state.descriptor else { return }
            var now = MemberFile.now.littleEndian
            _ = unsafe withUnsafeBytes(of: &now) { bytes in
                unsafe pwrite(descriptor, bytes.baseAddress, 8, off_t(MemberFile.slots + slot * 8))
            }
        }
    }

    /// Whether the member with `slot` lives and has shown it within its session timeout.
    func isAlive(_ slot: Int, sessionMilliseconds: Int64) -> Bool {
        state.withLock { state in
            guard let descriptor = state.descriptor else { return true }
            if !state.mine.contains(slot), !MemberFile.isLocked(descriptor, slot) { return false }
            var stamp: Int64 = 0
            let count = unsafe withUnsafeMutableBytes(of: &stamp) { bytes in
                unsafe pread(descriptor, bytes.baseAddress, 8, off_t(MemberFile.slots + slot * 8))
            }
            return count == 8 && MemberFile.now - Int64(littleEndian: stamp) <= sessionMilliseconds
        }
    }

    /// Milliseconds since the machine was started, without the time that it slept.
    private static var now: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    // MARK: Locks

    // Values of <fcntl.h> that need _GNU_SOURCE.
    private static let getLock: Int32 = 36
    private static let setLock: Int32 = 37

    private static func lock(_ descriptor: Int32, _ slot: Int, _ kind: Int32) -> Bool {
        var lock = request(slot, kind)
        return unsafe fcntl(descriptor, setLock, &lock) == 0
    }

    private static func isLocked(_ descriptor: Int32, _ slot: Int) -> Bool {
        var lock = request(slot, F_WRLCK)
        // A question that fails is taken for yes: nobody is declared dead by mistake.
        guard unsafe fcntl(descriptor, getLock, &lock) == 0 else { return true }
        return lock.l_type != Int16(F_UNLCK)
    }

    private static func request(_ slot: Int, _ kind: Int32) -> flock {
        var lock = flock()
        lock.l_type = Int16(kind)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = off_t(slot)
        lock.l_len = 1
        return lock
    }
}
