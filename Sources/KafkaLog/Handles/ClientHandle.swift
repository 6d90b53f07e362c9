internal import Basics
internal import CRdKafka
internal import EventLog
internal import Synchronization

/// Owns a client of librdkafka. Every queue, event, topic and list made from it must be gone before it is
/// destroyed, or destroying blocks for ever; `KafkaClient` keeps that order.
@safe struct ClientHandle: ~Copyable {
    /// Only files of `Handles` use it.
    let pointer: OpaquePointer
    private let sink: UnsafeMutableRawPointer
    /// Retained by hand: a client that is given up must be of trivial parts.
    private let holding: Unmanaged<HeldObjects>

    /// Owns `pointer`, and the retained log sink whose address is `sink`.
    init(pointer: OpaquePointer, sink: UnsafeMutableRawPointer) {
        unsafe self.pointer = pointer
        unsafe self.sink = sink
        unsafe holding = Unmanaged.passRetained(HeldObjects())
        LiveHandles.clients.add(1, ordering: .relaxed)
    }

    deinit {
        // Reached only when setting up failed half-way. Destroying can block, so it gets a thread of its own.
        let client = unsafe ClientAddress(pointer, sink, holding)
        _ = CancellableThread(name: "kafka-destroy") { _ in client.destroy() }
    }

    /// Ends the client's threads and frees it; blocks. A consumer does not leave its group here: `close` did
    /// that.
    consuming func destroy() {
        unsafe ClientAddress(pointer, sink, holding).destroy()
        discard self
    }

    /// What was made from this client and is alive.
    var held: HeldObjects { unsafe holding.takeUnretainedValue() }

    /// The client's own name for itself.
    var name: String {
        unsafe String(cString: rd_kafka_name(pointer))
    }

    /// The error that ended this client for good, if any.
    borrowing func fatalFailure() -> KafkaFailure? {
        let client = unsafe pointer
        let (code, text) = unsafe ErrorText.capture { buffer, size in
            unsafe rd_kafka_fatal_error(client, buffer, size).rawValue
        }
        guard code != 0 else { return nil }
        return KafkaFailure(code: code, text: text, isFatal: true)
    }

    /// Messages and requests that still wait for an answer.
    var outstanding: Int { unsafe Int(rd_kafka_outq_len(pointer)) }

    /// Waits up to `milliseconds` until nothing is outstanding; somebody else must serve the main queue.
    /// A failure is that time was too short.
    borrowing func flush(milliseconds: Int32) -> KafkaFailure? {
        let code = unsafe rd_kafka_flush(pointer, milliseconds)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR
            ? nil : KafkaFailure(code: code.rawValue, isRetriable: true)
    }

    /// A new queue of this client.
    borrowing func makeQueue() -> QueueHandle {
        unsafe QueueHandle(owning: rd_kafka_queue_new(pointer), of: held)
    }

    /// The queue that carries the client's own events.
    borrowing func mainQueue() -> QueueHandle {
        unsafe QueueHandle(owning: rd_kafka_queue_get_main(pointer), of: held)
    }
}

/// The addresses that a destroying thread needs.
///
/// `@unchecked`: librdkafka's functions may be called from any thread (INTRODUCTION, "Threads and
/// callbacks"), and the one holder of this value destroys the client once.
@safe private struct ClientAddress: @unchecked Sendable {
    private let pointer: OpaquePointer
    private let sink: UnsafeMutableRawPointer
    private let holding: Unmanaged<HeldObjects>

    init(_ pointer: OpaquePointer, _ sink: UnsafeMutableRawPointer, _ holding: Unmanaged<HeldObjects>) {
        unsafe self.pointer = pointer
        unsafe self.sink = sink
        unsafe self.holding = holding
    }

    func destroy() {
        let count = unsafe holding.takeUnretainedValue().count
        assert(count == 0, "a client is destroyed while \(count) objects of it are held")
        unsafe holding.release()
        // Leaving the group can hang when no broker answers (librdkafka 4519), so it is done before, with a
        // deadline.
        unsafe rd_kafka_destroy_flags(pointer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        unsafe Unmanaged<LogSink>.fromOpaque(sink).release()
        LiveHandles.clients.subtract(1, ordering: .relaxed)
    }
}
