internal import Basics
internal import EventLog
internal import SQLite

/// The one connection of a handle that writes, on a thread of its own.
///
/// Requests that arrive while a commit waits for the disk are committed together by the next one, so that
/// many small writes share its wait.
actor WriteStore {
    let thread: ThreadExecutor
    let path: String
    let options: EmbeddedLogOptions
    private let queue = WriteQueue()
    /// Called after each commit.
    private let committed: @Sendable () -> Void
    private struct Opened {
        var connection: Connection
        var insert: Statement
        var advance: Statement
        var file: OpenedFile
        var marks: AcknowledgedMarks
    }

    private var opened: Opened?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    init(path: String, options: EmbeddedLogOptions, committed: @Sendable @escaping () -> Void) {
        thread = ThreadExecutor(name: "log write")
        self.path = path
        self.options = options
        self.committed = committed
    }

    /// Opens the file, creating or upgrading it; returns which file that is.
    func open() throws(LogError) -> OpenedFile {
        let (connection, insert, advance) = try translating("opening the log") { () throws(SQLiteError) in
            var settings = Connection.Options()
            settings.synchronous = options.durability == .full ? .full : .normal
            settings.busyTimeout = .seconds(30)
            settings.pageBytes = 8_192
            let connection = try Connection(path: path, settings)
            try connection.execute("PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 67108864")
            try Schema.migrations.apply(to: connection)
            let insert = try connection.prepare(
                """
                INSERT INTO blocks (place, stop, newest, checksum, head, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                """
            )
            let advance = try connection.prepare(
                """
                UPDATE partitions SET next = next + ?2, records = records + ?3, dirty = dirty + ?3
                WHERE id = ?1 RETURNING next
                """)
            return (connection, insert, advance)
        }
        let file = OpenedFile(path: path)
        let marks = try AcknowledgedMarks(path: path + "-marks", mode: file.mode)
        try marks.check(connection, log: path)
        opened = Opened(connection: connection, insert: insert, advance: advance, file: file, marks: marks)
        return file
    }

    /// Closes the file; every later call fails with `closed`.
    func close() {
        opened = nil
    }

    /// The connection, for the extensions.
    func connection() throws(LogError) -> Connection {
        guard let opened else { throw .closed("the log \(path)") }
        return opened.connection
    }

    /// Runs `body` in a transaction that may write, waiting at most `timeout` for other processes.
    func transaction<Value>(
        _ what: String, timeout: Duration = .seconds(30), _ body: (Connection) throws -> Value
    ) throws(LogError) -> Value {
        let connection = try connection()
        connection.setBusyTimeout(timeout)
        do {
            let value = try connection.transaction(.immediate) { try body(connection) }
            try checkFile()
            committed()
            return value
        } catch let error as LogError {
            throw error
        } catch let error as SQLiteError {
            throw LogError(error, doing: what)
        } catch {
            throw LogError(.engine, "\(what): \(error)", recovery: .bug, cause: error)
        }
    }

    /// Throws when what was committed stands in a file that nobody will find.
    private func checkFile() throws(LogError) {
        guard let file = opened?.file else { return }
        file.look()
        if file.isLost { throw file.failure }
    }

    // MARK: Topics and writers

    func create(_ definitions: [TopicDefinition]) throws(LogError) -> [TopicName] {
        try transaction("creating topics") { connection in
            try TopicTable.create(definitions, connection, limits: options.limits)
        }
    }

    /// A writer of transactions called `name` starts; returns its epoch.
    func startProducer(_ name: String) throws(LogError) -> Int64 {
        try transaction("starting the transactional writer '\(name)'") { connection in
            try connection.integer(
                """
                INSERT INTO producers (name, epoch) VALUES (?1, 1)
                ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1 RETURNING epoch
                """, .text(name)) ?? 0
        }
    }

    // MARK: Committing

    /// Commits `request` and returns the first offset of each of its blocks.
    nonisolated func commit(_ request: WriteRequest) async throws(LogError) -> [Int64] {
        queue.add(request)
        return try await end(request)
    }

    /// Begins to commit `request`, after those that were begun before; `end` tells what came of it.
    nonisolated func begin(_ request: WriteRequest) {
        queue.add(request)
        Task { await drain() }
    }

    /// Waits for a request that was begun.
    nonisolated func end(_ request: WriteRequest) async throws(LogError) -> [Int64] {
        // Whichever call drains the queue first takes everything that waits; the request is done when ours
        // returns.
        await drain()
        return try request.result()
    }

    private func drain() {
        while true {
            let requests = queue.take(bytesMax: options.limits.transactionBytesMax)
            if requests.isEmpty { return }
            commit(requests)
        }
    }

    private func commit(_ requests: [WriteRequest]) {
        guard let opened, let first = requests.map(\.deadline).min() else { return }
        opened.connection.setBusyTimeout(max(.zero, first - .now))
        do throws(SQLiteError) {
            try opened.connection.begin(.immediate)
            var done: [(WriteRequest, [Int64])] = []
            for request in requests {
                if let refusal = try refusal(of: request, opened.connection) {
                    request.finish(.failure(refusal))
                } else {
                    done.append((request, try insert(request.blocks, opened.insert, opened.advance)))
                }
            }
            try opened.connection.commit()
            opened.file.look()
            let isLost = opened.file.isLost
            for (request, offsets) in done {
                for (block, first) in zip(request.blocks, offsets) where !isLost {
                    opened.marks.note(block.partitionID, next: first + block.offsets)
                }
                request.finish(isLost ? .failure(opened.file.failure) : .success(offsets))
            }
            committed()
        } catch {
            opened.connection.rollback()
            if requests.count == 1 {
                requests[0].finish(.failure(LogError(error, doing: "writing to the log")))
            } else {
                // One after another, so that each fails for its own reason only.
                for request in requests { commit([request]) }
            }
        }
    }

    /// Why `request` must not be committed; nil when it may, and then its offsets are stored.
    private func refusal(of request: WriteRequest, _ connection: Connection) throws(SQLiteError) -> LogError?
    {
        if let producer = request.producer {
            let epoch = try connection.integer(
                "SELECT epoch FROM producers WHERE name = ?1", .text(producer.name))
            if epoch != producer.epoch { return .fenced("transactional id '\(producer.name)'") }
        }
        guard let consumed = request.consumed else { return nil }
        if let refusal = try refusal(of: consumed, connection) {
            return request.producer == nil
                ? refusal
                : .transactionAborted(
                    "the input of the transaction cannot be committed: \(refusal.message)", cause: refusal)
        }
        for (_, id, next) in consumed.offsets {
            try GroupTable.setOffset(consumed.group, id, next, connection)
        }
        return nil
    }

    private func refusal(
        of consumed: WriteRequest.Consumed, _ connection: Connection
    ) throws(SQLiteError) -> LogError? {
        for (partition, id, _) in consumed.offsets {
            if try GroupTable.owner(consumed.group, id, connection) == consumed.member { continue }
            let state = try GroupTable.load(consumed.group, connection)
            return state.isFenced(consumed.member, instance: consumed.instance)
                ? .fenced("instance '\(consumed.instance ?? "")' of group \(consumed.group)")
                : .notAssigned(partition)
        }
        return nil
    }

    private func insert(
        _ blocks: [Block], _ insert: Statement, _ advance: Statement
    ) throws(SQLiteError) -> [Int64] {
        var firsts: [Int64] = []
        firsts.reserveCapacity(blocks.count)
        for block in blocks {
            try advance.bind(1, block.partitionID)
            try advance.bind(2, block.offsets)
            try advance.bind(3, Int64(block.count))
            guard try advance.step() else {
                throw SQLiteError(code: .corrupt, what: "no partition \(block.partitionID)", path: path)
            }
            let next = advance.integer(0)
            advance.reset()
            let first = next - block.offsets
            guard first >= 0, next <= Schema.offsetMax else {
                throw SQLiteError(code: .corrupt, what: "offset \(next) out of range", path: path)
            }
            let place = Schema.place(block.partitionID, first)
            try insert.bind(1, place)
            try insert.bind(2, next)
            try insert.bind(3, block.newest)
            try insert.bind(4, block.storedChecksum(at: place))
            try insert.withBlob(5, block.head.span) { () throws(SQLiteError) in
                try insert.withBlob(6, block.body.span) { () throws(SQLiteError) in try insert.run() }
            }
            firsts.append(first)
        }
        return firsts
    }
}
