internal import EventLog

/// A block on its way to the file. Its offsets count from 0 until the commit gives it a place.
struct Block: Sendable {
    var partitionID: Int64
    var count = 0
    /// Offsets that it covers: its records, and the gaps that compaction left between them.
    var offsets: Int64 = 0
    /// The latest timestamp.
    var newest = Int64.min
    var head: [UInt8] = []
    var body: [UInt8] = []
    /// Of head and body; the place joins it when it is known.
    var checksum = Checksum()

    /// What is stored beside a block that stands at `place`.
    func storedChecksum(at place: Int64) -> Int64 {
        var sum = checksum
        sum.add(place)
        return sum.stored
    }

    static func storedChecksum(head: Span<UInt8>, body: Span<UInt8>, place: Int64) -> Int64 {
        var sum = Checksum()
        sum.add(head)
        sum.add(body)
        sum.add(place)
        return sum.stored
    }
}

/// A block that grows record by record.
struct BlockBuilder: Sendable {
    private var block: Block
    private var records: [UInt8] = []
    private var base: Int64 = 0
    private var timestamp: Int64 = 0
    /// The relative offset of the next record, without gaps.
    private(set) var nextOffset: Int64 = 0

    init(partitionID: Int64) {
        block = Block(partitionID: partitionID)
    }

    var count: Int { block.count }

    /// Bytes so far.
    var byteCount: Int { records.count + block.body.count }

    /// Appends a record. `offset` is relative to the block's first; `tail` are the bytes of value and
    /// headers, which follow each other.
    mutating func append(
        offset: Int64, timestamp time: Int64, key: Span<UInt8>?, valueLength: Int?, tail: Span<UInt8>,
        headerLengths: [Int]
    ) {
        if block.count == 0 {
            base = time
            timestamp = time
        }
        // `nextOffset - 1` is the record before; the first counts from the block's start.
        let step = block.count == 0 ? offset : offset - (nextOffset - 1)
        BlockLayout.append(UInt64(step), to: &records)
        BlockLayout.append(BlockLayout.zigzag(time - timestamp), to: &records)
        timestamp = time
        BlockLayout.append(UInt64((key?.count ?? -1) + 1), to: &records)
        BlockLayout.append(UInt64((valueLength ?? -1) + 1), to: &records)
        BlockLayout.append(UInt64(headerLengths.count / 2), to: &records)
        for length in headerLengths { BlockLayout.append(UInt64(length), to: &records) }
        if let key { BlockBuilder.copy(key, to: &records) }
        BlockBuilder.copy(tail, to: &block.body)
        block.count += 1
        block.newest = max(block.newest, time)
        nextOffset = offset + 1
    }

    /// The finished block.
    consuming func finish() -> Block {
        block.offsets = nextOffset
        block.head.reserveCapacity(records.count + 20)
        block.head.append(BlockLayout.version)
        BlockLayout.append(UInt64(block.count), to: &block.head)
        BlockLayout.append(BlockLayout.zigzag(base), to: &block.head)
        block.head.append(contentsOf: records)
        var sum = Checksum()
        sum.add(block.head.span)
        sum.add(block.body.span)
        block.checksum = sum
        return block
    }

    private static func copy(_ span: Span<UInt8>, to bytes: inout [UInt8]) {
        unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
}

/// Sorts the records of batches into blocks, one open block a partition.
struct BlockAssembler: Sendable {
    /// Where a record went: the number of its block, and its number there.
    struct Slot: Sendable {
        var block: Int32
        var index: Int32
    }

    private let limits: EmbeddedLogLimits
    private var builders: [BlockBuilder] = []
    /// The number of the open block of each partition.
    private var open: [Int64: Int] = [:]
    private var headerLengths: [Int] = []
    /// Bytes of keys, values and headers.
    private(set) var byteCount = 0
    private(set) var recordCount = 0

    init(limits: EmbeddedLogLimits) {
        self.limits = limits
    }

    /// Adds record `index` of `batch`.
    mutating func append(
        _ batch: borrowing RecordBatch, _ index: Int, partitionID: Int64, timestamp: Int64
    ) -> Slot {
        headerLengths.removeAll(keepingCapacity: true)
        let key = batch.keyRange(at: index)
        let value = batch.valueRange(at: index)
        var tail = value ?? 0..<0
        for number in 0..<batch.headerCount(at: index) {
            let ranges = batch.headerRanges(at: index, number: number)
            headerLengths.append(ranges.name.count)
            headerLengths.append(ranges.value.count)
            // Value and headers follow each other in the batch's bytes.
            let start = tail.isEmpty && value == nil ? ranges.name.lowerBound : tail.lowerBound
            tail = start..<ranges.value.upperBound
        }
        let size = (key?.count ?? 0) + tail.count
        let number = builder(for: partitionID, adding: size)
        let offset = builders[number].nextOffset
        let bytes = batch.bytes.span
        let keyBytes: Span<UInt8>?
        if let key { keyBytes = bytes.extracting(key) } else { keyBytes = nil }
        builders[number].append(
            offset: offset, timestamp: timestamp, key: keyBytes, valueLength: value?.count,
            tail: bytes.extracting(tail), headerLengths: headerLengths)
        byteCount += size
        recordCount += 1
        return Slot(block: Int32(number), index: Int32(offset))
    }

    /// The blocks, numbered as the slots say.
    mutating func finish() -> [Block] {
        let blocks = builders.map { $0.finish() }
        self = BlockAssembler(limits: limits)
        return blocks
    }

    private mutating func builder(for partitionID: Int64, adding size: Int) -> Int {
        if let number = open[partitionID] {
            let fits =
                builders[number].count < limits.blockRecordsMax
                && builders[number].byteCount + size <= limits.blockBytesMax
            if fits { return number }
        }
        builders.append(BlockBuilder(partitionID: partitionID))
        open[partitionID] = builders.count - 1
        return builders.count - 1
    }
}
