import Glibc
import Synchronization
import Testing

@testable import KafkaLog

/// Every suite of this process leaves no C object behind: counted when the process ends.
///
/// Clients whose `close` gave up on a broker that was away may live on, with what is theirs; they are counted
/// by `KafkaLog.abandonedClients`.
enum HandlesAtExit {
    /// From its first use on, the process fails at its end when objects are alive that nobody abandoned.
    static let areCounted: Bool = {
        atexit {
            // Clients that were let go without `close` end on threads of their own.
            for _ in 0..<1_500 where !isClean { _ = poll(nil, 0, 10) }
            guard !isClean else { return }
            let counts = """
                clients \(LiveHandles.clients.load(ordering: .relaxed)), queues \
                \(LiveHandles.queues.load(ordering: .relaxed)), events \
                \(LiveHandles.events.load(ordering: .relaxed)), others \
                \(LiveHandles.others.load(ordering: .relaxed)), abandoned \(KafkaLog.abandonedClients)
                """
            let line = Array("✘ C objects are alive at the end: \(counts)\n".utf8)
            _ = write(STDERR_FILENO, line, line.count)
            _exit(70)
        }
        return true
    }()

    private static var isClean: Bool {
        LiveHandles.clients.load(ordering: .relaxed) <= KafkaLog.abandonedClients
            && (KafkaLog.abandonedClients > 0 || LiveHandles.total == 0)
    }
}

/// Has the handles of the whole process counted when it ends.
struct CountsHandles: SuiteTrait, TestTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try #require(HandlesAtExit.areCounted)
        try await function()
    }
}

extension Trait where Self == CountsHandles {
    /// The handles of the process are counted when it ends.
    static var countsHandles: Self { Self() }
}
