internal import Basics
internal import Glibc

/// Writes a table as CSV or JSON lines, row by row: one value a column, in the columns' order.
///
/// A regular file appears under its name only when `finish` succeeds, whole; until then it is `PATH.partial`.
/// Nothing is synced: a power cut may lose it. Standard output (`-`), pipes and devices are written directly.
/// Confined to one thread; writing blocks.
public final class TableWriter {
    /// The path, or `standard output`.
    public let name: String
    /// The form of the rows.
    public let format: TabularFormat
    /// The columns' names.
    public let columns: [String]
    /// Rows written so far.
    public private(set) var rows = 0

    private let path: String
    private let partialPath: String?
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    private let keys: [[UInt8]]
    private var column = 0
    private static let bufferBytes = 256 << 10

    /// Begins to write at `path` (`-`: standard output), in the format that its suffix names unless one is
    /// given; CSV gets a header row unless `header` is false.
    public init(
        path: String, format: TabularFormat? = nil, columns: [String], header: Bool = true
    ) throws(TabularError) {
        self.format = try TabularFormat.of(path, given: format)
        self.path = path
        self.columns = columns
        name = path == "-" ? "standard output" : path
        keys = columns.enumerated().map { number, name in
            var key: [UInt8] = [number == 0 ? UInt8(ascii: "{") : UInt8(ascii: ",")]
            RowEncoding.json(name.utf8, into: &key)
            key.append(UInt8(ascii: ":"))
            return key
        }
        let partial = path == "-" || Self.isSpecial(path) ? nil : path + ".partial"
        partialPath = partial
        if path == "-" {
            descriptor = STDOUT_FILENO
        } else {
            descriptor = unsafe open(partial ?? path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                throw TabularError(
                    .unwritable, "\(path): \(SystemError.text(errno))",
                    hint: "check that its folder exists and may be written")
            }
        }
        if self.format == .csv, header {
            for (number, name) in columns.enumerated() {
                if number > 0 { buffer.append(UInt8(ascii: ",")) }
                RowEncoding.csv(name.utf8, into: &buffer)
            }
            buffer.append(UInt8(ascii: "\n"))
        }
    }

    deinit {
        guard descriptor > STDERR_FILENO else { return }
        close(descriptor)
        // Not finished: half a file is worth nothing.
        if let partialPath { _ = unsafe unlink(partialPath) }
    }

    /// Writes one row.
    public func write(_ values: [TableValue]) throws(TabularError) {
        for value in values { add(value) }
        try endRow()
    }

    /// Writes the next value of the row.
    public func add(_ value: TableValue) {
        switch value {
        case .missing: addMissing()
        case .integer(let integer): add(literal: String(integer))
        case .real(let real): real.isFinite ? add(literal: RowEncoding.number(real)) : addMissing()
        case .float(let float): float.isFinite ? add(literal: RowEncoding.number(float)) : addMissing()
        case .boolean(let boolean): add(literal: boolean ? "true" : "false")
        case .text(let text): add(text: text.utf8)
        case .list(let list): add(list: list)
        }
    }

    /// Writes the next value of the row: text, given as UTF-8.
    public func add(text: some Collection<UInt8>) {
        beginValue()
        if format == .csv {
            RowEncoding.csv(text, into: &buffer)
        } else {
            RowEncoding.json(text, into: &buffer)
        }
    }

    /// Writes the next value of the row as nothing: an empty cell, or `null`.
    public func addMissing() {
        beginValue()
        if format == .jsonLines { buffer.append(contentsOf: "null".utf8) }
    }

    /// Writes the next value of the row: numbers, as a JSON array.
    public func add(list: [Float]) {
        let text =
            "[" + list.map { $0.isFinite ? RowEncoding.number($0) : "null" }.joined(separator: ",") + "]"
        beginValue()
        if format == .csv {
            RowEncoding.csv(text.utf8, into: &buffer)
        } else {
            buffer.append(contentsOf: text.utf8)
        }
    }

    /// Ends the row.
    ///
    /// Throws `misuse` when it does not have one value a column, `unwritable` when the disk refuses.
    public func endRow() throws(TabularError) {
        guard column == columns.count else {
            throw TabularError(
                .misuse, "a row of \(column) values for \(columns.count) columns", recovery: .bug)
        }
        if format == .jsonLines {
            buffer.append(contentsOf: columns.isEmpty ? "{}".utf8 : "}".utf8)
        }
        buffer.append(UInt8(ascii: "\n"))
        column = 0
        rows += 1
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Hands what is buffered to the system.
    public func flush() throws(TabularError) {
        var written = 0
        while written < buffer.count {
            let result = unsafe buffer.withUnsafeBytes { bytes -> Int in
                guard let base = bytes.baseAddress else { return 0 }
                return unsafe Glibc.write(descriptor, base + written, bytes.count - written)
            }
            if result < 0 {
                if errno == EINTR { continue }
                throw failure(errno)
            }
            written += result
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes the rest; a regular file gets its name. Nothing may be written afterwards.
    public func finish() throws(TabularError) {
        try flush()
        guard path != "-" else { return }
        guard let partialPath else {
            close(descriptor)
            descriptor = -1
            return
        }
        guard unsafe rename(partialPath, path) == 0 else { throw failure(errno) }
        close(descriptor)
        descriptor = -1
    }

    private func beginValue() {
        defer { column += 1 }
        if format == .csv {
            if column > 0 { buffer.append(UInt8(ascii: ",")) }
        } else if column < keys.count {
            buffer.append(contentsOf: keys[column])
        }
    }

    private func add(literal: String) {
        beginValue()
        buffer.append(contentsOf: literal.utf8)
    }

    private func failure(_ number: Int32) -> TabularError {
        TabularError(
            .unwritable, "\(name): \(SystemError.text(number))", hint: "check the space and the permissions",
            recovery: .fixConfiguration)
    }

    /// Whether something other than a regular file stands there.
    private static func isSpecial(_ path: String) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT != S_IFREG
    }
}
