internal import Basics
internal import SQLite

extension StoreConnection {
    private static let columns = """
        id, run, model, version, state, rows, rejects, input, key_column, created_at, completed_at,
        decided_at, decided_by, note, approval, hold, next_row, model_digest, input_digest, input_bytes,
        reading
        """

    /// The run of exactly this name, with its number in the store.
    func find(exactly run: String) throws(BatchError) -> (id: Int64, record: RunRecord)? {
        let rows = try wrapping(.store) {
            try connection.query("SELECT \(Self.columns) FROM runs WHERE run = ?1", .text(run))
        }
        return try rows.first.map { row throws(BatchError) in
            (row["id"]?.integer ?? 0, try Self.record(row))
        }
    }

    /// The run of exactly this name; throws where there is none.
    func existing(_ run: String) throws(BatchError) -> (id: Int64, record: RunRecord) {
        guard let found = try find(exactly: run) else {
            throw BatchError(
                .unknownRun, "\(connection.path): no run \(run)",
                hint: "`modelcast batch list` shows the runs")
        }
        return found
    }

    /// The run that `name` means: its own name, or the first digits of no other.
    func resolve(_ name: String) throws(BatchError) -> RunRecord {
        if let found = try find(exactly: name) { return found.record }
        let rows = try wrapping(.store) {
            try connection.query(
                "SELECT \(Self.columns) FROM runs WHERE substr(run, 1, length(?1)) = ?1 LIMIT 3", .text(name))
        }
        guard let first = rows.first, !name.isEmpty else { return try existing(name).record }
        guard rows.count == 1 else {
            throw BatchError(
                .ambiguousRun, "\(connection.path): several runs begin with \(name)", hint: "give more digits"
            )
        }
        return try Self.record(first)
    }

    /// The runs, newest first; of one model or in one state where asked for.
    func runs(model: String?, state: RunState?) throws(BatchError) -> [RunRecord] {
        let rows = try wrapping(.store) {
            try connection.query(
                """
                SELECT \(Self.columns) FROM runs
                WHERE (?1 IS NULL OR model = ?1) AND (?2 IS NULL OR state = ?2) ORDER BY id DESC
                """, model.map { .text($0) } ?? .null, state.map { .text($0.rawValue) } ?? .null)
        }
        var records: [RunRecord] = []
        for row in rows { records.append(try Self.record(row)) }
        return records
    }

    private static func record(_ row: Row) throws(BatchError) -> RunRecord {
        func text(_ name: String) -> String { row[name]?.text ?? "" }
        func integer(_ name: String) -> Int { Int(row[name]?.integer ?? 0) }
        func time(_ name: String) -> Timestamp? {
            row[name]?.text.flatMap { Timestamp(iso8601: Array($0.utf8).span) }
        }
        guard let state = RunState(rawValue: text("state")) else {
            throw BatchError(
                .store, "run \(text("run")) is in the unknown state \(text("state"))", recovery: .fixInput)
        }
        return RunRecord(
            identity: RunIdentity(
                model: text("model"), version: integer("version"), modelDigest: text("model_digest"),
                inputDigest: text("input_digest"), keyColumn: text("key_column"), reading: text("reading")),
            input: text("input"), inputBytes: integer("input_bytes"),
            progress: RunMachine(
                run: text("run"), state: state, isComplete: time("completed_at") != nil,
                holdsAtEnd: integer("hold") != 0, nextRow: integer("next_row"), predictions: integer("rows"),
                rejects: integer("rejects")),
            createdAt: time("created_at") ?? Timestamp(milliseconds: 0), completedAt: time("completed_at"),
            decidedAt: time("decided_at"), decidedBy: row["decided_by"]?.text, note: row["note"]?.text,
            approval: (row["approval"]?.integer).map { Int($0) })
    }
}
