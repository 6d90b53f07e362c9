internal import Basics

/// Whether the first row of a CSV file names the columns.
public enum TableHeader: Sendable, Hashable {
    /// It does.
    case present
    /// It does not: columns are named by `expectedColumns` in their order, and `f0`, `f1`, … after those.
    case absent
    /// Found out: with expected columns, the first row is a header if one of its cells is such a name;
    /// without, if all its cells are filled, different, and neither numbers nor booleans.
    case detect
}

/// Reads a table in batches of rows, with bounds on everything; the same rows from CSV and JSON lines.
///
/// CSV is RFC 4180 with either line end and an optional byte order mark. Rows that cannot be read come as
/// rejects in the batch and the rest goes on. Confined to one thread; reading blocks.
///
/// ```swift
/// let reader = try TableReader(ByteSource(path: "rides.csv"), format: .csv)
/// var batch = RowBatch()
/// while try reader.read(into: &batch, rowsMax: 1_024) {
///     for row in 0..<batch.count { total += batch.real(row, fareColumn) ?? 0 }
/// }
/// ```
public final class TableReader {
    /// The input's name for messages.
    public var name: String { source.name }
    /// The form of the rows.
    public let format: TabularFormat
    /// Whether the columns' names stand in the file.
    public private(set) var hasHeader = false

    private let source: ByteSource
    private let limits: TabularLimits
    private let expected: [String]
    private var csvColumns: [String] = []
    private var scanner = CSVScanner()
    private var json: JSONRowParser
    private var jsonColumns: [String] = []
    private var buffer: [UInt8] = []
    private var head = 0
    private var atEnd = false
    private var line = 1
    private var ordinal = 0
    private let parsesJSON: Bool

    /// Begins to read `source` (and reads a CSV file's first row).
    ///
    /// With `parsesJSON` false, JSON lines come as rows without columns, for callers that parse
    /// `RowBatch.raw` themselves; nothing but their length is checked.
    ///
    /// Throws `header` for a header that repeats a name, `tooManyColumns`, and `unreadable`.
    public init(
        _ source: ByteSource, format: TabularFormat, header: TableHeader = .detect,
        expectedColumns: [String] = [], limits: TabularLimits = TabularLimits(), parsesJSON: Bool = true
    ) throws(TabularError) {
        self.source = source
        self.parsesJSON = parsesJSON
        self.format = format
        self.limits = limits
        expected = expectedColumns
        json = JSONRowParser(limits: limits, positional: expectedColumns)
        try refill()
        try checkEncoding()
        if format == .csv { try readHeader(header) }
    }

    /// The columns' names. Of JSON lines: those met so far, so the list may grow with each batch.
    public var columns: [String] { format == .csv ? csvColumns : jsonColumns }

    /// Whether nothing is left to read. True before the first read only for an empty table.
    public var isAtEnd: Bool { atEnd && head == buffer.count }

    /// Empties `batch`, then fills it with up to `rowsMax` rows (fewer when they hold many bytes); false at
    /// the end of the table, when the batch is empty.
    public func read(into batch: inout RowBatch, rowsMax: Int = 1_024) throws(TabularError) -> Bool {
        batch.removeAll()
        let bytesMax = max(limits.rowBytesMax, 8 << 20)
        while batch.rows.count + batch.rejects.count < max(1, rowsMax), batch.bytes.count < bytesMax {
            let more = format == .csv ? try nextCSV(&batch) : try nextJSON(&batch)
            if !more { break }
        }
        for name in json.names.dropFirst(jsonColumns.count) {
            jsonColumns.append(String(decoding: name, as: UTF8.self))
        }
        return !batch.isEmpty
    }

    // MARK: Bytes

    private func refill() throws(TabularError) {
        if head > 0 {
            buffer.removeSubrange(0..<head)
            head = 0
        }
        if try !source.read(limits.chunkBytes, into: &buffer) { atEnd = true }
    }

    private func checkEncoding() throws(TabularError) {
        while !atEnd, buffer.count < 3 { try refill() }
        if buffer.starts(with: [0xef, 0xbb, 0xbf]) { head = 3 }
        if buffer.starts(with: [0xff, 0xfe]) || buffer.starts(with: [0xfe, 0xff]) {
            throw TabularError(
                .unreadable, "\(name):1:1: the text is UTF-16",
                hint: "convert it to UTF-8, for example with iconv -f utf-16 -t utf-8")
        }
    }

    /// Moves past the line that begins at `head`; false when the input ends first.
    private func skipLine() throws(TabularError) -> Bool {
        while true {
            if let end = buffer[head...].firstIndex(of: UInt8(ascii: "\n")) {
                head = end + 1
                line += 1
                return true
            }
            head = buffer.count
            if atEnd { return false }
            try refill()
        }
    }

    // MARK: CSV

    /// Scans one row; its length with and without the line end, nil at the end of the input.
    private func scanRow() throws(TabularError) -> (length: Int, tooLarge: Bool)? {
        scanner.reset()
        while true {
            if let length = scanner.scan(buffer.span.extracting(head..<buffer.count)) {
                return (length, length > limits.rowBytesMax + 2)
            }
            if buffer.count - head > limits.rowBytesMax + 2 { return (buffer.count - head, true) }
            if atEnd {
                guard head < buffer.count else { return nil }
                scanner.finish(buffer.span.extracting(head..<buffer.count))
                return (buffer.count - head, false)
            }
            try refill()
        }
    }

    private func nextCSV(_ batch: inout RowBatch) throws(TabularError) -> Bool {
        guard let (length, tooLarge) = try scanRow() else { return false }
        let rowLine = line
        if tooLarge || scanner.isUnclosed {
            // A quote that never closes swallows what follows: only its own line is given up.
            let detail =
                tooLarge
                ? "longer than \(limits.rowBytesMax) bytes" : scanner.fault?.detail ?? "a quote never ends"
            let kept = buffer[head..<head + min(length, 1_024)].prefix { $0 != UInt8(ascii: "\n") }
            let raw = append(kept, to: &batch)
            let column = (tooLarge ? 0 : scanner.fault?.offset ?? 0) + 1
            reject(&batch, rowLine, column, tooLarge ? .tooLarge : .malformed, detail, raw)
            _ = try skipLine()
            return true
        }
        let rowEnd = head + length
        let isBlank = scanner.cells.count == 1 && !scanner.cells[0].quoted && scanner.cells[0].end == 0
        if isBlank, csvColumns.count > 1 {
            head = rowEnd
            line += 1
            return true
        }
        var rawEnd = rowEnd
        if rawEnd > head, buffer[rawEnd - 1] == UInt8(ascii: "\n") { rawEnd -= 1 }
        if rawEnd > head, buffer[rawEnd - 1] == UInt8(ascii: "\r") { rawEnd -= 1 }
        let raw = append(buffer[head..<rawEnd], to: &batch)
        head = rowEnd
        line += 1 + scanner.lineFeeds
        if let fault = scanner.fault {
            reject(&batch, rowLine, fault.offset + 1, .malformed, fault.detail, raw)
        } else if scanner.cells.count != csvColumns.count {
            reject(
                &batch, rowLine, 1, .ragged,
                "\(scanner.cells.count) cells where there are \(csvColumns.count) columns",
                raw)
        } else if scanner.hasHighBytes, let fault = UTF8Check.firstFault(batch.bytes.span.extracting(raw)) {
            reject(&batch, rowLine, fault + 1, .notUTF8, "not UTF-8", raw)
        } else {
            addCells(&batch, rowLine, raw)
        }
        return true
    }

    private func addCells(_ batch: inout RowBatch, _ rowLine: Int, _ raw: Range<Int>) {
        let base = batch.cells.count
        for cell in scanner.cells {
            var range = raw.lowerBound + cell.start..<raw.lowerBound + cell.end
            if cell.escaped { range = unescape(range, &batch.bytes) }
            batch.cells.append(
                RowBatch.Cell(
                    start: UInt32(range.lowerBound), end: UInt32(range.upperBound),
                    kind: range.isEmpty ? .missing : .plain))
        }
        batch.rows.append(
            RowBatch.Row(
                line: rowLine, ordinal: ordinal, raw: raw, cells: base, cellCount: scanner.cells.count))
        ordinal += 1
    }

    /// Appends the cell with each doubled quote made one.
    private func unescape(_ range: Range<Int>, _ bytes: inout [UInt8]) -> Range<Int> {
        let start = bytes.count
        var at = range.lowerBound
        while at < range.upperBound {
            bytes.append(bytes[at])
            at += bytes[at] == UInt8(ascii: "\"") ? 2 : 1
        }
        return start..<bytes.count
    }

    private func readHeader(_ header: TableHeader) throws(TabularError) {
        guard let (length, tooLarge) = try scanFirstRow() else {
            if header == .present {
                throw TabularError(.header, "\(name):1:1: the file is empty", hint: "a header was expected")
            }
            csvColumns = expected
            return
        }
        guard !tooLarge, scanner.fault == nil else {
            throw TabularError(
                .header,
                "\(name):\(line):\((scanner.fault?.offset ?? 0) + 1): the first row cannot be read: "
                    + (scanner.fault?.detail ?? "longer than \(limits.rowBytesMax) bytes"))
        }
        guard scanner.cells.count <= limits.columnsMax else {
            throw TabularError(
                .tooManyColumns,
                "\(name):\(line):1: \(scanner.cells.count) columns, more than \(limits.columnsMax)",
                hint: "raise the limit")
        }
        var cells = RowBatch()
        let raw = append(buffer[head..<head + length], to: &cells)
        addCells(&cells, line, raw)
        ordinal = 0
        hasHeader = header == .present || (header == .detect && looksLikeHeader(cells))
        guard hasHeader else {
            csvColumns = (0..<scanner.cells.count).map { $0 < expected.count ? expected[$0] : "f\($0)" }
            return
        }
        csvColumns = try names(cells)
        head += length
        line += 1 + scanner.lineFeeds
    }

    /// Scans the first row that is not blank.
    private func scanFirstRow() throws(TabularError) -> (length: Int, tooLarge: Bool)? {
        while let found = try scanRow() {
            guard scanner.cells.count == 1, !scanner.cells[0].quoted, scanner.cells[0].end == 0 else {
                return found
            }
            _ = try skipLine()
        }
        return nil
    }

    private func names(_ cells: RowBatch) throws(TabularError) -> [String] {
        var names: [String] = []
        var seen: [String: Int] = [:]
        for column in 0..<scanner.cells.count {
            let name = cells.text(0, column) ?? ""
            if let other = seen[name] {
                throw TabularError(
                    .header,
                    "\(self.name):\(line):1: "
                        + "columns \(other + 1) and \(column + 1) are both named \"\(name)\"",
                    hint: "give each column a name of its own, or say that the file has no header")
            }
            guard name.utf8.count <= limits.nameBytesMax else {
                throw TabularError(
                    .header, "\(self.name):\(line):1: the name of column \(column + 1) is too long",
                    hint: "at most \(limits.nameBytesMax) bytes")
            }
            seen[name] = column
            names.append(name)
        }
        return names
    }

    private func looksLikeHeader(_ cells: RowBatch) -> Bool {
        let count = cells.rows[0].cellCount
        if !expected.isEmpty {
            let known = Set(expected)
            return (0..<count).contains { known.contains(cells.text(0, $0) ?? "") }
        }
        var seen: Set<String> = []
        return (0..<count).allSatisfy { column in
            guard let text = cells.text(0, column), !text.isEmpty, seen.insert(text).inserted else {
                return false
            }
            return cells.real(0, column) == nil && cells.boolean(0, column) == nil
        }
    }

    // MARK: JSON lines

    private func nextJSON(_ batch: inout RowBatch) throws(TabularError) -> Bool {
        var searched = head
        var end: Int?
        while true {
            end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n"))
            if end != nil || atEnd || buffer.count - head > limits.rowBytesMax { break }
            let pending = buffer.count - head
            try refill()
            searched = head + pending
        }
        if end == nil, atEnd, head == buffer.count { return false }
        let rowEnd = end ?? buffer.count
        let rowLine = line
        guard rowEnd - head <= limits.rowBytesMax else {
            let raw = append(buffer[head..<head + min(1_024, rowEnd - head)], to: &batch)
            reject(&batch, rowLine, 1, .tooLarge, "longer than \(limits.rowBytesMax) bytes", raw)
            _ = try skipLine()
            return true
        }
        var rawEnd = rowEnd
        if rawEnd > head, buffer[rawEnd - 1] == UInt8(ascii: "\r") { rawEnd -= 1 }
        let isBlank = buffer[head..<rawEnd].allSatisfy { $0 == 0x20 || $0 == 0x09 }
        let start = head
        head = min(buffer.count, rowEnd + 1)
        line += 1
        if !isBlank { parseJSON(start..<rawEnd, rowLine, &batch) }
        return true
    }

    private func parseJSON(_ row: Range<Int>, _ rowLine: Int, _ batch: inout RowBatch) {
        let raw = append(buffer[row], to: &batch)
        guard parsesJSON else {
            batch.rows.append(
                RowBatch.Row(
                    line: rowLine, ordinal: ordinal, raw: raw, cells: batch.cells.count, cellCount: 0))
            ordinal += 1
            return
        }
        let base = batch.cells.count
        do throws(JSONRowParser.Fault) {
            try json.parse(raw, in: &batch.bytes, into: &batch.cells)
            batch.rows.append(
                RowBatch.Row(
                    line: rowLine, ordinal: ordinal, raw: raw, cells: base,
                    cellCount: batch.cells.count - base))
            ordinal += 1
        } catch {
            batch.cells.removeLast(batch.cells.count - base)
            batch.bytes.removeLast(batch.bytes.count - raw.upperBound)
            // A row that was read is UTF-8: its strings were checked, and the rest of JSON is ASCII.
            if let fault = UTF8Check.firstFault(batch.bytes.span.extracting(raw)) {
                reject(&batch, rowLine, fault + 1, .notUTF8, "not UTF-8", raw)
                return
            }
            reject(&batch, rowLine, error.offset - raw.lowerBound + 1, .malformed, error.detail, raw)
        }
    }

    // MARK: Batches

    private func append(_ bytes: ArraySlice<UInt8>, to batch: inout RowBatch) -> Range<Int> {
        let start = batch.bytes.count
        batch.bytes.append(contentsOf: bytes)
        return start..<batch.bytes.count
    }

    private func reject(
        _ batch: inout RowBatch, _ rowLine: Int, _ column: Int, _ reason: RowReject.Reason, _ detail: String,
        _ raw: Range<Int>
    ) {
        batch.rejects.append(
            RowReject(
                line: rowLine, column: column, ordinal: ordinal, reason: reason, detail: detail, raw: raw))
        ordinal += 1
    }
}
