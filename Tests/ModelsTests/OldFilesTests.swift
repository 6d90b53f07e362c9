import Basics
import Foundation
import Models
import PredictorTesting
import Synchronization
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

    @Test(arguments: ["json", "ubj"])
    func readingMayRestAtEveryListOfATreeAndCompilingAtEveryLevel(suffix: String) throws {
        let bytes = try [UInt8](Data(contentsOf: Self.folder.appendingPathComponent("one-hot.\(suffix)")))
        let looks = Mutex(0)
        let pacer = Pacer(
            .quarter,
            used: {
                looks.withLock { $0 += 1 }
                return .zero
            }, pause: { _ in })
        _ = try Pacer.$current.withValue(pacer) { try PredictorLoader.load(bytes) }
        let lists = String(decoding: bytes, as: UTF8.self).components(separatedBy: "split_indices").count - 1
        #expect(lists > 0 && looks.withLock { $0 } > lists * 12, "\(lists) trees")
    }
}
