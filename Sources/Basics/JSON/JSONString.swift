/// Where a string token stands in the bytes: without its quotes, still escaped.
public struct JSONString: Hashable, Sendable {
    /// The bytes between the quotes.
    public let range: Range<Int>
    /// Whether a backslash stands among them. Without one, the bytes are the text.
    public let hasEscapes: Bool

    /// A string token in the given place.
    @inlinable
    public init(range: Range<Int>, hasEscapes: Bool) {
        self.range = range
        self.hasEscapes = hasEscapes
    }

    /// Appends the text, escapes resolved, as UTF-8. The token must come from a scanner of the same bytes.
    public func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            index += 1
            guard byte == 0x5C, index < range.upperBound else {
                output.append(byte)
                continue
            }
            let escape = bytes[index]
            index += 1
            switch escape {
            case 0x62: output.append(0x08)
            case 0x66: output.append(0x0C)
            case 0x6E: output.append(0x0A)
            case 0x72: output.append(0x0D)
            case 0x74: output.append(0x09)
            case 0x75: appendScalar(bytes, &index, to: &output)
            default: output.append(escape)
            }
        }
    }

    /// The text, escapes resolved.
    public func text(_ bytes: Span<UInt8>) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(range.count)
        append(bytes, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Whether the text is `text`. Allocates nothing.
    public func equals(_ text: String, _ bytes: Span<UInt8>) -> Bool {
        if hasEscapes { return self.text(bytes) == text }
        var index = range.lowerBound
        for byte in text.utf8 {
            guard index < range.upperBound, bytes[index] == byte else { return false }
            index += 1
        }
        return index == range.upperBound
    }

    /// Appends the scalar of the four digits at `index`, and of the low surrogate that the scanner found
    /// behind them.
    private func appendScalar(_ bytes: Span<UInt8>, _ index: inout Int, to output: inout [UInt8]) {
        var value = JSONString.hexadecimal(bytes, index) ?? 0xFFFD
        index += 4
        if value & 0xFC00 == 0xD800 {
            let low = JSONString.hexadecimal(bytes, index + 2) ?? 0xDC00
            value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
            index += 6
        }
        switch value {
        case 0..<0x80: output.append(UInt8(value))
        case 0x80..<0x800: output.append(0xC0 | UInt8(value >> 6))
        case 0x800..<0x10000:
            output.append(0xE0 | UInt8(value >> 12))
            output.append(0x80 | UInt8(value >> 6 & 0x3F))
        default:
            output.append(0xF0 | UInt8(value >> 18))
            output.append(0x80 | UInt8(value >> 12 & 0x3F))
            output.append(0x80 | UInt8(value >> 6 & 0x3F))
        }
        if value >= 0x80 { output.append(0x80 | UInt8(value & 0x3F)) }
    }

    /// The value of the four hexadecimal digits at `index`.
    static func hexadecimal(_ bytes: Span<UInt8>, _ index: Int) -> UInt32? {
        guard index + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for offset in 0..<4 {
            let byte = bytes[index + offset]
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
            default: return nil
            }
        }
        return value
    }
}

extension JSONScanner {
    /// Reads a string and checks its escapes and its UTF-8.
    @inlinable
    public mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> JSONString {
        guard try nextByte(bytes) == 0x22 else { throw JSONError(.wrongType, at: position) }
        let start = position &+ 1
        var index = start
        while index < end {
            let byte = bytes[index]
            if byte == 0x22 {
                position = index &+ 1
                return JSONString(range: start..<index, hasEscapes: false)
            }
            guard byte >= 0x20, byte < 0x80, byte != 0x5C else { break }
            index &+= 1
        }
        return try unusualString(bytes, start, index)
    }

    /// The rest of a string from its first escape, non-ASCII or wrong byte.
    @usableFromInline
    mutating func unusualString(
        _ bytes: Span<UInt8>, _ start: Int, _ from: Int
    ) throws(JSONError) -> JSONString {
        var index = from
        var hasEscapes = false
        while index < end {
            let byte = bytes[index]
            if byte == 0x22 {
                position = index + 1
                return JSONString(range: start..<index, hasEscapes: hasEscapes)
            }
            if byte == 0x5C {
                hasEscapes = true
                index = try escapeEnd(bytes, index)
            } else if byte >= 0x80 {
                guard let next = UTF8Check.scalarEnd(bytes, index, before: end) else {
                    throw JSONError(.invalidUTF8, at: index)
                }
                index = next
            } else if byte >= 0x20 {
                index += 1
            } else {
                throw JSONError(.controlCharacter, at: index)
            }
        }
        throw JSONError(.unexpectedEnd, at: end)
    }

    /// The index behind the escape at `index`; a pair of surrogates counts as one.
    private func escapeEnd(_ bytes: Span<UInt8>, _ index: Int) throws(JSONError) -> Int {
        guard index + 1 < end else { throw JSONError(.unexpectedEnd, at: end) }
        switch bytes[index + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return index + 2
        case 0x75: break
        default: throw JSONError(.invalidEscape, at: index)
        }
        guard index + 6 <= end else { throw JSONError(.unexpectedEnd, at: end) }
        guard let value = JSONString.hexadecimal(bytes, index + 2), value & 0xFC00 != 0xDC00 else {
            throw JSONError(.invalidEscape, at: index)
        }
        guard value & 0xFC00 == 0xD800 else { return index + 6 }
        guard index + 12 <= end, bytes[index + 6] == 0x5C, bytes[index + 7] == 0x75,
            let low = JSONString.hexadecimal(bytes, index + 8), low & 0xFC00 == 0xDC00
        else { throw JSONError(.invalidEscape, at: index) }
        return index + 12
    }
}
