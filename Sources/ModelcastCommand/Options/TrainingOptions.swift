import Arguments
import Basics
import Features
import Tabular
import Training

/// What `train` takes, apart from where the result goes.
struct TrainingOptions: Sendable {
    static let data = Option("data", .file, help: "The table to learn from; - is standard input.")
    static let label = Option(
        "label", .text, valueName: "COLUMN|SQL",
        help: "What to predict: a column, or an SQL expression over the columns.")
    static let include = Option(
        "include", repeated: .text, valueName: "COLUMN",
        help: "A feature although the label mentions it; 'EXPRESSION AS name' adds one computed in SQL.")
    static let exclude = Option("exclude", repeated: .text, valueName: "COLUMN", help: "No feature.")
    static let categorical = Option(
        "categorical", repeated: .text, valueName: "COLUMN", help: "Numbers that are names, such as a zone.")
    static let required = Option(
        "required", repeated: .text, valueName: "COLUMN", help: "Refuse events without this feature.")
    static let id = Option(
        "id", optional: .text, valueName: "COLUMN", help: "Identifies a row: no feature, each value once.")
    static let task = Option(
        "task", optional: .cases(of: TrainingTask.self),
        help: "What is predicted; without it, the values tell.")
    static let algorithm = Option(
        "algorithm", repeated: .cases(of: Algorithm.self),
        help: "What to fit; without it, a linear model and boosted trees.")
    static let parameter = Option(
        "param", repeated: .keyValue,
        help: "A parameter of XGBoost, or rounds, early_stopping_rounds, model_format (json or ubj), l2.")
    static let metric = Option("metric", optional: .metric, help: "Chooses the best on the validation part.")
    static let require = Option(
        "require", repeated: .requirement, valueName: "'auc>=0.8'",
        help: "What the best must reach on the test part to pass.")
    static let schema = Option("schema", optional: .file, help: "The schema that the table must fit.")
    static let seed = Option("seed", .integer(in: 0...Int.max), default: "1", help: "Gives another division.")
    static let trainShare = Option(
        "train-share", .percentage, default: "80%", help: "The share of rows to fit.")
    static let validationShare = Option(
        "validation-share", .percentage, default: "10%", help: "The share of rows to choose by.")
    static let splitKey = Option(
        "split-key", optional: .text, valueName: "COLUMN",
        help: "Keep rows of one value in one part; without it, the whole row decides.")
    static let goldenRows = Option(
        "golden-rows", .integer(in: 0...10_000), default: "20", help: "Rows recorded with their predictions.")
    static let allowAnomalies = Option(
        flag: "allow-anomalies", help: "Report rows that cannot be right, and go on without them.")

    static let all: [any DeclaredOption] = [
        data, label, include, exclude, categorical, required, id, task, algorithm, parameter, metric, require,
        schema, seed, trainShare, validationShare, splitKey, goldenRows, allowAnomalies,
    ]

    let request: TrainingRequest
    let schemaFile: String?

    init(values: Values) throws {
        var request = TrainingRequest(data: try values[Self.data], label: try values[Self.label])
        let input = try InputOptions(values: values)
        request.table.format = input.format
        request.table.header = input.header
        request.task = try values[Self.task]
        request.include = try values[Self.include]
        request.exclude = try values[Self.exclude]
        request.categorical = try values[Self.categorical]
        request.required = try values[Self.required]
        request.idColumn = try values[Self.id]
        request.splitKey = try values[Self.splitKey]
        request.split = Split(
            train: try values[Self.trainShare], validation: try values[Self.validationShare],
            seed: UInt64(try values[Self.seed]))
        request.algorithms = try values[Self.algorithm]
        request.parameters = Dictionary(
            try values[Self.parameter].map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        request.metric = try values[Self.metric]
        request.requirements = try values[Self.require]
        request.goldenRows = try values[Self.goldenRows]
        request.refusesAnomalies = try !values[Self.allowAnomalies]
        if request.split.train + request.split.validation >= 1 {
            throw UsageError(
                .conflict, "--train-share and --validation-share leave no rows to test on",
                hint: "Their sum must be less than 100%.")
        }
        self.request = request
        schemaFile = try values[Self.schema]
    }
}

extension ValueParser where Value == Metric {
    /// A metric by its name.
    static var metric: Self {
        let words = ValueParser<String>.choice(Metric.allCases.map(\.rawValue))
        return ValueParser("METRIC", completion: words.completion) { text throws(ValueError) in
            if let metric = Metric(name: text) { return metric }
            _ = try words.parse(text)
            throw ValueError(expected: "a metric")
        }
    }
}

extension ValueParser where Value == Requirement {
    /// `auc>=0.8`.
    static var requirement: Self {
        ValueParser("REQUIREMENT") { text throws(ValueError) in
            do throws(TrainingError) {
                return try Requirement(text)
            } catch {
                throw ValueError(expected: "a metric, one of >= <= > <, and a number, such as 'auc>=0.8'")
            }
        }
    }
}
