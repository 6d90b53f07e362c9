public import Basics
internal import Models
public import Tabular

/// Scores a file into a file: what `modelcast predict` does.
public enum FilePrediction {
    /// What is scored, and where to.
    public struct Options: Sendable, Hashable {
        /// The input. With a key column, the output names rows by it.
        public var input: InputOptions
        /// Where the predictions go; `-` is standard output.
        public var output: String
        /// The format of the output; nil: as the suffix of `output` says, on standard output that of the
        /// input.
        public var outputFormat: TabularFormat?
        /// Where the rejected rows go, CSV or JSON lines by its suffix; nil: they are counted only.
        public var rejectsPath: String?
        /// The bounds.
        public var limits: BatchLimits

        /// From `input` to `output`.
        public init(
            input: InputOptions, output: String = "-", outputFormat: TabularFormat? = nil,
            rejectsPath: String? = nil,
            limits: BatchLimits = BatchLimits()
        ) {
            self.input = input
            self.output = output
            self.outputFormat = outputFormat
            self.rejectsPath = rejectsPath
            self.limits = limits
        }
    }

    /// What was done.
    public struct Summary: Sendable, Hashable {
        /// Rows with a prediction.
        public let rows: Int
        /// Rows without one.
        public let rejects: Int
        /// The first rejected row, to be shown.
        public let firstReject: RejectedRow?
        /// Features that the input has no column for.
        public let missingFeatures: [String]
        /// From the beginning to the end.
        public let elapsed: Duration

        /// Rows of the input per second; 0 where there was none.
        public var rowsPerSecond: Double { rate(rows + rejects, elapsed) }
    }

    /// Scores the whole input. The output file appears under its name when all of it is written.
    ///
    /// Runs on a thread of its own. Throws `file`, `columns`, `keyColumn`, and `stopped` once `stop` is
    /// raised.
    public static func run(
        _ options: Options, model: ScoringModel, progress: BatchProgress = BatchProgress(),
        stop: StopSignal = StopSignal()
    ) async throws(BatchError) -> Summary {
        let thread = ThreadExecutor(name: "predict")
        return try await thread.run { () throws(BatchError) -> Summary in
            try score(options, model, progress, stop)
        }
    }

    private static func score(
        _ options: Options, _ model: ScoringModel, _ progress: BatchProgress, _ stop: StopSignal
    ) throws(BatchError) -> Summary {
        let began = ContinuousClock.now
        let source = try wrapping(.file) { try ByteSource(path: options.input.path) }
        source.tap = { progress.read($0.count) }
        let scorer = try FileScorer(
            source, options.input, model: model, keyIsRequired: false, limits: options.limits)
        let format = options.outputFormat ?? (options.output == "-" ? scorer.format : nil)
        let writer = try PredictionWriter(
            path: options.output, format: format, keyColumn: options.input.keyColumn,
            hasScores: model.predictor.output.scoresWidth > 0)
        let rejectWriter = try options.rejectsPath.map { path throws(BatchError) in
            try RejectWriter(path: path)
        }
        var block = ScoredBlock()
        var rows = 0
        var rejects = 0
        var firstReject: RejectedRow?
        while try scorer.next(into: &block) {
            guard !stop.isRaised else {
                throw BatchError(.stopped, "stopped after \(rows) rows", recovery: .retry)
            }
            try writer.write(block)
            for reject in block.rejects { try rejectWriter?.write(reject) }
            rows += block.count
            rejects += block.rejects.count
            firstReject = firstReject ?? block.rejects.first
            progress.set(rows: rows, rejects: rejects)
        }
        try writer.finish()
        try rejectWriter?.finish()
        return Summary(
            rows: rows, rejects: rejects, firstReject: firstReject, missingFeatures: scorer.missingFeatures,
            elapsed: began.duration(to: .now))
    }
}

/// `count` per second; 0 where nothing was done.
func rate(_ count: Int, _ elapsed: Duration) -> Double {
    count == 0 || elapsed <= .zero ? 0 : Double(count) / elapsed.seconds
}
