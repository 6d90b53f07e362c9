/// The native linear model: linear, logistic or softmax regression, in a JSON file that a person can read.
///
/// A missing value (NaN) adds nothing; a pipeline that imputes comes first where that is not wanted.
/// The file's layout is in `LinearModel+Coding.swift`.
public struct LinearModel: Predictor, Hashable {
    /// What is made of the weighted sums.
    public enum Kind: String, Sendable, CaseIterable {
        /// The sum itself: linear regression. One output.
        case identity
        /// The probability of the positive class. One output.
        case logistic
        /// The likeliest class, with the probabilities by class as scores. One output a class, two or more.
        case softmax
    }

    /// What is made of the weighted sums.
    public let kind: Kind
    /// The names of the features, where they are known.
    public let featureNames: [String]?
    /// The names of the classes: none, two for logistic (negative, positive), one an output for softmax.
    public let classLabels: [String]?
    let kernel: LinearKernel

    /// A model of the given weights.
    ///
    /// - Parameters:
    ///   - kind: what is made of the weighted sums.
    ///   - intercepts: one an output.
    ///   - weights: output by output, all features of each; as many as outputs times features.
    ///   - featureCount: floats in a row.
    ///   - featureNames: none or one a feature, all different.
    ///   - classLabels: none, or as many as ``classLabels`` says.
    /// - Throws: ``ModelError`` when the numbers do not fit each other, or one is not finite.
    public init(
        kind: Kind, intercepts: [Float], weights: [Float], featureCount: Int,
        featureNames: [String]? = nil, classLabels: [String]? = nil
    ) throws(ModelError) {
        let outputs = intercepts.count
        guard kind == .softmax ? outputs >= 2 : outputs == 1 else {
            throw .malformed("a \(kind.rawValue) model cannot have \(outputs) intercepts")
        }
        guard featureCount >= 1, weights.count == outputs * featureCount else {
            throw .malformed("\(weights.count) weights for \(featureCount) features and \(outputs) outputs")
        }
        guard intercepts.allSatisfy(\.isFinite), weights.allSatisfy(\.isFinite) else {
            throw .malformed("a weight is not a finite number")
        }
        if let featureNames, featureNames.count != featureCount || Set(featureNames).count != featureCount {
            throw .malformed(
                "\(featureNames.count) feature names, some perhaps twice, for \(featureCount) features")
        }
        if let classLabels {
            let expected = kind == .softmax ? outputs : kind == .logistic ? 2 : 0
            guard classLabels.count == expected else {
                throw .malformed("\(classLabels.count) class labels where \(expected) belong")
            }
        }
        self.kind = kind
        self.featureNames = featureNames
        self.classLabels = classLabels
        kernel = LinearKernel(featureCount: featureCount, intercepts: intercepts, weights: weights)
    }

    /// One constant an output.
    public var intercepts: [Float] { kernel.intercepts }
    /// The weights, output by output, all features of each.
    public var weights: [Float] { kernel.weights }
    /// Floats in a row.
    public var featureCount: Int { kernel.featureCount }
    /// Always ``ModelFormat/nativeLinear``.
    public var format: ModelFormat { .nativeLinear }

    /// A value, a probability, or the class with its probabilities.
    public var output: PredictionShape {
        switch kind {
        case .identity: PredictionShape(kind: .regression)
        case .logistic: PredictionShape(kind: .binaryProbability, classLabels: classLabels)
        case .softmax:
            PredictionShape(kind: .classIndex, scoresWidth: intercepts.count, classLabels: classLabels)
        }
    }

    /// Scores rows; see ``Predictor/predict(rows:count:into:scratch:)``.
    public func predict(
        rows: Span<Float>, count: Int, into block: inout PredictionBlock, scratch: inout PredictionScratch
    ) {
        kernel.score(rows, count: count, into: &scratch.margins)
        let outputs = kernel.intercepts.count
        block.prepare(count: count, predictionWidth: 1, scoresWidth: kind == .softmax ? outputs : 0)
        link.apply(scratch.margins.span, count: count, width: outputs, into: &block)
    }

    private var link: Link {
        switch kind {
        case .identity: .identity
        case .logistic: .logistic
        case .softmax: .softmaxClass
        }
    }
}
