/// Scripts that teach a shell to complete the program's commands, options and values.
///
/// They hold everything they need: completing a word does not start the program.
public enum CompletionScript {
    /// The shells there is a script for.
    public enum Shell: String, Sendable, CaseIterable {
        /// GNU bash, 3.2 or later.
        case bash
        /// zsh with its completion system loaded.
        case zsh
        /// fish, 3 or later.
        case fish
    }

    /// The script for a shell, to be written where the shell looks for it or to be sourced.
    public static func script(for shell: Shell, of tree: CommandTree) -> String {
        switch shell {
        case .bash: bash(tree)
        case .zsh: zsh(tree)
        case .fish: fish(tree)
        }
    }

    /// One place of the tree: the words that lead to it and the words that may follow.
    private struct Place {
        let path: [String]
        let children: [CommandTree]
        let spec: CommandSpec
        /// A group that runs a command by itself completes that command's options too.
        let options: [OptionSpec]
    }

    private static func places(_ tree: CommandTree) -> [Place] {
        func place(_ path: [String], _ node: CommandTree) -> Place {
            let options =
                node.defaultChild.flatMap { node.child(named: $0) }?.spec.options ?? node.spec.options
            return Place(path: path, children: node.children, spec: node.spec, options: options)
        }
        let groups = [(path: [String](), tree: tree)] + tree.groups
        return groups.map { place($0.path, $0.tree) }
            + tree.commands.map {
                Place(path: $0.path, children: [], spec: $0.spec, options: $0.spec.options)
            }
    }

    private static func words(_ place: Place) -> [String] {
        var words = place.children.map(\.spec.name) + place.options.map { "--\($0.name)" } + ["--help"]
        if place.path.isEmpty { words += ["help", "--version"] }
        if case .words(let choices)? = place.spec.arguments.first?.completion { words += choices }
        return words
    }

    private static func key(_ path: [String]) -> String { path.joined(separator: "/") }

    // MARK: bash

    private static func bash(_ tree: CommandTree) -> String {
        let name = tree.spec.name
        let places = places(tree)
        let paths = places.filter { !$0.path.isEmpty }.map { "\"\(key($0.path))\"" }.joined(separator: " | ")
        var values: [String] = []
        var words: [String] = []
        for place in places {
            for option in place.options where option.arity != .flag {
                let action =
                    switch option.completion {
                    case .words(let choices):
                        "COMPREPLY=($(compgen -W '\(choices.joined(separator: " "))' -- \"$current\"))"
                    case .directory: "COMPREPLY=($(compgen -d -- \"$current\"))"
                    case .file, .none: "COMPREPLY=($(compgen -f -- \"$current\"))"
                    }
                values.append("        \"\(key(place.path)) --\(option.name)\") \(action); return ;;")
            }
            words.append(
                "        \"\(key(place.path))\") words='\(self.words(place).joined(separator: " "))' ;;")
        }
        return """
            # Completion of \(name) for bash. Source it, or write it to
            # ~/.local/share/bash-completion/completions/\(name)
            _\(name)() {
                local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
                local path="" next words="" index
                for ((index = 1; index < COMP_CWORD; index++)); do
                    next="${path:+$path/}${COMP_WORDS[index]}"
                    case "$next" in
                    \(paths)) path="$next" ;;
                    esac
                done
                case "$path $previous" in
            \(values.joined(separator: "\n"))
                esac
                case "$path" in
            \(words.joined(separator: "\n"))
                esac
                COMPREPLY=($(compgen -W "$words" -- "$current"))
            }
            complete -o default -F _\(name) \(name)

            """
    }

    // MARK: zsh

    private static func zsh(_ tree: CommandTree) -> String {
        let name = tree.spec.name
        let places = places(tree)
        let paths = places.filter { !$0.path.isEmpty }.map { "\"\(key($0.path))\"" }.joined(separator: " | ")
        var values: [String] = []
        var offers: [String] = []
        for place in places {
            for option in place.options where option.arity != .flag {
                let action =
                    switch option.completion {
                    case .words(let choices): "compadd -- \(choices.joined(separator: " "))"
                    case .directory: "_files -/"
                    case .file, .none: "_files"
                    }
                values.append("        \"\(key(place.path)) --\(option.name)\") \(action); return ;;")
            }
            var items = place.children.map { described($0.spec.name, $0.spec.abstract) }
            items +=
                place.options.map { described("--\($0.name)", $0.help) } + [described("--help", "Show help.")]
            offers.append("        \"\(key(place.path))\") offers=(\(items.joined(separator: " "))) ;;")
        }
        return """
            #compdef \(name)
            # Completion of \(name) for zsh. Write it to a file _\(name) in a directory of $fpath.
            _\(name)() {
                local next="" place="" index
                local -a offers
                for ((index = 2; index < CURRENT; index++)); do
                    next="${place:+$place/}${words[index]}"
                    case "$next" in
                    \(paths)) place="$next" ;;
                    esac
                done
                case "$place ${words[CURRENT-1]}" in
            \(values.joined(separator: "\n"))
                esac
                case "$place" in
            \(offers.joined(separator: "\n"))
                esac
                _describe 'word' offers || _files
            }
            if [[ "${funcstack[1]}" == "_\(name)" ]]; then _\(name) "$@"; else compdef _\(name) \(name); fi

            """
    }

    /// `word:explanation`, quoted for zsh.
    private static func described(_ word: String, _ text: String) -> String {
        "'\(word):\(sentence(text).replacing(":", with: " "))'"
    }

    // MARK: fish

    private static func fish(_ tree: CommandTree) -> String {
        let name = tree.spec.name
        let places = places(tree)
        let paths = places.filter { !$0.path.isEmpty }.map { key($0.path) }.joined(separator: " ")
        var lines: [String] = []
        for place in places {
            let condition = "-n '__\(name)_at \"\(key(place.path))\"'"
            for child in place.children {
                let abstract = sentence(child.spec.abstract)
                lines.append("complete -c \(name) -f \(condition) -a \(child.spec.name) -d '\(abstract)'")
            }
            for option in place.options {
                let value =
                    switch (option.arity, option.completion) {
                    case (.flag, _): ""
                    case (_, .words(let choices)): " -x -a '\(choices.joined(separator: " "))'"
                    default: " -r"
                    }
                lines.append(
                    "complete -c \(name) \(condition) -l \(option.name)\(value) -d '\(sentence(option.help))'"
                )
            }
        }
        return """
            # Completion of \(name) for fish. Write it to ~/.config/fish/completions/\(name).fish
            function __\(name)_at
                set -l place ""
                for word in (commandline -opc)[2..-1]
                    set -l next (string trim -c / -- "$place/$word")
                    if contains -- $next \(paths)
                        set place $next
                    end
                end
                test "$place" = "$argv[1]"
            end
            \(lines.joined(separator: "\n"))

            """
    }

    /// The first sentence without what a shell's quotes would trip over.
    private static func sentence(_ text: String) -> String {
        let flat = text.replacing("\n", with: " ").replacing("'", with: "")
        guard let end = flat.firstRange(of: ". ") else { return flat }
        return String(flat[..<end.upperBound].dropLast())
    }
}
