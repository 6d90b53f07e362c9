import Arguments
import Basics
import BatchScoring

/// `modelcast batch list`: the runs of a store.
struct BatchListCommand: Command {
    static let model = Option("model", optional: .text, help: "Runs of this model only.")
    static let state = Option("state", optional: .cases(of: RunState.self), help: "Runs in this state only.")
    static let spec = CommandSpec(
        "list", abstract: "List the runs of a store, newest first.",
        options: [BatchOptions.store, model, state] + CommonOptions.all)

    let common: CommonOptions
    let store: String
    let model: String?
    let state: RunState?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        store = try values[BatchOptions.store]
        model = try values[Self.model]
        state = try values[Self.state]
    }

    func run() async throws {
        let runs = try await PredictionStore(path: store).runs(model: model, state: state)
        try common.output.table(
            [
                .text("run"), .text("model"), .number("version"), .text("state"), .number("rows"),
                .number("rejects"), .text("created"), .text("input"),
            ],
            runs.map { run in
                (
                    run.json,
                    [
                        run.run, run.identity.model, String(run.identity.version),
                        run.progress.state.rawValue,
                        Units.count(run.progress.predictions), Units.count(run.progress.rejects),
                        run.createdAt.description, run.input,
                    ]
                )
            }, empty: "no runs in \(store)")
        try common.output.summary("batch list", ["runs": JSON(runs.count)])
    }
}

extension RunRecord {
    /// The run for programs.
    var json: JSON {
        [
            "run": .string(run), "model": .string(identity.model), "version": JSON(identity.version),
            "state": .string(progress.state.rawValue), "complete": .boolean(progress.isComplete),
            "rows": JSON(progress.predictions), "rejects": JSON(progress.rejects),
            "key": .string(identity.keyColumn), "input": .string(input), "inputBytes": JSON(inputBytes),
            "inputDigest": .string(identity.inputDigest), "modelDigest": .string(identity.modelDigest),
            "createdAt": .string(createdAt.description),
            "completedAt": JSON(completedAt) { .string($0.description) },
            "decidedAt": JSON(decidedAt) { .string($0.description) },
            "decidedBy": JSON(decidedBy) { .string($0) }, "note": JSON(note) { .string($0) },
            "approval": JSON(approval) { .integer(Int64($0)) },
        ]
    }
}
