/// A model trained by XGBoost: boosted trees (`gbtree`, `dart`) or a boosted linear model (`gblinear`).
///
/// Outputs agree with XGBoost's own `predict` to float32 rounding, with all trees whatever `best_iteration`
/// says.
struct XGBoostModel: Predictor {
    private enum Core: Sendable {
        case trees(CompiledTrees)
        case linear(LinearKernel)
    }

    let format: ModelFormat
    let featureCount: Int
    let featureNames: [String]?
    let output: PredictionShape
    private let core: Core
    private let link: Link
    private let outputs: Int

    /// Reads a file and compiles it.
    static func load<Reader: DocumentReader>(
        _ reader: inout Reader, _ bytes: Span<UInt8>, format: ModelFormat, limits: ModelLimits
    ) throws(ModelError) -> XGBoostModel {
        try XGBoostModel(XGBoostDocument(&reader, bytes, limits: limits), format: format, limits: limits)
    }

    init(_ document: XGBoostDocument, format: ModelFormat, limits: ModelLimits) throws(ModelError) {
        let objective = try XGBoostObjective.named(document.objective)
        featureCount = try document.count("num_feature", in: 1...limits.featuresMax)
        let classes = try document.count("num_class", in: 0...limits.classesMax, default: 0)
        let targets = try document.count("num_target", in: 1...limits.classesMax, default: 1)
        outputs = max(classes, targets)
        guard objective.isMulticlass ? classes >= 2 && targets == 1 : classes <= 1 else {
            throw .malformed(
                "XGBoost: `\(document.objective)` with \(classes) classes and \(targets) targets")
        }
        var margins: [Float] = []
        for score in try XGBoostObjective.baseScores(document.learnerParameters["base_score"] ?? "5E-1") {
            margins.append(try objective.margin(score))
        }
        if margins.count == 1 { margins = Array(repeating: margins[0], count: outputs) }
        guard margins.count == outputs else {
            throw .malformed("XGBoost: base_score has \(margins.count) numbers for \(outputs) outputs")
        }
        if !document.featureNames.isEmpty, document.featureNames.count != featureCount {
            throw .malformed(
                "XGBoost: \(document.featureNames.count) feature names for \(featureCount) features")
        }
        self.format = format
        featureNames = document.featureNames.isEmpty ? nil : document.featureNames
        link = objective.link
        output = XGBoostModel.shape(objective, outputs: outputs)
        switch document.booster {
        case "gbtree", "dart":
            core = .trees(try XGBoostModel.trees(document, featureCount, outputs, margins, limits))
        case "gblinear":
            core = .linear(try XGBoostModel.linear(document, featureCount, outputs, margins))
        default:
            throw .unsupported("XGBoost's booster `\(document.booster)` is not supported")
        }
    }

    /// Scores rows; see ``Predictor/predict(rows:count:into:scratch:)``.
    func predict(
        rows: Span<Float>, count: Int, into block: inout PredictionBlock, scratch: inout PredictionScratch
    ) {
        switch core {
        case .trees(let trees): trees.score(rows, count: count, into: &scratch.margins)
        case .linear(let kernel): kernel.score(rows, count: count, into: &scratch.margins)
        }
        block.prepare(count: count, shape: output)
        link.apply(scratch.margins.span, count: count, width: outputs, into: &block)
    }

    private static func shape(_ objective: XGBoostObjective, outputs: Int) -> PredictionShape {
        switch objective.link {
        case .softmaxClass: PredictionShape(kind: objective.kind, scoresWidth: outputs)
        case .softmaxProbabilities:
            PredictionShape(kind: objective.kind, predictionWidth: outputs, scoresWidth: outputs)
        default: PredictionShape(kind: objective.kind, predictionWidth: outputs)
        }
    }

    private static func trees(
        _ document: XGBoostDocument, _ features: Int, _ outputs: Int, _ margins: [Float],
        _ limits: ModelLimits
    ) throws(ModelError) -> CompiledTrees {
        let count = document.trees.count
        guard document.treeInfo.count == count else {
            throw .malformed("XGBoost: `tree_info` has \(document.treeInfo.count) entries for \(count) trees")
        }
        let isDart = document.booster == "dart"
        guard !isDart || document.treeWeights.count == count else {
            throw .malformed(
                "XGBoost: `weight_drop` has \(document.treeWeights.count) entries for \(count) trees")
        }
        var compiler = try TreeCompiler(
            featureCount: features, groupCount: outputs, baseMargins: margins, limits: limits)
        for (index, tree) in document.trees.enumerated() {
            try compiler.add(
                tree.source("tree \(index)"), group: Int(document.treeInfo[index]),
                weight: isDart ? document.treeWeights[index] : 1)
        }
        return compiler.finish()
    }

    /// `gblinear` stores the weights feature by feature, and one bias an output behind them.
    private static func linear(
        _ document: XGBoostDocument, _ features: Int, _ outputs: Int, _ margins: [Float]
    ) throws(ModelError) -> LinearKernel {
        let stored = document.linearWeights
        guard stored.count == (features + 1) * outputs, stored.allSatisfy(\.isFinite) else {
            throw .malformed("XGBoost: \(stored.count) linear weights, not finite or not as many as belong")
        }
        var weights: [Float] = []
        weights.reserveCapacity(features * outputs)
        for output in 0..<outputs {
            for feature in 0..<features { weights.append(stored[feature * outputs + output]) }
        }
        let intercepts = (0..<outputs).map { margins[$0] + stored[features * outputs + $0] }
        return LinearKernel(featureCount: features, intercepts: intercepts, weights: weights)
    }
}

extension XGBoostDocument {
    /// A count among the learner's parameters, which are strings.
    fileprivate func count(
        _ name: String, in range: ClosedRange<Int>, default standard: Int? = nil
    ) throws(ModelError) -> Int {
        guard let text = learnerParameters[name] else {
            guard let standard else { throw .malformed("XGBoost: `\(name)` is missing") }
            return standard
        }
        guard let value = Int(text), range.contains(value) else {
            throw .malformed(
                "XGBoost: `\(name)` is `\(text.prefix(40))`, not in \(range)"
            )
        }
        return value
    }
}
