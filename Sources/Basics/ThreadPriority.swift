internal import Glibc

/// How a thread stands towards the others of the machine.
public enum ThreadPriority: Sendable, Hashable {
    /// As the thread that makes it.
    case normal
    /// Gives way: a thread of normal priority that wakes up takes the core at once, and where cores are
    /// scarce this thread gets about a tenth of one. For long work that nobody waits for at this moment.
    case background

    /// Ten steps of niceness are a weight of 110 against 1 024 (sched(7)): little enough to give way, and
    /// enough to get done on a machine whose cores are all busy, which Linux's idle class would not be.
    private static let backgroundSteps: Int32 = 10

    /// Linux keeps this value by thread, and 0 means the calling one (setpriority(2), "C library/kernel
    /// differences"); threads made by this one begin with it. The steps count from the process's first
    /// thread, so that what a background thread makes does not sink lower. A refusal leaves the thread as
    /// it is, which costs speed and nothing else.
    func applyToThisThread() {
        switch self {
        case .normal: break
        case .background:
            let which = __priority_which_t(PRIO_PROCESS.rawValue)
            setpriority(which, 0, getpriority(which, id_t(getpid())) + ThreadPriority.backgroundSteps)
        }
    }
}
