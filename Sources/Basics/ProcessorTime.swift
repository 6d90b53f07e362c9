internal import Glibc

/// Processor time that this process has used, all its threads together.
public enum ProcessorTime {
    /// User and system time since the process began (clock_gettime(2), `CLOCK_PROCESS_CPUTIME_ID`).
    public static var ofProcess: Duration {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return .zero }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
