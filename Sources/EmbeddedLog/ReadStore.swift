internal import Basics
internal import EventLog
internal import SQLite

/// A connection of a handle that reads, on a thread of its own.
actor ReadStore {
    /// What a read brought, with what it was given back.
    struct Answer: Sendable {
        var cursor: ReadCursor
        var batch: RecordBatch
        /// Nil: nothing.
        var outcome: ReadOutcome?
        /// The group's generation; 0 without a group.
        var generation: Int64 = 0
    }

    private struct Opened {
        var connection: Connection
        var next: Statement
        var blocks: Statement
    }

    private let thread: ThreadExecutor
    private let path: String
    private var state: Opened?
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    init(path: String, priority: ThreadPriority = .normal) {
        thread = ThreadExecutor(name: "log read", priority: priority)
        self.path = path
    }

    /// Closes the file; every later call fails with `closed`.
    func close() {
        state = nil
        isClosed = true
    }

    private func opened() throws(LogError) -> Opened {
        if isClosed { throw .closed("the log \(path)") }
        if let state { return state }
        let opened = try translating("opening the log") { () throws(SQLiteError) in
            var settings = Connection.Options.readOnly
            settings.busyTimeout = .seconds(30)
            let connection = try Connection(path: path, settings)
            try Schema.migrations.check(connection)
            // The block that holds a position starts at or before it.
            return Opened(
                connection: connection,
                next: try connection.prepare("SELECT next FROM partitions WHERE id = ?1"),
                blocks: try connection.prepare(
                    """
                    SELECT place, stop, checksum, head, body FROM blocks WHERE place >= coalesce(
                        (SELECT max(place) FROM blocks WHERE place BETWEEN ?1 AND ?2), ?2) AND place <= ?3
                    ORDER BY place
                    """))
        }
        state = opened
        return opened
    }

    /// Runs `body` on one state of the file.
    private func snapshot<Value>(
        _ what: String, _ body: (Opened) throws(LogError) -> Value
    ) throws(LogError) -> Value {
        let opened = try opened()
        try translating(what) { () throws(SQLiteError) in try opened.connection.begin(.deferred) }
        // The transaction only reads, so how it ends makes no difference.
        defer { opened.connection.rollback() }
        return try body(opened)
    }

    private func end(_ id: Int64, _ opened: Opened) throws(LogError) -> Int64 {
        try translating("reading the log") { () throws(SQLiteError) in
            try opened.next.bind(1, id)
            defer { opened.next.reset() }
            guard try opened.next.step() else { return 0 }
            return min(max(0, opened.next.integer(0)), Schema.offsetMax)
        }
    }

    // MARK: Questions

    func topics() throws(LogError) -> [TopicEntry] {
        let connection = try opened().connection
        return try translating("listing topics") { () throws(SQLiteError) in try TopicTable.all(connection) }
    }

    func topic(_ name: TopicName) throws(LogError) -> TopicEntry? {
        let connection = try opened().connection
        return try translating("looking for topic \(name)") { () throws(SQLiteError) in
            try TopicTable.topic(name, connection)
        }
    }

    func committedOffsets(of group: String, topic: TopicEntry) throws(LogError) -> [Partition: Offset] {
        try snapshot("reading the offsets of group \(group)") { opened throws(LogError) in
            var offsets: [Partition: Offset] = [:]
            for (number, id) in topic.partitionIDs.enumerated() {
                let next = try translating("reading the offsets of group \(group)") {
                    () throws(SQLiteError) in
                    try GroupTable.offset(group, id, opened.connection)
                }
                if let next { offsets[Partition(Int32(number))] = Offset(next) }
            }
            return offsets
        }
    }

    func watermarks(of topic: TopicEntry) throws(LogError) -> [Partition: Watermarks] {
        try snapshot("reading the ends of \(topic.name)") { opened throws(LogError) in
            var ends: [Partition: Watermarks] = [:]
            for (number, id) in topic.partitionIDs.enumerated() {
                let partition = TopicPartition(topic.name, Int32(number))
                let high = try end(id, opened)
                let low = try earliest(partition, id, opened) ?? high
                ends[partition.partition] = Watermarks(low: Offset(low), high: Offset(high))
            }
            return ends
        }
    }

    /// Where `start` is.
    func position(_ start: StartPosition, _ partition: TopicPartition, id: Int64) throws(LogError) -> Int64 {
        switch start {
        case .offset(let offset): return min(max(0, offset.number), Schema.offsetMax)
        case .latest:
            return try snapshot("reading the end of \(partition)") { opened throws(LogError) in
                try end(id, opened)
            }
        case .earliest:
            return try snapshot("reading the start of \(partition)") { opened throws(LogError) in
                if let first = try earliest(partition, id, opened) { return first }
                return try end(id, opened)
            }
        }
    }

    /// Records between `positions` and the ends.
    func lag(
        of positions: [TopicPartition: Int64], ids: [TopicPartition: Int64]
    ) throws(LogError) -> [TopicPartition: Int64] {
        try snapshot("reading the lag") { opened throws(LogError) in
            var lag: [TopicPartition: Int64] = [:]
            for (partition, position) in positions {
                guard let id = ids[partition] else { continue }
                lag[partition] = max(0, try end(id, opened) - position)
            }
            return lag
        }
    }

    func members(of group: String) throws(LogError) -> [Int64: GroupState.Member] {
        try snapshot("reading group \(group)") { opened throws(LogError) in
            try translating("reading group \(group)") { () throws(SQLiteError) in
                try GroupTable.load(group, opened.connection).members
            }
        }
    }

    private func earliest(
        _ partition: TopicPartition, _ id: Int64, _ opened: Opened
    ) throws(LogError) -> Int64? {
        let statement = try translating("reading \(partition)") { () throws(SQLiteError) in
            let statement = try opened.connection.cached(
                """
                SELECT place, head, length(body) FROM blocks WHERE place BETWEEN ?1 AND ?2
                ORDER BY place LIMIT 1
                """
            )
            try statement.bind(1, Schema.place(id, 0))
            try statement.bind(2, Schema.place(id, Schema.offsetMax))
            return statement
        }
        defer { statement.reset() }
        guard try translating("reading \(partition)", { () throws(SQLiteError) in try statement.step() })
        else {
            return nil
        }
        let first = Schema.offset(of: statement.integer(0))
        let bodyCount = Int(statement.integer(2))
        do throws(BlockDamage) {
            return try statement.withBlob(1) { head throws(BlockDamage) in
                var decoder = try BlockDecoder(head, first: first, bodyCount: bodyCount)
                return try decoder.next(head)?.offset ?? first
            }
        } catch {
            throw .damaged(partition, at: first, in: path)
        }
    }

    // MARK: Reading

    /// Adds what there is to `batch`. When the generation of `group` is no longer `generation`, it reads
    /// nothing.
    func read(
        _ given: consuming ReadCursor, _ batch: consuming RecordBatch, limit: ReadLimit, keepsBlocks: Bool,
        group: String?, generation: Int64
    ) throws(LogError) -> Answer {
        var answer = Answer(cursor: given, batch: batch)
        try snapshot("reading the log") { opened throws(LogError) in
            if let group {
                answer.generation = try translating("reading group \(group)") { () throws(SQLiteError) in
                    try GroupTable.generation(group, opened.connection)
                }
                if answer.generation != generation { return }
            }
            for index in answer.cursor.lanes.indices {
                answer.cursor.lanes[index].end = try end(answer.cursor.lanes[index].id, opened)
            }
            answer.outcome = ReadStore.ends(&answer.cursor)
            if answer.outcome != nil { return }
            var filler = BatchFiller(
                limit: limit, before: answer.batch.count, bytesBefore: answer.batch.byteCount)
            let count = answer.cursor.lanes.count
            for step in 0..<count where !filler.isFull {
                let index = (answer.cursor.first + step) % count
                try take(&answer.cursor.lanes[index], &answer.batch, &filler, keepsBlocks, opened)
                if filler.isFull || step == count - 1 { answer.cursor.first = (index + 1) % count }
            }
            answer.outcome =
                answer.batch.count > filler.before ? .records : ReadStore.ends(&answer.cursor)
        }
        return answer
    }

    /// The partitions whose end was reached and not reported yet.
    private static func ends(_ cursor: inout ReadCursor) -> ReadOutcome? {
        var reached: [TopicPartition: Offset] = [:]
        for index in cursor.lanes.indices {
            let lane = cursor.lanes[index]
            guard !lane.ended, lane.open == nil, lane.position >= lane.end else { continue }
            cursor.lanes[index].ended = true
            reached[lane.partition] = Offset(lane.position)
        }
        return reached.isEmpty ? nil : .caughtUp(reached)
    }

    /// Reads one partition, until the batch is full or the end is reached.
    private func take(
        _ lane: inout ReadCursor.Lane, _ batch: inout RecordBatch, _ filler: inout BatchFiller,
        _ keepsBlocks: Bool, _ opened: Opened
    ) throws(LogError) {
        let topic = batch.index(of: lane.partition.topic)
        do throws(BlockDamage) {
            if var open = lane.open {
                lane.open = nil
                var decoder = open.decoder
                try filler.fill(
                    &batch, from: &decoder, open.head.span, open.body.span, topic: topic, lane: &lane)
                open.decoder = decoder
                if filler.isFull, decoder.remaining > 0 {
                    lane.open = open
                    return
                }
                lane.position = max(lane.position, open.stop)
            }
        } catch {
            throw .damaged(lane.partition, at: lane.position, in: path)
        }
        guard lane.position < lane.end else { return }
        try translating("reading \(lane.partition)") { () throws(SQLiteError) in
            try opened.blocks.bind(1, Schema.place(lane.id, 0))
            try opened.blocks.bind(2, Schema.place(lane.id, lane.position))
            try opened.blocks.bind(3, Schema.place(lane.id, lane.end))
        }
        defer { opened.blocks.reset() }
        while try translating(
            "reading \(lane.partition)", { () throws(SQLiteError) in try opened.blocks.step() })
        {
            let place = opened.blocks.integer(0)
            let stop = opened.blocks.integer(1)
            if stop <= lane.position { continue }
            if filler.isFull { return }
            do throws(BlockDamage) {
                lane.open = try readBlock(
                    opened.blocks, place: place, stop: stop, &lane, &batch, &filler, topic, keepsBlocks)
            } catch {
                throw .damaged(lane.partition, at: lane.position, in: path)
            }
            if filler.isFull { return }
        }
        // Past the last record stand only gaps.
        lane.position = max(lane.position, lane.end)
    }

    /// Reads the block that `row` stands on; returns it when the batch was full before its end.
    private func readBlock(
        _ row: Statement, place: Int64, stop: Int64, _ lane: inout ReadCursor.Lane,
        _ batch: inout RecordBatch,
        _ filler: inout BatchFiller, _ topic: Int, _ keepsBlocks: Bool
    ) throws(BlockDamage) -> ReadCursor.OpenBlock? {
        let checksum = row.integer(2)
        let open = try row.withBlob(3) { head throws(BlockDamage) in
            try row.withBlob(4) { body throws(BlockDamage) -> ReadCursor.OpenBlock? in
                guard Block.storedChecksum(head: head, body: body, place: place) == checksum else {
                    throw BlockDamage()
                }
                var decoder = try BlockDecoder(
                    head, first: Schema.offset(of: place), bodyCount: body.count)
                try filler.fill(&batch, from: &decoder, head, body, topic: topic, lane: &lane)
                if decoder.remaining == 0 {
                    lane.position = max(lane.position, stop)
                    return nil
                }
                guard keepsBlocks else { return nil }
                return ReadCursor.OpenBlock(
                    head: head.copied, body: body.copied, decoder: decoder, stop: stop)
            }
        }
        // Neither column may be null.
        guard let found = open, let block = found else { throw BlockDamage() }
        return block
    }
}

extension Span<UInt8> {
    fileprivate var copied: [UInt8] {
        unsafe withUnsafeBufferPointer { unsafe Array($0) }
    }
}
