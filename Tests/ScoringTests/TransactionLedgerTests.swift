import Basics
import EventLog
import Scoring
import Testing

@Suite struct TransactionLedgerTests {
    static let topic: TopicName = "events"

    static func place(_ partition: Int32) -> TopicPartition { TopicPartition(topic, partition) }

    @Test func aTransactionCommitsTheNextOffsetOfEachPartition() {
        var ledger = TransactionLedger(topic: Self.topic, partitions: 3)
        ledger.consume(Partition(0), Offset(5))
        ledger.consume(Partition(0), Offset(7))
        ledger.consume(Partition(2), Offset(0))
        #expect(ledger.openRecords == 3)
        #expect(ledger.seal() == [Self.place(0): Offset(8), Self.place(2): Offset(1)])
        #expect(!ledger.hasOpen)
        ledger.settle()
        #expect(ledger.rewind().isEmpty)
    }

    @Test func aRunOfRecordsIsNotedAtOnce() {
        var ledger = TransactionLedger(topic: Self.topic, partitions: 2)
        ledger.consume(Partition(1), from: Offset(4), through: Offset(9), records: 5)
        ledger.consume(Partition(1), from: Offset(10), through: Offset(10), records: 1)
        #expect(ledger.openRecords == 6)
        #expect(ledger.seal() == [Self.place(1): Offset(11)])
        #expect(ledger.rewind() == [Self.place(1): Offset(4)])
    }

    @Test func aMarkerMovesTheOffsetWithoutARecord() {
        var ledger = TransactionLedger(topic: Self.topic, partitions: 1)
        ledger.consume(Partition(0), Offset(9))
        ledger.reach(Partition(0), Offset(12))
        ledger.reach(Partition(0), Offset(3))
        #expect(ledger.openRecords == 1)
        #expect(ledger.seal() == [Self.place(0): Offset(12)])
    }

    /// A log of three partitions is read with failures, and every record must be committed once. The broker
    /// is played by the test: what is sealed is either committed, or both transactions are rewound.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func everyRecordIsCommittedOnceWhateverFails(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var ledger = TransactionLedger(topic: Self.topic, partitions: 3)
        let ends: [Int64] = (0..<3).map { _ in Int64.random(in: 0...40, using: &random) }
        var position: [Int64] = [0, 0, 0]
        var committed: [Int64] = [0, 0, 0]
        var outputs: [[Int64]] = [[], [], []]
        var open: [(Int, Int64)] = []
        var sealed: (records: [(Int, Int64)], offsets: [TopicPartition: Offset])?
        var steps = 0
        while committed != ends, steps < 10_000 {
            steps += 1
            switch random.next() % 8 {
            case 0...4:
                let partition = Int(random.next() % 3)
                guard position[partition] < ends[partition] else { continue }
                ledger.consume(Partition(Int32(partition)), Offset(position[partition]))
                open.append((partition, position[partition]))
                position[partition] += 1
            case 5 where sealed == nil && ledger.hasOpen:
                sealed = (open, ledger.seal())
                open = []
            case 6:
                guard let done = sealed else { continue }
                for (partition, offset) in done.records { outputs[partition].append(offset) }
                for (place, offset) in done.offsets { committed[Int(place.partition.number)] = offset.number }
                ledger.settle()
                sealed = nil
            case 7 where random.next() % 4 == 0:
                sealed = nil
                open = []
                for (place, offset) in ledger.rewind() {
                    position[Int(place.partition.number)] = offset.number
                }
            default: continue
            }
        }
        #expect(committed == ends, "seed \(seed)")
        for partition in 0..<3 {
            #expect(outputs[partition] == Array(0..<ends[partition]), "seed \(seed)")
        }
    }
}
