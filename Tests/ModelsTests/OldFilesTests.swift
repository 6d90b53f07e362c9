import Foundation
import Models
import PredictorTesting
import Testing

/// Files written by XGBoost 1.7.6, with what it predicted; made by `Oracles/make.py` with that version.
struct OldFilesTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Fixtures")

    @Test(arguments: ["one-hot", "partition-softprob", "stump"], ["json", "ubj"])
    func agreesWithTheLibrary(name: String, suffix: String) throws {
        let bytes = try [UInt8](Data(contentsOf: Self.folder.appendingPathComponent("\(name).\(suffix)")))
        let predictor = try PredictorLoader.load(bytes)
        let oracle = try OracleFiles.oracle(name, in: Self.folder)
        #expect(oracle.problems(predictor) == [])
        #expect(PredictorConformance(predictor, rows: oracle.rows).problems() == [])
    }
}
