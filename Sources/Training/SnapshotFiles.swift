internal import Basics
internal import Features
internal import Models

/// Makes the files of a snapshot from a fitted model, and checks them as a consumer would.
struct SnapshotFiles {
    let fitted: FittedModel
    let data: FitData

    func make() throws(TrainingError) -> [TrainedModel.File] {
        let schema = data.plan.schema
        let golden = try goldenRows()
        let files = [
            TrainedModel.File(name: fitted.format.fileName, bytes: fitted.model),
            TrainedModel.File(name: "schema.json", bytes: schema.encoded()),
            TrainedModel.File(name: "pipeline.json", bytes: fitted.pipeline.encoded()),
            TrainedModel.File(name: "baseline.json", bytes: try baseline().encoded()),
            TrainedModel.File(name: "golden.json", bytes: golden.encoded()),
        ]
        try verify(files)
        return files
    }

    /// How features and predictions are distributed in the rows to train on.
    private func baseline() throws(TrainingError) -> Baseline {
        var builder = BaselineBuilder(schema: data.plan.schema)
        let rows = try fitted.path.batch(data.plan.columns, at: data.indices(.train))
        builder.add(rows.block)
        let block = fitted.predictor.predict(rows: rows.values)
        let predictions = (0..<block.count).map { block.prediction($0) }
        builder.add(predictions: predictions.span)
        return builder.finish()
    }

    /// The first rows of the test part with their predictions.
    private func goldenRows() throws(TrainingError) -> GoldenRows {
        let rows = Array(data.indices(.test).prefix(data.request.goldenRows))
        let block = fitted.predictor.predict(rows: try fitted.path.rows(data.plan.columns, at: rows))
        let golden = rows.enumerated().map { index, row in
            GoldenRows.Row(
                features: features(row), prediction: Array(block.predictionValues(index)),
                scores: Array(block.scoreValues(index)))
        }
        return GoldenRows(golden)
    }

    private func features(_ row: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for column in data.plan.columns {
            writer.key(column.name)
            switch column.values {
            case .numbers(let numbers):
                let number = numbers[row]
                if number.isNaN {
                    writer.null()
                } else if column.type == .boolean {
                    writer.boolean(number != 0)
                } else if let whole = Int(exactly: number) {
                    writer.integer(whole)
                } else {
                    writer.number(number)
                }
            case .codes(let codes, let categories):
                if codes[row] < 0 { writer.null() } else { writer.string(categories[Int(codes[row])]) }
            }
        }
        writer.endObject()
        return writer.take()
    }

    /// Reads the files again and scores the golden rows as events.
    private func verify(_ files: [TrainedModel.File]) throws(TrainingError) {
        let predictor = try CandidateFit.load(files[0].bytes, nil)
        let (schema, pipeline, golden) = try reread(files)
        let path = try ServingPath(schema: schema, pipeline: pipeline)
        var decoder = EventDecoder(schema: path.program.schema)
        var block = FeatureBlock(schema: path.program.schema)
        for row in golden.rows {
            let event = row.event
            if let fault = decoder.decode(event.span, 0..<event.count, into: &block) {
                throw TrainingError(
                    .verification, "a golden row is refused: \(fault.message(path.program.schema))",
                    recovery: .bug)
            }
        }
        let results = predictor.predict(rows: path.rows(block))
        for row in golden.rows.indices {
            if let problem = golden.mismatch(
                row, prediction: results.predictionValues(row), scores: results.scoreValues(row))
            {
                throw TrainingError(.verification, "golden \(problem)", recovery: .bug)
            }
        }
    }

    private func reread(
        _ files: [TrainedModel.File]
    ) throws(TrainingError) -> (Schema, Pipeline, GoldenRows) {
        // A span of an element does not outlive the expression that reads it: each needs an array of its own.
        let (schema, pipeline) = (files[1].bytes, files[2].bytes)
        let (baseline, golden) = (files[3].bytes, files[4].bytes)
        do throws(FeatureError) {
            _ = try Baseline(decoding: baseline.span)
            return (
                try Schema(decoding: schema.span), try Pipeline(decoding: pipeline.span),
                try GoldenRows(decoding: golden.span)
            )
        } catch {
            throw TrainingError(.verification, error.message, recovery: .bug, cause: error)
        }
    }
}
