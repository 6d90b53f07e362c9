/// A JSON string (RFC 8259, section 7), quotes included.
enum JSONText {
    /// Appends at most `bytesMax` bytes of the text; a cut text ends in `…` at a character's boundary.
    static func append(_ text: String, bytesMax: Int, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        var written = 0
        for scalar in text.unicodeScalars {
            let bytes = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            written += bytes.count
            guard written <= bytesMax else {
                line += "…".utf8
                break
            }
            switch scalar.value {
            case 0x22: line += "\\\"".utf8
            case 0x5c: line += "\\\\".utf8
            case 0x0a: line += "\\n".utf8
            case 0x0d: line += "\\r".utf8
            case 0x09: line += "\\t".utf8
            case 0..<0x20, 0x7f, 0x80..<0xa0, 0x2028, 0x2029:
                let hex = String(scalar.value, radix: 16)
                line += "\\u\(String(repeating: "0", count: 4 - hex.count))\(hex)".utf8
            default: line += bytes
            }
        }
        line.append(UInt8(ascii: "\""))
    }
}
