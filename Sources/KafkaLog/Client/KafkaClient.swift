internal import Dispatch
internal import EventLog
internal import Synchronization

/// A client of librdkafka that several threads use and one thread destroys.
///
/// Whoever calls into the client holds a lease meanwhile; `destroy` refuses new leases, waits for the last
/// one and then frees the client. Safe to call from any thread.
///
/// `@unchecked`: `handle` changes once, in `destroy`, when no lease is left; librdkafka's own functions may
/// be called from any thread (INTRODUCTION, "Threads and callbacks").
final class KafkaClient: @unchecked Sendable {
    private struct Lease {
        var holders = 0
        var isClosed = false
        /// Whether `destroy` was called.
        var isOver = false
        /// Whether `destroy` waits for the last holder.
        var isAwaited = false
        /// Whether nobody waits for its end any more.
        var isAbandoned = false
    }

    /// Clients whose thread did not end before the deadline of `close`; they stay until the process ends.
    static let abandoned = Atomic<Int>(0)

    /// What it is, for messages.
    let label: String
    private var handle: ClientHandle?
    private let lease = Mutex(Lease())
    private let lastHolderLeft = DispatchSemaphore(value: 0)
    private let troubles = Mutex<[KafkaFailure]>([])
    private let contact = Atomic<Bool>(false)

    /// Wraps `handle`, which messages call `label`.
    init(_ handle: consuming ClientHandle, label: String) {
        self.handle = consume handle
        self.label = label
    }

    /// Calls `body` with the client. Throws `closed` once the client is closing.
    func use<Value: ~Copyable>(
        _ body: (borrowing ClientHandle) throws(LogError) -> Value
    ) throws(LogError) -> Value {
        guard enter({ !$0.isClosed }) else { throw LogError.closed(label) }
        defer { leave() }
        return try body(handle!)
    }

    /// The same for whoever closes the client: works until `destroy` is called.
    func useLast<Value: ~Copyable>(
        _ body: (borrowing ClientHandle) throws(LogError) -> Value
    ) throws(LogError) -> Value {
        guard enter({ !$0.isOver }) else { throw LogError.closed(label) }
        defer { leave() }
        return try body(handle!)
    }

    /// Whether `refuse` or `destroy` was called.
    var isClosed: Bool { lease.withLock { $0.isClosed } }

    /// Whether `abandon` was called.
    var isAbandoned: Bool { lease.withLock { $0.isAbandoned } }

    /// Notes that nobody waits for the client's end any more; false when that was noted before.
    func abandon() -> Bool {
        lease.withLock { lease in
            defer { lease.isAbandoned = true }
            return !lease.isAbandoned
        }
    }

    /// Refuses every further use but the closer's own, so that what is running ends.
    func refuse() {
        lease.withLock { $0.isClosed = true }
    }

    /// Destroys the client; blocks, so it is called on a thread of the client's own. `release` frees the
    /// queues and topics that were made from it, once nobody can use them any more.
    func destroy(release: () -> Void) {
        let mustWait = lease.withLock { lease -> Bool in
            lease.isClosed = true
            lease.isOver = true
            lease.isAwaited = lease.holders > 0
            return lease.isAwaited
        }
        if mustWait { lastHolderLeft.wait() }
        release()
        if let handle = handle.take() { handle.destroy() }
    }

    private func enter(_ isAllowed: (Lease) -> Bool) -> Bool {
        lease.withLock { lease in
            guard isAllowed(lease) else { return false }
            lease.holders += 1
            return true
        }
    }

    private func leave() {
        let isLast = lease.withLock { lease -> Bool in
            lease.holders -= 1
            return lease.isAwaited && lease.holders == 0
        }
        if isLast { lastHolderLeft.signal() }
    }

    // MARK: What is known of the connection

    /// Remembers an error event. The last few matter: they say why a call got no answer.
    func note(_ failure: KafkaFailure) {
        troubles.withLock { troubles in
            if troubles.count >= 8 { troubles.removeFirst() }
            troubles.append(failure)
        }
    }

    /// A broker has answered: earlier troubles are over.
    func noteContact() {
        contact.store(true, ordering: .relaxed)
        troubles.withLock { $0.removeAll() }
    }

    /// Whether a broker has ever answered.
    var hasContact: Bool { contact.load(ordering: .relaxed) }

    /// The trouble that explains best why no answer comes: a refusal before a broken connection.
    var trouble: KafkaFailure? {
        troubles.withLock { troubles in
            troubles.last { KafkaErrorTable.row(of: $0.code).code == .denied }
                ?? troubles.last {
                    !$0.text.isEmpty && KafkaErrorTable.name(of: $0.code) != "_ALL_BROKERS_DOWN"
                }
                ?? troubles.last
        }
    }

    /// The refusal (user, password, certificate) that makes waiting pointless, if there was one.
    var refusal: KafkaFailure? {
        troubles.withLock { troubles in
            troubles.last { KafkaErrorTable.row(of: $0.code).code == .denied }
        }
    }
}
