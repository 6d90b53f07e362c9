internal import Basics
internal import Crypto
internal import Glibc
internal import SQLite
public import Tabular

/// A file of rows loaded into SQLite, so that a label may be an SQL expression over its columns.
///
/// The SQL table is named `data`; a row's `rowid` is its line in the file, an empty cell is NULL, booleans
/// are 0 and 1. Confined to one thread; its calls block.
///
/// ```swift
/// let table = try Table.load(path: "rides.csv")
/// let leaking = try table.columnsMentioned(by: "tips > 0.2 * fare")     // ["tips", "fare"]
/// let labels = try table.values(of: "tips > 0.2 * fare")
/// ```
public final class Table {
    /// The file, or `standard input`.
    public let name: String
    /// The columns in the file's order.
    public let columns: [TableColumn]
    /// Rows that were read.
    public let rowCount: Int
    /// The SHA-256 of the file, in hexadecimal.
    public let digest: String
    /// What the loader found wrong: rows that cannot be read, cells of the wrong type.
    public let anomalies: [Anomaly]
    /// Each row's number in 0 ..< 1, by which it is in a part of the split.
    let units: [Double]
    let connection: Connection

    private init(
        name: String, columns: [TableColumn], survey: TableLoader.Survey, anomalies: [Anomaly],
        units: [Double],
        connection: Connection
    ) {
        self.name = name
        self.columns = columns
        rowCount = survey.rows
        digest = survey.digest?.hex ?? ""
        self.anomalies = anomalies
        self.units = units
        self.connection = connection
    }

    /// Reads the file at `path` (`-`: standard input, through a temporary file).
    ///
    /// Throws `data` when it cannot be read at all; bad rows are `anomalies`.
    public static func load(
        path: String, options: TableOptions = TableOptions(), split: Split = Split(), splitKey: String? = nil,
        shouldStop: () -> Bool = { false }
    ) throws(TrainingError) -> Table {
        try split.check()
        let spool = path == "-" ? try Spool.standardInput() : nil
        var options = options
        if spool != nil, options.format == nil { options.format = .csv }
        let name = path == "-" ? "standard input" : path
        return try withoutActuallyEscaping(shouldStop) { (shouldStop) throws(TrainingError) -> Table in
            let loader = TableLoader(path: spool?.path ?? path, options: options, shouldStop: shouldStop)
            let survey = try loader.survey()
            let columns = try columns(survey, name)
            let keyColumn = try splitKey.map { (key) throws(TrainingError) -> Int in
                try columnIndex(key, columns, name)
            }
            let connection = try database(columns)
            let units = try loader.load(survey, columns, into: connection, split: split, keyColumn: keyColumn)
            return Table(
                name: name, columns: columns, survey: survey, anomalies: anomalies(survey, columns),
                units: units,
                connection: connection)
        }
    }

    /// The columns that an SQL expression reads, as SQLite's compiler sees them.
    ///
    /// Throws `label` with SQLite's words when the expression is none.
    public func columnsMentioned(by expression: String) throws(TrainingError) -> [String] {
        do throws(SQLiteError) {
            let known = Set(columns.map(\.name))
            return try connection.columnsRead(by: Self.select(expression))
                .filter { $0.table == "data" && known.contains($0.column) }.map(\.column)
        } catch {
            throw expressionError(expression, error)
        }
    }

    /// The value of an SQL expression in each row, in the rows' order.
    ///
    /// Throws `label` when the expression is none, or does not give one value a row.
    public func values(of expression: String) throws(TrainingError) -> [TableValue] {
        do throws(SQLiteError) {
            guard try connection.isReadOnly(Self.select(expression)) else {
                throw SQLiteError(code: .unauthorized, what: "it would change the table", path: name)
            }
            let statement = try connection.prepare(Self.select(expression))
            var result: [TableValue] = []
            result.reserveCapacity(rowCount)
            while try statement.step() {
                switch statement.value(0) {
                case .null: result.append(.missing)
                case .integer(let value): result.append(.integer(value))
                case .real(let value): result.append(.real(value))
                case .text(let text): result.append(.text(text))
                case .blob: result.append(.text(statement.text(0) ?? ""))
                }
            }
            guard result.count == rowCount else {
                throw SQLiteError(
                    code: .error, what: "it gives \(result.count) values for \(rowCount) rows", path: name)
            }
            return result
        } catch {
            throw expressionError(expression, error)
        }
    }

    /// The column called `name`.
    ///
    /// Throws `columns`, naming the nearest, when there is none.
    public func column(_ name: String) throws(TrainingError) -> TableColumn {
        columns[try Self.columnIndex(name, columns, self.name)]
    }

    /// The lines of the file at which the rows begin, in the rows' order.
    public func lines() throws(TrainingError) -> [Int] {
        do throws(SQLiteError) {
            let statement = try connection.prepare("SELECT rowid FROM data ORDER BY rowid")
            var lines: [Int] = []
            lines.reserveCapacity(rowCount)
            while try statement.step() { lines.append(Int(statement.integer(0))) }
            return lines
        } catch {
            throw TableLoader.failure(error)
        }
    }

    /// Values of `column` that stand in several rows.
    func duplicates(in column: String) throws(TrainingError) -> Anomaly? {
        let quoted = TableLoader.quoted(column)
        let repeated = "SELECT \(quoted) FROM data WHERE \(quoted) IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
        do throws(SQLiteError) {
            let count =
                try connection.integer("SELECT count(*) FROM data WHERE \(quoted) IN (\(repeated))") ?? 0
            guard count > 0 else { return nil }
            let rows = try connection.query(
                "SELECT rowid FROM data WHERE \(quoted) IN (\(repeated)) ORDER BY rowid LIMIT 5")
            return Anomaly(
                .duplicateID, column: column, count: Int(count),
                lines: rows.compactMap { $0.values.first?.integer.map { Int($0) } },
                "\(count) rows share their id with another row")
        } catch {
            throw TableLoader.failure(error)
        }
    }

    // MARK: Loading

    private static func database(_ columns: [TableColumn]) throws(TrainingError) -> Connection {
        do throws(SQLiteError) {
            var options = Connection.Options()
            options.writeAheadLog = false
            options.synchronous = .off
            options.cacheBytes = 256 << 20
            options.allowsAttach = false
            // The empty name is a private database that SQLite keeps in memory and spills to a file of its
            // own.
            let connection = try Connection(path: "", options)
            let definitions = columns.map { "\(TableLoader.quoted($0.name)) \(sqlType($0.type))" }
            let list = definitions.isEmpty ? "\"\" BLOB" : definitions.joined(separator: ",")
            try connection.execute("CREATE TABLE data(\(list))")
            return connection
        } catch {
            throw TableLoader.failure(error)
        }
    }

    /// BLOB columns have no affinity in SQLite: what is bound stays as it is.
    private static func sqlType(_ type: ColumnType) -> String {
        switch type {
        case .integer, .boolean: "INTEGER"
        case .real: "REAL"
        case .text, .nested: "TEXT"
        case .empty: "BLOB"
        }
    }

    private static func columns(
        _ survey: TableLoader.Survey, _ file: String
    ) throws(TrainingError) -> [TableColumn] {
        var seen: [String: String] = [:]
        var columns: [TableColumn] = []
        for (index, (name, inference)) in zip(survey.names, survey.inference).enumerated() {
            let usable = name.isEmpty ? "unnamed_\(index + 1)" : name
            if let other = seen.updateValue(usable, forKey: usable.lowercased()) {
                throw TrainingError(
                    .columns, "\(file): the columns \(other) and \(usable) differ in case alone",
                    hint: "SQL does not tell them apart: rename one")
            }
            let type = inference.type
            columns.append(
                TableColumn(
                    name: usable, type: type, markersTakenAsMissing: type.isNumeric ? inference.markers : 0))
        }
        return columns
    }

    private static func anomalies(_ survey: TableLoader.Survey, _ columns: [TableColumn]) -> [Anomaly] {
        var anomalies: [Anomaly] = []
        if let first = survey.rejects.first {
            anomalies.append(
                Anomaly(
                    .malformed, count: survey.rejectCount, lines: survey.rejects.map(\.line),
                    "\(survey.rejectCount) row\(survey.rejectCount == 1 ? "" : "s") cannot be read, "
                        + "the first: \(first.detail)"))
        }
        for (column, inference) in zip(columns, survey.inference) where inference.strayTexts > 0 {
            anomalies.append(
                Anomaly(
                    .wrongType, column: column.name, count: inference.strayTexts, lines: inference.textLines,
                    "\(inference.strayTexts) of \(inference.present) cells are text, the others "
                        + (column.type == .boolean ? "true or false" : "numbers")))
        }
        return anomalies
    }

    static func columnIndex(
        _ name: String, _ columns: [TableColumn], _ file: String
    ) throws(TrainingError) -> Int {
        if let index = columns.firstIndex(where: { $0.name == name }) { return index }
        let lower = name.lowercased()
        if let index = columns.firstIndex(where: { $0.name.lowercased() == lower }) { return index }
        throw TrainingError(
            .columns, "\(file) has no column \(name)",
            hint: "its columns: " + columns.prefix(40).map(\.name).joined(separator: ", "))
    }

    // MARK: Expressions

    /// The line end keeps a comment at the expression's end from swallowing the rest.
    private static func select(_ expression: String) -> String {
        "SELECT (\(expression)\n) FROM data ORDER BY rowid"
    }

    private func expressionError(_ expression: String, _ error: SQLiteError) -> TrainingError {
        TrainingError(
            .label, "\(expression): \(error.message)",
            hint: "write a column or an SQL expression over the columns "
                + columns.prefix(40).map(\.name).joined(separator: ", "), cause: error)
    }
}
