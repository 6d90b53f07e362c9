internal import Synchronization

/// How many C objects are alive, so that tests can prove that each was freed once.
///
/// Events are counted in debug builds only: there is one for every record that is read.
enum LiveHandles {
    /// Clients of librdkafka.
    static let clients = Atomic<Int>(0)
    /// Queues.
    static let queues = Atomic<Int>(0)
    /// Events taken from queues.
    static let events = Atomic<Int>(0)
    /// Topics and partition lists.
    static let others = Atomic<Int>(0)

    /// All of them.
    static var total: Int {
        clients.load(ordering: .relaxed) + queues.load(ordering: .relaxed)
            + events.load(ordering: .relaxed) + others.load(ordering: .relaxed)
    }
}

/// How many queues, topics and, in debug builds, events of one client are alive: none may be when it is
/// destroyed, or librdkafka waits for ever. Safe to use from any thread.
final class HeldObjects: Sendable {
    private let number = Atomic<Int>(0)

    /// Those that are alive.
    var count: Int { number.load(ordering: .acquiring) }

    /// One more.
    func hold() { number.add(1, ordering: .acquiringAndReleasing) }

    /// One less.
    func letGo() { number.subtract(1, ordering: .acquiringAndReleasing) }
}
