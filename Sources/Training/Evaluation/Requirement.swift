/// What a model must reach to pass: a metric, a comparison, a number. Written `auc>=0.7`, or
/// `validation.auc>=0.7` for another part of the data than the test part.
public struct Requirement: Sendable, Hashable, CustomStringConvertible {
    /// How the metric is compared with the bound.
    public enum Comparison: String, Sendable, CaseIterable {
        /// At least.
        case atLeast = ">="
        /// At most.
        case atMost = "<="
        /// More than.
        case above = ">"
        /// Less than.
        case below = "<"
    }

    /// The metric.
    public let metric: Metric
    /// How it is compared.
    public let comparison: Comparison
    /// With what.
    public let bound: Double
    /// On which rows.
    public let part: DataPart

    /// A requirement made of its parts.
    public init(_ metric: Metric, _ comparison: Comparison, _ bound: Double, on part: DataPart = .test) {
        self.metric = metric
        self.comparison = comparison
        self.bound = bound
        self.part = part
    }

    /// Reads `auc>=0.7`; spaces do not matter.
    ///
    /// Throws `requirement` with what is wrong.
    public init(_ text: some StringProtocol) throws(TrainingError) {
        func refusal(_ why: String) -> TrainingError {
            TrainingError(
                .requirement, "the requirement \"\(text)\" \(why)",
                hint: "write a metric, one of >= <= > <, and a number, such as 'auc>=0.8'; metrics: "
                    + Metric.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let compact = String(text.filter { !$0.isWhitespace })
        guard let sign = compact.firstIndex(where: { "<>=".contains($0) }) else {
            throw refusal("has no comparison")
        }
        let rest = compact[sign...].prefix { "<>=".contains($0) }
        guard let comparison = Comparison(rawValue: String(rest)) else {
            throw refusal("compares by \(rest)")
        }
        guard let bound = Double(compact[rest.endIndex...]), bound.isFinite else {
            throw refusal("has no number")
        }
        var name = compact[..<sign]
        var part = DataPart.test
        if let dot = name.firstIndex(of: ".") {
            guard let named = DataPart(rawValue: name[..<dot].lowercased()) else {
                throw refusal("names no part of the data: train, validation or test")
            }
            part = named
            name = name[name.index(after: dot)...]
        }
        guard let metric = Metric(name: name) else { throw refusal("names no metric") }
        self.init(metric, comparison, bound, on: part)
    }

    /// Whether `value` is good enough; not a number never is.
    public func isMet(by value: Double) -> Bool {
        switch comparison {
        case .atLeast: value >= bound
        case .atMost: value <= bound
        case .above: value > bound
        case .below: value < bound
        }
    }

    public var description: String {
        "\(part == .test ? "" : part.rawValue + ".")\(metric.rawValue)\(comparison.rawValue)\(bound)"
    }
}

/// One answer of the gate that stands between training and publishing.
public struct GateResult: Sendable, Hashable {
    /// What was asked: a requirement's text, or the name of the champion.
    public let requirement: String
    /// What the chosen model reached.
    public let value: Double
    /// What it had to reach.
    public let bound: Double
    /// Whether it did.
    public let passed: Bool
    /// In words, for people.
    public let detail: String
}
