/// Rows under headings, aligned: text to the left, numbers to the right. Pure.
struct Table: Sendable {
    /// Where a column's cells stand.
    enum Alignment: Sendable {
        case left
        case right
    }

    /// A column.
    struct Column: Sendable {
        let heading: String
        let alignment: Alignment

        /// A column of text.
        static func text(_ heading: String) -> Column { Column(heading: heading, alignment: .left) }
        /// A column of numbers.
        static func number(_ heading: String) -> Column { Column(heading: heading, alignment: .right) }
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row, one cell a column.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "\(cells.count) cells for \(columns.count) columns")
        rows.append(cells.map(Table.printable))
    }

    /// Forgets the rows.
    mutating func removeRows() { rows.removeAll(keepingCapacity: true) }

    /// The table as lines; on a terminal (`isTerminal`) the headings are bold.
    func text(isTerminal: Bool) -> String {
        headingText(widths, isTerminal: isTerminal) + rowsText(widths)
    }

    /// The width of each column: that of its widest cell.
    var widths: [Int] {
        columns.indices.map { column in
            ([columns[column].heading] + rows.map { $0[column] }).map(Table.width).max() ?? 0
        }
    }

    /// The line of headings.
    func headingText(_ widths: [Int], isTerminal: Bool) -> String {
        let heading = line(columns.map { $0.heading.uppercased() }, widths)
        return (isTerminal ? "\u{1b}[1m\(heading)\u{1b}[0m" : heading) + "\n"
    }

    /// The lines of the rows.
    func rowsText(_ widths: [Int]) -> String {
        rows.map { line($0, widths) + "\n" }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: max(0, widths[column] - Table.width(cell)))
            if column > 0 { line += "  " }
            line += columns[column].alignment == .left ? cell + padding : padding + cell
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// Characters, each taken as one column wide.
    private static func width(_ text: String) -> Int { text.count }

    /// The text without control characters, which would break the lines or the terminal.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{fffd}" : $0 }))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value)
    }
}
