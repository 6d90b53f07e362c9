internal import Basics
internal import EventLog

/// Reads a topic once, up to ends that are fixed beforehand, whatever is written meanwhile.
///
/// One task at a time uses it.
final class SpanReader {
    /// How long the log may be silent before the end is reached.
    private static let silenceMax = Duration.seconds(60)

    private let topic: TopicName
    private let reader: any PartitionReader
    private let spans: [Range<Int64>]
    private var open: Set<TopicPartition>

    /// A `read_committed` reader of `spans`, by partition.
    init(_ log: any EventLog, _ topic: TopicName, spans: [Range<Int64>]) async throws(LogError) {
        self.topic = topic
        self.spans = spans
        var start: [TopicPartition: StartPosition] = [:]
        for (number, span) in spans.enumerated() where !span.isEmpty {
            start[TopicPartition(topic, Int32(number))] = .offset(Offset(span.lowerBound))
        }
        open = Set(start.keys)
        reader = try await log.reader(ReaderOptions(start: start))
    }

    /// Fills `batch` with the next records; false when everything was read. Some of the records may be
    /// outside the spans: ask `contains`.
    func next(_ batch: inout RecordBatch) async throws(LogError) -> Bool {
        let began = ContinuousClock.now
        while !open.isEmpty {
            batch.removeAll()
            switch try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(1)) {
            case .records:
                for index in 0..<batch.count {
                    guard let place = batch.place(at: index) else { continue }
                    let end = spans[Int(place.partition.partition.number)].upperBound
                    if place.offset.number + 1 >= end { open.remove(place.partition) }
                }
                return true
            case .caughtUp(let places):
                for (place, offset) in places
                where offset.number >= spans[Int(place.partition.number)].upperBound {
                    open.remove(place)
                }
                if !open.isDisjoint(with: places.keys) { try await lookAgain(places) }
            case .idle, .assigned, .revoking:
                guard began.duration(to: .now) < SpanReader.silenceMax else {
                    throw LogError(
                        .timedOut, "\(topic) was not read to its end: the log is silent",
                        hint: "try again", severity: .retriable, recovery: .retry)
                }
            }
        }
        return false
    }

    /// Whether record `index` of `batch` is one of those that were asked for.
    func contains(_ batch: RecordBatch, _ index: Int) -> Bool {
        guard let partition = batch.partition(at: index), let offset = batch.offset(at: index) else {
            return false
        }
        return spans[Int(partition.number)].contains(offset.number)
    }

    func close() async { await reader.close(deadline: .seconds(5)) }

    /// The end that a partition was said to have is further on: it is in sight once the reader is told to
    /// look.
    private func lookAgain(_ places: [TopicPartition: Offset]) async throws(LogError) {
        do {
            try await Task.sleep(for: .milliseconds(20))
        } catch {
            throw LogError.closed("the audit")
        }
        try await reader.seek(to: places.filter { open.contains($0.key) })
    }
}
