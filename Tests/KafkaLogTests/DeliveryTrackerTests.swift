import Basics
import Testing

@testable import KafkaLog

@Suite("Delivery tracker")
struct DeliveryTrackerTests {
    @Test(
        "ends each call with its own places, in whatever order reports come",
        arguments: 0..<20 as Range<UInt64>)
    func anyOrder(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var tracker = DeliveryTracker()
        for _ in 0..<5 {
            let calls = (0..<4).map { _ in
                let count = Int.random(in: 1...30, using: &random)
                return (tag: tracker.begin(count: count), count: count)
            }
            #expect(Set(calls.map(\.tag)).count == calls.count)
            #expect(tracker.openCalls == calls.count)
            var reports = calls.flatMap { call in (0..<call.count).map { (call, $0) } }
            reports.shuffle(using: &random)
            var finished = 0
            for (call, index) in reports {
                let ended = tracker.report(
                    tag: call.tag + UInt(index), partition: Int32(index % 3), offset: Int64(index) * 10,
                    code: 0)
                guard let ended else { continue }
                #expect(ended == call.tag)
                let outcome = tracker.finish(tag: ended)
                #expect(outcome.offsets == (0..<call.count).map { Int64($0) * 10 })
                #expect(outcome.partitions == (0..<call.count).map { Int32($0 % 3) })
                #expect(outcome.failure == nil)
                finished += 1
            }
            #expect(finished == calls.count)
            #expect(tracker.openCalls == 0)
        }
    }

    @Test("tells the first record that was not written")
    func failure() throws {
        var tracker = DeliveryTracker()
        let tag = tracker.begin(count: 3)
        #expect(tracker.report(tag: tag + 2, partition: 0, offset: 5, code: -192) == nil)
        #expect(tracker.report(tag: tag, partition: 0, offset: 4, code: 0) == nil)
        #expect(tracker.report(tag: tag + 1, partition: 0, offset: -1, code: 10) == tag)
        #expect(tracker.finish(tag: tag).failure == DeliveryTracker.Failure(index: 1, code: 10))
    }

    @Test("does not wait for records that never left", arguments: [0, 1, 3])
    func dropped(sent: Int) {
        var tracker = DeliveryTracker()
        let tag = tracker.begin(count: 4)
        let atOnce = tracker.drop(tag: tag, from: sent, code: -1)
        #expect((atOnce == tag) == (sent == 0))
        var ended = atOnce
        for index in 0..<sent {
            ended = tracker.report(tag: tag + UInt(index), partition: 0, offset: 0, code: 0)
        }
        #expect(ended == tag)
        #expect(tracker.finish(tag: tag).failure?.index == sent)
    }

    @Test("ignores tags that it never gave out, and uses numbers again")
    func foreignTags() {
        var tracker = DeliveryTracker()
        #expect(tracker.report(tag: 0, partition: 0, offset: 0, code: 0) == nil)
        #expect(tracker.report(tag: 99 << 24, partition: 0, offset: 0, code: 0) == nil)
        let first = tracker.begin(count: 1)
        #expect(tracker.report(tag: first + 7, partition: 0, offset: 0, code: 0) == nil)
        #expect(tracker.report(tag: first, partition: 0, offset: 0, code: 0) == first)
        _ = tracker.finish(tag: first)
        #expect(tracker.report(tag: first, partition: 0, offset: 0, code: 0) == nil)
        #expect(tracker.begin(count: 1) == first)
    }
}
