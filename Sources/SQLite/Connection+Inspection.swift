internal import CSQLite

/// A column of a table that a statement reads.
public struct ColumnReference: Hashable, Sendable {
    /// The table or view.
    public let table: String
    /// The column; empty where only the number of rows matters, as in `count(*)`.
    public let column: String

    /// Column `column` of `table`.
    public init(table: String, column: String) {
        self.table = table
        self.column = column
    }
}

extension Connection {
    /// The columns that `sql` reads, in the order of their first use, without running it. SQLite's own
    /// compiler says so, so that expressions, aliases and subqueries are all seen.
    public func columnsRead(by sql: String) throws(SQLiteError) -> [ColumnReference] {
        let collector = ReadCollector()
        // The collector outlives the only call that can reach it.
        unsafe sqlite3_set_authorizer(
            handle, readCallback, Unmanaged.passUnretained(collector).toOpaque())
        defer { unsafe sqlite3_set_authorizer(handle, nil, nil) }
        _ = try Statement(self, sql: sql, persistent: false)
        return collector.columns
    }

    /// Whether `sql` leaves the database as it is.
    public func isReadOnly(_ sql: String) throws(SQLiteError) -> Bool {
        try Statement(self, sql: sql, persistent: false).isReadOnly
    }

    /// Runs `body`, in which every statement fails with `interrupted` once `limit` is over.
    public func withTimeLimit<Result, Failure: Error>(
        _ limit: Duration, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let alarm = Alarm(deadline: ContinuousClock.now + limit)
        // A few thousand steps of the virtual machine take well below a millisecond.
        unsafe sqlite3_progress_handler(
            handle, 4_000, alarmCallback, Unmanaged.passUnretained(alarm).toOpaque())
        defer { unsafe sqlite3_progress_handler(handle, 0, nil, nil) }
        return try withExtendedLifetime(alarm, body)
    }

    /// What is wrong with the file, at most `limit` findings; empty when it is sound. Reads all of it.
    public func integrityProblems(limit: Int = 10) throws(SQLiteError) -> [String] {
        let rows = try query("PRAGMA integrity_check(\(max(1, limit)))")
        return rows.compactMap { $0.values.first?.text }.filter { $0 != "ok" }
    }
}

private final class ReadCollector {
    var columns: [ColumnReference] = []
    var seen: Set<ColumnReference> = []
}

private final class Alarm {
    let deadline: ContinuousClock.Instant
    init(deadline: ContinuousClock.Instant) { self.deadline = deadline }
}

private let readCallback:
    @convention(c) (
        UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
        UnsafePointer<CChar>?
    ) -> Int32 = { context, action, table, column, _, _ in
        guard action == SQLITE_READ, let context = unsafe context, let table = unsafe table,
            let column = unsafe column
        else { return SQLITE_OK }
        // Borrowed: whoever registered it holds it until the call that asks has returned.
        let collector = unsafe Unmanaged<ReadCollector>.fromOpaque(context).takeUnretainedValue()
        let reference = unsafe ColumnReference(
            table: String(cString: table), column: String(cString: column))
        if collector.seen.insert(reference).inserted { collector.columns.append(reference) }
        return SQLITE_OK
    }

private let alarmCallback: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
    guard let context = unsafe context else { return 0 }
    // Borrowed: whoever registered it holds it until the call that it watches has returned.
    let alarm = unsafe Unmanaged<Alarm>.fromOpaque(context).takeUnretainedValue()
    return ContinuousClock.now >= alarm.deadline ? 1 : 0
}
