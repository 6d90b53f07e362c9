internal import Features
internal import Models

/// The acceptance check: golden rows scored here come out as they did where they were recorded.
enum GoldenCheck {
    /// Rows that are scored together.
    private static let batchRows = 1_024

    /// Throws `golden-mismatch` naming the first row that differs by more than the tolerance,
    /// `golden-unreadable` naming the first that is no event of the schema.
    static func run(
        _ golden: GoldenRows, program: FeatureProgram, predictor: any Predictor, place: String
    ) throws(ModelcastError) {
        var decoder = EventDecoder(schema: program.schema)
        var block = FeatureBlock(schema: program.schema)
        var scratch = FeatureScratch()
        var rows: [Float] = []
        var predictions = PredictionBlock()
        var memory = PredictionScratch()
        var start = 0
        while start < golden.rows.count {
            let end = min(golden.rows.count, start + batchRows)
            block.removeAll()
            for index in start..<end {
                let event = golden.rows[index].event
                if let fault = decoder.decode(event.span, 0..<event.count, into: &block) {
                    throw ModelcastError(
                        .goldenUnreadable,
                        "\(place): golden row \(index) is no event of the schema: "
                            + fault.message(program.schema),
                        hint: "record the golden rows again with the schema that is published")
                }
            }
            program.write(block, into: &rows, scratch: &scratch)
            predictor.predict(rows: rows.span, count: end - start, into: &predictions, scratch: &memory)
            for index in start..<end {
                let row = index - start
                let problem = golden.mismatch(
                    index, prediction: predictions.predictionValues(row), scores: predictions.scoreValues(row)
                )
                if let problem {
                    throw ModelcastError(
                        .goldenMismatch, "\(place): golden \(problem)",
                        hint:
                            "the model does not score here as it did where it was made: "
                            + "compare library versions"
                    )
                }
            }
            start = end
        }
    }
}
