internal import Glibc

/// The last step from margins (sums of leaves, weighted sums) to what the model predicts.
enum Link: Hashable, Sendable {
    /// The margin itself.
    case identity
    /// 1 / (1 + e^-x).
    case logistic
    /// e^x.
    case exponential
    /// 1 above zero, else 0.
    case step
    /// The index of the greatest margin; the probabilities as scores.
    case softmaxClass
    /// The probabilities by class.
    case softmaxProbabilities

    /// Turns `count` rows of `width` margins into the block's predictions and scores.
    func apply(_ margins: Span<Float>, count: Int, width: Int, into block: inout PredictionBlock) {
        let total = count * width
        switch self {
        case .identity:
            for index in 0..<total { block.predictions[index] = margins[index] }
        case .logistic:
            for index in 0..<total { block.predictions[index] = Link.sigmoid(margins[index]) }
        case .exponential:
            for index in 0..<total { block.predictions[index] = expf(margins[index]) }
        case .step:
            for index in 0..<total { block.predictions[index] = margins[index] > 0 ? 1 : 0 }
        case .softmaxClass:
            for row in 0..<count {
                let best = Link.softmax(margins, from: row * width, width: width, into: &block.scores)
                block.predictions[row] = Float(best)
            }
        case .softmaxProbabilities:
            for row in 0..<count {
                _ = Link.softmax(margins, from: row * width, width: width, into: &block.scores)
            }
            for index in 0..<total { block.predictions[index] = block.scores[index] }
        }
    }

    /// In float32, as XGBoost computes it: the exponent is kept below float32's overflow, and 1e-16 keeps
    /// the divisor from zero.
    @inline(__always)
    static func sigmoid(_ margin: Float) -> Float {
        1 / (expf(min(-margin, 88.7)) + 1 + 1e-16)
    }

    /// Writes the probabilities of one row and returns the index of the first greatest margin. The sum is a
    /// double, as in XGBoost.
    private static func softmax(
        _ margins: Span<Float>, from start: Int, width: Int, into scores: inout [Float]
    ) -> Int {
        var best = 0
        for index in 1..<max(width, 1) where margins[start + index] > margins[start + best] { best = index }
        let greatest = margins[start + best]
        var sum: Double = 0
        for index in 0..<width {
            let value = expf(margins[start + index] - greatest)
            scores[start + index] = value
            sum += Double(value)
        }
        let divisor = Float(sum)
        for index in 0..<width { scores[start + index] /= divisor }
        return best
    }
}
