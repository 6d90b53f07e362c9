import Arguments
import Basics
import BatchScoring

/// `modelcast batch show`: one run with its rejected rows.
struct BatchShowCommand: Command {
    static let spec = CommandSpec(
        "show", abstract: "Show a run and the rows that it could not score.", arguments: [BatchOptions.run],
        options: [BatchOptions.store] + CommonOptions.all)

    let common: CommonOptions
    let store: String
    let run: String

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        store = try values[BatchOptions.store]
        run = try values[BatchOptions.run]
    }

    func run() async throws {
        let store = PredictionStore(path: store)
        let record = try await store.run(run)
        if case .object(let members) = record.json {
            for member in members where member.value != .null {
                let text = if case .string(let text) = member.value { text } else { member.value.text }
                try common.output.line("\(member.key): \(Table.printable(text))")
            }
        }
        let stream = TableStream(
            [.number("line"), .text("reason"), .text("detail"), .text("input")], output: common.output)
        if record.progress.isComplete {
            try await store.rejects(run: record.run) { row in
                try stream.add(
                    [
                        "row": JSON(row.row), "line": JSON(row.line), "reason": .string(row.reason),
                        "detail": .string(row.detail), "input": .string(row.input),
                    ], cells: [String(row.line), row.reason, row.detail, row.input])
            }
        }
        if stream.count > 0 { try stream.finish(empty: "") }
        guard case .object(let members) = record.json else { return }
        try common.output.summary("batch show", members, "")
    }
}
