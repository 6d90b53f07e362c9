/// Well-formed UTF-8 (Unicode 15, table 3-7), checked without making text.
public enum UTF8Check {
    /// The first byte of `bytes` that is not part of well-formed UTF-8; nil when all are.
    public static func firstFault(_ bytes: Span<UInt8>) -> Int? {
        var index = 0
        while index < bytes.count {
            if bytes[index] < 0x80 {
                index += 1
                continue
            }
            guard let next = scalarEnd(bytes, index, before: bytes.count) else { return index }
            index = next
        }
        return nil
    }

    /// The index behind the multi-byte scalar at `index`; nil when it is none, or does not end by `end`.
    static func scalarEnd(_ bytes: Span<UInt8>, _ index: Int, before end: Int) -> Int? {
        let count: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch bytes[index] {
        case 0xC2...0xDF: count = 2
        case 0xE0: (count, second) = (3, 0xA0...0xBF)
        case 0xED: (count, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: count = 3
        case 0xF0: (count, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: count = 4
        case 0xF4: (count, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard index + count <= end, second.contains(bytes[index + 1]) else { return nil }
        for offset in 2..<count where bytes[index + offset] & 0xC0 != 0x80 { return nil }
        return index + count
    }
}
