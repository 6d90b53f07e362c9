/// How one positional argument is called and what it means.
public struct ArgumentSpec: Sendable {
    /// Its name in help, in capitals.
    public let name: String
    /// One or more sentences for help.
    public let help: String
    /// Whether the command cannot run without it.
    public let isRequired: Bool
    /// Whether it takes all words that are left.
    public let isRepeated: Bool
    /// What a shell can offer.
    public let completion: Completion
    /// Throws what would have been right if a text is no value of this argument.
    public let check: @Sendable (String) throws(ValueError) -> Void

    /// The argument as it stands in a usage line: `FILE`, `[FILE]`, `FILE...`.
    public var usage: String {
        let name = isRepeated ? "\(name)..." : name
        return isRequired ? name : "[\(name)]"
    }
}

/// A positional argument of any type, as a command lists it.
public protocol DeclaredArgument: Sendable {
    /// What parsing, help and completion need of it.
    var spec: ArgumentSpec { get }
}

/// A positional argument of a command, declared once as a value.
public struct Argument<Result: Sendable>: DeclaredArgument {
    /// What parsing, help and completion need of it.
    public let spec: ArgumentSpec
    let read: @Sendable ([String]) throws(ValueError) -> Result

    private init<Value>(
        _ name: String, _ parser: ValueParser<Value>, isRequired: Bool, isRepeated: Bool, help: String,
        read: @escaping @Sendable ([String]) throws(ValueError) -> Result
    ) {
        spec = ArgumentSpec(
            name: name, help: help, isRequired: isRequired, isRepeated: isRepeated,
            completion: parser.completion,
            check: { text throws(ValueError) in _ = try parser.parse(text) })
        self.read = read
    }

    /// An argument that must be given.
    public init(_ name: String, _ parser: ValueParser<Result>, help: String) {
        self.init(
            name, parser, isRequired: true, isRepeated: false, help: help,
            read: { texts throws(ValueError) in
                guard let text = texts.first else { throw ValueError(expected: "a value") }
                return try parser.parse(text)
            })
    }

    /// An argument that may be left out; the result is nil then.
    public init<Value>(_ name: String, optional parser: ValueParser<Value>, help: String)
    where Result == Value? {
        self.init(
            name, parser, isRequired: false, isRepeated: false, help: help,
            read: { texts throws(ValueError) in
                guard let text = texts.first else { return nil }
                return try parser.parse(text)
            })
    }

    /// All words that are left; at least one when it is required.
    public init<Value>(
        _ name: String, repeated parser: ValueParser<Value>, isRequired: Bool = false, help: String
    ) where Result == [Value] {
        self.init(
            name, parser, isRequired: isRequired, isRepeated: true, help: help,
            read: { texts throws(ValueError) in
                var values: [Value] = []
                for text in texts { values.append(try parser.parse(text)) }
                return values
            })
    }
}
