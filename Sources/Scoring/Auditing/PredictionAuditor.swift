internal import Basics
public import EventLog
public import Modelcast
public import Snapshots
internal import Synchronization

/// Reads events, predictions and dead letters back as a `read_committed` reader, and checks the promise of
/// exactly-once scoring: each event ended as one prediction or one dead letter, and each of these is, bit for
/// bit, what the version that it names makes of the event.
///
/// Reads what is there when it begins, so that it may run beside scorers; events that the group has not come
/// to are late, not lost. Memory: ten bytes an event, the versions, and a batch.
public struct PredictionAuditor: Sendable {
    /// What is audited.
    public struct Options: Sendable {
        /// The model whose predictions they are.
        public var model: ModelName
        /// How the service was run: topics, group, layout of events, limits.
        public var scoring: ScoringOptions
        /// Which outcomes are computed again.
        public var recomputation = Recomputation.all
        /// By partition of the input: the first offset that is looked at; without one, the first that is
        /// there.
        public var from: [Partition: Offset] = [:]
        /// By partition of the input: the offset behind the last that is looked at.
        public var to: [Partition: Offset] = [:]
        /// Offences of each kind that are kept; all are counted.
        public var offencesMax = 20
        /// Events that one audit may look at: ten bytes each.
        public var eventsMax = 400_000_000
        /// How long transactions that are open at the start may take to end.
        public var openTransactionWait: Duration = .seconds(30)

        /// An audit of what `model` made in a service that was run with `scoring`.
        public init(model: ModelName, scoring: ScoringOptions) {
            self.model = model
            self.scoring = scoring
        }
    }

    /// Where the topics end, taken in an order that makes them fit together: whoever the group says was
    /// scored has its outcome below the outputs' ends, and whatever has an outcome there is below the
    /// input's.
    private struct Bounds {
        var committed: [Int64?]
        var input: [Range<Int64>]
        var endsWithLog: [Bool]
        var predictions: [Range<Int64>]
        var deadLetters: [Range<Int64>]
        var openTransactions: [TopicPartition]
    }

    private let log: any EventLog
    private let options: Options
    private let load: @Sendable (ModelVersion) async throws(ModelcastError) -> LoadedModel
    private let done = Progress()

    /// An audit over `log`; `load` fetches a version of the model.
    public init(
        log: any EventLog, options: Options,
        load: @escaping @Sendable (ModelVersion) async throws(ModelcastError) -> LoadedModel
    ) {
        self.log = log
        self.options = options
        self.load = load
    }

    /// Records that were read so far. Safe to call from any thread.
    public var recordsRead: Int { done.count.load(ordering: .relaxed) }

    /// Reads everything and says what was found. Throws when the log fails, a topic is missing, or there are
    /// more events than `eventsMax`.
    public func run() async throws(ScoringError) -> AuditReport {
        do throws(LogError) {
            return try await audit()
        } catch {
            throw ScoringError(
                .log, "the audit of \(options.scoring.output) stopped: \(error.message)", hint: error.hint,
                recovery: error.recovery, cause: error)
        }
    }

    private func audit() async throws(LogError) -> AuditReport {
        let bounds = try await bounds()
        var audit = PredictionAudit(
            PredictionAudit.Options(
                spans: bounds.input, endsWithLog: bounds.endsWithLog, committed: bounds.committed,
                recomputation: options.recomputation, offencesMax: options.offencesMax,
                seesEverything: bounds.openTransactions.isEmpty))
        let scoring = options.scoring
        try await readOutcomes(scoring.output, bounds.predictions, kind: "prediction", &audit) {
            $0.prediction($1, $2)
        }
        try await readOutcomes(scoring.deadLetter, bounds.deadLetters, kind: "dead letter", &audit) {
            $0.deadLetter($1, $2)
        }
        try await readEvents(bounds, &audit)
        var report = audit.finish()
        report.openTransactions = bounds.openTransactions
        try await quoteDiffering(&report, bounds)
        return report
    }

    // MARK: Reading

    /// Notes every outcome of `topic`; `kind` is what messages call one.
    private func readOutcomes(
        _ topic: TopicName, _ spans: [Range<Int64>], kind: String, _ audit: inout PredictionAudit,
        _ parse: (inout OutcomeParser, RecordBatch, Int) -> OutcomeParser.Reading
    ) async throws(LogError) {
        var parser = OutcomeParser(model: options.model, input: options.scoring.input)
        try await scan(topic, spans) { batch, index in
            switch parse(&parser, batch, index) {
            case .outcome(let outcome): audit.note(outcome, at: "the \(kind) at \(Self.place(batch, index))")
            case .elsewhere: audit.noteElsewhere()
            case .unreadable(let why): Self.note(why, topic, batch, index, &audit)
            }
        }
    }

    private static func note(
        _ why: String, _ topic: TopicName, _ batch: RecordBatch, _ index: Int, _ audit: inout PredictionAudit
    ) {
        audit.noteUnreadable(
            partition: batch.partition(at: index)?.number ?? 0, offset: batch.offset(at: index)?.number ?? 0,
            "the record at \(place(batch, index)): \(why)")
    }

    private func readEvents(_ bounds: Bounds, _ audit: inout PredictionAudit) async throws(LogError) {
        let recomputation = OutcomeRecomputation(options: options.scoring, load: load)
        var parser = OutcomeParser(model: options.model, input: options.scoring.input)
        let reader = try await SpanReader(log, options.scoring.input, spans: bounds.input)
        var batch = RecordBatch()
        do throws(LogError) {
            while try await reader.next(&batch) {
                for index in 0..<batch.count where reader.contains(batch, index) {
                    guard let place = batch.place(at: index) else { continue }
                    let (partition, offset) = (place.partition.partition.number, place.offset.number)
                    guard let version = audit.take(partition: partition, offset: offset) else { continue }
                    if let why = await recomputation.add(index, of: batch, version: version) {
                        audit.noteUnknownVersion(version, partition: partition, offset: offset, why)
                    }
                }
                done.count.wrappingAdd(batch.count, ordering: .relaxed)
                recomputation.run { results, index in
                    let isPrediction = results.topic(at: index) == options.scoring.output
                    let reading =
                        isPrediction ? parser.prediction(results, index) : parser.deadLetter(results, index)
                    guard case .outcome(let outcome) = reading else {
                        preconditionFailure("a result of our own cannot be read: \(reading)")
                    }
                    audit.compare(outcome, Self.quote(results, index, isPrediction: isPrediction))
                }
            }
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
    }

    /// Reads the records of `spans` and hands each to `body`.
    private func scan(
        _ topic: TopicName, _ spans: [Range<Int64>], _ body: (RecordBatch, Int) -> Void
    ) async throws(LogError) {
        let reader = try await SpanReader(log, topic, spans: spans)
        var batch = RecordBatch()
        do throws(LogError) {
            while try await reader.next(&batch) {
                for index in 0..<batch.count where reader.contains(batch, index) { body(batch, index) }
                done.count.wrappingAdd(batch.count, ordering: .relaxed)
            }
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
    }

    // MARK: Differences

    /// Reads the outputs once more when something differs, to show what was found beside what was expected.
    private func quoteDiffering(_ report: inout AuditReport, _ bounds: Bounds) async throws(LogError) {
        var wanted: [Int64: [Int32: Int]] = [:]
        for (number, offence) in report.offences.enumerated() where offence.kind == .differing {
            wanted[offence.offset, default: [:]][offence.partition] = number
        }
        guard !wanted.isEmpty else { return }
        var found: [Int: String] = [:]
        func note(_ reading: OutcomeParser.Reading, _ batch: RecordBatch, _ index: Int) {
            guard case .outcome(let outcome) = reading,
                let number = wanted[outcome.offset]?[outcome.partition], found[number] == nil
            else { return }
            let text = Self.quote(batch, index, isPrediction: !outcome.isDeadLetter)
            found[number] = "\(Self.place(batch, index)) is \(text)"
        }
        var parser = OutcomeParser(model: options.model, input: options.scoring.input)
        try await scan(options.scoring.output, bounds.predictions) { batch, index in
            note(parser.prediction(batch, index), batch, index)
        }
        try await scan(options.scoring.deadLetter, bounds.deadLetters) { batch, index in
            note(parser.deadLetter(batch, index), batch, index)
        }
        for (number, text) in found {
            report.offences[number].detail = "\(text); \(report.offences[number].detail)"
        }
    }

    private static func quote(_ batch: RecordBatch, _ index: Int, isPrediction: Bool) -> String {
        let value = batch.valueRange(at: index).map {
            String(decoding: batch.bytes[$0.prefix(400)], as: UTF8.self)
        }
        return isPrediction ? value ?? "" : "a dead letter of \(value ?? "no value")"
    }

    private static func place(_ batch: RecordBatch, _ index: Int) -> String {
        batch.place(at: index)?.description ?? "?"
    }

    /// A count that a progress line looks at.
    private final class Progress: Sendable {
        let count = Atomic<Int>(0)
    }
}

// MARK: Bounds

extension PredictionAuditor {
    private func bounds() async throws(LogError) -> Bounds {
        let scoring = options.scoring
        let partitions = try await count(scoring.input)
        let committed = try await log.committedOffsets(of: scoring.group, topic: scoring.input)
        // After the group's offsets: what these say was scored must be in sight.
        var (predictions, open) = try await outputs(scoring.output)
        var deadLetters = predictions
        if scoring.deadLetter != scoring.output {
            let more = try await outputs(scoring.deadLetter)
            deadLetters = more.spans
            open += more.open
        }
        // After the outputs: what was scored is in the input.
        let watermarks = try await log.watermarks(of: scoring.input)
        var bounds = Bounds(
            committed: [], input: [], endsWithLog: [], predictions: predictions, deadLetters: deadLetters,
            openTransactions: open)
        predictions = []
        for number in 0..<partitions {
            let partition = Partition(number)
            let low = watermarks[partition]?.low.number ?? 0
            let high = watermarks[partition]?.high.number ?? low
            let from = max(low, options.from[partition]?.number ?? low)
            let to = min(high, options.to[partition]?.number ?? high)
            bounds.input.append(from..<max(from, to))
            bounds.endsWithLog.append(to == high)
            bounds.committed.append(committed[partition]?.number)
        }
        let events = bounds.input.reduce(0) { $0 + $1.count }
        guard events <= options.eventsMax else {
            throw LogError(
                .configuration, "\(scoring.input) has \(events) offsets, more than one audit takes",
                hint: "look at parts of it: --from and --to", recovery: .fixConfiguration)
        }
        return bounds
    }

    private func count(_ topic: TopicName) async throws(LogError) -> Int32 {
        guard let count = try await log.partitionCount(of: topic) else {
            throw LogError(
                .notFound, "there is no topic \(topic) in \(log.name)",
                hint: "name the topics with --input, --output and --dead-letter",
                recovery: .fixConfiguration)
        }
        return count
    }

    /// The offsets of an output topic that can be read, once the transactions that are open now have ended;
    /// and the partitions where one did not end in time.
    private func outputs(
        _ topic: TopicName
    ) async throws(LogError) -> (spans: [Range<Int64>], open: [TopicPartition]) {
        let partitions = try await count(topic)
        var stable = try await log.watermarks(of: topic)
        let ends = try await rawEnds(topic, stable)
        let deadline = ContinuousClock.now + options.openTransactionWait
        func isBehind(_ partition: Partition) -> Bool {
            (stable[partition]?.high.number ?? 0) < (ends[partition]?.number ?? 0)
        }
        while ends.keys.contains(where: isBehind), ContinuousClock.now < deadline {
            do {
                try await Task.sleep(for: .milliseconds(50))
            } catch {
                throw LogError.closed("the audit")
            }
            stable = try await log.watermarks(of: topic)
        }
        let spans = (0..<partitions).map { number in
            let marks = stable[Partition(number)]
            let low = marks?.low.number ?? 0
            let high = min(marks?.high.number ?? low, ends[Partition(number)]?.number ?? low)
            return low..<max(low, high)
        }
        let open = ends.keys.filter(isBehind).sorted().map { TopicPartition(topic, $0) }
        return (spans, open)
    }

    /// Where each partition ends, open transactions included.
    private func rawEnds(
        _ topic: TopicName, _ stable: [Partition: Watermarks]
    ) async throws(LogError) -> [Partition: Offset] {
        var start: [TopicPartition: StartPosition] = [:]
        for (partition, marks) in stable { start[TopicPartition(topic, partition)] = .offset(marks.high) }
        let reader = try await log.reader(ReaderOptions(start: start, committedOnly: false))
        var ends: [Partition: Offset] = [:]
        var batch = RecordBatch()
        var silence = 0
        do throws(LogError) {
            while ends.count < start.count {
                batch.removeAll()
                switch try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(1)) {
                case .caughtUp(let places):
                    for (place, offset) in places where ends[place.partition] == nil {
                        ends[place.partition] = offset
                    }
                case .records: silence = 0
                case .idle, .assigned, .revoking:
                    silence += 1
                    guard silence < 60 else {
                        throw LogError(
                            .timedOut, "the ends of \(topic) cannot be learned: the log is silent",
                            hint: "try again", severity: .retriable, recovery: .retry)
                    }
                }
            }
        } catch {
            await reader.close(deadline: .seconds(5))
            throw error
        }
        await reader.close(deadline: .seconds(5))
        return ends
    }
}
