/// A command line as it was written: which command, which options, which arguments. Checked word by word;
/// nothing looked up yet.
public struct Invocation: Sendable {
    /// Values that a place other than the command line has for an option.
    public typealias Filling = (texts: [String], place: String)

    /// The program's name.
    public let program: String
    /// The words that call the command, a group's default command included.
    public let path: [String]
    let node: CommandTree
    let options: [String: [String]]
    let arguments: [String: [String]]

    /// The command's declaration.
    public var spec: CommandSpec { node.spec }

    /// The text of an option as written on the command line; nil when it was not given there.
    public func text(ofOption name: String) -> String? { options[name]?.last }

    /// Fills what the command line leaves open and checks the whole: the second step.
    ///
    /// `filling` answers, for an option, with the values that other places have for it, the strongest place
    /// first (environment, then configuration file). The command line is stronger than all of them; the
    /// default is the weakest. The strongest place that has a value wins whole, but options of `key=value`
    /// are merged key by key.
    ///
    /// Throws: ``UsageError`` for a value of wrong form, naming its place, and for a missing required option;
    /// whatever `filling` throws.
    public func resolve(filling: (OptionSpec) throws -> [Filling] = { _ in [] }) throws -> Values {
        var entries: [String: Values.Entry] = [:]
        let call = ([program] + path).joined(separator: " ")
        for option in spec.options {
            var layers: [Filling] = options[option.name].map { [($0, "the command line")] } ?? []
            for layer in try filling(option) where !layer.texts.isEmpty {
                try Self.check(layer, of: option)
                layers.append(layer)
            }
            if layers.isEmpty, let text = option.defaultText { layers = [([text], Values.defaultPlace)] }
            guard let strongest = layers.first else {
                if option.isRequired { throw missing(option, call: call) }
                continue
            }
            let texts = option.mergesByKey ? Self.merged(layers.map(\.texts)) : strongest.texts
            entries[option.name] = Values.Entry(texts: texts, place: strongest.place)
        }
        return Values(options: entries, arguments: arguments, call: call)
    }

    /// Makes the command from its values: the last step before running it.
    public func command(with values: Values) throws -> any Command {
        guard let make = node.make else {
            preconditionFailure("\(path) is a group, the parser never returns one")
        }
        return try make(values)
    }

    private func missing(_ option: OptionSpec, call: String) -> UsageError {
        let variable = option.environmentVariable(prefix: "\(program.uppercased())_")
        return UsageError(
            .missingOption, "\(call): --\(option.name) is missing",
            hint: "Give \(option.usage), set \(variable), or name it in the file of --config.")
    }

    private static func check(_ layer: Filling, of option: OptionSpec) throws(UsageError) {
        if option.arity != .repeated, layer.texts.count > 1 {
            throw UsageError(
                .repeatedOption, "\(layer.place): \(option.name) has \(layer.texts.count) values",
                hint: "It takes one.")
        }
        for text in layer.texts { try check(text, of: option, place: "\(layer.place): \(option.name)") }
    }

    static func check(_ text: String, of option: OptionSpec, place: String) throws(UsageError) {
        do throws(ValueError) {
            try option.check(text)
        } catch {
            let shown = option.isSecret || option.mergesByKey ? "the value" : "'\(text)'"
            throw UsageError(
                .invalidValue, "\(place): \(shown) is not valid", hint: "Expected \(error.expected).")
        }
    }

    /// The texts of all layers, each key once with the text of the strongest layer that has it; weaker
    /// layers' keys come first.
    private static func merged(_ layers: [[String]]) -> [String] {
        var seen: Set<Substring> = []
        var merged: [String] = []
        for text in layers.flatMap({ $0.reversed() }) {
            if seen.insert(text.prefix { $0 != "=" }).inserted { merged.append(text) }
        }
        return merged.reversed()
    }
}
