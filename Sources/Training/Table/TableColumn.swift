/// What a column of a table holds, inferred from all its cells.
public enum ColumnType: String, Sendable, CaseIterable {
    /// Whole numbers.
    case integer
    /// Numbers.
    case real
    /// `true` and `false`.
    case boolean
    /// Text.
    case text
    /// No value at all.
    case empty
    /// JSON arrays or objects.
    case nested

    /// Whether its values are numbers (a boolean is 0 or 1).
    public var isNumeric: Bool { self == .integer || self == .real || self == .boolean }
}

/// A column of a loaded table.
public struct TableColumn: Sendable, Hashable {
    /// Its name in the file, or the one given by position.
    public let name: String
    /// What it holds.
    public let type: ColumnType
    /// Cells such as `NA` that were taken as missing, because all others are numbers.
    public let markersTakenAsMissing: Int
}

/// Counts what one column's cells look like; decides its type. Pure.
struct TypeInference: Sendable {
    /// The share of cells that may contradict the others before the column counts as text instead.
    static let strayShareMax = 0.05
    /// Lines of stray cells that a message names.
    static let linesNamed = 5

    private(set) var integers = 0
    private(set) var reals = 0
    private(set) var booleans = 0
    private(set) var texts = 0
    private(set) var markers = 0
    private(set) var nested = 0
    /// `007`: a code, not a number.
    private(set) var leadingZeros = 0
    private(set) var textLines: [Int] = []
    private(set) var numberLines: [Int] = []

    enum Cell {
        case missing
        case integer
        case leadingZeros
        case real
        case boolean
        case marker
        case text
        case nested
    }

    mutating func add(_ cell: Cell, line: Int) {
        switch cell {
        case .missing: break
        case .integer: integers += 1
        case .leadingZeros:
            integers += 1
            leadingZeros += 1
        case .real: reals += 1
        case .boolean: booleans += 1
        case .marker: markers += 1
        case .nested: nested += 1
        case .text:
            texts += 1
            if textLines.count < Self.linesNamed { textLines.append(line) }
        }
    }

    var present: Int { integers + reals + booleans + texts + markers + nested }

    var type: ColumnType {
        let numbers = integers + reals
        if nested > 0 { return .nested }
        if present == 0 { return .empty }
        if numbers == 0, booleans == 0 { return .text }
        if texts > 0 {
            return Double(texts) > Self.strayShareMax * Double(present) || booleans > 0 && numbers > 0
                ? .text : booleans > 0 ? .boolean : numberType
        }
        if booleans > 0 { return numbers == 0 ? .boolean : .text }
        return numberType
    }

    /// Text cells in a column of numbers or booleans: refused.
    var strayTexts: Int { type.isNumeric ? texts : 0 }

    private var numberType: ColumnType {
        if leadingZeros > 0 { return reals == 0 ? .text : .real }
        return reals > 0 ? .real : .integer
    }
}
