internal import Basics

extension RowBatch {
    /// The cell as text; nil when it is missing.
    public func text(_ row: Int, _ column: Int) -> String? {
        kind(row, column) == .missing ? nil : String(decoding: bytes[range(row, column)], as: UTF8.self)
    }

    /// The cell as a whole number in decimal digits; nil when it is none or does not fit 64 bits. JSON
    /// strings are text, not numbers.
    public func integer(_ row: Int, _ column: Int) -> Int64? {
        switch kind(row, column) {
        case .plain, .number: DecimalNumber.integer(bytes.span.extracting(range(row, column)))
        default: nil
        }
    }

    /// The cell as a finite decimal number (no `inf`, `nan` or hexadecimal); nil when it is none. JSON
    /// strings are text, not numbers.
    public func real(_ row: Int, _ column: Int) -> Double? {
        switch kind(row, column) {
        case .plain, .number: DecimalNumber.real(bytes.span.extracting(range(row, column)))
        default: nil
        }
    }

    /// The cell as a boolean: JSON's, or `true` and `false` in any case in CSV; nil when it is none.
    public func boolean(_ row: Int, _ column: Int) -> Bool? {
        let range = range(row, column)
        switch kind(row, column) {
        case .boolean: return bytes[range.lowerBound] == UInt8(ascii: "t")
        case .plain:
            if equals(range, "true") { return true }
            return equals(range, "false") ? false : nil
        default: return nil
        }
    }

    private func equals(_ range: Range<Int>, _ lower: String) -> Bool {
        range.count == lower.utf8.count && zip(bytes[range], lower.utf8).allSatisfy { $0 | 0x20 == $1 }
    }

    /// The value of a cell, its type told by the format, or by the text for plain CSV cells.
    public func value(_ row: Int, _ column: Int) -> TableValue {
        switch kind(row, column) {
        case .missing: return .missing
        case .text, .nested: return .text(text(row, column) ?? "")
        case .boolean: return .boolean(boolean(row, column) ?? false)
        case .plain, .number:
            if let integer = integer(row, column) { return .integer(integer) }
            if let real = real(row, column) { return .real(real) }
            if let boolean = boolean(row, column) { return .boolean(boolean) }
            return .text(text(row, column) ?? "")
        }
    }
}

/// A value of one cell.
public enum TableValue: Sendable, Hashable {
    /// No value.
    case missing
    /// A whole number.
    case integer(Int64)
    /// A number.
    case real(Double)
    /// A number of single precision, written with the digits that single precision needs.
    case float(Float)
    /// True or false.
    case boolean(Bool)
    /// Text.
    case text(String)
    /// Several numbers: an array in JSON, that array's text in CSV.
    case list([Float])
}
