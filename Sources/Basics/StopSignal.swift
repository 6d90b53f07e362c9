internal import Synchronization

/// Asks a long-running service to end gracefully: raised once (SIGTERM, a test, an owner), polled between its
/// steps.
///
/// Safe to use from any thread.
public final class StopSignal: Sendable {
    private let raised = Atomic<Bool>(false)

    /// A signal that is not raised.
    public init() {}

    /// Whether the service should end.
    public var isRaised: Bool { raised.load(ordering: .acquiring) }

    /// Asks the service to end; further calls change nothing.
    public func raise() {
        raised.store(true, ordering: .releasing)
    }
}
