/// Appends JSON to a buffer that it owns: commas by itself, shortest numbers that read back to the same
/// value.
///
/// Once the buffer has grown to its size nothing is allocated, whatever is written. The order of members is
/// the caller's, so the same calls give the same bytes.
public struct JSONWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8]
    /// Whether a comma stands before the next item.
    private var needsComma = false

    /// An empty writer with room for `capacity` bytes.
    public init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Forgets what has been written and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Hands over what has been written and starts again, empty.
    public mutating func take() -> [UInt8] {
        let result = bytes
        bytes = []
        needsComma = false
        return result
    }

    /// Writes `{`.
    public mutating func beginObject() { open(0x7B) }
    /// Writes `}`.
    public mutating func endObject() { close(0x7D) }
    /// Writes `[`.
    public mutating func beginArray() { open(0x5B) }
    /// Writes `]`.
    public mutating func endArray() { close(0x5D) }

    /// Writes a member's key and its colon.
    public mutating func key(_ name: String) {
        string(name)
        bytes.append(0x3A)
        needsComma = false
    }

    /// Writes a string.
    public mutating func string(_ text: String) {
        separate()
        bytes.append(0x22)
        // The buffer does not leave the closure.
        let isDone: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe JSONEscaping.append($0.span, to: &bytes)
        }
        if isDone == nil { for byte in text.utf8 { JSONEscaping.append(byte, to: &bytes) } }
        bytes.append(0x22)
    }

    /// Writes a string given as UTF-8, which the caller has checked.
    public mutating func string(utf8 text: Span<UInt8>) {
        separate()
        JSONEscaping.append(quoted: text, to: &bytes)
    }

    /// Writes the shortest text that reads back as this value; `null` where it is not finite.
    public mutating func number(_ value: Double) {
        separate()
        guard value.isFinite else { return appendText("null") }
        value.write(to: &self)
    }

    /// Writes the shortest text that reads back as this value; `null` where it is not finite.
    public mutating func number(_ value: Float) {
        separate()
        bytes.append(number: value)
    }

    /// Writes an integer.
    public mutating func integer(_ value: Int) {
        separate()
        bytes.append(decimal: value)
    }

    /// Writes `true` or `false`.
    public mutating func boolean(_ value: Bool) {
        separate()
        appendText(value ? "true" : "false")
    }

    /// Writes `null`.
    public mutating func null() {
        separate()
        appendText("null")
    }

    /// Writes one value whose JSON the caller has.
    public mutating func raw(_ value: Span<UInt8>) {
        separate()
        JSONEscaping.append(plain: value, to: &bytes)
    }

    /// Ends a line, as JSON Lines wants it; the next value begins a new one.
    public mutating func newline() {
        bytes.append(0x0A)
        needsComma = false
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    private mutating func appendText(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

extension JSONWriter: TextOutputStream {
    /// Appends text as it is: how the standard library's number printing reaches the buffer.
    public mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// The standard library prints numbers from a stack buffer through this; without it, it would make a
    /// string first.
    public mutating func _writeASCII(_ buffer: UnsafeBufferPointer<UInt8>) {
        unsafe bytes.append(contentsOf: buffer)
    }
}
