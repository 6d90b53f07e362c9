import Basics
import Features
import Foundation
import Models
import Testing

@testable import BatchScoring

@Suite struct FileScorerTests {
    private let thread = ThreadExecutor(name: "scorer-tests")

    /// Every form of the same rides gives the bits of each ride scored alone, whatever the blocks.
    @Test(arguments: [false, true], [1, 7, 8_192])
    func everyFormGivesTheBitsOfTheService(classes: Bool, blockRows: Int) async throws {
        let fixture = try StoreFixture()
        let rides = RideModel.Ride.made(100, seed: 5)
        try await thread.run { () throws in
            let rideModel = try RideModel(classes: classes)
            let expected = rideModel.oracle(rides)
            for file in RideModel.files(rides) {
                let path = try fixture.write(file.text, file.name)
                let scorer = try FileScorer(
                    InputOptions(path: path, keyColumn: file.key), model: rideModel.model,
                    limits: BatchLimits(blockRowsMax: blockRows))
                var block = ScoredBlock()
                var rows: [Int] = []
                while try scorer.next(into: &block) {
                    #expect(block.rejects == [], "\(file.name)")
                    #expect(block.rows.count <= blockRows)
                    for index in 0..<block.count {
                        let row = block.scoredRows[index]
                        rows.append(row)
                        #expect(block.keyText(index) == rides[row].id, "\(file.name)")
                        #expect(
                            Array(block.predictionValues(index)) == expected[row].prediction, "\(file.name)")
                        #expect(Array(block.scoreValues(index)) == expected[row].scores, "\(file.name)")
                    }
                }
                #expect(rows == Array(0..<100), "\(file.name)")
                #expect(scorer.rowsRead == 100)
                #expect(scorer.missingFeatures == [])
            }
        }
    }

    /// Going on from any row gives the rest of the whole.
    @Test func anyRowCanBeTheFirst() async throws {
        let fixture = try StoreFixture()
        let rides = RideModel.Ride.made(20, seed: 6)
        try await thread.run { () throws in
            let model = try RideModel().model
            for file in RideModel.files(rides) {
                // A bad row among them: it has a number too.
                var lines = file.text.split(whereSeparator: \.isNewline).map(String.init)
                lines[8] = "x,y"
                let path = try fixture.write(lines.joined(separator: "\n"), file.name)
                func numbers(from first: Int) throws -> [String] {
                    let scorer = try FileScorer(
                        InputOptions(path: path, keyColumn: file.key), model: model,
                        limits: BatchLimits(blockRowsMax: 3))
                    var block = ScoredBlock()
                    var found: [String] = []
                    while try scorer.next(into: &block, from: first) {
                        #expect(block.rows.lowerBound >= first)
                        #expect(block.rows.count == block.count + block.rejects.count)
                        found += block.rejects.map { "\($0.row) \($0.line)" }
                        found += (0..<block.count).map { "\(block.scoredRows[$0]) \(block.prediction($0))" }
                    }
                    return found
                }
                let whole = try numbers(from: 0)
                #expect(whole.count == 20)
                for first in 1...21 {
                    let rest = whole.filter { Int($0.split(separator: " ")[0]) ?? 0 >= first }
                    #expect(try numbers(from: first) == rest, "\(file.name) from \(first)")
                }
            }
        }
    }

    @Test func badRowsAreRejectsWithTheirLineAndReason() async throws {
        let fixture = try StoreFixture()
        let csv = """
            id,fare,seconds,shared,payment,note
            a,1,2,true,cash,"two
            lines"
            b,one,2,true,cash,
            c,1,2.5,true,cash,
            d,1,2,perhaps,cash,
            e,,2,true,cash,

            f,1,2,true
            ,1,2,true,cash,
            g,1e999,2,true,cash,
            h,1,,,,
            i,1,2,true,"cash"x,
            """
        let jsonl = """
            {"id":"a","fare":1}
            {"id":"b","fare":"1"}
            {"id":"c","fare":1
            [1]

            {"id":"e"}
            {"id":null,"fare":1}
            {"fare":1}
            {"id":"h","features":[1,2]}
            {"id":"i","features":7}
            {"id":{},"fare":1}
            {"id":"k","fare":1}
            """
        try await thread.run { () throws in
            let model = try RideModel().model
            func rejects(_ path: String, required: Bool) throws -> [String] {
                let scorer = try FileScorer(
                    InputOptions(path: path, keyColumn: "id"), model: model, keyIsRequired: required)
                var block = ScoredBlock()
                var found: [String] = []
                while try scorer.next(into: &block) {
                    found += block.rejects.map { "\($0.row) \($0.line) \($0.reason)" }
                    #expect(block.rejects.allSatisfy { !$0.detail.isEmpty })
                }
                return found
            }
            let csvPath = try fixture.write(csv, "bad.csv")
            #expect(
                try rejects(csvPath, required: true) == [
                    "1 4 wrong-type", "2 5 wrong-type", "3 6 wrong-type", "4 7 missing-required",
                    "5 9 ragged",
                    "6 10 missing-key", "7 11 wrong-type", "9 13 malformed",
                ])
            #expect(try rejects(csvPath, required: false).contains { $0.contains("missing-key") } == false)
            let jsonPath = try fixture.write(jsonl, "bad.jsonl")
            #expect(
                try rejects(jsonPath, required: true) == [
                    "1 2 wrong-type", "2 3 not-json", "3 4 not-an-event", "4 6 missing-required",
                    "5 7 missing-key",
                    "6 8 missing-key", "7 9 wrong-count", "8 10 not-an-event", "9 11 wrong-type",
                ])
        }
    }

    @Test func aRowOfManyBytesIsRejectedAndCutShort() async throws {
        let fixture = try StoreFixture()
        let long = String(repeating: "x", count: 2 << 20)
        try await thread.run { () throws in
            let model = try RideModel().model
            for (name, text) in [
                ("long.csv", "id,fare\na,1\nb,\(long)\nc,3\n"),
                (
                    "long.jsonl",
                    "{\"id\":\"a\",\"fare\":1}\n{\"id\":\"b\",\"x\":\"\(long)\"}\n{\"id\":\"c\",\"fare\":3}\n"
                ),
            ] {
                let path = try fixture.write(text, name)
                let scorer = try FileScorer(InputOptions(path: path, keyColumn: "id"), model: model)
                var block = ScoredBlock()
                #expect(try scorer.next(into: &block))
                #expect(block.scoredRows == [0, 2])
                #expect(block.rejects.map(\.reason) == ["too-large"])
                #expect(block.rejects.map(\.row) == [1])
                #expect((block.rejects.first?.input.utf8.count ?? .max) <= 4_096)
                #expect(try !scorer.next(into: &block))
            }
            let path = try fixture.write("id,fare\n\(String(repeating: "k", count: 1_025)),1\n", "key.csv")
            let scorer = try FileScorer(InputOptions(path: path, keyColumn: "id"), model: model)
            var block = ScoredBlock()
            #expect(try scorer.next(into: &block))
            #expect(block.rejects.map(\.reason) == ["too-large"])
        }
    }

    @Test(arguments: [
        ("none.csv", nil as String?, "id", BatchError.Code.file),
        ("x.parquet", "a", "id", .file),
        ("x.csv", "fare,seconds\n1,2\n", "id", .keyColumn),
        ("x.csv", "id,name\na,b\n", "id", .columns),
        ("x.csv", "id,seconds\na,2\n", "id", .columns),
        ("x.csv", "a,b,c,d\n1,2,true,cash\n", "fare", .columns),
        ("x.csv", "1,2,true\n", "fare", .columns),
        ("x.csv", "1,2,true,cash,9\n", "fare", .columns),
        ("x.csv", "1,2,true,cash\n", "id", .keyColumn),
        ("x.csv", "1,2,true,cash,9\n", "5", .columns),
        ("x.csv", "id,fare,id\n1,2,3\n", "id", .file),
    ])
    func aFileThatDoesNotFitIsAnError(name: String, text: String?, key: String, code: BatchError.Code)
        async throws
    {
        let fixture = try StoreFixture()
        let path = try text.map { try fixture.write($0, name) } ?? fixture.folder + "/" + name
        await #expect(throws: BatchError(code, "")) {
            try await thread.run { () throws in
                let model = try RideModel().model
                let scorer = try FileScorer(InputOptions(path: path, keyColumn: key), model: model)
                var block = ScoredBlock()
                _ = try scorer.next(into: &block)
            }
        }
    }

    @Test func emptyFilesHaveNoRows() async throws {
        let fixture = try StoreFixture()
        try await thread.run { () throws in
            let model = try RideModel().model
            for (name, text) in [("a.csv", ""), ("b.csv", "id,fare\n"), ("c.jsonl", ""), ("d.jsonl", "\n\n")]
            {
                let scorer = try FileScorer(
                    InputOptions(path: try fixture.write(text, name), keyColumn: "id"), model: model)
                var block = ScoredBlock()
                #expect(try !scorer.next(into: &block), "\(name)")
                #expect(scorer.rowsRead == 0)
            }
        }
    }

    /// A model without names meets a header that it does not know: columns by position, rows counted
    /// without it.
    @Test func aHeaderOfUnknownNamesIsNoRowOfANamelessModel() async throws {
        let fixture = try StoreFixture()
        try await thread.run { () throws in
            let base = try RideModel().model
            let schema = try Schema.floats(names: nil, count: base.predictor.featureCount)
            let model = ScoringModel(
                name: "m", version: 1, digest: "", program: try FeatureProgram(schema: schema),
                predictor: base.predictor)
            let names = (0..<base.predictor.featureCount).map { "column \($0)" }.joined(separator: ",")
            let row = (0..<base.predictor.featureCount).map { "0.\($0)" }.joined(separator: ",")
            for (name, text) in [("named.csv", "\(names)\n\(row)\nbad\n"), ("plain.csv", "\(row)\nbad\n")] {
                let scorer = try FileScorer(InputOptions(path: try fixture.write(text, name)), model: model)
                var block = ScoredBlock()
                #expect(try scorer.next(into: &block))
                #expect(block.scoredRows == [0], "\(name)")
                #expect(block.rejects.map(\.row) == [1], "\(name)")
                #expect(scorer.rowsRead == 2)
            }
        }
    }

    @Test func predictWritesCSVAndJSONLines() async throws {
        let fixture = try StoreFixture()
        let rides = Array(RideModel.Ride.made(3, seed: 8))
        let path = try fixture.write(
            ([RideModel.Ride.header] + rides.map(\.namedCells) + ["x,y"]).joined(separator: "\n"), "in.csv")
        func predict(_ output: String, key: String?, classes: Bool = false) async throws
            -> FilePrediction.Summary
        {
            try await FilePrediction.run(
                FilePrediction.Options(
                    input: InputOptions(path: path, keyColumn: key), output: fixture.folder + "/" + output,
                    rejectsPath: fixture.folder + "/rejects.jsonl"),
                model: RideModel(classes: classes).model)
        }
        let values = try RideModel().oracle(rides).map { $0.prediction[0] }
        let summary = try await predict("out.csv", key: "id")
        #expect((summary.rows, summary.rejects) == (3, 1))
        #expect(summary.rowsPerSecond > 0)
        #expect(summary.firstReject?.line == 5)
        #expect(
            try fixture.read("out.csv")
                == "id,prediction\n" + rides.indices.map { "\(rides[$0].id),\(values[$0])\n" }.joined())
        #expect(
            try fixture.read("rejects.jsonl")
                == "{\"row\":3,\"line\":5,\"reason\":\"ragged\","
                + "\"detail\":\"2 cells where there are 6 columns\","
                + "\"input\":\"x,y\"}\n")
        _ = try await predict("out.jsonl", key: nil)
        #expect(
            try fixture.read("out.jsonl")
                == rides.indices.map { "{\"row\":\($0),\"prediction\":\(values[$0])}\n" }.joined())
        let numbers = try fixture.write(
            "{\"id\":17,\"fare\":1}\n{\"id\":\"18\",\"fare\":1}\n{\"fare\":1}\n", "n.jsonl")
        _ = try await FilePrediction.run(
            FilePrediction.Options(
                input: InputOptions(path: numbers, keyColumn: "id"), output: fixture.folder + "/n.out.jsonl"),
            model: RideModel().model)
        let keys = try fixture.read("n.out.jsonl").split(separator: "\n").map { $0.prefix { $0 != "," } }
        #expect(keys == ["{\"id\":17", "{\"id\":\"18\"", "{\"id\":null"])
        _ = try await predict("classes.jsonl", key: "id", classes: true)
        let classes = try RideModel(classes: true).oracle(rides)
        #expect(
            try fixture.read("classes.jsonl")
                == rides.indices.map {
                    "{\"id\":\"\(rides[$0].id)\",\"prediction\":\(Int(classes[$0].prediction[0])),"
                        + "\"scores\":["
                        + classes[$0].scores.map { "\($0)" }.joined(separator: ",") + "]}\n"
                }.joined())
    }
}
