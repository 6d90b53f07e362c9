import Basics
import Foundation
import Synchronization

/// A fresh folder in which the real program runs; it is removed at the end.
final class Workspace: Sendable {
    let folder: URL
    /// The program, as it was built beside the tests, or the one that `MODELCAST_PROGRAM` names.
    static let program =
        ProcessInfo.processInfo.environment["MODELCAST_PROGRAM"].map { URL(filePath: $0) }
        ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
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
final class RunningProgram: Sendable {
    let processIdentifier: Int32
    private let words: [String]
    private let outputFile: String
    private let errorFile: String
    private let waiting: Task<Int32, Never>
    private let ended: EndMark

    /// Whether the process has been waited for; a signal to its number would meet somebody else afterwards.
    private final class EndMark: Sendable {
        let isSet = Mutex(false)
    }

    init(
        _ words: [String], folder: URL, input: String, environment: [String: String],
        executable: URL = Workspace.program
    ) throws {
        self.words = words
        let run = UUID().uuidString
        outputFile = folder.appending(path: ".output-\(run)").path
        errorFile = folder.appending(path: ".error-\(run)").path
        let inputFile = folder.appending(path: ".input-\(run)").path
        try Data(input.utf8).write(to: URL(filePath: inputFile))
        // Nothing of the tester's own settings.
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MODELCAST_") }
        let process = try Spawning.start(
            [executable.path] + words, folder: folder.path,
            files: (input: inputFile, output: outputFile, error: errorFile),
            environment: inherited.merging(environment) { $1 })
        processIdentifier = process
        let mark = EndMark()
        ended = mark
        waiting = Task {
            await ThreadExecutor(name: "wait").run {
                let code = Spawning.wait(process)
                mark.isSet.withLock { $0 = true }
                return code
            }
        }
    }

    /// A test that fails leaves no service behind.
    deinit {
        signal(SIGKILL)
    }

    /// Sends a signal.
    func signal(_ number: Int32) {
        ended.isSet.withLock { hasEnded in
            if !hasEnded { _ = kill(processIdentifier, number) }
        }
    }

    /// Whether it has not ended.
    var isRunning: Bool { !ended.isSet.withLock { $0 } }

    /// What it has written to standard output so far.
    var output: String { Self.text(outputFile) }

    /// What it has written to standard error so far.
    var errorOutput: String { Self.text(errorFile) }

    private static func text(_ path: String) -> String {
        String(decoding: (try? Data(contentsOf: URL(filePath: path))) ?? Data(), as: UTF8.self)
    }

    /// Waits for its end.
    func outcome() async -> Outcome {
        let code = await waiting.value
        return Outcome(words: words, code: code, output: output, error: errorOutput)
    }

    /// Waits until `condition` holds; false after `limit` or when the program has ended.
    func wait(
        upTo limit: Duration = .seconds(20), until condition: (RunningProgram) -> Bool
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if condition(self) { return true }
            if ended.isSet.withLock({ $0 }) { return condition(self) }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }
}
