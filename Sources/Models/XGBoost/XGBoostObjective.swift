internal import Basics
internal import Glibc

/// What XGBoost's objectives make of a margin, and of `base_score`.
struct XGBoostObjective: Hashable, Sendable {
    /// How a margin becomes a prediction.
    let link: Link
    /// What the prediction means.
    let kind: PredictionShape.Kind
    /// How `base_score`, which the file holds as a prediction, becomes a margin.
    let intercept: Intercept

    /// The inverse of the link, for `base_score`.
    enum Intercept: Sendable {
        case identity
        case logit
        case logarithm
    }

    private init(_ link: Link, _ kind: PredictionShape.Kind, _ intercept: Intercept) {
        self.link = link
        self.kind = kind
        self.intercept = intercept
    }

    private static let table: [String: XGBoostObjective] = [
        "reg:squarederror": XGBoostObjective(.identity, .regression, .identity),
        "reg:linear": XGBoostObjective(.identity, .regression, .identity),
        "reg:squaredlogerror": XGBoostObjective(.identity, .regression, .identity),
        "reg:pseudohubererror": XGBoostObjective(.identity, .regression, .identity),
        "reg:absoluteerror": XGBoostObjective(.identity, .regression, .identity),
        "reg:quantileerror": XGBoostObjective(.identity, .regression, .identity),
        "reg:logistic": XGBoostObjective(.logistic, .regression, .logit),
        "binary:logistic": XGBoostObjective(.logistic, .binaryProbability, .logit),
        "binary:logitraw": XGBoostObjective(.identity, .raw, .identity),
        "binary:hinge": XGBoostObjective(.step, .raw, .identity),
        "count:poisson": XGBoostObjective(.exponential, .regression, .logarithm),
        "reg:gamma": XGBoostObjective(.exponential, .regression, .logarithm),
        "reg:tweedie": XGBoostObjective(.exponential, .regression, .logarithm),
        "multi:softmax": XGBoostObjective(.softmaxClass, .classIndex, .identity),
        "multi:softprob": XGBoostObjective(.softmaxProbabilities, .classProbabilities, .identity),
        "rank:pairwise": XGBoostObjective(.identity, .raw, .identity),
        "rank:ndcg": XGBoostObjective(.identity, .raw, .identity),
        "rank:map": XGBoostObjective(.identity, .raw, .identity),
    ]

    /// The objective of that name.
    static func named(_ name: String) throws(ModelError) -> XGBoostObjective {
        guard let objective = table[name] else {
            let known = table.keys.sorted().joined(separator: ", ")
            throw .unsupported("XGBoost's objective `\(name)` is not supported", hint: "supported: \(known)")
        }
        return objective
    }

    /// Whether every class has an output of its own.
    var isMulticlass: Bool { link == .softmaxClass || link == .softmaxProbabilities }

    /// The margin of a base score, in float32 as XGBoost computes it.
    func margin(_ baseScore: Float) throws(ModelError) -> Float {
        let margin: Float
        switch intercept {
        case .identity: margin = baseScore
        case .logit: margin = -logf(1 / baseScore - 1)
        case .logarithm: margin = logf(baseScore)
        }
        guard margin.isFinite else {
            throw .malformed("XGBoost: base_score \(baseScore) does not fit the objective")
        }
        return margin
    }

    /// Reads `base_score`: `5E-1` as files before 3.1 have it, or `[5E-1]` with one number or one an output.
    static func baseScores(_ text: String) throws(ModelError) -> [Float] {
        let bytes = Array(text.utf8)
        var scanner = JSONScanner(0..<bytes.count, depthMax: 1)
        do throws(JSONError) {
            var result: [Float] = []
            if try scanner.peek(bytes.span) == .array {
                try scanner.beginArray(bytes.span)
                while try scanner.nextElement(bytes.span) { result.append(try scanner.float(bytes.span)) }
            } else {
                result.append(try scanner.float(bytes.span))
            }
            try scanner.finish(bytes.span)
            return result
        } catch {
            throw .malformed(
                "XGBoost: base_score `\(text.prefix(80))` is no number and no list of numbers", cause: error)
        }
    }
}
