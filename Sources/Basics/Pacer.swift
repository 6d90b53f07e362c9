internal import Glibc
internal import Synchronization

/// Makes one piece of long work keep a `WorkPace`.
///
/// Who starts the work binds it (`Pacer.$current.withValue`), and the work passes `Pacer.point()` every
/// millisecond or so. Without one bound, a point costs some nanoseconds and does nothing. The rest blocks, so
/// points stand only in code that runs on threads of its own, never on Swift's pool.
public final class Pacer: Sendable {
    /// The pacer of this task.
    @TaskLocal public static var current: Pacer?

    private let meter: Mutex<PaceMeter>
    private let used: @Sendable () -> Duration
    private let pause: @Sendable (Duration) -> Void

    /// For work that runs on one thread from its first point to its last.
    public convenience init(_ pace: WorkPace) {
        self.init(pace, used: { ProcessorTime.ofThread }, pause: Pacer.block)
    }

    /// The same with another clock and another way to rest.
    package init(
        _ pace: WorkPace, used: @Sendable @escaping () -> Duration,
        pause: @Sendable @escaping (Duration) -> Void
    ) {
        meter = Mutex(PaceMeter(pace))
        self.used = used
        self.pause = pause
    }

    /// A place where long work may rest. Cancelled work does not: it is about to end.
    public static func point() {
        guard let current, !Task.isCancelled else { return }
        current.rest()
    }

    private func rest() {
        let now = used()
        guard let rest = meter.withLock({ $0.rest(at: now) }) else { return }
        pause(rest)
    }

    private static func block(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        // A signal that ends it early costs a shorter rest.
        _ = unsafe nanosleep(&time, nil)
    }
}
