import Arguments
import Basics
import BatchScoring
import Catalog
import Snapshots
import Synchronization
import Tabular

/// `modelcast predictions`: queries the store of batch predictions.
struct PredictionsCommand: Command {
    static let run = Option("run", optional: .text, help: "All rows of this run; the first digits suffice.")
    static let key = Option("key", optional: .text, help: "The entity: the text of the key column.")
    static let model = Option(
        "model", optional: .modelReference, valueName: "MODEL[@V]", help: "Of this model, or version, only.")
    static let sql = Option(
        "sql", optional: .text, valueName: "QUERY", help: "A query of your own; it can only read.")
    static let limit = Option("limit", optional: .integer(in: 1...Int.max), help: "At most so many rows.")
    static let timeLimit = Option(
        "time-limit", .duration, default: "60s", help: "How long the query of --sql may take.")
    static let spec = CommandSpec(
        "predictions", abstract: "Query batch predictions.",
        discussion: """
            Without --run, the current predictions: those of the newest approved run of each model for \
            each entity.
            """,
        options: [BatchOptions.store, run, key, model, sql, limit, timeLimit] + CommonOptions.all,
        examples: [
            .init("modelcast predictions --store predictions.db --key c-17", "What is predicted for c-17."),
            .init(
                "modelcast predictions --store p.db --sql 'SELECT count(*) FROM current_predictions'",
                "Any query over the documented views."),
        ], section: "Batch")

    let common: CommonOptions
    let store: String
    let sql: String?
    let timeLimit: Duration
    let query: PredictionQuery

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        store = try values[BatchOptions.store]
        sql = try values[Self.sql]
        timeLimit = try values[Self.timeLimit]
        let model = try values[Self.model]
        query = PredictionQuery(
            run: try values[Self.run], key: try values[Self.key], model: model?.model.text,
            version: try model.flatMap(Self.version), limit: try values[Self.limit])
        let narrowing: [any DeclaredOption] = [Self.run, Self.key, Self.model]
        if sql != nil, let other = narrowing.first(where: { values.isGiven($0) }) {
            throw UsageError(
                .conflict, "--sql and --\(other.spec.name) do not go together",
                hint: "Write the condition into the query.")
        }
    }

    /// The store knows versions, not aliases.
    private static func version(of reference: ModelReference) throws -> Int? {
        switch reference.selector {
        case .standard: return nil
        case .version(let version): return version.number
        case .alias(let alias):
            throw UsageError(
                .conflict, "--model \(reference): predictions are stored by version, not by alias",
                hint: "Write \(reference.model)@V; `modelcast models list` shows where \(alias) points.")
        }
    }

    func run() async throws {
        let store = PredictionStore(path: store)
        let rows = if let sql { try await runSQL(sql, store) } else { try await runQuery(store) }
        try common.output.summary("predictions", ["rows": JSON(rows)])
    }

    private func runQuery(_ store: PredictionStore) async throws -> Int {
        let stream = TableStream(
            [
                .text("entity"), .number("prediction"), .text("model"), .number("version"), .text("run"),
                .number("row"),
            ], output: common.output)
        try await store.predictions(query) { prediction in
            try stream.add(
                [
                    "entity": .string(prediction.entity), "prediction": prediction.prediction.json,
                    "scores": JSON(prediction.scores) { .array($0.map { TableValue.float($0).json }) },
                    "model": .string(prediction.model), "version": JSON(prediction.version),
                    "run": .string(prediction.run), "row": JSON(prediction.row),
                ],
                cells: [
                    prediction.entity, prediction.prediction.cell, prediction.model,
                    String(prediction.version),
                    prediction.run, String(prediction.row),
                ])
        }
        try stream.finish(empty: "no predictions")
        return stream.count
    }

    private func runSQL(_ sql: String, _ store: PredictionStore) async throws -> Int {
        let stream = Mutex<TableStream?>(nil)
        let output = common.output
        try await store.query(sql, timeLimit: timeLimit) { columns, values in
            let table = stream.withLock { stream in
                let table = stream ?? TableStream(columns.map { .text($0) }, output: output)
                stream = table
                return table
            }
            try table.add(
                .object(zip(columns, values).map { JSON.Member($0, $1.json) }), cells: values.map(\.cell))
        }
        let table = stream.withLock { $0 }
        try table?.finish(empty: "")
        return table?.count ?? 0
    }
}
