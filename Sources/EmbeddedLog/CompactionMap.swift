/// Which records of a partition a pass of compaction keeps: a value, filled from the keys in log order.
struct CompactionMap: Sendable {
    private var last: [[UInt8]: Int64] = [:]
    private var bytes = 0
    private let bytesMax: Int
    /// Tombstones before this time may go.
    private let tombstonesBefore: Int64
    /// Records from here on are not touched: they came later, or the memory for keys was used up.
    private(set) var end: Int64

    init(end: Int64, tombstonesBefore: Int64, bytesMax: Int) {
        self.end = end
        self.tombstonesBefore = tombstonesBefore
        self.bytesMax = bytesMax
    }

    /// Takes note of the record at `offset`; false once no more keys fit.
    mutating func add(key: Span<UInt8>, offset: Int64) -> Bool {
        guard offset < end else { return false }
        let owned = unsafe key.withUnsafeBufferPointer { unsafe Array($0) }
        if last.updateValue(offset, forKey: owned) == nil {
            bytes += owned.count + CompactionMap.entryBytes
            if bytes > bytesMax {
                end = offset + 1
                return false
            }
        }
        return true
    }

    /// Whether the record stays. Records are asked about in log order, so that a tombstone goes only after
    /// what it removes.
    func keeps(key: Span<UInt8>?, offset: Int64, isTombstone: Bool, timestamp: Int64) -> Bool {
        guard offset < end, let key else { return true }
        let owned = unsafe key.withUnsafeBufferPointer { unsafe Array($0) }
        guard let newest = last[owned] else { return true }
        if newest > offset { return false }
        return !(isTombstone && timestamp < tombstonesBefore)
    }

    /// What an entry takes beside its key's bytes: the array's header and the table's slot.
    private static let entryBytes = 64
}
