internal import Basics
internal import SQLite
internal import Tabular

extension StoreConnection {
    /// Hands the wanted predictions to `body`, one by one: a run's in the order of its rows, current ones
    /// in no order.
    func predictions(
        _ query: PredictionQuery, _ body: (StoredPrediction) throws -> Void
    ) throws(BatchError) {
        var conditions: [String] = []
        var values: [Value] = []
        func add(_ condition: String, _ value: Value) {
            values.append(value)
            conditions.append(condition + " ?\(values.count)")
        }
        var source = "current_predictions"
        var row = "row"
        var order = ""
        if let name = query.run {
            let (id, record) = try existing(try resolve(name).run)
            guard record.progress.isComplete else {
                throw BatchError(
                    .state, "run \(record.run) is not complete: \(record.progress.nextRow) rows are written",
                    hint: "give its `batch run` command again and let it end", recovery: .retry)
            }
            if query.key == nil {
                // The table in the order of its ids, which is that of the rows: nothing has to be sorted.
                source = "prediction_rows AS p CROSS JOIN runs AS r ON r.id = p.run_id"
                row = "p.id & \(StoreSchema.rowMask)"
                order = " ORDER BY p.id"
                let first = id << Int64(StoreSchema.rowBits)
                add("p.id >=", .integer(first))
                add("p.id <=", .integer(first | Int64(StoreSchema.rowMask)))
            } else {
                source = "predictions"
                order = " ORDER BY row"
                add("run =", .text(record.run))
            }
        }
        if let key = query.key { add("entity =", .text(key)) }
        if let model = query.model { add("model =", .text(model)) }
        if let version = query.version { add("version =", .integer(Int64(version))) }
        var sql = "SELECT model, version, run, entity, prediction, scores, \(row) FROM \(source)"
        if !conditions.isEmpty { sql += " WHERE " + conditions.joined(separator: " AND ") }
        sql += order
        if let limit = query.limit { sql += " LIMIT \(max(0, limit))" }
        try wrapping(.store) {
            let statement = try connection.prepare(sql)
            for (index, value) in values.enumerated() { try statement.bind(index + 1, value) }
            while try statement.step() { try body(Self.prediction(statement)) }
        }
    }

    private static func prediction(_ statement: Statement) -> StoredPrediction {
        let value: TableValue =
            switch statement.value(4) {
            case .real(let number): .real(number)
            case .integer(let number): .real(Double(number))
            case .text(let text): PredictionText.numbers(text).map { .list($0) } ?? .text(text)
            case .null, .blob: .missing
            }
        return StoredPrediction(
            model: statement.text(0) ?? "", version: Int(statement.integer(1)), run: statement.text(2) ?? "",
            entity: statement.text(3) ?? "", prediction: value,
            scores: statement.text(5).flatMap { PredictionText.numbers($0) }, row: Int(statement.integer(6)))
    }

    /// Hands the bad rows of a run to `body`, in the order of the input.
    func rejects(run name: String, _ body: (RejectedRow) throws -> Void) throws(BatchError) {
        let run = try resolve(name).run
        try wrapping(.store) {
            let statement = try connection.prepare(
                "SELECT row, line, reason, detail, input FROM rejects WHERE run = ?1 ORDER BY row")
            try statement.bind(1, run)
            while try statement.step() {
                try body(
                    RejectedRow(
                        row: Int(statement.integer(0)), line: Int(statement.integer(1)),
                        reason: statement.text(2) ?? "", detail: statement.text(3) ?? "",
                        input: statement.text(4) ?? ""))
            }
        }
    }

    /// Runs one statement that reads, and hands its rows to `body` with the columns' names. Blobs come as
    /// hexadecimal text.
    func query(
        _ sql: String, timeLimit: Duration, _ body: ([String], [TableValue]) throws -> Void
    ) throws(BatchError) {
        try wrapping(.query) {
            let statement = try connection.prepare(sql)
            guard statement.isReadOnly else {
                throw BatchError(
                    .notReadOnly, "the SQL would change the store",
                    hint: "only statements that read are run; open the file with `sqlite3` to change it")
            }
            let names = statement.columnNames
            try connection.withTimeLimit(timeLimit) {
                while try statement.step() {
                    try body(names, names.indices.map { Self.value(statement.value($0)) })
                }
            }
        }
    }

    private static func value(_ value: Value) -> TableValue {
        switch value {
        case .null: .missing
        case .integer(let number): .integer(number)
        case .real(let number): .real(number)
        case .text(let text): .text(text)
        case .blob(let bytes): .text(Hex.encode(bytes))
        }
    }
}
