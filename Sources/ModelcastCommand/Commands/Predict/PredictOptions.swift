import Arguments
import Basics
import BatchScoring

/// What `predict` and `batch run` share.
enum PredictOptions {
    static let input = Option(
        "input", .file, help: "The rows to score, CSV or JSON lines; - is standard input.")

    /// The input as the command line describes it.
    static func input(_ values: Values) throws -> BatchScoring.InputOptions {
        let table = try InputOptions(values: values)
        return BatchScoring.InputOptions(
            path: try values[Self.input], format: table.format, header: table.header)
    }
}

/// The progress line of a file that is being scored, and what is said of it afterwards.
enum FileProgress {
    /// Runs `body`, and shows how far it is.
    static func watch<Value: Sendable>(
        _ progress: BatchProgress, _ body: () async throws -> Value
    ) async throws -> Value {
        try await ProgressWatch.run("scoring", isBytes: true) { line in
            line.update(
                progress.bytesRead, of: progress.bytesTotal > 0 ? progress.bytesTotal : nil,
                note: "\(Units.count(progress.rows)) rows, \(progress.rejects) rejects")
        } while: {
            try await body()
        }
    }

    /// Says on standard error which features the input does not have: their values are taken as missing.
    static func warn(missing features: [String], of path: String) throws {
        guard !features.isEmpty else { return }
        let names = features.prefix(20).joined(separator: ", ")
        try StandardStream.error.write(
            Array("modelcast: \(path) has no column for \(names): taken as missing\n".utf8))
    }
}
