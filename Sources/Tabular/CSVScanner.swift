/// Finds the cells and the end of one CSV row (RFC 4180; also bare line feeds) in bytes that arrive in
/// pieces.
///
/// Pure: it keeps its place relative to the row's beginning, so that the caller may move the bytes and call
/// again with more of them. Quotes count only at a cell's beginning; within an unquoted cell a quote is an
/// ordinary character.
struct CSVScanner {
    struct Cell {
        var start: Int
        var end: Int
        var quoted: Bool
        /// Holds doubled quotes.
        var escaped: Bool
    }

    private enum State {
        case cellStart
        case plain
        case quoted
        case quoteInQuoted
        case carriageReturnAfterQuoted
    }

    private(set) var cells: [Cell] = []
    /// Line feeds inside the row.
    private(set) var lineFeeds = 0
    /// Some byte is not ASCII.
    private(set) var hasHighBytes = false
    /// Where the row breaks the rules, with the words for it.
    private(set) var fault: (offset: Int, detail: String)?
    private let delimiter: UInt8
    private var state = State.cellStart
    private var offset = 0
    private var cellStart = 0
    private var escaped = false

    init(delimiter: UInt8 = UInt8(ascii: ",")) {
        self.delimiter = delimiter
    }

    /// Whether the input ended inside a quoted cell.
    private(set) var isUnclosed = false

    /// Begins a new row.
    mutating func reset() {
        cells.removeAll(keepingCapacity: true)
        lineFeeds = 0
        hasHighBytes = false
        fault = nil
        isUnclosed = false
        state = .cellStart
        offset = 0
        cellStart = 0
        escaped = false
    }

    /// Goes on over `row`, which begins at the row's first byte; returns the row's length with its line end,
    /// or nil when the row is longer than these bytes.
    mutating func scan(_ row: Span<UInt8>) -> Int? {
        while offset < row.count {
            let byte = row[offset]
            if byte >= 0x80 { hasHighBytes = true }
            offset += 1
            switch state {
            case .cellStart:
                if byte == UInt8(ascii: "\"") {
                    state = .quoted
                } else if byte == delimiter {
                    endPlain(at: offset - 1)
                } else if byte == UInt8(ascii: "\n") {
                    endPlain(at: offset - 1)
                    return offset
                } else {
                    state = .plain
                }
            case .plain:
                if byte == delimiter {
                    endPlain(at: offset - 1)
                } else if byte == UInt8(ascii: "\n") {
                    endPlainRow(row)
                    return offset
                }
            case .quoted:
                if byte == UInt8(ascii: "\"") {
                    state = .quoteInQuoted
                } else if byte == UInt8(ascii: "\n") {
                    lineFeeds += 1
                }
            case .quoteInQuoted:
                switch byte {
                case UInt8(ascii: "\""):
                    escaped = true
                    state = .quoted
                case delimiter: endQuoted(at: offset - 2)
                case UInt8(ascii: "\n"):
                    endQuoted(at: offset - 2)
                    return offset
                case UInt8(ascii: "\r"): state = .carriageReturnAfterQuoted
                default: breakQuoted()
                }
            case .carriageReturnAfterQuoted:
                if byte == UInt8(ascii: "\n") {
                    endQuoted(at: offset - 3)
                    return offset
                }
                breakQuoted()
            }
        }
        return nil
    }

    /// Ends the last row of a file that does not end in a line feed.
    mutating func finish(_ row: Span<UInt8>) {
        switch state {
        case .cellStart: endPlain(at: offset)
        case .plain:
            offset += 1
            endPlainRow(row)
        case .quoted:
            fault = fault ?? (cellStart, "the quoted cell that begins here never ends")
            isUnclosed = true
            endQuoted(at: offset)
        case .quoteInQuoted: endQuoted(at: offset - 1)
        case .carriageReturnAfterQuoted: endQuoted(at: offset - 2)
        }
    }

    /// `offset` stands after the line feed, or where one would stand.
    private mutating func endPlainRow(_ row: Span<UInt8>) {
        let end = offset - 1
        endPlain(at: end > cellStart && row[end - 1] == UInt8(ascii: "\r") ? end - 1 : end)
    }

    private mutating func endPlain(at end: Int) {
        cells.append(Cell(start: cellStart, end: end, quoted: false, escaped: false))
        beginCell()
    }

    private mutating func endQuoted(at end: Int) {
        cells.append(Cell(start: cellStart + 1, end: max(cellStart + 1, end), quoted: true, escaped: escaped))
        beginCell()
    }

    private mutating func beginCell() {
        cellStart = offset
        escaped = false
        state = .cellStart
    }

    private mutating func breakQuoted() {
        fault = fault ?? (offset - 1, "text stands after the closing quote")
        state = .plain
    }
}
