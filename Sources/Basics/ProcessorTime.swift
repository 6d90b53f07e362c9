internal import Glibc

/// Processor time that was used.
public enum ProcessorTime {
    /// User and system time of all threads since the process began (clock_gettime(2),
    /// `CLOCK_PROCESS_CPUTIME_ID`).
    public static var ofProcess: Duration { read(CLOCK_PROCESS_CPUTIME_ID) }

    /// The same of the calling thread (`CLOCK_THREAD_CPUTIME_ID`).
    public static var ofThread: Duration { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Duration {
        var time = timespec()
        guard unsafe clock_gettime(clock, &time) == 0 else { return .zero }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
