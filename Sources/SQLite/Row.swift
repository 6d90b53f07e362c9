/// A value of SQLite, owned.
public enum Value: Hashable, Sendable {
    /// No value.
    case null
    /// A 64-bit integer.
    case integer(Int64)
    /// A double.
    case real(Double)
    /// Unicode text.
    case text(String)
    /// Bytes.
    case blob([UInt8])

    /// The integer, if it is one.
    public var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    /// The number, if it is a real or an integer.
    public var real: Double? {
        switch self {
        case .real(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }

    /// The text, if it is one.
    public var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The bytes, if it is a blob.
    public var blob: [UInt8]? {
        if case .blob(let bytes) = self { bytes } else { nil }
    }
}

/// A row of a result, owned: for small results and for queries whose columns are not known beforehand.
public struct Row: Hashable, Sendable {
    /// The names of the columns; several may be the same.
    public let columns: [String]
    /// The values, in the order of the columns.
    public let values: [Value]

    /// A row.
    public init(columns: [String], values: [Value]) {
        precondition(columns.count == values.count, "\(columns.count) columns, \(values.count) values")
        self.columns = columns
        self.values = values
    }

    /// The value of the first column called `name`; nil without one.
    public subscript(name: String) -> Value? {
        columns.firstIndex(of: name).map { values[$0] }
    }
}
