internal import Basics
public import EventLog

/// Writers, transactional copiers, group members and partition readers that work on a log while something
/// breaks it, and the count of every record afterwards: the obligations of the conformance suite under fire.
///
/// - *Writers* send batches to the input. What was acknowledged is there once; what was not is there at most
///   once; within a partition each writer's records keep their order.
/// - *Copiers* share the input as a group and copy it to the output, a transaction a batch with the consumed
///   offsets in it, and abort some on purpose. A `read_committed` reader finds each input record once in the
///   output, in the input's order, and nothing that was aborted.
/// - *Members* share the input as another group and commit outside transactions: they see each record at
///   least once.
/// - *Tails* read the partitions of both topics all the while, and see what a reader who comes later sees.
///
/// ```swift
/// let counts = try await LogWorkload(name: "kills", open: { try KafkaLog.open(url: url) }).run {
///     try await kafka.kill()
///     try await kafka.restart()
/// }
/// ```
public struct LogWorkload: Sendable {
    /// How much is done, and with what patience.
    public struct Options: Sendable {
        /// Records to write at least; writers also go on as long as the faults last.
        public var records = 4_000
        /// Partitions of both topics.
        public var partitions: Int32 = 4
        /// Writers to the input.
        public var writers = 2
        /// Transactional copiers from input to output; 0 for a log without transactions.
        public var copiers = 2
        /// Members of a group that commits outside transactions.
        public var members = 1
        /// Records of a batch at most.
        public var batchRecordsMax = 40
        /// How long a writer rests between two batches.
        public var pause: Duration = .milliseconds(10)
        /// How long one send, or one commit, may take before it counts as failed.
        public var deliveryTimeout: Duration = .seconds(30)
        /// After how long the log aborts a silent transaction.
        public var transactionTimeout: Duration = .seconds(10)
        /// The silence after which the group takes a member's partitions.
        public var sessionTimeout: Duration = .seconds(6)
        /// How long everything may stand still before the run has failed.
        public var patience: Duration = .seconds(120)
        /// Where choices come from.
        public var seed: UInt64 = Soak.seed

        /// The defaults.
        public init() {}
    }

    /// What was done.
    public struct Counts: Sendable, Equatable {
        /// Records that a writer was told are written.
        public var acknowledged = 0
        /// Records of sends that failed; some may have been written.
        public var doubtful = 0
        /// Records in the input in the end.
        public var input = 0
        /// Records in the output in the end.
        public var output = 0
        /// Transactions that committed.
        public var committed = 0
        /// Transactions that were aborted on purpose.
        public var aborted = 0
        /// Transactions that a fault ended.
        public var failed = 0
        /// Times that a writer, copier, member or tail had to be made anew.
        public var remade = 0
        /// Records that group members read again.
        public var repeated = 0
    }

    let name: String
    let options: Options
    let open: @Sendable () async throws -> any EventLog
    let makeTopic: (@Sendable (any EventLog, TopicDefinition) async throws -> Void)?

    /// A workload whose topics, groups and writers begin with `name`. `open` gives a handle of the log, as
    /// another process would hold it; `makeTopic` replaces `EventLog.create` where an engine has none.
    public init(
        name: String, options: Options = Options(), open: @Sendable @escaping () async throws -> any EventLog,
        makeTopic: (@Sendable (any EventLog, TopicDefinition) async throws -> Void)? = nil
    ) {
        self.name = name
        self.options = options
        self.open = open
        self.makeTopic = makeTopic
    }

    /// Works while `faults` runs, then waits until everything written is copied, and counts. Throws
    /// `WorkloadFailure` when an obligation was broken.
    public func run(
        while faults: @Sendable @escaping () async throws -> Void = {}
    ) async throws -> Counts {
        let input = try TopicName("\(name)-input"), output = try TopicName("\(name)-output")
        try await makeTopics([input, output])
        let book = WorkloadBook()
        let tails = [WorkloadTail(topic: input), WorkloadTail(topic: output)]
        try await withThrowingTaskGroup(of: Void.self) { workers in
            for tail in tails { workers.addTask { try await follow(tail, book) } }
            for _ in 0..<options.members { workers.addTask { try await takePart(input, book) } }
            for number in 0..<options.copiers {
                workers.addTask { try await copy(number, input, output, book) }
            }
            workers.addTask { try await write(to: input, book, while: faults) }
            // The last worker ends the others when it has seen that nothing is left to do.
            workers.addTask { try await finish(input, output, tails, book) }
            // Not `waitForAll`, which lets the others go on after a failure.
            while try await workers.next() != nil {}
        }
        return book.counts
    }

    private func makeTopics(_ names: [TopicName]) async throws {
        let log = try await open()
        for name in names {
            let topic = TopicDefinition(name: name, partitions: options.partitions, cleanup: .delete)
            if let makeTopic {
                try await makeTopic(log, topic)
            } else {
                try await log.create([topic])
            }
        }
        await log.close(deadline: .seconds(10))
    }

    private func write(
        to input: TopicName, _ book: WorkloadBook, while faults: @Sendable @escaping () async throws -> Void
    ) async throws {
        let isQuiet = StopSignal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<options.writers {
                group.addTask { try await write(number, to: input, book, until: isQuiet) }
            }
            do {
                try await faults()
            } catch {
                // Writers that go on would hide why the run ended.
                group.cancelAll()
                throw error
            }
            isQuiet.raise()
            while try await group.next() != nil {}
        }
        book.writingIsDone.raise()
    }

    /// Waits until all is written and copied, counts, and releases the readers.
    private func finish(
        _ input: TopicName, _ output: TopicName, _ tails: [WorkloadTail], _ book: WorkloadBook
    ) async throws {
        while !book.writingIsDone.isRaised { try await Task.sleep(for: .milliseconds(50)) }
        let log = try await open()
        let truth = try await readAll(log, input)
        if options.copiers > 0 { try await awaitCopies(log, input, book) }
        if options.members > 0 { try await awaitMembers(truth, book) }
        book.copyingIsDone.raise()
        let copies = try await readAll(log, output)
        let check = WorkloadCheck(book: book, input: truth, output: copies, isCopied: options.copiers > 0)
        try check.run()
        try await tails[0].wait(for: truth, atMost: options.patience)
        try await tails[1].wait(for: copies, atMost: options.patience)
        book.isOver.raise()
        await log.close(deadline: .seconds(10))
    }

    private func awaitCopies(_ log: any EventLog, _ input: TopicName, _ book: WorkloadBook) async throws {
        var stalled = StallWatch(patience: options.patience)
        while true {
            let ends = try await persistently { try await log.watermarks(of: input) }
            let done = try await persistently { try await log.committedOffsets(of: group, topic: input) }
            if ends.allSatisfy({ $0.value.high.number == 0 || done[$0.key] == $0.value.high }) { return }
            let sum = done.values.reduce(0) { $0 + $1.number }
            if stalled.isStalled(at: sum) {
                throw WorkloadFailure(
                    "the copiers stand at \(done) of \(ends); last failure: \(book.lastFailure)", options.seed
                )
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func awaitMembers(_ truth: [Record], _ book: WorkloadBook) async throws {
        var stalled = StallWatch(patience: options.patience)
        while true {
            let count = book.membersSaw
            if count >= truth.count { return }
            if stalled.isStalled(at: Int64(count)) {
                throw WorkloadFailure(
                    "the group saw \(count) of \(truth.count) records; last failure: \(book.lastFailure)",
                    options.seed)
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// The group of the copiers.
    var group: String { "\(name)-copiers" }

    /// Runs `body` again while the log is away.
    func persistently<Value>(_ body: () async throws -> Value) async throws -> Value {
        let deadline = ContinuousClock.now + options.patience
        while true {
            do {
                return try await body()
            } catch let error as LogError {
                let mayPass = error.severity == .retriable || error.code == .unavailable
                guard mayPass, ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}

/// An obligation that was broken.
public struct WorkloadFailure: Error, CustomStringConvertible {
    /// What was found.
    public let description: String

    init(_ what: String, _ seed: UInt64) {
        description = "\(what) (MODELCAST_SEED=\(seed))"
    }
}

/// Notices that a number does not move any more.
struct StallWatch {
    let patience: Duration
    private var last: Int64 = -1
    private var since = ContinuousClock.now

    init(patience: Duration) { self.patience = patience }

    mutating func isStalled(at value: Int64) -> Bool {
        if value != last {
            last = value
            since = .now
        }
        return ContinuousClock.now - since > patience
    }
}
