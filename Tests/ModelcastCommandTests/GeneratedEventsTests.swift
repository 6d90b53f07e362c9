import EventLog
import Foundation
import Testing

@testable import ModelcastCommand

@Suite struct GeneratedEventsTests {
    private struct Event: Decodable {
        let id: String
        let features: [Double]
    }

    private func events(_ count: Int, seed: UInt64) -> RecordBatch {
        var source = GeneratedEvents(features: 30, seed: seed)
        var batch = RecordBatch()
        let topic = batch.index(of: "events")
        for number in 0..<count { source.append(number, to: &batch, topic: topic) }
        return batch
    }

    @Test func eventsAreJSONOfThirtyNumbers() throws {
        let batch = events(500, seed: 1)
        var seen: Set<Double> = []
        for (number, record) in batch.records.enumerated() {
            let event = try JSONDecoder().decode(Event.self, from: Data(record.value ?? []))
            #expect(Int(event.id) == number)
            #expect(record.key == Array(event.id.utf8))
            #expect(event.features.count == 30)
            #expect(event.features.allSatisfy { abs($0) <= 4 })
            seen.formUnion(event.features)
        }
        #expect(seen.count > 5_000)
        #expect(seen.contains { $0 < -1 } && seen.contains { $0 > 1 })
        // What the figures of the stream are quoted for.
        let mean = batch.byteCount / batch.count - GeneratedEvents.idDigits
        #expect((235...245).contains(mean), "\(mean) bytes")
    }

    @Test func aSeedGivesTheSameBytes() {
        #expect(events(20, seed: 7).bytes == events(20, seed: 7).bytes)
        #expect(events(20, seed: 7).bytes != events(20, seed: 8).bytes)
    }

    @Test func answersAreCountedOnce() {
        let replies = LatencyReplies()
        replies.note(events(3, seed: 1), at: 100)
        replies.note(events(4, seed: 1), at: 200)
        var stranger = RecordBatch()
        stranger.append(topic: stranger.index(of: "events"), key: nil, value: nil)
        replies.note(stranger, at: 300)
        #expect(replies.first == 100)
        #expect((0..<5).map { replies.arrival(of: $0) } == [100, 100, 100, 200, nil])
        #expect(replies.answered == 4)
        #expect(replies.repeated == 3)
        #expect(replies.strangers == 1)
    }
}
