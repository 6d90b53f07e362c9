/// One job of the program, in three steps: the command line is parsed by its ``spec``, the values make a
/// command, the command runs.
///
/// Only ``run()`` touches files or the network, so a test can check any command line without running it.
public protocol Command: Sendable {
    /// Its name, help, arguments and options.
    static var spec: CommandSpec { get }

    /// A command with everything it was told.
    ///
    /// Throws: ``UsageError`` when the values do not go together.
    init(values: Values) throws

    /// Does the job.
    func run() async throws
}

/// A command's name, help, arguments and options.
public struct CommandSpec: Sendable {
    /// A command line worth copying, with what it does.
    public struct Example: Sendable {
        /// The line, with the program's name.
        public let line: String
        /// What it does.
        public let explanation: String

        /// An example.
        public init(_ line: String, _ explanation: String) {
            self.line = line
            self.explanation = explanation
        }
    }

    /// The word that calls it.
    public let name: String
    /// One sentence for lists.
    public let abstract: String
    /// Further paragraphs for its own help, separated by empty lines.
    public let discussion: String
    /// Positional arguments in order.
    public let arguments: [ArgumentSpec]
    /// Options in the order of help.
    public let options: [OptionSpec]
    /// Examples for its own help.
    public let examples: [Example]
    /// The heading it is listed under in the help of its group.
    public let section: String

    /// A command.
    public init(
        _ name: String, abstract: String, discussion: String = "", arguments: [any DeclaredArgument] = [],
        options: [any DeclaredOption] = [], examples: [Example] = [], section: String = "Commands"
    ) {
        self.name = name
        self.abstract = abstract
        self.discussion = discussion
        self.arguments = arguments.map(\.spec)
        self.options = options.map(\.spec)
        self.examples = examples
        self.section = section
    }

    /// The option with a long name.
    public func option(named name: String) -> OptionSpec? { options.first { $0.name == name } }

    /// What is wrong with the declaration itself; empty when it is sound.
    var problems: [String] {
        var problems: [String] = []
        var names: Set<String> = ["help"]
        var letters: Set<Character> = ["h"]
        for option in options {
            if !names.insert(option.name).inserted {
                problems.append("\(name): two options --\(option.name)")
            }
            if let short = option.short, !letters.insert(short).inserted {
                problems.append("\(name): two options -\(short)")
            }
            if let text = option.defaultText, (try? option.check(text)) == nil {
                problems.append("\(name): the default of --\(option.name) is no value of it")
            }
        }
        var optionalSeen = false
        for (index, argument) in arguments.enumerated() {
            if optionalSeen, argument.isRequired {
                problems.append("\(name): \(argument.name) is required but follows an optional argument")
            }
            optionalSeen = optionalSeen || !argument.isRequired
            if argument.isRepeated, index != arguments.count - 1 {
                problems.append("\(name): \(argument.name) takes all words but is not the last argument")
            }
        }
        return problems
    }
}
