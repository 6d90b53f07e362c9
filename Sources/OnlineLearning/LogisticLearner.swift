internal import Glibc

/// Logistic regression that learns one example at a time by stochastic gradient descent on the log loss with
/// an L2 penalty, over standardised columns (Bottou, "Stochastic Gradient Descent Tricks", 2012, section 5:
/// the step of example t is `eta / (1 + decay * t)`).
///
/// Score an example first and learn from it second, and its score is an honest test. A value: the same
/// examples in the same order give the same bits, and a stored learner goes on as the one that was stored. A
/// missing value stands for its column's mean.
public struct LogisticLearner: Sendable, Equatable {
    /// The steps.
    public struct Settings: Sendable, Equatable {
        /// The first step.
        public var rate = 0.05
        /// How fast steps shrink.
        public var decay = 1e-4
        /// The weight of the L2 penalty.
        public var penalty = 1e-5
        /// Standardised values beyond this many deviations are cut.
        public var deviationsMax = 8.0

        /// The default steps.
        public init() {}
    }

    /// The steps.
    public var settings: Settings
    /// The columns' means and deviations so far.
    public private(set) var scale: RunningScale
    /// A weight for each standardised column.
    public private(set) var weights: [Double]
    /// The constant.
    public private(set) var intercept: Double
    /// Examples learned.
    public private(set) var examples: Int

    /// A learner of `width` columns that knows nothing.
    public init(width: Int, settings: Settings = Settings()) {
        self.settings = settings
        scale = RunningScale(width: width)
        weights = Array(repeating: 0, count: width)
        intercept = 0
        examples = 0
    }

    /// A learner that was stored; nil when the widths differ.
    public init?(
        settings: Settings, scale: RunningScale, weights: [Double], intercept: Double, examples: Int
    ) {
        guard weights.count == scale.width, examples >= 0 else { return nil }
        self.settings = settings
        self.scale = scale
        self.weights = weights
        self.intercept = intercept
        self.examples = examples
    }

    /// How many columns.
    public var width: Int { weights.count }

    /// The probability that the label of `row` is true.
    public func probability(_ row: some Collection<Float>) -> Double {
        LogisticLearner.sigmoid(margin(row))
    }

    /// Learns that the label of `row` is `label`.
    public mutating func learn(_ row: some Collection<Float>, label: Bool) {
        scale.update(row)
        let gradient = LogisticLearner.sigmoid(margin(row)) - (label ? 1 : 0)
        let step = settings.rate / (1 + settings.decay * Double(examples))
        for (column, value) in row.enumerated() {
            let standard = standardised(value, column)
            weights[column] -= step * (gradient * standard + settings.penalty * weights[column])
        }
        intercept -= step * gradient
        examples += 1
    }

    /// The same function over columns as they come, missing ones imputed with `scale.means`: weights and
    /// constant. (Values beyond `deviationsMax` deviations, which learning cuts, are not cut there.)
    public var unscaled: (weights: [Float], intercept: Float) {
        var constant = intercept
        var plain: [Float] = []
        for column in 0..<width {
            let weight = weights[column] / scale.deviation(column)
            plain.append(Float(weight))
            constant -= weight * scale.means[column]
        }
        return (plain, Float(constant))
    }

    private func margin(_ row: some Collection<Float>) -> Double {
        var sum = intercept
        for (column, value) in row.enumerated() { sum += weights[column] * standardised(value, column) }
        return sum
    }

    private func standardised(_ value: Float, _ column: Int) -> Double {
        guard !value.isNaN else { return 0 }
        let standard = (Double(value) - scale.means[column]) / scale.deviation(column)
        return min(max(standard, -settings.deviationsMax), settings.deviationsMax)
    }

    private static func sigmoid(_ margin: Double) -> Double {
        1 / (1 + exp(-margin))
    }
}
