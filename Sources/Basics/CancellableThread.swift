internal import Glibc
internal import Synchronization

/// A named thread for a loop that blocks in C; the loop polls `isCancelled` between its calls.
///
/// Swift's pool has as many threads as the machine has cores, so nothing that blocks may run there.
public final class CancellableThread: Sendable {
    private let flag = Atomic<Bool>(false)
    private let finished = Atomic<Bool>(false)

    /// Starts `body` on a new thread named `name` (cut to 15 bytes).
    public init(name: String, body: @Sendable @escaping (CancellableThread) -> Void) {
        CancellableThread.start(name: name) { [self] in
            body(self)
            finished.store(true, ordering: .releasing)
        }
    }

    /// Whether the loop was asked to end.
    public var isCancelled: Bool { flag.load(ordering: .acquiring) }

    /// Whether the body has returned.
    public var isFinished: Bool { finished.load(ordering: .acquiring) }

    /// Asks the loop to end; returns at once.
    public func cancel() {
        flag.store(true, ordering: .releasing)
    }

    /// Starts a detached thread that runs `body` once.
    static func start(
        name: String, priority: ThreadPriority = .normal, body: @Sendable @escaping () -> Void
    ) {
        final class Box {
            let name: String
            let priority: ThreadPriority
            let body: @Sendable () -> Void
            init(name: String, priority: ThreadPriority, body: @Sendable @escaping () -> Void) {
                self.name = name
                self.priority = priority
                self.body = body
            }
        }
        // Retained once for the thread, which takes it back in its first line.
        let context = unsafe Unmanaged.passRetained(
            Box(name: name, priority: priority, body: body)
        ).toOpaque()
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                // Takes back what was retained for this thread.
                let box = unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
                // PR_SET_NAME names the calling thread; the kernel keeps 15 bytes.
                _ = unsafe box.name.withCString { unsafe prctlSetName($0) }
                box.priority.applyToThisThread()
                box.body()
                return nil
            }, context)
        unsafe pthread_attr_destroy(&attributes)
        precondition(code == 0, "the system refused a new thread: error \(code)")
    }
}

/// The thread's name is written through procfs, because neither `prctl` (variadic) nor `pthread_setname_np`
/// (GNU only) is importable.
private func prctlSetName(_ name: UnsafePointer<CChar>) -> Bool {
    let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    return unsafe write(file, name, min(15, strlen(name))) > 0
}
