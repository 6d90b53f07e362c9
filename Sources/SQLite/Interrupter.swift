internal import CSQLite
internal import Synchronization

/// Stops the statement that runs on a connection. Safe to call from any thread, also after the connection is
/// gone.
@safe public final class Interrupter: Sendable {
    /// `@unchecked`: `sqlite3_interrupt` may be called from any thread while the connection is open
    /// (https://www.sqlite.org/c3ref/interrupt.html), and the lock around the pointer holds off its closing.
    @safe private struct Handle: @unchecked Sendable {
        var pointer: OpaquePointer?
    }

    private let handle: Mutex<Handle>

    init(_ pointer: OpaquePointer) {
        handle = unsafe Mutex(Handle(pointer: pointer))
    }

    /// The running statement fails with `interrupted`; does nothing when none runs.
    public func interrupt() {
        handle.withLock { handle in
            if let pointer = unsafe handle.pointer { unsafe sqlite3_interrupt(pointer) }
        }
    }

    func forget() {
        handle.withLock { unsafe $0.pointer = nil }
    }
}
