internal import Basics

/// Text forms of single values. Pure.
public enum RowEncoding {
    /// A CSV cell (RFC 4180): quoted only where it must be, or where it is empty text.
    public static func csv(_ text: some Collection<UInt8>, into bytes: inout [UInt8]) {
        let mustQuote =
            text.isEmpty
            || text.contains { byte in
                byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
                    || byte == UInt8(ascii: "\r")
            }
        guard mustQuote else {
            bytes.append(contentsOf: text)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A JSON string (RFC 8259) with its quotes.
    public static func json(_ text: some Collection<UInt8>, into bytes: inout [UInt8]) {
        // The buffer does not leave the closure.
        let isDone: Void? = text.withContiguousStorageIfAvailable {
            unsafe JSONEscaping.append(quoted: $0.span, to: &bytes)
        }
        if isDone == nil { JSONEscaping.append(quoted: Array(text).span, to: &bytes) }
    }

    /// The shortest decimal text that gives the same double again; whole numbers without `.0`.
    public static func number(_ value: Double) -> String { trimmed(value.description) }

    /// The shortest decimal text that gives the same float again; whole numbers without `.0`.
    public static func number(_ value: Float) -> String { trimmed(value.description) }

    private static func trimmed(_ text: String) -> String {
        text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
