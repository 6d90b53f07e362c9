internal import Basics
internal import EventLog

/// A client for what is neither reading nor writing. Calls run one after another on its own thread.
final class AdminClient: Sendable {
    let client: KafkaClient
    let options: KafkaOptions
    private let thread = ThreadExecutor(name: "kafka-admin")
    private let ended = Completion()

    /// A client that connects when it is first asked for something.
    init(_ settings: ClientSettings) throws(LogError) {
        options = settings.options
        client = try settings.makeClient(
            .producer, [:], events: ClientEvents.administering,
            label: "the connection to \(settings.address.url)")
    }

    /// A client that asks for the offsets of `group` without being a member.
    ///
    /// librdkafka 2.0.2 has an administrative request for this, but it frees what it still uses when the
    /// coordinator answers that it is loading; asking as a consumer does not.
    init(_ settings: ClientSettings, group: String) throws(LogError) {
        options = settings.options
        // `read_committed`: a transaction's commit returns before its offsets can be seen, so offsets on the
        // way are waited for.
        client = try settings.makeClient(
            .consumer,
            ["group.id": group, "enable.auto.commit": "false", "isolation.level": "read_committed"],
            events: ClientEvents.administering, label: "group '\(group)' of \(settings.address.url)")
    }

    /// Runs `work` on the client's thread.
    func call<Value: Sendable>(
        _ work: @Sendable @escaping (borrowing ClientHandle, AdminCall) throws(LogError) -> Value
    ) async throws(LogError) -> Value {
        let client = client
        let limit = options.requestTimeout
        return try await thread.run { () throws(LogError) in
            try client.use { handle throws(LogError) in try work(handle, AdminCall(client, limit: limit)) }
        }
    }

    /// Frees the client, by `deadline`.
    func close(deadline: Duration) async {
        client.refuse()
        Task { [client, thread, ended] in
            await thread.run {
                client.destroy {}
                ended.signal()
            }
        }
        await client.awaitEnd(ended, atMost: deadline, options: options)
    }
}

/// One administrative call: its deadline, and how it waits without missing a refusal.
struct AdminCall {
    /// By when the call ends.
    let deadline: Deadline
    private let client: KafkaClient
    private let begin = ContinuousClock.now

    /// A call of `client` that may take `limit`.
    init(_ client: KafkaClient, limit: Duration) {
        self.client = client
        deadline = Deadline(after: limit)
    }

    /// Milliseconds for the next step of the call.
    var slice: Int32 { max(1, deadline.milliseconds(atMost: KafkaLimits.sliceMilliseconds)) }

    /// Milliseconds for all that is left of the call.
    var rest: Int32 { max(1, deadline.milliseconds(atMost: 3_600_000)) }

    /// Repeats `step` while its failure may pass. `what` says what is being done.
    func repeatedly<Value>(
        _ handle: borrowing ClientHandle, _ what: String,
        _ step: (borrowing ClientHandle, _ milliseconds: Int32) -> Result<Value, KafkaFailure>
    ) throws(LogError) -> Value {
        var slices = Slices()
        while true {
            switch step(handle, slices.next(deadline)) {
            case .success(let value):
                client.noteContact()
                return value
            case .failure(let failure):
                let row = KafkaErrorTable.row(of: failure.code)
                guard failure.isRetriable || row.isRetriable else { throw LogError.kafka(failure, what) }
                try goOn(handle, what, failure)
                // A refused connection answers at once; asking again without a pause would only heat the
                // processor.
                Pause.milliseconds(10)
            }
        }
    }

    /// The event that `request` makes arrive in a queue of its own.
    func answer(
        _ handle: borrowing ClientHandle, _ what: String,
        to request: (borrowing ClientHandle, borrowing QueueHandle) throws(LogError) -> Void
    ) throws(LogError) -> EventHandle {
        let queue = handle.makeQueue()
        try request(handle, queue)
        while true {
            if let event = queue.poll(milliseconds: slice) {
                let failure = event.failure
                if failure.code == 0 {
                    client.noteContact()
                    return event
                }
                if let refusal = client.refusal { throw LogError.kafka(refusal, what) }
                throw LogError.kafka(failure, what)
            }
            try goOn(handle, what, nil)
        }
    }

    /// Throws when waiting longer is pointless: the deadline, a refusal, or a broker that never answered.
    private func goOn(
        _ handle: borrowing ClientHandle, _ what: String, _ failure: KafkaFailure?
    ) throws(LogError) {
        let queue = handle.mainQueue()
        while let event = queue.poll(milliseconds: 0) {
            if event.kind == .error { client.note(event.failure) }
        }
        if let refusal = client.refusal { throw LogError.kafka(refusal, what) }
        if client.isClosed { throw LogError.closed(client.label) }
        let waited = ContinuousClock.now - begin
        if !client.hasContact, waited > KafkaLimits.firstContact, let trouble = client.trouble {
            throw LogError.kafka(trouble, what)
        }
        if deadline.isOver {
            throw LogError.timedOut(what, after: deadline.limit, cause: client.trouble ?? failure)
        }
    }
}
