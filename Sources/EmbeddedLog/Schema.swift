internal import SQLite

/// The tables of the file (DESIGN.md).
enum Schema {
    /// `MCLG` in ASCII.
    static let migrations = Migrations(
        applicationID: 0x4d43_4c47, name: "an event log",
        steps: [
            """
            CREATE TABLE topics (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                cleanup TEXT NOT NULL,
                retention INTEGER,
                tombstones INTEGER
            );
            CREATE TABLE partitions (
                id INTEGER PRIMARY KEY,
                topic INTEGER NOT NULL REFERENCES topics(id),
                number INTEGER NOT NULL,
                next INTEGER NOT NULL,
                records INTEGER NOT NULL,
                dirty INTEGER NOT NULL,
                UNIQUE (topic, number)
            );
            CREATE TABLE blocks (
                place INTEGER PRIMARY KEY,
                stop INTEGER NOT NULL,
                newest INTEGER NOT NULL,
                checksum INTEGER NOT NULL,
                head BLOB NOT NULL,
                body BLOB NOT NULL
            );
            CREATE TABLE producers (
                name TEXT PRIMARY KEY,
                epoch INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE TABLE groups (
                name TEXT PRIMARY KEY,
                generation INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE TABLE members (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                name TEXT NOT NULL,
                instance TEXT,
                topics TEXT NOT NULL,
                slot INTEGER NOT NULL,
                session INTEGER NOT NULL
            );
            CREATE INDEX members_by_group ON members (name);
            CREATE TABLE shares (
                name TEXT NOT NULL,
                partition INTEGER NOT NULL,
                owner INTEGER,
                target INTEGER,
                PRIMARY KEY (name, partition)
            ) WITHOUT ROWID;
            CREATE TABLE offsets (
                name TEXT NOT NULL,
                partition INTEGER NOT NULL,
                next INTEGER NOT NULL,
                PRIMARY KEY (name, partition)
            ) WITHOUT ROWID;
            """,
            """
            CREATE TABLE identity (name TEXT NOT NULL);
            INSERT INTO identity VALUES (lower(hex(randomblob(16))));
            """,
        ])

    /// Bits of a place that hold the offset; the partition's id is above.
    static let offsetBits: Int64 = 40
    /// Offsets of one partition.
    static let offsetMax: Int64 = 1 << offsetBits - 1

    /// The key of the block of partition `id` that starts at `offset`.
    static func place(_ id: Int64, _ offset: Int64) -> Int64 {
        precondition((0...offsetMax).contains(offset), "offset \(offset) of partition \(id)")
        return id << offsetBits | offset
    }

    /// The offset in `place`.
    static func offset(of place: Int64) -> Int64 { place & offsetMax }
}
