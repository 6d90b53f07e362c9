internal import Synchronization

/// How many C objects are alive, so that tests can prove that each was freed once.
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
