internal import Basics
public import EventLog

/// What the open and the sealed transaction have used up of the input: the bookkeeping that exactly-once
/// rests on.
///
/// Two transactions are alive at most: one is *open* (it gathers and scores), one is *sealed* (it commits). A
/// failure of either goes back to the first record of both, because the broker aborts the later one together
/// with the earlier. A pure value: no lock, clock or log inside.
///
/// Partitions of one topic are numbered from 0, so that noting records is two array writes and no look-up.
public struct TransactionLedger: Sendable {
    /// Where one transaction began and how far it has come, by partition number; nil: nothing of that
    /// partition.
    private struct Span: Sendable {
        var first: [Int64?]
        var next: [Int64?]

        init(partitions: Int) {
            first = Array(repeating: nil, count: partitions)
            next = first
        }

        var isEmpty: Bool { next.allSatisfy { $0 == nil } }

        mutating func clear() {
            for index in first.indices {
                first[index] = nil
                next[index] = nil
            }
        }
    }

    /// The input topic.
    public let topic: TopicName
    private var open: Span
    private var sealed: Span
    /// Whether a sealed transaction has not yet been settled.
    public private(set) var hasSealed = false
    /// Input records of the open transaction.
    public private(set) var openRecords = 0
    /// Input records of the sealed transaction.
    public private(set) var sealedRecords = 0

    /// A ledger for `topic` with that many partitions.
    public init(topic: TopicName, partitions: Int32) {
        self.topic = topic
        open = Span(partitions: Int(partitions))
        sealed = open
    }

    /// Whether the open transaction has used up anything.
    public var hasOpen: Bool { !open.isEmpty }

    /// Notes that the record at `offset` of `partition` was taken into the open transaction.
    public mutating func consume(_ partition: Partition, _ offset: Offset) {
        consume(partition, from: offset, through: offset, records: 1)
    }

    /// Notes that `records` records of `partition` were taken, the first at `first`, the last at `last`.
    public mutating func consume(
        _ partition: Partition, from first: Offset, through last: Offset, records: Int
    ) {
        let index = Int(partition.number)
        if open.first[index] == nil { open.first[index] = first.number }
        open.next[index] = last.number + 1
        openRecords += records
    }

    /// Notes that the reader stands at `offset` of `partition`: beyond the last record, where only markers of
    /// transactions were. Committing it lets "caught up" be seen from outside.
    public mutating func reach(_ partition: Partition, _ offset: Offset) {
        let index = Int(partition.number)
        guard offset.number > (open.next[index] ?? -1) else { return }
        if open.first[index] == nil { open.first[index] = offset.number }
        open.next[index] = offset.number
    }

    /// Closes the open transaction for more input; it is the sealed one until `settle` or `rewind`. Returns
    /// what it used up.
    public mutating func seal() -> [TopicPartition: Offset] {
        precondition(!hasSealed, "the transaction before is not settled")
        swap(&open, &sealed)
        open.clear()
        sealedRecords = openRecords
        openRecords = 0
        hasSealed = true
        return offsets(of: sealed.next)
    }

    /// The sealed transaction was committed.
    public mutating func settle() {
        precondition(hasSealed, "no transaction is sealed")
        sealed.clear()
        sealedRecords = 0
        hasSealed = false
    }

    /// A transaction failed: forgets both and returns where reading must start again.
    public mutating func rewind() -> [TopicPartition: Offset] {
        var first = open.first
        for index in first.indices {
            // The sealed one is the earlier.
            if let earlier = sealed.first[index] { first[index] = earlier }
        }
        open.clear()
        sealed.clear()
        hasSealed = false
        openRecords = 0
        sealedRecords = 0
        return offsets(of: first)
    }

    private func offsets(of numbers: [Int64?]) -> [TopicPartition: Offset] {
        var offsets: [TopicPartition: Offset] = [:]
        for (index, number) in numbers.enumerated() {
            if let number { offsets[TopicPartition(topic, Int32(index))] = Offset(number) }
        }
        return offsets
    }
}
