/// How well scores put one class above the other: the area under the ROC curve.
public enum AreaUnderCurve {
    /// The share of (positive, negative) pairs in which the positive row has the higher score, ties counted
    /// half: the area under the curve, without rounding until the last division. Not a number when all rows
    /// are of one class.
    public static func of(scores: [Float], isPositive: [Bool]) -> Double {
        let order = scores.indices.sorted { scores[$0] < scores[$1] }
        var negativesBelow = 0
        // Twice the number of pairs won, so that a tie counts one.
        var doubled = 0
        var start = 0
        while start < order.count {
            var end = start
            var positives = 0
            while end < order.count, scores[order[end]] == scores[order[start]] {
                if isPositive[order[end]] { positives += 1 }
                end += 1
            }
            // Not a number equals nothing, itself included: take it as a tie of one.
            if end == start {
                positives = isPositive[order[start]] ? 1 : 0
                end += 1
            }
            let negatives = end - start - positives
            doubled += positives * (2 * negativesBelow + negatives)
            negativesBelow += negatives
            start = end
        }
        let positives = scores.count - negativesBelow
        guard positives > 0, negativesBelow > 0 else { return .nan }
        return Double(doubled) / (2 * Double(positives) * Double(negativesBelow))
    }
}
