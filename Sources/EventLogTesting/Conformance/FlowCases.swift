internal import Basics
internal import EventLog
internal import Synchronization

/// Whole flows: records go through group members with transactions while members come and go.
enum FlowCases {
    static let all = [
        ConformanceCase(
            "processes each record once while members join and leave",
            requires: [.transactions, .groups, .hidesAborted, .fencesWriters], body: joinAndLeave),
        ConformanceCase(
            "processes each record once when members are killed",
            requires: [.transactions, .groups, .staticMembers, .hidesAborted, .fencesWriters, .kills],
            body: kills),
    ]

    /// A member that copies its input to the output, a transaction a read.
    final class Copier: Sendable {
        private let run: ConformanceRun
        private let log: any EventLog
        private let options: GroupOptions
        private let id: String
        private let output: TopicName
        private let stopping = Atomic<Bool>(false)
        /// Records copied in committed transactions.
        let copied = Atomic<Int>(0)

        init(
            _ run: ConformanceRun, _ log: any EventLog, _ options: GroupOptions, id: String, output: TopicName
        ) {
            self.run = run
            self.log = log
            self.options = options
            self.id = id
            self.output = output
        }

        /// Asks the loop to leave the group and end.
        func stop() { stopping.store(true, ordering: .releasing) }

        /// Reads and copies until it is stopped, or its process is killed.
        func work() async throws {
            do {
                let writer = try await log.transactionalWriter(id: id)
                let reader = try await log.groupReader(options)
                var batch = RecordBatch()
                while !stopping.load(ordering: .acquiring) {
                    batch.removeAll()
                    let limit = ReadLimit(records: run.random(1...60))
                    let outcome = try await reader.read(into: &batch, limit: limit, wait: .milliseconds(20))
                    if outcome == .records { try await copy(batch, reader, writer) }
                }
                await reader.close(deadline: .seconds(5))
                await writer.close(deadline: .seconds(5))
            } catch let error as LogError where error.code == .closed {
                // The process was killed under it.
            }
        }

        private func copy(
            _ batch: RecordBatch, _ reader: any GroupReader, _ writer: any TransactionalWriter
        ) async throws {
            var first: [TopicPartition: Offset] = [:]
            var next: [TopicPartition: Offset] = [:]
            var out = RecordBatch()
            for record in batch.records {
                guard let number = record.partition, let offset = record.offset else { continue }
                let partition = TopicPartition(record.topic, number)
                if first[partition] == nil { first[partition] = offset }
                next[partition] = offset.next
                let source = Array("\(partition)@\(offset)".utf8)
                out.append(Record(topic: output, key: record.key, value: source))
            }
            do throws(LogError) {
                try await writer.begin()
                try await writer.send(out)
                if run.random(0...9) == 0 {
                    try await writer.abort()
                    try await reader.seek(to: first)
                    return
                }
                try await writer.commit(consumed: ConsumedOffsets(reader: reader, offsets: next))
                copied.add(batch.count, ordering: .relaxed)
            } catch {
                guard error.severity == .abortable else { throw error }
                try await writer.abort()
                for (partition, offset) in first {
                    // One that was taken away starts again at its committed offset, with its new owner.
                    do throws(LogError) {
                        try await reader.seek(to: [partition: offset])
                    } catch {
                        guard error.code == .notAssigned else { throw error }
                    }
                }
            }
        }
    }

    private static func joinAndLeave(_ run: ConformanceRun) async throws {
        try await flow(run, instances: false) { crew in
            try await crew.start()
            try await crew.wait(for: 100)
            try await crew.start()
            try await crew.wait(for: 400)
            crew.stopOldest()
            try await crew.wait(for: 700)
            try await crew.start()
        }
    }

    private static func kills(_ run: ConformanceRun) async throws {
        try await flow(run, instances: true) { crew in
            try await crew.start()
            try await crew.start()
            for round in 1...4 {
                try await crew.wait(for: round * 200)
                try await crew.killOldest()
                try await crew.start()
            }
        }
    }

    /// The copiers of one flow.
    final class Crew: Sendable {
        private struct Running: Sendable {
            var copier: Copier
            var log: any EventLog
            var task: Task<Void, any Error>
        }

        private let run: ConformanceRun
        private let input: TopicName
        private let output: TopicName
        private let instances: Bool
        private let running = Mutex<[Running]>([])
        private let ended = Mutex<[Running]>([])
        private let started = Atomic<Int>(0)

        init(_ run: ConformanceRun, input: TopicName, output: TopicName, instances: Bool) {
            self.run = run
            self.input = input
            self.output = output
            self.instances = instances
        }

        func start() async throws {
            let number = started.add(1, ordering: .relaxed).oldValue
            // A killed member's name comes back with the next one, so that its ids are used again.
            let name = instances ? "instance-\(number % 2)" : "member-\(number)"
            let handle = try await run.open()
            let copier = Copier(
                run, handle, GroupCases.options(run, input, instance: instances ? name : nil),
                id: run.name(name), output: output)
            let task = Task { try await copier.work() }
            running.withLock { $0.append(Running(copier: copier, log: handle, task: task)) }
        }

        func stopOldest() {
            running.withLock { running in
                if let first = running.first { first.copier.stop() }
            }
        }

        func killOldest() async throws {
            let victim = running.withLock { $0.removeFirst() }
            try await run.kill(victim.log)
            ended.withLock { $0.append(victim) }
        }

        /// Waits until `count` records were copied, or the time for it is over.
        func wait(for count: Int) async throws {
            let deadline = ContinuousClock.now + run.subject.patience
            while ContinuousClock.now < deadline {
                let all = ended.withLock { $0 } + running.withLock { $0 }
                let copied = all.map { $0.copier.copied.load(ordering: .relaxed) }.reduce(0, +)
                if copied >= count { return }
                try await Task.sleep(for: .milliseconds(5))
            }
        }

        /// Stops everyone; throws what one of them failed with.
        func finish() async throws {
            let last = running.withLock { $0 }
            for running in last { running.copier.stop() }
            for killed in ended.withLock({ $0 }) {
                do {
                    try await killed.task.value
                } catch let error as LogError where error.code == .fenced {
                    // Its last call was under way when its successor took the name over.
                }
            }
            for running in last { try await running.task.value }
        }
    }

    /// Sends 1 200 records while `disturb` starts and stops members, then compares output and input.
    private static func flow(
        _ run: ConformanceRun, instances: Bool, disturb: (Crew) async throws -> Void
    ) async throws {
        let log = try await run.open()
        let input = try await run.topic(log, "input", partitions: 4)
        let output = try await run.topic(log, "output", partitions: 2)
        let crew = Crew(run, input: input, output: output, instances: instances)
        let sending = Task {
            let writer = try await log.writer()
            var sent = Set<RecordPlace>()
            for _ in 0..<60 {
                let records = (0..<20).map { _ in
                    Record(topic: input, key: run.bytes(4), value: run.bytes(20))
                }
                sent.formUnion(try await writer.send(RecordBatch(records)))
                try await Task.sleep(for: .milliseconds(3))
            }
            return sent
        }
        try await disturb(crew)
        let sent = try await sending.value
        try await run.eventually("all input is committed") {
            let ends = try await log.watermarks(of: input)
            let done = try await log.committedOffsets(of: run.name("group"), topic: input)
            return ends.allSatisfy { done[$0.key] == $0.value.high || $0.value.high == Offset(0) }
        }
        try await crew.finish()
        let wanted = sent.map(\.description).sorted()
        let copies = try await WritingCases.readAll(log, output, run)
        let found = copies.map { String(decoding: $0.value ?? [], as: UTF8.self) }.sorted()
        let doubled = found.count - Set(found).count
        let lost = Set(wanted).subtracting(found).count
        try run.expect(doubled == 0 && lost == 0, "\(doubled) records doubled, \(lost) lost")
        try run.expectEqual(found, wanted, "output")
    }
}
