internal import Basics
internal import Crypto
internal import SQLite
public import Tabular

/// How a table is read into SQLite.
public struct TableOptions: Sendable {
    /// The form of the file; nil: by its suffix.
    public var format: TabularFormat?
    /// Whether the first CSV row names the columns.
    public var header: TableHeader
    /// The columns' names where the file has none, and what `detect` looks for.
    public var expectedColumns: [String]
    /// The bounds of a row.
    public var limits: TabularLimits
    /// Rows of a table at most. Default 50 million.
    public var rowsMax: Int

    /// The defaults.
    public init(
        format: TabularFormat? = nil, header: TableHeader = .detect, expectedColumns: [String] = [],
        limits: TabularLimits = TabularLimits(columnsMax: 1_999), rowsMax: Int = 50_000_000
    ) {
        self.format = format
        self.header = header
        self.expectedColumns = expectedColumns
        self.limits = limits
        self.rowsMax = rowsMax
    }
}

/// Reads a file twice: once for the columns' types, once into SQLite. Two passes keep memory small and
/// numbers exact: a cell is bound as what its column turned out to be.
struct TableLoader {
    /// The path of the table; standard input must have been copied to a file.
    let path: String
    let options: TableOptions
    let shouldStop: () -> Bool

    struct Survey {
        var names: [String] = []
        var inference: [TypeInference] = []
        var rejects: [RowReject] = []
        var rejectCount = 0
        var rows = 0
        var digest: Digest?
    }

    private final class DigestTap {
        private var hasher = SHA256Hasher()

        func update(_ bytes: ArraySlice<UInt8>) {
            hasher.update(bytes.span)
        }

        func finish() -> Digest { hasher.finish() }
    }

    private func open(_ tap: DigestTap) throws(TrainingError) -> TableReader {
        do throws(TabularError) {
            let format = try TabularFormat.of(path, given: options.format)
            let source = try ByteSource(path: path)
            source.tap = { tap.update($0) }
            return try TableReader(
                source, format: format, header: options.header, expectedColumns: options.expectedColumns,
                limits: options.limits)
        } catch {
            throw TrainingError(
                .data, error.message, hint: error.hint, recovery: error.recovery, cause: error)
        }
    }

    private func batches(
        _ tap: DigestTap, _ body: (TableReader, RowBatch) throws(TrainingError) -> Void
    ) throws(TrainingError) {
        let reader = try open(tap)
        var batch = RowBatch()
        while true {
            if shouldStop() { throw TrainingError(.cancelled, "loading was cancelled", recovery: .retry) }
            do throws(TabularError) {
                guard try reader.read(into: &batch) else { break }
            } catch {
                throw TrainingError(
                    .data, error.message, hint: error.hint, recovery: error.recovery, cause: error)
            }
            try body(reader, batch)
        }
        // A table without rows still has columns.
        try body(reader, RowBatch())
    }

    /// The first pass.
    func survey() throws(TrainingError) -> Survey {
        let tap = DigestTap()
        var survey = Survey()
        try batches(tap) { (reader, batch) throws(TrainingError) in
            survey.names = reader.columns
            while survey.inference.count < survey.names.count { survey.inference.append(TypeInference()) }
            for row in 0..<batch.count {
                for column in survey.names.indices {
                    survey.inference[column].add(Self.classify(batch, row, column), line: batch.line(row))
                }
            }
            survey.rows += batch.count
            survey.rejectCount += batch.rejects.count
            survey.rejects += batch.rejects.prefix(max(0, TypeInference.linesNamed - survey.rejects.count))
            guard survey.rows <= options.rowsMax else {
                throw TrainingError(
                    .data, "\(path): more than \(options.rowsMax) rows", hint: "train on a sample of the rows"
                )
            }
        }
        survey.digest = tap.finish()
        return survey
    }

    /// The second pass: fills the table `data`, whose row ids are the lines; returns each row's number for
    /// the split.
    func load(
        _ survey: Survey, _ columns: [TableColumn], into connection: Connection, split: Split, keyColumn: Int?
    ) throws(TrainingError) -> [Double] {
        var units: [Double] = []
        units.reserveCapacity(survey.rows)
        let tap = DigestTap()
        do {
            try connection.begin()
            let places = (0...columns.count).map { "?\($0 + 1)" }.joined(separator: ",")
            let names = columns.map { Self.quoted($0.name) }.joined(separator: ",")
            let list = columns.isEmpty ? "rowid" : "rowid,\(names)"
            let insert = try connection.prepare("INSERT INTO data(\(list)) VALUES (\(places))")
            try batches(tap) { (_, batch) throws(TrainingError) in
                do throws(SQLiteError) {
                    for row in 0..<batch.count {
                        try insert.bind(1, Int64(batch.line(row)))
                        for column in columns.indices {
                            try Self.bind(insert, column + 2, batch, row, column, columns[column].type)
                        }
                        try insert.run()
                    }
                } catch {
                    throw Self.failure(error)
                }
                for row in 0..<batch.count {
                    let key = keyColumn.map { batch.range(row, $0) } ?? batch.raw(row)
                    units.append(split.unit(key: batch.bytes.span.extracting(key)))
                }
            }
            try connection.commit()
        } catch let error as SQLiteError {
            throw Self.failure(error)
        } catch let error as TrainingError {
            throw error
        } catch {
            throw TrainingError(.data, "\(error)", recovery: .bug, cause: error)
        }
        guard tap.finish() == survey.digest else {
            throw TrainingError(
                .data, "\(path) changed while it was read", hint: "train on a file that nobody writes",
                recovery: .retry)
        }
        return units
    }

    static func failure(_ error: SQLiteError) -> TrainingError {
        TrainingError(.data, error.message, hint: error.hint, recovery: error.recovery, cause: error)
    }

    static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    private static let markers: Set<String> = ["na", "n/a", "nan", "null", "none", "-", "?"]

    private static func classify(_ batch: RowBatch, _ row: Int, _ column: Int) -> TypeInference.Cell {
        switch batch.kind(row, column) {
        case .missing: return .missing
        case .nested: return .nested
        case .boolean: return .boolean
        case .text: return batch.range(row, column).isEmpty ? .missing : .text
        case .number: return batch.integer(row, column) != nil ? .integer : .real
        case .plain:
            let range = batch.range(row, column)
            if batch.integer(row, column) != nil {
                let digits = batch.bytes[range].drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
                return digits.count > 1 && digits.first == UInt8(ascii: "0") ? .leadingZeros : .integer
            }
            if batch.real(row, column) != nil { return .real }
            if batch.boolean(row, column) != nil { return .boolean }
            guard range.count <= 4 else { return .text }
            return markers.contains((batch.text(row, column) ?? "").lowercased()) ? .marker : .text
        }
    }

    private static func bind(
        _ insert: Statement, _ index: Int, _ batch: RowBatch, _ row: Int, _ column: Int, _ type: ColumnType
    ) throws(SQLiteError) {
        switch type {
        case .integer:
            if let value = batch.integer(row, column) { return try insert.bind(index, value) }
        case .real:
            if let value = batch.real(row, column) { return try insert.bind(index, value) }
        case .boolean:
            if let value = batch.boolean(row, column) { return try insert.bind(index, Int64(value ? 1 : 0)) }
        case .text, .nested:
            let range = batch.range(row, column)
            if !range.isEmpty {
                return try insert.bind(index, copyingText: batch.bytes.span.extracting(range))
            }
        case .empty: break
        }
        try insert.bindNull(index)
    }
}
