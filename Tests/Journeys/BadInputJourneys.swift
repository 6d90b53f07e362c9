import Foundation
import Testing

@testable import ModelcastCommand

/// Bad input of every kind, and what comes of it: the exit status and a message that says what and where.
@Suite struct BadInputJourneys {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let words: [String]
        var input = ""
        let code: Int32
        let message: String
        var testDescription: String { name }
    }

    private static let table = "id,fare,tips\na,10,3\nb,8,0\n"

    static let cases: [Case] = [
        Case(
            name: "a table that does not exist",
            words: ["train", "--data", "no.csv", "--label", "x", "--name", "m"],
            code: 1, message: "no.csv"),
        Case(
            name: "a table without rows",
            words: ["train", "--data", "empty.csv", "--label", "tips", "--name", "m"], code: 1,
            message: "empty.csv"),
        Case(
            name: "a label that is no column",
            words: ["train", "--data", "rides.csv", "--label", "tip", "--name", "m"], code: 1,
            message: "tip"),
        Case(
            name: "a label that is no SQL",
            words: ["train", "--data", "rides.csv", "--label", "tips >", "--name", "m"], code: 1,
            message: "tips >"),
        Case(
            name: "rows that cannot be right, with their lines",
            words: ["train", "--data", "ragged.csv", "--label", "tips", "--name", "m"], code: 1,
            message: "ragged.csv"),
        Case(
            name: "a requirement that is none",
            words: ["train", "--data", "rides.csv", "--label", "tips", "--name", "m", "--require", "good"],
            code: 64,
            message: "--require"),
        Case(
            name: "a name that is none", words: ["publish", "a model", "stump.json"], code: 64,
            message: "'a model'"),
        Case(
            name: "a model file of no known format", words: ["publish", "m", "rides.csv"], code: 1,
            message: "no model format"),
        Case(
            name: "a damaged model file", words: ["publish", "m", "cut.json"], code: 1, message: "m@1"),
        Case(
            name: "a model file that does not exist", words: ["publish", "m", "no.json"], code: 1,
            message: "no.json"),
        Case(
            name: "a schema of another model",
            words: ["publish", "m", "stump.json", "--schema", "schema.json"],
            code: 1, message: "m@1"),
        Case(
            name: "golden rows that do not come out",
            words: ["publish", "m", "stump.json", "--golden", "golden.json"],
            code: 1, message: "golden"),
        Case(
            name: "an unknown model", words: ["models", "show", "nobody"], code: 1,
            message: "no model 'nobody'"),
        Case(
            name: "an unknown version", words: ["promote", "nobody", "3"], code: 1,
            message: "no model 'nobody'"),
        Case(
            name: "a scorer of an unknown model", words: ["score", "--model", "nobody", "--once"], code: 1,
            message: "no model 'nobody'"),
        Case(
            name: "a file to score that does not exist",
            words: ["predict", "--model", "./stump.json", "--input", "no.csv"], code: 1, message: "no.csv"),
        Case(
            name: "a file to score that has none of the features",
            words: ["predict", "--model", "./stump.json", "--input", "rides.csv", "--header", "present"],
            code: 1,
            message: "rides.csv"),
        Case(
            name: "a file of unknown form",
            words: ["predict", "--model", "./stump.json", "--input", "rides.xls"],
            code: 1, message: "rides.xls"),
        Case(
            name: "a batch without its key",
            words: ["batch", "run", "--model", "./stump.json", "--input", "rides.csv", "--store", "p.db"],
            code: 64,
            message: "--key is missing"),
        Case(
            name: "an event's line that is no JSON",
            words: ["events", "send", "-", "--input-format", "jsonl"],
            input: "{\"id\":\"a\"}\nnot json\n", code: 1, message: "1 rows of -"),
        Case(
            name: "bytes that are no text", words: ["events", "send", "binary.csv"], code: 1,
            message: "binary.csv"),
        Case(
            name: "a store that does not exist", words: ["predictions", "--store", "no.db"], code: 1,
            message: "no.db"),
        Case(
            name: "a run that does not exist", words: ["batch", "show", "abc", "--store", "no.db"], code: 1,
            message: "no.db"),
    ]

    @Test(arguments: cases) func isToldClearly(_ item: Case) async throws {
        let workspace = try Workspace()
        let fixture = Workspace.root.appending(path: "Tests/ModelsTests/Fixtures/stump.json")
        let model = try String(contentsOf: fixture, encoding: .utf8)
        try workspace.write(model, to: "stump.json")
        try workspace.write(String(model.prefix(model.count / 2)), to: "cut.json")
        try workspace.write(Self.table, to: "rides.csv")
        try workspace.write(Self.table, to: "rides.xls")
        try workspace.write("id,fare,tips\n", to: "empty.csv")
        try workspace.write(Self.table + "c,1\nd,1,2,3\n", to: "ragged.csv")
        try workspace.write(#"{"features":[{"name":"fare","type":"float"}]}"#, to: "schema.json")
        try workspace.write(#"{"rows":[{"event":{"f0":1},"prediction":[12345]}]}"#, to: "golden.json")
        try Data([0xff, 0xfe, 0x00, 0x41, 0x00]).write(to: workspace.folder.appending(path: "binary.csv"))
        let run = await (try workspace.start(item.words, input: item.input)).outcome()
        #expect(run.code == item.code, "\(run)")
        #expect(run.error.contains(item.message), "\(run)")
        #expect(run.error.hasPrefix("modelcast"), "\(run)")
        // Nothing half done is left visible.
        let models = try await workspace.modelcast("models", "--format", "json")
        #expect(try models.summary["versions"] as? Int == 0, "\(models)")
    }
}
