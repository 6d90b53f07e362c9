/// A pull tokenizer over JSON bytes: the caller says what it expects, the scanner moves on.
///
/// Strict RFC 8259: no comments, no trailing commas, valid UTF-8, paired surrogates, leading zeros refused.
/// It holds a position, not the bytes, so every call takes them; they must be the same each time, and the
/// range given at the start must lie inside them. Nothing is allocated. Not one byte outside the range is
/// read, and no input traps.
///
/// ```swift
/// var scanner = JSONScanner(0..<bytes.count)
/// try scanner.beginObject(bytes)
/// while let key = try scanner.nextKey(bytes) { try scanner.skipValue(bytes) }
/// try scanner.finish(bytes)
/// ```
public struct JSONScanner: Sendable {
    /// The deepest nesting that can be asked for: ``skipValue(_:)`` keeps one bit a level.
    public static let depthLimit = 64
    /// The longest number that is read.
    public static let numberBytesMax = 1024

    /// The index of the next byte to read. May be set back to where a value began, at the same depth.
    public var position: Int
    /// The index after the last byte.
    public let end: Int
    @usableFromInline let depthMax: Int
    @usableFromInline let allowsNonFinite: Bool
    @usableFromInline var depth = 0
    /// Whether the last byte read was an opening bracket, so that no comma stands before the next item.
    @usableFromInline var isFresh = false

    /// A scanner of the bytes in `range`.
    ///
    /// - Parameters:
    ///   - range: which bytes of those given to each call.
    ///   - depthMax: levels of nesting allowed, at most ``depthLimit``.
    ///   - allowsNonFinite: whether `NaN`, `Infinity` and `-Infinity` are numbers.
    @inlinable
    public init(_ range: Range<Int>, depthMax: Int = JSONScanner.depthLimit, allowsNonFinite: Bool = false) {
        self.position = range.lowerBound
        self.end = range.upperBound
        self.depthMax = min(depthMax, JSONScanner.depthLimit)
        self.allowsNonFinite = allowsNonFinite
    }

    /// The types of JSON values, as told by their first byte.
    public enum Kind: UInt8, Sendable {
        /// `{…}`.
        case object
        /// `[…]`.
        case array
        /// `"…"`.
        case string
        /// A number.
        case number
        /// `true` or `false`.
        case boolean
        /// `null`.
        case null
    }

    /// Skips white space and tells the type of the value that comes next, without reading it.
    @inlinable
    public mutating func peek(_ bytes: Span<UInt8>) throws(JSONError) -> Kind {
        switch try nextByte(bytes) {
        case 0x7B: return .object
        case 0x5B: return .array
        case 0x22: return .string
        case 0x30...0x39, 0x2D: return .number
        case 0x74, 0x66: return .boolean
        case 0x6E: return .null
        case 0x4E where allowsNonFinite, 0x49 where allowsNonFinite: return .number
        default: throw JSONError(.unexpectedByte, at: position)
        }
    }

    /// Reads `{`. Then call ``nextKey(_:)`` until it returns nil.
    @inlinable
    public mutating func beginObject(_ bytes: Span<UInt8>) throws(JSONError) { try begin(bytes, 0x7B) }

    /// Reads `[`. Then call ``nextElement(_:)`` until it returns false.
    @inlinable
    public mutating func beginArray(_ bytes: Span<UInt8>) throws(JSONError) { try begin(bytes, 0x5B) }

    /// Moves to the value of the object's next member and returns its key; nil when the object has ended.
    @inlinable
    public mutating func nextKey(_ bytes: Span<UInt8>) throws(JSONError) -> JSONString? {
        guard try nextMember(bytes) else { return nil }
        return try key(bytes)
    }

    /// Moves to the opening quote of the object's next key; false when the object has ended.
    ///
    /// For callers that guess the key: ``matches(_:_:)``, and ``key(_:)`` when the guess was wrong.
    @inlinable
    @inline(__always)
    public mutating func nextMember(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        guard try nextItem(bytes, closing: 0x7D) else { return false }
        guard bytes[position] == 0x22 else { throw JSONError(.unexpectedByte, at: position) }
        return true
    }

    /// Reads the key at the position and the colon after it.
    @inlinable
    public mutating func key(_ bytes: Span<UInt8>) throws(JSONError) -> JSONString {
        let key = try string(bytes)
        guard try nextByte(bytes) == 0x3A else { throw JSONError(.unexpectedByte, at: position) }
        position &+= 1
        return key
    }

    /// Whether the bytes at the position are exactly `expected`; if so, moves behind them.
    @inlinable
    @inline(__always)
    public mutating func matches(_ expected: Span<UInt8>, _ bytes: Span<UInt8>) -> Bool {
        let count = expected.count
        guard count <= end &- position else { return false }
        var index = 0
        while index &+ 8 <= count {
            // Loads of plain integers, checked against the bounds like any other access.
            let word = unsafe expected.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let other = unsafe bytes.bytes.unsafeLoadUnaligned(
                fromByteOffset: position &+ index, as: UInt64.self)
            guard word == other else { return false }
            index &+= 8
        }
        while index < count {
            guard bytes[position &+ index] == expected[index] else { return false }
            index &+= 1
        }
        position &+= count
        return true
    }

    /// Moves to the array's next element; false when the array has ended.
    @inlinable
    @inline(__always)
    public mutating func nextElement(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        try nextItem(bytes, closing: 0x5D)
    }

    /// Reads `true` or `false`.
    @inlinable
    public mutating func boolean(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        switch try nextByte(bytes) {
        case 0x74:
            try literal(bytes, "rue")
            return true
        case 0x66:
            try literal(bytes, "alse")
            return false
        default: throw JSONError(.wrongType, at: position)
        }
    }

    /// Reads `null`.
    @inlinable
    public mutating func null(_ bytes: Span<UInt8>) throws(JSONError) {
        guard try nextByte(bytes) == 0x6E else { throw JSONError(.wrongType, at: position) }
        try literal(bytes, "ull")
    }

    /// Checks that only white space is left.
    @inlinable
    public mutating func finish(_ bytes: Span<UInt8>) throws(JSONError) {
        skipSpace(bytes)
        guard position == end else { throw JSONError(.trailingBytes, at: position) }
    }
}

extension JSONScanner {
    @usableFromInline
    mutating func skipSpace(_ bytes: Span<UInt8>) {
        while position < end {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position &+= 1
        }
    }

    /// Skips white space and returns the byte that comes next, without moving over it.
    @inlinable
    @inline(__always)
    public mutating func nextByte(_ bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
        if position < end {
            let byte = bytes[position]
            if byte > 0x20 { return byte }
        }
        skipSpace(bytes)
        guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
        return bytes[position]
    }

    @inlinable
    mutating func begin(_ bytes: Span<UInt8>, _ bracket: UInt8) throws(JSONError) {
        guard try nextByte(bytes) == bracket else { throw JSONError(.wrongType, at: position) }
        guard depth < depthMax else { throw JSONError(.tooDeep, at: position) }
        depth &+= 1
        position &+= 1
        isFresh = true
    }

    /// Moves over the comma to the next item's first byte, or over the closing bracket.
    @inlinable
    @inline(__always)
    mutating func nextItem(_ bytes: Span<UInt8>, closing: UInt8) throws(JSONError) -> Bool {
        let byte = try nextByte(bytes)
        if byte == closing {
            position &+= 1
            depth &-= 1
            isFresh = false
            return false
        }
        if isFresh {
            isFresh = false
            return true
        }
        guard byte == 0x2C else { throw JSONError(.unexpectedByte, at: position) }
        position &+= 1
        let next = try nextByte(bytes)
        guard next != closing else { throw JSONError(.unexpectedByte, at: position) }
        return true
    }

    /// Reads the rest of a literal whose first byte has been looked at.
    @inlinable
    mutating func literal(_ bytes: Span<UInt8>, _ rest: StaticString) throws(JSONError) {
        let start = position
        position &+= 1
        let count = rest.utf8CodeUnitCount
        for index in 0..<count {
            guard position < end else { throw JSONError(.unexpectedEnd, at: position) }
            // A static string's bytes live as long as the program; the index is below their count.
            guard unsafe bytes[position] == rest.utf8Start[index] else {
                throw JSONError(.unexpectedByte, at: start)
            }
            position &+= 1
        }
    }
}
