import Foundation
import PredictorTesting

/// The models and predictions that `make.py` makes with XGBoost from PyPI, once a test run.
enum OracleFiles {
    /// The interpreter: `MODELCAST_PYTHON`, else that of `.venv` in the repository's root.
    static let python: String? = {
        if let path = ProcessInfo.processInfo.environment["MODELCAST_PYTHON"] { return path }
        let path = root.appendingPathComponent(".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    static let whySkipped: String =
        "no Python with xgboost: set MODELCAST_PYTHON, or make .venv with xgboost-cpu and numpy"

    private static let script = URL(filePath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "make.py")
    private static let root = script.deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static let made = Task { try await make() }

    /// The folder that holds the files.
    static func folder() async throws -> URL { try await made.value }

    /// Runs the script in a fresh folder. The process is waited for without a thread of the pool.
    private static func make() async throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "oracles-\(UUID().uuidString)")
        let process = Process()
        process.executableURL = URL(filePath: python ?? "/usr/bin/python3")
        process.arguments = ["-W", "ignore", script.path, folder.path]
        process.standardOutput = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        struct Failed: Error { let status: Int32 }
        guard status == 0 else { throw Failed(status: status) }
        atexit { OracleFiles.remove() }
        remover.withLock { $0 = folder }
        return folder
    }

    private static let remover = LockedURL()

    private static func remove() {
        remover.withLock { if let url = $0 { try? FileManager.default.removeItem(at: url) } }
    }

    /// The bytes of a file as float32.
    static func floats(_ url: URL) throws -> [Float] {
        try Data(contentsOf: url).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
            }
        }
    }

    /// The oracle of a case: its rows, and what the library predicts for them.
    static func oracle(_ name: String, in folder: URL) throws -> PredictionOracle {
        PredictionOracle(
            rows: try floats(folder.appendingPathComponent("\(name).input")),
            expected: try floats(folder.appendingPathComponent("\(name).expected")))
    }
}

/// A folder to remove at the end, under a lock.
final class LockedURL: @unchecked Sendable {
    // The value is only touched under the lock.
    private let lock = NSLock()
    private var value: URL?

    func withLock(_ body: (inout URL?) -> Void) {
        lock.lock()
        defer { lock.unlock() }
        body(&value)
    }
}
