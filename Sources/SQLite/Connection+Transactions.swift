internal import CSQLite

extension Connection {
    /// When a transaction takes its lock (https://www.sqlite.org/lang_transaction.html).
    public enum TransactionKind: String, Sendable {
        /// At the first read or write: for reading.
        case deferred
        /// The write lock at once: for everything that may write, since only this waits its turn.
        case immediate
        /// No reader either, where there is no write-ahead log.
        case exclusive
    }

    /// Runs `body` in a transaction: commits when it returns, rolls back when it throws. Inside another
    /// transaction it is a savepoint.
    @discardableResult
    public func transaction<Result>(
        _ kind: TransactionKind = .immediate, _ body: () throws -> Result
    ) throws -> Result {
        if isInTransaction { return try savepoint(body) }
        try begin(kind)
        do {
            let result = try body()
            try commit()
            return result
        } catch {
            rollback()
            throw error
        }
    }

    /// Opens a transaction by hand; `transaction` is the better way.
    public func begin(_ kind: TransactionKind = .immediate) throws(SQLiteError) {
        try cached("BEGIN \(kind.rawValue)").run()
    }

    /// Commits the open transaction. When it fails, the transaction is still open: roll it back.
    public func commit() throws(SQLiteError) {
        try cached("COMMIT").run()
    }

    /// Drops the open transaction; does nothing when none is open. A transaction that cannot be rolled back
    /// (the disk failed) is rolled back by the next one who opens the file.
    public func rollback() {
        guard isInTransaction else { return }
        try? cached("ROLLBACK").run()
    }

    private func savepoint<Result>(_ body: () throws -> Result) throws -> Result {
        let name = "s\(takeSavepoint())"
        try execute("SAVEPOINT \(name)")
        do {
            let result = try body()
            try execute("RELEASE \(name)")
            return result
        } catch {
            // A full disk rolls back everything by itself, savepoints included.
            if isInTransaction { try? execute("ROLLBACK TO \(name); RELEASE \(name)") }
            throw error
        }
    }

    /// How a checkpoint treats readers (https://www.sqlite.org/c3ref/wal_checkpoint_v2.html).
    public enum CheckpointKind: Int32, Sendable {
        /// As much as goes without waiting.
        case passive = 0
        /// Everything, waiting for writers.
        case full = 1
        /// Everything, waiting for readers too, so that the write-ahead log starts again.
        case restart = 2
        /// Like `restart`, and cuts the write-ahead log to nothing.
        case truncate = 3
    }

    /// Moves the write-ahead log's pages into the file. Returns the pages in the log and those moved.
    @discardableResult
    public func checkpoint(_ kind: CheckpointKind = .passive) throws(SQLiteError) -> (log: Int, moved: Int) {
        var log: Int32 = 0
        var moved: Int32 = 0
        let code = unsafe sqlite3_wal_checkpoint_v2(handle, nil, kind.rawValue, &log, &moved)
        if code != SQLITE_OK { throw error(code, sql: nil) }
        return (Int(log), Int(moved))
    }
}
