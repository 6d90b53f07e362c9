internal import Glibc
internal import Models

/// Test-then-train evaluation over the last examples: each was scored before it was learned (Dawid,
/// "Statistical Theory: The Prequential Approach", 1984).
public struct Prequential: Sendable, Equatable {
    /// The metrics of the window.
    public struct Metrics: Sendable, Equatable {
        /// Examples in the window.
        public var count: Int
        /// The share whose class at 0.5 was right.
        public var accuracy: Double
        /// The mean log loss.
        public var logLoss: Double
        /// The area under the ROC curve, ties counted half; nil while one class is missing.
        public var auc: Double?
    }

    /// The most examples in the window.
    public let window: Int
    /// The scores of the window, oldest first.
    public private(set) var scores: [Float] = []
    /// Their labels.
    public private(set) var labels: [Bool] = []

    /// An empty window of `window` examples.
    public init(window: Int = 5_000) {
        self.window = window
    }

    /// A window that was stored; nil when the lists do not fit.
    public init?(window: Int, scores: [Float], labels: [Bool]) {
        guard scores.count == labels.count, scores.count <= window else { return nil }
        self.window = window
        self.scores = scores
        self.labels = labels
    }

    /// Notes that an example was scored `score` and turned out `label`.
    public mutating func add(score: Float, label: Bool) {
        if scores.count == window {
            // An eighth at once: removing from the front one by one would move the whole window each time.
            let drop = max(1, window / 8)
            scores.removeFirst(drop)
            labels.removeFirst(drop)
        }
        scores.append(score)
        labels.append(label)
    }

    /// The metrics of the window.
    public var metrics: Metrics {
        guard !scores.isEmpty else { return Metrics(count: 0, accuracy: 0, logLoss: 0, auc: nil) }
        var right = 0
        var loss = 0.0
        for (score, label) in zip(scores, labels) {
            if (score >= 0.5) == label { right += 1 }
            let probability = min(max(Double(score), 1e-15), 1 - 1e-15)
            loss -= log(label ? probability : 1 - probability)
        }
        let count = Double(scores.count)
        let area = AreaUnderCurve.of(scores: scores, isPositive: labels)
        return Metrics(
            count: scores.count, accuracy: Double(right) / count, logLoss: loss / count,
            auc: area.isNaN ? nil : area)
    }
}
