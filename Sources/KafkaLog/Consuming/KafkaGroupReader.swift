internal import Basics
internal import EventLog

/// A member of a consumer group: cooperative-sticky assignment, static when it has an instance name.
final class KafkaGroupReader: GroupReader, Closable {
    let group: String
    private let core: ReaderCore

    /// Joins the group; the first partitions arrive with a later read.
    init(_ settings: ClientSettings, _ options: GroupOptions) async throws(LogError) {
        group = options.group
        var properties = settings.readerSettings(committedOnly: options.committedOnly, ahead: .stream)
        properties["group.id"] = options.group
        properties["group.instance.id"] = options.instance
        properties["partition.assignment.strategy"] = "cooperative-sticky"
        let session = min(max(options.sessionTimeout.wholeMilliseconds, 1), 3_600_000)
        properties["session.timeout.ms"] = "\(session)"
        properties["heartbeat.interval.ms"] = "\(max(1, min(3_000, session / 3)))"
        properties["auto.offset.reset"] = options.start == .latest ? "latest" : "earliest"
        var groupStart: Int64?
        if case .offset(let offset) = options.start { groupStart = offset.number }

        let place = "group '\(options.group)' of \(settings.address.url)"
        let client = try settings.makeClient(
            .consumer, properties, events: ClientEvents.consuming, label: "the reader of \(place)")
        let queue = try client.use { handle throws(LogError) in
            guard let queue = handle.consumerQueue() else {
                throw LogError(.engine, "librdkafka gives no queue for \(place)", recovery: .bug)
            }
            return queue
        }
        let state = ReaderState(
            client, queue: queue, place: place, groupStart: groupStart, ahead: .stream,
            requestTimeout: settings.options.requestTimeout)
        core = ReaderCore(
            client, state, options: settings.options, thread: ThreadExecutor(name: "kafka-read-g"))
        let topics = options.topics
        do throws(LogError) {
            try await core.call { handle, state throws(LogError) in try state.join(handle, topics) }
        } catch {
            core.stop(leavingBy: Deadline(after: .zero))
            throw error
        }
    }

    deinit {
        // Nobody waits for it, and nobody can: the object is gone. It is counted when it cannot leave.
        Task { [core] in await core.close(deadline: .seconds(5)) }
    }

    func read(into batch: inout RecordBatch, limit: ReadLimit, wait: Duration) async throws(LogError)
        -> ReadOutcome
    {
        try await core.read(into: &batch, limit: limit, wait: wait)
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try await core.call { handle, state throws(LogError) in try state.seek(handle, to: offsets) }
    }

    func assignment() async -> [TopicPartition] {
        let partitions = try? await core.call { _, state throws(LogError) in
            state.assignment.partitions.sorted()
        }
        return partitions ?? []
    }

    func commit(_ offsets: [TopicPartition: Offset]) async throws(LogError) {
        if offsets.isEmpty { return }
        try await core.call { handle, state throws(LogError) in try state.commit(handle, offsets) }
    }

    func lag() async -> [TopicPartition: Int64] {
        let lag = try? await core.call { handle, state throws(LogError) in state.lag(handle) }
        return lag ?? [:]
    }

    func kill() {
        core.stop(leavingBy: Deadline(after: .seconds(2)), saysSo: false)
    }

    func close(deadline: Duration) async {
        await core.close(deadline: deadline)
    }

    /// This member's serialised place in the group, to commit offsets of `partitions` in a transaction.
    /// Throws `notAssigned` when one of them is no longer this member's.
    func membership(for partitions: [TopicPartition]) async throws(LogError) -> [UInt8] {
        try await core.call { handle, state throws(LogError) in
            try state.membership(handle, for: partitions)
        }
    }
}
