import Arguments
import Basics
import BatchScoring
import Tabular

/// `modelcast predict`: scores a file into a file.
struct PredictCommand: Command {
    static let output = Option(
        "output", .file, default: "-",
        help: "Where the predictions go, CSV or JSON lines by the suffix; - is standard output.")
    static let key = Option(
        "key", optional: .text, valueName: "COLUMN", help: "The column that names a row in the output.")
    static let rejects = Option(
        "rejects", optional: .file, help: "Write the rows that cannot be scored here, CSV or JSON lines.")
    static let spec = CommandSpec(
        "predict", abstract: "Score a file with a published version or a model file.",
        discussion: """
            Columns are found by the features' names where the file has a header, else by their position. \
            A row that cannot be scored is counted and skipped. On standard output the rows come first \
            and, with --format json, the summary last.
            """,
        options: [ModelSource.model, PredictOptions.input, output, key, rejects] + ModelSource.options
            + InputOptions.all + CommonOptions.all,
        examples: [
            .init(
                "modelcast predict --model tips@3 --input rides.csv --output scored.csv", "With version 3."),
            .init("modelcast predict --model model.ubj --input rides.jsonl", "With a file, to the screen."),
        ], section: "Models")

    let common: CommonOptions
    let source: ModelSource
    let options: FilePrediction.Options

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        source = try ModelSource(values: values)
        var input = try PredictOptions.input(values)
        input.keyColumn = try values[Self.key]
        let output = try values[Self.output]
        options = FilePrediction.Options(
            input: input, output: output,
            outputFormat: output == "-" && common.output.isJSON ? .jsonLines : nil,
            rejectsPath: try values[Self.rejects])
    }

    func run() async throws {
        let stop = Signals.stop
        let model = try await source.load(common)
        let progress = BatchProgress()
        let summary = try await FileProgress.watch(progress) {
            try await FilePrediction.run(options, model: model, progress: progress, stop: stop)
        }
        try FileProgress.warn(missing: summary.missingFeatures, of: options.input.path)
        try finish(summary, model)
        guard let first = summary.firstReject else { return }
        let failure = CommandError(
            .badRows, "\(summary.rejects) rows of \(options.input.path) could not be scored",
            hint: "line \(first.line): \(first.reason): \(first.detail)", recovery: .fixInput)
        // Where nothing could be scored, the file and the model do not belong together.
        if summary.rows == 0 { throw failure }
        try StandardStream.error.write(Array("modelcast: \(failure.message); \(failure.hint)\n".utf8))
    }

    private func finish(_ summary: FilePrediction.Summary, _ model: ScoringModel) throws {
        let text =
            "\(Units.count(summary.rows)) predictions of \(model.name)@\(model.version), "
            + "\(Units.count(summary.rejects)) rejects (\(Units.rate(summary.rowsPerSecond)))"
        // The rows may be on standard output: what is for people does not belong between them.
        if !common.output.isJSON { try StandardStream.error.write(Array((text + "\n").utf8)) }
        try common.output.summary(
            "predict",
            [
                "model": .string(model.name), "version": JSON(model.version), "digest": .string(model.digest),
                "rows": JSON(summary.rows), "rejects": JSON(summary.rejects),
                "rowsPerSecond": .rounded(summary.rowsPerSecond, places: 1),
            ])
    }
}
