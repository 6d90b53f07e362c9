internal import EventLog

/// The layout of stored records: a block holds up to `Limits.blockRecordsMax` records of one partition in
/// offset order.
///
/// The head (which compaction reads alone) is
///
///     1 byte    1, the version of the layout
///     varint    records
///     varint    the first record's timestamp, zigzag
///     records:
///       varint  offset, as the distance from the record before (of the first: from the block's first offset)
///       varint  timestamp, as the distance from the record before, zigzag
///       varint  length of the key + 1; 0 without a key
///       varint  length of the value + 1; 0 for a tombstone
///       varint  headers; then for each the length of its name and of its value, varints
///       the key's bytes
///
/// and the body holds, for each record, the bytes of its value, then name and value of each header. A varint
/// is LEB128, at most 10 bytes.
enum BlockLayout {
    static let version: UInt8 = 1

    static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: value &<< 1 ^ value &>> 63)
    }

    static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// A block that contradicts its own description.
struct BlockDamage: Error {}

/// A record within a block.
struct BlockRecord {
    var offset: Int64
    var timestamp: Int64
    /// In the head; nil without a key.
    var key: Range<Int>?
    /// In the body; nil for a tombstone.
    var value: Range<Int>?
    /// Where in the head the lengths of the headers stand.
    var headerLengthsAt: Int
    var headerCount: Int
    /// Where in the body the headers start.
    var headersAt: Int
    /// Bytes of key, value and headers.
    var byteCount: Int
}

/// Walks over the records of a block. Every length is checked against the bytes that are there.
struct BlockDecoder {
    /// Records that were not walked over yet.
    private(set) var remaining: Int
    private var headAt: Int
    private var bodyAt = 0
    private var offset: Int64
    private var timestamp: Int64
    private let bodyCount: Int

    /// Starts at the first record of the block whose offsets start at `first`.
    init(_ head: Span<UInt8>, first: Int64, bodyCount: Int) throws(BlockDamage) {
        var at = 0
        guard !head.isEmpty, head[0] == BlockLayout.version else { throw BlockDamage() }
        at = 1
        let records = try BlockDecoder.varint(head, &at)
        // A record takes five bytes of the head, at the least.
        guard records <= UInt64(head.count) / 5 else { throw BlockDamage() }
        remaining = Int(records)
        timestamp = BlockLayout.unzigzag(try BlockDecoder.varint(head, &at))
        headAt = at
        offset = first
        self.bodyCount = bodyCount
    }

    /// The next record; nil after the last.
    mutating func next(_ head: Span<UInt8>) throws(BlockDamage) -> BlockRecord? {
        guard remaining > 0 else { return nil }
        var at = headAt
        let step = try BlockDecoder.varint(head, &at)
        guard step <= 1 << 40 else { throw BlockDamage() }
        offset &+= Int64(step)
        timestamp &+= BlockLayout.unzigzag(try BlockDecoder.varint(head, &at))
        let keyLength = try BlockDecoder.length(head, &at)
        let valueLength = try BlockDecoder.length(head, &at)
        let headers = try BlockDecoder.varint(head, &at)
        guard headers <= UInt64(head.count) else { throw BlockDamage() }
        let headerLengthsAt = at
        var headerBytes = 0
        for _ in 0..<headers {
            for _ in 0..<2 {
                let length = try BlockDecoder.varint(head, &at)
                guard length <= UInt64(bodyCount) else { throw BlockDamage() }
                headerBytes += Int(length)
            }
        }
        let keyStart = at
        at += max(0, keyLength)
        let valueStart = bodyAt
        let headersAt = valueStart + max(0, valueLength)
        guard at <= head.count, headersAt + headerBytes <= bodyCount else { throw BlockDamage() }
        remaining -= 1
        headAt = at
        bodyAt = headersAt + headerBytes
        return BlockRecord(
            offset: offset, timestamp: timestamp, key: keyLength < 0 ? nil : keyStart..<at,
            value: valueLength < 0 ? nil : valueStart..<headersAt, headerLengthsAt: headerLengthsAt,
            headerCount: Int(headers), headersAt: headersAt,
            byteCount: max(0, keyLength) + max(0, valueLength) + headerBytes)
    }

    /// Lends where in the body name and value of each header of `record` stand.
    static func forEachHeader(
        of record: BlockRecord, _ head: Span<UInt8>,
        _ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void
    ) throws(BlockDamage) {
        var at = record.headerLengthsAt
        var start = record.headersAt
        for _ in 0..<record.headerCount {
            let name = start..<start + Int(try varint(head, &at))
            let value = name.upperBound..<name.upperBound + Int(try varint(head, &at))
            start = value.upperBound
            body(name, value)
        }
    }

    /// A length that may be absent: -1.
    @inline(__always)
    private static func length(_ head: Span<UInt8>, _ at: inout Int) throws(BlockDamage) -> Int {
        let value = try varint(head, &at)
        guard value <= 1 << 31 else { throw BlockDamage() }
        return Int(value) - 1
    }

    @inline(__always)
    static func varint(_ bytes: Span<UInt8>, _ at: inout Int) throws(BlockDamage) -> UInt64 {
        guard at < bytes.count else { throw BlockDamage() }
        let first = bytes[at]
        if first < 0x80 {
            at += 1
            return UInt64(first)
        }
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < bytes.count, shift < 64 {
            let byte = bytes[at]
            at += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw BlockDamage()
    }
}
