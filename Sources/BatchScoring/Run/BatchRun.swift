public import Basics
internal import Crypto
internal import Tabular

/// Scores a file into the prediction store: what `modelcast batch run` does.
///
/// The run's name follows from model, version, input, key column and the way the input is read, so the same
/// command again finds its run: it goes on behind the last committed row, or says at once what is there
/// when the run is complete. Several processes may work on the same run; each row is written once.
public enum BatchRun {
    /// What is scored, and where to.
    public struct Options: Sendable, Hashable {
        /// The input: a file, whose bytes must not change meanwhile. Its `keyColumn` gives the entities.
        public var input: InputOptions
        /// The column whose text is the entity. A row without it is a reject.
        public var keyColumn: String
        /// The store's file; made where there is none.
        public var store: String
        /// Whether the run waits for approval; otherwise it is current as soon as it is complete.
        public var hold: Bool
        /// Where the rejected rows of the whole run go when it is complete, CSV or JSON lines by its
        /// suffix; nil: they are in the store only.
        public var rejectsPath: String?
        /// The bounds.
        public var limits: BatchLimits

        /// From `input` into `store`.
        public init(
            input: InputOptions, keyColumn: String, store: String, hold: Bool = false,
            rejectsPath: String? = nil,
            limits: BatchLimits = BatchLimits()
        ) {
            self.input = input
            self.input.keyColumn = keyColumn
            self.keyColumn = keyColumn
            self.store = store
            self.hold = hold
            self.rejectsPath = rejectsPath
            self.limits = limits
        }
    }

    /// What was done.
    public struct Summary: Sendable, Hashable {
        /// The run as the store has it; its counts are those of the whole run.
        public let record: RunRecord
        /// Rows that this call wrote, rejects included; fewer than those of the run after a resume.
        public let rowsWritten: Int
        /// From the beginning to the end of this call.
        public let elapsed: Duration
        /// Features that the input has no column for.
        public let missingFeatures: [String]

        /// The run's name.
        public var run: String { record.run }
        /// Predictions of the whole run.
        public var rows: Int { record.progress.predictions }
        /// Rejected rows of the whole run.
        public var rejects: Int { record.progress.rejects }
        /// Rows that this call wrote per second; 0 where nothing was left to do.
        public var rowsPerSecond: Double { rate(rowsWritten, elapsed) }
    }

    /// Scores what is left of the run, to its end.
    ///
    /// Runs on a thread of its own. Throws `file`, `columns` and `keyColumn` for the input, `inputChanged`
    /// when its bytes change meanwhile, `state` when the run was rejected, `store`, and `stopped` once
    /// `stop` is raised; what is committed by then stays, and the same call goes on.
    public static func run(
        _ options: Options, model: ScoringModel, progress: BatchProgress = BatchProgress(),
        stop: StopSignal = StopSignal()
    ) async throws(BatchError) -> Summary {
        let thread = ThreadExecutor(name: "batch")
        return try await thread.run { () throws(BatchError) -> Summary in
            var worker = try BatchWorker(options, model: model, progress: progress, stop: stop)
            return try worker.run()
        }
    }
}

/// One call of `BatchRun.run`. Confined to its thread.
struct BatchWorker {
    private let options: BatchRun.Options
    private let model: ScoringModel
    private let progress: BatchProgress
    private let stop: StopSignal
    private let began = ContinuousClock.now
    let store: StoreConnection
    private var rowsWritten = 0

    init(
        _ options: BatchRun.Options, model: ScoringModel, progress: BatchProgress = BatchProgress(),
        stop: StopSignal = StopSignal()
    ) throws(BatchError) {
        guard options.input.path != "-" else {
            throw BatchError(
                .file, "a batch run cannot read standard input: a killed one could not go on",
                hint: "write it to a file first")
        }
        self.options = options
        self.model = model
        self.progress = progress
        self.stop = stop
        store = try StoreConnection.open(options.store, limits: options.limits)
    }

    mutating func run() throws(BatchError) -> BatchRun.Summary {
        let digest = try InputDigest.of(options.input.path)
        progress.set(bytesTotal: digest.bytes)
        let format = try wrapping(.file) {
            try TabularFormat.of(options.input.path, given: options.input.format)
        }
        let identity = RunIdentity(
            model: model.name, version: model.version, modelDigest: model.digest, inputDigest: digest.hex,
            keyColumn: options.keyColumn, reading: "\(format.rawValue) header \(options.input.header)")
        // Before the run begins: an input that does not fit leaves nothing in the store.
        let check = InputDigest.Tap()
        let scorer = try open(check)
        let (record, actions) = try store.begin(
            identity, input: options.input.path, inputBytes: digest.bytes, hold: options.hold, at: .now)
        progress.set(rows: record.progress.predictions, rejects: record.progress.rejects)
        var end = record
        if case .score(let first)? = actions.first {
            end = try score(record, from: first, scorer)
            if !end.progress.isComplete {
                try checkInput(check.finish() == digest, run: record.run)
                end = try store.end(run: record.run, rows: scorer.rowsRead, at: .now)
            }
        }
        try writeRejects(of: end.run)
        return BatchRun.Summary(
            record: end, rowsWritten: rowsWritten, elapsed: began.duration(to: .now),
            missingFeatures: scorer.missingFeatures)
    }

    private func open(_ check: InputDigest.Tap) throws(BatchError) -> FileScorer {
        let source = try wrapping(.file) { try ByteSource(path: options.input.path) }
        source.tap = { [progress] bytes in
            check.take(bytes)
            progress.read(bytes.count)
        }
        return try FileScorer(
            source, options.input, model: model, keyIsRequired: true, limits: options.limits)
    }

    /// Scores from row `first` to the end of the input; what other processes have written meanwhile is
    /// skipped. Returns the run as it is then: complete when another process was first.
    private mutating func score(
        _ record: RunRecord, from first: Int, _ scorer: FileScorer
    ) throws(BatchError) -> RunRecord {
        var block = ScoredBlock()
        var next = first
        while try scorer.next(into: &block, from: next) {
            guard !stop.isRaised else {
                throw BatchError(
                    .stopped, "run \(record.run) was stopped at row \(next)",
                    hint: "the same command goes on from there", recovery: .retry)
            }
            let (machine, actions) = try store.store(block, run: record.run, at: .now)
            switch actions.first {
            case .finished: return try store.existing(record.run).record
            case .store(let from): rowsWritten += block.rows.upperBound - from
            default: break
            }
            next = machine.nextRow
            progress.set(rows: machine.predictions, rejects: machine.rejects)
        }
        return try store.existing(record.run).record
    }

    private func checkInput(_ isUnchanged: Bool, run: String) throws(BatchError) {
        guard !isUnchanged else { return }
        throw BatchError(
            .inputChanged, "\(options.input.path) changed while it was scored; run \(run) is not complete",
            hint: "give the command again when the file is ready: it then begins a run of its own")
    }

    private func writeRejects(of run: String) throws(BatchError) {
        guard let path = options.rejectsPath else { return }
        let writer = try RejectWriter(path: path)
        try store.rejects(run: run) { try writer.write($0) }
        try writer.finish()
    }
}
