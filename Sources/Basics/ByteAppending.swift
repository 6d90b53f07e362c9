/// Appending to bytes what lines of output are made of. Nothing is allocated where the array has room.
extension [UInt8] {
    /// Appends a copy of the bytes.
    @inlinable
    @inline(__always)
    public mutating func append(copying bytes: Span<UInt8>) {
        // The buffer does not leave the closure.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends a fixed text.
    @inlinable
    @inline(__always)
    public mutating func append(fixed text: StaticString) {
        // The buffer does not leave the closure.
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// Appends a text as UTF-8.
    public mutating func append(text: String) {
        // The buffer does not leave the closure.
        let isDone: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe append(contentsOf: $0)
        }
        if isDone == nil { append(contentsOf: text.utf8) }
    }

    /// Appends an integer in decimal.
    public mutating func append(decimal value: Int) {
        var rest = value.magnitude
        var digits = 1
        var left = rest / 10
        while left > 0 {
            digits += 1
            left /= 10
        }
        append(addingCapacity: digits + 1) { output in
            if value < 0 { output.append(0x2D) }
            output.append(repeating: 0x30, count: digits)
            var written = output.mutableSpan
            var index = written.count
            while rest > 0 {
                index -= 1
                written[index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
        }
    }

    /// Appends the shortest text that reads back as this value; `null` where it is not finite.
    public mutating func append(number value: Float) {
        guard value.isFinite else { return append(fixed: "null") }
        FloatText.append(value, to: &self)
    }
}
