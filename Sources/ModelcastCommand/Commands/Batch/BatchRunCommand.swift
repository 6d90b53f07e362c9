import Arguments
import Basics
import BatchScoring

/// `modelcast batch run`: scores a file into the store; the same command again resumes a killed run.
struct BatchRunCommand: Command {
    static let key = Option(
        "key", .text, valueName: "COLUMN", help: "The column whose text identifies a row: the entity.")
    static let hold = Option(flag: "hold", help: "Let the run wait for `batch approve`.")
    static let rejects = Option(
        "rejects", optional: .file, help: "Write the rows that cannot be scored here, CSV or JSON lines.")
    static let spec = CommandSpec(
        "run", abstract: "Score a file into the store; the same command again resumes a killed run.",
        options: [ModelSource.model, PredictOptions.input, BatchOptions.store, key, hold, rejects]
            + ModelSource.options + InputOptions.all + CommonOptions.all,
        examples: [
            .init(
                "modelcast batch run --model tips@3 --input rides.csv --store predictions.db --key trip",
                "Score every ride; readers see all of the run or nothing.")
        ])

    let common: CommonOptions
    let source: ModelSource
    let options: BatchRun.Options

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        source = try ModelSource(values: values)
        options = BatchRun.Options(
            input: try PredictOptions.input(values), keyColumn: try values[Self.key],
            store: try values[BatchOptions.store], hold: try values[Self.hold],
            rejectsPath: try values[Self.rejects])
    }

    func run() async throws {
        let stop = Signals.stop
        let model = try await source.load(common)
        let progress = BatchProgress()
        let summary = try await FileProgress.watch(progress) {
            try await BatchRun.run(options, model: model, progress: progress, stop: stop)
        }
        try FileProgress.warn(missing: summary.missingFeatures, of: options.input.path)
        let record = summary.record
        try common.output.summary(
            "batch",
            [
                "run": .string(summary.run), "model": .string(record.identity.model),
                "version": JSON(record.identity.version), "rows": JSON(summary.rows),
                "rejects": JSON(summary.rejects), "rowsPerSecond": .rounded(summary.rowsPerSecond, places: 1),
                "state": .string(record.progress.state.rawValue), "rowsWritten": JSON(summary.rowsWritten),
            ],
            text: "run \(summary.run): \(Units.count(summary.rows)) predictions of "
                + "\(record.identity.model)@\(record.identity.version), "
                + "\(Units.count(summary.rejects)) rejects, "
                + "\(record.progress.state.rawValue) (\(Units.rate(summary.rowsPerSecond)))")
    }
}
