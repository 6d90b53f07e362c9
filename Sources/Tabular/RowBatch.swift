/// What a cell holds, as far as the format says. CSV knows only text; JSON tells its types.
public enum CellKind: UInt8, Sendable {
    /// No value: an empty CSV cell (quoted or not), JSON `null`, or a key that the object does not have.
    case missing
    /// A CSV cell that is not empty, its quotes resolved: a number, a boolean or text.
    case plain
    /// A JSON string, its escapes resolved: no number, whatever it holds.
    case text
    /// A JSON number.
    case number
    /// JSON `true` or `false`.
    case boolean
    /// A JSON array or object, as it stands in the row.
    case nested
}

/// Rows as byte ranges over one buffer: no text and no array is made per cell.
///
/// A value to be filled again and again by `TableReader.read`, so that its memory is reused. Columns are
/// those of the reader; a JSON column that appears for the first time in a later row reads as missing in the
/// rows before it.
public struct RowBatch: Sendable {
    /// The bytes that the ranges mean.
    public internal(set) var bytes: [UInt8] = []
    /// Rows that could not be read, in the order of the file.
    public internal(set) var rejects: [RowReject] = []

    struct Row: Sendable {
        var line: Int
        var ordinal: Int
        var raw: Range<Int>
        var cells: Int
        var cellCount: Int
    }

    struct Cell: Sendable {
        var start: UInt32 = 0
        var end: UInt32 = 0
        var kind = CellKind.missing
    }

    var rows: [Row] = []
    var cells: [Cell] = []

    /// An empty batch.
    public init() {}

    /// Rows that were read well.
    public var count: Int { rows.count }

    /// Whether there is nothing in it, not even a rejected row.
    public var isEmpty: Bool { rows.isEmpty && rejects.isEmpty }

    /// The line of the file at which `row` begins, from 1.
    public func line(_ row: Int) -> Int { rows[row].line }

    /// The number of `row` among all rows of the file (rejected ones too, the header not), from 0.
    public func ordinal(_ row: Int) -> Int { rows[row].ordinal }

    /// The bytes of `row` as they stand in the file, without the line's end.
    public func raw(_ row: Int) -> Range<Int> { rows[row].raw }

    /// What the cell holds; `missing` past the row's end.
    public func kind(_ row: Int, _ column: Int) -> CellKind {
        let place = rows[row]
        return column < place.cellCount ? cells[place.cells + column].kind : .missing
    }

    /// Where the cell's bytes are; empty when it is missing.
    public func range(_ row: Int, _ column: Int) -> Range<Int> {
        let place = rows[row]
        guard column < place.cellCount else { return 0..<0 }
        let cell = cells[place.cells + column]
        return Int(cell.start)..<Int(cell.end)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        rejects.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        cells.removeAll(keepingCapacity: true)
    }
}

/// A row that could not be read, and why.
public struct RowReject: Sendable, Hashable {
    /// Why a row is refused.
    public enum Reason: String, Sendable, CaseIterable {
        /// More or fewer cells than columns.
        case ragged
        /// Longer than `TabularLimits.rowBytesMax`.
        case tooLarge = "too-large"
        /// Quotes or JSON that break the format's rules.
        case malformed
        /// Bytes that are not UTF-8.
        case notUTF8 = "not-utf-8"
    }

    /// The line of the file at which the row begins, from 1.
    public var line: Int
    /// The byte of that row at which it went wrong, from 1.
    public var column: Int
    /// The number of the row among all rows of the file, from 0.
    public var ordinal: Int
    /// Why.
    public var reason: Reason
    /// What was wrong, in words.
    public var detail: String
    /// The row's bytes (`RowBatch.bytes`); of a row that is too large, its beginning.
    public var raw: Range<Int>

    /// The error that a caller throws who takes no bad rows; its message begins with `file:line:column`.
    public func error(file: String) -> TabularError {
        TabularError(.row, "\(file):\(line):\(column): \(detail)", hint: "correct or remove the row")
    }
}
