internal import CRdKafka
internal import Synchronization

/// Owns a reference to a queue of a client.
@safe struct QueueHandle: ~Copyable {
    /// Only files of `Handles` use it.
    let pointer: OpaquePointer
    private let held: HeldObjects

    /// Owns `pointer`, a queue of the client that holds `held`.
    init(owning pointer: OpaquePointer, of held: HeldObjects) {
        unsafe self.pointer = pointer
        self.held = held
        held.hold()
        LiveHandles.queues.add(1, ordering: .relaxed)
    }

    deinit {
        unsafe rd_kafka_queue_destroy(pointer)
        held.letGo()
        LiveHandles.queues.subtract(1, ordering: .relaxed)
    }

    /// The next event, waiting up to `milliseconds`; nil when none came or `interrupt` was called.
    borrowing func poll(milliseconds: Int32) -> EventHandle? {
        guard let event = unsafe rd_kafka_queue_poll(pointer, milliseconds) else { return nil }
        return unsafe EventHandle(owning: event, of: held)
    }

    /// Makes the `poll` that waits now, or else the next one, return at once. Safe from any thread.
    borrowing func interrupt() {
        unsafe rd_kafka_queue_yield(pointer)
    }

    /// Sends what arrives here to `target` instead.
    borrowing func forward(to target: borrowing QueueHandle) {
        unsafe rd_kafka_queue_forward(pointer, target.pointer)
    }
}
