import Basics
import EventLog
import Testing

@Suite struct RecordBatchTests {
    /// Records of every combination of present, empty and absent parts.
    static func randomRecord(_ random: inout SeededRandom) -> Record {
        func bytes(_ random: inout SeededRandom) -> [UInt8]? {
            switch random.next() % 4 {
            case 0: nil
            case 1: []
            default:
                (0..<Int.random(in: 1...200, using: &random)).map { _ in
                    UInt8(truncatingIfNeeded: random.next())
                }
            }
        }
        let topics: [TopicName] = ["a", "b", "c"]
        return Record(
            topic: topics[Int(random.next() % 3)],
            partition: random.next() % 2 == 0 ? nil : Partition(Int32(random.next() % 8)),
            offset: random.next() % 2 == 0 ? nil : Offset(Int64(random.next() % 1_000)),
            timestamp: random.next() % 2 == 0
                ? nil : Timestamp(milliseconds: Int64(random.next() % 1_000_000)),
            key: bytes(&random), value: bytes(&random),
            headers: (0..<Int(random.next() % 4)).map { Header("h\($0)", bytes(&random) ?? []) })
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func whatGoesInComesOut(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var batch = RecordBatch()
        for _ in 0..<20 {
            let records = (0..<50).map { _ in RecordBatchTests.randomRecord(&random) }
            batch.removeAll()
            for record in records { batch.append(record) }
            #expect(batch.records == records, "seed \(seed)")
        }
    }

    @Test(arguments: [4, 5] as [UInt64])
    func aCopiedRecordKeepsAllButItsPlace(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let source = RecordBatch((0..<200).map { _ in RecordBatchTests.randomRecord(&random) })
        var copy = RecordBatch()
        let topic = copy.index(of: "copy")
        for index in (0..<source.count).reversed() {
            copy.append(copyOf: index, of: source, topic: topic)
            copy.appendHeader(name: "why", value: [1, 2].span)
        }
        for index in 0..<source.count {
            var expected = source.record(at: source.count - 1 - index)
            expected.topic = "copy"
            expected.partition = nil
            expected.offset = nil
            expected.headers.append(Header("why", [1, 2]))
            #expect(copy.record(at: index) == expected)
        }
    }

    @Test func theLastRecordCanBeTakenBack() {
        var batch = RecordBatch()
        let topic = batch.index(of: "t")
        batch.append(topic: topic, key: nil, value: [1].span)
        batch.append(topic: topic, key: [2].span) { $0.append(3) }
        batch.appendHeader(name: "h", value: [4].span)
        batch.removeLast()
        #expect(batch.records == [Record(topic: "t", value: [1])])
        batch.append(topic: topic, key: [2].span) { $0.append(contentsOf: [5, 6]) }
        #expect(batch.record(at: 1) == Record(topic: "t", key: [2], value: [5, 6]))
    }

    @Test func tombstonesAndEmptyValuesDiffer() {
        let batch = RecordBatch([
            Record(topic: "t", key: [1], value: nil), Record(topic: "t", key: [1], value: []),
        ])
        #expect(batch.valueRange(at: 0) == nil)
        #expect(batch.valueRange(at: 1)?.isEmpty == true)
    }

    @Test(arguments: ["", ".", "..", "a b", "ä", String(repeating: "x", count: 250)])
    func aBadTopicNameIsRefused(name: String) {
        #expect(throws: LogError(.invalidTopic, "", recovery: .fixInput)) { try TopicName(name) }
    }
}
