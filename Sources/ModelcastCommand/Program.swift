import Arguments
import Basics
import Configuration

/// The program: parse the words, resolve what they leave open, run the command.
enum Program {
    /// The version that `--version` prints.
    static let version = "0.1.0"

    static let name = "modelcast"

    /// All commands, by what people come for.
    static let tree = CommandTree.group(
        name, abstract: "Distribute machine-learning models as data: publish to topics, hot-load, score.",
        discussion: """
            One append-only log (a file by default, or Apache Kafka) carries models, events and \
            predictions. A publisher appends a verified snapshot of a model; running consumers load it \
            between two batches.
            """,
        examples: [
            .init("modelcast events send rides.csv --id trip", "Append the rows of a table as events.")
        ],
        CommandList.all)

    static let parser = Parser(tree)

    /// Runs the program with the words after its name; prints what went wrong.
    static func run(_ words: [String], environment: [String: String]) async -> ExitCode {
        var report = ErrorReport(words: words, environment: environment)
        do {
            switch try parser.parse(words) {
            case .help(let text): try StandardStream.output.write(Array(text.utf8))
            case .version: try StandardStream.output.write(Array("\(name) \(version)\n".utf8))
            case .run(let invocation):
                let values = try resolve(invocation, environment: environment)
                report = try ErrorReport(values: values)
                try await invocation.command(with: values).run()
            }
            return .done
        } catch {
            return report.report(error)
        }
    }

    /// Fills what the command line leaves open: from the environment, then from the configuration file.
    static func resolve(_ invocation: Invocation, environment: [String: String]) throws -> Values {
        let layers = try LayeredValues(
            environment: environment,
            configurationFile: invocation.text(ofOption: CommonOptions.config.spec.name),
            names: invocation.spec.options.map(\.name),
            suggest: { Suggestion.nearest(to: $0, among: $1) })
        return try invocation.resolve { option in
            try layers.layers(for: option.name, isRepeated: option.arity == .repeated)
        }
    }
}
