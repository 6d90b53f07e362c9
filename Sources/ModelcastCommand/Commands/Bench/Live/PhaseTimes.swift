import Modelcast
import Synchronization

/// When each phase of a publication began.
final class PhaseTimes: Sendable {
    private let times = Mutex<[(PublicationMachine.Phase, Int64)]>([])

    init() {}

    /// Notes that the publication is in `phase` now.
    func note(_ phase: PublicationMachine.Phase) {
        let now = MonotonicTime.now
        times.withLock { times in
            if times.last?.0 != phase { times.append((phase, now)) }
        }
    }

    /// The phases in their order, with the monotonic clock's nanoseconds.
    var all: [(PublicationMachine.Phase, Int64)] { times.withLock { $0 } }
}
