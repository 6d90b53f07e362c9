internal import Basics
internal import EventLog
internal import SQLite

/// A connection of a handle that removes old records, on a thread of its own. Each step is one short
/// transaction, so that writers of all processes come in between.
actor MaintenanceStore {
    private let thread: ThreadExecutor
    private let path: String
    private let options: EmbeddedLogOptions
    private var opened: Connection?
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    init(path: String, options: EmbeddedLogOptions) {
        thread = ThreadExecutor(name: "log upkeep")
        self.path = path
        self.options = options
    }

    func close() {
        opened = nil
        isClosed = true
    }

    private func connection() throws(LogError) -> Connection {
        if isClosed { throw .closed("the log \(path)") }
        if let opened { return opened }
        let connection = try translating("opening the log") { () throws(SQLiteError) in
            var settings = Connection.Options()
            settings.mode = .readWrite
            // What this connection writes is written again should it be lost.
            settings.synchronous = .normal
            settings.busyTimeout = .seconds(30)
            return try Connection(path: path, settings)
        }
        opened = connection
        return connection
    }

    private func step<Value>(_ what: String, _ body: (Connection) throws -> Value) throws(LogError) -> Value {
        let connection = try connection()
        do {
            return try connection.transaction(.immediate) { try body(connection) }
        } catch let error as LogError {
            throw error
        } catch let error as SQLiteError {
            throw LogError(error, doing: what)
        } catch {
            throw LogError(
                .corrupt, "\(path): \(what): a block is damaged", hint: "restore the file from a copy",
                recovery: .fixInput, cause: error)
        }
    }

    // MARK: Questions

    func topics() throws(LogError) -> [TopicEntry] {
        let connection = try connection()
        return try translating("listing topics") { () throws(SQLiteError) in try TopicTable.all(connection) }
    }

    func problems() throws(LogError) -> [String] {
        let connection = try connection()
        return try translating("checking the log") { () throws(SQLiteError) in
            try connection.integrityProblems()
        }
    }

    /// Whether enough has changed in partition `id` for a pass of compaction.
    func isDirty(_ id: Int64) throws(LogError) -> Bool {
        let connection = try connection()
        let limits = options.limits
        return try translating("reading the log") { () throws(SQLiteError) in
            let rows = try connection.query(
                "SELECT records, dirty FROM partitions WHERE id = ?1", .integer(id))
            guard let records = rows.first?.values[0].integer, let dirty = rows.first?.values[1].integer
            else {
                return false
            }
            return dirty >= limits.dirtyRecordsMin && Double(dirty) >= limits.dirtyShare * Double(records)
        }
    }

    // MARK: Retention

    /// Removes blocks at the start of partition `id` whose records are all older than `cutoff`, some at a
    /// time; returns whether there are more.
    func expire(_ id: Int64, before cutoff: Int64) throws(LogError) -> Bool {
        try step("removing old records") { connection in
            let select = try connection.cached(
                "SELECT place, newest FROM blocks WHERE place BETWEEN ?1 AND ?2 ORDER BY place LIMIT 256")
            defer { select.reset() }
            try select.bind(1, Schema.place(id, 0))
            try select.bind(2, Schema.place(id, Schema.offsetMax))
            var last: Int64?
            var count = 0
            while try select.step(), select.integer(1) < cutoff {
                last = select.integer(0)
                count += 1
            }
            select.reset()
            guard let last else { return false }
            try connection.cached("DELETE FROM blocks WHERE place BETWEEN ?1 AND ?2").run(
                .integer(Schema.place(id, 0)), .integer(last))
            return count == 256
        }
    }

    // MARK: Compaction

    /// Reads the keys of partition `id`.
    func map(_ id: Int64, tombstonesBefore: Int64) throws(LogError) -> CompactionMap {
        let connection = try connection()
        do {
            let end = try connection.integer("SELECT next FROM partitions WHERE id = ?1", .integer(id)) ?? 0
            var map = CompactionMap(
                end: end, tombstonesBefore: tombstonesBefore, bytesMax: options.limits.compactionKeyBytesMax)
            let select = try connection.cached(
                "SELECT place, head, length(body) FROM blocks WHERE place BETWEEN ?1 AND ?2 ORDER BY place")
            defer { select.reset() }
            try select.bind(1, Schema.place(id, 0))
            try select.bind(2, Schema.place(id, Schema.offsetMax))
            while try select.step() {
                let first = Schema.offset(of: select.integer(0))
                let bodyCount = Int(select.integer(2))
                let goesOn = try select.withBlob(1) { head throws(BlockDamage) in
                    var decoder = try BlockDecoder(head, first: first, bodyCount: bodyCount)
                    while let record = try decoder.next(head) {
                        guard let key = record.key else { continue }
                        if !map.add(key: head.extracting(key), offset: record.offset) { return false }
                    }
                    return true
                }
                if goesOn != true { break }
            }
            return map
        } catch let error as SQLiteError {
            throw LogError(error, doing: "reading keys")
        } catch {
            throw LogError(
                .corrupt, "\(path): reading keys: a block is damaged", hint: "restore the file from a copy",
                recovery: .fixInput, cause: error)
        }
    }

    /// A block as it is found.
    private struct Found {
        var place: Int64
        var stop: Int64
        var bytes: Int
        var records: Int
        var kept: Int
    }

    /// Rewrites some blocks of partition `id` from `position` on without what `map` drops, and joins small
    /// ones. Returns where to go on (nil: the end) and how many records were kept.
    func rewrite(_ id: Int64, from position: Int64, _ map: CompactionMap) throws(LogError) -> (
        next: Int64?, kept: Int
    ) {
        try step("compacting") { connection in
            let found = try survey(id, from: position, map, connection)
            guard let last = found.last else { return (nil, 0) }
            let kept = found.reduce(0) { $0 + $1.kept }
            let drops = found.contains { $0.kept < $0.records }
            let joins =
                found.count > 1
                && found.reduce(0) { $0 + $1.bytes } / found.count < options.limits.blockBytesMax / 4
            if drops || joins {
                let blocks = try rebuild(found, id, map, connection)
                try connection.cached("DELETE FROM blocks WHERE place BETWEEN ?1 AND ?2").run(
                    .integer(found[0].place), .integer(last.place))
                try insert(blocks, id, connection)
            }
            let next = last.stop
            return (next < map.end ? next : nil, kept)
        }
    }

    /// The pass is over: `kept` records stand before `end`.
    func finish(_ id: Int64, end: Int64, kept: Int) throws(LogError) {
        try step("compacting") { connection in
            try connection.cached(
                """
                UPDATE partitions SET dirty = max(0, next - ?2), records = ?3 + max(0, next - ?2)
                WHERE id = ?1
                """
            ).run(.integer(id), .integer(end), .integer(Int64(kept)))
        }
    }

    /// The next blocks, as many as one step takes.
    private func survey(
        _ id: Int64, from position: Int64, _ map: CompactionMap, _ connection: Connection
    ) throws -> [Found] {
        let select = try connection.cached(
            "SELECT place, stop, head, length(body) FROM blocks WHERE place BETWEEN ?1 AND ?2 ORDER BY place")
        defer { select.reset() }
        try select.bind(1, Schema.place(id, position))
        try select.bind(2, Schema.place(id, max(position, map.end - 1)))
        var found: [Found] = []
        var bytes = 0
        while bytes < options.limits.compactionStepBytes, found.count < options.limits.blockRecordsMax,
            try select.step()
        {
            let place = select.integer(0)
            let bodyCount = Int(select.integer(3))
            let block = try select.withBlob(2) { head throws(BlockDamage) -> Found in
                var decoder = try BlockDecoder(head, first: Schema.offset(of: place), bodyCount: bodyCount)
                var block = Found(
                    place: place, stop: select.integer(1), bytes: head.count + bodyCount,
                    records: decoder.remaining, kept: 0)
                while let record = try decoder.next(head) {
                    if MaintenanceStore.keeps(record, head, map) { block.kept += 1 }
                }
                return block
            }
            guard let block else { throw BlockDamage() }
            found.append(block)
            bytes += block.bytes
        }
        return found
    }

    private static func keeps(_ record: BlockRecord, _ head: Span<UInt8>, _ map: CompactionMap) -> Bool {
        let key: Span<UInt8>?
        if let range = record.key { key = head.extracting(range) } else { key = nil }
        return map.keeps(
            key: key, offset: record.offset, isTombstone: record.value == nil, timestamp: record.timestamp)
    }

    /// The kept records of `found` in new blocks, with the first offset of each.
    private func rebuild(
        _ found: [Found], _ id: Int64, _ map: CompactionMap, _ connection: Connection
    ) throws -> [(first: Int64, block: Block)] {
        let select = try connection.cached("SELECT head, body, checksum FROM blocks WHERE place = ?1")
        let limits = options.limits
        var blocks: [(first: Int64, block: Block)] = []
        var first: Int64 = 0
        var builder = BlockBuilder(partitionID: id)
        var lengths: [Int] = []
        func flush() {
            guard builder.count > 0 else { return }
            blocks.append((first, builder.finish()))
            builder = BlockBuilder(partitionID: id)
        }
        for source in found where source.kept > 0 {
            try select.bind(1, source.place)
            defer { select.reset() }
            guard try select.step() else { throw BlockDamage() }
            let checksum = select.integer(2)
            _ = try select.withBlob(0) { head throws(BlockDamage) in
                try select.withBlob(1) { body throws(BlockDamage) in
                    guard Block.storedChecksum(head: head, body: body, place: source.place) == checksum else {
                        throw BlockDamage()
                    }
                    var decoder = try BlockDecoder(
                        head, first: Schema.offset(of: source.place), bodyCount: body.count)
                    while let record = try decoder.next(head) {
                        guard MaintenanceStore.keeps(record, head, map) else { continue }
                        let full =
                            builder.count >= limits.blockRecordsMax
                            || builder.count > 0
                                && builder.byteCount + record.byteCount > limits.blockBytesMax
                        if full { flush() }
                        if builder.count == 0 { first = record.offset }
                        lengths.removeAll(keepingCapacity: true)
                        var tailEnd = record.headersAt
                        try BlockDecoder.forEachHeader(of: record, head) { name, value in
                            lengths.append(name.count)
                            lengths.append(value.count)
                            tailEnd = value.upperBound
                        }
                        let key: Span<UInt8>?
                        if let range = record.key { key = head.extracting(range) } else { key = nil }
                        let tailStart = record.value?.lowerBound ?? record.headersAt
                        builder.append(
                            offset: record.offset - first, timestamp: record.timestamp, key: key,
                            valueLength: record.value?.count, tail: body.extracting(tailStart..<tailEnd),
                            headerLengths: lengths)
                    }
                }
            }
        }
        flush()
        return blocks
    }

    private func insert(
        _ blocks: [(first: Int64, block: Block)], _ id: Int64, _ connection: Connection
    ) throws(SQLiteError) {
        let insert = try connection.cached(
            "INSERT INTO blocks (place, stop, newest, checksum, head, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        for (first, block) in blocks {
            let place = Schema.place(id, first)
            try insert.run(
                .integer(place), .integer(first + block.offsets), .integer(block.newest),
                .integer(block.storedChecksum(at: place)), .blob(block.head), .blob(block.body))
        }
    }
}
