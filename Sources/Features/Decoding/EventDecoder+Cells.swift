internal import Basics

/// A cell of a table: where its text is, its quotes and escapes resolved, and what the format says about it.
public struct TextCell: Hashable, Sendable {
    /// What the format says.
    public enum Kind: UInt8, Sendable {
        /// There is no value: an empty cell, or none.
        case missing
        /// Bare text, whose type only the schema knows: a CSV cell without quotes.
        case plain
        /// Text: a quoted CSV cell, a JSON string.
        case text
        /// A JSON number.
        case number
        /// JSON `true` or `false`.
        case boolean
        /// A JSON object or array; no feature is one.
        case nested
    }

    /// What the format says.
    public let kind: Kind
    /// Where its bytes are.
    public let range: Range<Int>

    /// A cell of that kind and place.
    public init(_ kind: Kind, _ range: Range<Int>) {
        self.kind = kind
        self.range = range
    }
}

/// Which column of a table is which feature, compiled once a table.
public struct CellColumns: Hashable, Sendable {
    /// The column of each feature; nil where the table has none, so that it is missing in every row.
    public let columnOfFeature: [Int?]
    /// The column of the id.
    public let idColumn: Int?
    /// The column of the time.
    public let timestampColumn: Int?

    /// The columns by the names in a table's header. Columns that the schema does not name are ignored.
    public init(header: [String], schema: Schema, idColumn: String? = "id", timestampColumn: String? = "ts") {
        columnOfFeature = schema.features.map { header.firstIndex(of: $0.name) }
        self.idColumn = idColumn.flatMap { header.firstIndex(of: $0) }
        self.timestampColumn = timestampColumn.flatMap { header.firstIndex(of: $0) }
    }

    /// The columns of a table without a header: the features in the schema's order, from the first column on.
    /// With an id column, that one is left out of the count.
    public init(positionsOf schema: Schema, idColumn: Int? = nil) {
        columnOfFeature = schema.features.indices.map { index in
            if let idColumn, index >= idColumn { index + 1 } else { index }
        }
        self.idColumn = idColumn
        timestampColumn = nil
    }
}

extension EventDecoder {
    /// Decodes a table row into the block's next row, by the same rules as an event: an empty cell is
    /// missing, a boolean is `true`, `false` (in any case), `1` or `0`, a quoted number is not a number.
    ///
    /// - Parameters:
    ///   - bytes: what the cells' ranges mean.
    ///   - columns: which column is which feature.
    ///   - block: receives the row.
    ///   - cell: the cell of a column of this row.
    /// - Returns: nil when the row is there; else why it is not.
    public mutating func decodeCells(
        _ bytes: Span<UInt8>, columns table: CellColumns, into block: inout FeatureBlock,
        cell: (_ column: Int) -> TextCell
    ) -> RowFault? {
        precondition(table.columnOfFeature.count == columns.count, "columns of another schema")
        block.beginRow()
        if let column = table.idColumn {
            let cell = cell(column)
            guard cell.range.count <= limits.idBytesMax else {
                block.withdrawRow()
                return RowFault(.tooLarge, .id, at: 0)
            }
            if cell.kind != .missing {
                block.setID(cell.kind == .number ? .number : .string, bytes, cell.range)
            }
        }
        if let column = table.timestampColumn {
            let cell = cell(column)
            guard let time = EventDecoder.timestamp(bytes, cell) else {
                block.withdrawRow()
                return RowFault(.wrongType, .timestamp, at: 0)
            }
            block.setTimestamp(time)
        }
        for index in columns.indices {
            guard let column = table.columnOfFeature[index] else { continue }
            let cell = cell(column)
            if cell.kind == .missing { continue }
            if let fault = set(index, bytes, cell, &block) {
                block.withdrawRow()
                return RowFault(fault, .feature(index), at: 0)
            }
        }
        return finishRow(&block)
    }

    /// The time in a cell, nil inside for a missing one; nil for what is no time.
    private static func timestamp(_ bytes: Span<UInt8>, _ cell: TextCell) -> Int64?? {
        if cell.kind == .missing { return .some(nil) }
        if let value = number(bytes, cell), let time = timestamp(value) { return time }
        return Timestamp(iso8601: bytes.extracting(cell.range)).map { .some($0.milliseconds) }
    }

    private func set(
        _ index: Int, _ bytes: Span<UInt8>, _ cell: TextCell, _ block: inout FeatureBlock
    ) -> RowFault.Code? {
        switch columns[index].kind {
        case .categorical:
            guard cell.kind == .plain || cell.kind == .text || cell.kind == .number else { return .wrongType }
            if cell.kind == .number, !EventDecoder.isInteger(bytes, cell.range) { return .wrongType }
            category(index, bytes, cell.range, &block)
        case .boolean:
            guard let value = EventDecoder.boolean(bytes, cell) else { return .wrongType }
            block.set(index, value)
        case .integer:
            guard let value = EventDecoder.number(bytes, cell), value.rounded(.towardZero) == value else {
                return .wrongType
            }
            block.set(index, value)
        case .float:
            guard let value = EventDecoder.number(bytes, cell) else { return .wrongType }
            block.set(index, value)
        }
        return nil
    }

    private static func boolean(_ bytes: Span<UInt8>, _ cell: TextCell) -> Double? {
        if equals(bytes, cell.range, "true"), cell.kind == .boolean || cell.kind == .plain { return 1 }
        if equals(bytes, cell.range, "false"), cell.kind == .boolean || cell.kind == .plain { return 0 }
        guard let value = number(bytes, cell), value == 0 || value == 1 else { return nil }
        return value
    }

    /// The number in a cell, in JSON's grammar; besides, CSV may write a leading `+`, and leave out the
    /// digits on one side of the point. NaN is not a number: leave the cell empty.
    private static func number(_ bytes: Span<UInt8>, _ cell: TextCell) -> Double? {
        guard cell.kind == .plain || cell.kind == .number else { return nil }
        var scanner = JSONScanner(cell.range)
        do throws(JSONError) {
            let value = try scanner.number(bytes)
            try scanner.finish(bytes)
            return value
        } catch {
            guard error.code != .numberOutOfRange, cell.range.count <= JSONScanner.numberBytesMax else {
                return nil
            }
            let text = String(decoding: cell.range.map { bytes[$0] }, as: UTF8.self)
            guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
            return Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
    }

    private static func isInteger(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.allSatisfy { bytes[$0] &- 0x30 < 10 || bytes[$0] == 0x2D }
    }

    private static func equals(_ bytes: Span<UInt8>, _ range: Range<Int>, _ lower: StaticString) -> Bool {
        guard range.count == lower.utf8CodeUnitCount else { return false }
        return lower.withUTF8Buffer { text in
            range.allSatisfy { bytes[$0] | 0x20 == text[$0 - range.lowerBound] }
        }
    }
}
