/// Texts by their bytes, with a place for each: looked up without making a string.
struct ByteTable: Hashable, Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = [0]
    /// Open addressing: the entry's place, or -1. Never more than half full.
    private var slots: [Int32]
    private let mask: Int

    /// A table of different texts; each one's place is its index.
    init(_ texts: [String]) {
        var size = 8
        while size < texts.count * 2 { size *= 2 }
        slots = Array(repeating: -1, count: size)
        mask = size - 1
        for (place, text) in texts.enumerated() {
            bytes.append(contentsOf: text.utf8)
            ends.append(bytes.count)
            var slot = Int(truncatingIfNeeded: FNV1a.hash(text)) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(place)
        }
    }

    /// The place of the text in `range`, whose hash is given; -1 when it is not there.
    func place(_ text: Span<UInt8>, _ range: Range<Int>, hash: UInt64) -> Int32 {
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let place = slots[slot]
            if place < 0 || equals(Int(place), text, range) { return place }
            slot = (slot + 1) & mask
        }
    }

    private func equals(_ place: Int, _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let start = ends[place]
        guard ends[place + 1] - start == range.count else { return false }
        for offset in 0..<range.count where bytes[start + offset] != text[range.lowerBound + offset] {
            return false
        }
        return true
    }
}

/// The hash of the `hash` transform: FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv). Part of the file
/// format of pipelines: it never changes.
public enum FNV1a {
    /// The hash of a text's UTF-8 bytes.
    public static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }

    /// The hash of the bytes in `range`.
    public static func hash(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in range { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return hash
    }
}
