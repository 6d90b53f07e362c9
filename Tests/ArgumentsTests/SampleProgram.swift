import Arguments

/// A program with every form of option and argument, for the tests.
struct ScoreCommand: Command {
    static let model = Option(
        "model", .text, short: "m", valueName: "MODEL[@ALIAS|@V]", help: "Model to score with.")
    static let batch = Option(
        "batch", .integer(in: 1...65536), default: "1024", help: "Rows scored together.")
    static let group = Option("group", optional: .text, help: "Consumer group.")
    static let wait = Option("wait", .duration, default: "30s", help: "How long to wait for the first model.")
    static let brokerConfig = Option(
        "broker-config", repeated: .keyValue, section: "Common options",
        help: "A property of the broker's client.")
    static let format = Option(
        "format", .choice(["table", "json"]), default: "table", section: "Common options",
        help: "How to print.")
    static let config = Option(
        "config", optional: .file, section: "Common options", help: "Configuration file.")
    static let once = Option(flag: "once", help: "Stop when caught up.")
    static let password = Option("password", optional: .choice(["right"]), isSecret: true, help: "A secret.")
    static let spec = CommandSpec(
        "score", abstract: "Score the event stream with the model that an alias points to.",
        discussion: """
            Consumed offsets and predictions commit in one transaction, so each event ends as exactly one
            prediction or one dead letter.

            A new model is loaded while the old one scores.
            """,
        options: [model, batch, group, wait, once, password, brokerConfig, format, config],
        examples: [.init("modelcast score --model taxi@production --once", "Score what is there, then stop.")]
    )

    let model: String
    let batch: Int
    let group: String?
    let wait: Duration
    let brokerConfig: [KeyValue]
    let once: Bool
    let format: String

    init(values: Values) throws {
        model = try values[Self.model]
        batch = try values[Self.batch]
        group = try values[Self.group]
        wait = try values[Self.wait]
        brokerConfig = try values[Self.brokerConfig]
        once = try values[Self.once]
        format = try values[Self.format]
    }

    func run() async throws {}
}

struct PublishCommand: Command {
    static let model = Argument("MODEL", .text, help: "The model's name.")
    static let files = Argument("FILE", repeated: .file, isRequired: true, help: "The model's files.")
    static let canary = Option("canary", optional: .percentage, help: "Share of the events.")
    static let spec = CommandSpec(
        "publish", abstract: "Publish a model.", arguments: [model, files], options: [canary],
        section: "Models")

    let model: String
    let files: [String]
    let canary: Double?

    init(values: Values) throws {
        model = try values[Self.model]
        files = try values[Self.files]
        canary = try values[Self.canary]
    }

    func run() async throws {}
}

struct ListCommand: Command {
    static let limit = Option("limit", optional: .integer(), help: "At most so many.")
    static let spec = CommandSpec("list", abstract: "List all models.", options: [limit])

    let limit: Int?

    init(values: Values) throws { limit = try values[Self.limit] }

    func run() async throws {}
}

struct ShowCommand: Command {
    static let model = Argument("MODEL", .text, help: "The model's name.")
    static let version = Argument("VERSION", optional: .integer(), help: "Its version.")
    static let spec = CommandSpec("show", abstract: "Show one model.", arguments: [model, version])

    let version: Int?

    init(values: Values) throws { version = try values[Self.version] }

    func run() async throws {}
}

enum Sample {
    static let tree = CommandTree.group(
        "modelcast", abstract: "Distribute machine-learning models as data.",
        [
            .command(PublishCommand.self),
            .command(ScoreCommand.self),
            .group(
                "models", abstract: "List and show models.", section: "Models", default: "list",
                [.command(ListCommand.self), .command(ShowCommand.self)]),
        ])
    static let parser = Parser(tree)

    static func invocation(_ line: String) throws -> Invocation {
        let words = line.split(separator: " ").map(String.init)
        guard case .run(let invocation) = try parser.parse(words) else { throw NoInvocation() }
        return invocation
    }

    static func command<C: Command>(_ line: String, as type: C.Type = C.self) throws -> C? {
        let invocation = try invocation(line)
        return try invocation.command(with: invocation.resolve()) as? C
    }

    /// The error of a wrong command line; nil when it is right.
    static func error(_ line: String) -> UsageError? {
        do {
            let invocation = try invocation(line)
            _ = try invocation.command(with: invocation.resolve())
            return nil
        } catch {
            return error as? UsageError
        }
    }

    struct NoInvocation: Error {}
}
