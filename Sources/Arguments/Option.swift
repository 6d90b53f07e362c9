/// An option of a command, declared once as a value: its names, what it takes, its default, its help, and the
/// type of its result.
///
/// ```swift
/// static let broker = Option("broker", .text, valueName: "URL", default: "file:./log.db", help: "Where.")
/// static let group = Option("group", optional: .text, help: "Consumer group.")
/// static let include = Option("include", repeated: .text, valueName: "COLUMN", help: "Use this column too.")
/// static let once = Option(flag: "once", help: "Stop when caught up.")
/// // In `init(values:)`: String, String?, [String], Bool
/// broker = try values[Self.broker]
/// ```
public struct Option<Result: Sendable>: DeclaredOption {
    /// What parsing, help and completion need of it.
    public let spec: OptionSpec
    let read: @Sendable ([String]) throws(ValueError) -> Result

    private init<Value>(
        _ name: String, _ parser: ValueParser<Value>, _ arity: OptionSpec.Arity, short: Character?,
        valueName: String?,
        default defaultText: String?, isRequired: Bool, isSecret: Bool, section: String, help: String,
        read: @escaping @Sendable ([String]) throws(ValueError) -> Result
    ) {
        spec = OptionSpec(
            name: name, short: short, arity: arity, valueName: valueName ?? parser.name, help: help,
            defaultText: defaultText, isRequired: isRequired, section: section, completion: parser.completion,
            isSecret: isSecret, mergesByKey: arity == .repeated && Value.self == KeyValue.self,
            check: { text throws(ValueError) in _ = try parser.parse(text) })
        self.read = read
    }

    /// An option with one value: required, unless a default is given (as the text one would write).
    public init(
        _ name: String, _ parser: ValueParser<Result>, short: Character? = nil, valueName: String? = nil,
        default defaultText: String? = nil, isSecret: Bool = false,
        section: String = OptionSpec.defaultSection,
        help: String
    ) {
        self.init(
            name, parser, .one, short: short, valueName: valueName, default: defaultText,
            isRequired: defaultText == nil, isSecret: isSecret, section: section, help: help,
            read: { texts throws(ValueError) in
                guard let text = texts.last else { throw ValueError(expected: "a value") }
                return try parser.parse(text)
            })
    }

    /// An option with one value that may be left out; the result is nil then.
    public init<Value>(
        _ name: String, optional parser: ValueParser<Value>, short: Character? = nil,
        valueName: String? = nil,
        isSecret: Bool = false, section: String = OptionSpec.defaultSection, help: String
    ) where Result == Value? {
        self.init(
            name, parser, .one, short: short, valueName: valueName, default: nil, isRequired: false,
            isSecret: isSecret, section: section, help: help,
            read: { texts throws(ValueError) in
                guard let text = texts.last else { return nil }
                return try parser.parse(text)
            })
    }

    /// An option that may be given any number of times; the result holds the values in the order given.
    public init<Value>(
        _ name: String, repeated parser: ValueParser<Value>, short: Character? = nil,
        valueName: String? = nil,
        isRequired: Bool = false, isSecret: Bool = false, section: String = OptionSpec.defaultSection,
        help: String
    ) where Result == [Value] {
        self.init(
            name, parser, .repeated, short: short, valueName: valueName, default: nil, isRequired: isRequired,
            isSecret: isSecret, section: section, help: help,
            read: { texts throws(ValueError) in
                var values: [Value] = []
                for text in texts { values.append(try parser.parse(text)) }
                return values
            })
    }

    /// A flag: true when given. `--name=false` takes back what the environment or a file said.
    public init(
        flag name: String, short: Character? = nil, section: String = OptionSpec.defaultSection, help: String
    ) where Result == Bool {
        let parser = ValueParser<Bool>("", expected: "true or false") { text in
            switch text {
            case "true", "yes", "1": true
            case "false", "no", "0": false
            default: nil
            }
        }
        self.init(
            name, parser, .flag, short: short, valueName: "", default: nil, isRequired: false,
            isSecret: false,
            section: section, help: help,
            read: { texts throws(ValueError) in
                guard let text = texts.last else { return false }
                return try parser.parse(text)
            })
    }
}
