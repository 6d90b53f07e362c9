internal import Basics

/// Trains boosted trees through libxgboost. The number of threads is fixed, because the order of the
/// library's sums (and so the last bits of the model) depends on it: the same rows and parameters give the
/// same bytes.
struct BoostedTreesFit {
    let library: XGBoostLibrary
    var task: TrainingTask
    var classCount = 2
    /// Rounds at most.
    var rounds = 200
    /// Rounds without a better validation metric after which it stops and the best round is kept; nil: all
    /// rounds.
    var earlyStoppingRounds: Int?
    /// The library's own parameters, over the defaults.
    var parameters: [String: String] = [:]
    /// `json` or `ubj`.
    var format = "json"

    struct Fitted: Sendable {
        var model: [UInt8]
        var parameters: [(String, String)]
        var rounds: Int
        /// The metric on the validation part by round.
        var history: [Double]
    }

    struct Rows {
        var values: [Float]
        var labels: [Float]
    }

    /// The parameters given to the library, in order.
    var allParameters: [(String, String)] {
        var all = [
            "objective": objective, "eta": "0.1", "max_depth": "6", "tree_method": "hist", "nthread": "2",
            "seed": "1", "eval_metric": evaluationMetric,
        ]
        if task == .multiclass { all["num_class"] = "\(classCount)" }
        for (name, value) in parameters {
            // One setting under two names would leave it to chance which holds.
            all[BoostedTreesFit.aliases[name] ?? name] = value
        }
        return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static let aliases = [
        "learning_rate": "eta", "n_jobs": "nthread", "random_state": "seed", "reg_lambda": "lambda",
        "reg_alpha": "alpha", "min_split_loss": "gamma",
    ]

    private var objective: String {
        switch task {
        case .binary: "binary:logistic"
        case .multiclass: "multi:softprob"
        case .regression: "reg:squarederror"
        }
    }

    private var evaluationMetric: String {
        switch task {
        case .binary: "logloss"
        case .multiclass: "mlogloss"
        case .regression: "rmse"
        }
    }

    /// Fits to `train`, judged by `validation` after each round. `progress` hears (round, metric);
    /// `shouldStop` is asked before each round.
    func fit(
        train: Rows, validation: Rows, names: [String], shouldStop: () -> Bool,
        progress: (Int, Double) -> Void
    ) throws(TrainingError) -> Fitted {
        let trainMatrix = try XGBoostMatrix.make(
            library, rows: train.values, columnCount: names.count, labels: train.labels)
        let judge = validation.labels.isEmpty ? train : validation
        let validationMatrix = try XGBoostMatrix.make(
            library, rows: judge.values, columnCount: names.count, labels: judge.labels)
        let all = allParameters
        let booster = try XGBoostBooster.make(
            library, train: trainMatrix, validation: validationMatrix, parameters: all)
        var history: [Double] = []
        var best = 0
        let metric = all.first { $0.0 == "eval_metric" }?.1 ?? evaluationMetric
        let isGreaterBetter = ["auc", "aucpr", "ndcg", "map", "pre"].contains { metric.hasPrefix($0) }
        for round in 0..<rounds {
            if shouldStop() {
                throw TrainingError(.cancelled, "training was cancelled in round \(round)", recovery: .retry)
            }
            try booster.update(round: round, train: trainMatrix)
            let value = try booster.evaluate(round: round, on: validationMatrix)
            history.append(value)
            progress(round + 1, value)
            if isGreaterBetter ? value > history[best] : value < history[best] { best = round }
            if let patience = earlyStoppingRounds, round - best >= patience { break }
        }
        guard earlyStoppingRounds != nil, best + 1 < history.count else {
            return Fitted(
                model: try booster.saved(format: format, names: names), parameters: all,
                rounds: history.count,
                history: history)
        }
        let sliced = try booster.sliced(rounds: best + 1)
        return Fitted(
            model: try sliced.saved(format: format, names: names), parameters: all, rounds: best + 1,
            history: history)
    }
}
