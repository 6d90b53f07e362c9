import Arguments
import Basics
import BatchScoring

/// `modelcast batch approve`: shows a held run.
struct BatchApproveCommand: Command {
    static let spec = CommandSpec(
        "approve", abstract: "Make a complete run the current one of its model.",
        arguments: [BatchOptions.run],
        options: [BatchOptions.store, BatchOptions.note] + CommonOptions.all)

    let decision: BatchDecision

    init(values: Values) throws { decision = try BatchDecision(values: values) }

    func run() async throws {
        try await decision.run("batch approve") { store, decision in
            try await store.approve(decision.run, by: Author.name, note: decision.note)
        }
    }
}

/// `modelcast batch reject`: takes a run out.
struct BatchRejectCommand: Command {
    static let spec = CommandSpec(
        "reject", abstract: "Take a run out of the current predictions.", arguments: [BatchOptions.run],
        options: [BatchOptions.store, BatchOptions.note] + CommonOptions.all)

    let decision: BatchDecision

    init(values: Values) throws { decision = try BatchDecision(values: values) }

    func run() async throws {
        try await decision.run("batch reject") { store, decision in
            try await store.reject(decision.run, by: Author.name, note: decision.note)
        }
    }
}

/// What both decisions are told.
struct BatchDecision: Sendable {
    let common: CommonOptions
    let store: String
    let run: String
    let note: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        store = try values[BatchOptions.store]
        run = try values[BatchOptions.run]
        note = try values[BatchOptions.note]
    }

    func run(
        _ name: String, _ decide: (PredictionStore, BatchDecision) async throws -> RunRecord
    ) async throws {
        let record = try await decide(PredictionStore(path: store), self)
        try common.output.summary(
            name, ["run": .string(record.run), "state": .string(record.progress.state.rawValue)],
            text: "run \(record.run) is \(record.progress.state.rawValue)")
    }
}
