/// Text as JSON strings (RFC 8259): quoted, with only those escapes that must be.
public enum JSONEscaping {
    /// Appends `text`, which is UTF-8, to `bytes`, in quotes.
    public static func append(quoted text: Span<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(0x22)
        append(text, to: &bytes)
        bytes.append(0x22)
    }

    /// Appends `text` without quotes.
    public static func append(_ text: Span<UInt8>, to bytes: inout [UInt8]) {
        if isPlain(text) { return bytes.append(copying: text) }
        var start = 0
        for index in text.indices where needsEscape(text[index]) {
            append(plain: text.extracting(start..<index), to: &bytes)
            append(text[index], to: &bytes)
            start = index + 1
        }
        append(plain: start == 0 ? text : text.extracting(start..<text.count), to: &bytes)
    }

    /// Whether no byte needs an escape: eight at a time.
    private static func isPlain(_ text: Span<UInt8>) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var found: UInt64 = 0
        var index = 0
        while index &+ 8 <= text.count {
            // A load of a plain integer, checked against the bounds like any other access.
            let word = unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let quote = word ^ ones &* 0x22
            let backslash = word ^ ones &* 0x5C
            // A byte below n makes the difference borrow from its highest bit. A borrow may spread to bytes
            // above: then the slower way looks again.
            found |=
                (word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote
                | (backslash &- ones) & ~backslash
            index &+= 8
        }
        guard found & (ones &* 0x80) == 0 else { return false }
        while index < text.count {
            if needsEscape(text[index]) { return false }
            index &+= 1
        }
        return true
    }

    /// Appends one byte of a text.
    static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
        guard needsEscape(byte) else {
            bytes.append(byte)
            return
        }
        bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(0x62)
        case 0x09: bytes.append(0x74)
        case 0x0A: bytes.append(0x6E)
        case 0x0C: bytes.append(0x66)
        case 0x0D: bytes.append(0x72)
        default:
            bytes.append(contentsOf: "u00".utf8)
            for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
        }
    }

    /// Appends bytes as they are.
    static func append(plain span: Span<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(copying: span)
    }

    private static func needsEscape(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5C }
}
