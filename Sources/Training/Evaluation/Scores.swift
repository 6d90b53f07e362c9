internal import Features
internal import Models

/// Evaluates a predictor's own outputs, whatever their shape.
enum Scores {
    /// Evaluates what `predictor` gives for `rows`.
    ///
    /// Throws `verification` when its outputs are none of the task.
    static func evaluate(
        _ predictor: any Predictor, _ rows: [Float], labels: [Float], task: TrainingTask, classCount: Int
    ) throws(TrainingError) -> Evaluation {
        let block = predictor.predict(rows: rows)
        let predictions = Array(block.predictions.prefix(block.count * block.predictionWidth))
        let scores = Array(block.scores.prefix(block.count * block.scoresWidth))
        switch task {
        case .regression where block.predictionWidth == 1:
            return .regression(labels: labels, predictions: predictions)
        case .binary where predictor.output.kind == .binaryProbability:
            return .binary(labels: labels, probabilities: predictions)
        case .binary where predictor.output.kind == .regression && block.predictionWidth == 1:
            return .binary(labels: labels, probabilities: predictions)
        case .binary where block.scoresWidth == 2:
            return .binary(labels: labels, probabilities: labels.indices.map { scores[2 * $0 + 1] })
        case .multiclass where block.scoresWidth == classCount:
            return .multiclass(labels: labels, probabilities: scores, classCount: classCount)
        case .multiclass where block.predictionWidth == classCount:
            return .multiclass(labels: labels, probabilities: predictions, classCount: classCount)
        default:
            throw TrainingError(
                .verification,
                "a model that gives \(predictor.output.kind) cannot be evaluated on a \(task.rawValue) label")
        }
    }
}

extension Champion {
    /// Evaluates the champion on the test rows, by its own schema and pipeline.
    func evaluate(
        _ table: Table, _ columns: [FrameColumn], rows: [Int], label: Label
    ) throws(TrainingError) -> Evaluation {
        guard let model = files[modelFile] else {
            throw TrainingError(.request, "the champion \(name) has no file \(modelFile)")
        }
        let predictor = try CandidateFit.load(model, nil)
        let schema: Schema
        let pipeline: Pipeline?
        do throws(FeatureError) {
            schema =
                if let bytes = files["schema.json"] { try Schema(decoding: bytes.span) } else {
                    try Schema.floats(names: predictor.featureNames, count: predictor.featureCount)
                }
            pipeline =
                if let bytes = files["pipeline.json"] { try Pipeline(decoding: bytes.span) } else { nil }
        } catch {
            throw TrainingError(
                .request, "the champion \(name): \(error.message)", hint: error.hint, cause: error)
        }
        let known = Dictionary(columns.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var used: [FrameColumn] = []
        for feature in schema.features {
            guard let column = known[feature.name] else {
                throw TrainingError(
                    .columns,
                    "the champion \(name) needs the feature \(feature.name), which the table does not have")
            }
            used.append(feature.kind == .categorical ? column.asCategories() : column)
        }
        let path = try ServingPath(schema: schema, pipeline: pipeline)
        return try Scores.evaluate(
            predictor, path.rows(used, at: rows), labels: rows.map { label.values[$0] }, task: label.task,
            classCount: label.classes.count)
    }
}
