import Basics
import Features
import Foundation
import Testing

struct PipelineTests {
    private static let categories = ["cash", "card", "other"]

    private func schema() throws -> Schema {
        try Schema([
            Feature("x", .float), Feature("y", .float), Feature("flag", .boolean),
            Feature("kind", .categorical, categories: Self.categories), Feature("open", .categorical),
        ])
    }

    /// Rows of the schema: numbers, then the texts of the categories; nil is missing.
    private typealias Row = (x: Double?, y: Double?, flag: Bool?, kind: String?, open: String?)

    private func block(_ rows: [Row]) throws -> FeatureBlock {
        let schema = try schema()
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        for row in rows {
            var writer = JSONWriter()
            writer.beginObject()
            for (name, value) in [("x", row.x), ("y", row.y)] {
                writer.key(name)
                writer.number(value ?? .nan)
            }
            if let flag = row.flag {
                writer.key("flag")
                writer.boolean(flag)
            }
            for (name, text) in [("kind", row.kind), ("open", row.open)] {
                guard let text else { continue }
                writer.key(name)
                writer.string(text)
            }
            writer.endObject()
            #expect(decoder.decode(writer.bytes.span, 0..<writer.bytes.count, into: &block) == nil)
        }
        return block
    }

    private func run(_ pipeline: Pipeline?, _ rows: [Row]) throws -> ([[Float]], [String]) {
        let program = try FeatureProgram(schema: schema(), pipeline: pipeline)
        var values: [Float] = []
        var scratch = FeatureScratch()
        program.write(try block(rows), into: &values, scratch: &scratch)
        let width = program.outputCount
        return (rows.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }, program.outputNames)
    }

    private func same(_ a: [Float], _ b: [Float]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
    }

    @Test func withoutAPipelineEveryFeatureIsWrittenAsItIs() throws {
        let (rows, names) = try run(
            nil, [(1.5, nil, true, "card", "z"), (nil, -2, nil, "unseen", nil), (0, 0, false, nil, nil)])
        #expect(names == ["x", "y", "flag", "kind", "open"])
        #expect(same(rows[0], [1.5, .nan, 1, 1, .nan]))
        #expect(same(rows[1], [.nan, -2, .nan, .nan, .nan]))
        #expect(same(rows[2], [0, 0, 0, .nan, .nan]))
    }

    @Test func everyTransformDoesWhatItSays() throws {
        let pipeline = Pipeline([
            Pipeline.Column("x", [.impute(value: 4, indicator: true), .standardise(mean: 2, deviation: 4)]),
            Pipeline.Column("x", [.clip(minimum: -1, maximum: 1)]),
            Pipeline.Column("x", [.log1p]),
            Pipeline.Column("x", [.bucketise(edges: [0, 1, 5])]),
            Pipeline.Column("y", [.minMax(minimum: -2, maximum: 2)]),
            Pipeline.Column("y", [.minMax(minimum: 3, maximum: 3)]),
            Pipeline.Column("y", [.standardise(mean: 1, deviation: 0)]),
            Pipeline.Column("kind", [.oneHot(categories: ["other", "cash"], unknown: true)]),
            Pipeline.Column(
                "kind", [.imputeCategory("cash"), .oneHot(categories: ["cash", "card"], unknown: false)]),
            Pipeline.Column("kind", [.ordinal, .impute(value: 9, indicator: false)]),
            Pipeline.Column("open", [.hash(buckets: 4)]),
        ])
        let (rows, names) = try run(
            pipeline,
            [
                (3, 2, nil, "cash", "a"), (nil, nil, nil, "card", nil), (-1, 0, nil, "unseen", "b"),
                (-3, 0, nil, nil, "a"),
            ])
        #expect(
            names == [
                "x.missing", "x", "x", "x", "x", "y", "y", "y", "kind=other", "kind=cash", "kind=?",
                "kind=cash", "kind=card",
                "kind", "open#0", "open#1", "open#2", "open#3",
            ])
        var a = [Float](repeating: 0, count: 4)
        a[Int(FNV1a.hash("a") % 4)] = 1
        var b = [Float](repeating: 0, count: 4)
        b[Int(FNV1a.hash("b") % 4)] = 1
        #expect(same(rows[0], [0, 0.25, 1, logf(4), 2, 1, 0, 1, 0, 1, 0, 1, 0, 0] + a))
        #expect(same(rows[1], [1, 0.5, .nan, .nan, .nan, .nan, .nan, .nan, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0]))
        let lowest = -Float.greatestFiniteMagnitude
        #expect(same(rows[2], [0, -0.75, -1, lowest, 0, 0.5, 0, -1, 0, 0, 1, 0, 0, 9] + b))
        #expect(same(rows[3], [0, -1.25, -1, .nan, 0, 0.5, 0, -1, 0, 0, 0, 1, 0, 9] + a))
    }

    /// Batches of every size give the same rows, also when the memory was used before.
    @Test func rowsDoNotDependOnTheBatch() throws {
        var random = SeededRandom(seed: 4)
        let rows: [Row] = (0..<200).map { _ in
            (
                Bool.random(using: &random) ? Double.random(in: -5...5, using: &random) : nil,
                Double.random(in: -5...5, using: &random), Bool.random(using: &random),
                (Self.categories + ["unseen"]).randomElement(using: &random),
                Bool.random(using: &random) ? "\(Int.random(in: 0..<50, using: &random))" : nil
            )
        }
        let pipeline = Pipeline([
            Pipeline.Column("x", [.impute(value: 0, indicator: true), .bucketise(edges: [-1, 0, 1])]),
            Pipeline.Column("kind", [.oneHot(categories: Self.categories, unknown: true)]),
            Pipeline.Column("open", [.hash(buckets: 7)]), Pipeline.Column("y", [.log1p]),
        ])
        let (whole, _) = try run(pipeline, rows)
        for size in [1, 2, 63, 64, 65, 128] {
            for start in stride(from: 0, to: rows.count, by: size) {
                let end = min(start + size, rows.count)
                let (part, _) = try run(pipeline, Array(rows[start..<end]))
                for (row, wanted) in zip(part, whole[start..<end]) { #expect(same(row, wanted)) }
            }
        }
    }

    @Test func theHashIsFNV1a64() {
        // The published test vectors of FNV-1a.
        #expect(FNV1a.hash("") == 0xcbf2_9ce4_8422_2325)
        #expect(FNV1a.hash("a") == 0xaf63_dc4c_8601_ec8c)
        #expect(FNV1a.hash("foobar") == 0x8594_4171_f739_67e8)
    }

    static let whole = Pipeline([
        Pipeline.Column(
            "x", [.impute(value: 0.1, indicator: true), .log1p, .standardise(mean: 1, deviation: 2)]),
        Pipeline.Column("y", [.clip(minimum: 0, maximum: 1), .minMax(minimum: 0, maximum: 1)]),
        Pipeline.Column("y", [.bucketise(edges: [-1.5, 2])]), Pipeline.Column("flag"),
        Pipeline.Column("kind", [.imputeCategory("cash"), .oneHot(categories: ["cash"], unknown: true)]),
        Pipeline.Column("kind", [.ordinal]), Pipeline.Column("open", [.hash(buckets: 16)]),
    ])

    @Test func survivesItsFile() throws {
        let bytes = Self.whole.encoded()
        let again = try Pipeline(decoding: bytes.span)
        #expect(again == Self.whole)
        #expect(again.encoded() == bytes)
        _ = try FeatureProgram(schema: schema(), pipeline: again)
    }

    @Test func theFileIsTheDocumentedOne() throws {
        let text = """
            {"version":1,"columns":[{"feature":"fare","transforms":[{"transform":"impute","value":9.5,\
            "indicator":true},{"transform":"log1p"},{"transform":"standardise","mean":2.25,\
            "deviation":0.5}]},{"feature":"payment","transforms":[{"transform":"oneHot",\
            "categories":["cash","card"],"unknown":true}]}]}
            """
        #expect(
            try String(decoding: Pipeline(decoding: Array(text.utf8).span).encoded(), as: UTF8.self) == text)
    }

    @Test(arguments: [
        Pipeline([]), Pipeline([Pipeline.Column("z")]), Pipeline([Pipeline.Column("kind", [.log1p])]),
        Pipeline([Pipeline.Column("x", [.ordinal])]), Pipeline([Pipeline.Column("x", [.hash(buckets: 2)])]),
        Pipeline([Pipeline.Column("kind", [.hash(buckets: 0)])]),
        Pipeline([Pipeline.Column("kind", [.hash(buckets: 2), .log1p])]),
        Pipeline([Pipeline.Column("kind", [.oneHot(categories: ["gold"], unknown: true)])]),
        Pipeline([Pipeline.Column("kind", [.oneHot(categories: ["cash", "cash"], unknown: true)])]),
        Pipeline([Pipeline.Column("kind", [.oneHot(categories: [], unknown: true)])]),
        Pipeline([Pipeline.Column("open", [.imputeCategory("x")])]),
        Pipeline([Pipeline.Column("x", [.standardise(mean: 0, deviation: -1)])]),
        Pipeline([Pipeline.Column("x", [.clip(minimum: 1, maximum: 0)])]),
        Pipeline([Pipeline.Column("x", [.bucketise(edges: [1, 1])])]),
        Pipeline([Pipeline.Column("x", [.bucketise(edges: [])])]),
        Pipeline([Pipeline.Column("x", [.impute(value: .nan, indicator: false)])]),
        Pipeline([Pipeline.Column("kind", [.hash(buckets: 1 << 20)]), Pipeline.Column("x")]),
    ])
    func senselessPipelinesAreRefused(pipeline: Pipeline) throws {
        let error = #expect(throws: FeatureError.self) {
            try FeatureProgram(schema: schema(), pipeline: pipeline)
        }
        #expect(error?.code == .mismatch)
    }
}
