internal import Basics

/// The versions of a file's schema, from an empty file to the newest: step N brings it from version N to N +
/// 1.
///
/// The version stands in the file (`user_version`), beside a number that says whose file it is
/// (`application_id`), so that neither an older program nor another one's file is taken for good.
public struct Migrations: Sendable {
    /// Whose file it is; not 0.
    public let applicationID: Int32
    /// SQL of each step.
    public let steps: [String]
    /// What such a file is called in messages, such as "a log".
    public let name: String

    /// The steps from an empty file on.
    public init(applicationID: Int32, name: String, steps: [String]) {
        precondition(applicationID != 0, "0 is the number of files without one")
        self.applicationID = applicationID
        self.name = name
        self.steps = steps
    }

    /// Brings the file to the newest version, in one transaction; another process that does the same waits.
    /// Returns the version before.
    @discardableResult
    public func apply(to connection: Connection) throws(SQLiteError) -> Int {
        // Looked at without the write lock first, so that opening a file that is up to date waits for nobody.
        let before = try check(connection)
        if before == steps.count { return before }
        try connection.begin(.immediate)
        do throws(SQLiteError) {
            let locked = try check(connection)
            for step in steps[locked...] { try connection.execute(step) }
            try connection.execute(
                "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(steps.count)")
            try connection.commit()
            return locked
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// The version of the file. Throws when it is another program's or a newer program's.
    @discardableResult
    public func check(_ connection: Connection) throws(SQLiteError) -> Int {
        if connection.isInTransaction { return try read(connection) }
        // One moment's state: another process may be making the file between two reads.
        try connection.begin(.deferred)
        defer { connection.rollback() }
        return try read(connection)
    }

    private func read(_ connection: Connection) throws(SQLiteError) -> Int {
        let id = try connection.integer("PRAGMA application_id") ?? 0
        let version = Int(try connection.integer("PRAGMA user_version") ?? 0)
        if id != Int64(applicationID) {
            let objects = try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0
            guard id == 0, version == 0, objects == 0 else {
                throw SQLiteError(
                    code: .notADatabase, what: "an SQLite file, but not \(name) of Modelcast",
                    path: connection.path)
            }
        }
        guard (0...steps.count).contains(version) else {
            throw SQLiteError(
                code: .notADatabase,
                what: "\(name) of version \(version); this program knows versions up to \(steps.count)",
                path: connection.path)
        }
        return version
    }
}
