import Foundation
import Training

/// Runs `oracle.py` with the Python of `MODELCAST_PYTHON`, else that of `.venv` in the repository's root.
enum Oracle {
    static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "oracle.py")
    static let root = script.deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let whySkipped = "no Python with xgboost-cpu and scikit-learn: set MODELCAST_PYTHON, or make .venv"

    static let python: String? = {
        let given = ProcessInfo.processInfo.environment["MODELCAST_PYTHON"]
        let path = given ?? root.appending(path: ".venv/bin/python").path
        guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
        let library = URL(filePath: path).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "lib")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: library.path)) ?? []
        let has = { (package: String) in
            versions.contains {
                FileManager.default.fileExists(atPath: library.path + "/\($0)/site-packages/\(package)")
            }
        }
        return has("sklearn") && has("xgboost") ? path : nil
    }()

    struct Result: Decodable {
        var train: Int
        var validation: Int
        var test: Int
        var weightDifference: Double?
        var goldenDifference: Double
        var predictionDifference: Double
        var metrics: [String: Double]
        var metricsAgain: [String: Double]
    }

    struct Failed: Error {
        var message: String
    }

    /// Trains again what `model` is, in Python. `label` is a Python expression over the row `r`.
    static func check(
        _ model: TrainedModel, data: String, task: TrainingTask, label: String, seed: UInt64
    ) async throws -> Result {
        let folder = try Folder()
        for file in model.files {
            try Data(file.bytes).write(to: URL(filePath: folder.path + "/" + file.name))
        }
        try JSONEncoder().encode(model.parameters).write(to: URL(filePath: folder.path + "/parameters.json"))
        let process = Process()
        process.executableURL = URL(filePath: python ?? "")
        process.arguments = ["-W", "ignore", script.path, data, folder.path, task.rawValue, label, "\(seed)"]
        let output = folder.path + "/output"
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        let handle = FileHandle(forWritingAtPath: output)
        process.standardOutput = handle
        process.standardError = handle
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        let bytes = try Data(contentsOf: URL(filePath: output))
        guard status == 0 else { throw Failed(message: String(decoding: bytes, as: UTF8.self)) }
        return try JSONDecoder().decode(Result.self, from: bytes)
    }
}

/// A folder that is removed with its owner.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/training-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file and returns its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }
}
