internal import Basics
internal import EventLog
internal import Synchronization

/// The thread of a producing client for calls that block.
///
/// Nobody waits for a call longer than its limit and a little more, nor after `stop`: a call of librdkafka
/// 2.0.2 may outlast the limit that it is given (`rd_kafka_send_offsets_to_transaction` while the group's
/// coordinator is away, its issue 5456), and then the thread is occupied for as long as the broker is away.
/// Calls keep their order, and one that nobody waits for any more is not begun. Safe to call from any thread.
final class CallThread: Sendable {
    private struct State {
        var isStopped = false
        var lastNumber = 0
        /// What wakes those who wait.
        var waiting: [Int: Completion] = [:]
    }

    private let thread: ThreadExecutor
    private let client: KafkaClient
    private let state = Mutex(State())

    /// Starts the thread; `name` is what profilers show. Its calls are into `client`.
    init(_ client: KafkaClient, name: String) {
        self.client = client
        thread = ThreadExecutor(name: name)
    }

    /// Runs `work`, which is over within `limit` unless librdkafka hangs, and returns what it returns. Throws
    /// `closed` after `stop`, and `timedOut` when it is overdue. `what` says what was being done; `isAwaited`
    /// whether somebody still waits.
    func run<Value: Sendable>(
        _ what: String, limit: Duration,
        _ work: @Sendable @escaping (_ isAwaited: () -> Bool) throws(LogError) -> Value
    ) async throws(LogError) -> Value {
        let call = Call<Value>()
        guard let number = enter(call.end) else { throw LogError.closed(client.label) }
        thread.submit {
            guard call.isAwaited else { return }
            do throws(LogError) {
                call.finish(.success(try work { call.isAwaited }))
            } catch {
                call.finish(.failure(error))
            }
        }
        let isInTime = await call.end.wait(atMost: limit + KafkaLimits.overtime)
        leave(number)
        if let result = call.takeResult() { return try result.get() }
        throw isInTime
            ? LogError.closed(client.label) : LogError.timedOut(what, after: limit, cause: client.trouble)
    }

    /// Runs `work` after what came before it, whether or not the thread is stopped; returns at once.
    func submit(_ work: @Sendable @escaping () -> Void) {
        thread.submit(work)
    }

    /// Nobody waits any more, now and later.
    func stop() {
        let waiting = state.withLock { state in
            state.isStopped = true
            return state.waiting.values
        }
        for end in waiting { end.signal() }
    }

    /// The number of a new call; nil after `stop`.
    private func enter(_ end: Completion) -> Int? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            state.lastNumber += 1
            state.waiting[state.lastNumber] = end
            return state.lastNumber
        }
    }

    private func leave(_ number: Int) {
        state.withLock { _ = $0.waiting.removeValue(forKey: number) }
    }
}

/// One call and what came of it.
private final class Call<Value: Sendable>: Sendable {
    private struct State {
        var isAwaited = true
        var result: Result<Value, LogError>?
    }

    /// Signalled when there is a result, or when nobody waits for one.
    let end = Completion()
    private let state = Mutex(State())

    var isAwaited: Bool { state.withLock { $0.isAwaited } }

    func finish(_ result: Result<Value, LogError>) {
        state.withLock { $0.result = result }
        end.signal()
    }

    /// The result, if there is one by now; from here on nobody waits.
    func takeResult() -> Result<Value, LogError>? {
        state.withLock { state in
            state.isAwaited = false
            return state.result
        }
    }
}
