internal import Basics
internal import SQLite

/// A step of the store's work after which a process may be killed; tests throw there.
enum StoreStep: Sendable, CaseIterable {
    case transactionOpen
    case rowsWritten
    case checkpointWritten
    case committed
}

/// The prediction store on one connection. Confined to one thread; every call may block.
///
/// Each change is one short transaction that loads the run, lets `RunMachine` decide, and writes rows and
/// run together.
final class StoreConnection {
    let connection: Connection
    let limits: BatchLimits
    /// Called after each step; what it throws ends the work as a crash would, the open transaction undone.
    var onStep: (StoreStep) throws -> Void = { _ in }

    private let isWriter: Bool

    private init(_ connection: Connection, isWriter: Bool, limits: BatchLimits) {
        self.isWriter = isWriter
        self.connection = connection
        self.limits = limits
    }

    /// Opens the store at `path` for writing, and makes it where there is none.
    static func open(_ path: String, limits: BatchLimits) throws(BatchError) -> StoreConnection {
        var options = Connection.Options()
        options.busyTimeout = limits.busyTimeout
        // A killed process loses nothing; after a power cut a run goes on from the last rows that reached
        // the disk.
        options.synchronous = .normal
        options.cacheBytes = 64 << 20
        // Programs that read plain SQL without a busy timeout shall not find the file locked.
        options.checkpointsOnClose = false
        let connection = try opening(path, options, limits: limits)
        _ = try wrapping(.store) {
            try StoreSchema.migrations.apply(to: connection)
            // Keys come in any order, so a block touches much of the index: let several blocks share the
            // write.
            try connection.execute("PRAGMA wal_autocheckpoint = \(limits.logPagesMax)")
        }
        return StoreConnection(connection, isWriter: true, limits: limits)
    }

    /// Opens the store at `path` for reading.
    static func openReadOnly(_ path: String, limits: BatchLimits) throws(BatchError) -> StoreConnection {
        var options = Connection.Options.readOnly
        options.busyTimeout = limits.busyTimeout
        options.cacheBytes = 64 << 20
        // SQL of users shall not reach other files.
        options.allowsAttach = false
        let connection: Connection
        do throws(BatchError) {
            connection = try opening(path, options, limits: limits)
        } catch {
            throw BatchError(
                .store, error.message, hint: "`modelcast batch run --store \(path)` makes a store",
                recovery: error.recovery, cause: error.cause)
        }
        let version = try wrapping(.store) { try StoreSchema.migrations.check(connection) }
        guard version > 0 else {
            throw BatchError(
                .store, "\(path): an empty file", hint: "`modelcast batch run --store \(path)` makes a store")
        }
        return StoreConnection(connection, isWriter: false, limits: limits)
    }

    /// Opens the file. SQLite does not wait where two processes turn one file to write-ahead logging at
    /// once, so that is tried again.
    private static func opening(
        _ path: String, _ options: Connection.Options, limits: BatchLimits
    ) throws(BatchError) -> Connection {
        let deadline = ContinuousClock.now + limits.busyTimeout
        while true {
            do {
                return try Connection(path: path, options)
            } catch {
                guard .busy ~= error.code, ContinuousClock.now < deadline else {
                    throw BatchError.wrap(error, as: .store)
                }
            }
        }
    }

    deinit {
        guard isWriter else { return }
        // Empties the write-ahead log unless readers are in the way: whoever opens the file next, with nobody
        // else there, looks through the log under a lock. Not needed for anything to be safe.
        connection.setBusyTimeout(.milliseconds(100))
        _ = try? connection.checkpoint(.truncate)
    }

    // MARK: Writing

    /// Begins a run, or finds it when the same command was given before.
    func begin(
        _ identity: RunIdentity, input: String, inputBytes: Int, hold: Bool, at now: Timestamp
    ) throws(BatchError) -> (record: RunRecord, actions: [RunMachine.Action]) {
        try change { () throws -> (record: RunRecord, actions: [RunMachine.Action]) in
            let existing = try self.find(exactly: identity.run)
            var machine = existing?.record.progress ?? RunMachine(run: identity.run)
            let actions = try machine.handle(.begin(hold: hold))
            if let existing {
                try self.save(machine, id: existing.id, actions, at: now)
            } else {
                try self.insert(identity, input: input, inputBytes: inputBytes, hold: hold, at: now)
            }
            guard let record = try self.find(exactly: identity.run)?.record else {
                throw BatchError(.store, "run \(identity.run) is gone", recovery: .retry)
            }
            return (record, actions)
        }
    }

    /// Writes the rows of `block` that no process has written yet, and the place where to go on, in one
    /// transaction.
    func store(
        _ block: ScoredBlock, run: String, at now: Timestamp
    ) throws(BatchError) -> (progress: RunMachine, actions: [RunMachine.Action]) {
        let rows = block.rows
        return try change { () throws -> (progress: RunMachine, actions: [RunMachine.Action]) in
            let (id, record) = try self.existing(run)
            var machine = record.progress
            let actions = try machine.handle(.block(rows))
            guard case .store(let first)? = actions.first else { return (machine, actions) }
            let counts = try self.insert(block, from: first, id: id)
            try self.onStep(.rowsWritten)
            _ = try machine.handle(
                .stored(end: rows.upperBound, predictions: counts.predictions, rejects: counts.rejects))
            try self.save(machine, id: id, [], at: now)
            try self.onStep(.checkpointWritten)
            return (machine, actions)
        }
    }

    /// Completes a run whose input has `rows` rows: from here on its rows are visible.
    func end(run: String, rows: Int, at now: Timestamp) throws(BatchError) -> RunRecord {
        try change { () throws -> RunRecord in
            let (id, record) = try self.existing(run)
            var machine = record.progress
            let actions = try machine.handle(.inputEnded(rows: rows))
            try self.save(machine, id: id, actions, at: now)
            return try self.existing(run).record
        }
    }

    /// Approves, holds or rejects a run, named by itself or by its first digits.
    func decide(
        _ event: RunMachine.Event, run name: String, by person: String?, note: String?, at now: Timestamp
    ) throws(BatchError) -> RunRecord {
        try change { () throws -> RunRecord in
            let run = try self.resolve(name).run
            let (id, record) = try self.existing(run)
            var machine = record.progress
            let actions = try machine.handle(event)
            try self.save(machine, id: id, actions, at: now)
            if machine != record.progress {
                try self.connection.cached(
                    "UPDATE runs SET decided_at = ?2, decided_by = ?3, note = ?4 WHERE id = ?1"
                ).run(.integer(id), .text(now.description), Self.value(person), Self.value(note))
            }
            return try self.existing(run).record
        }
    }

    private func change<Result>(_ body: @escaping () throws -> Result) throws(BatchError) -> Result {
        try wrapping(.store) {
            let result = try self.connection.transaction {
                try self.onStep(.transactionOpen)
                return try body()
            }
            try self.onStep(.committed)
            return result
        }
    }

    private static func value(_ text: String?) -> Value { text.map { .text($0) } ?? .null }

    private func insert(
        _ identity: RunIdentity, input: String, inputBytes: Int, hold: Bool, at now: Timestamp
    ) throws {
        try connection.cached(
            """
            INSERT INTO runs (run, model, version, state, input, key_column, created_at, hold, model_digest,
                input_digest, input_bytes, reading)
            VALUES (?1, ?2, ?3, 'running', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """
        ).run(
            .text(identity.run), .text(identity.model), .integer(Int64(identity.version)), .text(input),
            .text(identity.keyColumn), .text(now.description), .integer(hold ? 1 : 0),
            .text(identity.modelDigest),
            .text(identity.inputDigest), .integer(Int64(inputBytes)), .text(identity.reading))
    }

    private func save(_ machine: RunMachine, id: Int64, _ actions: [RunMachine.Action], at now: Timestamp)
        throws
    {
        let approval =
            if actions.contains(.show) {
                "(SELECT coalesce(max(approval), 0) + 1 FROM runs)"
            } else if machine.state == .approved {
                "approval"
            } else {
                "NULL"
            }
        try connection.cached(
            """
            UPDATE runs SET state = ?2, hold = ?3, next_row = ?4, rows = ?5, rejects = ?6,
                approval = \(approval),
                completed_at = CASE WHEN ?7 THEN coalesce(completed_at, ?8) END
            WHERE id = ?1
            """
        ).run(
            .integer(id), .text(machine.state.rawValue), .integer(machine.holdsAtEnd ? 1 : 0),
            .integer(Int64(machine.nextRow)), .integer(Int64(machine.predictions)),
            .integer(Int64(machine.rejects)), .integer(machine.isComplete ? 1 : 0), .text(now.description))
    }

    /// Inserts the rows and rejects of `block` from row `first` on.
    private func insert(
        _ block: ScoredBlock, from first: Int, id run: Int64
    ) throws -> (predictions: Int, rejects: Int) {
        let base = run << Int64(StoreSchema.rowBits)
        let row = try connection.cached(
            "INSERT INTO prediction_rows (id, run_id, entity, prediction, scores) VALUES (?1, ?2, ?3, ?4, ?5)"
        )
        try row.bind(2, run)
        var json: [UInt8] = []
        let start = block.scoredRows.firstIndex { $0 >= first } ?? block.count
        for index in block.orderByKey(from: start) {
            try row.bind(1, base | Int64(block.scoredRows[index]))
            try row.bind(3, copyingText: block.keyBytes.span.extracting(block.key(index)))
            if block.predictionWidth == 1 {
                try row.bind(4, PredictionText.number(block.prediction(index)))
            } else {
                PredictionText.list(block.predictionValues(index), into: &json)
                try row.bind(4, copyingText: json.span)
            }
            if block.scoresWidth > 0 {
                PredictionText.list(block.scoreValues(index), into: &json)
                try row.bind(5, copyingText: json.span)
            }
            try row.run()
        }
        let rejects = block.rejects.filter { $0.row >= first }
        let bad = try connection.cached(
            "INSERT INTO reject_rows (id, run_id, line, reason, detail, input)"
                + " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        )
        for reject in rejects {
            try bad.run(
                .integer(base | Int64(reject.row)), .integer(run), .integer(Int64(reject.line)),
                .text(reject.reason), .text(reject.detail), .text(reject.input))
        }
        return (block.count - start, rejects.count)
    }
}
