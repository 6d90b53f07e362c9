/// Reads a command line by the program's tree of commands. It runs nothing, prints nothing and looks at no
/// file.
///
/// Forms: `--name value`, `--name=value`, `--flag`, `-x value`, positional words anywhere among the options,
/// and `--`, after which every word is positional. `-` alone and negative numbers are positional.
public struct Parser: Sendable {
    /// What a command line asks for.
    public enum Outcome: Sendable {
        /// Run a command.
        case run(Invocation)
        /// Print a help text to standard output and end with 0.
        case help(String)
        /// Print the version to standard output and end with 0.
        case version
    }

    /// The program's commands; the root's name is the program's.
    public let tree: CommandTree

    /// A parser for a program. The declarations must be sound: unique names, optional arguments last.
    public init(_ tree: CommandTree) {
        let problems = tree.problems
        precondition(problems.isEmpty, "unsound declarations: \(problems)")
        self.tree = tree
    }

    /// Reads the words after the program's name.
    public func parse(_ words: [String]) throws(UsageError) -> Outcome {
        if words.first == "help" { return try help(for: Array(words.dropFirst())) }
        if words.first == "--version" { return .version }
        var node = tree
        var path: [String] = []
        var rest = words[...]
        while node.isGroup {
            if let word = rest.first, word == "--help" || word == "-h" {
                return .help(HelpText.text(for: node, path: path, program: tree.spec.name))
            }
            if let word = rest.first, let child = node.child(named: word) {
                node = child
                path.append(word)
                rest = rest.dropFirst()
            } else if let name = node.defaultChild, let child = node.child(named: name),
                rest.first?.first ?? "-" == "-"
            {
                node = child
                path.append(name)
            } else {
                throw missingChild(of: node, path: path, word: rest.first)
            }
        }
        var reading = CommandLineReading(
            spec: node.spec, call: ([tree.spec.name] + path).joined(separator: " "))
        guard try reading.read(rest) else {
            return .help(HelpText.text(for: node, path: path, program: tree.spec.name))
        }
        return .run(
            Invocation(
                program: tree.spec.name, path: path, node: node, options: reading.options,
                arguments: try reading.assignedArguments()))
    }

    private func help(for path: [String]) throws(UsageError) -> Outcome {
        var node = tree
        var found: [String] = []
        for word in path {
            guard let child = node.child(named: word) else {
                throw missingChild(of: node, path: found, word: word)
            }
            node = child
            found.append(word)
        }
        return .help(HelpText.text(for: node, path: found, program: tree.spec.name))
    }

    private func missingChild(of node: CommandTree, path: [String], word: String?) -> UsageError {
        let call = ([tree.spec.name] + path).joined(separator: " ")
        let names = node.children.map(\.spec.name)
        guard let word else {
            return UsageError(
                .missingCommand, "\(call): no command given",
                hint: "Commands: \(names.joined(separator: ", ")). See '\(call) --help'.")
        }
        if word.hasPrefix("-") {
            return UsageError(
                .unknownOption, "\(call): the option \(word) stands before a command",
                hint: "Write the command first: \(call) COMMAND \(word). See '\(call) --help'.")
        }
        let nearest =
            Suggestion.nearest(to: word, among: names).map { "Did you mean '\(call) \($0)'? " } ?? ""
        return UsageError(
            .unknownCommand, "\(call): no command '\(word)'", hint: "\(nearest)See '\(call) --help'.")
    }
}
