import Arguments
import Basics
import Catalog
import Modelcast
import Models
import Snapshots

/// `modelcast publish`: a model trained anywhere becomes a version.
struct PublishCommand: Command {
    static let model = Argument("MODEL", .modelName, help: "The name of the model.")
    static let file = Argument("FILE", .file, help: "The model file, in its own format.")
    static let version = Option(
        "version", optional: .modelVersion, valueName: "N",
        help: "Claim exactly this number, or fail; without it, the next one.")
    /// `--format` also names the form of the output, as for every command.
    static let format = Option(
        "format", repeated: .modelOrOutputFormat, valueName: "F",
        help: "The file's format (without it, told from the contents); table or json as for every command.")
    static let schema = Option("schema", optional: .file, help: "The features that the model takes, as JSON.")
    static let pipeline = Option(
        "pipeline", optional: .file, help: "The transforms between features and the model's inputs, as JSON.")
    static let baseline = Option(
        "baseline", optional: .file, help: "The distributions of the training data, as JSON.")
    static let golden = Option(
        "golden", optional: .file,
        help: "Recorded inputs with the outputs that every consumer must get, as JSON.")
    static let attach = Option(
        "attach", repeated: .file, help: "A file that travels with the version, under its own name.")
    static let metric = Option(
        "metric", repeated: .metricValue, valueName: "NAME=NUMBER", help: "What was measured.")
    static let parameter = Option("param", repeated: .keyValue, help: "How it was trained.")
    static let alias = Option(
        "alias", optional: .alias, help: "Point this alias to the version once it is published.")
    static let parent = Option(
        "parent", optional: .modelVersion, help: "The version that it was made from, for the lineage.")
    static let revision = Option(
        "code-revision", optional: .text, help: "The revision of the code that trained it, for the lineage.")
    static let spec = CommandSpec(
        "publish", abstract: "Publish a model file as the next version.",
        discussion: """
            The model is loaded and scored first; its bytes are then appended in pieces and read back; the \
            version is visible only when all of that is right. Without --schema, one is made from the \
            file: its feature names, or f0, f1, ….
            """,
        arguments: [model, file],
        options: [
            version, format, schema, pipeline, baseline, golden, attach, metric, parameter, alias, parent,
            revision, ModelOptions.why, ModelOptions.author, ModelOptions.cache,
        ] + CommonOptions.all.filter { $0.spec.name != "format" },
        examples: [
            .init("modelcast publish tips model.ubj --alias production", "Publish a version and serve it."),
            .init(
                "modelcast publish tips model.json --schema schema.json --metric auc=0.81",
                "With what it takes."),
        ], section: "Models")

    let common: CommonOptions
    let request: PublicationRequest
    let author: String?
    let cache: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        author = try values[ModelOptions.author]
        cache = try values[ModelOptions.cache]
        var request = PublicationRequest(model: try values[Self.model], path: try values[Self.file])
        let words = try values[Self.format]
        request.format = words.map(ModelFormat.init(name:)).last { ModelFormat.all.contains($0) }
        request.schema = try values[Self.schema].map { .file($0) }
        request.pipeline = try values[Self.pipeline].map { .file($0) }
        request.baseline = try values[Self.baseline].map { .file($0) }
        request.golden = try values[Self.golden].map { .file($0) }
        for path in try values[Self.attach] {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            guard request.attachments.updateValue(.file(path), forKey: name) == nil else {
                throw UsageError(
                    .conflict, "--attach: two files are called \(name)",
                    hint: "Files travel under their own names.")
            }
        }
        request.metrics = Dictionary(
            try values[Self.metric].map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        request.parameters = Dictionary(
            try values[Self.parameter].map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        request.version = try values[Self.version]
        request.alias = try values[Self.alias]
        request.why = try values[ModelOptions.why] ?? ""
        request.lineage = Lineage(
            codeRevision: try values[Self.revision], parentVersion: try values[Self.parent])
        self.request = request
    }

    func run() async throws {
        try await common.withCatalog("publish") { session in
            let publication = try await session.publish(request, author: author, cache: cache)
            try common.output.published(publication, summary: "publish")
        }
    }
}

extension ValueParser where Value == String {
    /// A model format, or the form of the output.
    static var modelOrOutputFormat: Self {
        .choice(ModelFormat.all.map(\.name) + Output.Format.allCases.map(\.rawValue))
    }
}

/// A measured value with its name.
struct MetricValue: Sendable, Equatable {
    let name: String
    let value: Double
}

extension ValueParser where Value == MetricValue {
    /// `auc=0.81`.
    static var metricValue: Self {
        ValueParser("NAME=NUMBER", expected: "a name and a finite number, such as auc=0.81") { text in
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex,
                let number = Double(text[text.index(after: equals)...]), number.isFinite
            else { return nil }
            return MetricValue(name: String(text[..<equals]), value: number)
        }
    }
}
