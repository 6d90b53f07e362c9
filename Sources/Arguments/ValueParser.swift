/// Why a text is not a value of the wanted kind: a phrase that completes "expected …".
public struct ValueError: Error, Sendable {
    /// What would have been right, for example `a duration such as 30s or 500ms`.
    public let expected: String

    /// An error that says what would have been right.
    public init(expected: String) { self.expected = expected }
}

/// What a shell can offer for a value.
public enum Completion: Sendable, Equatable {
    /// Nothing is known.
    case none
    /// Any file.
    case file
    /// Any directory.
    case directory
    /// One of these words.
    case words([String])
}

/// Turns the text of an option or argument into a value, and says how such a text is called and completed.
public struct ValueParser<Value: Sendable>: Sendable {
    /// The value's name in help, in capitals: `FILE`, `DURATION`.
    public let name: String
    /// What a shell can offer.
    public let completion: Completion
    /// The conversion. It touches neither files nor the network.
    public let parse: @Sendable (String) throws(ValueError) -> Value

    /// A parser that can say exactly what is wrong.
    public init(
        _ name: String, completion: Completion = .none,
        parse: @escaping @Sendable (String) throws(ValueError) -> Value
    ) {
        self.name = name
        self.completion = completion
        self.parse = parse
    }

    /// A parser from a failable conversion; `expected` completes the phrase "expected …".
    public init(
        _ name: String, expected: String, completion: Completion = .none,
        _ convert: @escaping @Sendable (String) -> Value?
    ) {
        self.init(name, completion: completion) { text throws(ValueError) in
            guard let value = convert(text) else { throw ValueError(expected: expected) }
            return value
        }
    }

    /// The same parser under another name in help.
    public func named(_ name: String) -> ValueParser {
        ValueParser(name, completion: completion, parse: parse)
    }
}

extension ValueParser where Value == String {
    /// Any text that is not empty.
    public static var text: Self {
        ValueParser("TEXT", expected: "a text that is not empty") { $0.isEmpty ? nil : $0 }
    }

    /// A file's path; `-` may stand for standard input or output where a command says so.
    public static var file: Self {
        ValueParser("FILE", expected: "a path", completion: .file) { $0.isEmpty ? nil : $0 }
    }

    /// A directory's path.
    public static var directory: Self {
        ValueParser("DIRECTORY", expected: "a path", completion: .directory) { $0.isEmpty ? nil : $0 }
    }

    /// One of the given words, exactly.
    public static func choice(_ words: [String]) -> Self {
        ValueParser(words.joined(separator: "|"), completion: .words(words)) { text throws(ValueError) in
            if words.contains(text) { return text }
            let nearest = Suggestion.nearest(to: text, among: words).map { " (did you mean \($0)?)" } ?? ""
            throw ValueError(expected: "one of \(words.joined(separator: ", "))\(nearest)")
        }
    }
}

extension ValueParser where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of an enumeration's raw values.
    public static func cases(of type: Value.Type) -> Self {
        let words = ValueParser<String>.choice(type.allCases.map(\.rawValue))
        return ValueParser(words.name, completion: words.completion) { text throws(ValueError) in
            guard let value = Value(rawValue: try words.parse(text)) else {
                throw ValueError(expected: "one of \(words.name)")
            }
            return value
        }
    }
}

extension ValueParser where Value == Int {
    /// A whole number within a range.
    public static func integer(in range: ClosedRange<Int> = .min ... .max) -> Self {
        ValueParser("N", expected: "a whole number\(range.inWords)") { text in
            guard let number = Int(text), range.contains(number) else { return nil }
            return number
        }
    }
}

extension ValueParser where Value == Double {
    /// A finite decimal number within a range.
    public static func number(
        in range: ClosedRange<Double> = -.greatestFiniteMagnitude ... .greatestFiniteMagnitude
    ) -> Self {
        let bounded =
            range.upperBound < .greatestFiniteMagnitude || range.lowerBound > -.greatestFiniteMagnitude
        let words = bounded ? " from \(range.lowerBound) to \(range.upperBound)" : ""
        return ValueParser("NUMBER", expected: "a number\(words)") { text in
            guard let number = Double(text), number.isFinite, range.contains(number) else { return nil }
            return number
        }
    }
}

extension ClosedRange<Int> {
    fileprivate var inWords: String {
        switch (lowerBound, upperBound) {
        case (.min, .max): ""
        case (_, .max): ", \(lowerBound) or more"
        case (.min, _): ", \(upperBound) or less"
        default: " from \(lowerBound) to \(upperBound)"
        }
    }
}
