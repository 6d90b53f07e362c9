import Arguments
import Basics
import Models

/// `modelcast bench score`: rows per second of one thread, by batch size.
struct BenchScoreCommand: Command {
    static let model = Option("model", .file, valueName: "FILE", help: "A model file.")
    static let input = Option(
        "input", optional: .file, help: "A table with rows to score; without it, 65536 generated ones.")
    static let batch = Option(
        "batch", .batchSizes, default: "1,64,1024,65536", help: "Batch sizes, separated by commas.")
    static let time = Option(
        "time", .duration, default: "1s",
        help: "How long each batch size is measured, after a tenth to warm up.")
    static let spec = CommandSpec(
        "score", abstract: "Measure scoring: rows per second of one thread, by batch size.",
        options: [model, input, batch, time] + InputOptions.all + CommonOptions.all,
        examples: [
            .init("modelcast bench score --model model.ubj --batch 1,1024", "Measure two batch sizes.")
        ])

    let common: CommonOptions
    let inputOptions: InputOptions
    let model: String
    let input: String?
    let batches: [Int]
    let time: Duration

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        inputOptions = try InputOptions(values: values)
        model = try values[Self.model]
        input = try values[Self.input]
        batches = try values[Self.batch]
        time = try values[Self.time]
    }

    func run() async throws {
        let results = try await ThreadExecutor(name: "bench").run { try measure() }
        let name = model.split(separator: "/").last.map(String.init) ?? model
        try common.output.table(
            [.text("model"), .number("batch"), .number("rows/s"), .number("ns/row")],
            results.map { result in
                (
                    [
                        "engine": "modelcast", "model": .string(name), "batch": JSON(result.batch),
                        "rowsPerSecond": .rounded(result.rowsPerSecond, places: 0),
                    ],
                    [
                        name, String(result.batch), Units.count(Int(result.rowsPerSecond)),
                        Units.digits(1e9 / result.rowsPerSecond),
                    ]
                )
            }, empty: "")
        try common.output.summary("bench score", ["model": .string(name), "batches": JSON(results.count)])
    }

    private struct Result: Sendable {
        let batch: Int
        let rowsPerSecond: Double
    }

    private func measure() throws -> [Result] {
        let bytes = try InputFile.read(model, bytesMax: ModelLimits().fileBytesMax)
        let predictor = try PredictorLoader.load(bytes)
        let rows =
            try
            (input.map { try BenchRows.read($0, input: inputOptions, predictor: predictor) }
            ?? BenchRows.generated(width: predictor.featureCount))
            .repeated(toAtLeast: batches.max() ?? 1)
        return batches.map { batch in
            _ = rate(predictor, rows, batch: batch, time: time / 10)
            return Result(batch: batch, rowsPerSecond: rate(predictor, rows, batch: batch, time: time))
        }
    }

    /// Scores batches one after another, over all rows and again from the first, until `time` is over.
    private func rate(_ predictor: any Predictor, _ rows: BenchRows, batch: Int, time: Duration) -> Double {
        var block = PredictionBlock()
        var scratch = PredictionScratch()
        let width = predictor.featureCount
        var row = 0
        var scored = 0
        // The clock costs as much as scoring a row: look at it once in a thousand rows.
        let callsPerLook = max(1, 1_000 / batch)
        let start = ContinuousClock.now
        var elapsed = Duration.zero
        repeat {
            for _ in 0..<callsPerLook {
                if row + batch > rows.count { row = 0 }
                let span = rows.floats.span.extracting(row * width..<(row + batch) * width)
                predictor.predict(rows: span, count: batch, into: &block, scratch: &scratch)
                row += batch
                scored += batch
            }
            elapsed = ContinuousClock.now - start
        } while elapsed < time
        return Double(scored) / elapsed.seconds
    }
}

extension ValueParser where Value == [Int] {
    /// Whole numbers from 1, separated by commas.
    static var batchSizes: Self {
        ValueParser("N,N…", expected: "whole numbers from 1 to 1048576, separated by commas") { text in
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { Int($0) }.filter { (1...1 << 20).contains($0) }
            return numbers.count == parts.count ? numbers : nil
        }
    }
}
