internal import Basics
internal import CSQLite
internal import Glibc

/// An open SQLite database.
///
/// Not `Sendable`: it lives inside one actor on a thread of its own (`Basics.ThreadExecutor`), because its
/// calls block, and because the library is opened in the mode where one thread at a time may use a connection
/// (https://www.sqlite.org/threadsafe.html, "multi-thread"). `interrupter` alone may be used from any thread.
///
/// ```swift
/// let connection = try Connection(path: "store.db")
/// let insert = try connection.prepare("INSERT INTO t VALUES (?1, ?2)")
/// try connection.transaction { for row in rows { try insert.run(.text(row.name), .real(row.value)) } }
/// ```
@safe public final class Connection {
    /// How a database is opened.
    public struct Options: Sendable {
        /// What may be done with the file.
        public enum Mode: Sendable {
            /// Read and write; the file is created when it is missing.
            case readWriteCreate
            /// Read and write a file that exists.
            case readWrite
            /// Read a file that exists.
            case readOnly
        }

        /// When a commit is on the disk (https://www.sqlite.org/pragma.html#pragma_synchronous).
        public enum Synchronous: String, Sendable {
            /// When `transaction` returns: survives a power cut.
            case full
            /// Survives the end of the process; a power cut may lose the last transactions, never the file.
            case normal
            /// For files that can be made again.
            case off
        }

        /// What may be done with the file.
        public var mode = Mode.readWriteCreate
        /// How long a statement waits for another connection's lock.
        public var busyTimeout = Duration.seconds(10)
        /// Uses a write-ahead log: readers and a writer at the same time. Only for files that may be written.
        public var writeAheadLog = true
        /// When a commit is on the disk.
        public var synchronous = Synchronous.full
        /// Memory for pages.
        public var cacheBytes = 16 << 20
        /// Bytes of a page of a file that is created; nil: SQLite's default, 4096.
        public var pageBytes: Int?
        /// Bytes of the file that are read through memory mapping; 0: none.
        public var mapBytes = 0
        /// Statements that `cached` keeps.
        public var cachedStatementsMax = 64
        /// Whether the last connection to close moves the write-ahead log into the file and removes it. That
        /// locks everybody out for a moment, so that a reader who does not wait fails; false where there are
        /// such.
        public var checkpointsOnClose = true
        /// Whether `ATTACH` works; false for SQL from a user.
        public var allowsAttach = true

        /// Read and write, with a write-ahead log.
        public init() {}

        /// Read-only, with the rest as it is by default.
        public static var readOnly: Options {
            var options = Options()
            options.mode = .readOnly
            return options
        }
    }

    /// The file.
    public let path: String
    /// Stops what runs, from any thread.
    public let interrupter: Interrupter
    let handle: OpaquePointer
    /// What the busy callback uses; statements retain it too.
    let busy: BusyWait
    private var cache: [String: Statement] = [:]
    private let cacheMax: Int
    private(set) var nextSavepoint = 0

    /// Opens `path` (`:memory:` for a database in memory).
    public init(path: String, _ options: Options = Options()) throws(SQLiteError) {
        self.path = path
        cacheMax = max(1, options.cachedStatementsMax)
        busy = BusyWait(timeout: options.busyTimeout)
        let mode =
            switch options.mode {
            case .readWriteCreate: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly: SQLITE_OPEN_READONLY
            }
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(
            path, &opened, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let database = unsafe opened else {
            let error = unsafe Connection.error(opened, code: code, path: path, sql: nil)
            unsafe sqlite3_close_v2(opened)
            throw error
        }
        unsafe handle = database
        interrupter = unsafe Interrupter(database)
        // The connection owns `busy` and outlives its own calls, which are the only ones that reach the
        // callback.
        unsafe sqlite3_busy_handler(database, busyCallback, Unmanaged.passUnretained(busy).toOpaque())
        // A schema from a damaged or hostile file shall not run functions, nor SQL change the schema table's
        // text.
        unsafe modelcast_sqlite3_set_flag(database, SQLITE_DBCONFIG_DEFENSIVE, 1)
        unsafe modelcast_sqlite3_set_flag(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        if !options.checkpointsOnClose {
            unsafe modelcast_sqlite3_set_flag(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        }
        if !options.allowsAttach { unsafe sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0) }
        if let page = options.pageBytes, options.mode != .readOnly {
            try execute("PRAGMA page_size = \(page)")
        }
        try execute(
            """
            PRAGMA cache_size = -\(max(64, options.cacheBytes / 1024));
            PRAGMA synchronous = \(options.synchronous.rawValue);
            PRAGMA temp_store = memory;
            PRAGMA cell_size_check = on;
            PRAGMA foreign_keys = on;
            PRAGMA mmap_size = \(options.mapBytes);
            """)
        if options.mode != .readOnly, options.writeAheadLog, path != ":memory:" {
            try execute("PRAGMA journal_mode = wal")
        }
    }

    deinit {
        cache.removeAll()
        interrupter.forget()
        // v2 waits for statements that outlive the connection.
        unsafe sqlite3_close_v2(handle)
    }

    // MARK: Statements

    /// Runs one or more statements and drops their rows.
    public func execute(_ sql: String) throws(SQLiteError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw error(code, sql: sql) }
    }

    /// Compiles one statement, for the caller to keep.
    public func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        try Statement(self, sql: sql, persistent: true)
    }

    /// A statement that is compiled once and kept, ready to bind. For calls of medium rate; a hot loop keeps
    /// its own.
    public func cached(_ sql: String) throws(SQLiteError) -> Statement {
        if let statement = cache[sql], !statement.isBusy {
            statement.reset()
            return statement
        }
        if cache.count >= cacheMax { cache.removeAll(keepingCapacity: true) }
        let statement = try Statement(self, sql: sql, persistent: true)
        cache[sql] = statement
        return statement
    }

    /// Runs `sql` with `values` bound to `?1`, `?2`, … and returns its rows, owned. For small results.
    public func query(_ sql: String, _ values: Value...) throws(SQLiteError) -> [Row] {
        let statement = try cached(sql)
        defer { statement.reset() }
        for (index, value) in values.enumerated() { try statement.bind(index + 1, value) }
        let names = statement.columnNames
        var rows: [Row] = []
        while try statement.step() {
            rows.append(Row(columns: names, values: names.indices.map(statement.value)))
        }
        return rows
    }

    /// The first column of the first row; nil without a row or where it is null.
    public func integer(_ sql: String, _ values: Value...) throws(SQLiteError) -> Int64? {
        let statement = try cached(sql)
        defer { statement.reset() }
        for (index, value) in values.enumerated() { try statement.bind(index + 1, value) }
        guard try statement.step(), !statement.isNull(0) else { return nil }
        return statement.integer(0)
    }

    // MARK: State

    /// Rows that the last statement inserted, changed or deleted.
    public var changes: Int { Int(unsafe sqlite3_changes64(handle)) }

    /// The row id that the last insertion got.
    public var lastInsertedRow: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

    /// Whether a transaction is open.
    public var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Grows when another connection, of this process or another, has changed the file.
    public func dataVersion() throws(SQLiteError) -> Int64 {
        try integer("PRAGMA data_version") ?? 0
    }

    /// Waits this long for locks from now on.
    public func setBusyTimeout(_ timeout: Duration) {
        busy.timeout = timeout
    }

    func takeSavepoint() -> Int {
        nextSavepoint += 1
        return nextSavepoint
    }

    // MARK: Errors

    func error(_ code: Int32, sql: String?) -> SQLiteError {
        unsafe Connection.error(handle, code: code, path: path, sql: sql)
    }

    static func error(_ handle: OpaquePointer?, code: Int32, path: String, sql: String?) -> SQLiteError {
        // Without a connection, or after a misuse, only the code's own words are to be had.
        let own = unsafe handle != nil && (sqlite3_extended_errcode(handle) & 0xff) == code & 0xff
        let words = unsafe own ? sqlite3_errmsg(handle) : sqlite3_errstr(code)
        let text = unsafe words.map { unsafe String(cString: $0) } ?? "error \(code)"
        let primary = code & 0xff
        let system =
            unsafe own && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)
            ? sqlite3_system_errno(handle) : 0
        return SQLiteError(code: ResultCode(code), what: text, path: path, sql: sql, systemError: system)
    }
}

/// How long a connection waits for a lock. Used by the connection's own thread only.
final class BusyWait {
    var timeout: Duration
    private var start = ContinuousClock.now

    init(timeout: Duration) {
        self.timeout = timeout
    }

    /// Sleeps a little before try `attempt`; false when the time is over. SQLite's own handler sleeps up to
    /// 100 ms, which would make short transactions of several processes wait for nothing.
    func sleep(attempt: Int32) -> Bool {
        if attempt == 0 { start = .now }
        guard ContinuousClock.now - start < timeout else { return false }
        // 50 µs at first, a millisecond at most, with some spread so that two waiters do not step on each
        // other.
        let base = min(1_000, 50 << min(5, Int(attempt)))
        usleep(UInt32(base / 2 + Int.random(in: 0...base)))
        return true
    }
}

private let busyCallback: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Int32 = { context, attempt in
    guard let context = unsafe context else { return 0 }
    // Borrowed: the connection that registered it keeps it until it has closed.
    return unsafe Unmanaged<BusyWait>.fromOpaque(context).takeUnretainedValue().sleep(attempt: attempt)
        ? 1 : 0
}
