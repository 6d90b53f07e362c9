import Foundation
import Models
import PredictorTesting
import Testing

@Suite(.enabled(if: OracleFiles.python != nil, Comment(rawValue: OracleFiles.whySkipped)))
struct XGBoostOracleTests {
    static let cases = [
        "squarederror", "base-score", "absoluteerror", "reg-logistic", "logistic", "logitraw", "hinge",
        "poisson",
        "gamma", "tweedie", "softmax", "softprob", "dart", "gblinear", "forest", "deep", "lossguide", "stump",
        "constant", "one-hot", "partition", "partition-softprob",
    ]

    @Test(arguments: cases, ["json", "ubj"])
    func agreesWithTheLibrary(name: String, suffix: String) async throws {
        let folder = try await OracleFiles.folder()
        let bytes = try [UInt8](Data(contentsOf: folder.appendingPathComponent("\(name).\(suffix)")))
        let expected: ModelFormat = suffix == "ubj" ? .xgboostUBJSON : .xgboostJSON
        #expect(ModelFormat.detect(bytes.span) == expected)
        let predictor = try PredictorLoader.load(bytes)
        #expect(predictor.featureNames?.first == "column 0")
        #expect(predictor.featureCount == 8)
        let oracle = try OracleFiles.oracle(name, in: folder)
        #expect(oracle.problems(predictor) == [])
        #expect(PredictorConformance(predictor, rows: oracle.rows).problems() == [])
    }

    @Test func softmaxScoresAreTheProbabilities() async throws {
        let folder = try await OracleFiles.folder()
        let bytes = try [UInt8](Data(contentsOf: folder.appendingPathComponent("softmax.json")))
        let margins = try OracleFiles.floats(folder.appendingPathComponent("softmax.margin"))
        let rows = try OracleFiles.floats(folder.appendingPathComponent("softmax.input"))
        let block = try PredictorLoader.load(bytes).predict(rows: rows)
        for row in 0..<block.count {
            let exponentials = margins[row * 3..<row * 3 + 3].map { exp(Double($0)) }
            let sum = exponentials.reduce(0, +)
            for (score, wanted) in zip(block.scoreValues(row), exponentials) {
                #expect(abs(Double(score) - wanted / sum) < 1e-6)
            }
        }
    }
}
