internal import Glibc
internal import Models

/// How predictions compare with the truth. A value, computed from a model's own outputs; agrees with
/// scikit-learn.
public struct Evaluation: Sendable, Hashable {
    /// Rows compared.
    public let rows: Int
    /// The metrics of the task. A metric without meaning is not a number (AUC where all rows are of one
    /// class).
    public let metrics: [Metric: Double]
    /// Rows by true class (outer) and predicted class; empty for regression.
    public let confusion: [[Int]]

    /// The value of `metric`; not a number when the task has none such.
    public subscript(_ metric: Metric) -> Double { metrics[metric] ?? .nan }

    /// The metrics by name, in order, those that are numbers.
    public var named: [(name: String, value: Double)] {
        metrics.filter { $0.value.isFinite }.sorted { $0.key < $1.key }.map { ($0.key.rawValue, $0.value) }
    }

    /// Two classes: `labels` are 0 or 1, `probabilities` those of class 1; above `threshold` class 1 is
    /// predicted.
    public static func binary(
        labels: [Float], probabilities: [Float], threshold: Float = 0.5
    ) -> Evaluation {
        precondition(
            labels.count == probabilities.count, "\(labels.count) labels, \(probabilities.count) rows")
        var confusion = [[0, 0], [0, 0]]
        var loss = 0.0
        for (label, probability) in zip(labels, probabilities) {
            confusion[label > 0.5 ? 1 : 0][probability > threshold ? 1 : 0] += 1
            loss += logLoss(Double(label > 0.5 ? probability : 1 - probability))
        }
        let (truePositives, falsePositives) = (Double(confusion[1][1]), Double(confusion[0][1]))
        let falseNegatives = Double(confusion[1][0])
        let precision = ratio(truePositives, truePositives + falsePositives)
        let recall = ratio(truePositives, truePositives + falseNegatives)
        let count = Double(labels.count)
        let metrics: [Metric: Double] = [
            .accuracy: Double(confusion[0][0] + confusion[1][1]) / count,
            .precision: precision, .recall: recall,
            .f1: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
            .auc: AreaUnderCurve.of(scores: probabilities, isPositive: labels.map { $0 > 0.5 }),
            .logLoss: loss / count,
        ]
        return Evaluation(rows: labels.count, metrics: metrics, confusion: confusion)
    }

    /// Several classes: `labels` are class indices, `probabilities` hold `classCount` numbers a row. Means
    /// over classes leave out those that neither are nor were predicted, and for AUC those without a row.
    public static func multiclass(
        labels: [Float], probabilities: [Float], classCount: Int
    ) -> Evaluation {
        precondition(probabilities.count == labels.count * classCount, "\(probabilities.count) probabilities")
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
        var loss = 0.0
        var correct = 0
        for (row, label) in labels.enumerated() {
            let scores = probabilities[row * classCount..<(row + 1) * classCount]
            let best =
                (scores.indices.max { scores[$0] < scores[$1] } ?? scores.startIndex) - scores.startIndex
            let truth = Int(label)
            confusion[truth][best] += 1
            if truth == best { correct += 1 }
            loss += logLoss(Double(scores[scores.startIndex + truth]))
        }
        var precision = 0.0
        var recall = 0.0
        var f1 = 0.0
        var seen = 0.0
        var areas: [Double] = []
        for index in 0..<classCount {
            let hits = Double(confusion[index][index])
            let predicted = Double(confusion.reduce(0) { $0 + $1[index] })
            let actual = Double(confusion[index].reduce(0, +))
            // A class that neither is nor was predicted says nothing.
            guard predicted + actual > 0 else { continue }
            seen += 1
            precision += ratio(hits, predicted)
            recall += ratio(hits, actual)
            f1 += ratio(2 * hits, predicted + actual)
            let column = labels.indices.map { probabilities[$0 * classCount + index] }
            areas.append(AreaUnderCurve.of(scores: column, isPositive: labels.map { Int($0) == index }))
        }
        areas.removeAll { $0.isNaN }
        let count = Double(labels.count)
        let metrics: [Metric: Double] = [
            .accuracy: Double(correct) / count, .precision: precision / seen, .recall: recall / seen,
            .f1: f1 / seen, .auc: areas.reduce(0, +) / Double(areas.count), .logLoss: loss / count,
        ]
        return Evaluation(rows: labels.count, metrics: metrics, confusion: confusion)
    }

    /// Numbers against numbers.
    public static func regression(labels: [Float], predictions: [Float]) -> Evaluation {
        precondition(labels.count == predictions.count, "\(labels.count) labels, \(predictions.count) rows")
        let count = Double(labels.count)
        let mean = labels.reduce(0.0) { $0 + Double($1) } / count
        var squares = 0.0
        var absolutes = 0.0
        var spread = 0.0
        for (label, prediction) in zip(labels, predictions) {
            let error = Double(label) - Double(prediction)
            squares += error * error
            absolutes += abs(error)
            let deviation = Double(label) - mean
            spread += deviation * deviation
        }
        let metrics: [Metric: Double] = [
            .rmse: (squares / count).squareRoot(), .mae: absolutes / count,
            .r2: spread > 0 ? 1 - squares / spread : .nan,
        ]
        return Evaluation(rows: labels.count, metrics: metrics, confusion: [])
    }

    /// A probability of 0 would cost infinitely much; like scikit-learn for float32, it is taken as float32's
    /// epsilon.
    private static func logLoss(_ probability: Double) -> Double {
        let epsilon = Double(Float.ulpOfOne)
        return -log(min(max(probability, epsilon), 1 - epsilon))
    }

    private static func ratio(_ part: Double, _ whole: Double) -> Double { whole > 0 ? part / whole : 0 }
}
