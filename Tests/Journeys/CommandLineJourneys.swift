import Basics
import Foundation
import Testing

@testable import ModelcastCommand

/// What every command has in common, seen from outside.
@Suite struct CommandLineJourneys {
    @Test func versionAndHelpGoToStandardOutput() async throws {
        let workspace = try Workspace()
        let version = try await workspace.modelcast("--version")
        #expect(version.code == 0)
        #expect(version.output == "modelcast \(Program.version)\n")
        let help = try await workspace.modelcast("help")
        #expect(help.code == 0)
        #expect(help.output.contains("Usage: modelcast COMMAND"))
        #expect(help.error.isEmpty)
    }

    struct WrongUsage: Sendable, CustomTestStringConvertible {
        let words: [String]
        let message: String
        var testDescription: String { words.joined(separator: " ") }
    }

    /// Wrong usage of every kind: exit 64, nothing on standard output, message and hint on standard error.
    @Test(arguments: [
        WrongUsage(words: [], message: "no command given"),
        WrongUsage(words: ["modls"], message: "no command 'modls'"),
        WrongUsage(words: ["topics", "list", "--brokr", "x"], message: "no option --brokr"),
        WrongUsage(words: ["topics", "list", "--broker"], message: "--broker needs a value"),
        WrongUsage(words: ["topics", "list", "--broker", "http://x"], message: "'http://x' is not valid"),
        WrongUsage(words: ["topics", "list", "--config", "missing.yaml"], message: "missing.yaml"),
        WrongUsage(words: ["topics", "list", "extra"], message: "unexpected argument 'extra'"),
        WrongUsage(words: ["events", "send"], message: "FILE is missing"),
        WrongUsage(words: ["events", "send", "x.csv", "--rate", "fast"], message: "'fast' is not valid"),
    ])
    func wrongUsageEndsWith64(_ usage: WrongUsage) async throws {
        let workspace = try Workspace()
        let run = await (try workspace.start(usage.words)).outcome()
        #expect(run.code == 64)
        #expect(run.output.isEmpty)
        #expect(run.error.contains(usage.message), "\(run)")
        #expect(run.error.contains("hint: "), "\(run)")
    }

    @Test func aConfigurationFileAndTheEnvironmentFillOptions() async throws {
        let workspace = try Workspace()
        try workspace.write("broker: file:./from-file.db\nformat: json\n", to: "settings.yaml")
        let fromFile = try await workspace.modelcast("topics", "list", "--config", "settings.yaml")
        #expect(try fromFile.summary["broker"] as? String == "file:./from-file.db", "\(fromFile)")
        let overridden = try await workspace.modelcast(
            "topics", "list", "--config", "settings.yaml",
            environment: ["MODELCAST_BROKER": "file:./from-environment.db"])
        #expect(try overridden.summary["broker"] as? String == "file:./from-environment.db", "\(overridden)")
        try workspace.write("brokr: x\n", to: "wrong.yaml")
        let wrong = try await workspace.modelcast("topics", "list", "--config", "wrong.yaml")
        #expect(wrong.code == 64)
        #expect(wrong.error.contains("wrong.yaml:1:1: no setting 'brokr'"), "\(wrong)")
        #expect(wrong.error.contains("Did you mean 'broker'?"), "\(wrong)")
    }

    @Test func errorsAreObjectsForPrograms() async throws {
        let workspace = try Workspace()
        let run = try await workspace.modelcast("events", "send", "missing.csv", "--format", "json")
        #expect(run.code == 1)
        #expect(run.output.isEmpty)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(run.error.utf8)) as? [String: [String: Any]])
        let error = try #require(object["error"])
        #expect(Set(error.keys) == ["code", "message", "hint", "recovery", "causes"])
        #expect(error["code"] as? String == "table-unreadable")
        #expect(error["recovery"] as? String == "fixInput")
    }

    @Test func aReaderWhoLeavesIsNoFailure() async throws {
        let workspace = try Workspace()
        let none = workspace.path("none")
        try Data().write(to: URL(filePath: none))
        let shell = try Spawning.start(
            ["/bin/bash", "-c", "set -o pipefail; '\(Workspace.program.path)' completion bash | true"],
            folder: workspace.folder.path, files: (input: none, output: "/dev/null", error: "/dev/null"),
            environment: ProcessInfo.processInfo.environment)
        let code = await ThreadExecutor(name: "wait").run { Spawning.wait(shell) }
        #expect(code == 0)
    }
}
