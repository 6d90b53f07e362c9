import Basics
import EventLog

/// Writes generated events into a topic as fast as the log takes them.
struct EventFiller {
    let topic: TopicName
    let events: Int
    let features: Int
    let seed: UInt64

    /// Events of one batch.
    private static let batchEvents = 5_000
    /// Batches on their way at once.
    private static let batchesInFlight = 4

    /// Writes the events, a few batches at once; returns the bytes of their values and keys.
    func fill(_ log: any EventLog) async throws -> Int {
        let writer = try await log.writer()
        var source = GeneratedEvents(features: features, seed: seed)
        var bytes = 0
        do {
            try await withThrowingTaskGroup(of: Void.self) { sending in
                var number = 0
                var inFlight = 0
                while number < events {
                    var batch = RecordBatch()
                    let index = batch.index(of: topic)
                    for _ in 0..<min(Self.batchEvents, events - number) {
                        source.append(number, to: &batch, topic: index)
                        number += 1
                    }
                    bytes += batch.byteCount
                    if inFlight == Self.batchesInFlight {
                        try await sending.next()
                        inFlight -= 1
                    }
                    inFlight += 1
                    sending.addTask { [batch] in _ = try await writer.send(batch) }
                }
                try await sending.waitForAll()
            }
        } catch {
            await writer.close(deadline: CommonOptions.closeDeadline)
            throw error
        }
        await writer.close(deadline: CommonOptions.closeDeadline)
        return bytes
    }
}
