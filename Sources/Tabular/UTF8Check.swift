/// Well-formed UTF-8 (Unicode 15, table 3-7), checked without making text.
enum UTF8Check {
    /// The first byte of `bytes` that is not part of well-formed UTF-8; nil when all are.
    static func firstFault(_ bytes: Span<UInt8>) -> Int? {
        var at = 0
        while at < bytes.count {
            let lead = bytes[at]
            if lead < 0x80 {
                at += 1
                continue
            }
            let length: Int
            var low: UInt8 = 0x80
            var high: UInt8 = 0xbf
            switch lead {
            case 0xc2...0xdf: length = 2
            case 0xe0...0xef:
                length = 3
                if lead == 0xe0 { low = 0xa0 }
                if lead == 0xed { high = 0x9f }
            case 0xf0...0xf4:
                length = 4
                if lead == 0xf0 { low = 0x90 }
                if lead == 0xf4 { high = 0x8f }
            default: return at
            }
            guard at + length <= bytes.count, bytes[at + 1] >= low, bytes[at + 1] <= high else { return at }
            for index in at + 2..<max(at + 2, at + length) where bytes[index] & 0xc0 != 0x80 { return at }
            at += length
        }
        return nil
    }
}
