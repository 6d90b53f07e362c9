internal import Basics
internal import Features
internal import Models

/// The data as every algorithm gets it.
struct FitData {
    let request: TrainingRequest
    let label: Label
    let plan: FeaturePlan
    /// The table's rows of each part.
    let parts: [DataPart: [Int]]
    let shouldStop: () -> Bool
    let progress: (TrainingProgress) -> Void

    func labels(_ part: DataPart) -> [Float] { (parts[part] ?? []).map { label.values[$0] } }

    func indices(_ part: DataPart) -> [Int] { parts[part] ?? [] }
}

/// A fitted model, loaded again from its own file.
struct FittedModel {
    let candidate: Candidate
    let pipeline: Pipeline
    let format: ModelFormat
    let model: [UInt8]
    let predictor: any Predictor
    let path: ServingPath
    let libraryVersion: String?
}

/// Fits one algorithm and evaluates what its file predicts.
struct CandidateFit {
    let data: FitData
    let algorithm: Algorithm
    let library: XGBoostLibrary?

    private struct Product {
        var model: [UInt8]
        var format: ModelFormat
        var parameters: [(name: String, value: String)]
    }

    func run() throws(TrainingError) -> FittedModel {
        data.progress(.fitting(algorithm))
        let clock = ContinuousClock()
        let start = clock.now
        let (schema, columns, train) = (data.plan.schema, data.plan.columns, data.indices(.train))
        let pipeline =
            algorithm == .xgboost
            ? PipelineFit.trees(schema, columns, train: train)
            : PipelineFit.linear(schema, columns, train: train)
        let path = try ServingPath(schema: schema, pipeline: pipeline)
        var rows: [DataPart: [Float]] = [:]
        for part in DataPart.allCases { rows[part] = try path.rows(columns, at: data.indices(part)) }
        let product = algorithm == .xgboost ? try boosted(rows, path) : try linear(rows, path)
        let duration = clock.now - start
        let predictor = try Self.load(product.model, product.format)
        guard predictor.featureCount == path.program.outputCount else {
            throw TrainingError(
                .verification,
                "\(algorithm.rawValue): the model takes \(predictor.featureCount) floats a row, the "
                    + "pipeline writes \(path.program.outputCount)", recovery: .bug)
        }
        var evaluations: [DataPart: Evaluation] = [:]
        for part in DataPart.allCases where !data.indices(part).isEmpty {
            evaluations[part] = try Scores.evaluate(
                predictor, rows[part] ?? [], labels: data.labels(part), task: data.label.task,
                classCount: data.label.classes.count)
        }
        let candidate = Candidate(
            algorithm: algorithm, parameters: product.parameters, evaluations: evaluations,
            modelBytes: product.model.count, inputCount: path.program.outputCount, duration: duration)
        data.progress(.fitted(candidate))
        return FittedModel(
            candidate: candidate, pipeline: pipeline, format: product.format, model: product.model,
            predictor: predictor, path: path, libraryVersion: algorithm == .xgboost ? library?.version : nil)
    }

    static func load(_ bytes: [UInt8], _ format: ModelFormat?) throws(TrainingError) -> any Predictor {
        do throws(ModelError) {
            return try PredictorLoader.load(bytes, format: format)
        } catch {
            throw TrainingError(
                .verification, "the model does not load: \(error.message)", hint: error.hint,
                recovery: error.recovery, cause: error)
        }
    }

    // MARK: The linear family

    private func linear(_ rows: [DataPart: [Float]], _ path: ServingPath) throws(TrainingError) -> Product {
        let classCount = data.label.classes.count
        let loss: LinearFit.Loss
        let kind: LinearModel.Kind
        switch algorithm {
        case .logistic: (loss, kind) = (.logistic, .logistic)
        case .softmax: (loss, kind) = (.softmax(classes: classCount), .softmax)
        default: (loss, kind) = (.squared, .identity)
        }
        let l2 = try Parameters.number("l2", data.request.parameters, default: 1, in: 0...1e9)
        let width = path.program.outputCount
        let fit = LinearFit(loss: loss, l2: l2)
        let weights = try fit.fit(
            SparseRows(dense: rows[.train] ?? [], columnCount: width), labels: data.labels(.train),
            shouldStop: data.shouldStop)
        if data.shouldStop() { throw TrainingError(.cancelled, "training was cancelled", recovery: .retry) }
        let names = path.program.outputNames
        let usesLabels = kind != .identity && data.label.classes != ["0", "1"]
        do throws(ModelError) {
            let model = try LinearModel(
                kind: kind, intercepts: weights.intercepts.map { Float($0) },
                weights: weights.weights.map { Float($0) }, featureCount: width,
                featureNames: Set(names).count == names.count ? names : nil,
                classLabels: usesLabels ? data.label.classes : nil)
            return Product(
                model: model.encoded(), format: .nativeLinear,
                parameters: [("iterations", "\(weights.iterations)"), ("l2", "\(l2)")])
        } catch {
            throw TrainingError(.diverged, error.message, hint: error.hint, cause: error)
        }
    }

    // MARK: Boosted trees

    private func boosted(_ rows: [DataPart: [Float]], _ path: ServingPath) throws(TrainingError) -> Product {
        guard let library else { throw TrainingError(.library, "libxgboost is not open", recovery: .bug) }
        var fit = BoostedTreesFit(
            library: library, task: data.label.task, classCount: data.label.classes.count)
        var parameters = data.request.parameters
        fit.rounds = try Parameters.whole("rounds", parameters, default: 200, in: 1...100_000)
        let patience = try Parameters.whole("early_stopping_rounds", parameters, default: 20, in: 0...100_000)
        fit.earlyStoppingRounds = patience == 0 ? nil : patience
        fit.format = parameters["model_format"] ?? "json"
        guard fit.format == "json" || fit.format == "ubj" else {
            throw TrainingError(.request, "model_format=\(fit.format)", hint: "json or ubj")
        }
        for name in Parameters.own { parameters[name] = nil }
        fit.parameters = parameters
        let rounds = fit.rounds
        let fitted = try fit.fit(
            train: BoostedTreesFit.Rows(values: rows[.train] ?? [], labels: data.labels(.train)),
            validation: BoostedTreesFit.Rows(
                values: rows[.validation] ?? [], labels: data.labels(.validation)),
            names: path.program.outputNames, shouldStop: data.shouldStop,
            progress: { data.progress(.round(algorithm, $0, of: rounds, value: $1)) })
        let used = fitted.parameters.map { (name: $0.0, value: $0.1) }
        return Product(
            model: fitted.model, format: fit.format == "json" ? .xgboostJSON : .xgboostUBJSON,
            parameters: used + [("rounds", "\(fitted.rounds)")])
    }
}

/// Reads parameters given as text.
enum Parameters {
    /// Those that are ours; all others go to XGBoost.
    static let own = ["rounds", "early_stopping_rounds", "model_format", "l2"]

    static func number(
        _ name: String, _ given: [String: String], default standard: Double, in range: ClosedRange<Double>
    ) throws(TrainingError) -> Double {
        guard let text = given[name] else { return standard }
        guard let value = Double(text), range.contains(value) else {
            throw TrainingError(
                .request, "\(name)=\(text)", hint: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    static func whole(
        _ name: String, _ given: [String: String], default standard: Int, in range: ClosedRange<Int>
    ) throws(TrainingError) -> Int {
        guard let text = given[name] else { return standard }
        guard let value = Int(text), range.contains(value) else {
            throw TrainingError(
                .request, "\(name)=\(text)",
                hint: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
