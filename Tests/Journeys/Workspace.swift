import Foundation

/// A fresh folder in which the real program runs; it is removed at the end.
final class Workspace: Sendable {
    let folder: URL
    /// The program, as it was built beside the tests.
    static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "modelcast")
    /// The repository.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "journey-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// Runs the program to its end.
    func modelcast(
        _ words: String..., input: String = "", environment: [String: String] = [:]
    ) async throws -> Outcome {
        try await start(words, input: input, environment: environment).outcome()
    }

    /// Starts the program.
    func start(
        _ words: [String], input: String = "", environment: [String: String] = [:]
    ) throws -> RunningProgram {
        try RunningProgram(words, folder: folder, input: input, environment: environment)
    }
}

/// What a run of the program left.
struct Outcome: Sendable {
    let words: [String]
    let code: Int32
    let output: String
    let error: String

    /// The lines of standard output as JSON objects.
    var objects: [[String: Any]] {
        get throws {
            try output.split(separator: "\n").map { line in
                guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                else {
                    throw NoObject(line: String(line))
                }
                return object
            }
        }
    }

    /// The last object, which names the command; docs/cli-json.md must say the same of it.
    var summary: [String: Any] {
        get throws {
            let last = try objects.last ?? [:]
            Contract.check(last)
            return last
        }
    }

    struct NoObject: Error { let line: String }
}

extension Outcome: CustomStringConvertible {
    var description: String { "\(words.joined(separator: " ")) → \(code)\n\(output)\n\(error)" }
}

/// A run of the program that goes on.
///
/// `@unchecked`: `Process` may be signalled and asked from any thread once it runs; everything else is
/// constant.
final class RunningProgram: @unchecked Sendable {
    private let process = Process()
    private let words: [String]
    private let outputFile: URL
    private let errorFile: URL
    private let ended: AsyncStream<Int32>

    init(
        _ words: [String], folder: URL, input: String, environment: [String: String],
        executable: URL = Workspace.program
    ) throws {
        self.words = words
        let run = UUID().uuidString
        outputFile = folder.appending(path: ".output-\(run)")
        errorFile = folder.appending(path: ".error-\(run)")
        let inputFile = folder.appending(path: ".input-\(run)")
        try Data(input.utf8).write(to: inputFile)
        for file in [outputFile, errorFile] { try Data().write(to: file) }
        process.executableURL = executable
        process.arguments = words
        process.currentDirectoryURL = folder
        // Nothing of the tester's own settings.
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MODELCAST_") }
        process.environment = inherited.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        ended = stream
        process.terminationHandler = { process in
            continuation.yield(
                process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
            continuation.finish()
        }
        try process.run()
    }

    /// Sends a signal.
    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    var processIdentifier: Int32 { process.processIdentifier }

    /// What it has written to standard output so far.
    var output: String { String(decoding: (try? Data(contentsOf: outputFile)) ?? Data(), as: UTF8.self) }

    /// What it has written to standard error so far.
    var errorOutput: String { String(decoding: (try? Data(contentsOf: errorFile)) ?? Data(), as: UTF8.self) }

    /// Waits for its end.
    func outcome() async -> Outcome {
        var code: Int32 = .min
        for await status in ended { code = status }
        return Outcome(words: words, code: code, output: output, error: errorOutput)
    }

    /// Waits until `condition` holds; false after `limit` or when the program has ended.
    func wait(upTo limit: Duration = .seconds(20), until condition: (RunningProgram) -> Bool) async throws
        -> Bool
    {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if condition(self) { return true }
            if !process.isRunning { return condition(self) }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }
}
