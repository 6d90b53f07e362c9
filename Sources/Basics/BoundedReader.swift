/// Reads integers and byte runs from untrusted bytes; every read past the end is nil, never a trap.
///
/// A value over an array; copying it copies the position, not the bytes.
public struct BoundedReader: Sendable {
    /// All the bytes.
    public let bytes: [UInt8]
    /// Where the next read starts.
    public private(set) var position: Int

    /// Reads `bytes` from `position`.
    public init(_ bytes: [UInt8], position: Int = 0) {
        self.bytes = bytes
        self.position = min(max(0, position), bytes.count)
    }

    /// Bytes left.
    public var remaining: Int { bytes.count - position }

    /// The next byte.
    public mutating func byte() -> UInt8? {
        guard remaining >= 1 else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next fixed-width integer, most significant byte first.
    public mutating func bigEndian<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        let width = T.bitWidth / 8
        guard remaining >= width else { return nil }
        var value: T = 0
        for index in position..<position + width {
            value = (value << 8) | T(truncatingIfNeeded: bytes[index])
        }
        position += width
        return value
    }

    /// The next fixed-width integer, least significant byte first.
    public mutating func littleEndian<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        bigEndian(type)?.byteSwapped
    }

    /// The next `count` bytes as a range of `bytes`; nil when fewer are left or `count` is negative.
    public mutating func take(_ count: Int) -> Range<Int>? {
        guard count >= 0, count <= remaining else { return nil }
        defer { position += count }
        return position..<position + count
    }
}
