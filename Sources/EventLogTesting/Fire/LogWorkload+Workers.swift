internal import Basics
internal import EventLog

extension LogWorkload {
    // MARK: Writing

    /// Sends batches until `isQuiet` is raised and this writer's share of the records is written.
    func write(
        _ number: Int, to input: TopicName, _ book: WorkloadBook, until isQuiet: StopSignal
    ) async throws {
        var random = SeededRandom(seed: options.seed &+ UInt64(number))
        let share = options.records / max(1, options.writers)
        let log = try await open()
        let settings = WriterOptions(deliveryTimeout: options.deliveryTimeout)
        var writer = try await persistently { try await log.writer(settings) }
        var next = 0
        while !isQuiet.isRaised || next < share {
            let count = Int.random(in: 1...options.batchRecordsMax, using: &random)
            let records = (next..<next + count).map { sequence in
                Record(
                    topic: input, partition: Partition(Int32(sequence) % options.partitions),
                    key: Array("w\(number)".utf8), value: Array("w\(number)/\(sequence)".utf8))
            }
            next += count
            do {
                _ = try await writer.send(RecordBatch(records))
                book.acknowledge(records)
            } catch {
                book.doubt(records, error)
                if error.severity == .fatal {
                    book.count(\.remade)
                    await writer.close(deadline: .seconds(5))
                    writer = try await persistently { try await log.writer(settings) }
                }
            }
            try await Task.sleep(for: options.pause)
        }
        await log.close(deadline: .seconds(10))
    }

    // MARK: Copying

    /// Copies input to output in transactions until all is copied; makes itself anew after a fatal failure.
    func copy(_ number: Int, _ input: TopicName, _ output: TopicName, _ book: WorkloadBook) async throws {
        try await remaking(book, until: book.copyingIsDone) { log in
            try await copy(number, input, output, book, log)
        }
    }

    private func copy(
        _ number: Int, _ input: TopicName, _ output: TopicName, _ book: WorkloadBook, _ log: any EventLog
    ) async throws {
        var random = SeededRandom(seed: options.seed &+ 1_000 &+ UInt64(number))
        let writer = try await log.transactionalWriter(
            id: "\(name)-copier-\(number)",
            WriterOptions(
                deliveryTimeout: options.deliveryTimeout, transactionTimeout: options.transactionTimeout))
        let reader = try await log.groupReader(
            GroupOptions(
                group: group, topics: [input], instance: "copier-\(number)",
                sessionTimeout: options.sessionTimeout))
        var batch = RecordBatch()
        while !book.copyingIsDone.isRaised {
            try Task.checkCancellation()
            batch.removeAll()
            let outcome = try await reader.read(
                into: &batch, limit: ReadLimit(records: 200), wait: .milliseconds(100))
            guard outcome == .records else { continue }
            do {
                if Int.random(in: 0..<8, using: &random) == 0 {
                    try await abort(batch, to: output, writer, book)
                }
                try await writer.begin()
                try await writer.send(batch.copied(to: output))
                try await commit(writer, ConsumedOffsets(reader: reader, offsets: batch.ends))
                book.count(\.committed)
            } catch let error as LogError {
                guard error.severity != .fatal else { throw error }
                book.note(error)
                book.count(\.failed)
                try await writer.abort()
                try await goBack(reader, to: batch.starts)
            }
        }
        await reader.close(deadline: .seconds(10))
        await writer.close(deadline: .seconds(10))
    }

    /// A transaction that nobody may ever see.
    private func abort(
        _ batch: RecordBatch, to output: TopicName, _ writer: any TransactionalWriter, _ book: WorkloadBook
    ) async throws {
        try await writer.begin()
        try await writer.send(batch.copied(to: output, as: WorkloadCheck.aborted))
        try await writer.abort()
        book.count(\.aborted)
    }

    private func commit(_ writer: any TransactionalWriter, _ consumed: ConsumedOffsets) async throws {
        let deadline = ContinuousClock.now + options.deliveryTimeout
        while true {
            do {
                return try await writer.commit(consumed: consumed)
            } catch {
                guard error.severity == .retriable, ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Reads the records of a transaction that failed again, as far as their partitions are still this
    /// member's; the others start where the group has committed.
    private func goBack(_ reader: any GroupReader, to starts: [TopicPartition: Offset]) async throws {
        let held = Set(await reader.assignment())
        for (partition, offset) in starts where held.contains(partition) {
            do {
                try await reader.seek(to: [partition: offset])
            } catch {
                guard error.code == .notAssigned else { throw error }
            }
        }
    }

    // MARK: Reading

    /// Reads the input as a member of a group, and commits what it read.
    func takePart(_ input: TopicName, _ book: WorkloadBook) async throws {
        try await remaking(book, until: book.copyingIsDone) { log in try await takePart(input, book, log) }
    }

    private func takePart(_ input: TopicName, _ book: WorkloadBook, _ log: any EventLog) async throws {
        let reader = try await log.groupReader(
            GroupOptions(group: "\(name)-members", topics: [input], sessionTimeout: options.sessionTimeout))
        var batch = RecordBatch()
        while !book.copyingIsDone.isRaised {
            try Task.checkCancellation()
            batch.removeAll()
            let outcome = try await reader.read(
                into: &batch, limit: ReadLimit(records: 500), wait: .milliseconds(100))
            guard outcome == .records else { continue }
            book.see(batch.records)
            do {
                try await reader.commit(batch.ends)
            } catch {
                // Whoever has the partitions now reads these records again.
                guard error.severity != .fatal || error.code == .notAssigned else { throw error }
                book.note(error)
            }
        }
        await reader.close(deadline: .seconds(10))
    }

    /// Reads all partitions of a topic from the first record on, over all faults.
    func follow(_ tail: WorkloadTail, _ book: WorkloadBook) async throws {
        try await remaking(book, until: book.isOver) { log in try await follow(tail, book, log) }
    }

    private func follow(_ tail: WorkloadTail, _ book: WorkloadBook, _ log: any EventLog) async throws {
        var start: [TopicPartition: StartPosition] = [:]
        for number in 0..<options.partitions {
            let place = TopicPartition(tail.topic, number)
            start[place] = .offset(tail.next(of: place))
        }
        let reader = try await log.reader(ReaderOptions(start: start))
        var batch = RecordBatch()
        while !book.isOver.isRaised {
            try Task.checkCancellation()
            batch.removeAll()
            do {
                let outcome = try await reader.read(
                    into: &batch, limit: ReadLimit(), wait: .milliseconds(100))
                if outcome == .records { tail.add(batch.records) }
            } catch {
                guard error.severity == .retriable else { throw error }
                book.note(error)
            }
        }
        await reader.close(deadline: .seconds(10))
    }

    /// Runs `work` with a handle of its own until `isDone`, anew after each failure that a fault may explain.
    private func remaking(
        _ book: WorkloadBook, until isDone: StopSignal, _ work: (any EventLog) async throws -> Void
    ) async throws {
        while !isDone.isRaised {
            try Task.checkCancellation()
            let log = try await persistently { try await open() }
            do {
                try await work(log)
            } catch let error as LogError where error.recovery != .fixConfiguration {
                book.note(error)
                book.count(\.remade)
                // A log that is away refuses at once.
                try await Task.sleep(for: .milliseconds(100))
            }
            await log.close(deadline: .seconds(10))
        }
    }

    /// Every record of `topic`, as a new reader sees it.
    func readAll(_ log: any EventLog, _ topic: TopicName) async throws -> [Record] {
        let places = (0..<options.partitions).map { TopicPartition(topic, $0) }
        let ends = try await persistently { try await log.watermarks(of: topic) }
        let start = Dictionary(uniqueKeysWithValues: places.map { ($0, StartPosition.earliest) })
        let reader = try await persistently { try await log.reader(ReaderOptions(start: start)) }
        var open = Set(places.filter { (ends[$0.partition]?.high.number ?? 0) > 0 })
        var records: [Record] = []
        var batch = RecordBatch()
        var stalled = StallWatch(patience: options.patience)
        while !open.isEmpty {
            batch.removeAll()
            let outcome = try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(200))
            if case .caughtUp(let reached) = outcome {
                for (place, offset) in reached where offset >= ends[place.partition]?.high ?? Offset(0) {
                    open.remove(place)
                }
            }
            records += batch.records
            if stalled.isStalled(at: Int64(records.count)) {
                throw WorkloadFailure("\(topic) is not read to its end: \(open) are open", options.seed)
            }
        }
        await reader.close(deadline: .seconds(10))
        return records
    }
}

extension RecordBatch {
    /// The records under another topic, in the same partitions; with `text`, that instead of their values.
    fileprivate func copied(to topic: TopicName, as text: String? = nil) -> RecordBatch {
        RecordBatch(
            records.map { record in
                Record(
                    topic: topic, partition: record.partition, key: record.key,
                    value: text.map { Array($0.utf8) } ?? record.value)
            })
    }

    /// The first offset of each partition in the batch.
    fileprivate var starts: [TopicPartition: Offset] {
        var starts: [TopicPartition: Offset] = [:]
        for index in 0..<count {
            guard let place = place(at: index), starts[place.partition] == nil else { continue }
            starts[place.partition] = place.offset
        }
        return starts
    }

    /// Where each partition in the batch goes on.
    fileprivate var ends: [TopicPartition: Offset] {
        var ends: [TopicPartition: Offset] = [:]
        for index in 0..<count {
            if let place = place(at: index) { ends[place.partition] = place.offset.next }
        }
        return ends
    }
}
