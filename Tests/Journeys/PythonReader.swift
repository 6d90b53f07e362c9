import EventLogTesting
import Foundation

/// The reader in `Tests/WireFormat`, and the program beside it, on topics of their own in a real Kafka.
struct PythonReader {
    let workspace: Workspace
    let kafka: RealKafka
    let prefix: String

    static let folder = Workspace.root.appending(path: "Tests/WireFormat")
    static let absence = "no Python with the reader's packages: set MODELCAST_PYTHON, or run scripts/test"

    /// The Python of `MODELCAST_PYTHON`, else that of `.venv`, if the reader's packages are there.
    static let python: String? = {
        let path =
            ProcessInfo.processInfo.environment["MODELCAST_PYTHON"]
            ?? Workspace.root.appending(path: ".venv/bin/python").path
        let needed = ["confluent_kafka", "zstandard", "numpy", "xgboost"]
        let has = packages(path).map { folder in
            needed.allSatisfy { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
        }
        return has == true ? path : nil
    }()

    /// Where the packages of a virtual environment's Python are.
    private static func packages(_ python: String) -> String? {
        let library = URL(filePath: python).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "lib")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: library.path)) ?? []
        return versions.map { "\(library.path)/\($0)/site-packages" }.first {
            FileManager.default.fileExists(atPath: $0)
        }
    }

    /// What the reader found.
    struct Report: Decodable {
        var version: Int
        var format: String
        var files: [String: Int]
        var catalogSkipped: [String]
        var chunksDirect: Int
        var chunksScanned: Int
        var goldenRows: Int
        var events: Int
        var refused: [String: Int]
        var predictions: Int
        var exact: Int
        var close: Int
        var different: [String]
        var missing: [String]
        var repeated: Int
    }

    /// A program that did not end with 0.
    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    /// What the reader says of a model; its files go to `folder`.
    func read(_ model: String, _ words: String..., folder: String = "read") async throws -> Report {
        let output = try await python(
            ["reader.py", "--model", model, "--folder", folder] + words, site: true, input: "")
        return try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    }

    /// Runs a script of the folder; `site` says which Kafka and which topics.
    @discardableResult
    func python(_ words: String..., site: Bool = true, input: String = "") async throws -> String {
        try await python(words, site: site, input: input)
    }

    private func python(_ words: [String], site: Bool, input: String) async throws -> String {
        let script = Self.folder.appending(path: words[0]).path
        let place = ["--bootstrap", String(kafka.url.dropFirst("kafka://".count)), "--prefix", prefix]
        let run = try RunningProgram(
            ["-W", "error::SyntaxWarning", "-B", script] + (site ? place : []) + words.dropFirst(),
            folder: workspace.folder, input: input, environment: [:],
            executable: URL(filePath: Self.python ?? ""))
        return try await finish(run)
    }

    /// Runs the program on the same Kafka and topics.
    func modelcast(_ words: String...) async throws { try await modelcast(words) }

    func modelcast(_ words: [String]) async throws {
        var environment = [
            "MODELCAST_BROKER": kafka.url, "MODELCAST_TOPIC_PREFIX": prefix,
            "MODELCAST_CACHE": workspace.path("cache"),
        ]
        if let python = Self.python, let packages = Self.packages(python) {
            environment["MODELCAST_XGBOOST"] = "\(packages)/xgboost/lib/libxgboost.so"
        }
        _ = try await finish(try workspace.start(words, environment: environment))
    }

    private func finish(_ run: RunningProgram) async throws -> String {
        let outcome = await run.outcome()
        guard outcome.code == 0 else {
            throw Failed(description: String("\(outcome)".suffix(4_000)))
        }
        return outcome.output
    }
}
