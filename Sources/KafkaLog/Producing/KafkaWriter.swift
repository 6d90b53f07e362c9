internal import Basics
internal import EventLog

/// Writes records outside transactions, idempotently: acknowledged by all replicas in sync, once each, in
/// order.
final class KafkaWriter: LogWriter, Closable {
    private let core: ProducerCore

    /// A writer over its own client.
    init(_ settings: ClientSettings, _ options: WriterOptions) throws(LogError) {
        let client = try settings.makeClient(
            .producer, settings.writerSettings(options), events: ClientEvents.producing,
            label: "the writer to \(settings.address.url)")
        core = ProducerCore(
            client, options: settings.options, deliveryTimeout: options.deliveryTimeout, name: "w")
    }

    deinit {
        core.stop()
    }

    func send(_ batch: RecordBatch) async throws(LogError) -> [RecordPlace] {
        if batch.isEmpty { return [] }
        guard batch.count < KafkaLimits.recordsPerSend else {
            throw LogError(
                .tooLarge, "one call writes \(batch.count) records",
                hint: "write fewer than \(KafkaLimits.recordsPerSend) at once", recovery: .fixInput)
        }
        let tag = core.begin(count: batch.count)
        try await core.enqueue(batch, tag: tag)
        let outcome = try await core.outcome(of: tag)
        if let failure = outcome.failure {
            let record = failure.index
            let partition = batch.partition(at: record).map { "[\($0)]" } ?? ""
            throw LogError.kafka(
                KafkaFailure(code: failure.code),
                "writing record \(record) of \(batch.count) to \(batch.topic(at: record))\(partition)")
        }
        return batch.indices.map { index in
            RecordPlace(
                TopicPartition(batch.topic(at: index), outcome.partitions[index]),
                Offset(outcome.offsets[index]))
        }
    }

    func post(_ batch: RecordBatch) async throws(LogError) {
        if batch.isEmpty { return }
        try await core.enqueue(batch, tag: 0)
    }

    func settle() async throws(LogError) {
        try await core.flush("waiting for records to be acknowledged")
        guard let lost = core.takeLostRecord() else { return }
        let reason = LogError.kafka(lost, "writing records")
        throw LogError(
            reason.code, reason.message, hint: reason.hint,
            severity: reason.severity == .fatal ? .fatal : .abortable, recovery: reason.recovery,
            cause: reason)
    }

    func kill() {
        core.stop()
    }

    func close(deadline: Duration) async {
        await core.close(deadline: deadline) { client, deadline in ProducerCore.settle(client, deadline) }
    }
}

/// The kinds of events that clients ask for (`RD_KAFKA_EVENT_…`).
enum ClientEvents {
    /// Delivery reports and errors.
    static let producing: Int32 = 0x1 | 0x8
    /// Messages, errors, rebalances and the outcomes of commits.
    static let consuming: Int32 = 0x2 | 0x8 | 0x10 | 0x20
    /// Errors.
    static let administering: Int32 = 0x8
}

extension RecordBatch {
    /// The indices of the records.
    var indices: Range<Int> { 0..<count }
}
