internal import Basics
internal import EventLog
internal import Glibc
internal import Synchronization

/// Tells other processes of a commit, and hears of theirs: a writer touches the wake file, and a thread of
/// every handle watches it with inotify. Where the system has no inotify instance left, the thread wakes its
/// readers every few milliseconds instead.
///
/// The file's content means nothing. A wake-up may be lost (a writer killed between commit and touch), so
/// waiting readers look by themselves too, now and then. Safe to call from any thread.
final class Wakeup: Sendable {
    private let descriptor: Int32
    private let stopper: Int32
    private let thread: CancellableThread

    /// Watches `path`; calls `signal.notify()` for every touch, and `beat` every `interval`.
    init(
        path: String, mode: mode_t, signal: ChangeSignal, interval: Duration,
        beat: @Sendable @escaping () -> Void
    ) throws(LogError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode)
        // The thread waits for the reading end; a byte into the other one ends it.
        var ends: [Int32] = [-1, -1]
        _ = unsafe pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let stop = ends[0]
        stopper = ends[1]
        guard descriptor >= 0, stop >= 0 else {
            let number = errno
            if descriptor >= 0 { close(descriptor) }
            throw LogError(
                .unavailable, "cannot open \(path): \(SystemError.text(number))",
                hint: "check the permissions of the file and of its folder", recovery: .fixConfiguration)
        }
        let watch = inotify_init1(Int32(O_CLOEXEC | O_NONBLOCK))
        let watches = unsafe watch >= 0 && inotify_add_watch(watch, path, UInt32(IN_MODIFY)) >= 0
        thread = CancellableThread(name: "log watch") { thread in
            let step = watches ? max(1, Int32(clamping: interval.wholeMilliseconds)) : 5
            var last = ContinuousClock.now
            while !thread.isCancelled {
                var polled = [
                    pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: watches ? watch : -1, events: Int16(POLLIN), revents: 0),
                ]
                let ready = unsafe poll(&polled, 2, step)
                if ready > 0, polled[1].revents != 0 { Wakeup.drain(watch) }
                if ready > 0 || !watches { signal.notify() }
                if ContinuousClock.now - last >= interval {
                    last = .now
                    beat()
                }
            }
            if watch >= 0 { close(watch) }
            close(stop)
        }
    }

    deinit {
        stop()
        close(descriptor)
        close(stopper)
    }

    /// Wakes the readers of all processes.
    func touch() {
        var byte: UInt8 = 1
        _ = unsafe pwrite(descriptor, &byte, 1, 0)
    }

    /// Ends the thread.
    func stop() {
        guard !thread.isCancelled else { return }
        thread.cancel()
        var byte: UInt8 = 1
        _ = unsafe write(stopper, &byte, 1)
    }

    private static func drain(_ watch: Int32) {
        unsafe withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 8) { buffer in
            while unsafe Glibc.read(watch, buffer.baseAddress, buffer.count) > 0 {}
        }
    }
}
