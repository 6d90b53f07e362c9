internal import Basics
internal import EventLog

/// Reads the partitions that it is told, without a group: librdkafka's plain consumer, which asks no
/// coordinator and needs no right on a group.
final class KafkaPartitionReader: PartitionReader, Closable {
    private let core: ReaderCore

    /// A reader that starts at `offsets` (numbers or librdkafka's special ones).
    init(
        _ settings: ClientSettings, offsets: [TopicPartition: Int64], options: ReaderOptions
    ) async throws(LogError) {
        let thread = ThreadExecutor(name: "kafka-read-p", priority: options.priority)
        let ahead = ReadingAhead(options)
        // librdkafka's own threads begin with the priority of the thread that makes the client.
        let client = try await thread.run { () throws(LogError) in
            var properties = settings.readerSettings(committedOnly: options.committedOnly, ahead: ahead)
            properties["auto.offset.reset"] = "earliest"
            return try settings.makeClient(
                .consumer, properties, events: ClientEvents.consuming,
                label: "the reader of \(settings.address.url)")
        }
        let queue = try client.use { handle throws(LogError) in
            let queue = handle.makeQueue()
            handle.mainQueue().forward(to: queue)
            return queue
        }
        let state = ReaderState(
            client, queue: queue, place: "reading \(settings.address.url)", partitions: Array(offsets.keys),
            ahead: ahead, requestTimeout: settings.options.requestTimeout)
        core = ReaderCore(client, state, options: settings.options, thread: thread)
        do throws(LogError) {
            let limit = settings.options.requestTimeout
            try await core.call { handle, state throws(LogError) in
                var topics: [TopicName: TopicHandle] = [:]
                for (place, offset) in offsets.sorted(by: { $0.key < $1.key }) {
                    guard let topic = topics[place.topic] ?? TopicHandle(handle, place.topic) else {
                        throw LogError(
                            .invalidTopic, "librdkafka refuses the topic '\(place.topic)'",
                            recovery: .fixInput)
                    }
                    if topics.updateValue(topic, forKey: place.topic) == nil {
                        // Known leaders spare the first fetch librdkafka's half-second timers.
                        try client.awaitTopic(topic, limit)
                    }
                    try state.start(handle, topic, place.partition, at: offset)
                }
            }
        } catch {
            core.stop(leavingBy: Deadline(after: .zero))
            throw error
        }
    }

    deinit {
        core.stop(leavingBy: Deadline(after: .seconds(1)))
    }

    func read(into batch: inout RecordBatch, limit: ReadLimit, wait: Duration) async throws(LogError)
        -> ReadOutcome
    {
        try await core.read(into: &batch, limit: limit, wait: wait)
    }

    func seek(to offsets: [TopicPartition: Offset]) async throws(LogError) {
        try await core.call { handle, state throws(LogError) in try state.seek(handle, to: offsets) }
    }

    func kill() {
        core.stop(leavingBy: Deadline(after: .seconds(2)), saysSo: false)
    }

    func close(deadline: Duration) async {
        await core.close(deadline: deadline)
    }
}
