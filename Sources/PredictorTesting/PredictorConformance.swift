public import Models

/// The checks that every predictor must pass, whatever its format. Each returns the problems it found, in
/// words.
///
/// ```swift
/// let conformance = PredictorConformance(predictor, rows: rows)
/// #expect(conformance.problems().isEmpty)
/// ```
public struct PredictorConformance {
    private let predictor: any Predictor
    private let rows: [Float]
    private let count: Int

    /// Checks of `predictor` on whole rows of its width; some of their values should be NaN.
    public init(_ predictor: any Predictor, rows: [Float]) {
        self.predictor = predictor
        self.rows = rows
        count = predictor.featureCount == 0 ? 0 : rows.count / predictor.featureCount
    }

    /// The problems that all checks together find.
    public func problems() -> [String] {
        shapeProblems() + batchProblems() + orderProblems() + memoryProblems() + missingProblems()
            + probabilityProblems() + copyProblems()
    }

    /// The shape fits itself, and the names and labels fit the counts.
    public func shapeProblems() -> [String] {
        var problems: [String] = []
        let output = predictor.output
        if predictor.featureCount < 1 { problems.append("no features") }
        if let names = predictor.featureNames, names.count != predictor.featureCount {
            problems.append("\(names.count) names for \(predictor.featureCount) features")
        }
        if output.predictionWidth < 1 { problems.append("predictions of width \(output.predictionWidth)") }
        if let labels = output.classLabels, output.scoresWidth > 0, labels.count != output.scoresWidth {
            problems.append("\(labels.count) labels for \(output.scoresWidth) scores")
        }
        if output.kind == .classProbabilities, output.predictionWidth != output.scoresWidth {
            problems.append("class probabilities whose scores have another width")
        }
        return problems
    }

    /// A row alone, and in batches of every size from 1 to 40 and of all rows, gives the same bits.
    public func batchProblems() -> [String] {
        let whole = predictor.predict(rows: rows)
        var block = PredictionBlock()
        var scratch = PredictionScratch()
        for size in Array(1...40) + [count] where size > 0 {
            var start = 0
            while start < count {
                let part = min(size, count - start)
                let slice = Array(
                    rows[start * predictor.featureCount..<(start + part) * predictor.featureCount])
                predictor.predict(rows: slice.span, count: part, into: &block, scratch: &scratch)
                if block.count != part { return ["a batch of \(part) gave \(block.count) results"] }
                for row in 0..<part where !PredictorConformance.same(block, row, whole, start + row) {
                    return [
                        "row \(start + row) differs between batches of \(size) and \(count)"
                    ]
                }
                start += part
            }
        }
        return []
    }

    /// The results stand in the order of the rows: reversed rows give reversed results.
    public func orderProblems() -> [String] {
        let width = predictor.featureCount
        var reversed: [Float] = []
        for row in (0..<count).reversed() { reversed += rows[row * width..<(row + 1) * width] }
        let (straight, turned) = (predictor.predict(rows: rows), predictor.predict(rows: reversed))
        for row in 0..<count where !PredictorConformance.same(straight, row, turned, count - 1 - row) {
            return ["row \(row) changed its result when the rows were reversed"]
        }
        return []
    }

    /// Nothing of an earlier batch shows in a later one that uses the same memory; an empty batch is allowed.
    public func memoryProblems() -> [String] {
        let fresh = predictor.predict(rows: rows)
        var block = PredictionBlock()
        var scratch = PredictionScratch()
        let other = rows.map { $0 * -3 + 1 }
        predictor.predict(rows: other.span, count: count, into: &block, scratch: &scratch)
        predictor.predict(rows: rows.span, count: 0, into: &block, scratch: &scratch)
        if block.count != 0 { return ["an empty batch gave \(block.count) results"] }
        predictor.predict(rows: rows.span, count: count, into: &block, scratch: &scratch)
        for row in 0..<count where !PredictorConformance.same(fresh, row, block, row) {
            return ["row \(row) differs when the memory was used before"]
        }
        return []
    }

    /// Rows of missing values, of infinities and of huge values give a result, and always the same.
    public func missingProblems() -> [String] {
        let width = predictor.featureCount
        let values: [Float] = [
            .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude,
        ]
        var extreme: [Float] = []
        for value in values { extreme += Array(repeating: value, count: width) }
        let (first, second) = (predictor.predict(rows: extreme), predictor.predict(rows: extreme))
        for row in 0..<values.count where !PredictorConformance.same(first, row, second, row) {
            return ["a row of \(values[row]) gave two results"]
        }
        return first.predictionValues(0).contains { !$0.isFinite }
            ? ["a row with nothing in it gave no number"] : []
    }

    /// Probabilities lie from 0 to 1, those of all classes add up to 1, and the class is the likeliest one.
    public func probabilityProblems() -> [String] {
        let block = predictor.predict(rows: rows)
        let kind = predictor.output.kind
        for row in 0..<count {
            let scores = Array(block.scoreValues(row))
            if kind == .binaryProbability, !block.predictionValues(row).allSatisfy({ $0 >= 0 && $0 <= 1 }) {
                return ["row \(row): a probability outside 0 to 1"]
            }
            guard kind == .classIndex || kind == .classProbabilities, !scores.isEmpty else { continue }
            if abs(scores.reduce(0, +) - 1) > 1e-5 || !scores.allSatisfy({ $0 >= 0 && $0 <= 1 }) {
                return ["row \(row): the probabilities \(scores) do not add up to 1"]
            }
            if kind == .classIndex {
                let index = Int(block.prediction(row))
                guard scores.indices.contains(index), scores[index] == scores.max() else {
                    return ["row \(row): class \(index) is not the likeliest of \(scores)"]
                }
            }
        }
        return []
    }

    /// A copy gives the same results, also when used at the same time as the original.
    public func copyProblems() -> [String] {
        let copy = predictor
        let (first, second) = (predictor.predict(rows: rows), copy.predict(rows: rows))
        for row in 0..<count where !PredictorConformance.same(first, row, second, row) {
            return ["row \(row) differs in a copy"]
        }
        return []
    }

    private static func same(_ a: PredictionBlock, _ rowA: Int, _ b: PredictionBlock, _ rowB: Int) -> Bool {
        a.predictionValues(rowA).map(\.bitPattern) == b.predictionValues(rowB).map(\.bitPattern)
            && a.scoreValues(rowA).map(\.bitPattern) == b.scoreValues(rowB).map(\.bitPattern)
    }
}
