public import Models

/// Rows and what the library that trained the model predicts for them.
public struct PredictionOracle: Sendable {
    /// Rows of float32, one behind the other.
    public let rows: [Float]
    /// The library's predictions, one row behind the other.
    public let expected: [Float]
    /// The difference allowed: relative to the expected value, and absolute near zero.
    public let relative: Float
    /// The absolute difference that is always allowed.
    public let absolute: Float

    /// An oracle with the given tolerance; float32 rounding by default.
    public init(rows: [Float], expected: [Float], relative: Float = 1e-6, absolute: Float = 1e-7) {
        self.rows = rows
        self.expected = expected
        self.relative = relative
        self.absolute = absolute
    }

    /// What of the predictor's output differs from the expected one by more than the tolerance: at most ten
    /// lines.
    public func problems(_ predictor: any Predictor) -> [String] {
        let block = predictor.predict(rows: rows)
        let width = predictor.output.predictionWidth
        guard block.count * width == expected.count else {
            return ["\(block.count) rows of width \(width) where \(expected.count) numbers are expected"]
        }
        return PredictionOracle.differences(
            block.predictions[..<expected.count], expected, relative: relative, absolute: absolute)
    }

    /// Where `actual` and `expected` differ by more than the tolerance, in words: at most ten lines.
    ///
    /// Two NaNs are equal. For recorded golden rows as well as for oracles.
    public static func differences(
        _ actual: ArraySlice<Float>, _ expected: [Float], relative: Float, absolute: Float
    ) -> [String] {
        var problems: [String] = []
        for (index, (value, wanted)) in zip(actual, expected).enumerated() {
            if value == wanted || value.isNaN && wanted.isNaN { continue }
            if abs(value - wanted) <= absolute + relative * abs(wanted) { continue }
            problems.append("number \(index) is \(value), expected \(wanted)")
            if problems.count == 10 { break }
        }
        return problems
    }
}
