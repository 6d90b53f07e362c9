/// A number that says how good predictions are.
public enum Metric: String, Sendable, CaseIterable, Comparable {
    /// The share of rows whose likeliest class is the true one.
    case accuracy
    /// The share of predicted positives that are positive; over classes, the mean of the classes.
    case precision
    /// The share of positives that were predicted positive; over classes, the mean of the classes.
    case recall
    /// The harmonic mean of precision and recall; over classes, the mean of the classes.
    case f1
    /// The area under the receiver operating characteristic: the chance that a positive row is ranked above a
    /// negative one, ties counted half; over classes, the mean of one class against the rest.
    case auc
    /// The mean negative logarithm of the probability given to the true class.
    case logLoss
    /// The root of the mean squared error, in the label's unit.
    case rmse
    /// The mean absolute error, in the label's unit.
    case mae
    /// The share of the label's variance that is explained (the coefficient of determination).
    case r2

    /// Whether a greater value is better.
    public var isGreaterBetter: Bool {
        switch self {
        case .logLoss, .rmse, .mae: false
        default: true
        }
    }

    /// The metric called `name` in any case, with or without `_` and `-` (`logLoss`, `log_loss`); nil for any
    /// other.
    public init?(name: some StringProtocol) {
        let plain = name.lowercased().filter { $0 != "_" && $0 != "-" }
        guard let metric = Metric.allCases.first(where: { $0.rawValue.lowercased() == plain }) else {
            return nil
        }
        self = metric
    }

    /// Whether `candidate` is better than `other`; nothing is better than itself, and not a number is never
    /// better.
    public func isBetter(_ candidate: Double, than other: Double) -> Bool {
        if other.isNaN { return !candidate.isNaN }
        return isGreaterBetter ? candidate > other : candidate < other
    }

    public static func < (left: Metric, right: Metric) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int { Metric.allCases.firstIndex(of: self) ?? 0 }
}

/// What is predicted.
public enum TrainingTask: String, Sendable, CaseIterable {
    /// One of two classes, by the probability of the second.
    case binary
    /// One of several classes.
    case multiclass
    /// A number.
    case regression

    /// The metrics that an evaluation gives.
    public var metrics: [Metric] {
        switch self {
        case .binary, .multiclass: [.accuracy, .precision, .recall, .f1, .auc, .logLoss]
        case .regression: [.rmse, .mae, .r2]
        }
    }

    /// What the best of several models is chosen by unless the request says.
    public var defaultMetric: Metric {
        switch self {
        case .binary: .auc
        case .multiclass: .logLoss
        case .regression: .rmse
        }
    }
}
