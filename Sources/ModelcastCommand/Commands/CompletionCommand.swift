import Arguments

/// `modelcast completion`: a script that teaches a shell the program's words.
struct CompletionCommand: Command {
    static let shell = Argument("SHELL", .cases(of: CompletionScript.Shell.self), help: "bash, zsh or fish.")
    static let spec = CommandSpec(
        "completion", abstract: "Print a script that completes commands and options in a shell.",
        arguments: [shell], options: CommonOptions.all,
        examples: [
            .init(
                "modelcast completion bash > ~/.local/share/bash-completion/completions/modelcast",
                "Install it for bash.")
        ], section: "Help")

    let shell: CompletionScript.Shell

    init(values: Values) throws {
        shell = try values[Self.shell]
    }

    func run() async throws {
        let script = CompletionScript.script(for: shell, of: Program.tree)
        try StandardStream.output.write(Array(script.utf8))
    }
}
