/// The words of one command, sorted into options and positional words.
struct CommandLineReading {
    let spec: CommandSpec
    /// Program and command, for messages.
    let call: String
    private(set) var options: [String: [String]] = [:]
    private var positional: [String] = []

    init(spec: CommandSpec, call: String) {
        self.spec = spec
        self.call = call
    }

    /// Reads all words; false when help was asked for.
    mutating func read(_ words: ArraySlice<String>) throws(UsageError) -> Bool {
        var rest = words
        while let word = rest.popFirst() {
            if word == "--" {
                positional += rest
                break
            } else if word == "--help" || word == "-h" {
                return false
            } else if word.hasPrefix("--") {
                try readLong(word.dropFirst(2), &rest)
            } else if word.hasPrefix("-"), word.count > 1, Double(word) == nil {
                try readShort(word, &rest)
            } else {
                positional.append(word)
            }
        }
        return true
    }

    private mutating func readLong(_ word: Substring, _ rest: inout ArraySlice<String>) throws(UsageError) {
        let equals = word.firstIndex(of: "=")
        let name = String(word[..<(equals ?? word.endIndex)])
        guard let option = spec.option(named: name) else { throw unknown("--\(name)") }
        let attached = equals.map { String(word[word.index(after: $0)...]) }
        try take(option, attached: attached, &rest)
    }

    private mutating func readShort(_ word: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
        let letter = word[word.index(after: word.startIndex)]
        guard let option = spec.options.first(where: { $0.short == letter }) else { throw unknown(word) }
        let attached = word.dropFirst(2)
        try take(option, attached: attached.isEmpty ? nil : String(attached), &rest)
    }

    private mutating func take(
        _ option: OptionSpec, attached: String?, _ rest: inout ArraySlice<String>
    ) throws(UsageError) {
        if options[option.name] != nil, option.arity != .repeated {
            throw UsageError(
                .repeatedOption, "\(call): --\(option.name) is given twice",
                hint: "Give it once. See '\(call) --help'.")
        }
        let text: String
        if let attached {
            text = attached
        } else if option.arity == .flag {
            text = "true"
        } else if let next = rest.first, !next.hasPrefix("--") {
            text = next
            rest = rest.dropFirst()
        } else {
            throw UsageError(
                .missingValue, "\(call): --\(option.name) needs a value",
                hint:
                    "Write \(option.usage), or --\(option.name)=VALUE if it begins with dashes."
            )
        }
        try Invocation.check(text, of: option, place: "\(call): --\(option.name)")
        options[option.name, default: []].append(text)
    }

    private func unknown(_ written: String) -> UsageError {
        let names = spec.options.map { "--\($0.name)" } + ["--help"]
        let nearest = Suggestion.nearest(to: written, among: names).map { "Did you mean \($0)? " } ?? ""
        return UsageError(
            .unknownOption, "\(call): no option \(written)", hint: "\(nearest)See '\(call) --help'.")
    }

    /// The positional words by the arguments they belong to.
    func assignedArguments() throws(UsageError) -> [String: [String]] {
        var rest = positional[...]
        var assigned: [String: [String]] = [:]
        for argument in spec.arguments {
            let taken = argument.isRepeated ? rest : rest.prefix(1)
            rest = rest.dropFirst(taken.count)
            if taken.isEmpty, argument.isRequired {
                throw UsageError(
                    .missingArgument, "\(call): \(argument.name) is missing",
                    hint: "Usage: \(HelpText.usage(of: spec, call: call))")
            }
            for text in taken {
                do throws(ValueError) {
                    try argument.check(text)
                } catch {
                    throw UsageError(
                        .invalidValue, "\(call): '\(text)' is no \(argument.name)",
                        hint: "Expected \(error.expected).")
                }
            }
            assigned[argument.name] = Array(taken)
        }
        if let extra = rest.first {
            throw UsageError(
                .unexpectedArgument, "\(call): unexpected argument '\(extra)'",
                hint: "Usage: \(HelpText.usage(of: spec, call: call))")
        }
        return assigned
    }
}
