internal import Basics
internal import EventLog

/// Moves records from blocks into a batch until the limit of a read is reached.
struct BatchFiller {
    let limit: ReadLimit
    /// Records and bytes that the batch held before.
    let before: Int
    let bytesBefore: Int
    /// Whether the next record did not fit.
    private(set) var isFull = false

    init(limit: ReadLimit, before: Int, bytesBefore: Int) {
        self.limit = limit
        self.before = before
        self.bytesBefore = bytesBefore
    }

    /// Appends the records of a block from the lane's position on.
    mutating func fill(
        _ batch: inout RecordBatch, from decoder: inout BlockDecoder, _ head: Span<UInt8>,
        _ body: Span<UInt8>,
        topic: Int, lane: inout ReadCursor.Lane
    ) throws(BlockDamage) {
        while true {
            let unread = decoder
            guard let record = try decoder.next(head) else { return }
            if record.offset < lane.position { continue }
            let taken = batch.count - before
            if taken >= max(1, limit.records)
                || taken > 0 && batch.byteCount - bytesBefore + record.byteCount > limit.bytes
            {
                decoder = unread
                isFull = true
                return
            }
            try BatchFiller.append(record, head, body, to: &batch, topic: topic, lane.partition.partition)
            lane.position = record.offset + 1
            lane.ended = false
        }
    }

    private static func append(
        _ record: BlockRecord, _ head: Span<UInt8>, _ body: Span<UInt8>, to batch: inout RecordBatch,
        topic: Int,
        _ partition: Partition
    ) throws(BlockDamage) {
        let key: Span<UInt8>?
        if let range = record.key { key = head.extracting(range) } else { key = nil }
        let value: Span<UInt8>?
        if let range = record.value { value = body.extracting(range) } else { value = nil }
        batch.append(
            topic: topic, partition: partition, offset: Offset(record.offset),
            timestamp: Timestamp(milliseconds: record.timestamp), key: key, value: value)
        guard record.headerCount > 0 else { return }
        try BlockDecoder.forEachHeader(of: record, head) { name, value in
            batch.appendHeader(name: body.extracting(name), value: body.extracting(value))
        }
    }
}
