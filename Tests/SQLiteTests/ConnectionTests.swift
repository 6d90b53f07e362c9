import Basics
import Foundation
import SQLite
import Testing

/// A folder of its own for one test.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = NSTemporaryDirectory() + "sqlite-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

@Suite("SQLite connection")
struct ConnectionTests {
    @Test("values of every kind come back as they were, empty ones included")
    func values() throws {
        let connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (v)")
        let values: [Value] = [
            .null, .integer(.min), .integer(.max), .integer(0), .real(-0.1), .real(.infinity), .text(""),
            .text("ä\u{0}b"), .blob([]), .blob([0, 255]),
        ]
        let insert = try connection.prepare("INSERT INTO t VALUES (?1)")
        for value in values { try insert.run(value) }
        let rows = try connection.query("SELECT v FROM t ORDER BY rowid")
        #expect(rows.map { $0.values[0] } == values)
        #expect(rows.first?.columns == ["v"])
    }

    @Test("a borrowed blob is stored, and forgotten afterwards")
    func borrowedBlob() throws {
        let connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (a, b)")
        let insert = try connection.prepare("INSERT INTO t VALUES (?1, ?2)")
        let bytes: [UInt8] = Array(repeating: 7, count: 100_000)
        try insert.withBlob(1, bytes.span) { () throws(SQLiteError) in
            try insert.withBlob(2, [UInt8]().span) { () throws(SQLiteError) in try insert.run() }
        }
        try insert.run()
        let rows = try connection.query("SELECT a, b FROM t ORDER BY rowid")
        #expect(rows[0].values == [.blob(bytes), .blob([])])
        #expect(rows[1].values[0] == .null)
        let lent = try connection.prepare("SELECT a FROM t")
        #expect(try lent.step())
        #expect(lent.withBlob(0) { $0.count } == 100_000)
        #expect(try lent.step())
        #expect(lent.withBlob(0) { $0.count } == nil)
    }

    @Test("a transaction that throws leaves nothing; one inside another is undone alone")
    func transactions() throws {
        struct Stop: Error {}
        let connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (v)")
        #expect(throws: Stop.self) {
            try connection.transaction {
                try connection.execute("INSERT INTO t VALUES (1)")
                throw Stop()
            }
        }
        try connection.transaction {
            try connection.execute("INSERT INTO t VALUES (2)")
            #expect(throws: Stop.self) {
                try connection.transaction {
                    try connection.execute("INSERT INTO t VALUES (3)")
                    throw Stop()
                }
            }
        }
        #expect(try connection.query("SELECT v FROM t").map { $0["v"] } == [.integer(2)])
        #expect(!connection.isInTransaction)
    }

    @Test("says which columns an expression reads")
    func columnsRead() throws {
        let connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE rides (distance, fare, \"tip amount\", city)")
        let read = try connection.columnsRead(
            by: "SELECT CASE WHEN \"tip amount\" > fare * 0.2 THEN 1 ELSE 0 END AS label FROM rides")
        #expect(Set(read.map(\.column)) == ["tip amount", "fare"])
        #expect(read.allSatisfy { $0.table == "rides" })
        let nested = try connection.columnsRead(
            by: "SELECT (SELECT max(distance) FROM rides r WHERE r.city = x.city) FROM rides x")
        #expect(Set(nested.map(\.column)) == ["distance", "city"])
        // The authorizer is gone again.
        try connection.execute("INSERT INTO rides VALUES (1, 2, 3, 4)")
    }

    @Test("tells statements that only read from those that write")
    func readOnlyStatements() throws {
        let connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (v)")
        #expect(try connection.isReadOnly("SELECT * FROM t"))
        #expect(try !connection.isReadOnly("DELETE FROM t"))
        #expect(throws: SQLiteError.self) { try connection.prepare("SELECT 1; DELETE FROM t") }
        #expect(throws: SQLiteError.self) { try connection.prepare("  ") }
        _ = try connection.prepare("SELECT 1; \n ")
    }

    @Test("a statement that takes too long is stopped; the next one runs")
    func timeLimit() async throws {
        try await ThreadExecutor(name: "time limit").run { () throws in
            let connection = try Connection(path: ":memory:")
            let endless =
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
            let start = ContinuousClock.now
            #expect(throws: SQLiteError(code: .interrupted, what: "", path: "")) {
                try connection.withTimeLimit(.milliseconds(50)) { _ = try connection.query(endless) }
            }
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(try connection.integer("SELECT 7") == 7)
        }
    }

    @Test("another thread can stop what runs")
    func interrupt() async throws {
        let thread = ThreadExecutor(name: "interrupted")
        let handles = AsyncStream.makeStream(of: Interrupter.self)
        let outcome = Task {
            try await thread.run { () throws(SQLiteError) -> Int64? in
                let connection = try Connection(path: ":memory:")
                handles.continuation.yield(connection.interrupter)
                return try connection.integer(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
            }
        }
        var iterator = handles.stream.makeAsyncIterator()
        let interrupter = try #require(await iterator.next())
        // An interrupt before the statement runs is lost, so it is repeated until the statement has ended.
        let repeating = Task {
            while !Task.isCancelled {
                interrupter.interrupt()
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
        await #expect(throws: SQLiteError(code: .interrupted, what: "", path: "")) {
            try await outcome.value
        }
        repeating.cancel()
        interrupter.interrupt()
    }

    @Test("the same SQL is compiled once, and twice when the first is in use")
    func cache() throws {
        let connection = try Connection(path: ":memory:")
        let first = try connection.cached("SELECT 1 UNION SELECT 2")
        #expect(try first.step())
        let second = try connection.cached("SELECT 1 UNION SELECT 2")
        #expect(first !== second)
        #expect(try second.step())
        second.reset()
        #expect(try connection.cached("SELECT 1 UNION SELECT 2") === second)
    }
}

@Suite("SQLite errors")
struct SQLiteErrorTests {
    @Test("carry SQLite's extended code, the file and the SQL")
    func constraint() throws {
        let connection = try Connection(path: ":memory:")
        try connection.execute("CREATE TABLE t (v PRIMARY KEY); INSERT INTO t VALUES (1)")
        let error = #expect(throws: SQLiteError.self) { try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(error?.code == .constraintPrimaryKey)
        #expect(ResultCode.constraint ~= (error?.code ?? .error))
        #expect(error?.message == ":memory:: UNIQUE constraint failed: t.v, in: INSERT INTO t VALUES (1)")
        #expect(error?.codeName == "sqlite-constraint")
    }

    @Test("a missing folder, a file of another kind, and a write to a read-only file have their own codes")
    func opening() throws {
        try withFolder { folder in
            #expect(throws: SQLiteError(code: ResultCode(14), what: "", path: "")) {
                try Connection(path: folder + "/none/x.db")
            }
            let text = folder + "/text"
            try Data(repeating: 65, count: 5_000).write(to: URL(fileURLWithPath: text))
            #expect(throws: SQLiteError(code: .notADatabase, what: "", path: "")) {
                try Connection(path: text).query("SELECT * FROM sqlite_schema")
            }
            let path = folder + "/x.db"
            try Connection(path: path).execute("CREATE TABLE t (v)")
            let reading = try Connection(path: path, .readOnly)
            let error = #expect(throws: SQLiteError.self) { try reading.execute("INSERT INTO t VALUES (1)") }
            #expect(error?.code == .readOnly)
            #expect(error?.recovery == .fixConfiguration)
        }
    }

    @Test("a full file says so, and what was there before stays")
    func full() throws {
        try withFolder { folder in
            let connection = try Connection(path: folder + "/x.db")
            try connection.execute("CREATE TABLE t (v); INSERT INTO t VALUES (1); PRAGMA max_page_count = 20")
            let big = Value.blob(Array(repeating: 1, count: 200_000))
            let insert = try connection.prepare("INSERT INTO t VALUES (?1)")
            #expect(throws: SQLiteError(code: .full, what: "", path: "")) {
                try connection.transaction { try insert.run(big) }
            }
            #expect(!connection.isInTransaction)
            #expect(try connection.integer("SELECT count(*) FROM t") == 1)
        }
    }

    @Test("damage is found, not fatal: every byte of a small file flipped in turn")
    func flips() throws {
        try withFolder { folder in
            let path = folder + "/x.db"
            var options = Connection.Options()
            options.writeAheadLog = false
            do {
                let connection = try Connection(path: path, options)
                try connection.execute(
                    "PRAGMA page_size = 512; CREATE TABLE t (k PRIMARY KEY, v) WITHOUT ROWID;"
                        + "INSERT INTO t SELECT value, hex(randomblob(20)) "
                        + "FROM json_each('[1,2,3,4,5,6,7,8,9]')"
                )
            }
            let sound = try Data(contentsOf: URL(fileURLWithPath: path))
            var refused = 0
            for index in stride(from: 0, to: sound.count, by: 3) {
                var damaged = sound
                damaged[index] ^= 0xff
                try damaged.write(to: URL(fileURLWithPath: path))
                do {
                    let connection = try Connection(path: path, .readOnly)
                    _ = try connection.query("SELECT * FROM t")
                    _ = try connection.integrityProblems()
                } catch is SQLiteError {
                    refused += 1
                }
            }
            #expect(refused > 20)
        }
    }

    @Test("two connections that write at once wait for each other")
    func contention() async throws {
        let folder = NSTemporaryDirectory() + "sqlite-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/x.db"
        try Connection(path: path).execute("CREATE TABLE t (v)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    try await ThreadExecutor(name: "writer").run { () throws in
                        let connection = try Connection(path: path)
                        let insert = try connection.prepare("INSERT INTO t VALUES (?1)")
                        for _ in 0..<50 {
                            try connection.transaction { try insert.run(.integer(Int64(number))) }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try Connection(path: path).integer("SELECT count(*) FROM t") == 200)
    }
}

@Suite("SQLite migrations")
struct MigrationsTests {
    let one = Migrations(applicationID: 77, name: "a store", steps: ["CREATE TABLE a (v)"])
    let two = Migrations(
        applicationID: 77, name: "a store",
        steps: ["CREATE TABLE a (v)", "CREATE TABLE b (v); CREATE TABLE c (v)"])

    @Test("go from any version to the newest, once")
    func steps() throws {
        let connection = try Connection(path: ":memory:")
        #expect(try one.apply(to: connection) == 0)
        #expect(try two.apply(to: connection) == 1)
        #expect(try two.apply(to: connection) == 2)
        #expect(try connection.query("SELECT name FROM sqlite_schema ORDER BY 1").count == 3)
    }

    @Test("refuse a newer file and somebody else's")
    func refusals() throws {
        let newer = try Connection(path: ":memory:")
        try two.apply(to: newer)
        #expect(throws: SQLiteError(code: .notADatabase, what: "", path: "")) { try one.apply(to: newer) }
        let other = try Connection(path: ":memory:")
        try other.execute("CREATE TABLE theirs (v)")
        #expect(throws: SQLiteError(code: .notADatabase, what: "", path: "")) { try one.apply(to: other) }
    }

    @Test("a step that fails leaves the file as it was")
    func failure() throws {
        let connection = try Connection(path: ":memory:")
        let wrong = Migrations(
            applicationID: 77, name: "a store", steps: ["CREATE TABLE a (v); CREATE TABLE a (v)"])
        #expect(throws: SQLiteError.self) { try wrong.apply(to: connection) }
        #expect(try connection.integer("SELECT count(*) FROM sqlite_schema") == 0)
        #expect(try one.apply(to: connection) == 0)
    }
}
