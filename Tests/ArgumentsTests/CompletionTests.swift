import Arguments
import Foundation
import Testing

@Suite struct CompletionTests {
    /// Runs a shell on a dispatch thread and returns what it printed; nil when the machine has no such shell.
    private func run(_ shell: String, _ arguments: [String], input: String) async throws -> String? {
        guard
            let path = ["/bin", "/usr/bin"].map({ "\($0)/\(shell)" }).first(
                where: FileManager.default.isExecutableFile)
        else { return nil }
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        let (inputPipe, outputPipe) = (Pipe(), Pipe())
                        process.executableURL = URL(fileURLWithPath: path)
                        process.arguments = arguments
                        process.standardInput = inputPipe
                        process.standardOutput = outputPipe
                        process.standardError = outputPipe
                        try process.run()
                        try inputPipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
                        try inputPipe.fileHandleForWriting.close()
                        let output = outputPipe.fileHandleForReading.readDataToEndOfFile()
                        process.waitUntilExit()
                        return String(decoding: output, as: UTF8.self)
                    })
            }
        }
    }

    /// What bash offers for a line whose last word is being typed.
    private func offers(_ words: [String]) async throws -> Set<String> {
        let line = words.map { "'\($0)'" }.joined(separator: " ")
        let script = """
            \(CompletionScript.script(for: .bash, of: Sample.tree))
            COMP_WORDS=(\(line)); COMP_CWORD=\(words.count - 1)
            _modelcast
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let output = try #require(try await run("bash", ["--norc", "-s"], input: script))
        return Set(output.split(separator: "\n").map(String.init))
    }

    @Test func bashCompletesCommandsOptionsAndValues() async throws {
        #expect(
            try await offers(["modelcast", ""]) == [
                "publish", "score", "models", "help", "--help", "--version",
            ])
        #expect(try await offers(["modelcast", "sc"]) == ["score"])
        #expect(try await offers(["modelcast", "models", "s"]) == ["show"])
        #expect(try await offers(["modelcast", "models", "--l"]) == ["--limit"])
        #expect(try await offers(["modelcast", "score", "--once", "--form"]) == ["--format"])
        #expect(try await offers(["modelcast", "score", "--format", "j"]) == ["json"])
        #expect(try await offers(["modelcast", "models", "show", "x", "--"]) == ["--help"])
    }

    @Test(arguments: [CompletionScript.Shell.zsh, .fish]) func otherShellsAcceptTheirScript(
        shell: CompletionScript.Shell
    ) async throws {
        let script = CompletionScript.script(for: shell, of: Sample.tree)
        for word in ["publish", "score", "models", "show", "broker-config", "canary"] {
            #expect(script.contains(word))
        }
        let arguments = shell == .zsh ? ["-n", "/dev/stdin"] : ["--no-execute", "/dev/stdin"]
        if let output = try await run(shell.rawValue, arguments, input: script) { #expect(output == "") }
    }
}
