internal import Glibc
internal import Synchronization

/// One named thread that runs the jobs of an actor (or of a task that prefers it), so that calls which block
/// never hold a thread of Swift's pool.
///
/// Use it as an actor's `unownedExecutor`, or call `run` for a single blocking piece of work. Jobs run one
/// after another in the order of their arrival. The thread ends after the last reference to the executor is
/// gone and the queue is empty. A hop costs some microseconds: call per batch, never per record.
public final class ThreadExecutor: SerialExecutor, TaskExecutor {
    private let queue: JobQueue

    /// Starts the thread; `name` (cut to 15 bytes) is what profilers show.
    public init(name: String, priority: ThreadPriority = .normal) {
        queue = JobQueue()
        CancellableThread.start(name: name, priority: priority) { [queue] in
            while let work = queue.next() {
                switch work {
                case .job(let job, let executor):
                    unsafe job.runSynchronously(
                        isolatedTo: executor.asUnownedSerialExecutor(),
                        taskExecutor: executor.asUnownedTaskExecutor())
                case .closure(let closure):
                    closure()
                }
            }
        }
    }

    deinit {
        queue.finish()
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        unsafe queue.add(.job(UnownedJob(job), self))
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    public func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    /// Runs `work` on the thread and returns what it returns. Not cancellable: the work itself must end.
    public func run<Value: Sendable, Failure: Error>(
        _ work: @Sendable @escaping () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            submit {
                do throws(Failure) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    /// Runs `work` on the thread, after what came before it; returns at once.
    public func submit(_ work: @Sendable @escaping () -> Void) {
        queue.add(.closure(work))
    }
}

/// The work that waits for the thread: a queue with a condition, since `Mutex` has none.
///
/// `@unchecked`: `mutex` guards `items` and `finished`; both C objects live at a fixed address until
/// `deinit`.
@safe private final class JobQueue: @unchecked Sendable {
    enum Work {
        /// Holds its executor, so that the executor outlives its jobs.
        case job(UnownedJob, ThreadExecutor)
        case closure(@Sendable () -> Void)
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var items: [Work] = []
    private var head = 0
    private var finished = false

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe pthread_cond_destroy(condition)
        unsafe mutex.deallocate()
        unsafe condition.deallocate()
    }

    func add(_ work: Work) {
        unsafe pthread_mutex_lock(mutex)
        items.append(work)
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    func finish() {
        unsafe pthread_mutex_lock(mutex)
        finished = true
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Waits for work; nil after `finish` when nothing is left.
    func next() -> Work? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while head == items.count {
            if finished { return nil }
            unsafe pthread_cond_wait(condition, mutex)
        }
        let work = items[head]
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        }
        return work
    }
}
