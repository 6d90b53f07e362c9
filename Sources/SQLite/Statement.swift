internal import Basics
internal import CSQLite

/// A compiled statement: bind, step, read columns, reset, again. Parameters are numbered from 1, columns from
/// 0.
///
/// Confined to its connection's thread.
@safe public final class Statement {
    let handle: OpaquePointer
    private let path: String
    private let sql: String
    /// What the connection's callbacks use. The connection itself is not retained, because its cache retains
    /// the statement; SQLite keeps the file open until the last statement is gone.
    private let callbacks: AnyObject

    init(_ connection: Connection, sql: String, persistent: Bool) throws(SQLiteError) {
        self.sql = sql
        path = connection.path
        callbacks = connection.busy
        var text = sql
        var compiled: OpaquePointer?
        var restIsBlank = true
        let code = text.withUTF8 { bytes -> Int32 in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                var rest: UnsafePointer<CChar>?
                let code = unsafe sqlite3_prepare_v3(
                    connection.handle, characters.baseAddress, Int32(clamping: characters.count),
                    persistent ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0, &compiled, &rest)
                if let rest = unsafe rest, let start = characters.baseAddress {
                    let used = unsafe rest - start
                    // Blanks and semicolons may follow.
                    restIsBlank = unsafe characters.dropFirst(used).allSatisfy {
                        $0 >= 0 && $0 <= 32 || $0 == 59
                    }
                }
                return code
            }
        }
        guard code == SQLITE_OK else { throw connection.error(code, sql: sql) }
        guard let statement = unsafe compiled else {
            throw SQLiteError(code: .error, what: "no statement", path: connection.path, sql: sql)
        }
        unsafe handle = statement
        guard restIsBlank else {
            throw SQLiteError(
                code: .error, what: "more than one statement", path: connection.path, sql: sql)
        }
    }

    deinit {
        unsafe sqlite3_finalize(handle)
    }

    // MARK: Running

    /// Goes to the next row; false after the last. After an error the statement is reset.
    public func step() throws(SQLiteError) -> Bool {
        let code = unsafe sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        let failure = error(code)
        unsafe sqlite3_reset(handle)
        throw failure
    }

    /// Runs to the end with what is bound, drops rows, and resets.
    public func run() throws(SQLiteError) {
        defer { unsafe sqlite3_reset(handle) }
        while try step() {}
    }

    /// Binds `values` to `?1`, `?2`, …, runs to the end, and resets.
    public func run(_ values: Value...) throws(SQLiteError) {
        for (index, value) in values.enumerated() { try bind(index + 1, value) }
        try run()
    }

    /// Makes it ready to run again. Bindings stay.
    public func reset() {
        unsafe sqlite3_reset(handle)
    }

    /// Whether it has been stepped and neither finished nor reset.
    public var isBusy: Bool { unsafe sqlite3_stmt_busy(handle) != 0 }

    /// Whether it leaves the database as it is.
    public var isReadOnly: Bool { unsafe sqlite3_stmt_readonly(handle) != 0 }

    /// How many parameters it has.
    public var parameterCount: Int { Int(unsafe sqlite3_bind_parameter_count(handle)) }

    // MARK: Binding

    /// Binds a value of any kind, copied.
    public func bind(_ index: Int, _ value: Value) throws(SQLiteError) {
        switch value {
        case .null: try bindNull(index)
        case .integer(let number): try bind(index, number)
        case .real(let number): try bind(index, number)
        case .text(let text): try bind(index, text)
        case .blob(let bytes): try bind(index, copying: bytes.span)
        }
    }

    /// Binds null.
    public func bindNull(_ index: Int) throws(SQLiteError) {
        try check(unsafe sqlite3_bind_null(handle, Int32(index)))
    }

    /// Binds an integer.
    public func bind(_ index: Int, _ value: Int64) throws(SQLiteError) {
        try check(unsafe sqlite3_bind_int64(handle, Int32(index), value))
    }

    /// Binds a floating-point number; NaN becomes null, as SQLite has none.
    public func bind(_ index: Int, _ value: Double) throws(SQLiteError) {
        try check(unsafe sqlite3_bind_double(handle, Int32(index), value))
    }

    /// Binds text, copied.
    public func bind(_ index: Int, _ value: String) throws(SQLiteError) {
        var text = value
        let code = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                // A null pointer would bind null; the empty text is a text.
                unsafe modelcast_sqlite3_bind_text_copy(
                    handle, Int32(index), characters.baseAddress ?? emptyText, UInt64(characters.count))
            }
        }
        try check(code)
    }

    /// Binds text given as UTF-8, copied.
    public func bind(_ index: Int, copyingText utf8: Span<UInt8>) throws(SQLiteError) {
        let code = unsafe utf8.withUnsafeBytes { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe modelcast_sqlite3_bind_text_copy(
                    handle, Int32(index), characters.baseAddress ?? emptyText, UInt64(characters.count))
            }
        }
        try check(code)
    }

    /// Binds a blob, copied.
    public func bind(_ index: Int, copying bytes: Span<UInt8>) throws(SQLiteError) {
        if bytes.isEmpty {
            try check(unsafe sqlite3_bind_zeroblob(handle, Int32(index), 0))
            return
        }
        let code = unsafe bytes.withUnsafeBytes { buffer in
            unsafe modelcast_sqlite3_bind_blob_copy(
                handle, Int32(index), buffer.baseAddress, UInt64(buffer.count))
        }
        try check(code)
    }

    /// Binds a blob without a copy while `body` runs, which is to step and reset; afterwards the parameter is
    /// null.
    public func withBlob<Result>(
        _ index: Int, _ bytes: Span<UInt8>, _ body: () throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        if bytes.isEmpty {
            try check(unsafe sqlite3_bind_zeroblob(handle, Int32(index), 0))
            return try body()
        }
        return try unsafe bytes.withUnsafeBytes { buffer throws(SQLiteError) in
            let code = unsafe modelcast_sqlite3_bind_blob_borrow(
                handle, Int32(index), buffer.baseAddress, UInt64(buffer.count))
            try check(code)
            // The bytes are the caller's again after this call, so the statement must forget them however it
            // ends.
            defer {
                unsafe sqlite3_reset(handle)
                unsafe sqlite3_bind_null(handle, Int32(index))
            }
            return try body()
        }
    }

    private func check(_ code: Int32) throws(SQLiteError) {
        if code != SQLITE_OK { throw error(code) }
    }

    private func error(_ code: Int32) -> SQLiteError {
        unsafe Connection.error(sqlite3_db_handle(handle), code: code, path: path, sql: sql)
    }
}

/// One byte that stays at its address for the life of the program: what an empty text points to.
private nonisolated(unsafe) let emptyText: UnsafePointer<CChar> = {
    let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    unsafe byte.initialize(to: 0)
    return unsafe UnsafePointer(byte)
}()
