internal import CSQLite

/// The columns of the row that the statement stands on. They are valid until the next `step`, `run` or
/// `reset`.
extension Statement {
    /// How many columns a row has; 0 for statements without rows.
    public var columnCount: Int { Int(unsafe sqlite3_column_count(handle)) }

    /// The names of the columns.
    public var columnNames: [String] {
        (0..<columnCount).map { column in
            let name = unsafe sqlite3_column_name(handle, Int32(column))
            return unsafe name.map { unsafe String(cString: $0) } ?? ""
        }
    }

    /// Whether `column` is null.
    public func isNull(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL
    }

    /// `column` as an integer, converted by SQLite's rules; null is 0.
    public func integer(_ column: Int) -> Int64 {
        unsafe sqlite3_column_int64(handle, Int32(column))
    }

    /// `column` as a floating-point number, converted by SQLite's rules; null is 0.
    public func real(_ column: Int) -> Double {
        unsafe sqlite3_column_double(handle, Int32(column))
    }

    /// `column` as text; nil for null.
    public func text(_ column: Int) -> String? {
        withText(column) { String(copying: $0) }
    }

    /// A copy of the bytes of `column`; nil for null.
    public func blob(_ column: Int) -> [UInt8]? {
        withBlob(column) { bytes in
            unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
        }
    }

    /// Lends the bytes of `column` without a copy; nil for null.
    public func withBlob<Result, Failure: Error>(
        _ column: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard !isNull(column) else { return nil }
        // In this order: the count is that of the representation that the first call made.
        let start = unsafe sqlite3_column_blob(handle, Int32(column))
        return try unsafe lend(start, column, body)
    }

    /// Lends the UTF-8 of `column` without a copy; nil for null.
    public func withText<Result, Failure: Error>(
        _ column: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard !isNull(column) else { return nil }
        let start = unsafe UnsafeRawPointer(sqlite3_column_text(handle, Int32(column)))
        return try unsafe lend(start, column, body)
    }

    /// An owned copy of `column`.
    public func value(_ column: Int) -> Value {
        switch unsafe sqlite3_column_type(handle, Int32(column)) {
        case SQLITE_INTEGER: .integer(integer(column))
        case SQLITE_FLOAT: .real(real(column))
        case SQLITE_TEXT: .text(text(column) ?? "")
        case SQLITE_BLOB: .blob(blob(column) ?? [])
        default: .null
        }
    }

    private func lend<Result, Failure: Error>(
        _ start: UnsafeRawPointer?, _ column: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let count = Int(unsafe sqlite3_column_bytes(handle, Int32(column)))
        // SQLite keeps the bytes until the statement moves, and `body` cannot keep the span. No pointer: no
        // bytes.
        let buffer = unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
        return try unsafe body(Span(_unsafeBytes: buffer))
    }
}

extension String {
    fileprivate init(copying utf8: Span<UInt8>) {
        self = unsafe utf8.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
